"""Commands: a request ready for its lane, and the reply that goes back.

The engine knows nothing of protobuf: who submits a command gives the function that turns its answer into bytes. Those
bytes are stored with the operation, so that the same request asked again is answered word for word.
"""

from collections.abc import Callable
from typing import Final

from accounts.account import AccountKey
from ratingd.engine.operation import Answer, Operation
from ratingd.errors import RatingdError


class Reply:
    """`code` 0 and a serialised response, or a gRPC status code and a serialised google.rpc.Status."""

    __slots__ = ("body", "code")

    def __init__(self, code: int, body: bytes) -> None:
        self.code: Final = code
        self.body: Final = body


class Command:
    """One request on its way through a lane.

    `fingerprint` is a hash of the request without its key and deadline: the same key with another fingerprint is an
    error. Operations that write need a key unless `dry_run`. `deadline_ns` is on the clock of `time.monotonic_ns`;
    a command past it is not executed. `encode` is called on the lane's thread, and also with errors.
    """

    __slots__ = ("deadline_ns", "dry_run", "encode", "fingerprint", "idempotency_key", "key", "operation")

    def __init__(
        self,
        key: AccountKey,
        operation: Operation,
        encode: Callable[[Answer | RatingdError], Reply],
        idempotency_key: str = "",
        fingerprint: bytes = b"",
        dry_run: bool = False,
        deadline_ns: int | None = None,
    ) -> None:
        self.key: Final = key
        self.operation: Final = operation
        self.encode: Final = encode
        self.idempotency_key: Final = idempotency_key
        self.fingerprint: Final = fingerprint
        self.dry_run: Final = dry_run
        self.deadline_ns: Final = deadline_ns
