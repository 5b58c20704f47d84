"""Call events over gRPC: how many a daemon takes, how soon it answers, and what they leave of charging.

One daemon detects, another one has `detection` off and only charges, a third detects with models active; all of them on
the native transport, compiled, with a store on the memory file system. An event counts when the daemon has told that it
is stored. What charging loses is seen in debits of which one in ten begins a call, so that the detector takes it in.
"""

import base64
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from bench import active_models
from bench.build import Build, attempt
from bench.daemon import Daemon
from bench.event_sample import CALLED, CALLER, SOME, write_event_templates
from bench.figure import FEW, Figure
from bench.ground import Choice, Ground
from bench.load_generator import Load, Outcome
from bench.plan import MANY_CALLS, Station, planned
from bench.sample import ACCOUNT, BATCH, KEY, SEED, Sample
from bench.shooting import Meter, Shooting
from bench.verdict_times import Counts, look, within
from ratingd.api.charging import SERVICE

STREAM: Final = "masking_stream"
VERDICT: Final = "masking_verdict"
CHARGING: Final = "debit_new_calls"
BESIDE: Final = "beside charging"
SCORING: Final = "models active"
ON: Final = "detection on"
OFF: Final = "detection off"
METHOD: Final = "/ratingd.v1.FraudService/CallEvents"
STATION: Final = Station("edge", "sqlite", "memory", True, FEW, ())
PACE: Final = 20_000  # events a second
AT_ONCE_S: Final = 0.001
NEW_CALLS: Final = 10  # one debit of so many begins a call
BEGINNINGS: Final = 500  # requests that begin one, each to a prefix of its own
HEAD_START_S: Final = 0.5  # of charging, before events are looked at beside it


@dataclass(frozen=True, slots=True)
class Way:
    """How events are sent: so many in a message, so many messages without an answer, at a pace or as they are taken."""

    each: int
    outstanding: int
    connections: int
    rate: int = 0  # events a second

    @property
    def params(self) -> dict[str, Any]:
        sent = {"outstanding": self.outstanding, "connections": self.connections}
        return {**sent, "each": self.each, "rate": self.rate or None}


BATCHES: Final = Way(BATCH, 64, 2)
SINGLY: Final = Way(1, 1_024, 4)
PACED: Final = Way(SOME, 64, 4, PACE)
PACED_SINGLY: Final = Way(1, 1_024, 4, PACE)
WAYS: Final = (BATCHES, SINGLY, PACED, PACED_SINGLY)
SCORED_WAYS: Final = (BATCHES, PACED)
EVERY: Final = float("inf")


class EventStream:
    """Use as a context: all daemons are up inside of it."""

    def __init__(self, choice: Choice, shooting: Shooting, folder: Path) -> None:
        self._choice: Final = choice
        self._shooting: Final = shooting
        self._stack: Final = ExitStack()
        self._events: Final = write_event_templates(folder)
        self._debits: Final = write_beginnings(folder, choice.sample)
        self._folder: Final = folder
        self._daemons: Final[dict[bool, Daemon]] = {}
        self._scoring: Daemon
        self._station = STATION

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for station in planned(self._choice.offer(), [STATION]):
                self._station = station
                ground = Ground(self._choice, stack)
                for detection in (True, False):
                    self._daemons[detection] = ground.watching(station, detection=detection)
                self._scoring = self._with_models(ground, station)
            self._stack.push(stack.pop_all())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def round(self) -> Iterator[Figure]:
        for way in WAYS:
            before = look(self._daemons[True].http)
            yield from attempt(self._row(STREAM, way.params), self._taken, way)
            if way.rate:
                yield from attempt(self._row(VERDICT, way.params), self._told, way, before)
            if way in SCORED_WAYS:
                yield from attempt(self._row(STREAM, way.params, step=SCORING), self._scored, way)
        charging = {detection: self._charged(detection) for detection in self._daemons}
        yield from charging.values()
        yield from attempt(self._row(STREAM, PACED.params, step=BESIDE), self._beside, charging.get(True))

    def _with_models(self, ground: Ground, station: Station) -> Daemon:
        """A third daemon, whose calls and callers are scored. Calls of anybody to anybody look masked to a model, so
        its scores decide nothing: both daemons flag what the rule flags."""
        build = Build(station.compiled)
        folders = active_models.trained(build, self._folder)
        daemon = ground.watching(station, detection=True, name="scoring", masking_probability_threshold="1")
        active_models.activate(build, daemon, folders)
        return daemon

    def _scored(self, way: Way) -> Figure:
        """The same where models are active, and how many of the calls passed the gate."""
        daemon = self._scoring
        before, events = active_models.scored(daemon), look(daemon.http)[EVERY]
        found = self._taken(way, daemon)
        share = (active_models.scored(daemon) - before) / (look(daemon.http)[EVERY] - events)
        words = f"{100 * share:.0f} % of the calls scored" + (f"; {found.trouble}" if found.trouble else "")
        return replace(found, params=found.params | {"step": SCORING}, trouble=words)

    def _taken(self, way: Way, daemon: Daemon | None = None) -> Figure:
        daemon = daemon or self._daemons[True]
        meter = Meter(daemon, None)
        found = self._shooting.generator.run(self._load(way, daemon), meter.mark)
        return self._figure(way, found, meter)

    def _told(self, way: Way, before: Counts) -> Figure:
        """How many of the verdicts of a paced run were there at once, by the daemon's own count."""
        share = within(before, look(self._daemons[True].http), AT_ONCE_S)
        return replace(self._row(VERDICT, way.params), value=100 * share)

    def _charged(self, detection: bool) -> Figure:
        daemon = self._daemons[detection]
        row = self._row(CHARGING, MANY_CALLS.params, step=ON if detection else OFF)
        return attempt(row, self._debited, daemon, row)[0]

    def _debited(self, daemon: Daemon, row: Figure) -> Figure:
        meter = Meter(daemon, None)
        found = self._shooting.generator.run(self._debit_load(daemon), meter.mark)
        if not found.counted:
            raise RuntimeError(found.trouble or "no request was answered")
        return replace(
            row, value=found.per_second, p50_us=found.p50_us, p99_us=found.p99_us, p999_us=found.p999_us,
            cpu_us=(meter.daemon_s or 0.0) * 1e6 / found.counted, trouble=found.trouble,
        )  # fmt: skip

    def _beside(self, charging: Figure | None) -> Figure:
        """The paced events while the daemon charges at half the rate that it has alone."""
        if charging is None or not charging.value:
            raise RuntimeError("what it charges alone is not known")
        daemon = self._daemons[True]
        seconds = self._shooting.warmup + self._shooting.seconds + 2 * HEAD_START_S
        load = replace(self._debit_load(daemon), rate=charging.value / 2, warmup=HEAD_START_S, seconds=seconds)
        debits = _Beside(self._shooting, load)
        debits.started.wait(2 * HEAD_START_S)
        found = self._taken(PACED)
        beside = debits.outcome()
        params = found.params | {"step": BESIDE}
        words = f"beside {beside.per_second:,.0f} debits/s" + (f"; {beside.trouble}" if beside.trouble else "")
        return replace(found, params=params, trouble="; ".join(part for part in (found.trouble, words) if part))

    def _load(self, way: Way, daemon: Daemon) -> Load:
        return Load(
            daemon.address, METHOD, "events", self._events[way.each], way.outstanding, way.connections,
            self._shooting.seconds, CALLED, "uniform", self._shooting.warmup, rate=way.rate / way.each,
        )  # fmt: skip

    def _debit_load(self, daemon: Daemon) -> Load:
        shot = MANY_CALLS
        return Load(
            daemon.address, f"{SERVICE}Debit", "unary", self._debits, shot.outstanding, shot.connections,
            self._shooting.seconds, FEW, "uniform", self._shooting.warmup,
        )  # fmt: skip

    def _figure(self, way: Way, found: Outcome, meter: Meter) -> Figure:
        if not found.stored:
            raise RuntimeError(found.trouble or "no event was stored")
        return replace(
            self._row(STREAM, way.params), value=found.stored / found.seconds, p50_us=found.p50_us,
            p99_us=found.p99_us, p999_us=found.p999_us, cpu_us=(meter.daemon_s or 0.0) * 1e6 / found.stored,
            generator_us=found.cpu_us / way.each, rss_mib=meter.rss_mib, trouble=found.trouble,
        )  # fmt: skip

    def _row(self, name: str, params: Mapping[str, Any], **more: object) -> Figure:
        unit = {STREAM: "events/s", VERDICT: "% in 1 ms"}.get(name, "debits/s")
        return Figure(name, None, unit, {**self._station.params, **params, **more})


class _Beside:
    """Debits from another process, while something else is measured."""

    def __init__(self, shooting: Shooting, load: Load) -> None:
        self.started: Final = threading.Event()
        self._shooting: Final = shooting
        self._load: Final = load
        self._found: list[Outcome] = []
        self._error: Exception | None = None
        self._runner: Final = threading.Thread(target=self._run)
        self._runner.start()

    def outcome(self) -> Outcome:
        self._runner.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def _run(self) -> None:
        try:
            self._found.append(self._shooting.generator.run(self._load, lambda _: self.started.set()))
        except Exception as error:  # noqa: BLE001 (it is raised where the figure is taken)
            self._error = error
            self.started.set()


def write_beginnings(folder: Path, sample: Sample) -> Path:
    """Debits for the load generator, of which each tenth is the first of a call to a number of its own."""
    chance = random.Random(SEED)
    lines = [base64.b64encode(body) for body in _bodies(sample, chance)]
    path = folder / "beginnings.requests"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def _bodies(sample: Sample, chance: random.Random) -> Sequence[bytes]:
    bodies = []
    for place in range(BEGINNINGS * NEW_CALLS):
        debit = sample.debit(chance, f"49{ACCOUNT}")
        if place % NEW_CALLS == 0:
            debit.call.call_id = f"{KEY}-49{ACCOUNT}"
            debit.call.destination = debit.call.destination[:7] + CALLER
        bodies.append(debit.SerializeToString())
    return bodies
