//! What goes back: answers, messages of streams, and errors as Python gives them.
//!
//! A reply is a word and some bytes. A word of zero is an answer, one above zero a gRPC code whose bytes are a serialised
//! google.rpc.Status; those below concern streams only. The text of the status goes into `grpc-message`, the whole of it
//! into `grpc-status-details-bin`, and what it says in detail is nobody's business here.

use bytes::Bytes;
use tonic::{Code, Status};

/// One thing that Python has to say about one call.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What is said.
    pub word: Word,
    /// A message, a serialised google.rpc.Status, or nothing.
    pub body: Bytes,
}

/// What is said about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The answer of a unary call, or the end of a stream: OK or a status.
    Done(i32),
    /// A message of a stream.
    Message,
    /// A stream can take one more message.
    Ready,
    /// Python has let go of a stream.
    Closed,
}

impl Word {
    /// The word that a number stands for.
    pub fn of(code: i32) -> Self {
        match code {
            -1 => Word::Message,
            -2 => Word::Ready,
            -3 => Word::Closed,
            code => Word::Done(code),
        }
    }
}

impl Reply {
    /// The message, or the status that was given instead.
    pub fn into_result(self) -> Result<Bytes, Status> {
        match self.word {
            Word::Done(0) => Ok(self.body),
            Word::Done(code) => Err(Status::with_details(Code::from_i32(code), text_of(&self.body), self.body)),
            _ => Err(Status::internal("the call was answered with what only a stream is told")),
        }
    }
}

/// The field `message` of a serialised google.rpc.Status; empty where there is none.
fn text_of(status: &[u8]) -> String {
    let mut rest = status;
    while let Some((tag, after)) = varint(rest) {
        let Some((value, next)) = field(tag & 7, after) else { break };
        if tag == TEXT {
            return String::from_utf8_lossy(value).into_owned();
        }
        rest = next;
    }
    String::new()
}

const TEXT: u64 = 2 << 3 | 2;

/// A field of some wire type and what follows it.
fn field(wire_type: u64, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match wire_type {
        0 => varint(bytes).map(|(_, rest)| (&[][..], rest)),
        1 => bytes.split_at_checked(8),
        2 => varint(bytes).and_then(|(length, rest)| rest.split_at_checked(usize::try_from(length).ok()?)),
        5 => bytes.split_at_checked(4),
        _ => None,
    }
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (place, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_status_is_found_among_its_fields() {
        let text = "no account 'ü'";
        let mut status = vec![0x08, 0x05, 0x1A, 0x02, 0xFF, 0xFF, 0x12, 15];
        status.extend_from_slice(text.as_bytes());
        let reply = Reply { word: Word::of(5), body: Bytes::from(status.clone()) };
        let told = reply.into_result().expect_err("a status");
        assert_eq!((told.code(), told.message(), told.details()), (Code::NotFound, text, &status[..]));
    }

    #[test]
    fn bytes_that_are_no_status_have_no_text() {
        for broken in [&[0xFF; 12][..], &[0x12, 0x7F, b'x'], &[0x0B], &[0x12], &[]] {
            assert_eq!(text_of(broken), "");
        }
    }

    #[test]
    fn an_answer_is_its_bytes() {
        let reply = Reply { word: Word::of(0), body: Bytes::from_static(b"yes") };
        assert_eq!(reply.into_result().ok(), Some(Bytes::from_static(b"yes")));
    }

    #[test]
    fn a_word_of_streams_is_no_answer() {
        let reply = Reply { word: Word::of(-2), body: Bytes::new() };
        assert_eq!(reply.into_result().expect_err("a status").code(), Code::Internal);
    }
}
