//! A close that destroys nothing: the last words are said, and what still comes is read and thrown away for a while.
//!
//! A switch sends debits on a stream while the daemon goes down. Its last answers and the farewell are on their way when
//! the connection is closed; one more debit that arrives then is answered by the system with a reset, and the client,
//! whose sending fails, throws away what it has received and not yet handed out. So our side alone is closed first: the
//! client reads to the end, hangs up, and is heard until then, within a time.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

const SCRAP: usize = 16 * 1024;

/// A connection that lingers when it is shut down.
pub struct Lingering<IO> {
    io: IO,
    most: Duration,
    leaving: Option<Pin<Box<Sleep>>>,
}

impl<IO> Lingering<IO> {
    /// For at most so long.
    pub fn new(io: IO, most: Duration) -> Self {
        Self { io, most, leaving: None }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Lingering<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, into)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { io, most, leaving } = &mut *self;
        if leaving.is_none() {
            ready!(Pin::new(&mut *io).poll_shutdown(cx))?;
        }
        let leaving = leaving.get_or_insert_with(|| Box::pin(sleep(*most)));
        if leaving.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut scrap = [0; SCRAP];
        loop {
            let mut read = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut *io).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())), // it has hung up
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinHandle;

    const MOST: Duration = Duration::from_millis(500);

    /// A client, and what closes its connection after an answer.
    async fn connected() -> io::Result<(TcpStream, JoinHandle<io::Result<()>>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        let (server, _) = listener.accept().await?;
        let closing = tokio::spawn(async move {
            let mut server = Lingering::new(server, MOST);
            server.write_all(b"answer").await?;
            server.shutdown().await
        });
        Ok((client, closing))
    }

    #[tokio::test]
    async fn who_still_sends_is_heard_and_reads_to_the_end() -> io::Result<()> {
        let (mut client, closing) = connected().await?;
        for _ in 0..10 {
            client.write_all(&[7; 1_000]).await?;
            sleep(Duration::from_millis(10)).await;
        }
        let mut read = Vec::new();
        client.read_to_end(&mut read).await?;
        assert_eq!(read, b"answer");
        drop(client);
        closing.await?
    }

    #[tokio::test]
    async fn who_never_hangs_up_is_waited_for_no_longer_than_that() -> io::Result<()> {
        let (mut client, closing) = connected().await?;
        let sending = async {
            while client.write_all(&[7; 1_000]).await.is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let patience = 10 * MOST;
        let ended = tokio::time::timeout(patience, async { tokio::join!(sending, closing).1 }).await;
        assert!(ended.is_ok());
        Ok(())
    }
}
