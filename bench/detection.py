"""Fraud detection without a network and without a disk: what one core looks at in a second.

    python -m bench.detection SECONDS      # in a process of its own, interpreted or compiled

`masking_in_process` is the window alone: a million called numbers by Zipf 1.0, 20,000 calls a second of their own
time. Each number has four callers of its own and now and then a foreign one; where anybody calls anybody, every busy
number is under attack all the time and more than half of the calls are flagged: the worst there is.

`masking_pipeline` is all that happens to an event but reading it and storing it: numbers normalised (remembered or
not), repeats found, the metrics of both numbers, their ranges, the trunk and the account, the window, lists and rules;
`masking_pipeline_read` begins with its protobuf bytes. Calls go to a million numbers, all alike, by 200,003 callers.

Rates are per second of CPU. What a called number takes of memory is seen on a million of them, each called once and
again a minute later, with all the metrics that are kept of it.
"""

import gc
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from itertools import accumulate, count
from typing import Final

import psutil

import triggers.masking.shard
from bench.build import report
from bench.daemon import MIB
from bench.event_sample import CALLED, CALLER, TRUNKS, invite
from bench.figure import Figure
from bench.sample import ACCOUNT, BATCH, KEY, SEED
from ratingd.api.event_message import EventReader
from ratingd.collector import settle
from ratingd.shipped_rules import shipped_rules
from ratingd.v1.fraud_pb2 import CallEventsRequest
from triggers.calls.call_event import INVITE, CallEvent
from triggers.masking.decision import DecisionTerms
from triggers.masking.incident import Attempt
from triggers.masking.shard import MaskingShard
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_file import read_rules
from triggers.traffic.terms import TrafficTerms
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.watch_terms import WatchTerms

COMPILED: Final = not str(triggers.masking.shard.__file__).endswith(".py")
PER_SECOND: Final = 20_000  # of the calls' own time
EVENTS: Final = 4_096  # made before they are measured: few, so that they lie as near as when they were just received
WARM: Final = 200_000  # events before it is measured
CALLERS: Final = 200_003
SCATTER: Final = 7_368_787
ATTACKED: Final = 0.001  # so many of all calls are by anybody
BEGIN_MS: Final = 1_795_255_200_000


def measure(seconds: float) -> list[Figure]:
    memory = [_memory()] if COMPILED else []
    windows = [_window(seconds, own=own) for own in (True, False)]
    return [*windows, *_pipeline(seconds), *memory]


def _window(seconds: float, *, own: bool) -> Figure:
    """Callers are a number's own four, and in every thousandth call an attacker's; or anybody, which is the worst."""
    shard, chance = MaskingShard(MaskingTerms()), random.Random(SEED)
    weights = list(accumulate(1 / rank for rank in range(1, CALLED + 1)))
    called = [f"+4930{number * SCATTER % CALLED:08d}" for number in range(CALLED)]
    switches, trunks = ["sw-1"] * EVENTS, ["carrier-1"] * EVENTS

    def by(rank: int) -> int:
        return 4 * rank + chance.randrange(4) if own and chance.random() >= ATTACKED else chance.randrange(CALLERS)

    def one_round(first: int) -> Callable[[], None]:
        ranks = chance.choices(range(CALLED), cum_weights=weights, k=EVENTS)
        numbers, callers = [called[rank] for rank in ranks], [f"+4915{by(rank):08d}" for rank in ranks]
        begun_ms = BEGIN_MS + first * 1000 // PER_SECOND
        times = [begun_ms + n * 1000 // PER_SECOND for n in range(EVENTS)]
        ids = [f"{first + n:016x}" for n in range(EVENTS)]

        def place() -> None:
            calls = map(Attempt, times, callers, ids, switches, trunks)
            deque(map(shard.place, numbers, calls), maxlen=0)  # driven by C, so that nothing but the window is measured

        return place

    return _rate("masking_in_process", one_round, seconds, callers="own" if own else "anybody")


def _pipeline(seconds: float) -> list[Figure]:
    return [_watched(seconds), _read(seconds)]


def _watched(seconds: float) -> Figure:
    watch, numbers, chance = fresh_watch(), NumberReader("DE"), random.Random(SEED)

    def one_round(first: int) -> Callable[[], None]:
        calls = [raw_call(first + n, chance) for n in range(EVENTS)]

        def take() -> None:
            for call_id, a, b, trunk, at_ms in calls:
                event = CallEvent(
                    INVITE, at_ms, call_id, numbers.caller(a, "", call_id), numbers.read(b), trunk=trunk,
                    switch_id="sw-1", tenant="cgrates.org", account=a, received_ms=at_ms,
                )  # fmt: skip
                watch.take(event)

        return take

    return _rate("masking_pipeline", one_round, seconds)


def _read(seconds: float) -> Figure:
    watch, reader, chance = (
        fresh_watch(),
        EventReader(NumberReader("DE"), default_tenant="cgrates.org"),
        random.Random(SEED),
    )
    template = CallEventsRequest(events=[invite(n) for n in range(BATCH)]).SerializeToString()
    marks = (KEY.encode(), CALLER.encode(), ACCOUNT.encode())

    def message(first: int) -> bytes:
        body = template
        for n in range(first, first + BATCH):
            for mark, value in zip(marks, (f"{n:016x}", caller(n), f"{chance.randrange(CALLED):08d}"), strict=True):
                body = body.replace(mark, value.encode(), 1)
        return body

    def one_round(first: int) -> Callable[[], None]:
        messages = [message(first + n) for n in range(0, EVENTS, BATCH)]

        def take() -> None:
            for n, body in enumerate(messages):
                for event in reader.read_batch(body, BEGIN_MS + (first + n * BATCH) * 1000 // PER_SECOND).events:
                    watch.take(event)

        return take

    return _rate("masking_pipeline_read", one_round, seconds)


def _memory() -> Figure:
    """What a million called numbers take: each called twice, a minute apart, from a pool of callers."""
    gc.collect()
    before = psutil.Process().memory_info().rss
    watch, numbers, chance = fresh_watch(), NumberReader("DE"), random.Random(SEED)
    for n in range(2 * CALLED):
        call_id, a, b, trunk, _ = raw_call(n, chance, called=n % CALLED)
        at_ms = BEGIN_MS + n * 60_000 // CALLED
        event = CallEvent(
            INVITE, at_ms, call_id, numbers.caller(a, "", call_id), numbers.read(b), trunk=trunk,
            switch_id="sw-1", tenant="cgrates.org", account=a, received_ms=at_ms,
        )  # fmt: skip
        watch.take(event)
    taken = psutil.Process().memory_info().rss - before
    return Figure("masking_memory", taken / MIB, "MiB", {"called": CALLED, "compiled": COMPILED})


def fresh_watch() -> FraudWatch:
    terms = WatchTerms(MaskingTerms(), TrafficTerms(), DecisionTerms())
    rules, _ = read_rules(shipped_rules())
    return FraudWatch(terms, NumberLists(()), rules)


def raw_call(n: int, chance: random.Random, called: int = -1) -> tuple[str, str, str, str, int]:
    b = chance.randrange(CALLED) if called < 0 else called
    at_ms = BEGIN_MS + n * 1000 // PER_SECOND
    return f"{n:016x}", f"+4915{caller(n)}", f"+4930{b:08d}", f"carrier-{n % TRUNKS}", at_ms


def caller(n: int) -> str:
    return f"{n * SCATTER % CALLERS:08d}"


def _rate(name: str, one_round: Callable[[int], Callable[[], None]], seconds: float, **params: object) -> Figure:
    """CPU of all rounds of some seconds, after enough events that what was never heard of is the exception."""
    settle()  # as the daemon has it
    spent, measured = 0.0, 0
    for first in count(step=EVENTS):
        work = one_round(first)
        begun = time.process_time()
        work()
        if first >= WARM:
            spent += time.process_time() - begun
            measured += EVENTS
        if spent >= seconds:
            break
    gc.unfreeze()
    per_event = spent / measured
    return Figure(name, 1 / per_event, "events/s/core", {"compiled": COMPILED, **params}, cpu_us=per_event * 1e6)


def main() -> None:
    report(measure(float(sys.argv[1])))


if __name__ == "__main__":
    main()
