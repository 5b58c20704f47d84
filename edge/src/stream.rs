//! One open stream: a task that reads its messages, and the answers as they leave.
//!
//! Reading and answering go on side by side. The answers own the stream: when their body is dropped (all was sent, the
//! deadline came, the client is gone) reading stops and Python hears that it is over.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::BytesMut;
use http_body::Frame;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Sleep;
use tonic::Status;

use crate::answer::{failed, ok};
use crate::arrival::{Arrival, Event};
use crate::fault::caught;
use crate::messages::Messages;
use crate::reply::{Reply, Word};
use crate::switchboard::{Open, Switchboard, Waiting};
use crate::unread::{Hold, Piece};
use crate::window::Window;

/// Answers that are ready leave together, in frames of about so many bytes.
const TOGETHER: usize = 32 * 1024;

/// The answers of one stream.
pub struct Answers {
    replies: UnboundedReceiver<Waiting>,
    failures: UnboundedReceiver<Status>,
    window: Arc<Window>,
    deadline: Option<Pin<Box<Sleep>>>,
    end: End,
    reading: AbortHandle,
    _open: Open,
}

enum End {
    Open,
    Status(Status),
    Ok,
    Sent,
}

impl Answers {
    /// Begin a stream that Python has been told of as `call`.
    pub fn begin(
        switchboard: Arc<Switchboard>,
        call: u64,
        replies: UnboundedReceiver<Waiting>,
        window: Arc<Window>,
        messages: Messages,
        until: Option<Instant>,
    ) -> Self {
        let (failed, failures) = unbounded_channel();
        let reader = read(switchboard.clone(), call, messages, window.clone());
        Self {
            replies,
            failures,
            window,
            deadline: until.map(|until| Box::pin(tokio::time::sleep_until(until.into()))),
            end: End::Open,
            reading: tokio::spawn(guarded(reader, failed)).abort_handle(),
            _open: Open::new(switchboard, call),
        }
    }

    /// The next frame: messages that are ready, or the status at the end.
    pub fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame<Piece>>> {
        if matches!(self.end, End::Open)
            && let Some(ready) = self.gather(cx)
        {
            return Poll::Ready(Some(Frame::data(ready)));
        }
        let trailers = match std::mem::replace(&mut self.end, End::Sent) {
            End::Open => {
                self.end = End::Open;
                return Poll::Pending;
            }
            End::Ok => ok(),
            End::Status(status) => failed(&status),
            End::Sent => return Poll::Ready(None),
        };
        Poll::Ready(Some(Frame::trailers(trailers)))
    }

    /// What is ready now; notes the end when it comes.
    fn gather(&mut self, cx: &mut Context<'_>) -> Option<Piece> {
        let mut ready = BytesMut::new();
        let mut held: Option<Hold> = None;
        while ready.len() < TOGETHER {
            match self.replies.poll_recv(cx) {
                Poll::Ready(Some((Reply { word: Word::Message, body }, Some(hold)))) => {
                    self.window.left();
                    ready.extend_from_slice(&body);
                    match &mut held {
                        Some(held) => held.take_over(hold),
                        None => held = Some(hold),
                    }
                }
                Poll::Ready(reply) => {
                    self.end = ended(reply.map(|(reply, _)| reply));
                    return piece(ready, held);
                }
                Poll::Pending => break,
            }
        }
        if let Poll::Ready(Some(status)) = self.failures.poll_recv(cx) {
            self.end = End::Status(status);
        } else if self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready()) {
            self.end = End::Status(Status::deadline_exceeded("Deadline Exceeded"));
        }
        piece(ready, held)
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

fn piece(ready: BytesMut, held: Option<Hold>) -> Option<Piece> {
    held.map(|held| Piece::new(ready.freeze(), held))
}

fn ended(reply: Option<Reply>) -> End {
    match reply.map(Reply::into_result) {
        Some(Ok(_)) => End::Ok,
        Some(Err(status)) => End::Status(status),
        None => End::Status(Status::internal("the stream was let go without a status")),
    }
}

/// Hand over every message, as fast as the window allows.
async fn read(
    switchboard: Arc<Switchboard>,
    call: u64,
    mut messages: Messages,
    window: Arc<Window>,
) -> Result<(), Status> {
    loop {
        window.place().await;
        let Some(body) = messages.next().await? else { break };
        switchboard.tell(Arrival { body, patient: !window.answered(), ..Arrival::bare(call, Event::Message) });
    }
    switchboard.tell(Arrival::bare(call, Event::HalfClosed));
    Ok(())
}

/// A reader whose errors, and faults of ours, end the stream. One that comes to its end says nothing.
async fn guarded(reader: impl Future<Output = Result<(), Status>>, failures: UnboundedSender<Status>) {
    if let Err(status) = caught(reader).await {
        let _ = failures.send(status);
    }
}
