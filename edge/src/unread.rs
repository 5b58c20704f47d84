//! Unread answers: how many bytes wait for their clients, on one connection and on all.
//!
//! A client asks for a thousand accounts at a time and does not read, or reads slowly: HTTP/2 gives no credit, and each
//! answer of a megabyte stays here. So bytes are counted from the moment that Python has said them until the network has
//! taken them. Where too many wait, a new call is refused before anything is done for it, streams are not read, and an
//! answer that comes all the same is dropped and told as refused: under its key it can be asked for again. A connection
//! on which nothing waits is always served, however much others leave lying, and however large its one answer is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::{Buf, Bytes};
use tokio::sync::Notify;

/// What may wait on all connections together.
pub struct Unread {
    connection_max: usize,
    all_max: usize,
    all: AtomicUsize,
    read: Notify,
}

impl Unread {
    /// At most so many bytes on one connection, and on all.
    pub fn new(connection_max: usize, all_max: usize) -> Self {
        Self { connection_max, all_max, all: AtomicUsize::new(0), read: Notify::new() }
    }
}

/// What waits on one connection.
pub struct Backlog {
    unread: Arc<Unread>,
    own: AtomicUsize,
}

impl Backlog {
    /// Of a connection on which nothing waits yet.
    pub fn new(unread: Arc<Unread>) -> Self {
        Self { unread, own: AtomicUsize::new(0) }
    }

    /// Whether the client has to read before it is dealt with again.
    pub fn full(&self) -> bool {
        !self.takes(1)
    }

    /// Wait until the client has read enough.
    pub async fn room(&self) {
        loop {
            let read = self.unread.read.notified();
            if !self.full() {
                return;
            }
            read.await;
        }
    }

    /// Count an answer, whatever waits already.
    pub fn hold(self: &Arc<Self>, bytes: usize) -> Hold {
        self.own.fetch_add(bytes, Relaxed);
        self.unread.all.fetch_add(bytes, Relaxed);
        Hold { backlog: self.clone(), bytes }
    }

    /// Count an answer, where there is room for it.
    pub fn hold_in_room(self: &Arc<Self>, bytes: usize) -> Option<Hold> {
        self.takes(bytes).then(|| self.hold(bytes))
    }

    fn takes(&self, bytes: usize) -> bool {
        let own = self.own.load(Relaxed);
        let all = self.unread.all.load(Relaxed);
        own == 0 || (own + bytes <= self.unread.connection_max && all + bytes <= self.unread.all_max)
    }

    fn release(&self, bytes: usize) {
        let full = self.full();
        self.own.fetch_sub(bytes, Relaxed);
        let all = self.unread.all.fetch_sub(bytes, Relaxed);
        if full || all >= self.unread.all_max {
            self.unread.read.notify_waiters();
        }
    }
}

/// Some bytes that are counted until this is dropped.
pub struct Hold {
    backlog: Arc<Backlog>,
    bytes: usize,
}

impl Hold {
    /// Count what another one counts, which is of the same connection.
    pub fn take_over(&mut self, mut other: Hold) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.backlog.release(self.bytes);
    }
}

/// A piece of an answer, counted until the network has taken all of it, or its call is gone.
pub struct Piece {
    bytes: Bytes,
    _hold: Hold,
}

impl Piece {
    /// What is sent, and what counts it.
    pub fn new(bytes: Bytes, hold: Hold) -> Self {
        Self { bytes, _hold: hold }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    fn connections() -> [Arc<Backlog>; 2] {
        let unread = Arc::new(Unread::new(10, 15));
        [(); 2].map(|()| Arc::new(Backlog::new(unread.clone())))
    }

    #[test]
    fn one_answer_is_kept_however_large_and_no_second_one() {
        let [one, _] = connections();
        let large = one.hold_in_room(1_000);
        assert!(large.is_some() && one.full() && one.hold_in_room(1).is_none());
        drop(large);
        assert!(!one.full());
    }

    #[test]
    fn what_waits_elsewhere_is_no_reason_to_refuse_who_reads() {
        let [one, other] = connections();
        let _held = (one.hold(9), other.hold(6));
        assert!(one.full() && other.full());
        let _more = one.hold(100);
        drop(_held.1);
        assert!(one.full() && !other.full());
    }

    #[test]
    fn what_is_taken_over_is_counted_once() {
        let [one, _] = connections();
        let mut hold = one.hold(3);
        hold.take_over(one.hold(4));
        assert_eq!(one.own.load(Relaxed), 7);
        drop(Piece::new(Bytes::from_static(b"1234567"), hold));
        assert_eq!((one.own.load(Relaxed), one.unread.all.load(Relaxed)), (0, 0));
    }

    #[tokio::test]
    async fn who_waits_for_room_is_woken_by_what_was_read() {
        let [one, other] = connections();
        let held = (one.hold(4), other.hold(12));
        let waiting = tokio::spawn(async move { one.room().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held.1);
        waiting.await.expect("it has room");
    }
}
