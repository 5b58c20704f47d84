"""Which tariff prices a request: the one in force, or the one its call began under."""

from actions.catalogue import EMPTY_CATALOGUE
from actions.folder import PlanBook
from ratingd.engine.plans import KEPT_VERSIONS, PlanDesk, PlanVersion
from tariffs.tariff import EMPTY_TARIFF

BOOK = PlanBook(EMPTY_TARIFF, EMPTY_CATALOGUE)


def version(number: int, effective_at_ns: int = 0, *, moves_calls: bool = False) -> PlanVersion:
    return PlanVersion(number, BOOK, effective_at_ns, moves_calls)


def desk(*versions: PlanVersion) -> PlanDesk:
    found = PlanDesk(lambda number: None)
    for each in versions:
        found.activate(each)
    return found


def test_nothing_is_in_force_before_the_first_load() -> None:
    assert desk().current(100).number == 0


def test_a_version_holds_from_its_instant_on() -> None:
    plans = desk(version(1), version(2, 100))
    assert [plans.current(now).number for now in (0, 99, 100, 200)] == [1, 1, 2, 2]


def test_versions_that_came_due_together_end_with_the_last() -> None:
    plans = desk(version(1), version(3, 100), version(2, 50))
    assert plans.current(500).number == 3


def test_a_call_keeps_the_version_it_began_under() -> None:
    plans = desk(version(1), version(2, 100))
    plans.current(200)
    assert plans.of_call("1", 200).number == 1
    assert plans.of_call("2", 200).number == 2


def test_an_activation_may_move_open_calls() -> None:
    plans = desk(version(1), version(2, 100, moves_calls=True))
    assert plans.of_call("1", 200).number == 2


def test_a_version_out_of_memory_is_fetched_and_one_that_is_gone_is_replaced() -> None:
    fetched: list[int] = []

    def fetch(number: int) -> PlanVersion | None:
        fetched.append(number)
        return version(number) if number == 1 else None

    plans = PlanDesk(fetch)
    for number in range(1, KEPT_VERSIONS + 4):
        plans.activate(version(number, number))
        plans.current(number)
    newest = KEPT_VERSIONS + 3
    assert plans.of_call("1", 1_000).number == 1
    assert plans.of_call("1", 1_000).number == 1
    assert fetched == [1]
    assert plans.of_call("2", 1_000).number == newest


def test_the_same_version_is_not_activated_twice() -> None:
    plans = desk(version(1), version(2, 100), version(2, 100))
    assert plans.current(200).number == 2
    assert plans.knows(2)
    assert not plans.knows(3)
