"""Bounds: of all levels on one counter or balance the nearest, and what holds before anything has moved."""

import pytest

from accounts.account import AccountKey, Bound, BoundSide, CounterKind, UnitCounter
from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import ANY_BALANCE
from accounts.bounds import Bounds, Levels
from tests.account_scene import account, table_rows

KEY = AccountKey("cgrates.org", "1001")
COUNTER = UnitCounter("SPENT", "*monetary", CounterKind.EVENT, ANY_BALANCE, value=7)


def levels(text: str) -> Levels:
    found = Levels()
    for word in text.split():
        found.narrow(BoundSide.MAX if ">=" in word else BoundSide.MIN, int(word[2:]))
    return found


@pytest.mark.parametrize("row", table_rows("""
  # | levels | value | each step | first step after which one holds
above            | >=10          | 4  | 3  | 2
exactly          | >=10          | 4  | 6  | 1
nearest of many  | >=10 >=8 >=30 | 4  | 1  | 4
never            | >=10          | 4  | -1 | 0
reached already  | >=10          | 12 | 0  | 1
left again       | >=10          | 12 | -5 | 0
still held       | >=10          | 12 | -2 | 1
below            | <=2           | 10 | -3 | 3
highest floor    | <=2 <=5       | 10 | -3 | 2
either           | <=2 >=20      | 10 | 5  | 2
none             |               | 10 | 5  | 0
"""), ids=lambda row: row[0])  # fmt: skip
def test_nearest_level_is_met_first(row: tuple[str, ...]) -> None:
    _, texts, value, delta, first = row
    assert levels(texts).first(int(value), int(delta)) == int(first)


def test_counter_that_has_reached_its_level_holds_before_anything_moves() -> None:
    found = account("M=5")
    assert found is not None
    found.counters.append(COUNTER)
    about = [Bound(KEY, BoundSide.MAX, 7, counter=COUNTER.name)]
    assert Bounds(found, about, set()).holding == {COUNTER.label}
    assert not Bounds(found, [Bound(KEY, BoundSide.MAX, 8, counter=COUNTER.name)], set()).holding


def test_balance_holds_nothing_before_the_operation_has_changed_it() -> None:
    found = account("M=5")
    assert found is not None
    about = [Bound(KEY, BoundSide.MIN, 5 * 10**9, balance_uuid="M")]
    assert not Bounds(found, about, set()).holding
    assert Bounds(found, about, {"M"}).holding == {"M"}


def test_default_balance_to_be_is_meant_by_its_id() -> None:
    found = account("M=5")
    assert found is not None
    bounds = Bounds(found, [Bound(KEY, BoundSide.MIN, -1, balance_uuid=DEFAULT_BALANCE_ID)], set())
    opened = Balance("new1", BalanceTerms(DEFAULT_BALANCE_ID, BalanceKind.MONETARY), 0)
    other = Balance("new2", BalanceTerms("OTHER", BalanceKind.MONETARY), 0)
    assert bounds.of_balance(opened) is not None
    assert bounds.of_balance(other) is None
