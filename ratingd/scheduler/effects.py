"""Effects: one action set for many accounts, each as a command on the account's lane.

Each has the key `sched:{entry}:{due}:{account}`, so that whoever repeats it, after a crash or a lost lock, repeats
nothing. What the engine could not take just now (a full queue, a store that is away) is submitted again until it is
taken; what it refused for good is a line in the log, and the others go on.

A hundred are in a lane's queue at a time, so that a call which comes in while a plan runs waits behind a hundred
top-ups at most, and they still share a commit.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import Answer, Operation
from ratingd.errors import (
    AccountBusy,
    AccountUnknown,
    DeadlinePassed,
    KeyReused,
    Overloaded,
    RatingdError,
    Unavailable,
)

Submit = Callable[[Command, Callable[[Reply], None]], None]

FINGERPRINT: Final = b"schedule"
LATER: Final = (Overloaded, Unavailable, AccountBusy, DeadlinePassed)
DONE: Final = (AccountUnknown, KeyReused)  # removed since the list was read; done so long ago that the answer is gone
PAUSE_S: Final = 0.5
IN_FLIGHT: Final = 100
OK: Final = Reply(0, b"")
REFUSED: Final = Reply(9, b"")


class Stopped(Exception):
    """The daemon is going down; what was not done is done by the next one."""


class Effects:
    def __init__(self, submit: Submit, stopping: threading.Event) -> None:
        self._submit: Final = submit
        self._stopping: Final = stopping

    def run(self, keys: Sequence[AccountKey], operation: Operation, key_of: Callable[[AccountKey], str]) -> int:
        """Do it for every account and wait; how many refused. Raises Stopped when the daemon goes down meanwhile."""
        bursts = [keys[begin : begin + IN_FLIGHT] for begin in range(0, len(keys), IN_FLIGHT)]
        return sum(self._burst(list(burst), operation, key_of) for burst in bursts)

    def _burst(self, waiting: list[AccountKey], operation: Operation, key_of: Callable[[AccountKey], str]) -> int:
        if self._stopping.is_set():
            raise Stopped
        refused = 0
        while waiting:
            tried = [(key, self._one(key, operation, key_of(key))) for key in waiting]
            errors = [(key, self._wait(answered)) for key, answered in tried]
            refused += sum(self._told(key, error) for key, error in errors)
            waiting = [key for key, error in errors if isinstance(error, LATER)]
            if waiting and self._stopping.wait(PAUSE_S):
                raise Stopped
        return refused

    def _one(self, key: AccountKey, operation: Operation, idempotency_key: str) -> "Future[RatingdError | None]":
        answered: Future[RatingdError | None] = Future()
        last: list[RatingdError | None] = [None]

        def encode(answer: Answer | RatingdError) -> Reply:
            last[0] = answer if isinstance(answer, RatingdError) else None
            return OK if last[0] is None else REFUSED

        def done(reply: Reply) -> None:
            """What was decided last counts, unless it is answered that it was done before, under the same key."""
            answered.set_result(None if reply.code == OK.code else last[0])

        self._submit(Command(key, operation, encode, idempotency_key, FINGERPRINT), done)
        return answered

    def _wait(self, answered: "Future[RatingdError | None]") -> RatingdError | None:
        while True:
            try:
                return answered.result(PAUSE_S)
            except TimeoutError:
                if self._stopping.is_set():
                    raise Stopped from None

    @staticmethod
    def _told(key: AccountKey, error: RatingdError | None) -> bool:
        if error is None or isinstance(error, (*LATER, *DONE)):
            return False
        observe.event("schedule.refused", account=str(key), reason=error.reason, error=str(error))
        return True
