"""The targets: what ratingd is to reach on two cores, and whether it did in this run.

A figure alone depends on the machine, so each stands beside its share of a ceiling where there is one. A target whose
figures were not measured (nothing was compiled, say) is neither met nor missed: it says "not measured".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.ceilings import allowed_by_commits, empty_of, find
from bench.event_stream import BATCHES as EVENT_BATCHES
from bench.event_stream import BESIDE, CHARGING, OFF, ON, PACED, PACED_SINGLY, SCORING, SINGLY, VERDICT
from bench.event_stream import STREAM as EVENT_STREAM
from bench.figure import FEW, Figure, text
from bench.plan import BATCHES, MANY, MANY_CALLS, ONE, STREAM, Shot
from bench.post import IDLE, LOADING, START
from bench.tariff_load import NAME as LOAD

MB_AS_MIB: Final = 1e6 / (1 << 20)
ACCOUNT_KIB_MAX: Final = 10  # of memory for each account that the cache may hold
CACHE: Final = 100_000  # accounts, the daemon's default
UNKNOWN: Final = "not measured"


@dataclass(frozen=True, slots=True)
class Verdict:
    target: str
    goal: str
    measured: str = UNKNOWN
    share: str = ""  # of a ceiling, in words
    met: bool | None = None

    @property
    def word(self) -> str:
        return "" if self.met is None else "met" if self.met else "not met"


class Figures:
    """The figures of a run, found by what they are."""

    def __init__(self, figures: Sequence[Figure]) -> None:
        self.all: Final = figures

    def compiled(self, name: str, **params: object) -> Figure | None:
        return find(self.all, name, compiled=True, **params)

    def debit(self, shot: Shot, transport: str, store: str, disk: str, **more: object) -> Figure | None:
        name = {"unary": "debit_unary", "stream": "debit_stream", "batch": "debit_batch64"}[shot.shape]
        params: dict[str, Any] = {"pick": "uniform", "accounts": FEW, "step": None} | shot.params | more
        return self.compiled(name, transport=transport, store=store, disk=disk, **params)

    def share(self, figure: Figure) -> float | None:
        """Of the server that does nothing."""
        empty = empty_of(figure, self.all)
        return None if empty is None or not empty.value or not figure.value else figure.value / empty.value


def verdicts(figures: Sequence[Figure]) -> list[Verdict]:
    run = Figures(figures)
    return [verdict for judge in JUDGES for verdict in judge(run)]


def _cores(run: Figures) -> list[Verdict]:
    return [
        at_least("GetCost in process, compiled, one core", run.compiled("get_cost_core"), 250_000, "/s"),
        at_least("Debit in process, compiled, one core", run.compiled("debit_core"), 120_000, "/s"),
    ]


def _edge_on_sqlite(run: Figures) -> list[Verdict]:
    title = "unary durable Debit, edge, SQLite, 256 outstanding"
    figure = run.debit(MANY_CALLS, "edge", "sqlite", "memory")
    share = None if figure is None else run.share(figure)
    return [
        at_least(title, figure, 20_000, "/s", run, aim=28_000),
        ratio(f"{title}: of the empty native handler", share, 0.25),
        *_alone(run),
        _on_disk(run, figure),
        at_least("`Charge` stream, durable, SQLite", run.debit(STREAM, "edge", "sqlite", "memory"), 40_000, "/s", run,
                 aim=80_000),
        at_least("BatchDebit of 64, durable, SQLite", run.debit(BATCHES, "edge", "sqlite", "memory"), 50_000, "/s", run,
                 aim=100_000),
    ]  # fmt: skip


def _alone(run: Figures) -> list[Verdict]:
    title = "the same, 1 outstanding"
    memory, disk = (run.debit(ONE, "edge", "sqlite", where) for where in ("memory", "disk"))
    sync = find(run.all, "fdatasync", disk="disk")
    sync_us = None if sync is None else sync.p50_us
    return [
        at_most(f"{title}: p50", memory.p50_us if memory else None, 400, "µs"),
        at_most(f"{title}: p99", memory.p99_us if memory else None, 2_000, "µs"),
        at_most(
            f"{title} on disk: p50, its fdatasync + 400 µs",
            disk.p50_us if disk else None,
            sync_us + 400 if sync_us else None,
            "µs",
        ),
    ]


def _on_disk(run: Figures, in_memory: Figure | None) -> Verdict:
    """0.8 of the lesser: what the disk's commits allow for 256 in flight, and what is reached without a disk."""
    title = "the same on disk, 256 outstanding: 0.8 of what its commits allow, up to the memory figure"
    figure = run.debit(MANY_CALLS, "edge", "sqlite", "disk")
    allowed = None if figure is None else allowed_by_commits(figure, run.all)
    if figure is None or allowed is None or in_memory is None or not in_memory.value:
        return Verdict(title, "")
    least = min(allowed, in_memory.value)
    return at_least(title, figure, 0.8 * least, "/s", run)


def _postgresql(run: Figures) -> list[Verdict]:
    unary, stream = (run.debit(shot, "edge", "postgresql", "memory") for shot in (MANY_CALLS, STREAM))
    return [
        at_least("unary durable Debit, edge, PostgreSQL, 256 outstanding", unary, 10_000, "/s", run),
        at_least("`Charge` stream, edge, PostgreSQL", stream, 20_000, "/s", run),
    ]


def _grpcio(run: Figures) -> list[Verdict]:
    figure = run.debit(MANY_CALLS, "grpcio", "sqlite", "memory")
    share = None if figure is None else run.share(figure)
    return [ratio("grpcio, unary durable Debit, 256 outstanding: of its own empty handler", share, 0.65)]


def _cpu(run: Figures) -> list[Verdict]:
    figure = run.debit(MANY_CALLS, "edge", "sqlite", "memory")
    title = "CPU of the daemon per unary durable Debit, edge, 256 outstanding"
    return [at_most(title, figure.cpu_us if figure else None, 50, "µs")]


def _tariff_load(run: Figures) -> list[Verdict]:
    seconds = {step: find(run.all, LOAD, step=step, compiled=True) for step in ("check", "load")}
    memory = next(
        (f for f in run.all if f.name == LOAD and f.unit == "MiB" and f.has(step="load", compiled=True)), None
    )
    idle, busy = (find(run.all, "debit_unary", step=step) for step in (IDLE, LOADING))
    times = None
    if idle is not None and busy is not None and idle.p99_us and busy.p99_us:
        times = busy.p99_us / idle.p99_us
    return [
        *(
            at_most(f"100,000 destinations: {step}", figure.value if figure else None, 3, "s")
            for step, figure in seconds.items()
        ),
        at_most("100,000 destinations: memory", memory.value if memory else None, 250 * MB_AS_MIB, "MiB"),
        at_most("100,000 destinations: debit p99 meanwhile, in idle ones", times, 5, "×"),
    ]


def _million(run: Figures) -> list[Verdict]:
    few = run.debit(MANY_CALLS, "edge", "sqlite", "memory")
    zipf, uniform = (
        run.debit(MANY_CALLS, "edge", "sqlite", "memory", accounts=MANY, pick=pick) for pick in ("zipf", "uniform")
    )
    start = find(run.all, START, accounts=MANY)
    return [
        at_most("1,000,000 accounts: start", start.value if start else None, 2, "s"),
        _bounded(start, uniform),
        ratio("1,000,000 accounts, Zipf 1.1, cache of 100,000: of the debits/s with 1,000", _of(zipf, few), 0.8),
        ratio("1,000,000 accounts, uniform: of the debits/s with 1,000", _of(uniform, few), 0.5),
    ]


def _bounded(start: Figure | None, uniform: Figure | None) -> Verdict:
    """What the loads added to the memory after the start, beside what the cache may hold."""
    goal = CACHE * ACCOUNT_KIB_MAX / 1024
    added = None if start is None or uniform is None or not uniform.rss_mib or not start.rss_mib else (
        uniform.rss_mib - start.rss_mib
    )  # fmt: skip
    return at_most(
        f"1,000,000 accounts: memory beyond the start's, a cache of 100,000 at {ACCOUNT_KIB_MAX} KiB",
        added,
        goal,
        "MiB",
    )


def _detection(run: Figures) -> list[Verdict]:
    window = run.compiled("masking_in_process", callers="own")
    pipeline = run.compiled("masking_pipeline")
    batches, singly, paced = (
        run.compiled(EVENT_STREAM, step=None, **way.params) for way in (EVENT_BATCHES, SINGLY, PACED)
    )
    told, told_singly = (run.compiled(VERDICT, **way.params) for way in (PACED, PACED_SINGLY))
    beside = run.compiled(EVENT_STREAM, step=BESIDE, **PACED.params)
    scoring = run.compiled(EVENT_STREAM, step=SCORING, **EVENT_BATCHES.params)
    on, off = (run.compiled(CHARGING, step=step) for step in (ON, OFF))
    return [
        at_least("masking window alone, compiled, one core", window, 1_000_000, "/s"),
        at_least("with repeats, normalisation, metrics and rules", pipeline, 150_000, "/s"),
        at_least("call events over gRPC in batches of 64, edge, stored", batches, 100_000, "/s"),
        at_least("the same, one a message", singly, 30_000, "/s"),
        at_least("20,000 events/s in messages of 16: verdicts within 1 ms of the message", told, 99, " %"),
        at_least("20,000 events/s one a message: verdicts within 1 ms of the message", told_singly, 99, " %"),
        at_most("20,000 events/s in messages of 16: p99 as the client sees it", _p99(paced), 1_000, "µs"),
        at_most("the same beside charging at half its rate", _p99(beside), 5_000, "µs"),
        ratio("charging with detection, one debit in ten a new call: of that without", _of(on, off), 0.9),
        ratio("call events in batches of 64 with models active: of the rate without", _of(scoring, batches), 0.7),
    ]


def _p99(figure: Figure | None) -> float | None:
    return figure.p99_us if figure else None


def _of(figure: Figure | None, whole: Figure | None) -> float | None:
    return (
        None if figure is None or whole is None or not figure.value or not whole.value else figure.value / whole.value
    )


JUDGES: Final[Sequence[Callable[[Figures], list[Verdict]]]] = (
    _cores, _edge_on_sqlite, _postgresql, _grpcio, _cpu, _tariff_load, _million, _detection,
)  # fmt: skip


def at_least(
    target: str, figure: Figure | None, goal: float, unit: str, run: Figures | None = None, aim: float | None = None
) -> Verdict:
    asked = f"≥ {text(goal)}{unit}" + (f", aim {text(aim)}" if aim else "")
    if figure is None or figure.value is None:
        return Verdict(target, asked)
    share = None if run is None else run.share(figure)
    words = "" if share is None else f"{share:.2f} of empty"
    return Verdict(target, asked, f"{text(figure.value)}{unit}", words, figure.value >= goal)


def at_most(target: str, value: float | None, goal: float | None, unit: str) -> Verdict:
    if value is None or goal is None:
        return Verdict(target, "" if goal is None else f"≤ {text(goal)} {unit}")
    return Verdict(target, f"≤ {text(goal)} {unit}", f"{text(value)} {unit}", "", value <= goal)


def ratio(target: str, share: float | None, goal: float) -> Verdict:
    if share is None:
        return Verdict(target, f"≥ {goal}")
    return Verdict(target, f"≥ {goal}", f"{share:.2f}", "", share >= goal)
