//! What comes in, as Python gets it: calls that begin, messages of streams, and their ends.

use std::time::Instant;

use bytes::Bytes;

/// What happened to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It begins. The number is its method's place in the table; a unary call brings its message along.
    Begun(usize),
    /// A stream brought a message.
    Message,
    /// The client of a stream will send no more.
    HalfClosed,
    /// A stream is over: finished, past its deadline, or its client is gone. Always the last event of a stream.
    Over,
}

impl Event {
    /// The event as one number: the method's place, or less than zero.
    pub fn code(self) -> i64 {
        match self {
            Event::Begun(method) => i64::try_from(method).unwrap_or(i64::MAX),
            Event::Message => -1,
            Event::HalfClosed => -2,
            Event::Over => -3,
        }
    }
}

/// One event of one call. Ids are never used again, so a late reply finds nobody rather than somebody else.
#[derive(Debug)]
pub struct Arrival {
    /// Which call it is about.
    pub call: u64,
    /// What happened.
    pub event: Event,
    /// The message, if the event brings one.
    pub body: Bytes,
    /// When the client stops waiting; told when a call begins.
    pub deadline: Option<Instant>,
    /// Whether it can wait a moment for others to come.
    pub patient: bool,
}

impl Arrival {
    /// An event that brings no message.
    pub fn bare(call: u64, event: Event) -> Self {
        Self { call, event, body: Bytes::new(), deadline: None, patient: false }
    }
}
