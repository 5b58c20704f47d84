"""Reservations: what a call holds, who may not spend it meanwhile, and when it is let go."""

# ruff: noqa: E501 - tables are as wide as they are

import pytest

from accounts.account import AccountKey
from accounts.book import Page
from accounts.charge import UNLIMITED, Granted, Increment, MoneyPart, UnitPart
from accounts.document import account_document
from accounts.holding import expire, held_draws
from accounts.replay import replay
from accounts.reservation import Reservation, held_by_others
from accounts.shared_group import Strategy
from tests.account_scene import KEY, MINUTE, account, amount, scenes
from tests.reservation_scene import TENANT, Family, key_of, play_family

HOLDING = """
  # | before | step | answer | holds | after
two calls | 1001: M=2     | 1001/A reserve 120s | 120s | A:M=1.2 | M=2
          |               | 1001/B reserve 600s | 60s | A:M=1.2 B:M=0.6 | M=2
          |               | 1001/C reserve 600s | 0s | A:M=1.2 B:M=0.6 | M=2                    # 0.20 are free: less than a minute
          |               | 1001/C max 600s | 0s | A:M=1.2 B:M=0.6 | M=2
          |               | 1001/C maxdebit 60s | nothing | A:M=1.2 B:M=0.6 | M=2
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:M=0.6 B:M=0.6 | M=1.4
          |               | 1001/B debit 60s | cost 0.6 rated 60s | A:M=0.6 | M=0.8
          |               | 1001/A debit 60s | cost 0.6 rated 60s |  | M=0.2
asked only| 1001: M=2     | 1001/A max 120s | 120s |  | M=2
whole incr| 1001: M=2     | 1001/A reserve 61s | 61s | A:M=1.2 | M=2                                 # the second minute is sold whole
          |               | 1001/A final 61s | cost 1.2 rated 120s |  | M=0.8
fee       | 1001: M=2     | 1001/A reserve 90s cat:cf | 90s | A:M=1.4 | M=2                         # 0.50 + 0.60 + 30 × 0.01
          |               | 1001/B reserve 90s cat:cf | 0s | A:M=1.4 | M=2
          |               | 1001/A debit 60s cat:cf | cost 1.1 rated 60s | A:M=0.3 | M=0.9
          |               | 1001/A final 30s cat:cf | cost 0.3 rated 30s |  | M=0.6
again     | 1001: M=5     | 1001/A reserve 120s | 120s | A:M=1.2 | M=5
          |               | 1001/A reserve 600s | 480s | A:M=4.8 | M=5                                # its own hold is there for it
          |               | 1001/A reserve 60s | 60s | A:M=0.6 | M=5
          |               | 1001/B reserve 600s | 420s | A:M=0.6 B:M=4.2 | M=5
          |               | 1001/A reserve 600s | 60s | A:M=0.6 B:M=4.2 | M=5
nothing   | 1001: M=0.9   | 1001/A reserve 60s | 60s | A:M=0.6 | M=0.9
          |               | 1001/A debit 60s | cost 0.6 rated 60s |  | M=0.3
          |               | 1001/A reserve 60s | 0s |  | M=0.3
dearer    | 1001: M=1.2   | 1001/A reserve 120s | 120s | A:M=1.2 | M=1.2
          |               | 1001/A reserve 120s cat:cf | 70s | A:M=1.2 | M=1.2                         # 0.50 + 0.60 + 10 × 0.01
hang up   | 1001: M=2     | 1001/A reserve 120s | 120s | A:M=1.2 | M=2
          |               | 1001/A final 0s | cost 0 rated 0s |  | M=2                            # the far end did not answer
short call| 1001: M=2     | 1001/A reserve 120s | 120s | A:M=1.2 | M=2
          |               | 1001/A final 30s | cost 0.6 rated 60s |  | M=1.4
taken away| 1001: M=2     | 1001/A reserve 120s | 120s | A:M=1.2 | M=2
          |               | 1001/A top M -2 |  | A:M=1.2 | M=0                                  # an operator takes what is held
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:M=1.2 | M=0 new1=-0.6                          # the call owes it
beyond    | 1001: M=2     | 1001/A reserve 60s | 60s | A:M=0.6 | M=2
          |               | 1001/B reserve 60s | 60s | A:M=0.6 B:M=0.6 | M=2
          |               | 1001/A debit 180s deny | cost 1.2 rated 120s | B:M=0.6 | M=0.8             # B's minute stays B's
          |               | 1001/A debit 60s deny | nothing | B:M=0.6 | M=0.8
expiry    | 1001: M=1.2   | 1001/A reserve 120s life:60s | 120s | A:M=1.2 | M=1.2
          |               | wait 59s |  | A:M=1.2 | M=1.2
          |               | 1001/B max 120s | 0s | A:M=1.2 | M=1.2
          |               | wait 1s |  | A:M=1.2 | M=1.2
          |               | 1001/B reserve 60s | 60s | A:M=1.2 B:M=0.6 | M=1.2                            # expired: it holds nothing, swept or not
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:M=1.2 B:M=0.6 | M=0.6
          |               | sweep |  | B:M=0.6 | M=0.6
refund    | 1001: M=2     | 1001/A reserve 180s | 180s | A:M=1.8 | M=2
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:M=1.2 | M=1.4
          |               | 1001/A refund |  |  | M=2
top-up    | 1001: M=2 N=0(w20) | 1001/A reserve 120s | 120s | A:M=1.2 | M=2 N=0
          |               | 1001 top N 1 |  | A:M=1.2 | M=2 N=1
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:M=1.2 | M=2 N=0.4             # the heavier one pays; what is held of M stays held
          |               | 1001/A final 60s | cost 0.6 rated 60s |  | M=1.4 N=0.4
units     | 1001: voice:V=65s M=2 | 1001/A reserve 180s | 180s | A:V=65s A:M=1.2 | V=65s M=2
          |               | 1001/B reserve 180s | 60s | A:V=65s A:M=1.2 B:M=0.6 | V=65s M=2
          |               | 1001/A debit 65s | cost 0 rated 65s | A:M=1.2 B:M=0.6 | V=0s M=2
          |               | 1001/A debit 115s | cost 1.2 rated 120s | B:M=0.6 | V=0s M=0.8
unit+money| 1001: voice:V=300s(subj:HALF) M=0.1 | 1001/A reserve 60s | 60s | A:V=60s A:M=0.05 | V=300s M=0.1
          |               | 1001/B reserve 300s | 60s | A:V=60s A:M=0.05 B:V=60s B:M=0.05 | V=300s M=0.1
free      | 1001: M=0     | 1001/A reserve 60s subject:FREE | 60s |  | M=0
post-paid | 1001: allow M=1 | 1001/A reserve 600s | unlimited |  | M=1
by type   | 1001: M=1     | 1001/A reserve 600s type:postpaid | 600s |  | M=1
          |               | 1001/B reserve 600s type:pseudoprepaid | 60s | B:M=0.6 | M=1
too dear  | 1001: M=5     | 1001/A reserve 120s cat:rg maxrate:0.4/60s | 0s |  | M=5
          |               | 1001/A reserve 120s cat:rg maxrate:0.6/60s | 120s | A:M=0.9 | M=5
blocker   | 1001: B=0.7(w20,blocker) M=5 | 1001/A reserve 60s | 60s | A:B=0.6 | B=0.7 M=5
          |               | 1001/B debit 60s | BALANCE_BLOCKER | A:B=0.6 | B=0.7 M=5
          |               | 1001/A debit 60s | cost 0.6 rated 60s |  | B=0.1 M=5
gives     | 1001: M=0     | 1001/A reserve 120s cat:neg | 0s |  | M=0                                         # an empty balance is not asked
          | 1001: M=0.5   | 1001/A reserve 60s cat:negfee | 60s | A:M=0.1 | M=0.5                              # -0.50 and then 0.60
plain debt| 1001: M=1     | 1001/A reserve 60s | 60s | A:M=0.6 | M=1
          |               | 1001/B debit 60s | cost 0.6 rated 60s | A:M=0.6 | M=1 new1=-0.6      # a plain debit books what was served
          |               | 1001/A final 60s | cost 0.6 rated 60s |  | M=0.4 new1=-0.6
no call   | 1001: M=1     | 1001/A reserve 60s | 60s | A:M=0.6 | M=1
          |               | 1001/ debit 60s deny | nothing | A:M=0.6 | M=1
window    | 1003: voice:V=300s(on:MORNING) | 1003/A reserve 120s at:2026-11-21T11:59:30 | 120s | A:V=120s | V=300s
          |               | 1003/A debit 60s at:2026-11-21T11:59:30 | cost 0 rated 60s | A:V=60s | V=240s
          |               | 1003/A max 60s at:2026-11-21T11:59:30 | 0s | A:V=60s | V=240s                       # past noon: no more of it
          |               | 1003/A debit 60s at:2026-11-21T11:59:30 | cost 0 rated 60s |  | V=180s                # but what was granted
          |               | 1003/A debit 60s at:2026-11-21T11:59:30 | cost 0.6 rated 60s |  | V=180s new1=-0.6
priced units | 1003: voice:V=1s(w5) voice:W=60s(w9,subj:HALF) | 1003/A reserve 600s | 1s | A:V=1s | V=1s W=60s
          |               | 1003/B debit 60s cat:call | cost 0.05 rated 60s | A:V=1s | V=1s W=0s new1=-0.05   # nobody has their price
          |               | 1003/A debit 1s | cost 0 rated 1s |  | V=0s W=0s new1=-0.05
as granted | 1003: voice:V=1s(w5) voice:W=60s(w9,subj:HALF) | 1003/A reserve 600s | 1s | A:V=1s | V=1s W=60s
          |               | 1003/A debit 1s | cost 0 rated 1s |  | V=0s W=60s             # W is heavier, and would owe its price
          |               | 1003/A debit 60s | cost 0.05 rated 60s |  | V=0s W=0s new1=-0.05
beyond    | 1003: voice:V=1s(w5) voice:W=60s(w9,subj:HALF) | 1003/A reserve 600s | 1s | A:V=1s | V=1s W=60s
          |               | 1003/A debit 61s | cost 0.05 rated 61s |  | V=0s W=0s new1=-0.05
"""

SHARED = """
  # | before | step | answer | holds | after
member    | 1001: X=0(share:FAM); 1002: Y=2(share:FAM) | 1001/A reserve 120s | 120s | A:Y=1.2 | X=0 Y=2
          |               | 1002/B reserve 600s | 60s | A:Y=1.2 B:Y=0.6 | X=0 Y=2
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:Y=0.6 B:Y=0.6 | X=0 Y=1.4
          |               | 1002/B final 60s | cost 0.6 rated 60s | A:Y=0.6 | X=0 Y=0.8
          |               | 1001/A final 0s | cost 0 rated 0s |  | X=0 Y=0.8
both      | 1001: X=0.6(share:FAM); 1002: Y=2(share:FAM) | 1001/A reserve 180s | 180s | A:X=0.6 A:Y=1.2 | X=0.6 Y=2
          |               | 1002/B reserve 600s | 60s | A:X=0.6 A:Y=1.2 B:Y=0.6 | X=0.6 Y=2
          |               | 1001/A debit 60s | cost 0.6 rated 60s | A:Y=1.2 B:Y=0.6 | X=0 Y=2
          |               | 1001/A reserve 60s | 60s | A:Y=0.6 B:Y=0.6 | X=0 Y=2
          |               | 1001/A refund |  | B:Y=0.6 | X=0.6 Y=2
expiry    | 1001: X=0(share:FAM); 1002: Y=2(share:FAM) | 1001/A reserve 120s life:10s | 120s | A:Y=1.2 | X=0 Y=2
          |               | wait 10s |  | A:Y=1.2 | X=0 Y=2
          |               | sweep |  |  | X=0 Y=2
moves away| 1001: X=2(w1) Z=0(w9,share:FAM); 1002: Y=2(share:FAM) | 1001/A reserve 120s | 120s | A:Y=1.2 | X=2 Z=0 Y=2
          |               | 1001 top Z 5 |  | A:Y=1.2 | X=2 Z=5 Y=2
          |               | 1001/A reserve 120s | 120s | A:Z=1.2 | X=2 Z=5 Y=2                            # what 1002 gave is let go
"""

REQUEST_TYPES = """
  # | before | step | answer | holds | after
prepaid   | 1001: M=1.5   | 1001/A maxdebit 600s type:prepaid | cost 1.2 rated 120s |  | M=0.3
pseudo    | 1001: M=1.5   | 1001/A maxdebit 600s type:pseudoprepaid | cost 0 rated 0s granted 120s |  | M=1.5
          |               | 1001/A debit 600s type:pseudoprepaid | cost 0 rated 0s granted 120s |  | M=1.5
          |               | 1001/A final 180s type:pseudoprepaid | cost 1.8 rated 180s |  | M=0.3 new1=-0.6
          |               | 1001/B max 600s type:pseudoprepaid | 0s |  | M=0.3 new1=-0.6
          |               | 1001/B maxdebit 60s type:pseudoprepaid | nothing |  | M=0.3 new1=-0.6
all       | 1001: M=1.5   | 1001/A maxdebit 600s type:pseudoprepaid force | CREDIT_EXHAUSTED |  | M=1.5
          |               | 1001/A maxdebit 60s type:pseudoprepaid force | cost 0 rated 0s granted 60s |  | M=1.5
post      | 1001: M=1.5   | 1001/A max 600s type:postpaid | 600s |  | M=1.5
          |               | 1001/A maxdebit 600s type:postpaid | cost 0 rated 0s granted 600s |  | M=1.5
          |               | 1001/A debit 300s type:postpaid | cost 0 rated 0s granted 300s |  | M=1.5
          |               | 1001/A final 180s type:postpaid | cost 1.8 rated 180s |  | M=0.3 new1=-0.6
unlimited | 1001: allow M=1 | 1001/A max 600s type:postpaid | 600s |  | M=1
          |               | 1001/A maxdebit 600s type:pseudoprepaid | cost 0 rated 0s granted 600s |  | M=1
unrated   | 1001: M=1     | 1001/A maxdebit 60s type:pseudoprepaid cat:germany to:4412 | DESTINATION_UNRATED |  | M=1
          |               | 1001/A maxdebit 60s type:postpaid cat:germany to:4412 | cost 0 rated 0s granted 60s |  | M=1
early     | 1001: M=1     | 1001/A maxdebit 96h type:postpaid | USAGE_TOO_LONG |  | M=1
"""

LOWEST_FIRST = """
  # | before | step | answer | holds | after
order     | 1001: X=1.1(share:FAM); 1002: Y=0.6(share:FAM) | 1002/P reserve 60s | 60s | P:Y=0.6 | X=1.1 Y=0.6
          |               | 1002 top Y 1.2 |  | P:Y=0.6 | X=1.1 Y=1.8
          |               | 1001/Q reserve 120s cat:feemin | 120s | P:Y=0.6 Q:X=1.1 Q:Y=0.6 | X=1.1 Y=1.8          # fee and a minute of X, a minute of Y
          |               | 1002/R maxdebit 60s | cost 0.6 rated 60s | P:Y=0.6 Q:X=1.1 Q:Y=0.6 | X=1.1 Y=1.2
          |               | 1001/Q final 120s cat:feemin | cost 1.7 rated 120s | P:Y=0.6 | X=0 Y=0.6              # though Y is the lower one by now
"""


@pytest.mark.parametrize("scene", scenes(HOLDING), ids=lambda rows: rows[0][0])
def test_a_call_holds_what_it_was_granted(scene: list[tuple[str, ...]]) -> None:
    play_family(scene)


@pytest.mark.parametrize("scene", scenes(SHARED), ids=lambda rows: rows[0][0])
def test_a_call_holds_balances_of_other_members(scene: list[tuple[str, ...]]) -> None:
    play_family(scene)


@pytest.mark.parametrize("scene", scenes(REQUEST_TYPES), ids=lambda rows: rows[0][0])
def test_a_request_type_says_when_a_call_is_charged(scene: list[tuple[str, ...]]) -> None:
    play_family(scene)


@pytest.mark.parametrize("scene", scenes(LOWEST_FIRST), ids=lambda rows: rows[0][0])
def test_what_is_reserved_pays_in_the_order_in_which_it_was_granted(scene: list[tuple[str, ...]]) -> None:
    play_family(scene, Strategy.LOWEST)


def test_the_owner_names_the_others_and_only_there() -> None:
    family = Family("1001: X=0.6(share:FAM); 1002: Y=2(share:FAM)")
    family.step("1001/A reserve 180s")
    own, other = (family.accounts[key_of(name)].reservations for name in ("1001", "1002"))
    assert [(r.call, r.others, r.granted) for r in own] == [(("1001", "sw", "A"), ("1002",), 3 * MINUTE)]
    assert [(r.call, r.others, r.granted) for r in other] == [(("1001", "sw", "A"), (), 3 * MINUTE)]
    family.step("1001/A debit 60s")
    (left,) = family.accounts[key_of("1001")].reservations
    assert (left.held, left.others) == ({}, ("1002",))
    family.step("1001/A debit 120s")
    assert not family.accounts[key_of("1001")].reservations


def test_calls_of_one_name_on_two_switches_hold_apart() -> None:
    reservations = [
        Reservation("1001", "sw1", "A", 100, {"M": 5}),
        Reservation("1001", "sw2", "A", 100, {"M": 7, "N": 1}),
        Reservation("1002", "sw1", "A", 100, {"M": 11}),
        Reservation("1001", "sw1", "B", 50, {"M": 13}),
    ]
    assert held_by_others(reservations, ("1001", "sw1", "A"), 49) == {"M": 31, "N": 1}
    assert held_by_others(reservations, ("1001", "sw1", "A"), 50) == {"M": 18, "N": 1}
    assert held_by_others(reservations, None, 100) == {}


def _run(duration: int, cost: str, count: int, money: str = "M", unit: str = "", payer: AccountKey = KEY) -> Increment:
    part = UnitPart(unit, unit, duration, "1", 0) if unit else None
    return Increment(duration, amount(cost), count, payer, part, MoneyPart(money, money, 0) if money else None)


def test_what_is_held_ends_with_the_grant() -> None:
    runs = (_run(0, "0.5", 1), _run(60, "0.6", 2), _run(1, "0.01", 600, money="N"))
    assert held_draws(Granted(59, None, runs)) == {KEY: {"M": amount("1.1")}}
    assert held_draws(Granted(120, None, runs)) == {KEY: {"M": amount("1.7")}}
    assert held_draws(Granted(150, None, runs)) == {KEY: {"M": amount("1.7"), "N": amount("0.3")}}
    assert held_draws(Granted(0, None, runs)) == {}
    assert held_draws(Granted(UNLIMITED, None, runs)) == {}


def test_a_balance_is_held_for_the_most_that_a_call_owes_it_at_a_time() -> None:
    runs = (_run(60, "0.6", 2), _run(60, "-0.4", 2), _run(60, "0.1", 1))
    assert held_draws(Granted(300, None, runs)) == {KEY: {"M": amount("1.2")}}
    assert held_draws(Granted(60, None, (_run(60, "-0.4", 1),))) == {}


def test_units_and_the_money_beside_them_may_be_of_two_accounts() -> None:
    other = AccountKey(TENANT, "1002")
    increment = Increment(60, 5, 2, other, UnitPart("V", "V", 60, "1", 0), MoneyPart("M", "M", 0, KEY))
    assert held_draws(Granted(120, None, (increment,))) == {other: {"V": 120}, KEY: {"M": 10}}


def test_what_is_held_and_let_go_is_on_record() -> None:
    before = account("M=2")
    assert before is not None
    page = Page(before.copy())
    first = Reservation(KEY.account, "sw", "A", 10, {"M": 5}, tor="*sms")
    page.reserve(first)
    page.reserve(Reservation(KEY.account, "sw", "B", 20, {"M": 6}))
    expire(page, 10)
    assert [reservation.call_id for reservation in page.account.reservations] == ["B"]
    rebuilt = replay(before, page.changes, before.updated_ns)
    assert rebuilt is not None
    assert account_document(rebuilt) == account_document(page.account)
