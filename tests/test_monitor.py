"""Monitors: when one is due, where it may be, and that the two agree."""

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import (
    Account,
    AccountKey,
    AccountTrigger,
    BoundSide,
    CounterKind,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
)
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from tariffs.zone import SECOND_NS
from tests.action_scene import KEY, amount, balances
from tests.table import table
from triggers.monitor import bounds, due

NOW = 1000 * SECOND_NS


def monitor(text: str) -> AccountTrigger:
    """`*max_balance *monetary 20`, then what else the row gives: `recurrent sleep=3 last=998 fired until=999 id=M`."""
    type, kind, threshold, *words = text.split()
    given = dict(word.partition("=")[::2] for word in words)
    terms = TriggerTerms(
        group="G",
        unique_id=given.get("uid", "U"),
        type=ThresholdType(type),
        threshold=amount(threshold),
        actions_id="ACT",
        kind="" if kind == "-" else kind,
        filter=BalanceFilter(
            kind=BalanceKind(kind) if kind in set(BalanceKind) else None,
            id=given.get("id"),
            categories={given["cat"]: True} if "cat" in given else None,
        ),
        recurrent="recurrent" in given,
        min_sleep_ns=int(given.get("sleep", 0)) * SECOND_NS,
        expires_at_ns=int(given["until"]) * SECOND_NS if "until" in given else None,
        activates_at_ns=int(given["from"]) * SECOND_NS if "from" in given else None,
    )
    last = int(given["last"]) * SECOND_NS if "last" in given else None
    return AccountTrigger(terms, "fired" in given, last)


def page(before: str, *monitors: AccountTrigger, dirty: bool = True) -> Page:
    found = Page(Account(KEY, balances(before), triggers=list(monitors)))
    if dirty:
        found.dirty.update(balance.uuid for balance in found.account.balances)
    return found


@table("""
    row                                            | before     | firing
    *max_balance *monetary 20                      | M=20       | M
    *max_balance *monetary 20                      | M=19.99999 |
    *min_balance *monetary 2                       | M=2        | M
    *min_balance *monetary 2                       | M=2.00001  |
    *min_balance *monetary 2                       | A=5 B=1 C=0 | B          # the first that holds
    *min_balance *monetary 2 id=C                  | A=5 B=1 C=0 | C
    *min_balance *voice 60s                        | M=1 V=60s  | V
    *min_balance *sms 2                            | M=1        |
    *min_balance - 2                               | M=1        |            # no type: nothing, there is no wildcard
    *min_balance *monetary 2 cat=call              | M=1        |            # sets must be equal
    *min_balance *monetary 2 fired                 | M=1        |
    *min_balance *monetary 2 until=999             | M=1        |
    *min_balance *monetary 2 until=1000            | M=1        | M
    *min_balance *monetary 2 from=1001             | M=1        |
    *min_balance *monetary 2 from=1000             | M=1        | M
    *min_balance *monetary 2 recurrent last=999    | M=1        | M
    *min_balance *monetary 2 recurrent sleep=3 last=998 | M=1   |
    *min_balance *monetary 2 recurrent sleep=3 last=997 | M=1   | M
    *min_balance *monetary 2 sleep=3 last=999      | M=1        | M          # MinSleep spaces recurrent ones only
""")
def test_a_monitor_is_due_by_its_level(row: str, before: str, firing: str) -> None:
    desk = page(before, monitor(row))
    assert " ".join(found.balance_uuid.removeprefix("u-") for found in due(desk, NOW, set())) == firing


def test_a_balance_that_the_operation_has_not_changed_is_not_looked_at() -> None:
    desk = page("M=1", monitor("*min_balance *monetary 2"), dirty=False)
    assert due(desk, NOW, set()) == ()
    desk.move(desk.account.balances[0], 0)
    assert len(due(desk, NOW, set())) == 1


def test_a_monitor_whose_set_failed_is_not_tried_again() -> None:
    desk = page("M=1", monitor("*min_balance *monetary 2"))
    tried = {(KEY, "G", "U")}
    assert (due(desk, NOW, tried), bounds(desk.account, NOW, tried)) == ((), ())
    assert len(due(desk, NOW, {(AccountKey("cgrates.org", "1002"), "G", "U")})) == 1


@table("""
    row                                   | firing
    *max_event_counter *monetary 3        | C
    *max_event_counter *monetary 4        |
    *min_event_counter *monetary 3        | C
    *max_balance_counter *monetary 3      |       # it counts something else
    *max_event_counter *voice 3s          |       # and in another list
    *max_event_counter *monetary 3 id=C   | C     # the id is the BalanceTag
""")
def test_a_counter_monitor_looks_at_its_own_counter(row: str, firing: str) -> None:
    desk = page("", monitor(f"{row} uid=C"), dirty=False)
    desk.account.counters.append(UnitCounter("C", "*monetary", CounterKind.EVENT, BalanceFilter(), amount("3")))
    firings = due(desk, NOW, set())
    name = ("*monetary", "*event", "C", "", "")
    assert [(found.counter, found.observed) for found in firings] == ([(name, amount("3"))] if firing else [])


@table("""
    row                                 | scores           | firing
    *max_score - 80 id=score.risk       | score.risk=80    | score.risk
    *max_score - 80 id=score.risk       | score.risk=79.9  |
    *max_score - 80 id=score.risk       | score.knn=99     |                # another one
    *max_score - 80 id=score.risk       |                  |                # nobody has told it
    *min_score - 0 id=score.risk        |                  |
    *min_score - 20 id=score.risk       | score.risk=20    | score.risk
    *min_counter - 15 id=b.asr.300      | b.asr.300=14     | b.asr.300
    *min_counter - 15 id=b.asr.300      | b.asr.300=15.1   |
    *max_counter - 100 id=a.calls.3600  | a.calls.3600=101 | a.calls.3600
    *max_counter - 100 id=a.calls.3600 fired | a.calls.3600=101 |
    *max_counter - 100 id=a.calls.3600 recurrent sleep=3 last=998 | a.calls.3600=101 |
""")
def test_a_monitor_on_a_score_looks_at_its_address(row: str, scores: str, firing: str) -> None:
    desk = page("M=1", monitor(row), dirty=False)
    for word in scores.split():
        address, _, value = word.partition("=")
        desk.set_score(address, amount(value))
    assert " ".join(found.score for found in due(desk, NOW, set())) == firing
    any_portion = [bound for bound in bounds(desk.account, NOW, set()) if not bound.balance_uuid]
    assert len(any_portion) == (1 if firing else 0)


def test_bounds_name_every_balance_that_is_meant_and_a_default_to_come() -> None:
    desk = page("A=5 B=1 V=90s", monitor("*min_balance *monetary 2"), monitor("*max_balance *voice 60s"))
    found = [(bound.side, bound.balance_uuid, bound.value) for bound in bounds(desk.account, NOW, set())]
    assert found == [
        (BoundSide.MIN, "u-A", amount("2")),
        (BoundSide.MIN, "u-B", amount("2")),
        (BoundSide.MIN, "*default", amount("2")),
        (BoundSide.MAX, "u-V", amount("60s")),
    ]


def test_a_default_that_is_there_is_named_by_its_uuid() -> None:
    desk = page("*default=1", monitor("*min_balance *monetary 2 id=*default"))
    assert [bound.balance_uuid for bound in bounds(desk.account, NOW, set())] == ["u-*default"]


def test_an_expired_balance_is_a_bound_that_every_portion_reaches() -> None:
    desk = page("A=5 B=1", monitor("*balance_expired *monetary 0"))
    assert bounds(desk.account, NOW, set()) == ()
    desk.account.balances[1].terms = BalanceTerms("B", BalanceKind.MONETARY, expires_at_ns=NOW - 1)
    assert [(bound.balance_uuid, bound.counter) for bound in bounds(desk.account, NOW, set())] == [("", None)]
    assert [firing.balance_uuid for firing in due(desk, NOW, set())] == ["u-B"]


KINDS = st.sampled_from(["*monetary", "*voice"])
TYPES = st.sampled_from(
    ["*min_balance", "*max_balance", "*min_event_counter", "*max_event_counter", "*max_balance_counter"]
)
MONITORS = st.builds(
    lambda type, kind, value, id, words: monitor(f"{type} {kind} {value} {id} {words}"),
    TYPES,
    KINDS,
    st.sampled_from(["0", "1", "2"]),
    st.sampled_from(["", "id=A", "id=B"]),
    st.sampled_from(["", "fired", "until=999", "from=1001", "recurrent sleep=3 last=998", "recurrent last=998"]),
)


@given(st.lists(MONITORS, max_size=4), st.lists(st.tuples(KINDS, st.integers(-1, 3)), max_size=4), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_monitor_is_due_exactly_where_one_of_its_bounds_holds(
    monitors: list[AccountTrigger], values: list[tuple[str, int]], disabled: bool
) -> None:
    held = [
        Balance(f"u{i}", BalanceTerms("AB"[i % 2], BalanceKind(kind)), value * BalanceKind(kind).scale)
        for i, (kind, value) in enumerate(values)
    ]
    counters = [UnitCounter("U", kind, CounterKind.EVENT, BalanceFilter(), value) for kind, value in values[:2]]
    for one in monitors:
        account = Account(KEY, held, counters, [one], disabled=disabled)
        desk = Page(account)
        desk.dirty.update(balance.uuid for balance in held)
        reached = False
        for bound in bounds(account, NOW, set()):
            watched: list[Balance | UnitCounter] = [b for b in held if b.uuid == bound.balance_uuid]
            watched += [c for c in counters if c.name == bound.counter][:1]
            for found in watched:
                reached |= found.value <= bound.value if bound.side is BoundSide.MIN else found.value >= bound.value
        assert reached is (len(due(desk, NOW, set())) == 1)
