//! The switchboard: which calls are open, and who waits for what Python says about them.
//!
//! A call takes a place in its room (unary calls, streams, watchers of health) and keeps it until Python has let go of
//! it, even when its client is long gone: what waits inside Python is bounded, whatever clients do. A room that is full
//! refuses with a reply that Python prepared.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot};

use crate::arrival::{Arrival, Event};
use crate::inbox::Inbox;
use crate::reply::{Reply, Word};
use crate::unread::Hold;
use crate::window::Window;

/// How many calls of one sort may be open, and what the next one is told.
pub struct Room {
    /// At most so many.
    pub places: usize,
    /// The status for one more.
    pub refusal: Reply,
}

/// What Python said on a stream; while it waits for the client a message is counted.
pub type Waiting = (Reply, Option<Hold>);

/// All open calls.
pub struct Switchboard {
    inbox: Arc<Inbox>,
    arrived: Notify,
    calls: Mutex<Calls>,
    rooms: Vec<Room>,
    going_down: AtomicBool,
    farewell: Reply,
}

#[derive(Default)]
struct Calls {
    last: u64,
    open: HashMap<u64, Call>,
    taken: Vec<usize>,
}

struct Call {
    room: usize,
    line: Line,
}

enum Line {
    Unary(oneshot::Sender<Reply>),
    Stream(mpsc::UnboundedSender<Waiting>, Arc<Window>),
}

impl Switchboard {
    /// `farewell` is what new calls are told once the server is going down.
    pub fn new(inbox: Arc<Inbox>, rooms: Vec<Room>, farewell: Reply) -> Self {
        let taken = vec![0; rooms.len()];
        Self {
            inbox,
            arrived: Notify::new(),
            calls: Mutex::new(Calls { taken, ..Calls::default() }),
            rooms,
            going_down: AtomicBool::new(false),
            farewell,
        }
    }

    /// A unary call begins: its id and where its reply will be, or why not.
    pub fn open_unary(&self, room: usize) -> Result<(u64, oneshot::Receiver<Reply>), Reply> {
        let (sender, receiver) = oneshot::channel();
        Ok((self.open(room, Line::Unary(sender))?, receiver))
    }

    /// A stream begins: its id and where its answers will be, or why not.
    pub fn open_stream(
        &self,
        room: usize,
        window: Arc<Window>,
    ) -> Result<(u64, mpsc::UnboundedReceiver<Waiting>), Reply> {
        let (sender, receiver) = mpsc::unbounded_channel();
        Ok((self.open(room, Line::Stream(sender, window))?, receiver))
    }

    /// Tell Python. It is woken when everything else that can be read now has been read.
    pub fn tell(&self, arrival: Arrival) {
        self.inbox.push(arrival);
        self.arrived.notify_one();
    }

    /// Wake Python whenever something has arrived, for ever.
    ///
    /// A task of its own: it runs when the tasks that were ready before it have run, so one ring stands for all that
    /// came with one reading of the sockets.
    pub async fn ring(&self) {
        loop {
            self.arrived.notified().await;
            self.inbox.ring();
        }
    }

    /// Pass on what Python said.
    pub fn deliver(&self, replies: Vec<(u64, Reply)>) {
        let mut calls = self.calls();
        for (call, reply) in replies {
            match reply.word {
                Word::Closed => drop(calls.close(call)),
                Word::Ready => calls.ready(call),
                _ => calls.answer(call, reply),
            }
        }
    }

    /// The places taken in a room.
    pub fn taken(&self, room: usize) -> usize {
        self.calls().taken.get(room).copied().unwrap_or(0)
    }

    /// From now on new calls are refused.
    pub fn go_down(&self) {
        self.going_down.store(true, Relaxed);
    }

    fn open(&self, room: usize, line: Line) -> Result<u64, Reply> {
        if self.going_down.load(Relaxed) {
            return Err(self.farewell.clone());
        }
        let Some(Room { places, refusal }) = self.rooms.get(room) else {
            return Err(self.farewell.clone());
        };
        self.calls().open(room, *places, line).ok_or_else(|| refusal.clone())
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    fn open(&mut self, room: usize, places: usize, line: Line) -> Option<u64> {
        let taken = self.taken.get_mut(room)?;
        if *taken >= places {
            return None;
        }
        *taken += 1;
        self.last += 1;
        self.open.insert(self.last, Call { room, line });
        Some(self.last)
    }

    /// A reply whose call is gone is dropped; so is one whose client is.
    fn answer(&mut self, call: u64, reply: Reply) {
        match self.open.get(&call) {
            Some(Call { line: Line::Stream(answers, window), .. }) => {
                let hold = (reply.word == Word::Message).then(|| window.queued(reply.body.len()));
                let _ = answers.send((reply, hold));
            }
            Some(Call { line: Line::Unary(_), .. }) => {
                if let Some(Call { line: Line::Unary(answer), .. }) = self.close(call) {
                    let _ = answer.send(reply);
                }
            }
            None => {}
        }
    }

    fn ready(&mut self, call: u64) {
        if let Some(Call { line: Line::Stream(_, window), .. }) = self.open.get(&call) {
            window.ready();
        }
    }

    fn close(&mut self, call: u64) -> Option<Call> {
        let closed = self.open.remove(&call)?;
        if let Some(taken) = self.taken.get_mut(closed.room) {
            *taken -= 1;
        }
        Some(closed)
    }
}

/// An event that ends with a stream, however that ends.
pub struct Open {
    switchboard: Arc<Switchboard>,
    call: u64,
}

impl Open {
    /// Watch over a stream that was opened.
    pub fn new(switchboard: Arc<Switchboard>, call: u64) -> Self {
        Self { switchboard, call }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.switchboard.tell(Arrival::bare(self.call, Event::Over));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unread::{Backlog, Unread};
    use bytes::Bytes;

    fn reply(word: Word) -> Reply {
        Reply { word, body: Bytes::new() }
    }

    fn switchboard(places: usize) -> Switchboard {
        let room = Room { places, refusal: reply(Word::Done(8)) };
        Switchboard::new(Arc::new(Inbox::default()), vec![room], reply(Word::Done(14)))
    }

    fn window() -> Arc<Window> {
        Arc::new(Window::new(1, false, Arc::new(Backlog::new(Arc::new(Unread::new(100, 100))))))
    }

    fn told<T>(outcome: Result<T, Reply>) -> Option<Word> {
        outcome.err().map(|reply| reply.word)
    }

    #[test]
    fn a_room_that_is_full_refuses_until_a_call_is_answered() {
        let board = switchboard(1);
        let first = board.open_unary(0).map(|(call, _)| call).unwrap_or(0);
        assert_eq!(told(board.open_unary(0)), Some(Word::Done(8)));
        board.deliver(vec![(first, reply(Word::Done(0)))]);
        assert_eq!((board.taken(0), told(board.open_unary(0))), (0, None));
    }

    #[test]
    fn a_call_whose_client_is_gone_keeps_its_place_until_python_answers() {
        let board = switchboard(1);
        let call = board.open_unary(0).map(|(call, receiver)| (call, drop(receiver)).0).unwrap_or(0);
        assert_eq!(board.taken(0), 1);
        board.deliver(vec![(call, reply(Word::Done(0)))]);
        assert_eq!(board.taken(0), 0);
    }

    #[test]
    fn a_reply_that_comes_twice_finds_nobody() {
        let board = switchboard(2);
        let first = board.open_unary(0).map(|(call, _)| call).unwrap_or(0);
        board.deliver(vec![(first, reply(Word::Done(0))), (first, reply(Word::Done(0)))]);
        let second = board.open_unary(0).ok();
        board.deliver(vec![(first, reply(Word::Done(0)))]);
        assert!(second.is_some_and(|(call, mut receiver)| call != first && receiver.try_recv().is_err()));
        assert_eq!(board.taken(0), 1);
    }

    #[test]
    fn a_stream_keeps_its_place_until_it_is_closed() {
        let board = switchboard(1);
        let opened = board.open_stream(0, window());
        let call = opened.map(|(call, _)| call).unwrap_or(0);
        board.deliver(vec![(call, reply(Word::Message)), (call, reply(Word::Done(0)))]);
        assert_eq!(board.taken(0), 1);
        board.deliver(vec![(call, reply(Word::Closed))]);
        assert_eq!(board.taken(0), 0);
    }

    #[test]
    fn nothing_new_begins_while_it_goes_down() {
        let board = switchboard(1);
        board.go_down();
        assert_eq!(told(board.open_unary(0)), Some(Word::Done(14)));
    }
}
