//! The inbox: what has arrived since Python last looked.
//!
//! Two threads meet here. The one that serves the network puts arrivals in one by one and rings when it has put in all
//! that could be read; the one that runs Python sleeps until then and takes them all. Nobody polls, and under load one
//! waking carries hundreds of calls.
//!
//! Call events come one by one, 20,000 a second: to be woken for each costs more than to look at it. So where messages
//! that can wait have come together, those that follow gather for a moment. Who comes alone waits for nobody, and a call
//! that cannot wait ends the moment.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::arrival::Arrival;

/// So long messages gather that can wait, from when the last ones were taken.
const GATHER: Duration = Duration::from_micros(200);
/// When so many are there, they are taken.
const ENOUGH: usize = 32;

/// Arrivals in their order.
#[derive(Default)]
pub struct Inbox {
    state: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    arrivals: VecDeque<Arrival>,
    pressing: usize, // of them, those that cannot wait
    gather_until: Option<Instant>,
    gathering: bool, // whoever takes sleeps until then
    closed: bool,
}

impl Inbox {
    /// Put one in. Whoever sleeps is woken by `ring`.
    pub fn push(&self, arrival: Arrival) {
        let mut state = self.state();
        if !state.closed {
            state.pressing += usize::from(!arrival.patient);
            state.arrivals.push_back(arrival);
        }
    }

    /// Wake who sleeps, unless what has arrived can wait for more.
    pub fn ring(&self) {
        let state = self.state();
        if !(state.gathering && state.can_wait()) {
            self.filled.notify_one();
        }
    }

    /// At most `most` arrivals, as soon as there is one; none after `timeout`, `None` when nothing more will come.
    pub fn take(&self, most: usize, timeout: Option<Duration>) -> Option<Vec<Arrival>> {
        let mut state = self.gathered();
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
        Some(state.taken(most))
    }

    /// Take no more; what is there can still be taken.
    pub fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
    }

    /// What has arrived, when messages that can wait have had their moment to gather.
    fn gathered(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        let Some(until) = state.gather_until.take() else { return state };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return state;
        }
        state.gathering = true;
        let waited = self.filled.wait_timeout_while(state, left, |state| state.can_wait());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.gathering = false;
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether nothing is there that has to be taken now.
    fn can_wait(&self) -> bool {
        self.pressing == 0 && self.arrivals.len() < ENOUGH && !self.closed
    }

    /// At most `most` arrivals. Where more than one of them could wait, so can those that follow.
    fn taken(&mut self, most: usize) -> Vec<Arrival> {
        let count = most.min(self.arrivals.len());
        let taken: Vec<Arrival> = self.arrivals.drain(..count).collect();
        let patient = taken.iter().filter(|arrival| arrival.patient).count();
        self.pressing -= count - patient;
        if patient > 1 {
            self.gather_until = Some(Instant::now() + GATHER);
        }
        taken
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

    fn message(call: u64) -> Arrival {
        Arrival { patient: true, ..Arrival::bare(call, Event::Message) }
    }

    fn gathering() -> Inbox {
        let inbox = Inbox::default();
        inbox.push(message(0));
        inbox.push(message(1));
        assert_eq!(calls(inbox.take(2, None)), Some(vec![0, 1]));
        inbox
    }

    #[test]
    fn messages_that_follow_others_are_taken_though_nobody_rings() {
        let inbox = gathering();
        inbox.push(message(2));
        inbox.push(message(3));
        assert_eq!(calls(inbox.take(9, None)), Some(vec![2, 3]));
    }

    #[test]
    fn what_cannot_wait_is_not_kept_by_what_can() {
        let inbox = gathering();
        inbox.push(message(2));
        assert!(inbox.state().can_wait());
        inbox.push(Arrival::bare(3, Event::Begun(0)));
        assert!(!inbox.state().can_wait());
        assert_eq!(calls(inbox.take(9, None)), Some(vec![2, 3]));
        assert!(inbox.state().can_wait());
    }

    #[test]
    fn who_comes_alone_lets_nobody_wait() {
        let inbox = Inbox::default();
        inbox.push(message(0));
        assert_eq!(calls(inbox.take(9, None)), Some(vec![0]));
        assert!(inbox.state().gather_until.is_none());
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
