"""HTTP as a part of the daemon: the application over its parts, and the server that serves it.

http = open_http(settings, fraud, store, …)     # None where http_listen is empty
http.start()                                    # after detection is where it was, so that no event comes too early
http.stop()                                     # before detection ends, so that what was taken is stored
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ratingd.fraud.runtime import FraudRuntime
from ratingd.http.app import create_app
from ratingd.http.figures import Sources, figures_of
from ratingd.http.gate import GateTerms
from ratingd.http.model_figures import ModelFigures
from ratingd.http.parts import HttpParts
from ratingd.http.server import HttpServer
from ratingd.http.threat_socket import BEHIND_S, ThreatSockets
from ratingd.http.workers import Workers
from ratingd.models.model_desk import ModelDesk
from ratingd.settings import Settings
from ratingd.store.faults import StoreFault
from ratingd.store.store import Store

OK: Final = "ok"
DOWN: Final = "down"
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What HTTP tells of the daemon around it. `serving`: gRPC requests come in; `wake` has the outbox looked at;
    `models` are those that score.
    """

    version: str
    start_ns: int
    serving: Callable[[], bool]
    wake: Callable[[], None]
    models: ModelDesk


def open_http(
    settings: Settings, fraud: FraudRuntime, store: Store, around: Surroundings, *, behind_s: float = BEHIND_S
) -> HttpServer | None:
    """`behind_s`: a client that is so far behind is let go."""
    if not settings.http_listen:
        return None
    sockets = ThreatSockets(fraud.threats, behind_s=behind_s)
    workers = Workers()
    parts = HttpParts(
        desk=fraud.desk,
        book=fraud.book,
        lists=fraud.lists,
        investigation=fraud.investigation,
        risk=fraud.risks.risk,
        models=around.models,
        shelf=store.fraud,
        outbox=store.outbox,
        workers=workers,
        stats=fraud.stats,
        version=around.version,
        start_ns=around.start_ns,
        wake=around.wake,
        health=lambda: checks(fraud, store, around),
        figures=figures_of(sources(fraud, store, sockets), ModelFigures(around.models)),
    )
    app = create_app(parts, gate_terms(settings), sockets)
    addresses = (settings.http_listen, *settings.http_also_listen)
    return HttpServer(app, addresses, drain_s=settings.drain_seconds, behind_s=behind_s, stopped=workers.stop)


def gate_terms(settings: Settings) -> GateTerms:
    return GateTerms(settings.http_body_bytes_max, settings.http_requests_per_second, settings.insecure_listen)


def sources(fraud: FraudRuntime, store: Store, sockets: ThreatSockets) -> Sources:
    return Sources(
        fraud.desk.figures,
        held=fraud.desk.stats,
        incidents=lambda: fraud.effects.incidents_total,
        alerts=lambda: fraud.book.raised_total,
        alerts_open=store.fraud.alerts_open,
        outbox=store.outbox.counts,
        clients=lambda: len(sockets),
        campaigns=lambda: fraud.campaigns.active,
    )


def checks(fraud: FraudRuntime, store: Store, around: Surroundings) -> Mapping[str, str]:
    """How each part is; there is no Kafka yet. A model that should score and cannot does not take the rest down."""
    return {
        "db": _answers(store),
        "kafka": OFF,
        "model": around.models.health,
        "scheduler": OK,
        "detection": "rebuilding" if fraud.desk.rebuilding else OK,
        "transport": OK if around.serving() else DOWN,
    }


def _answers(store: Store) -> str:
    try:
        store.cursor("health")
    except StoreFault:
        return DOWN
    return OK
