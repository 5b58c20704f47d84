//! The body of a request, which ends only where the client has ended it.
//!
//! A client that goes away resets its stream. hyper shows a reset without a reason as the end of the body, and tonic one
//! with CANCEL: half a folder of tariffs would look like a whole one. Here every end that the client did not mark as
//! such is an error.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tonic::Status;

/// See above.
pub struct RequestBody(Incoming);

impl RequestBody {
    /// Guard a body.
    pub fn new(body: Incoming) -> Self {
        Self(body)
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
            Some(Ok(frame)) => Some(Ok(frame)),
            None if self.0.is_end_stream() => None,
            Some(Err(_)) | None => Some(Err(gone())),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// What nobody will read: the client is gone.
pub fn gone() -> Status {
    Status::unavailable("the client is gone")
}
