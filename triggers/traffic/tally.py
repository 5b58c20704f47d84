"""Tallies: sums over attempts from which ratios are made.

Ten attempts, six answered, four of them over after 30, 5, 2 and 143 s: asr 60, aloc 45 s, short_call_ratio 0.5 and
very_short 0.25. What is known of an attempt at once is added once; what became of it is taken out and put in again
whenever more is known, so that sums over a minute and sums over single calls are made by the same lines.
"""

from math import sqrt
from typing import Final

from mypy_extensions import mypyc_attr

from triggers.traffic.counted_call import (
    ATTESTED_A,
    ATTESTED_B,
    ATTESTED_C,
    BUSY,
    CANCELLED,
    FOREIGN,
    HOME,
    INTERNATIONAL,
    INVALID,
    LOST,
    MISMATCH,
    NEIGHBOUR,
    NIGHT,
    NO_ANSWER,
    PREMIUM,
    REPEATED,
    UNSOCIAL,
    CountedCall,
)

SHORT_MS: Final = 10_000
VERY_SHORT_MS: Final = 3_000
LONG_MS: Final = 120_000
FALSE_ANSWER_MS: Final = 1_000
MINUTE_MS: Final = 60_000


@mypyc_attr(acyclic=True, allow_interpreted_subclasses=False)
class Tally:
    __slots__ = (
        "answered", "at_once", "attempts", "attested_a", "attested_b", "attested_c", "cancelled", "effective", "ended",
        "foreign", "going", "going_premium", "home_attested_c", "home_unattested", "international", "invalid", "long",
        "mismatches", "neighbours", "night", "overlapped", "premium", "repeated", "ring_ms", "rings", "rung",
        "sequential", "short", "spoofed", "squares", "talk_ms", "unrung", "unsocial", "very_short",
    )  # fmt: skip

    def __init__(self) -> None:
        self.attempts = 0
        self.night = 0
        self.unsocial = 0
        self.international = 0
        self.foreign = 0
        self.premium = 0
        self.repeated = 0
        self.neighbours = 0
        self.mismatches = 0
        self.invalid = 0
        self.home_unattested = 0
        self.home_attested_c = 0
        self.spoofed = 0
        self.attested_a = 0
        self.attested_b = 0
        self.attested_c = 0
        self.sequential = 0  # counted where calls are seen in their order
        self.overlapped = 0
        # what became of them
        self.answered = 0
        self.ended = 0  # answered and over
        self.talk_ms = 0
        self.squares = 0  # of milliseconds
        self.short = 0
        self.very_short = 0
        self.long = 0
        self.going = 0  # answered and not over
        self.going_premium = 0
        self.effective = 0  # not answered, but the network did its part
        self.cancelled = 0
        self.rings = 0
        self.ring_ms = 0
        self.rung = 0  # somebody told of the ringing
        self.at_once = 0  # answered within a second
        self.unrung = 0  # answered without ringing and soon over

    def attempt(self, call: CountedCall) -> None:
        self.attempts += 1
        marks = call.marks
        if marks:
            self._marked(marks)

    def _marked(self, marks: int) -> None:
        if marks & NIGHT:
            self.night += 1
        if marks & UNSOCIAL:
            self.unsocial += 1
        if marks & INTERNATIONAL:
            self.international += 1
        if marks & FOREIGN:
            self.foreign += 1
        if marks & PREMIUM:
            self.premium += 1
        if marks & REPEATED:
            self.repeated += 1
        if marks & NEIGHBOUR:
            self.neighbours += 1
        if marks & (MISMATCH | INVALID | HOME | ATTESTED_A | ATTESTED_B | ATTESTED_C):
            self._claimed(marks)

    def _claimed(self, marks: int) -> None:
        """Who the caller says he is."""
        attested_c, at_home = marks & ATTESTED_C, marks & HOME
        if marks & MISMATCH:
            self.mismatches += 1
        if marks & INVALID:
            self.invalid += 1
        if marks & ATTESTED_A:
            self.attested_a += 1
        elif marks & ATTESTED_B:
            self.attested_b += 1
        elif attested_c:
            self.attested_c += 1
        if at_home and attested_c:
            self.home_attested_c += 1
        if at_home and not marks & (ATTESTED_A | ATTESTED_B):
            self.home_unattested += 1
        if marks & (MISMATCH | INVALID) or (at_home and attested_c):
            self.spoofed += 1

    def fate(self, call: CountedCall, at_ms: int, sign: int) -> None:
        """What had become of a call by `at_ms`: put in with sign 1, taken out with -1."""
        if 0 < call.ring_ms <= at_ms:
            self.rung += sign
        if 0 < call.answer_ms <= at_ms:
            self._answered(call, at_ms, sign)
        elif 0 < call.end_ms <= at_ms:
            self._unanswered(call, sign)

    def _answered(self, call: CountedCall, at_ms: int, sign: int) -> None:
        self.answered += sign
        talk_ms = call.talk_ms(at_ms)
        if talk_ms >= 0:
            self._talked(talk_ms, sign)
        elif call.outcome != LOST:
            self.going += sign
            if call.marks & PREMIUM:
                self.going_premium += sign
        if call.set_up_known():
            self._rang(call, call.answer_ms, sign)
            if call.answer_ms - call.start_ms < FALSE_ANSWER_MS:
                self.at_once += sign
            elif 0 <= talk_ms <= SHORT_MS and not 0 < call.ring_ms < call.answer_ms:
                self.unrung += sign

    def _talked(self, talk_ms: int, sign: int) -> None:
        self.ended += sign
        self.talk_ms += sign * talk_ms
        self.squares += sign * talk_ms * talk_ms
        if talk_ms < SHORT_MS:
            self.short += sign
            if talk_ms < VERY_SHORT_MS:
                self.very_short += sign
        elif talk_ms > LONG_MS:
            self.long += sign

    def _unanswered(self, call: CountedCall, sign: int) -> None:
        outcome = call.outcome
        if outcome in (BUSY, NO_ANSWER, CANCELLED):
            self.effective += sign
        if outcome == CANCELLED:
            self.cancelled += sign
        if outcome in (NO_ANSWER, CANCELLED) and call.set_up_known():
            self._rang(call, call.end_ms, sign)

    def _rang(self, call: CountedCall, until_ms: int, sign: int) -> None:
        began_ms = call.ring_ms if call.ring_ms else call.start_ms
        self.rings += sign
        self.ring_ms += sign * max(0, until_ms - began_ms)

    def join(self, other: "Tally") -> None:
        """Add the sums of another."""
        self._join_attempts(other)
        self._join_fates(other)

    def _join_attempts(self, other: "Tally") -> None:
        self.attempts += other.attempts
        self.night += other.night
        self.unsocial += other.unsocial
        self.international += other.international
        self.foreign += other.foreign
        self.premium += other.premium
        self.repeated += other.repeated
        self.neighbours += other.neighbours
        self.mismatches += other.mismatches
        self.invalid += other.invalid
        self.home_unattested += other.home_unattested
        self.home_attested_c += other.home_attested_c
        self.spoofed += other.spoofed
        self.attested_a += other.attested_a
        self.attested_b += other.attested_b
        self.attested_c += other.attested_c
        self.sequential += other.sequential
        self.overlapped += other.overlapped

    def _join_fates(self, other: "Tally") -> None:
        self.answered += other.answered
        self.ended += other.ended
        self.talk_ms += other.talk_ms
        self.squares += other.squares
        self.short += other.short
        self.very_short += other.very_short
        self.long += other.long
        self.going += other.going
        self.going_premium += other.going_premium
        self.effective += other.effective
        self.cancelled += other.cancelled
        self.rings += other.rings
        self.ring_ms += other.ring_ms
        self.rung += other.rung
        self.at_once += other.at_once
        self.unrung += other.unrung

    def value(self, name: str) -> float:
        """Of a name that sums alone give; -1 for any other, for no such value is negative."""
        count = self._count(name)
        return count if count >= 0.0 else self._ratio(name)

    def _count(self, name: str) -> float:
        if name in ("attempts", "total_calls"):
            return float(self.attempts)
        if name == "answered_calls":
            return float(self.answered)
        if name == "minutes":
            return self.talk_ms / MINUTE_MS
        if name == "premium_calls":
            return float(self.premium)
        if name == "night_calls":
            return float(self.night)
        if name == "cli_mismatches":
            return float(self.mismatches)
        if name == "invalid_callers":
            return float(self.invalid)
        if name == "home_unattested":
            return float(self.home_unattested)
        if name == "home_attested_c":
            return float(self.home_attested_c)
        if name == "spoofed_callers":
            return float(self.spoofed)
        return -1.0

    def _ratio(self, name: str) -> float:
        if name == "asr":
            return 100.0 * share(self.answered, self.attempts)
        if name == "ner":
            return 100.0 * share(self.answered + self.effective, self.attempts)
        if name in ("aloc", "acd"):
            return share(self.talk_ms, self.ended) / 1000
        if name == "avg_call_duration":
            return share(self.talk_ms, self.attempts) / 1000
        if name == "duration_cv":
            return self._variation()
        if name == "short_call_ratio":
            return share(self.short, self.ended)
        if name == "very_short":
            return share(self.very_short, self.ended)
        if name == "long_call_ratio":
            return share(self.long, self.ended)
        if name == "cancel_ratio":
            return share(self.cancelled, self.attempts)
        if name == "mean_ring_s":
            return share(self.ring_ms, self.rings) / 1000
        if name == "fas_index":
            return share(self.at_once + (self.unrung if self.rung else 0), self.answered)
        return self._share(name)

    def _share(self, name: str) -> float:
        """Shares of the attempts."""
        if name == "night_call_ratio":
            return share(self.night, self.attempts)
        if name == "unsocial_ratio":
            return share(self.unsocial, self.attempts)
        if name == "intl_ratio":
            return share(self.international, self.attempts)
        if name == "foreign_ratio":
            return share(self.foreign, self.attempts)
        if name == "premium_ratio":
            return share(self.premium, self.attempts)
        if name == "repeat_b_share":
            return share(self.repeated, self.attempts)
        if name == "non_contact_ratio":
            return share(self.attempts - self.repeated, self.attempts)
        if name == "neighbour_ratio":
            return share(self.neighbours, self.attempts)
        if name == "attested_a":
            return share(self.attested_a, self.attempts)
        if name == "attested_b":
            return share(self.attested_b, self.attempts)
        if name == "attested_c":
            return share(self.attested_c, self.attempts)
        if name == "unattested":
            return share(self.attempts - self.attested_a - self.attested_b - self.attested_c, self.attempts)
        return -1.0

    def _variation(self) -> float:
        if self.ended < 2 or self.talk_ms <= 0:
            return 0.0
        spread = self.ended * self.squares - self.talk_ms * self.talk_ms  # whole numbers: nothing is lost
        return sqrt(spread) / self.talk_ms


def share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
