"""FraudService: events in, verdicts out, on a stream or one by one.

`SubmitCallEvent` is prepared where it arrives and answered by the thread that stores: nobody waits in between.
"""

from itertools import count
from typing import Final

from ratingd.api.event_message import framed
from ratingd.api.event_stream import MS, PLACES, SOURCE, EventStream, StoredNews
from ratingd.api.fraud_parts import SERVICE, FraudParts
from ratingd.api.method import AnyMethod, Done, Kind, Later, Method, Outlet, Stream, StreamMethod, guarded, told
from ratingd.api.status import failure
from ratingd.api.verdict_message import verdict_body
from ratingd.engine.command import Reply
from ratingd.errors import RatingdError, Unavailable
from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import Verdict


class FraudEvents:
    def __init__(self, parts: FraudParts) -> None:
        self._desk: Final = parts.desk
        self._clock: Final = parts.clock
        self._news: Final = StoredNews()
        parts.on_stored(self._news.tell)

    def methods(self) -> list[AnyMethod]:
        return [
            StreamMethod(SERVICE + "CallEvents", self._open, Kind.PROMPT, PLACES),
            Method(SERVICE + "SubmitCallEvent", Kind.LANE, guarded(self._submit)),
        ]

    def _open(self, outlet: Outlet) -> Stream:
        return EventStream(self._desk, outlet, self._news, self._clock)

    def _submit(self, body: bytes, _: int | None) -> Later:
        event = self._desk.reader.read(body, self._clock() // MS)

        def begin(done: Done) -> None:
            waiting = _Submitted(done)
            try:
                waiting.judged(self._take(event, body, waiting))
            except RatingdError as error:
                done(failure(told(error)))

        return Later(begin)

    def _take(self, event: CallEvent, body: bytes, waiting: "_Submitted") -> Verdict:
        (verdict,) = self._desk.take([event], [framed(body)], SOURCE, waiting.stored)
        return verdict


class _Submitted:
    """One event on its way to the disk: answered when it is both judged and stored, whichever comes last."""

    __slots__ = ("_arrived", "_done", "_parts")

    def __init__(self, done: Done) -> None:
        self._done: Final = done
        self._arrived: Final = count(1)
        self._parts: Final[list[Verdict | Exception | None]] = []

    def judged(self, verdict: Verdict) -> None:
        self._told(verdict)

    def stored(self, error: Exception | None) -> None:
        self._told(error)

    def _told(self, part: Verdict | Exception | None) -> None:
        self._parts.append(part)
        if next(self._arrived) == 2:  # counting is one step for all threads
            self._done(_reply(self._parts))


def _reply(parts: list[Verdict | Exception | None]) -> Reply:
    for part in parts:
        if isinstance(part, RatingdError):
            return failure(told(part))
        if isinstance(part, Exception):
            return failure(Unavailable("the event was looked at and could not be stored. Send it again."))
    verdict = next(part for part in parts if isinstance(part, Verdict))
    return Reply(0, verdict_body(verdict))
