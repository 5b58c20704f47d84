"""Refunds: what a charge took goes back to the balances that paid, once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import Account, Bound, BoundSide, CounterKind, UnitCounter
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.charge import Charge, NotRefunded, RefundCost, no_judge
from accounts.refund import refund
from tests.account_scene import KEY, TARIFF, Scene, account, amount, balances_text, table_rows
from tests.verdict import Verdict, put_in_force

REFUNDS = table_rows("""
  # | before | call | runs to give back | given | after
28 | voice:V=30s M=5 | debit 90s cat:cf | all | 0.6 | V=30s M=5
28a| M=5 | debit 90s cat:cf | all | 1.4 | M=5
28b| voice:F=100s(factor:P*2) | debit 10s factor:P | all | 0 | F=100s
29 | generic:G=10 | debit 4 tor:sms | all | 0 | G=10
a  | M=5 | debit 180s | 1 | 0.6 | M=3.8
b  | M=5 | debit 90s cat:cf | 0,0,10 | 0.1 | M=3.7             # ten seconds from the end
c  | M=5 | debit 90s cat:cf | 1 | 0.5 | M=4.1                  # the fee
d  | M=1 | debit 180s | all | 1.8 | M=1 *default=0
e  | M=5 | debit 7s cat:odd rounding | all | 0.02 | M=5        # the correction too
f  | M=10 | debit 65s cat:rmid rounding | all | 0.01 | M=10    # a correction that had given back
g  | M=5 | debit 60s subject:FREE | all | 0 | M=5
h  | M=0 | debit 60s subject:FREE | all | 0 | M=0
i  | voice:V=300s(subj:HALF) M=0.1 | debit 180s | all | 0.15 | V=300s M=0.1 *default=0
j  | generic:G=120000000000 | debit 60s | all | 0 | G=120000000000
k  | M=5 | debit 180s | -1 | 0 | M=3.2
""")


def given_back(scene: Scene, charge: Charge, runs: tuple[int, ...] | None) -> RefundCost:
    assert scene.account is not None
    page = Page(scene.account)
    return refund(page, TARIFF, charge, runs, no_judge)


@pytest.mark.parametrize("row", REFUNDS, ids=lambda row: row[0])
def test_refund_of_the_worked_examples(row: tuple[str, ...]) -> None:
    _, before, call, runs, money, after = row
    scene = Scene(account(before))
    scene.call(call)
    back = given_back(scene, scene.charge, None if runs == "all" else tuple(map(int, runs.split(","))))
    assert back.money == amount(money)
    assert balances_text(scene.account) == after


@pytest.mark.parametrize("row", table_rows("""
  # | before | call | left
28 | voice:V=30s M=5 | debit 90s cat:cf | V=0s M=4.4
28a | M=5 | debit 90s cat:cf | M=3.6
28b | voice:F=100s(factor:P*2) | debit 10s factor:P | F=80s
29 | generic:G=10 | debit 4 tor:sms | G=6
"""), ids=lambda row: row[0])  # fmt: skip
def test_what_the_refunded_calls_had_left(row: tuple[str, ...]) -> None:
    scene = Scene(account(row[1]))
    scene.call(row[2])
    assert balances_text(scene.account) == row[3]


def test_second_refund_changes_nothing() -> None:
    scene = Scene(account("M=5"))
    scene.call("debit 60s")
    first = given_back(scene, scene.charge, None)
    again = given_back(scene, returned(scene.charge, first), (1,))
    assert balances_text(scene.account) == "M=5"
    assert again.returned == (0,)
    assert again.not_refunded == (NotRefunded(0, 1, "M", "it has been refunded already"),)


def test_refund_to_a_balance_that_is_gone_goes_nowhere_else() -> None:
    scene = Scene(account("voice:V=300s(subj:HALF) M=5"))
    scene.call("debit 120s")
    assert scene.account is not None
    scene.account.balances.pop()
    back = given_back(scene, scene.charge, None)
    assert balances_text(scene.account) == "V=300s"
    assert back == RefundCost((2,), 0, (NotRefunded(0, 2, "M", "the balance is gone"),))


def test_refund_of_runs_that_the_charge_does_not_have() -> None:
    scene = Scene(account("M=5"))
    scene.call("debit 60s")
    back = given_back(scene, scene.charge, (3, 2))
    assert back.returned == (1,)
    assert [(missed.run, missed.count) for missed in back.not_refunded] == [(0, 2), (1, 2)]


def test_refund_counts_back_even_below_zero() -> None:
    scene = Scene(account("voice:V=30s M=5"))
    scene.call("debit 90s cat:cf")
    assert scene.account is not None
    scene.account.counters[:] = [
        UnitCounter("SPENT", "*monetary", CounterKind.EVENT, BalanceFilter(destinations={"DST_49": True})),
        UnitCounter("ABROAD", "*monetary", CounterKind.EVENT, BalanceFilter(destinations={"DST_44": True})),
        UnitCounter("TALKED", "*voice", CounterKind.BALANCE, BalanceFilter(id="V"), 90 * 10**9),
        UnitCounter("CALLS", "*event_connect", CounterKind.EVENT, BalanceFilter(), 1),
    ]
    given_back(scene, scene.charge, None)
    assert [c.value for c in scene.account.counters] == [-amount("0.6"), 0, 60 * 10**9, 1]


def test_refund_pauses_at_each_increment_that_reaches_a_bound() -> None:
    scene = Scene(account("M=5"))
    scene.call("debit 300s")
    assert scene.account is not None
    bounds = (Bound(KEY, BoundSide.MAX, amount("3.5"), balance_uuid="M"),)
    page = Page(scene.account)
    put_in_force(page.book, bounds)
    refund(page, TARIFF, scene.charge, None, scene.judge(page, lambda _: Verdict(bounds)))
    assert scene.pauses == [180 * 10**9, 240 * 10**9, 300 * 10**9]  # at 3.8, 4.4 and 5.0
    assert balances_text(page.account) == "M=5"


def returned(charge: Charge, back: RefundCost) -> Charge:
    total = tuple(before + now for before, now in zip(charge.returned, back.returned, strict=True))
    return Charge(charge.charge_id, charge.request, charge.increments, total)


@settings(max_examples=60, deadline=None)
@given(
    before=st.sampled_from(["M=5", "M=0.7 N=9", "voice:V=30s M=2", "voice:V=600s(subj:CFSUB) M=1", "M=0.3"]),
    call=st.sampled_from(["debit 90s cat:cf", "debit 200s", "debit 61s cat:odd rounding", "debit 300s cat:maxf"]),
    parts=st.lists(st.lists(st.integers(0, 40), max_size=4), max_size=3),
)
def test_refund_in_parts_restores_what_was_there(before: str, call: str, parts: list[list[int]]) -> None:
    scene = Scene(account(before))
    assert scene.account is not None
    values = {balance.uuid: balance.value for balance in scene.account.balances}
    scene.call(call)
    charge = scene.charge
    for part in [*map(tuple, parts), None]:
        charge = returned(charge, given_back(scene, charge, part))
    assert [run.count for run in charge.increments] == list(charge.returned)
    assert _values(scene.account) == {**dict.fromkeys(_values(scene.account), 0), **values}


def _values(account: Account | None) -> dict[str, int]:
    assert account is not None
    return {balance.uuid: balance.value for balance in account.balances}
