"""A call as it is counted: what metrics need of it, once, shared by all the keys it counts under.

A call from +4930111 to +4989222 over trunk t1 counts under both numbers, their ranges, the trunk and the account: six
lists hold this one object. When it is answered the fact is noted here and all six know it.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from triggers.traffic.distinct_count import mixed

# marks: what is known of an attempt from its first event
NIGHT: Final = 1
UNSOCIAL: Final = 2
INTERNATIONAL: Final = 4
FOREIGN: Final = 8
PREMIUM: Final = 16
REPEATED: Final = 32
NEIGHBOUR: Final = 64
MISMATCH: Final = 128
INVALID: Final = 256
HOME: Final = 512
ATTESTED_A: Final = 1024
ATTESTED_B: Final = 2048
ATTESTED_C: Final = 4096
FROM_CDR: Final = 8192  # no INVITE was seen

# outcomes of calls that nobody answered; LOST: nobody has said for a day what became of it
UNKNOWN: Final = 0
BUSY: Final = 1
NO_ANSWER: Final = 2
CANCELLED: Final = 3
FAILED: Final = 4
LOST: Final = 5

NOT_MIXED: Final = -1
RINGS_MS: Final = 180_000  # a call that nobody answered nor ended rings no longer (RFC 3261, timer C)


@mypyc_attr(acyclic=True)
class Phone:
    """The device, SIM and cell of a mobile call; "" where the source does not tell."""

    __slots__ = ("cell", "imei", "sim")

    def __init__(self, imei: str, sim: str, cell: str) -> None:
        self.imei: Final = imei
        self.sim: Final = sim
        self.cell: Final = cell


@mypyc_attr(acyclic=True)
class CountedCall:
    __slots__ = (
        "_a_mixed", "_b_mixed", "a", "answer_ms", "b", "end_ms", "folded", "marks", "origin", "outcome", "phone",
        "ring_ms", "start_ms", "target", "trunk",
    )  # fmt: skip

    def __init__(
        self, start_ms: int, a: str, b: str, origin: str, target: str, trunk: str, marks: int, phone: Phone | None
    ) -> None:
        self.start_ms: Final = start_ms
        self.ring_ms = 0
        self.answer_ms = 0
        self.end_ms = 0
        self.outcome = UNKNOWN
        self.marks: Final = marks
        self.folded = 0  # a bit for each kind of key whose buckets hold it already
        self.a: Final = a
        self.b: Final = b
        self.origin: Final = origin
        self.target: Final = target
        self.trunk: Final = trunk
        self.phone: Final = phone
        self._a_mixed: i64 = NOT_MIXED
        self._b_mixed: i64 = NOT_MIXED

    def a_mixed(self) -> i64:
        """What distinct counts of a trunk and of ranges make of the caller, worked out for the first of them."""
        if self._a_mixed == NOT_MIXED:
            self._a_mixed = mixed(self.a)
        return self._a_mixed

    def b_mixed(self) -> i64:
        if self._b_mixed == NOT_MIXED:
            self._b_mixed = mixed(self.b)
        return self._b_mixed

    def told(self) -> bool:
        """Whether anything is known of it but that it was tried."""
        return self.ring_ms > 0 or self.answer_ms > 0 or self.end_ms > 0

    def answered(self, at_ms: int) -> bool:
        return 0 < self.answer_ms <= at_ms

    def over(self, at_ms: int) -> bool:
        return 0 < self.end_ms <= at_ms

    def talk_ms(self, at_ms: int) -> int:
        """How long they spoke, once it is over; -1 before, and for calls that nobody answered."""
        if self.answer_ms > 0 and 0 < self.end_ms <= at_ms:
            return max(0, self.end_ms - self.answer_ms)
        return -1

    def until_ms(self, at_ms: int) -> int:
        """The end of the call as known at `at_ms`; the next millisecond while it goes on."""
        if 0 < self.end_ms <= at_ms:
            return self.end_ms
        if 0 < self.answer_ms <= at_ms and self.outcome != LOST:
            return at_ms + 1
        return min(at_ms + 1, self.start_ms + RINGS_MS)

    def delay_ms(self, at_ms: int) -> int:
        """Post-dial delay: to the ringing, or to the answer where nothing rang; -1 where it is not known."""
        if 0 < self.ring_ms <= at_ms:
            return max(0, self.ring_ms - self.start_ms)
        if 0 < self.answer_ms <= at_ms and self.set_up_known():
            return max(0, self.answer_ms - self.start_ms)
        return -1

    def set_up_known(self) -> bool:
        """A CDR whose answer is its start says nothing of ringing."""
        return not self.marks & FROM_CDR or self.ring_ms > 0 or self.answer_ms > self.start_ms
