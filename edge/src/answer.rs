//! The body of a response: one message, the messages of a stream, or nothing; then the status.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame};
use tonic::Status;

use crate::stream::Answers;
use crate::unread::Piece;

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const OK: HeaderValue = HeaderValue::from_static("0");

/// See above.
#[derive(Default)]
pub enum Answer {
    /// All is said in the headers, or in the trailers just sent.
    #[default]
    Nothing,
    /// A framed message.
    One(Piece),
    /// The status OK.
    Trailers,
    /// Messages as they come, and how the stream ended.
    Many(Box<Answers>),
}

impl Answer {
    /// A response with this body.
    pub fn response(self) -> Response<Self> {
        let mut response = Response::new(self);
        response.headers_mut().insert(CONTENT_TYPE, GRPC);
        response
    }

    /// A response that is a status and nothing else.
    pub fn refusal(status: Status) -> Response<Self> {
        status.into_http()
    }

    /// A response to what is no gRPC call.
    pub fn not_grpc() -> Response<Self> {
        let mut response = Response::new(Self::Nothing);
        *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        response
    }
}

impl Body for Answer {
    type Data = Piece;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Piece>, Status>>> {
        if let Answer::Many(answers) = &mut *self {
            return answers.poll_frame(cx).map(|frame| frame.map(Ok));
        }
        let (frame, next) = match std::mem::take(&mut *self) {
            Answer::One(message) => (Frame::data(message), Answer::Trailers),
            Answer::Trailers => (Frame::trailers(ok()), Answer::Nothing),
            _ => return Poll::Ready(None),
        };
        *self = next;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Answer::Nothing)
    }
}

/// The trailers of a call that went well.
pub fn ok() -> HeaderMap {
    HeaderMap::from_iter([(STATUS, OK)])
}

/// The trailers of a call that did not.
pub fn failed(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(3);
    if status.add_header(&mut trailers).is_err() {
        trailers.insert(STATUS, HeaderValue::from_static("13"));
    }
    trailers
}
