"""Workers: threads on which HTTP requests wait for the disk, so that the loop that serves them all never does.

32 requests are worked on at a time and 256 more may wait; one beyond that is told to come again, rather than to wait
for a minute and find that nobody listens any more.
"""

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from ratingd.errors import Overloaded

WORKERS: Final = 32
WAITING_MAX: Final = 256
RETRY_MS: Final = 1_000

Answer = TypeVar("Answer")


class Workers:
    def __init__(self, workers: int = WORKERS, waiting_max: int = WAITING_MAX) -> None:
        self._pool: Final = ThreadPoolExecutor(workers, thread_name_prefix="http")
        self._room: Final = threading.Semaphore(workers + waiting_max)
        self._waiting_max: Final = waiting_max

    async def run(self, work: Callable[..., Answer], *arguments: Any, **named: Any) -> Answer:
        """Have something done that may take a while. Raises Overloaded where too much waits already."""
        if not self._room.acquire(blocking=False):
            raise Overloaded(self._waiting_max, RETRY_MS)
        try:
            future = self._pool.submit(functools.partial(work, *arguments, **named))
        except RuntimeError:  # it is being stopped
            self._room.release()
            raise Overloaded(0, RETRY_MS) from None
        future.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Begin nothing more; what is under way goes on."""
        self._pool.shutdown(wait=False, cancel_futures=True)
