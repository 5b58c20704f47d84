//! One call of HTTP/2 as a gRPC call: its method looked up, its messages handed over, its answer brought back.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use http::header::CONTENT_TYPE;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use tonic::{Code, Status};

use crate::answer::Answer;
use crate::arrival::{Arrival, Event};
use crate::fault::caught;
use crate::messages::Messages;
use crate::reply::Reply;
use crate::stream::Answers;
use crate::switchboard::Switchboard;
use crate::timeout::deadline;
use crate::unread::{Backlog, Piece, Unread};
use crate::window::Window;

const GRPC: &[u8] = b"application/grpc";

/// A method of the table.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Its place in the table.
    pub method: usize,
    /// The room its calls take a place in.
    pub room: usize,
    /// How its messages go.
    pub shape: Shape,
}

/// How the messages of a method go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One message, one answer.
    Unary,
    /// Messages and answers as they come.
    Stream {
        /// So many messages may be on their way.
        window: usize,
        /// Whether each message has one answer.
        answered: bool,
    },
}

/// What is served, on all connections.
pub struct Service {
    routes: HashMap<String, Route>,
    message_max: usize,
    switchboard: Arc<Switchboard>,
    unread: Arc<Unread>,
    unread_refusal: Reply,
}

impl Service {
    /// Messages above `message_max` bytes are not even read; whose client does not read gets `unread_refusal`.
    pub fn new(
        routes: HashMap<String, Route>,
        message_max: usize,
        switchboard: Arc<Switchboard>,
        unread: Unread,
        unread_refusal: Reply,
    ) -> Self {
        Self { routes, message_max, switchboard, unread: Arc::new(unread), unread_refusal }
    }

    /// What waits on a new connection.
    pub fn backlog(&self) -> Arc<Backlog> {
        Arc::new(Backlog::new(self.unread.clone()))
    }

    /// Answer one call. A fault of ours is told as INTERNAL and ends nothing else.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        backlog: Arc<Backlog>,
    ) -> Result<Response<Answer>, Infallible> {
        Ok(caught(self.dispatch(request, backlog)).await.unwrap_or_else(Answer::refusal))
    }

    async fn dispatch(&self, request: Request<Incoming>, backlog: Arc<Backlog>) -> Result<Response<Answer>, Status> {
        if !is_grpc(&request) {
            return Ok(Answer::not_grpc());
        }
        let Some(route) = self.routes.get(request.uri().path()) else {
            return Err(Status::unimplemented("Method not found!"));
        };
        let until = deadline(request.headers());
        let messages = Messages::new(request, self.message_max)?;
        match route.shape {
            Shape::Unary => in_time(until, self.unary(*route, until, messages, backlog)).await,
            Shape::Stream { window, answered } => {
                self.stream(*route, until, messages, Window::new(window, answered, backlog))
            }
        }
    }

    async fn unary(
        &self,
        route: Route,
        until: Option<Instant>,
        mut messages: Messages,
        backlog: Arc<Backlog>,
    ) -> Result<Response<Answer>, Status> {
        let body = messages.only().await?; // before it takes a place: who sends nothing holds nobody up
        if backlog.full() {
            return Err(refused(self.unread_refusal.clone()));
        }
        let (call, reply) = self.switchboard.open_unary(route.room).map_err(refused)?;
        self.switchboard.tell(Arrival { body, deadline: until, ..Arrival::bare(call, Event::Begun(route.method)) });
        let reply = reply.await.map_err(|_| Status::internal("the call was let go without a reply"))?;
        let answer = reply.into_result()?;
        match backlog.hold_in_room(answer.len()) {
            Some(hold) => Ok(Answer::One(Piece::new(answer, hold)).response()),
            None => Err(refused(self.unread_refusal.clone())),
        }
    }

    fn stream(
        &self,
        route: Route,
        until: Option<Instant>,
        messages: Messages,
        window: Window,
    ) -> Result<Response<Answer>, Status> {
        let window = Arc::new(window);
        let (call, replies) = self.switchboard.open_stream(route.room, window.clone()).map_err(refused)?;
        self.switchboard.tell(Arrival { deadline: until, ..Arrival::bare(call, Event::Begun(route.method)) });
        let answers = Answers::begin(self.switchboard.clone(), call, replies, window, messages, until);
        Ok(Answer::Many(Box::new(answers)).response())
    }
}

fn is_grpc(request: &Request<Incoming>) -> bool {
    let told = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    let rest = told.and_then(|told| told.strip_prefix(GRPC));
    request.method() == Method::POST && rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

async fn in_time<T>(until: Option<Instant>, call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    match until {
        None => call.await,
        Some(until) => tokio::time::timeout_at(until.into(), call)
            .await
            .unwrap_or_else(|_| Err(Status::deadline_exceeded("Deadline Exceeded"))),
    }
}

fn refused(refusal: Reply) -> Status {
    refusal.into_result().err().unwrap_or_else(|| Status::new(Code::Unavailable, "refused"))
}
