"""Selection: who may pay for which call, and who is asked first."""

# ruff: noqa: E501 - tables are as wide as they are

import pytest

from accounts.account import Account
from accounts.book import Page
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from accounts.payer import Payers
from accounts.selection import Selection
from tests.account_scene import TARIFF, account, request, table_rows

ORDERS = table_rows("""
  # | balances | call | in order: units ; money
weight       | A=1(w10) B=1(w20) | | ; B A
creation     | A=1 B=1 C=1 | | ; A B C
creation among weights | A=1(w10) B=1(w20) C=1(w10) D=1(w20) | | ; B D A C
weight below zero | A=1 B=1(w1) | | ; B A
precision before weight | voice:ANY=1s(w30) voice:D49=1s(w20 to:DST_49) voice:D4915=1s(w10 to:DST_4915) | to:4915123 | D4915 D49 ANY ;
kind before generic | generic:G=1 voice:V=1s | | V G ;
weight before kind | generic:G=1(w5) voice:V=1s | | G V ;
other kinds  | sms:S=1 data:D=1 generic:G=1 M=1 | tor:sms | S G ; M
a kind of its own | sms:S=1 generic:G=1 M=1 | tor:fax | G ; M
generic once | generic:G=1 M=1 | tor:generic | G ; M
not a unit   | M=1 generic:G=1 | tor:monetary | G ; M
disabled     | A=1(disabled) B=1 | | ; B
expired at the call's time | A=1(until:2026-11-21T09:59:59) B=1(until:2026-11-21T10:00:00) C=1(until:2026-11-22) | | ; B C
call in the past | A=1(until:2026-11-21) | at:2026-11-20_12:00:00 | ; A
category     | A=1(only:premium) B=1(only:call) C=1(only:!call) D=1(only:!other) | | ; B
any category | A=1(only:premium+call) | cat:premium | ; A
empty ones stay | A=0 B=-1 C=1 | | ; A B C
free subject on money | A=1(subj:*zero1s) B=1 | | ; B
inclusion    | A=1(to:DST_49) B=1(to:DST_44) | to:49123 | ; A
longer prefix of two | A=1(to:DST_49) B=1(to:DST_4915) C=1(to:DST_49+DST_4915) | to:4915123 | ; B C A
excluded     | A=1(to:!DST_49) | to:49123 |  ;
exclusion prevails at its prefix | A=1(to:DST_49+!DST_4915) | to:4915123 |  ;
exclusion only, another number | A=1(to:!DST_4915) B=1 | to:4930123 | ; A B
exclusion only, longer prefix | A=1(to:!DST_49) B=1 | to:4915123 | ; A B          # the longest known prefix decides, as in CGRateS
exclusion only, unknown number | A=1(to:!DST_4915) B=1(w5) | to:7777 | ; B A
inclusion, unknown number | A=1(to:DST_49) | to:7777 |  ;
any          | A=1(to:*any) B=1(to:DST_49) | to:49123 | ; B A
any, unknown number | A=1(to:*any) | to:7777 | ; A
no destination | A=1(to:DST_49) B=1(to:!DST_49) C=1 | to: | ; B C
""")


@pytest.mark.parametrize("row", ORDERS, ids=lambda row: row[0])
def test_order_in_which_balances_are_tried(row: tuple[str, ...]) -> None:
    _, before, call, order = row
    paying = account(before)
    assert paying is not None
    selection = _selected(paying, request(call.split(), "60s" if "tor" not in call else "1"))
    units, money = (order.split(";")[0].split(), order.split(";")[1].split())
    assert [usable.balance.uuid for usable in selection.units] == units
    assert [usable.balance.uuid for usable in selection.money] == money


def test_match_names_what_of_the_number_the_balance_was_agreed_for() -> None:
    paying = account("voice:A=1s(to:DST_49) voice:B=1s(to:!DST_44) voice:C=1s")
    assert paying is not None
    found = {usable.balance.uuid: usable.free_match("49123") for usable in _selected(paying, request([], "1s")).units}
    assert {uuid: (match.prefix, match.destination_id) for uuid, match in found.items()} == {
        "A": ("49", "DST_49"),
        "B": ("49123", "*any"),
        "C": ("49123", "*any"),
    }
    assert {match.plan_id for match in found.values()} == {"*none"}


def _selected(paying: Account, asked: ChargeRequest) -> Selection:
    return Selection(Payers(Page(paying), CalledNumber(TARIFF, asked.destination), asked, 0), asked)
