//! The port: connections taken, served, kept alive, and brought to an end.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::greeting::greeted;
use crate::lingering::Lingering;
use crate::service::Service;

const BACKLOG: i32 = 1_024;
/// A client that has connected shakes hands, where there is TLS, and greets within this time at most.
const GREETING: Duration = Duration::from_secs(20);
/// When we close a connection, what its client still sends is read for so long.
const LINGERING: Duration = Duration::from_secs(2);
/// Where no file descriptor is left for a connection, the next is tried after this.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Calls of one connection that are open at once, answered or not; a client keeps the next to itself until one ends.
const CALLS_MAX: u32 = 16_384;
/// Calls that clients took back before we came to them; beyond that a connection is closed as an attack.
const RESETS_MAX: usize = 4_096;

/// What a client may ask of its connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of metadata of one call.
    pub metadata: u32,
    /// After so long without a sign of life a client is asked for one.
    pub silence: Duration,
    /// And when none comes for so long its connection is closed.
    pub silence_after_ping: Duration,
}

/// Take a port, without SO_REUSEPORT: a second daemon on it is an error, not half the calls.
pub fn bind(address: &str) -> io::Result<StdListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for candidate in address.to_socket_addrs()? {
        match listen(candidate) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn listen(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(cfg!(unix))?; // a port whose connections linger after a restart
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// What serves connections.
#[derive(Clone)]
pub struct Desk {
    service: Arc<Service>,
    protocol: Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
    greeting: Duration,
    going_down: watch::Receiver<bool>,
}

impl Desk {
    /// `going_down` turns true once.
    pub fn new(
        service: Arc<Service>,
        limits: Limits,
        tls: Option<TlsAcceptor>,
        going_down: watch::Receiver<bool>,
    ) -> Self {
        let mut protocol = Builder::new(TokioExecutor::new());
        protocol
            .timer(TokioTimer::new())
            .keep_alive_interval(limits.silence)
            .keep_alive_timeout(limits.silence_after_ping)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(limits.metadata)
            .max_concurrent_streams(CALLS_MAX)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .max_local_error_reset_streams(RESETS_MAX)
            .auto_date_header(false);
        Self { service, protocol, tls, greeting: GREETING.min(limits.silence), going_down }
    }

    /// Serve until the last connection has ended after `going_down`.
    pub async fn serve(self, listener: StdListener) -> io::Result<()> {
        let mut going_down = self.going_down.clone();
        let mut connections = JoinSet::new();
        let listener = TcpListener::from_std(listener)?;
        loop {
            tokio::select! {
                taken = listener.accept() => match taken {
                    Ok((stream, _)) => { connections.spawn(self.clone().connection(stream)); }
                    Err(_) => sleep(ACCEPT_AGAIN).await,
                },
                Some(_) = connections.join_next() => {}
                _ = going_down.wait_for(|down| *down) => break,
            }
        }
        drop(listener);
        while connections.join_next().await.is_some() {}
        Ok(())
    }

    /// Serve one connection, once it has greeted. Who has not, holds nobody up that goes down.
    async fn connection(self, stream: TcpStream) {
        let mut going_down = self.going_down.clone();
        if stream.set_nodelay(true).is_err() {
            return;
        }
        match self.tls.clone() {
            None => {
                if let Some(greeted) = in_time(self.greeting, &mut going_down, greeted(stream)).await {
                    self.speak(greeted).await;
                }
            }
            Some(tls) => {
                let secured = async move { greeted(tls.accept(stream).await?).await };
                if let Some(greeted) = in_time(self.greeting, &mut going_down, secured).await {
                    self.speak(greeted).await;
                }
            }
        }
    }

    async fn speak(mut self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let (service, backlog) = (self.service.clone(), self.service.backlog());
        let answer = service_fn(move |request| {
            let (service, backlog) = (service.clone(), backlog.clone());
            async move { service.answer(request, backlog).await }
        });
        let stream = TokioIo::new(Lingering::new(stream, LINGERING));
        let mut connection = pin!(self.protocol.serve_connection(stream, answer));
        tokio::select! {
            _ = &mut connection => return,
            _ = self.going_down.wait_for(|down| *down) => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// What comes of a greeting within its time.
async fn in_time<T>(
    most: Duration,
    going_down: &mut watch::Receiver<bool>,
    greeting: impl Future<Output = io::Result<T>>,
) -> Option<T> {
    tokio::select! {
        greeted = timeout(most, greeting) => greeted.ok()?.ok(),
        _ = going_down.wait_for(|down| *down) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_taken_once() -> io::Result<()> {
        let first = bind("127.0.0.1:0")?;
        let again = bind(&first.local_addr()?.to_string());
        assert_eq!(again.err().map(|error| error.kind()), Some(io::ErrorKind::AddrInUse));
        Ok(())
    }

    #[test]
    fn a_name_that_is_none_is_an_error() {
        assert!(bind("no such name:1").is_err());
        assert!(bind("127.0.0.1").is_err());
    }
}
