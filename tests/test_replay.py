"""Replay: the records of an account's operations give its document again, byte for byte."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import Account, AccountKey
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.book import Change, Page
from accounts.document import account_document, balance_document, counter_document, trigger_document
from accounts.replay import ReplayError, replay
from tests.account_strategies import (
    AMOUNTS,
    COUNTERS,
    FLAGS,
    INSTANTS,
    NAMES,
    RESERVATIONS,
    TERMS,
    TRIGGERS,
    accounts,
)

Step = Callable[[Page, st.DataObject], None]


def move(page: Page, data: st.DataObject) -> None:
    if page.account.balances:
        page.move(data.draw(st.sampled_from(page.account.balances)), data.draw(AMOUNTS))


def count(page: Page, data: st.DataObject) -> None:
    if page.account.counters:
        page.count(data.draw(st.sampled_from(page.account.counters)), data.draw(AMOUNTS))


def open_balance(page: Page, data: st.DataObject) -> None:
    uuid = data.draw(NAMES)
    if page.account.balance(uuid) is None:
        balance = Balance(uuid, data.draw(TERMS), data.draw(AMOUNTS))
        page.open(balance, balance_document(balance))


def amend(page: Page, data: st.DataObject) -> None:
    if page.account.balances:
        balance, terms = data.draw(st.sampled_from(page.account.balances)), data.draw(TERMS)
        page.amend(balance, terms, balance_document(Balance(balance.uuid, terms, balance.value)))


def close(page: Page, data: st.DataObject) -> None:
    if page.account.balances:
        page.close(data.draw(st.sampled_from(page.account.balances)))


def mark(page: Page, data: st.DataObject) -> None:
    if page.account.triggers:
        trigger = data.draw(st.sampled_from(page.account.triggers))
        page.mark(trigger, executed=data.draw(st.booleans()), last_executed_ns=data.draw(st.none() | INSTANTS))


def replace_triggers(page: Page, data: st.DataObject) -> None:
    triggers = data.draw(st.lists(TRIGGERS, max_size=3, unique_by=lambda t: (t.terms.group, t.terms.unique_id)))
    page.replace_triggers(triggers, [trigger_document(trigger) for trigger in triggers])


def replace_counters(page: Page, data: st.DataObject) -> None:
    counters = data.draw(st.lists(COUNTERS, max_size=3, unique_by=lambda counter: counter.name))
    page.replace_counters(counters, [counter_document(counter) for counter in counters])


def mark_in_call(page: Page, data: st.DataObject) -> None:
    windowed = [counter for counter in page.account.counters if counter.window]
    if windowed:
        page.mark_in_call(data.draw(st.sampled_from(windowed)), tuple(data.draw(FLAGS)))


def reserve(page: Page, data: st.DataObject) -> None:
    page.reserve(data.draw(RESERVATIONS))


def release(page: Page, data: st.DataObject) -> None:
    if page.account.reservations:
        page.release(data.draw(st.sampled_from(page.account.reservations)))


def set_score(page: Page, data: st.DataObject) -> None:
    page.set_score(data.draw(NAMES), data.draw(st.none() | AMOUNTS))


def set_flags(page: Page, data: st.DataObject) -> None:
    page.allow_negative(data.draw(st.booleans()))
    page.disable(data.draw(st.booleans()))


def set_texts(page: Page, data: st.DataObject) -> None:
    page.set_time_zone(data.draw(NAMES))
    page.set_plans(tuple(data.draw(FLAGS)))
    page.set_imported(data.draw(st.none() | st.tuples(NAMES, NAMES)))
    page.set_members(tuple(data.draw(FLAGS)))


def fail_half_way(page: Page, data: st.DataObject) -> None:
    before = text(page.account)
    savepoint = page.savepoint()
    for step in data.draw(st.lists(st.sampled_from(STEPS[:-1]), max_size=4)):
        step(page, data)
    page.roll_back(savepoint)
    assert text(page.account) == before


STEPS: list[Step] = [
    move, count, open_balance, amend, close, mark, replace_triggers, replace_counters, mark_in_call, reserve, release,
    set_score, set_flags, set_texts, fail_half_way,
]  # fmt: skip


def text(account: Account) -> str:
    return json.dumps(account_document(account))


@settings(deadline=None)
@given(accounts(), st.lists(st.lists(st.sampled_from(STEPS), max_size=5), max_size=3), st.data())
def test_records_replayed_give_the_document_again(
    account: Account, operations: list[list[Step]], data: st.DataObject
) -> None:
    rebuilt = replay(None, Page(account.copy(), created=True).changes, account.updated_ns)
    for index, steps in enumerate(operations):
        page = Page(account)
        for step in steps:
            step(page, data)
        stored: list[Change] = json.loads(json.dumps(page.changes))
        if page.changes:
            account.updated_ns = 1_000 + index
        rebuilt = replay(rebuilt, stored, 1_000 + index)
        assert rebuilt is not None
        assert text(rebuilt) == text(account)


def one() -> Account:
    return Account(AccountKey("t", "1001"), [Balance("b1", BalanceTerms("M", BalanceKind.MONETARY), 5)])


def test_removed_account_is_gone_and_may_come_back() -> None:
    page = Page(one())
    page.move(page.account.balances[0], 1)
    page.remove()
    assert replay(one(), page.changes, 1) is None
    again = replay(None, Page(one(), created=True).changes, 2)
    assert again is not None
    assert again.balances[0].value == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([("value", "b1", -1, 3)], "balance b1: the record moves it by -1 to 3, but replay stands at 5"),
        ([("value", "b2", -1, 4)], "balance b2, which t:1001 does not have"),
        ([("count", "*voice", "*event", "C", "", "", 1, 1)], "counter \\*voice/\\*event/C//"),
        ([("trigger", "G", "1", True, None)], "trigger G/1"),
        ([("balance", {"uuid": "b9", "value": 1, "terms": {"id": "N", "kind": "*sms"}}, 4)], "at place 4 of 1"),
        ([("set", "disabled", "yes")], "sets disabled to 'yes'"),
        ([("sold", 1)], "of no known form"),
    ],
)
def test_record_that_does_not_fit_is_refused(changes: list[Change], message: str) -> None:
    with pytest.raises(ReplayError, match=message):
        replay(one(), changes, 1)


def test_record_of_an_account_that_is_not_there_is_refused() -> None:
    with pytest.raises(ReplayError, match="not there"):
        replay(None, [("value", "b1", -1, 4)], 1)
