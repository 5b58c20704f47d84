"""Transfers: what moves between balances and accounts, what is refused, and whose monitors look."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import AccountKey
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from accounts.reservation import Reservation
from actions.action import Action, ActionType
from actions.context import OpenCall
from actions.outside import Disconnect, LogLine
from tests.action_scene import SATURDAY_TEN, amount, book
from tests.table import table
from tests.town_scene import Town

TO_DB = '{"DestinationAccountID":"cgrates.org:XD","DestinationBalanceID":"DB"}'
SETS = f"""
    MOVE3    do=*transfer_balance id=MON units=3 extra={TO_DB}
    MOVE0.5  do=*transfer_balance id=MON units=0.5 extra={TO_DB}
    BACK2    do=*transfer_balance id=MON units=-2 extra={TO_DB}
    NOTHING  do=*transfer_balance id=MON extra={TO_DB}
    MONEY    do=*transfer_balance id=MON type=*monetary units=1 extra={TO_DB}
    VOICE    do=*transfer_balance id=V type=*voice units=30s extra={TO_DB}
    ANYKIND  do=*transfer_balance id=V units=30000000000 extra={TO_DB}
    OTHER    do=*transfer_balance id=MON type=*voice units=3s extra={TO_DB}
    OWED     do=*transfer_balance id=*default units=3 extra={TO_DB}
    WHERE    do=*transfer_balance units=3 extra={TO_DB}
    FINE     do=*transfer_balance id=MON units=0.123456789 extra={TO_DB}
    TOFIVE   do=*transfer_balance id=MON extra={TO_DB[:-1]},"DestinationReferenceValue":5}}
    TOZERO   do=*transfer_balance id=MON units=9 extra={TO_DB[:-1]},"DestinationReferenceValue":0}}
    TOMIN    do=*transfer_balance id=V extra={TO_DB[:-1]},"DestinationReferenceValue":60000000000}}
    NEWBAL   do=*transfer_balance id=MON units=3 extra={TO_DB.replace("DB", "FRESH")}
    HOME     do=*transfer_balance id=MON units=3 extra={TO_DB.replace("XD", "a8").replace('"DB"', '"POT"')}
    NOBODY   do=*transfer_balance id=MON units=3 extra={TO_DB.replace("XD", "X0")}
    ABROAD   do=*transfer_balance id=MON units=3 extra={TO_DB.replace("cgrates.org", "o.org")}
    TWICE    do=*transfer_balance id=MON units=3 w=20 extra={TO_DB}
    TWICE    do=*transfer_balance id=MON units=8 w=10 extra={TO_DB}
    GONE     do=*remove_account extra={{"Account":"XD"}} w=20
    GONE     do=*transfer_balance id=MON units=3 w=10 extra={TO_DB}
    ENDED    do=*set_expiry id=MON expiry=-1h w=20
    ENDED    do=*transfer_balance id=MON units=3 w=10 extra={TO_DB}
    PAST     do=*set_expiry id=DB expiry=-1h
    BONUS    do=*topup id=BONUS type=*monetary units=1
    OFF      do=*disable_account
    TELL     do=*log
    CUT      do=*force_disconnect_sessions
    GIVE     do=*transfer_balance id=DB units=1 extra={TO_DB.replace("XD", "a8").replace('"DB"', '"MON"')}
"""
BOOK = book(SETS)


@table("""
    before                        | set     | after
    a8: MON=10; XD: DB=1          | MOVE3   | a8: MON=7; XD: DB=4           # X 39b
    a8: MON=7; XD: DB=4           | MOVE3   | a8: MON=4; XD: DB=7
    a8: MON=4; XD: DB=7           | MOVE3   | a8: MON=1; XD: DB=10
    a8: MON=1; XD: DB=10          | MOVE3   | a8: MON=1; XD: DB=10          # the fourth is refused
    a8: MON=1; XD: DB=10          | MOVE0.5 | a8: MON=0.5; XD: DB=10.5
    a8: MON=3; XD: DB=1           | MOVE3   | a8: MON=0; XD: DB=4           # all there is
    a8: MON=10; XD: DB=1          | BACK2   | a8: MON=12; XD: DB=-1         # an amount below zero comes back
    a8: MON=10; XD: DB=1          | TOFIVE  | a8: MON=6; XD: DB=5
    a8: MON=10; XD: DB=7          | TOFIVE  | a8: MON=12; XD: DB=5          # two come back
    a8: MON=10; XD: X=7           | TOFIVE  | a8: MON=5; XD: X=7 DB=5
    a8: MON=10; XD: DB=5          | TOFIVE  | a8: MON=10; XD: DB=5          # nothing to do is an error
    a8: MON=10; XD: DB=7          | TOZERO  | a8: MON=17; XD: DB=0          # the reference prevails over units
    a8: V=90s; XD: DB=20s         | TOMIN   | a8: V=50000000000; XD: DB=60000000000
    a8: MON=10; XD: DB=1          | NEWBAL  | a8: MON=7; XD: DB=1 FRESH=3
    a8: MON=10 POT=1; XD: DB=1    | HOME    | a8: MON=7 POT=4; XD: DB=1     # within the account
    a8: MON=10; XD: DB=1          | HOME    | a8: MON=7 POT=3; XD: DB=1
    a8: V=90s; XD: DB=1           | VOICE   | a8: V=60000000000; XD: DB=1 DB=30000000000  # balances of one kind only
    a8: V=90s; XD: DB=10s         | ANYKIND | a8: V=60000000000; XD: DB=40000000000
    a8: MON=10; XD: DB=1          | MONEY   | a8: MON=9; XD: DB=2
    a8: MON=10; XD: DB=1          | FINE    | a8: MON=9.87654; XD: DB=1.12346
    a8: *default=1; XD: DB=1      | OWED    | a8: *default=-2; XD: DB=4     # *default may owe
    a8: MON=10; XD: DB=1          | TWICE   | a8: MON=10; XD: DB=1          # both sides of both are undone
    a8: MON=10; XD: DB=1          | GONE    | a8: MON=10; XD: DB=1
    a8: MON=10; XD: DB=1          | ENDED   | a8: MON=10; XD: DB=1
""")
def test_a_transfer_moves_what_one_side_has(before: str, set: str, after: str) -> None:
    town = Town(BOOK, before)
    total = town.total()
    town.run("a8", set)
    assert (town.told(), town.total()) == (after, total)


@table("""
    before               | set     | cause
    a8: MON=2; XD: DB=1  | MOVE3   | balance MON has 2 to give, and 3 are to be transferred
    a8: V=20s; XD: DB=1  | VOICE   | balance V has 20000000000 ns to give, and 30000000000 ns are to be transferred
    a8: MON=9; XD: DB=1  | NOTHING | there is nothing to transfer: its amount is missing or 0
    a8: MON=9; XD: DB=5  | TOFIVE  | there is nothing to transfer: its amount is missing or 0
    a8: X=9; XD: DB=1    | MOVE3   | the account has no balance MON to take from
    a8: MON=9; XD: DB=1  | OTHER   | the account has no balance MON to take from
    a8: MON=9; XD: DB=1  | WHERE   | it names no balance to take from
    a8: MON=9; XD: DB=1  | NOBODY  | there is no account cgrates.org:X0 to transfer to
    a8: MON=9; XD: DB=1  | GONE    | there is no account cgrates.org:XD to transfer to
    a8: MON=9; XD: DB=1  | ENDED   | balance MON has expired
    a8: MON=9; o.org:XD: D=1 | ABROAD | account o.org:XD is another tenant's; a transfer stays within cgrates.org
""")
def test_a_transfer_that_cannot_be_says_why(before: str, set: str, cause: str) -> None:
    town = Town(BOOK, before).run("a8", set)
    assert town.refused == f"*transfer_balance of {set}: {cause}"


def test_all_accounts_of_a_set_are_asked_for_at_once() -> None:
    """An operation begins again for each time it asks; forty commissions are no forty begins."""
    names = [f"c{number}" for number in range(40)]
    actions = [
        Action(
            "",
            ActionType.TRANSFER_BALANCE,
            extra=TO_DB.replace("XD", name),
            filter=BalanceFilter(id="MON"),
            units=amount("0.25"),
        )
        for name in names
    ]
    town = Town(BOOK, "; ".join(["a8: MON=10", *(f"{name}: DB=1" for name in names)])).run("a8", actions)
    assert town.told() == "; ".join(["a8: MON=0", *(f"{name}: DB=1.25" for name in names)])
    assert town.begins == 2


def test_an_expired_balance_gets_nothing() -> None:
    town = Town(BOOK, "a8: MON=9; XD: DB=1").run("XD", "PAST").run("a8", "MOVE3")
    assert town.refused.endswith("balance DB has expired")


def test_what_a_call_holds_cannot_be_given_away() -> None:
    town = Town(BOOK, "a8: MON=4; XD: DB=1")
    held = Reservation("a8", "sw1", "c1", SATURDAY_TEN + 1, {"u-MON": amount("1.2")})
    town.accounts[AccountKey("cgrates.org", "a8")].reservations = (held,)
    town.run("a8", "MOVE3")
    assert town.refused.endswith("balance MON has 2.8 to give, and 3 are to be transferred")
    town.context = replace(town.context, now_ns=SATURDAY_TEN + 1)
    assert town.run("a8", "MOVE3").told() == "a8: MON=1; XD: DB=4"


MONITORS = """
    LOW    uid=LOW  on=*min_balance at=7 type=*monetary run=OFF
    LOWM   uid=LOWM on=*min_balance at=7 type=*monetary id=MON run=OFF
    LOWX   uid=LOWX on=*min_balance at=7 type=*monetary id=X run=OFF
    HIGH   uid=HIGH on=*max_balance at=4 type=*monetary run=BONUS
    HIGHDB uid=HIGHDB on=*max_balance at=4 type=*monetary id=DB run=BONUS
    HIGHV  uid=HIGHV on=*max_balance at=4 type=*voice run=BONUS
    GIVE   uid=GIVE on=*max_balance at=2 type=*monetary id=DB recurrent=true run=GIVE
    PASS   uid=PASS on=*min_balance at=9 type=*monetary id=MON recurrent=true run=MOVE3
    TELL   uid=TELL on=*max_balance at=4 type=*monetary run=TELL
    CUT    uid=CUT on=*max_balance at=4 type=*monetary run=CUT
"""


@table("""
    a8   | xd     | after
    LOW  |        | a8: MON=7 disabled fired:LOW; XD: DB=4
    LOWM |        | a8: MON=7 disabled fired:LOWM; XD: DB=4
    LOWX |        | a8: MON=7; XD: DB=4                               # of another balance
         | HIGH   | a8: MON=7; XD: DB=4 BONUS=1 fired:HIGH
         | HIGHDB | a8: MON=7; XD: DB=4 BONUS=1 fired:HIGHDB
         | HIGHV  | a8: MON=7; XD: DB=4                               # of another kind
    LOW  | HIGH   | a8: MON=7 disabled fired:LOW; XD: DB=4 BONUS=1 fired:HIGH
    LOW  | GIVE   | a8: MON=8; XD: DB=3                               # XD gives one back before a8 is looked at
    PASS | GIVE   | a8: MON=3; XD: DB=8                               # four transfers more, and an end to it
""")
def test_both_sides_of_a_transfer_are_watched(a8: str, xd: str, after: str) -> None:
    town = Town(book(SETS, MONITORS), "a8: MON=10; XD: DB=1")
    for name, group in (("a8", a8), ("XD", xd)):
        if group:
            town.attach(name, group)
    town.run("a8", "MOVE3")
    assert town.told() == after


def test_the_other_side_of_a_monitors_transfer_is_watched() -> None:
    """A monitor of a8 passes on what a8 has; XD is another account, and its monitors look."""
    town = Town(book(SETS, MONITORS), "a8: MON=9.5; XD: DB=1").attach("a8", "PASS").attach("XD", "HIGH")
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="MON")
    town.run("a8", [Action("", ActionType.DEBIT, filter=filter, units=amount("0.5"))])
    assert town.told() == "a8: MON=6; XD: DB=4 BONUS=1 fired:HIGH"


def test_the_other_side_is_told_with_its_own_account_and_calls() -> None:
    town = Town(book(SETS, MONITORS), "a8: MON=10; XD: DB=1").attach("XD", "TELL").attach("XD", "CUT")
    town.context = replace(
        town.context,
        open_calls=[OpenCall("own", "sw1")],
        calls_of={AccountKey("cgrates.org", "XD"): [OpenCall("theirs", "sw1")]},
    )
    town.run("a8", "MOVE3")
    line, cut = town.outside
    assert isinstance(line, LogLine)
    assert isinstance(cut, Disconnect)
    assert (line.fields["account"], cut.call_id) == ("XD", "theirs")


@pytest.mark.parametrize("extra", ["", '{"Account":"a8"}', '{"Tenant":"cgrates.org","Account":""}'])
def test_an_account_is_removed(extra: str) -> None:
    town = Town(BOOK, "a8: MON=10; XD: DB=1").run("a8", [Action("", ActionType.REMOVE_ACCOUNT, extra=extra)])
    assert town.told() == "XD: DB=1"


def test_another_account_is_removed_and_one_that_is_not_there_is_as_good_as_removed() -> None:
    town = Town(BOOK, "a8: MON=10; XD: DB=1; other.org:X1: M=1")
    remove = Action("", ActionType.REMOVE_ACCOUNT, extra='{"Account":"XD"}')
    assert town.run("a8", [remove, remove]).told() == "a8: MON=10; X1: M=1"
    assert town.run("a8", [remove]).refused == ""
    town.run("a8", [replace(remove, extra='{"Tenant":"other.org","Account":"X1"}')])
    assert town.refused.endswith("account other.org:X1 is another tenant's, and cgrates.org:a8 may not remove it")
    assert town.told() == "a8: MON=10; X1: M=1"


def test_a_removal_is_undone_with_its_set() -> None:
    bad = Action("", ActionType.CGR_RPC)
    gone = Action("", ActionType.REMOVE_ACCOUNT, Decimal(9))
    late = Action("", ActionType.REMOVE_BALANCE, filter=BalanceFilter(id="NONE"))
    for failing in (bad, late):
        town = Town(BOOK, "a8: MON=10; XD: DB=1").run("a8", [gone, failing])
        assert town.refused
        assert town.told() == "a8: MON=10; XD: DB=1"


NAMES = st.sampled_from(["a8", "XD", "X2"])
IDS = st.sampled_from(["MON", "DB", "*default", "NEW"])


@st.composite
def transfers(draw: st.DrawFn) -> Action:
    target = f'"DestinationAccountID":"cgrates.org:{draw(NAMES)}","DestinationBalanceID":"{draw(IDS)}"'
    reference = draw(st.none() | st.integers(-5, 20))
    extra = target if reference is None else f'{target},"DestinationReferenceValue":{reference}'
    return Action(
        "",
        ActionType.TRANSFER_BALANCE,
        extra=f"{{{extra}}}",
        filter=BalanceFilter(id=draw(IDS)),
        units=draw(st.none() | st.integers(-(10**10), 10**10)),
    )


@given(st.lists(st.tuples(NAMES, st.lists(transfers(), max_size=3)), max_size=6))
@settings(max_examples=150, deadline=None)
def test_transfers_conserve_what_there_is(sets: list[tuple[str, list[Action]]]) -> None:
    """The town looks that a set which failed has left every account as it was, and that records rebuild them."""
    monitored = book(SETS, MONITORS)
    town = Town(monitored, "a8: MON=10 *default=0; XD: DB=8; X2: NEW=3 MON=2").attach("a8", "PASS").attach("XD", "GIVE")
    total = town.total()
    for name, actions in sets:
        town.run(name, actions)
        assert town.total() == total


CHANGES = st.builds(
    Action,
    actions_id=st.just(""),
    type=st.sampled_from(
        [
            ActionType.TOPUP, ActionType.DEBIT_RESET, ActionType.SET_BALANCE, ActionType.SET_EXPIRY,
            ActionType.RESET_ACCOUNT, ActionType.TRANSFER_MONETARY_DEFAULT, ActionType.DISABLE_ACCOUNT,
            ActionType.SET_RECURRENT, ActionType.RESET_TRIGGERS, ActionType.CDRLOG,
        ]
    ),
    weight=st.integers(0, 3).map(Decimal),
    filter=st.builds(BalanceFilter, kind=st.just(BalanceKind.MONETARY), id=IDS),
    units=st.integers(-(10**11), 10**11),
)  # fmt: skip
REMOVALS = st.sampled_from(["", '{"Account":"XD"}', '{"Account":"X2"}']).map(
    lambda extra: Action("", ActionType.REMOVE_ACCOUNT, Decimal(-1), extra=extra)
)


@given(st.lists(transfers() | CHANGES, max_size=5), st.none() | REMOVALS)
@settings(max_examples=150, deadline=None)
def test_a_set_that_fails_at_its_end_leaves_every_account_as_it_was(actions: list[Action], last: Action | None) -> None:
    """The town compares the documents of all accounts that the set had before it, byte for byte."""
    town = Town(book(SETS, MONITORS), "a8: MON=10 *default=0; XD: DB=8; X2: NEW=3").attach("a8", "PASS")
    town.attach("XD", "GIVE").attach("X2", "LOW")
    before = town.told()
    failing = Action("", ActionType.REMOVE_BALANCE, Decimal(-2), filter=BalanceFilter(id="NONE"))
    town.run("a8", [*actions, *([] if last is None else [last]), failing])
    assert town.refused
    assert (town.told(), town.outside) == (before, [])
