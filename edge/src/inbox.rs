//! The inbox: what has arrived since Python last looked.
//!
//! Two threads meet here. The one that serves the network puts arrivals in one by one and rings when it has put in all
//! that could be read; the one that runs Python sleeps until then and takes them all. Nobody polls, and under load one
//! waking carries hundreds of calls.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::arrival::Arrival;

/// Arrivals in their order.
#[derive(Default)]
pub struct Inbox {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    arrivals: VecDeque<Arrival>,
    closed: bool,
}

impl Inbox {
    /// Put one in. Whoever sleeps is woken by `ring`.
    pub fn push(&self, arrival: Arrival) {
        let mut state = self.state();
        if !state.closed {
            state.arrivals.push_back(arrival);
        }
    }

    /// Wake who sleeps.
    pub fn ring(&self) {
        self.filled.notify_one();
    }

    /// At most `most` arrivals, as soon as there is one; none after `timeout`, `None` when nothing more will come.
    pub fn take(&self, most: usize, timeout: Option<Duration>) -> Option<Vec<Arrival>> {
        let mut state = self.state();
        let asleep = |state: &mut State| state.arrivals.is_empty() && !state.closed;
        state = match timeout {
            None => self.filled.wait_while(state, asleep).unwrap_or_else(PoisonError::into_inner),
            Some(limit) => {
                self.filled.wait_timeout_while(state, limit, asleep).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        if state.closed && state.arrivals.is_empty() {
            return None;
        }
        let count = most.min(state.arrivals.len());
        Some(state.arrivals.drain(..count).collect())
    }

    /// Take no more; what is there can still be taken.
    pub fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrival::Event;
    use std::sync::Arc;

    fn filled(count: u64) -> Inbox {
        let inbox = Inbox::default();
        (0..count).for_each(|call| inbox.push(Arrival::bare(call, Event::Begun(0))));
        inbox
    }

    fn calls(taken: Option<Vec<Arrival>>) -> Option<Vec<u64>> {
        taken.map(|arrivals| arrivals.iter().map(|arrival| arrival.call).collect())
    }

    #[test]
    fn arrivals_are_taken_in_their_order_and_no_more_than_wanted() {
        let inbox = filled(3);
        assert_eq!(calls(inbox.take(2, None)), Some(vec![0, 1]));
        assert_eq!(calls(inbox.take(2, None)), Some(vec![2]));
    }

    #[test]
    fn who_waits_too_long_gets_nothing() {
        assert_eq!(calls(filled(0).take(2, Some(Duration::from_millis(1)))), Some(vec![]));
    }

    #[test]
    fn what_came_before_the_end_is_still_taken() {
        let inbox = filled(1);
        inbox.close();
        inbox.push(Arrival::bare(9, Event::Over));
        assert_eq!(calls(inbox.take(2, None)), Some(vec![0]));
        assert_eq!(calls(inbox.take(2, None)), None);
    }

    #[test]
    fn a_ring_wakes_who_sleeps() {
        let inbox = Arc::new(Inbox::default());
        let sleeper = std::thread::spawn({
            let inbox = inbox.clone();
            move || calls(inbox.take(1, None))
        });
        inbox.push(Arrival::bare(7, Event::Message));
        inbox.ring();
        assert_eq!(sleeper.join().ok().flatten(), Some(vec![7]));
    }
}
