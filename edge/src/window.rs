//! A window: how much of one stream may be on its way through Python.
//!
//! A client that sends faster than its messages are dealt with, or that does not read its answers, is held back: its
//! messages are not read, HTTP/2 gives it no more credit, and it feels the daemon's pace. Where each message has one
//! answer its place is free again when the answer has left; elsewhere when Python says that it can take one more, which
//! counts only while not too many answers wait for the client.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::Semaphore;

/// Answers that wait for their client, above which no more of its messages are read.
const UNSENT_MAX: usize = 1_024;

/// The places of one stream.
pub struct Window {
    places: Semaphore,
    answered: bool,
    unsent: AtomicUsize,
    owed: AtomicUsize,
}

impl Window {
    /// `answered` says that each message has one answer.
    pub fn new(places: usize, answered: bool) -> Self {
        Self {
            places: Semaphore::new(places.clamp(1, Semaphore::MAX_PERMITS)),
            answered,
            unsent: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
        }
    }

    /// Wait until one more message may be read.
    pub async fn place(&self) {
        if let Ok(place) = self.places.acquire().await {
            place.forget();
        }
    }

    /// An answer waits for the client.
    pub fn queued(&self) {
        self.unsent.fetch_add(1, Relaxed);
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

    #[test]
    fn a_place_is_free_when_its_answer_has_left() {
        let window = Window::new(1, true);
        window.places.forget_permits(1);
        window.queued();
        assert_eq!(window.places.available_permits(), 0);
        window.left();
        assert_eq!(window.places.available_permits(), 1);
    }

    #[test]
    fn a_client_that_does_not_read_its_answers_is_not_read_either() {
        let window = Window::new(1, false);
        window.places.forget_permits(1);
        (0..UNSENT_MAX).for_each(|_| window.queued());
        window.ready();
        assert_eq!(window.places.available_permits(), 0);
        window.left();
        assert_eq!(window.places.available_permits(), 1);
        window.left();
        assert_eq!(window.places.available_permits(), 1);
    }
}
