//! A window: how much of one stream may be on its way through Python.
//!
//! A client that sends faster than its messages are dealt with, or that does not read its answers, is held back: its
//! messages are not read, HTTP/2 gives it no more credit, and it feels the daemon's pace. Where each message has one
//! answer its place is free again when the answer has left; elsewhere when Python says that it can take one more, which
//! counts only while not too many answers wait for the client. Nor is anything read while too many of their bytes wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::Semaphore;

use crate::unread::{Backlog, Hold};

/// Answers that wait for their client, above which no more of its messages are read.
const UNSENT_MAX: usize = 1_024;

/// The places of one stream.
pub struct Window {
    places: Semaphore,
    answered: bool,
    unsent: AtomicUsize,
    owed: AtomicUsize,
    backlog: Arc<Backlog>,
}

impl Window {
    /// `answered` says that each message has one answer; `backlog` is that of the connection.
    pub fn new(places: usize, answered: bool, backlog: Arc<Backlog>) -> Self {
        Self {
            places: Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)),
            answered,
            unsent: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
            backlog,
        }
    }

    /// Whether each message has one answer, for which its client waits.
    pub fn answered(&self) -> bool {
        self.answered
    }

    /// Wait until one more message may be read.
    pub async fn place(&self) {
        if let Ok(place) = self.places.acquire().await {
            place.forget();
        }
        self.backlog.room().await;
    }

    /// An answer of so many bytes waits for the client.
    pub fn queued(&self, bytes: usize) -> Hold {
        self.unsent.fetch_add(1, Relaxed);
        self.backlog.hold(bytes)
    }

    /// An answer has left.
    pub fn left(&self) {
        let unsent = self.unsent.fetch_sub(1, Relaxed);
        if self.answered {
            self.places.add_permits(1);
        } else if unsent <= UNSENT_MAX {
            self.places.add_permits(self.owed.swap(0, Relaxed));
        }
    }

    /// Python can take one more message.
    pub fn ready(&self) {
        if self.unsent.load(Relaxed) < UNSENT_MAX {
            self.places.add_permits(1);
        } else {
            self.owed.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unread::Unread;
    use std::time::Duration;
    use tokio::time::timeout;

    const MOMENT: Duration = Duration::from_millis(20);

    fn window(answered: bool) -> Window {
        Window::new(1, answered, Arc::new(Backlog::new(Arc::new(Unread::new(100, 100)))))
    }

    #[test]
    fn a_place_is_free_when_its_answer_has_left() {
        let window = window(true);
        window.places.forget_permits(1);
        let _answer = window.queued(10);
        assert_eq!(window.places.available_permits(), 0);
        window.left();
        assert_eq!(window.places.available_permits(), 1);
    }

    #[test]
    fn a_client_that_does_not_read_its_answers_is_not_read_either() {
        let window = window(false);
        window.places.forget_permits(1);
        let _answers: Vec<Hold> = (0..UNSENT_MAX).map(|_| window.queued(0)).collect();
        window.ready();
        assert_eq!(window.places.available_permits(), 0);
        window.left();
        assert_eq!(window.places.available_permits(), 1);
        window.left();
        assert_eq!(window.places.available_permits(), 1);
    }
    #[tokio::test]
    async fn a_client_that_leaves_much_unread_is_not_read_either() {
        let window = window(true);
        let large = window.queued(1_000);
        assert!(timeout(MOMENT, window.place()).await.is_err());
        window.places.add_permits(1);
        drop(large);
        assert!(timeout(MOMENT, window.place()).await.is_ok());
    }
}
