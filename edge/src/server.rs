//! The server: a thread of its own with one tokio runtime, which never runs Python.
//!
//! A single-threaded runtime serves more calls a second than one of two threads does: between reading a call, sorting
//! its reply to it and writing that out no other core has to be woken.

use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver as Ended, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder as ThreadBuilder, JoinHandle};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

use crate::inbox::Inbox;
use crate::listener::Desk;
use crate::reply::Reply;
use crate::switchboard::Switchboard;

/// Replies as Python hands them over: all of a batch at once, for one waking of the thread.
pub type Replies = Vec<(u64, Reply)>;

/// A server that runs, or has run.
pub struct Server {
    replies: UnboundedSender<Replies>,
    stopping: watch::Sender<bool>,
    thread: Mutex<Option<(JoinHandle<()>, Ended<()>)>>,
}

impl Server {
    /// Serve a port that was taken, on a new thread.
    pub fn start(
        listener: TcpListener,
        desk: Desk,
        switchboard: Arc<Switchboard>,
        inbox: Arc<Inbox>,
    ) -> io::Result<Self> {
        let (replies, said) = unbounded_channel();
        let (stopping, until) = watch::channel(false);
        let (ended, end) = channel();
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let thread = ThreadBuilder::new().name("edge".into()).spawn(move || {
            let served = AssertUnwindSafe(|| runtime.block_on(run(listener, desk, switchboard, said, until)));
            let _ = catch_unwind(served);
            drop(runtime); // and with it every call that is still open: Python hears that they are over
            inbox.close();
            let _ = ended.send(());
        })?;
        Ok(Self { replies, stopping, thread: Mutex::new(Some((thread, end))) })
    }

    /// Hand over what Python said. Nobody hears it when the server has ended.
    pub fn say(&self, replies: Replies) {
        let _ = self.replies.send(replies);
    }

    /// Wait until all connections have ended, at most for `grace`; then end those that are left.
    pub fn join(&self, grace: Duration) {
        let Some((thread, ended)) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if ended.recv_timeout(grace) == Err(RecvTimeoutError::Timeout) {
            self.stopping.send_replace(true);
        }
        let _ = thread.join();
    }
}

async fn run(
    listener: TcpListener,
    desk: Desk,
    switchboard: Arc<Switchboard>,
    said: UnboundedReceiver<Replies>,
    mut stopping: watch::Receiver<bool>,
) {
    tokio::select! {
        _ = desk.serve(listener) => {}
        () = deliver(&switchboard, said) => {}
        () = switchboard.ring() => {}
        _ = stopping.wait_for(|now| *now) => {}
    }
}

async fn deliver(switchboard: &Switchboard, mut said: UnboundedReceiver<Replies>) {
    while let Some(replies) = said.recv().await {
        switchboard.deliver(replies);
    }
}
