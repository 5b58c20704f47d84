"""Replies that wait for the first attempt of a synchronous alert, for a while and not a moment longer.

A debit fires `*http_post` on its account. It is committed, the POST goes out, and the reply waits until the receiver
has answered, or for `sync_action_ms` (50). Every reply waits as long as the others, so the first that came is the first
whose time is over: a queue and one thread watch them all, and no lane waits with them.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final

from ratingd import observe
from ratingd.engine.command import Reply


class HeldReplies:
    """Thread-safe. The thread runs as long as the process."""

    def __init__(self, wait_s: float, answered: Callable[[], None] = lambda: None) -> None:
        self._wait_s: Final = wait_s
        self._answered: Final = answered  # called after each reply
        self._held: Final[deque[_HeldReply]] = deque()
        self._filled: Final = threading.Condition()
        self._thread: Final = threading.Thread(target=self._let_go_forever, name="held-replies", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def hold(self, done: Callable[[Reply], None], reply: Reply, attempts: "Sequence[Future[object]]") -> None:
        """Let the reply go when all attempts were made, or when its time is over."""
        held = _HeldReply(done, self._answered, reply, len(attempts), time.monotonic() + self._wait_s)
        with self._filled:
            self._held.append(held)
            self._filled.notify()
        for attempt in attempts:
            attempt.add_done_callback(held.one_made)

    def _let_go_forever(self) -> None:
        while True:
            with self._filled:
                while not self._held:
                    self._filled.wait()
                held = self._held.popleft()
            time.sleep(max(0.0, held.until - time.monotonic()))
            held.let_go()


class _HeldReply:
    def __init__(
        self, done: Callable[[Reply], None], answered: Callable[[], None], reply: Reply, attempts: int, until: float
    ) -> None:
        self.until: Final = until
        self._done: Final = done
        self._answered: Final = answered
        self._reply: Final = reply
        self._lock: Final = threading.Lock()
        self._missing = attempts
        self._gone = False

    def one_made(self, _: "Future[object]") -> None:
        with self._lock:
            self._missing -= 1
            complete = self._missing == 0
        if complete:
            self.let_go()

    def let_go(self) -> None:
        with self._lock:
            gone, self._gone = self._gone, True
        if gone:
            return
        try:
            self._done(self._reply)
            self._answered()
        except Exception as error:  # noqa: BLE001 (who does not take an answer must not cost the others theirs)
            observe.fault("engine.answer_not_taken", error)
