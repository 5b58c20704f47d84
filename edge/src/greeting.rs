//! The greeting: what connects says the first words of HTTP/2 within a time, or is let go.
//!
//! A load balancer keeps a connection ready and says nothing, a port scanner says "G". HTTP/2 has no signs of life
//! before its preface, so such a connection would stay for ever, and a server that goes down would wait for it.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FIRST_READ: usize = 1_024;

/// A connection that has greeted. What was read of it is read again.
pub struct Greeted<IO> {
    begun: BytesMut,
    io: IO,
}

/// Wait for the preface, or for what is none: that is refused by those who know the protocol.
pub async fn greeted<IO: AsyncRead + Unpin>(mut io: IO) -> io::Result<Greeted<IO>> {
    let mut begun = BytesMut::with_capacity(FIRST_READ);
    while begun.len() < PREFACE.len() && PREFACE.starts_with(&begun) {
        if io.read_buf(&mut begun).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Greeted { begun, io })
}

impl<IO: AsyncRead + Unpin> AsyncRead for Greeted<IO> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.begun.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, into);
        }
        let count = self.begun.len().min(into.remaining());
        into.put_slice(&self.begun.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Greeted<IO> {
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
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_read_of_it_is_read_again() {
        let sent = [PREFACE, b"and more"].concat();
        let mut connection = greeted(&sent[..]).await.expect("it greets");
        let mut read = Vec::new();
        connection.read_to_end(&mut read).await.expect("it is read");
        assert_eq!(read, sent);
    }

    #[tokio::test]
    async fn another_language_is_known_by_its_first_word() {
        assert!(greeted(&b"GET"[..]).await.is_ok());
    }

    #[tokio::test]
    async fn who_hangs_up_before_has_not_greeted() {
        assert!(greeted(&b""[..]).await.is_err());
        assert!(greeted(&b"PRI"[..]).await.is_err());
    }
}
