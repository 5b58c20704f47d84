//! A gRPC server that hands what arrives to Python in batches, and knows nothing of what it means.
//!
//! A daemon in Python that is asked 20,000 times a second has 50 µs for each call, of which it wants to spend as many
//! as it can on the call itself. So everything that is HTTP/2 happens here, on a thread that never holds Python's lock,
//! and the two meet once a batch:
//!
//! ```text
//! sockets ── connections ── service ── switchboard ──▶ inbox ──▶ take()   one list of all that has arrived
//!                              ▲            │
//!                              └────────────┴◀─────────────────── send()   one list of replies, after a commit
//! ```
//!
//! With one call in flight a batch holds one call, and both threads are woken at once; with 256 a batch holds as many as
//! came meanwhile. Nothing polls and nothing waits for a batch to fill.

// Without Python nothing takes what the tests alone reach.
#![cfg_attr(not(feature = "python"), allow(dead_code))]

mod answer;
mod arrival;
#[cfg(feature = "python")]
mod edge;
mod fault;
mod framing;
mod greeting;
mod inbox;
mod lingering;
mod listener;
mod messages;
mod reply;
mod request_body;
mod server;
mod service;
mod stream;
mod switchboard;
mod timeout;
mod tls;
mod unread;
mod window;
