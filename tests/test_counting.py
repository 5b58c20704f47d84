"""Counters: what is counted where, and which counters an account has."""

from decimal import Decimal

import pytest

from accounts.account import Account, AccountTrigger, CounterKind, ThresholdType, TriggerTerms, UnitCounter
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.counting import counters_for, rebuild_counters
from tests.account_scene import KEY, Scene, account, amount, table_rows


def members(text: str) -> dict[str, bool] | None:
    return {name.removeprefix("!"): not name.startswith("!") for name in text.split("+")} if text else None


def counter(text: str) -> UnitCounter:
    """`*monetary event to:DST_49 only:call`, `*voice balance id:V weight:5`."""
    kind, of, *words = text.split()
    given = dict(word.split(":") for word in words)
    filter = BalanceFilter(
        id=given.get("id"),
        weight=Decimal(given["weight"]) if "weight" in given else None,
        destinations=members(given.get("to", "")),
        categories=members(given.get("only", "")),
    )
    return UnitCounter("C", kind, CounterKind(f"*{of}"), filter)


COUNTS = table_rows("""
  # | balances | call | counter | counted
money, any number      | M=50 | debit 180s to:44123 | *monetary event | 1.8
its destination        | M=50 | debit 180s to:49123 | *monetary event to:DST_49 | 1.8
another destination    | M=50 | debit 180s to:44123 | *monetary event to:DST_49 | 0
at any prefix          | M=50 | debit 180s to:4915123 | *monetary event to:DST_49 | 1.8
exclusions are named   | M=50 | debit 180s to:49123 | *monetary event to:!DST_49 | 1.8
its category           | M=50 | debit 180s | *monetary event only:call+cf | 1.8
another category       | M=50 | debit 180s | *monetary event only:cf | 0
whichever balance pays | A=0.6 B=50 | debit 180s | *monetary event | 1.8
id does not matter     | A=0.6 B=50 | debit 180s | *monetary event id:A | 1.8
below zero too         | A=0.6 | debit 180s | *monetary event | 1.8
balance of that id     | A=0.6 B=50 | debit 180s | *monetary balance id:B | 1.2
balance of any id      | A=0.6 B=50 | debit 180s | *monetary balance | 1.8
narrowed by weight     | A=0.6(w5) B=50 | debit 180s | *monetary balance weight:5 | 0.6
id and weight          | A=0.6(w5) B=50 | debit 180s | *monetary balance id:B weight:5 | 0
fee                    | M=50 | debit 60s cat:cf | *monetary event | 1.1
fee, its payer         | B=0.7(w20) A=2 | debit 60s cat:cf | *monetary balance id:B | 0.5
minutes in ns          | voice:V=600s | debit 119s | *voice event | 119000000000ns
minutes with a price   | voice:V=600s(subj:HALF) M=5 | debit 60s | *voice event | 60000000000ns
their price            | voice:V=600s(subj:HALF) M=5 | debit 60s | *monetary event | 0.05
factor counts          | voice:V=600s(factor:P*2.5) | debit 10s factor:P | *voice event | 25000000000ns
messages               | sms:S=9 | debit 4 tor:sms | *sms event | 4
generic for messages   | generic:G=9 | debit 4 tor:sms | *sms event | 4
generic list is not    | generic:G=9 | debit 4 tor:sms | *generic event | 0
generic for minutes    | generic:G=60000000000 | debit 4s | *voice event | 4000000000ns
payer of another kind  | generic:G=9 | debit 4 tor:sms | *sms balance id:G | 4
money is no minutes    | M=50 | debit 60s | *voice event | 0ns
calls                  | M=50 | debit 60s | *event_connect event | 1
calls without a fee    | M=50 | debit 60s cat:cf | *event_connect event | 1
calls there            | M=50 | debit 60s to:44123 | *event_connect event to:DST_49 | 0
free minutes           | voice:V=60s | debit 60s | *event_connect event | 0
minutes, then money    | voice:V=30s M=5 | debit 60s | *event_connect event | 0
second part of a call  | M=5 | debit 60s loop:1 index:120s | *event_connect event | 0
calls paid by          | B=0.3(w20) A=2 | debit 60s cat:cf | *event_connect balance id:A | 1
nothing covered        | M=0.1 | debit 60s deny | *event_connect event | 1
no usage               | M=5 | debit 0s | *event_connect event | 0
correction             | M=5 | debit 7s cat:odd rounding | *monetary event | 0.02
""")


@pytest.mark.parametrize("row", COUNTS, ids=lambda row: row[0])
def test_what_is_counted(row: tuple[str, ...]) -> None:
    _, before, call, text, counted = row
    scene = Scene(account(before))
    assert scene.account is not None
    scene.account.counters.append(counter(text))
    scene.call(call)
    expected = int(counted[:-2]) if counted.endswith("ns") else amount(counted)
    assert scene.account.counters[0].value == expected


def trigger(unique_id: str, type: ThresholdType, kind: str = "*monetary", **given: object) -> AccountTrigger:
    filter = BalanceFilter(**given)  # type: ignore[arg-type]
    return AccountTrigger(TriggerTerms("G", unique_id, type, 0, "ACT", kind, filter))


def names(counters: list[UnitCounter]) -> list[tuple[str, str, str, int]]:
    return [(c.id, c.kind, c.of.value, c.value) for c in counters]


def test_counters_are_those_the_triggers_need() -> None:
    found = counters_for([
        trigger("1", ThresholdType.MAX_EVENT_COUNTER),
        trigger("2", ThresholdType.MIN_BALANCE_COUNTER, "*voice", id="MINUTES"),
        trigger("3", ThresholdType.MAX_EVENT_COUNTER, "*event_connect"),
        trigger("4", ThresholdType.MAX_BALANCE),
        trigger("5", ThresholdType.MAX_COUNTER),
    ])  # fmt: skip
    assert names(found) == [
        ("1", "*monetary", "*event", 0),
        ("MINUTES", "*voice", "*balance", 0),
        ("3", "*event_connect", "*event", 0),
    ]


def test_triggers_that_name_the_same_counter_share_it() -> None:
    found = counters_for([
        trigger("1", ThresholdType.MAX_EVENT_COUNTER, id="SPENT"),
        trigger("2", ThresholdType.MIN_EVENT_COUNTER, id="SPENT"),
        trigger("3", ThresholdType.MAX_BALANCE_COUNTER, id="SPENT"),
    ])  # fmt: skip
    assert names(found) == [("SPENT", "*monetary", "*event", 0), ("SPENT", "*monetary", "*balance", 0)]


def test_rebuilt_counters_keep_the_values_of_equal_ids() -> None:
    spent = trigger("1", ThresholdType.MAX_EVENT_COUNTER, id="SPENT")
    page = Page(Account(KEY, triggers=[spent, trigger("2", ThresholdType.MAX_EVENT_COUNTER)]))
    rebuild_counters(page)
    page.account.counters[0].value = 7
    narrower = trigger("9", ThresholdType.MAX_EVENT_COUNTER, id="SPENT", destinations={"DST_49": True})
    page.replace_triggers([narrower], [])
    rebuild_counters(page)
    assert names(page.account.counters) == [("SPENT", "*monetary", "*event", 7)]
    assert page.account.counters[0].filter.destinations == {"DST_49": True}


def test_counters_that_agree_leave_no_record() -> None:
    page = Page(Account(KEY, triggers=[trigger("1", ThresholdType.MAX_EVENT_COUNTER)]))
    rebuild_counters(page)
    assert [change[0] for change in page.changes] == ["counters"]
    rebuild_counters(page)
    assert len(page.changes) == 1
