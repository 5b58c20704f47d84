//! What Python sees: one class, which takes a port and is asked what has arrived.
//!
//! Python runs on Python's threads alone. They wait here without the interpreter's lock, and every call carries a whole
//! batch: one list out, one list in. A panic of ours becomes a RuntimeError.

use std::collections::HashMap;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::arrival::Arrival;
use crate::framing::{HEAD, frame};
use crate::inbox::Inbox;
use crate::listener::{Desk, Limits, bind};
use crate::reply::{Reply, Word};
use crate::server::Server;
use crate::service::{Route, Service, Shape};
use crate::switchboard::{Room, Switchboard};
use crate::tls::{Pem, acceptor};
use crate::unread::Unread;

/// What is served and how, read from an object with these attributes.
#[derive(FromPyObject)]
struct Options {
    address: String,
    /// (path, room, window, whether each message has one answer); a window of 0 makes a unary method.
    methods: Vec<(String, usize, usize, bool)>,
    /// (places, code, google.rpc.Status) of each room.
    rooms: Vec<(usize, i32, Vec<u8>)>,
    /// (code, google.rpc.Status) for calls that come while the server goes down.
    farewell: (i32, Vec<u8>),
    /// Bytes of answers that wait for their clients: on one connection, and on all.
    unread_max: (usize, usize),
    /// (code, google.rpc.Status) for calls of a client that leaves more unread.
    unread: (i32, Vec<u8>),
    message_max: usize,
    metadata_max: u32,
    keepalive_s: f64,
    keepalive_timeout_s: f64,
    /// (certificate, key, authority of clients), the contents of PEM files.
    tls: Option<Pems>,
    /// What Python's monotonic clock shows now.
    monotonic_ns: i64,
}

type Pems = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

/// A gRPC server whose calls are answered in batches.
#[pyclass(frozen)]
struct Edge {
    port: u16,
    clock: Clock,
    inbox: Arc<Inbox>,
    switchboard: Arc<Switchboard>,
    going_down: watch::Sender<bool>,
    desk: Desk,
    bound: Mutex<Option<TcpListener>>,
    running: Mutex<Option<Arc<Server>>>,
}

#[pymethods]
impl Edge {
    /// Take the port: OSError where that is not possible, ValueError where TLS's files are wrong.
    #[new]
    fn new(options: Options) -> PyResult<Self> {
        guarded(|| Self::bound(options))
    }

    /// The port that was taken.
    #[getter]
    fn port(&self) -> u16 {
        self.port
    }

    /// The places taken in a room.
    fn taken(&self, room: usize) -> usize {
        self.switchboard.taken(room)
    }

    /// Begin to serve.
    fn start(&self) -> PyResult<()> {
        guarded(|| {
            let Some(listener) = locked(&self.bound).take() else { return Ok(()) };
            let server = Server::start(listener, self.desk.clone(), self.switchboard.clone(), self.inbox.clone())?;
            *locked(&self.running) = Some(Arc::new(server));
            Ok(())
        })
    }

    /// What has arrived, as soon as something has: a list of (call, event, message, deadline on the monotonic clock).
    ///
    /// An empty list after `timeout_s`, None when the server has ended and all was taken.
    #[pyo3(signature = (most, timeout_s=None))]
    fn take<'py>(&self, py: Python<'py>, most: usize, timeout_s: Option<f64>) -> PyResult<Option<Bound<'py, PyList>>> {
        guarded(|| {
            let timeout = timeout_s.map(seconds).transpose()?;
            match py.detach(|| self.inbox.take(most, timeout)) {
                None => Ok(None),
                Some(arrivals) => self.listed(py, arrivals).map(Some),
            }
        })
    }

    /// Send what is given as a list of (call, word, message or status).
    fn send(&self, replies: &Bound<'_, PyList>) -> PyResult<()> {
        guarded(|| {
            let read = read(replies)?;
            if let Some(server) = locked(&self.running).as_ref() {
                server.say(read);
            }
            Ok(())
        })
    }

    /// Take no more connections and calls; tell clients to look elsewhere.
    fn drain(&self) {
        self.switchboard.go_down();
        self.going_down.send_replace(true);
    }

    /// Wait until the last connection has ended, at most `grace_s`, and end those that are left.
    fn stop(&self, py: Python<'_>, grace_s: f64) -> PyResult<()> {
        guarded(|| {
            self.drain();
            let grace = seconds(grace_s)?;
            locked(&self.bound).take();
            let server = locked(&self.running).clone(); // replies still go through it
            py.detach(|| {
                if let Some(server) = server {
                    server.join(grace);
                }
                self.inbox.close();
            });
            Ok(())
        })
    }
}

impl Edge {
    fn bound(options: Options) -> PyResult<Self> {
        let tls = options.tls.map(secured).transpose()?;
        let listener = bind(&options.address)?;
        let inbox = Arc::new(Inbox::default());
        let rooms =
            options.rooms.into_iter().map(|(places, code, status)| Room { places, refusal: said(code, status) });
        let farewell = said(options.farewell.0, options.farewell.1);
        let switchboard = Arc::new(Switchboard::new(inbox.clone(), rooms.collect(), farewell));
        let service = Service::new(
            routes(options.methods),
            options.message_max,
            switchboard.clone(),
            Unread::new(options.unread_max.0, options.unread_max.1),
            said(options.unread.0, options.unread.1),
        );
        let limits = Limits {
            metadata: options.metadata_max,
            silence: seconds(options.keepalive_s)?,
            silence_after_ping: seconds(options.keepalive_timeout_s)?,
        };
        let (going_down, told) = watch::channel(false);
        Ok(Self {
            port: listener.local_addr()?.port(),
            clock: Clock { now: Instant::now(), monotonic_ns: options.monotonic_ns },
            inbox,
            switchboard,
            going_down,
            desk: Desk::new(Arc::new(service), limits, tls, told),
            bound: Mutex::new(Some(listener)),
            running: Mutex::new(None),
        })
    }

    fn listed<'py>(&self, py: Python<'py>, arrivals: Vec<Arrival>) -> PyResult<Bound<'py, PyList>> {
        let listed = arrivals.into_iter().map(|arrival| {
            let deadline_ns = arrival.deadline.map(|deadline| self.clock.monotonic_ns(deadline));
            (arrival.call, arrival.event.code(), PyBytes::new(py, &arrival.body), deadline_ns).into_pyobject(py)
        });
        PyList::new(py, listed.collect::<PyResult<Vec<Bound<'py, PyTuple>>>>()?)
    }
}

/// One instant on both clocks.
struct Clock {
    now: Instant,
    monotonic_ns: i64,
}

impl Clock {
    fn monotonic_ns(&self, instant: Instant) -> i64 {
        let ahead = i64::try_from(instant.saturating_duration_since(self.now).as_nanos()).unwrap_or(i64::MAX);
        self.monotonic_ns.saturating_add(ahead)
    }
}

fn routes(methods: Vec<(String, usize, usize, bool)>) -> HashMap<String, Route> {
    let routes = methods.into_iter().enumerate().map(|(method, (path, room, window, answered))| {
        let shape = if window == 0 { Shape::Unary } else { Shape::Stream { window, answered } };
        (path, Route { method, room, shape })
    });
    routes.collect()
}

fn secured((certificate, key, client_ca): Pems) -> PyResult<TlsAcceptor> {
    acceptor(&Pem { certificate, key, client_ca }).map_err(PyValueError::new_err)
}

fn said(code: i32, status: Vec<u8>) -> Reply {
    Reply { word: Word::Done(code), body: Bytes::from(status) }
}

/// The replies of a batch. Messages are framed on the way, in one piece of memory for all of them.
fn read(replies: &Bound<'_, PyList>) -> PyResult<Vec<(u64, Reply)>> {
    let spoken: Vec<(u64, i32, Bound<'_, PyBytes>)> = replies.extract()?;
    let size = spoken.iter().map(|(_, _, body)| HEAD + body.as_bytes().len()).sum();
    let mut copied = BytesMut::with_capacity(size);
    let replies = spoken.into_iter().map(|(call, code, body)| {
        let word = Word::of(code);
        match word {
            Word::Done(0) | Word::Message => frame(body.as_bytes(), &mut copied),
            _ => copied.extend_from_slice(body.as_bytes()),
        }
        (call, Reply { word, body: copied.split().freeze() })
    });
    Ok(replies.collect())
}

fn seconds(count: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(count).map_err(|_| PyValueError::new_err(format!("{count} is no number of seconds")))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Do something for Python. A panic does not go through it.
fn guarded<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(PyRuntimeError::new_err("the edge has failed")))
}

/// The native transport of ratingd.
#[pymodule]
mod ratingd_edge {
    #[pymodule_export]
    use super::Edge;
}
