//! Faults of ours: a call in which the transport panics fails with INTERNAL, and nothing else notices.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tonic::Status;

/// The outcome of some work, which is INTERNAL where it panics.
pub async fn caught<T>(work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(_) => Err(Status::internal("the transport failed in this call; the others go on")),
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use tonic::Code;

    async fn broken() -> Result<(), Status> {
        tokio::task::yield_now().await;
        panic!("as a test")
    }

    #[tokio::test]
    async fn work_that_panics_is_an_internal_error() {
        let told = tokio::spawn(caught(broken())).await.expect("the task lives").expect_err("a status");
        assert_eq!(told.code(), Code::Internal);
    }

    #[tokio::test]
    async fn other_work_comes_to_what_it_comes_to() {
        assert_eq!(caught(async { Ok(7) }).await.ok(), Some(7));
        let refused = caught::<()>(async { Err(Status::not_found("no")) }).await.expect_err("a status");
        assert_eq!(refused.code(), Code::NotFound);
    }
}
