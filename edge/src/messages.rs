//! The messages of a request as they come: unframed, decompressed, and none larger than the limit.
//!
//! They stay bytes: what they mean is decided in Python. A message above the limit is refused by the length in its head,
//! before it is read; a compressed one as soon as it turns out to be larger.

use bytes::{Buf, Bytes};
use http::{HeaderMap, Request};
use hyper::body::Incoming;
use tonic::codec::{BufferSettings, CompressionEncoding, DecodeBuf, Decoder, Streaming};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

use crate::request_body::RequestBody;

/// What a request's buffer begins with. Requests have some hundred bytes; a larger one grows its own.
const BUFFER: usize = 512;
const YIELD: usize = 32 * 1024;

/// See above.
pub struct Messages {
    decoded: Streaming<Bytes>,
    most: usize,
}

impl Messages {
    /// The messages of a request, each of at most `most` bytes.
    pub fn new(request: Request<Incoming>, most: usize) -> Result<Self, Status> {
        let encoding = encoding(request.headers())?;
        let body = RequestBody::new(request.into_body());
        Ok(Self { decoded: Streaming::new_request(AsBytes, body, encoding, Some(most)), most })
    }

    /// The next one; none after the last.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        self.decoded.message().await.map_err(|status| named(status, self.most))
    }

    /// The one message of a unary call.
    pub async fn only(&mut self) -> Result<Bytes, Status> {
        let message = self.next().await?.ok_or_else(|| Status::internal("Missing request message."))?;
        match self.next().await? {
            None => Ok(message),
            Some(_) => Err(Status::internal("more than one message in a unary call")),
        }
    }
}

/// A status that names the limit, under the code that gRPC gives to messages beyond it.
fn named(status: Status, most: usize) -> Status {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => {
            Status::resource_exhausted(format!("Received message larger than max ({most} bytes)"))
        }
        _ => status,
    }
}

/// How the client compresses its messages.
fn encoding(headers: &HeaderMap) -> Result<Option<CompressionEncoding>, Status> {
    match headers.get("grpc-encoding").map(|value| value.as_bytes()) {
        None | Some(b"identity") => Ok(None),
        Some(b"gzip") => Ok(Some(CompressionEncoding::Gzip)),
        Some(b"deflate") => Ok(Some(CompressionEncoding::Deflate)),
        Some(other) => Err(unknown(&String::from_utf8_lossy(other))),
    }
}

fn unknown(encoding: &str) -> Status {
    let mut understood = MetadataMap::new();
    understood.insert("grpc-accept-encoding", MetadataValue::from_static("identity,gzip,deflate"));
    let text = format!("messages compressed with {encoding:?} cannot be read; gzip, deflate and identity can");
    Status::with_metadata(Code::Unimplemented, text, understood)
}

struct AsBytes;

impl Decoder for AsBytes {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER, YIELD)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn an_unknown_encoding_is_told_those_that_are_known() {
        let mut headers = HeaderMap::new();
        assert!(matches!(encoding(&headers), Ok(None)));
        headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
        assert!(matches!(encoding(&headers), Ok(Some(CompressionEncoding::Gzip))));
        headers.insert("grpc-encoding", HeaderValue::from_static("snappy"));
        let refused = encoding(&headers).expect_err("a status");
        assert!(refused.message().contains("snappy"));
        assert!(refused.metadata().contains_key("grpc-accept-encoding"));
    }

    #[test]
    fn a_message_beyond_the_limit_is_told_the_limit() {
        let told = named(Status::out_of_range("found 7 bytes"), 5);
        assert_eq!((told.code(), told.message().contains("(5 bytes)")), (Code::ResourceExhausted, true));
    }
}
