"""/metrics: what Prometheus is told, read from where it is counted at the moment it asks.

    fraud_events_total{source="grpc",type="INVITE"} 20000
    fraud_detection_latency_seconds_bucket{le="0.00025"} 19871
    ratingd_events_total{event="debit.refused",reason="ACCOUNT_DISABLED"} 3

Names that begin with fraud_ are of fraud detection. What charging and the rest of the daemon count is one family: the
events of the log, by the same names. Nothing is counted a second time for this, so it costs nothing until it is asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from ratingd import observe
from ratingd.fraud.alert import SEVERITIES
from ratingd.fraud.figures import BUCKETS_NS
from ratingd.store.faults import StoreFault
from triggers.watch.fraud_watch import MASKING

NS_PER_S: Final = 1_000_000_000
FIRED: Final = "trigger.fired trigger="
# what became of an order to disconnect, in the words of incidents, by the events of the log
DISCONNECTS: Final = {
    "disconnect.cut": "OK",
    "disconnect.call_unknown": "ALREADY_ENDED",
    "disconnect.failed": "FAILED",
    "disconnect.dead": "DEAD",
}
WEBHOOKS: Final = {"webhook.delivered": "delivered", "webhook.retry": "retry", "webhook.dead": "dead"}


class Counted(Protocol):
    """What the desk counts; see `ratingd.fraud.figures`."""

    @property
    def events(self) -> Mapping[tuple[str, str], int]: ...
    @property
    def duplicates(self) -> int: ...
    @property
    def late(self) -> Mapping[str, int]: ...
    @property
    def skewed(self) -> int: ...
    @property
    def shed(self) -> int: ...
    @property
    def flagged(self) -> Mapping[str, int]: ...
    @property
    def whitelisted(self) -> int: ...
    @property
    def not_stored(self) -> int: ...
    @property
    def latency(self) -> list[int]: ...
    @property
    def latency_sum_ns(self) -> int: ...


class Sources:
    """Where figures are counted. `alerts_open` and `outbox` ask the store, and are left out while it is silent."""

    def __init__(
        self,
        counted: Counted,
        *,
        held: Callable[[], Mapping[str, float]],
        incidents: Callable[[], Mapping[str, int]],
        alerts: Callable[[], Mapping[tuple[str, str], int]],
        alerts_open: Callable[[], Mapping[str, int]],
        outbox: Callable[[], Mapping[str, int]],
        clients: Callable[[], int],
        campaigns: Callable[[], int],
    ) -> None:
        self.counted: Final = counted
        self.held: Final = held
        self.incidents: Final = incidents
        self.alerts: Final = alerts
        self.alerts_open: Final = alerts_open
        self.outbox: Final = outbox
        self.clients: Final = clients
        self.campaigns: Final = campaigns


def figures_of(sources: Sources, *others: Collector) -> Callable[[], bytes]:
    """What gives the page; figures of `others` follow."""
    registry = CollectorRegistry(auto_describe=False)
    for each in (_Figures(sources), *others):
        registry.register(each)
    return lambda: generate_latest(registry)


class _Figures(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources: Final = sources

    def collect(self) -> Iterator[Metric]:
        yield from self._events()
        yield from self._held()
        yield from self._found()
        yield from self._stored()
        yield from self._delivered()
        yield from self._all()

    def _events(self) -> Iterator[Metric]:
        counted = self._sources.counted
        yield _counter("fraud_events", "Call events taken", ("source", "type"), counted.events.items())
        yield _counter("fraud_duplicates", "Call events that were known already", (), [((), counted.duplicates)])
        about = "Call events too old for what they are late for"
        yield _counter("fraud_late_events", about, ("reason",), _labelled(counted.late))
        yield _counter("fraud_skewed_events", "Call events dated too far ahead", (), [((), counted.skewed)])
        yield _counter("fraud_events_shed", "Call events left out because the log was full", (), [((), counted.shed)])
        yield _counter(
            "fraud_events_not_stored", "Charged calls that the log had no room for", (), [((), counted.not_stored)]
        )
        latency = list(counted.latency)
        yield _histogram(
            "fraud_detection_latency_seconds", "From an event's message taken to its verdict", latency,
            counted.latency_sum_ns / NS_PER_S, tuple(bound / NS_PER_S for bound in BUCKETS_NS),
        )  # fmt: skip

    def _held(self) -> Iterator[Metric]:
        held = self._sources.held()
        yield _gauge("fraud_window_keys", "Called numbers in the masking window", held["window_keys"])
        yield _gauge("fraud_window_calls", "Calls in the masking window", held["window_calls"])
        yield _counter(
            "fraud_window_truncated", "Calls dropped from a full window", (), [((), int(held["window_truncated"]))]
        )
        yield _gauge("fraud_traffic_keys", "Numbers, ranges, trunks and accounts with traffic", held["traffic_keys"])
        yield _gauge("fraud_traffic_calls", "Calls that are followed", held["traffic_calls"])
        yield _gauge("fraud_calls_per_second", "Calls begun in the last full second", held["calls_per_second"])
        yield _gauge("fraud_ws_clients", "Clients of the threat stream", self._sources.clients())

    def _found(self) -> Iterator[Metric]:
        counted, sources = self._sources.counted, self._sources
        yield _counter("fraud_whitelisted", "Calls to whitelisted numbers", (), [((), counted.whitelisted)])
        yield _counter(
            "fraud_calls_flagged", "Calls flagged", ("detector",), _labelled({MASKING: 0, **counted.flagged})
        )
        incidents = {**dict.fromkeys(SEVERITIES, 0), **sources.incidents()}  # the first one is an increase too
        yield _counter("fraud_masking_incidents", "Masking runs", ("severity",), _labelled(incidents))
        yield _counter("fraud_alerts", "New alerts", ("severity", "type"), sources.alerts().items())
        yield _gauge("fraud_campaigns_active", "Campaigns that are emerging or active", sources.campaigns())

    def _stored(self) -> Iterator[Metric]:
        with suppress(StoreFault):
            yield _gauge(
                "fraud_alerts_open", "Alerts that nobody has resolved", sum(self._sources.alerts_open().values())
            )
            outbox = self._sources.outbox()
            yield _gauge("fraud_deadletters", "Deliveries that were given up", outbox.get("dead", 0))
            yield _gauge("fraud_outbox_waiting", "Deliveries that wait", outbox.get("waiting", 0))

    def _delivered(self) -> Iterator[Metric]:
        counters = observe.counters()
        yield _counter(
            "fraud_disconnects", "Orders to disconnect, by result", ("result",), _named(counters, DISCONNECTS)
        )
        yield _counter(
            "fraud_webhook_deliveries", "Attempts to post, by result", ("result",), _named(counters, WEBHOOKS)
        )
        counts, sum_s = observe.durations("webhook")
        yield _histogram("fraud_webhook_latency_seconds", "How long a post took", counts, sum_s, observe.BUCKETS_S)
        fired = [((name.removeprefix(FIRED),), count) for name, count in counters.items() if name.startswith(FIRED)]
        yield _counter("fraud_trigger_fired", "Monitors that fired", ("trigger",), fired)

    def _all(self) -> Iterator[Metric]:
        counters = observe.counters()
        events = [(_parted(name), count) for name, count in counters.items() if not name.startswith(FIRED)]
        yield _counter("ratingd_events", "Events of the log, charging's among them", ("event", "reason"), events)


def _named(counters: Mapping[str, int], names: Mapping[str, str]) -> list[tuple[tuple[str], int]]:
    """Counts of these events, 0 where there was none yet."""
    return [((word,), counters.get(name, 0)) for name, word in names.items()]


def _labelled(counts: Mapping[str, int]) -> list[tuple[tuple[str], int]]:
    return [((word,), count) for word, count in list(counts.items())]


def _parted(name: str) -> tuple[str, str]:
    event, _, reason = name.partition(" reason=")
    return event, reason


def _counter(name: str, about: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], int]]) -> Metric:
    family = CounterMetricFamily(name, about, labels=labels)
    for key, value in values:
        family.add_metric(list(key), value)
    return family


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, value=value)


def _histogram(name: str, about: str, counts: list[int], sum_s: float, bounds: tuple[float, ...]) -> Metric:
    """`counts` of each bucket, one more than there are bounds."""
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound, count in zip((*map(str, bounds), "+Inf"), counts, strict=True):
        total += count
        buckets.append((bound, total))
    family = HistogramMetricFamily(name, about)
    family.add_metric([], buckets, sum_s)
    return family
