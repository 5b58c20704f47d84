"""The plan: which rows are measured, so that every choice an operator has is seen without measuring every combination.

The full table (two builds, two transports, two databases, two file systems, three numbers of requests in flight, two
of connections, two of accounts, three shapes of request) has hundreds of rows, and three rounds of it take hours. These
rows vary one thing at a time around two points: what is fastest (compiled, edge) and what needs no compiler at all
(interpreted, grpcio). A test sees to it that every value of every axis is in it.

A station is one daemon on one store; rows of a station are measured on it one after the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from bench.figure import FEW
from bench.picker import Pick
from bench.sample import BATCH

Transport = Literal["edge", "grpcio"]
Kind = Literal["sqlite", "postgresql"]
Disk = Literal["memory", "disk"]
Shape = Literal["unary", "stream", "batch"]

MANY: Final = 1_000_000
METHODS: Final[dict[Shape, str]] = {"unary": "Debit", "stream": "Charge", "batch": "BatchDebit"}
NAMES: Final[dict[Shape, str]] = {"unary": "debit_unary", "stream": "debit_stream", "batch": f"debit_batch{BATCH}"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One way to send debits: `outstanding` requests in flight over `connections`."""

    shape: Shape
    outstanding: int
    connections: int
    pick: Pick = "uniform"

    @property
    def debits(self) -> int:
        """How many one request carries."""
        return BATCH if self.shape == "batch" else 1

    @property
    def in_flight(self) -> int:
        return self.outstanding * self.debits

    @property
    def params(self) -> dict[str, Any]:
        return {"outstanding": self.outstanding, "connections": self.connections}


@dataclass(frozen=True, slots=True)
class Station:
    transport: Transport
    store: Kind
    disk: Disk
    compiled: bool
    accounts: int
    shots: tuple[Shot, ...]

    @property
    def name(self) -> str:
        build = "compiled" if self.compiled else "interpreted"
        return f"{self.transport}-{self.store}-{self.disk}-{build}-{self.accounts}"

    @property
    def params(self) -> dict[str, Any]:
        return {
            "transport": self.transport,
            "store": self.store,
            "disk": self.disk,
            "accounts": self.accounts,
            "compiled": self.compiled,
        }


ONE: Final = Shot("unary", 1, 1)
SOME: Final = Shot("unary", 16, 1)
SOME_EACH: Final = Shot("unary", 16, 16)
MANY_ON_ONE: Final = Shot("unary", 256, 1)
MANY_CALLS: Final = Shot("unary", 256, 16)
STREAM: Final = Shot("stream", 1024, 16)
BATCHES: Final = Shot("batch", 16, 16)
EVERY: Final = (ONE, SOME, SOME_EACH, MANY_ON_ONE, MANY_CALLS, STREAM, BATCHES)
MAIN: Final = (ONE, MANY_CALLS, STREAM, BATCHES)

STATIONS: Final = (
    Station("edge", "sqlite", "memory", True, FEW, EVERY),
    Station("edge", "sqlite", "disk", True, FEW, MAIN),
    Station("grpcio", "sqlite", "memory", True, FEW, (ONE, SOME, *MAIN[1:])),
    Station("edge", "sqlite", "memory", False, FEW, MAIN),
    Station("grpcio", "sqlite", "disk", False, FEW, MAIN),
    Station("edge", "postgresql", "memory", True, FEW, (ONE, SOME_EACH, *MAIN[1:])),
    Station("edge", "postgresql", "disk", True, FEW, (ONE, MANY_CALLS, STREAM)),
    Station("grpcio", "postgresql", "disk", False, FEW, (MANY_CALLS, STREAM)),
    Station("edge", "sqlite", "memory", True, MANY, (replace(MANY_CALLS, pick="zipf"), MANY_CALLS)),
)
LOADED: Final = Station("edge", "sqlite", "memory", True, FEW, (SOME,))  # while it takes a new tariff


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be measured on this machine."""

    transports: frozenset[str]
    builds: frozenset[bool]
    disks: frozenset[str]


def planned(offer: Offer, stations: Iterable[Station] = STATIONS) -> list[Station]:
    """The stations of the plan as far as they can be had.

    Where the edge or the compiled core was not built, a station is measured with what there is instead; those that
    become the same are one. A file system that is not there takes its stations along.
    """
    found: dict[str, Station] = {}
    for station in stations:
        at_hand = replace(
            station,
            transport=station.transport if station.transport in offer.transports else "grpcio",
            compiled=station.compiled and True in offer.builds,
        )
        if at_hand.disk in offer.disks:
            known = found.get(at_hand.name, replace(at_hand, shots=()))
            found[at_hand.name] = replace(known, shots=tuple(dict.fromkeys([*known.shots, *at_hand.shots])))
    return list(found.values())


def empty_shots(stations: Sequence[Station]) -> Iterator[Shot]:
    """What the empty servers are asked, once for each way to send: a ceiling for every row."""
    yield from dict.fromkeys(replace(shot, pick="uniform") for station in stations for shot in station.shots)
