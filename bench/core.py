"""The core alone: what one core prices and debits in a second, with no wire before it and no documents behind.

`get_cost_core` is the function that GetCost calls: from a query to a cost object, for a call of 60 seconds that passes
through both slots of its rate, in a tariff of 20,000 prefixes. `debit_core` is the engine's decision: from a command to
a settled and watched copy of the account, which takes the place of the one before as it would on a lane.

Seconds are CPU of the thread that works. What was there before the measuring is frozen, as the daemon does after its
start, so that the collector looks at nothing but what the work itself leaves behind.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from accounts.charge import ChargeRequest, ChargeRules
from actions.folder import EMPTY_PLAN_BOOK, PlanBook, read_folder
from bench.figure import Figure
from bench.pace import Pace
from bench.sample import Sample
from ratingd.api import charging
from ratingd.api.config import ApiConfig
from ratingd.api.method import Method
from ratingd.collector import settle
from ratingd.engine.cache import Held
from ratingd.engine.command import Command, Reply
from ratingd.engine.decide import Decider
from ratingd.engine.decision import Decision
from ratingd.engine.ids import OperationIds
from ratingd.engine.laying import Laid
from ratingd.engine.operation import Answer, Charged, Debit, ImportAccount
from ratingd.engine.plans import PlanDesk, PlanVersion
from ratingd.errors import RatingdError
from ratingd.store.rows import shard_of
from ratingd.store.store import Store
from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import DebitRequest
from tariffs.cost import Cost, cost
from tariffs.span import RatingQuery
from tariffs.zone import UTC

DONE: Final = Reply(0, b"")
OPEN_CALL_NS: Final = 4 * 3600 * 1_000_000_000


def measure(sample: Sample, seconds: float, store: Store) -> list[Figure]:
    """Both figures; `store` is never asked, for what is debited is at hand."""
    book = read(sample)
    pricing, charging = Pricing(book, sample), Charging(book, sample, store)
    settle()
    return [_figure("get_cost_core", paced(pricing.run, seconds)), _figure("debit_core", paced(charging.run, seconds))]


def read(sample: Sample) -> PlanBook:
    book, findings = read_folder(
        sample.folder(), EMPTY_PLAN_BOOK, now_ns=time.time_ns(), zone=UTC, decimals=ChargeRules().decimals
    )
    if book is None:
        raise RuntimeError(f"the sample tariff has faults: {findings[:3]}")
    book.tariff.prepare()
    return book


class Pricing:
    """Costs of calls, one for each account of the sample."""

    def __init__(self, book: PlanBook, sample: Sample) -> None:
        self._tariff: Final = book.tariff
        asked = requests(request.call for request in sample.get_costs())
        self._queries: Final = [
            RatingQuery(
                each.key.tenant, each.category, each.subject, each.destination, each.tor, each.start_ns, each.end_ns,
                each.duration_index, each.zone,
            )
            for each in asked
        ]  # fmt: skip

    def run(self) -> int:
        """Price each call once; how many there were."""
        tariff, found = self._tariff, None
        for query in self._queries:
            found = cost(tariff, query)
        if not isinstance(found, Cost) or len(found.spans) != 2:
            raise RuntimeError(f"a call through both slots is wanted, found {found}")
        return len(self._queries)


class Charging:
    """Debits, one for each account of the sample, each on what the one before has left."""

    def __init__(self, book: PlanBook, sample: Sample, store: Store) -> None:
        plans = PlanDesk(lambda number: None)
        plans.activate(PlanVersion(1, book, 0))
        self._decider: Final = Decider(
            store, plans, ChargeRules(), OperationIds(time.time_ns), time.time_ns, UTC, OPEN_CALL_NS
        )
        asked = requests(request.call for request in sample.debits())
        self._held: Final = [Held(shard_of(each.key), None, 0, {}) for each in asked]
        rows = [book.catalogue.account_rows[each.key] for each in asked]
        self._decide([Command(row.key, ImportAccount(row), _done, f"import {row.key}", b"f") for row in rows])
        self._commands: Final = [Command(each.key, Debit(each), _done, "key", b"f") for each in asked]

    def run(self) -> int:
        """Debit each account once; how many there are."""
        self._decide(self._commands)
        return len(self._commands)

    def _decide(self, commands: Sequence[Command]) -> None:
        decide = self._decider.decide
        for command, held in zip(commands, self._held, strict=True):
            laid = Laid({command.key: held})
            take_in(decide(command, laid, ()), held)
            laid.close()


def requests(calls: Iterable[Call]) -> list[ChargeRequest]:
    """Calls as the engine understands them, taken from the commands that debits of them come to."""
    debit = next(
        method
        for method in charging.Charging(ApiConfig(clock=time.time_ns)).methods()
        if isinstance(method, Method) and method.name.endswith("/Debit")
    )
    found = []
    for call in calls:
        command = debit.prepare(DebitRequest(call=call, idempotency_key="key").SerializeToString(), None)
        if not isinstance(command, Command) or not isinstance(command.operation, Debit):
            raise RuntimeError(f"no command of a debit: {command}")
        found.append(command.operation.request)
    return found


def take_in(decision: Decision, held: Held) -> None:
    """What is at hand from now on, as the account desk of a lane has it."""
    for page in decision.pages:
        held.account = page.account
        held.version += 1
    if decision.open_call is not None and decision.open_call.call is not None:
        held.note_call(decision.open_call.call, decision.at_ns)


def paced(run: Callable[[], int], seconds: float) -> Pace:
    """Run after run, for `seconds` after one that does not count; percentiles are of the mean time of a run's work."""
    run()
    done, spent = 0, 0.0
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or not times:
        begun = time.thread_time()
        count = run()
        took = time.thread_time() - begun
        times.append(took / count)
        done, spent = done + count, spent + took
    return Pace.of(done, spent, times)


def _done(answer: Answer | RatingdError) -> Reply:
    """No bytes: the answer object is what the core comes to."""
    if isinstance(answer, RatingdError) or (isinstance(answer, Charged) and answer.cost.cost <= 0):
        raise RuntimeError(f"refused, so there is nothing to measure: {answer}")
    return DONE


def _figure(name: str, pace: Pace) -> Figure:
    return Figure(name, pace.per_second, "1/s/core", {}, pace.p50_us, pace.p99_us, cpu_us=1e6 / pace.per_second)
