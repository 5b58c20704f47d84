"""Token buckets: how many requests one address may make, on average and at once.

With 2,000 a second an address may make 2,000 at once, and is let in again as fast as the bucket fills: the 2,001st of
the same instant waits half a millisecond, and is told so. The addresses that were quiet longest are forgotten first;
whoever is forgotten has a full bucket, as everybody who was quiet for a second has anyway.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

ADDRESSES_MAX: Final = 10_000


class TokenBuckets:
    """For one thread. `clock` is in seconds and never goes back."""

    def __init__(self, per_second: int, clock: Callable[[], float], addresses_max: int = ADDRESSES_MAX) -> None:
        self._per_second: Final = per_second
        self._clock: Final = clock
        self._addresses_max: Final = addresses_max
        self._buckets: Final[OrderedDict[str, tuple[float, float]]] = OrderedDict()  # tokens, and as of when

    def take(self, address: str) -> float:
        """Take one token. Gives 0, or after how many seconds there is one."""
        now = self._clock()
        tokens, as_of = self._buckets.pop(address, (float(self._per_second), now))
        tokens = min(float(self._per_second), tokens + (now - as_of) * self._per_second)
        left = tokens - 1 if tokens >= 1 else tokens
        self._buckets[address] = (left, now)
        if len(self._buckets) > self._addresses_max:
            self._buckets.popitem(last=False)
        return 0.0 if tokens >= 1 else (1 - tokens) / self._per_second
