"""A simulated switch: it asks before a call how long it may last, charges it while it runs, and cuts it when told to.

A call of 90 s is charged in pieces of 6 s, as a switch with prepaid callers does: each MaxDebit pays for the next one,
says where it stands in the call (`duration_index`, `loop_index`) and carries a key, so that a repeat would charge
nothing. Where a price is sold by the whole minute the first piece pays for all of it, and nothing is asked until that
is used up. Time runs a hundred and fifty times as fast as a clock, for a long call faster still; the order of things is
that of real calls.
"""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

import grpc

from ratingd.cli.client import Client
from ratingd.cli.plain import duration_ns, money_nano
from ratingd.cli.refusal import Refused
from ratingd.v1.call_pb2 import BASIC, Call, CallCost, StoppedBy
from ratingd.v1.charging_pb2 import DebitRequest, GetMaxSessionTimeRequest, MaxDebitRequest
from ratingd.v1.reason_pb2 import Reason
from ratingd.v1.sessions_pb2 import Disconnect, DisconnectResult

SECOND_NS: Final = 1_000_000_000
SPEED: Final = 150
ASKED_MOST_S: Final = 3600
CUT_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that somebody will make. `piece_s` is how much of it is paid for at a time, `speed` how fast time runs."""

    call_id: str
    account: str
    destination: str
    talk_s: int
    piece_s: int = 6
    speed: int = SPEED
    at_ns: int = 0  # after the beginning of the scene
    a_number: str = ""  # whom it shows as its caller, where that is not the account
    trunk: str = ""
    waits_s: float = 0.0  # before it is made, on our clock

    def piece(self, start_ns: int, seconds: int) -> Call:
        """So much of it, from that instant of the scene on."""
        call = Call(account=self.account, destination=self.destination, call_id=self.call_id)
        call.time_start.FromNanoseconds(start_ns + self.at_ns)
        for name, value in (("a_number", self.a_number), ("trunk", self.trunk)):
            if value:
                call.extra_fields[name] = value
        call.usage.duration.FromSeconds(seconds)
        return call


@dataclass(slots=True)
class Made:
    """What became of a call."""

    planned: Planned
    used_s: int = 0
    cost: int = 0  # nano-units
    charges: int = 0
    ended: str = "hung up"  # or the reason of a refusal, of a monitor, of a cut
    stopped_by: StoppedBy | None = None
    paid_ns: int = 0
    cut: threading.Event = field(default_factory=threading.Event)

    @property
    def refused(self) -> bool:
        return self.charges == 0


class Switch:
    """Makes calls in parallel, and listens for disconnects while it is entered."""

    def __init__(self, client: Client, switch_id: str, start_ns: int) -> None:
        self._client: Final = client
        self._switch_id: Final = switch_id
        self._start_ns: Final = start_ns
        self._open: Final[dict[str, Made]] = {}
        self._results: Final[queue.Queue[DisconnectResult | None]] = queue.Queue()
        self.disconnects: Final[list[Disconnect]] = []

    def __enter__(self) -> Self:
        self._results.put(DisconnectResult(switch_id=self._switch_id))
        told = self._client.sessions.WatchDisconnects(self._said())
        threading.Thread(target=self._listen, args=(told,), name="disconnects", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._results.put(None)

    def make(self, calls: Sequence[Planned]) -> list[Made]:
        """All of them at once; returns when the last has ended."""
        with ThreadPoolExecutor(max_workers=len(calls)) as lines:
            return list(lines.map(self._call, calls))

    def _call(self, planned: Planned) -> Made:
        made = Made(planned)
        time.sleep(planned.waits_s)
        try:
            if not self._admitted(made):
                return made
            self._open[planned.call_id] = made
            self._talk(made)
            self._close(made)
        except Refused as refused:
            made.ended = refused.refusal.reason
        if (
            made.ended == "ACCOUNT_DISABLED"
            and made.stopped_by is None
            and made.charges
            and made.cut.wait(CUT_WITHIN_S)
        ):
            made.ended = "disconnected"
        return made

    def _admitted(self, made: Made) -> bool:
        """May the call begin at all?"""
        request = GetMaxSessionTimeRequest(call=self._piece(made, ASKED_MOST_S))
        answer = self._client.ask(self._client.charging.GetMaxSessionTime, request)
        if answer.unlimited or duration_ns(answer.usage.duration) > 0:
            return True
        made.ended = Reason.Name(answer.reason)
        return False

    def _talk(self, made: Made) -> None:
        planned = made.planned
        while made.used_s < planned.talk_s:
            piece_s = min(planned.piece_s, planned.talk_s - made.used_s)
            if (made.used_s + piece_s) * SECOND_NS > made.paid_ns and not self._pay(made, piece_s):
                return
            if made.cut.wait(piece_s / planned.speed):
                made.ended = "disconnected"
                return
            made.used_s += piece_s

    def _pay(self, made: Made, piece_s: int) -> bool:
        """Charge the next piece; False when the call may not go on."""
        key = f"{made.planned.call_id}/{made.charges}"
        request = MaxDebitRequest(call=self._piece(made, piece_s), idempotency_key=key, view=BASIC)
        cost: CallCost = self._client.ask(self._client.charging.MaxDebit, request)
        made.charges += 1
        made.cost += money_nano(cost.cost)
        made.paid_ns = made.used_s * SECOND_NS + duration_ns(cost.rated_usage.duration)
        if cost.HasField("stopped_by"):
            made.stopped_by = cost.stopped_by
            made.ended = Reason.Name(cost.stopped_by.reason)
            made.used_s += duration_ns(cost.granted.duration) // SECOND_NS
            return False
        if duration_ns(cost.granted.duration) < piece_s * SECOND_NS:
            made.ended = Reason.Name(cost.reason)
            return False
        return True

    def _close(self, made: Made) -> None:
        """Say that the call is over: a final debit of nothing."""
        call = self._piece(made, 0)
        request = DebitRequest(call=call, idempotency_key=f"{made.planned.call_id}/end", final=True, view=BASIC)
        self._client.ask(self._client.charging.Debit, request)
        self._open.pop(made.planned.call_id, None)

    def _piece(self, made: Made, seconds: int) -> Call:
        call = made.planned.piece(self._start_ns + made.used_s * SECOND_NS, seconds)
        call.switch_id = self._switch_id
        call.loop_index = made.charges
        call.duration_index.duration.FromSeconds(made.used_s + seconds)
        return call

    def _listen(self, told: Iterator[Disconnect]) -> None:
        try:
            for disconnect in told:
                self._cut(disconnect)
        except grpc.RpcError:
            return  # the daemon went down, at the end of the demo

    def _cut(self, disconnect: Disconnect) -> None:
        self.disconnects.append(disconnect)
        made = self._open.pop(disconnect.call_id, None)
        if made is not None:
            made.cut.set()
        outcome = DisconnectResult.CALL_UNKNOWN if made is None else DisconnectResult.CUT
        self._results.put(DisconnectResult(disconnect_id=disconnect.disconnect_id, outcome=outcome))

    def _said(self) -> Iterator[DisconnectResult]:
        while (result := self._results.get()) is not None:
            yield result


def settled(switch: Switch, wanted: int, seconds: float) -> bool:
    """Wait until the switch has heard of so many disconnects."""
    deadline = time.monotonic() + seconds
    while len(switch.disconnects) < wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(switch.disconnects) >= wanted
