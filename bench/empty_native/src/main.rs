//! The ceiling of a native transport: a gRPC server on one thread that answers every call with a reply made before.
//!
//! `empty-native REPLY BATCH_REPLY STREAM_REPLY CORRELATION` takes files with the bytes of a debit's answer, of a batch's
//! and of a stream's without its correlation id, and how many bytes of a stream's message that id takes. It prints its
//! port and serves until its input is closed. Frames and headers are read and written by hyper, as in the edge.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

const PREFIX: usize = 5; // of a gRPC message: a flag and its length
const WINDOW: u32 = 4 << 20;
const STREAMS: u32 = 1024;

/// What every call is answered with.
#[derive(Clone)]
struct Replies {
    unary: Bytes,
    batch: Bytes,
    stream: Bytes,
    correlation: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, unary, batch, stream, correlation] = arguments.as_slice() else {
        return Err("wanted: REPLY BATCH_REPLY STREAM_REPLY CORRELATION".into());
    };
    let replies = Replies {
        unary: framed(&std::fs::read(unary)?),
        batch: framed(&std::fs::read(batch)?),
        stream: std::fs::read(stream)?.into(),
        correlation: correlation.parse()?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let mut input = tokio::io::stdin();
    tokio::select! {
        served = serve(listener, replies) => served?,
        closed = input.read_u8() => drop(closed),
    }
    Ok(())
}

async fn serve(listener: TcpListener, replies: Replies) -> std::io::Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let replies = replies.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, replies.clone()));
            let ended = http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(4 * WINDOW)
                .max_concurrent_streams(STREAMS)
                .serve_connection(TokioIo::new(connection), service)
                .await;
            drop(ended); // a client that goes away is none of our business
        });
    }
}

type Answer = BoxBody<Bytes, hyper::Error>;

async fn answer(
    request: Request<Incoming>,
    replies: Replies,
) -> Result<Response<Answer>, hyper::Error> {
    let path = request.uri().path();
    let body = if path.ends_with("/Charge") {
        Echo {
            messages: request.into_body(),
            waiting: BytesMut::new(),
            replies,
            over: false,
            ended: false,
        }
        .boxed()
    } else {
        let reply = if path.ends_with("/BatchDebit") {
            replies.batch
        } else {
            replies.unary
        };
        request.into_body().collect().await?;
        Full::new(reply)
            .with_trailers(async { Some(Ok(ok())) })
            .map_err(never)
            .boxed()
    };
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    Ok(response)
}

/// Answers each message of one stream as it comes.
struct Echo {
    messages: Incoming,
    waiting: BytesMut,
    replies: Replies,
    over: bool,  // nothing more comes
    ended: bool, // and that was told
}

impl Body for Echo {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        while !self.over {
            match Pin::new(&mut self.messages).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => self.waiting.extend(frame.into_data()),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => self.over = true,
                Poll::Pending => break,
            }
        }
        let answers = self.answers(); // to all that has come, in one frame
        if !answers.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(answers))));
        }
        match (self.over, self.ended) {
            (false, _) => Poll::Pending,
            (true, false) => {
                self.ended = true;
                Poll::Ready(Some(Ok(Frame::trailers(ok()))))
            }
            (true, true) => Poll::Ready(None),
        }
    }
}

impl Echo {
    /// The answers to all messages that have arrived whole.
    fn answers(&mut self) -> Bytes {
        let mut out = BytesMut::new();
        let (correlation, reply) = (self.replies.correlation, self.replies.stream.clone());
        while self.waiting.len() >= PREFIX {
            let length = (&self.waiting[1..PREFIX]).get_u32() as usize;
            if self.waiting.len() < PREFIX + length {
                break;
            }
            let message = self.waiting.split_to(PREFIX + length);
            let id = &message[PREFIX..(PREFIX + correlation).min(message.len())];
            out.put_u8(0);
            out.put_u32((id.len() + reply.len()) as u32);
            out.put_slice(id);
            out.put_slice(&reply);
        }
        out.freeze()
    }
}

fn framed(message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(PREFIX + message.len());
    out.put_u8(0);
    out.put_u32(message.len() as u32);
    out.put_slice(message);
    out.freeze()
}

fn ok() -> HeaderMap {
    HeaderMap::from_iter([(
        hyper::header::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )])
}

fn never(impossible: Infallible) -> hyper::Error {
    match impossible {}
}
