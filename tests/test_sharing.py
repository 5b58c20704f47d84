"""Sharing: whose balances pay for a member's call, in which order, and what becomes of a member that may not pay."""

# ruff: noqa: E501 - tables are as wide as they are

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import Bound, BoundSide
from accounts.book import AccountsNeeded, Book, Page
from accounts.called_number import CalledNumber
from accounts.charge import NotRefunded, Reached, StoppedBy
from accounts.payer import Payers
from accounts.selection import Selection
from accounts.shared_group import group_key
from accounts.sharing import lot
from tests.account_scene import MINUTE, TARIFF, amount, request, scenes, table_rows
from tests.member_scene import TENANT, Members, key_of, play
from tests.verdict import Verdict

WORKED_EXAMPLES = """
  # | groups | before | call | answer | after | runs
17  | SG_MINE=*mine_random | sg2: OWN=5(w5) SH=0.01(w10 share:SG_MINE) ; sgx: SH=3(share:SG_MINE) | sg2 debit 120s | cost 1.2 rated 120s | sg2: OWN=5 SH=0.01 ; sgx: SH=1.8 | 2*60s@0.6[sgx.SH]
18  | G=*lowest  | a: SH=2(share:G) ; b: SH=1(share:G) ; c: SH=3(share:G) | a max 1200s | 540s | a: SH=2 ; b: SH=1 ; c: SH=3
    |            |  | a debit 180s | cost 1.8 rated 180s | a: SH=0.8 ; b: SH=0.4 ; c: SH=3 | 60s@0.6[b.SH] ; 2*60s@0.6[SH]
    |            |  | a debit 540s | cost 5.4 rated 540s | a: SH=0.2 *default=-1.8 ; b: SH=0.4 ; c: SH=0 | 60s@0.6[SH] ; 5*60s@0.6[c.SH] ; 3*60s@0.6[*default]
18b | G=*highest | a: SH=2(share:G) ; b: SH=1(share:G) ; c: SH=3(share:G) | a debit 180s | cost 1.8 rated 180s | a: SH=2 ; b: SH=1 ; c: SH=1.2 | 3*60s@0.6[c.SH]
    |            |  | a debit 540s | cost 5.4 rated 540s | a: SH=0.2 *default=-1.8 ; b: SH=0.4 ; c: SH=0 | 3*60s@0.6[SH] ; 2*60s@0.6[c.SH] ; 60s@0.6[b.SH] ; 3*60s@0.6[*default]
18c | G=*mine_lowest | a: SH=2(share:G) ; b: SH=1(share:G) ; c: SH=3(share:G) | a debit 180s | cost 1.8 rated 180s | a: SH=0.2 ; b: SH=1 ; c: SH=3 | 3*60s@0.6[SH]
    |            |  | a debit 540s | cost 5.4 rated 540s | a: SH=0.2 *default=-1.8 ; b: SH=0.4 ; c: SH=0 | 60s@0.6[b.SH] ; 5*60s@0.6[c.SH] ; 3*60s@0.6[*default]
"""

SHARED = """
  # | groups | before | call | answer | after | runs
mine highest  | G=*mine_highest | a: SH=1.2(share:G) ; b: SH=3(share:G) | a debit 180s | cost 1.8 rated 180s | a: SH=0 ; b: SH=2.4 | 2*60s@0.6[SH] ; 60s@0.6[b.SH]
its own row   | G=*lowest,a:*highest | a: SH=1(share:G) ; b: SH=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=1 ; b: SH=2.4
              |  |  | b debit 60s | cost 0.6 rated 60s | a: SH=0.4 ; b: SH=2.4
no row        |  | a: SH=1(share:G) ; b: SH=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0.4 ; b: SH=3
not a member  | G=*lowest | a: M=1 ; b: SH=3(share:G) | a debit 120s | cost 1.2 rated 120s | a: M=0.4 *default=-0.6 ; b: SH=3
zero joins    | G=*lowest | a: SH=0(share:G) ; b: SH=3(share:G) | a debit 120s | cost 1.2 rated 120s | a: SH=0 ; b: SH=1.8
below zero joins | G=*lowest | a: SH=-1(share:G) ; b: SH=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=-1 ; b: SH=2.4
expired does not | G=*lowest | a: SH=0(share:G until:2026-11-20) ; b: SH=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0 *default=-0.6 ; b: SH=3
others' unshared | G=*lowest | a: SH=0(share:G) ; b: SH=0.6(share:G) M=9 | a debit 120s | cost 1.2 rated 120s | a: SH=0 *default=-0.6 ; b: SH=0 M=9
own default only | G=*lowest | a: SH=0(share:G) ; b: SH=0(share:G) *default=9 | a debit 60s | cost 0.6 rated 60s | a: SH=0 *default=-0.6 ; b: SH=0 *default=9
in its place  | G=*lowest | a: FIRST=0.6(w20) SH=0(w10 share:G) LAST=9(w5) ; b: SH=0.6(w1 share:G) | a debit 180s | cost 1.8 rated 180s | a: FIRST=0 SH=0 LAST=8.4 ; b: SH=0 | 60s@0.6[FIRST] ; 60s@0.6[b.SH] ; 60s@0.6[LAST]
disabled      | G=*lowest | a: SH=0(share:G) ; off: SH=1(share:G) off ; c: SH=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0 ; off: SH=1 ; c: SH=2.4
disabled balance | G=*lowest | a: SH=0(share:G) ; b: SH=1(share:G disabled) N=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0 ; b: SH=1 N=2.4
its terms count | G=*lowest | a: SH=0(share:G) ; b: X=1(share:G to:DST_44) Y=1(share:G only:premium) Z=1(share:G until:2026-11-20) SH=3(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0 ; b: X=1 Y=1 Z=1 SH=2.4
joined first  | G=*lowest | a: SH=0(share:G) ; b: SH=1(share:G) ; c: SH=1(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0 ; b: SH=0.4 ; c: SH=1
joined first, highest | G=*highest | c: SH=1(share:G) ; b: SH=1(share:G) ; a: SH=0(share:G) | a debit 60s | cost 0.6 rated 60s | c: SH=0.4 ; b: SH=1 ; a: SH=0
one owner's   | G=*lowest | a: X=1(w1 share:G) Y=1(w9 share:G) | a debit 60s | cost 0.6 rated 60s | a: X=1 Y=0.4
swapped       | G=*mine_lowest | a: SH=3(share:G) ; b: SH=1(share:G) ; c: SH=2(share:G) | a debit 480s | cost 4.8 rated 480s | a: SH=0 ; b: SH=1 ; c: SH=0.2 | 5*60s@0.6[SH] ; 3*60s@0.6[c.SH]                           # b c a, then a and b change places
not inserted  | G=*mine_lowest | a: SH=3(share:G) ; b: SH=1(share:G) ; c: SH=2(share:G) | a debit 540s | cost 5.4 rated 540s | a: SH=0 ; b: SH=0.4 ; c: SH=0.2 | 5*60s@0.6[SH] ; 3*60s@0.6[c.SH] ; 60s@0.6[b.SH]
fixed order   | G=*lowest | a: SH=1.2(share:G) ; b: SH=1.8(share:G) | a debit 60s | cost 0.6 rated 60s | a: SH=0.6 ; b: SH=1.8
ascending ids | B=*lowest A=*lowest | a: SH=0(share:B+A) ; b: SH=5(share:B) ; c: SH=0.6(share:A) | a debit 120s | cost 1.2 rated 120s | a: SH=0 ; b: SH=4.4 ; c: SH=0 | 60s@0.6[c.SH] ; 60s@0.6[b.SH]
several of one | G=*lowest | a: X=0(w9 share:G) Y=0.6(w1 share:G) ; b: SH=0.7(share:G) | a debit 180s | cost 1.8 rated 180s | a: X=0 Y=0 *default=-0.6 ; b: SH=0.1 | 60s@0.6[Y] ; 60s@0.6[b.SH] ; 60s@0.6[*default]
units         | G=*lowest | a: voice:V=0s(share:G) M=1 ; b: voice:V=90s(share:G) | a debit 120s | cost 0.6 rated 150s | a: V=0s M=0.4 ; b: V=0s | 90*1s[b.V] ; 60s@0.6[M]
a kind each   | G=*lowest | a: voice:V=0s(share:G) ; b: M=5(share:G) | a debit 60s | cost 0.6 rated 60s | a: V=0s *default=-0.6 ; b: M=5      # a money balance stands for the money of the group, units for its units
kinds by worth | G=*lowest | a: voice:V=0s(share:G) ; b: voice:V=90s(share:G) generic:U=30000000000(share:G) | a debit 60s | cost 0 rated 60s | a: V=0s ; b: V=60s U=0 | 30*1s[b.U] ; 30*1s[b.V]
units here, money there | G=*lowest | a: voice:V=120s(share:G subj:HALF) ; b: M=5(share:H) ; c: M=9(share:G) voice:W=0s(share:G) | a debit 120s deny | nothing | a: V=120s ; b: M=5 ; c: M=9 W=0s
units and money of others | G=*lowest | a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G) | a debit 120s | cost 0.1 rated 120s | a: V=0s M=0 ; b: V=0s ; c: M=4.9 | 2*60s@0.05[b.V+c.M]
units of another, own money | G=*lowest | a: voice:V=0s(share:G) M=5 ; b: voice:V=120s(share:G subj:HALF) | a debit 120s | cost 0.1 rated 120s | a: V=0s M=4.9 ; b: V=0s | 2*60s@0.05[b.V+M]
units of another on own debt | G=*lowest | a: voice:V=0s(share:G) ; b: voice:V=60s(share:G subj:HALF) *default=5 | a debit 60s | cost 0.05 rated 60s | a: V=0s *default=-0.05 ; b: V=0s *default=5 | 60s@0.05[b.V+*default]
fee by another | G=*highest | a: SH=1(share:G) ; b: SH=3(share:G) | a debit 90s cat:cf | cost 1.4 rated 90s | a: SH=1 ; b: SH=1.6 | 0s@0.5[b.SH] 60s@0.6[b.SH] ; 30*1s@0.01[b.SH]
fee apart     | G=*lowest | a: SH=0.5(share:G) ; b: SH=0.6(share:G) | a debit 60s cat:cf | cost 1.1 rated 60s | a: SH=0 ; b: SH=0 | 0s@0.5[SH] ; 60s@0.6[b.SH]
fee in vain   | G=*lowest | a: SH=0.1(share:G) ; b: SH=0.5(share:G) | a debit 60s cat:cf deny | cost 0.5 rated 0s nothing | a: SH=0.1 ; b: SH=0 | 0s@0.5[b.SH]
blocker of another | G=*highest | a: SH=0.5(share:G) N=9 ; b: SH=1(share:G blocker) | a debit 60s | cost 0.6 rated 60s | a: SH=0.5 N=9 ; b: SH=0.4
              |  |  | a debit 60s | BALANCE_BLOCKER | a: SH=0.5 N=9 ; b: SH=0.4
empty blocker of another | G=*lowest | a: SH=5(share:G) ; b: SH=0(share:G blocker) | a debit 60s | BALANCE_BLOCKER | a: SH=5 ; b: SH=0
              |  |  | a max 60s | 0s | a: SH=5 ; b: SH=0
allowed       | G=*lowest | a: SH=0.6(share:G) allow ; b: SH=0.6(share:G) | a maxdebit 180s | cost 1.8 rated 180s | a: SH=0 *default=-0.6 ; b: SH=0
denied        | G=*lowest | a: SH=0.6(share:G) ; b: SH=0.6(share:G) allow | a debit 180s deny | cost 1.2 rated 120s | a: SH=0 ; b: SH=0
most          | G=*lowest | a: SH=0.6(share:G) ; b: SH=0.6(share:G) | a maxdebit 600s | cost 1.2 rated 120s | a: SH=0 ; b: SH=0
rounded on another | G=*lowest | a: SH=0(share:G) ; b: SH=5(share:G) | a debit 7s cat:odd rounding | cost 0.02 rated 7s | a: SH=0 ; b: SH=4.98
rounded below zero | G=*lowest | a: SH=0(share:G) ; b: SH=0.01169(share:G) | a debit 7s cat:odd rounding | cost 0.02 rated 7s | a: SH=0 ; b: SH=-0.00831
dry           | G=*lowest | a: SH=2(share:G) ; b: SH=1(share:G) | a max 300s | 240s | a: SH=2 ; b: SH=1
"""


@pytest.mark.parametrize("scene", scenes(WORKED_EXAMPLES), ids=lambda rows: rows[0][0])
def test_shared_groups_of_the_worked_examples(scene: list[tuple[str, ...]]) -> None:
    play(scene)


@pytest.mark.parametrize("scene", scenes(SHARED), ids=lambda rows: rows[0][0])
def test_members_pay_for_each_other(scene: list[tuple[str, ...]]) -> None:
    play(scene)


ORDERS = table_rows("""
  # | groups | members | in order: units ; money
lowest       | G=*lowest  | a: M=2(share:G) ; b: M=1(share:G) | ; b.M a.M
highest      | G=*highest | a: M=2(share:G) ; b: M=3(share:G) | ; b.M a.M
within a member by weight | G=*lowest | a: M=0(share:G) ; b: X=1(w1 share:G) Y=1(w2 share:G) | ; a.M b.Y b.X
twice        | G=*lowest  | a: X=1(w9 share:G) Y=2(w1 share:G) ; b: M=3(share:G) | ; a.X a.Y b.M a.X a.Y b.M
two groups   | G=*lowest H=*highest | a: M=1(share:H+G) ; b: M=2(share:G) ; c: M=3(share:H) | ; a.M b.M c.M a.M
both lists   | G=*lowest  | a: M=1(share:G) voice:V=1s(share:G) ; b: voice:V=2s(share:G) M=0(share:G) | a.V b.V ; b.M a.M
generic after kind, of each member | G=*highest | a: voice:V=1s(share:G) ; b: generic:U=1000000000(share:G) voice:V=1s(share:G) | a.V b.V b.U ;
not of the other type | G=*lowest | a: sms:S=1(share:G) M=1 ; b: M=1(share:G) | ; a.M
""")


@pytest.mark.parametrize("row", ORDERS, ids=lambda row: row[0])
def test_order_in_which_balances_of_a_group_are_tried(row: tuple[str, ...]) -> None:
    _, groups, members, order = row
    selection = _selected(Members(groups, members))
    units, money = order.split(";")
    assert [usable.balance.uuid for usable in selection.units] == units.split()
    assert [usable.balance.uuid for usable in selection.money] == money.split()


def _selected(members: Members, call_id: str = "") -> Selection:
    book = Book()
    for found in members.accounts.values():
        Page(found, book=book)
    page = book.page(key_of("a"))
    assert page is not None
    asked = request([f"id:{call_id}"] if call_id else [], "60s", key_of("a"))
    return Selection(Payers(page, CalledNumber(TARIFF, asked.destination), asked, 0), asked, members.groups)


def test_chance_is_the_same_through_a_call_and_fair_between_calls() -> None:
    members = Members("G=*random", "a: M=1(share:G) ; b: M=1(share:G) ; c: M=1(share:G)")
    first = {"a.M": 0, "b.M": 0, "c.M": 0}
    for number in range(600):
        orders = [[usable.balance.uuid for usable in _selected(members, f"c{number}").money] for _ in range(2)]
        assert orders[0] == orders[1]
        first[orders[0][0]] += 1
    assert min(first.values()) > 150


def test_caller_is_first_by_chance_of_its_own() -> None:
    members = Members("G=*mine_random", "b: M=1(share:G) ; a: M=1(share:G) ; c: M=1(share:G)")
    orders = {tuple(usable.balance.uuid for usable in _selected(members, f"c{number}").money) for number in range(60)}
    assert orders == {("a.M", "b.M", "c.M"), ("a.M", "c.M", "b.M")}


def test_lot_depends_on_call_group_and_balance() -> None:
    asked, other = request(["id:x"], "1s"), request(["id:y"], "1s")
    lots = {lot(asked, "G", "u"), lot(other, "G", "u"), lot(asked, "H", "u"), lot(asked, "G", "v")}
    assert len(lots) == 4
    assert lot(request([], "1s"), "G", "u") == lot(request([], "9s"), "G", "u")


def test_members_are_asked_for_all_at_once() -> None:
    members = Members("", "a: M=1(share:G+H) ; b: M=1(share:G) ; c: M=1(share:H)")
    page = Page(members.accounts[key_of("a")])
    asked = request([], "60s", key_of("a"))
    payers = Payers(page, CalledNumber(TARIFF, asked.destination), asked, 0)
    rows = (group_key(TENANT, "G"), group_key(TENANT, "H"))
    with pytest.raises(AccountsNeeded) as needed:
        Selection(payers, asked)
    assert needed.value.keys == rows
    for row in rows:
        Page(members.accounts[row], book=page.book)
    with pytest.raises(AccountsNeeded) as needed:
        Selection(payers, asked)
    assert set(needed.value.keys) == {key_of("b"), key_of("c")}


def test_member_without_an_account_is_passed_over() -> None:
    members = Members("G=*lowest", "a: M=0(share:G) ; b: M=1(share:G) ; c: M=2(share:G)")
    del members.accounts[key_of("b")]
    assert members.call("a debit 60s") == "cost 0.6 rated 60s"
    assert members.told() == "a: M=0 ; c: M=1.4"


def test_row_of_a_group_that_is_not_there_leaves_the_caller() -> None:
    members = Members("G=*lowest", "a: M=1(share:G) ; b: M=1(share:G)")
    del members.accounts[group_key(TENANT, "G")]
    assert members.call("a debit 60s") == "cost 0.6 rated 60s"
    assert members.told() == "a: M=0.4 ; b: M=1"


# -- monitors of members


def spent(name: str, uuid: str, value: str) -> Bound:
    return Bound(key_of(name), BoundSide.MIN, amount(value), balance_uuid=uuid)


def test_accounts_that_took_part_are_told() -> None:
    members = Members(
        "G=*lowest", "a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G)"
    )
    bounds = (spent("c", "c.M", "4.9"), spent("a", "a.M", "9"))
    members.call("a debit 120s", bounds, lambda book, reached: Verdict(bounds))
    connected, served = (0, (key_of("a"),)), (2 * MINUTE, (key_of("b"), key_of("c")))
    found = [(pause.used, pause.accounts) for pause in members.pauses]
    assert found == [connected, served]  # a fee of 0 is paid by the first balance that is shared, empty or not


def test_bound_of_an_account_that_takes_no_part_does_not_hold() -> None:
    members = Members("G=*lowest", "a: SH=0(share:G) ; b: SH=1(share:G) ; c: SH=5(share:G)")
    bounds = (spent("c", "c.SH", "4"),)
    members.call("a debit 180s", bounds, lambda book, reached: Verdict(bounds))
    assert [reached.used for reached in members.pauses] == [3 * MINUTE]


DISABLED = table_rows("""
  # | before | bound | who is disabled | answer | after
another     | a: SH=0(share:G) N=9(w0) ; b: SH=1.8(w1 share:G) | b b.SH 1.2 | b | cost 1.8 rated 180s | a: SH=0 N=7.8 ; b: SH=1.2
another, then a third | a: SH=0(share:G) ; b: SH=1.8(share:G) ; c: SH=2(share:G) | b b.SH 1.2 | b | cost 1.8 rated 180s | a: SH=0 ; b: SH=1.2 ; c: SH=0.8
who pays for units | a: voice:V=180s(w9 subj:HALF) M=5(share:G) SH=0(w9 share:G) ; b: SH=1(share:G) | b b.SH 0.95 | b | cost 0.15 rated 180s | a: V=0s M=4.9 SH=0 ; b: SH=0.95
a blocker   | a: SH=0(share:G) N=9(w0) ; b: SH=1.8(w1 share:G blocker) | b b.SH 1.2 | b | cost 1.8 rated 180s | a: SH=0 N=7.8 ; b: SH=1.2
nobody else | a: SH=0(share:G) ; b: SH=1.8(share:G) | b b.SH 1.2 | b | cost 1.8 rated 180s | a: SH=0 *default=-1.2 ; b: SH=1.2
the caller  | a: SH=0(share:G) ; b: SH=1.8(share:G) | b b.SH 1.2 | a | cost 0.6 rated 60s stopped ACCOUNT_DISABLED | a: SH=0 ; b: SH=1.2
""")


@pytest.mark.parametrize("row", DISABLED, ids=lambda row: row[0])
def test_member_that_is_disabled_in_mid_call_pays_no_more(row: tuple[str, ...]) -> None:
    _, before, bound, who, answer, after = row
    members = Members("G=*lowest", before)
    name, uuid, value = bound.split()

    def judge(book: Book, reached: Reached) -> Verdict:
        page = book.page(key_of(who))
        assert page is not None
        page.disable(True)
        return Verdict((), StoppedBy("ACCOUNT_DISABLED", "CAP", "1", "DIS") if who == "a" else None)

    assert members.call("a debit 180s", (spent(name, uuid, value),), judge) == answer
    assert members.told() == after
    assert len(members.pauses) == 1


def test_disabled_member_stays_out_when_it_is_enabled_again() -> None:
    members = Members("G=*lowest", "a: SH=0(share:G) N=9(w0) ; b: SH=5(w1 share:G)")
    bounds = (spent("b", "b.SH", "4.4"), spent("a", "a.N", "8.4"))

    def judge(book: Book, reached: Reached) -> Verdict:
        page = book.page(key_of("b"))
        assert page is not None
        page.disable(not page.account.disabled)
        return Verdict(bounds[1:] if len(members.pauses) == 1 else ())

    assert members.call("a debit 300s", bounds, judge) == "cost 3 rated 300s"
    assert members.told() == "a: SH=0 N=6.6 ; b: SH=4.4"


# -- refunds


def test_refund_goes_back_to_each_member() -> None:
    before = "a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G)"
    members = Members("G=*lowest", before)
    members.call("a debit 120s")
    back = members.refund()
    assert (back.money, back.not_refunded) == (amount("0.1"), ())
    assert members.told() == "a: V=0s M=0 ; b: V=120s ; c: M=5"


def test_fee_and_correction_of_another_member_come_back() -> None:
    members = Members("G=*lowest", "a: SH=0(share:G) ; b: SH=5(share:G)")
    members.call("a debit 7s cat:odd rounding")
    assert members.refund().money == amount("0.02")
    assert members.told() == "a: SH=0 ; b: SH=5"


def test_refund_of_what_a_removed_member_paid_goes_nowhere_else() -> None:
    before = "a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G)"
    members = Members("G=*lowest", before)
    members.call("a debit 120s")
    del members.accounts[key_of("c")]
    back = members.refund()
    assert back.not_refunded == (NotRefunded(0, 2, "M", "account cgrates.org:c is gone"),)
    assert back.money == 0
    assert members.told() == "a: V=0s M=0 ; b: V=120s"


def test_disabled_member_is_refunded() -> None:
    members = Members("G=*lowest", "a: SH=0(share:G) ; b: SH=5(share:G)")
    members.call("a debit 120s")
    members.accounts[key_of("b")].disabled = True
    assert members.refund((1,)).money == amount("0.6")
    assert members.told() == "a: SH=0 ; b: SH=4.4"


# -- what holds for every charge of a group

VALUES = st.sampled_from(["0", "0.3", "0.6", "1.3", "5"])
SHARES = st.sampled_from(
    ["share:G", "share:H", "share:G+H", "w5", "share:G w5", "share:H blocker", "share:G subj:HALF"]
)
BALANCE = st.builds(lambda id, value, terms: f"{id}={value}({terms})", st.sampled_from("MN"), VALUES, SHARES)
VOICE = st.builds(
    lambda seconds, terms: f"voice:V={seconds}s({terms})",
    st.sampled_from([0, 45, 130]), st.sampled_from(["share:G", "share:G subj:HALF", "share:H subj:CFSUB", "w1"]),
)  # fmt: skip
ACCOUNT = st.builds(
    lambda balances: " ".join(balances),
    st.lists(BALANCE | VOICE, max_size=3, unique_by=lambda text: text.partition("=")[0]),
)
FAMILY = st.lists(ACCOUNT, min_size=1, max_size=4).map(
    lambda accounts: " ; ".join(f"{name}: {balances}" for name, balances in zip("abcd", accounts, strict=False))
)
STRATEGIES = st.sampled_from(["G=*lowest", "G=*highest H=*mine_lowest", "", "G=*random H=*highest"])
CALLS = st.builds(
    lambda category, seconds, more: f"{seconds}s cat:{category}{more}",
    st.sampled_from(["call", "cf", "ones", "rg", "rz", "maxf"]), st.integers(1, 400), st.sampled_from(["", " id:c1"]),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(STRATEGIES, FAMILY, st.sampled_from(["debit", "maxdebit"]), CALLS, st.sampled_from(["", " deny"]))
def test_nothing_is_created_or_lost_in_a_group(groups: str, before: str, verb: str, call: str, more: str) -> None:
    members = Members(groups, before)
    values = _values(members)
    answer = members.call(f"a {verb} {call}{more}")
    if members.last is None:
        assert answer.isupper()
        assert _values(members) == values
        return
    money = {uuid: value - values.get(uuid, 0) for uuid, value in _values(members).items() if not uuid.endswith(".V")}
    assert sum(money.values()) == -members.last.cost
    if verb == "maxdebit" or more:
        assert all(value >= min(0, values.get(uuid, 0)) for uuid, value in _values(members).items())
    members.refund()
    left = _values(members)
    assert {uuid: left[uuid] for uuid in values} == values
    assert set(left.values()) - set(values.values()) <= {0}


@settings(max_examples=100, deadline=None)
@given(STRATEGIES, FAMILY, CALLS)
def test_grant_in_a_group_is_what_max_debit_serves(groups: str, before: str, call: str) -> None:
    members = Members(groups, before)
    granted = members.granted(request(call.split()[1:], call.split()[0], key_of("a")))
    members.call(f"a maxdebit {call}")
    assert members.last is not None
    assert getattr(granted, "usage", None) == members.last.granted


def _values(members: Members) -> dict[str, int]:
    return {balance.uuid: balance.value for found in members.accounts.values() for balance in found.balances}
