"""Monitors within a debit that several members of a shared group pay: whose are evaluated, and whom they stop.

The calls are by `a` to 49123 at 0.60 a minute, sold by the minute; the subject HALF costs 0.05.
"""

# ruff: noqa: E501 - tables are as wide as they are

from dataclasses import replace

import pytest

from accounts.account_state import amount_text
from accounts.book import Page
from accounts.charge import CallCost, Judge
from accounts.debit import debit
from actions.context import ActionContext, OpenCall
from actions.outside import Disconnect, Outside
from actions.trigger_groups import attach_groups
from ratingd.engine.charge_loop import ChargeLoop
from tariffs.zone import UTC
from tests.account_scene import RULES, TARIFF, balances_text, cost_text, request, table_rows
from tests.action_scene import SATURDAY_TEN, book
from tests.member_scene import Members, key_of
from triggers.monitor import TriggerKey

SETS = """
    TOP1  do=*topup id=BONUS type=*monetary units=1 bw=5
    TOPS  do=*topup id=SH type=*monetary units=0.6
    DIS   do=*disable_account
    GONE  do=*remove_balance id=SH
    CUT   do=*force_disconnect_sessions extra=;*string:~*req.OriginID:c1;;;
    MINE  do=*force_disconnect_sessions extra=;*string:~*req.Account:b;;;
    FAIL  do=*disable_account w=20
    FAIL  do=*remove_balance id=NONE w=10
"""
TRIGGERS = """
    CAP   uid=CAP on=*max_event_counter at=1.2 type=*monetary run=DIS
    FLOOR uid=FLOOR on=*min_balance at=1 type=*monetary id=SH run=TOP1
    GROW  uid=GROW on=*min_balance at=0 type=*monetary id=SH run=TOPS
    DROP  uid=DROP on=*max_event_counter at=1.2 type=*monetary run=GONE
    CUT   uid=CUT on=*max_event_counter at=1.2 type=*monetary run=CUT
    MINE  uid=MINE on=*max_event_counter at=1.2 type=*monetary run=MINE
    FAIL  uid=FAIL on=*max_event_counter at=1.2 type=*monetary run=FAIL
    COUNT uid=COUNT on=*max_event_counter at=1000 type=*monetary run=TOP1
    TALK  uid=TALK on=*max_event_counter at=60000000000 type=*voice run=TOP1
    CALLS uid=CALLS on=*max_event_counter at=1000 type=*event_connect run=TOP1
"""
BOOK = book(SETS, TRIGGERS)


class Watched(Members):
    """Members with monitors of their own, written `b:CAP c:FLOOR`."""

    def __init__(self, groups: str, before: str, monitors: str) -> None:
        super().__init__(groups, before)
        self.outside: tuple[Outside, ...] = ()
        self._context = ActionContext(SATURDAY_TEN, UTC, self._new_id)
        for word in monitors.split():
            name, _, group = word.partition(":")
            attach_groups(Page(self.accounts[key_of(name)]), [group], BOOK.catalogue)

    def debit(self, usage: str, words: str = "") -> str:
        asked = request(["id:c1", *words.split()], usage, key_of("a"))
        self._context = ActionContext(SATURDAY_TEN, UTC, self._new_id, call=asked, open_calls=[OpenCall("c1", "sw")])

        def charge(page: Page, _: Judge) -> CallCost:
            loop = ChargeLoop(page.book, BOOK.catalogue, self._context_of, SATURDAY_TEN, self._context.call_name)
            loop.arm()
            cost = debit(page, TARIFF, asked, RULES, loop.judge, self._new_id, self.groups)
            assert isinstance(cost, CallCost)
            self.outside = tuple(loop.outside)
            return cost

        return cost_text(self.carried_out(asked.key, charge), asked)

    def _context_of(self, page: Page, used: int, tried: set[TriggerKey]) -> ActionContext:
        if page.account.key == key_of("a"):
            return replace(self._context, used=used, tried=tried)
        own = OpenCall("c9", "sw", {}, page.account.key)
        this = OpenCall("c1", "sw", {}, key_of("a"))
        return ActionContext(
            SATURDAY_TEN, UTC, self._new_id, call=self._context.call, used=used, open_calls=[own, this], tried=tried
        )

    def told(self) -> str:
        shown = []
        for account in self.accounts.values():
            words = [balances_text(account)] if account.balances else []
            words += [f"#{c.id}={amount_text(c.value, c.kind)}" for c in account.counters]
            words += ["disabled"] * account.disabled
            words += [f"fired:{t.terms.unique_id}" for t in account.triggers if t.executed]
            if not account.key.account.startswith("*"):
                shown.append(f"{account.key.account}: {' '.join(words)}".strip())
        return " ; ".join(shown)


PLAYED = table_rows("""
  # | before | monitors | call | answer | after
owner counts   | a: SH=0(share:G) ; b: SH=5(share:G) | a:COUNT b:COUNT | 120s | cost 1.2 rated 120s | a: SH=0 #COUNT=0 ; b: SH=3.8 #COUNT=1.2
caller's debt counts | a: SH=0(share:G) ; b: SH=0.6(share:G) | a:COUNT b:COUNT | 120s | cost 1.2 rated 120s | a: SH=0 *default=-0.6 #COUNT=0.6 ; b: SH=0 #COUNT=0.6
who pays the fee is connected | a: SH=0(share:G) ; b: SH=5(share:G) | a:CALLS b:CALLS | 60s cat:cf | cost 1.1 rated 60s | a: SH=0 #CALLS=0 ; b: SH=3.9 #CALLS=1
a fee of nothing too | a: SH=0(share:G) ; b: SH=5(share:G) | a:CALLS b:CALLS | 60s | cost 0.6 rated 60s | a: SH=0 #CALLS=0 ; b: SH=4.4 #CALLS=1
units and money | a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G) | b:TALK c:COUNT | 120s | cost 0.1 rated 120s | a: V=0s M=0 ; b: V=0s BONUS=1 #TALK=120000000000 fired:TALK ; c: M=4.9 #COUNT=0.1
owner disabled | a: SH=0(share:G) N=9(w0) ; b: SH=5(w1 share:G) | b:CAP | 300s | cost 3 rated 300s | a: SH=0 N=7.2 ; b: SH=3.8 #CAP=1.2 disabled fired:CAP
caller disabled | a: SH=0.6(share:G) ; b: SH=5(share:G) | a:CAP b:COUNT | 300s | cost 3 rated 300s | a: SH=0.6 #CAP=0 ; b: SH=2 #COUNT=3     # its own counter has seen nothing
caller's own   | a: SH=2(share:G) ; b: SH=5(share:G) | a:CAP | 300s | cost 1.2 rated 120s stopped ACCOUNT_DISABLED | a: SH=0.8 #CAP=1.2 disabled fired:CAP ; b: SH=5
bonus is the owner's | a: SH=0(share:G) ; b: SH=1.2(share:G) | b:FLOOR | 120s | cost 1.2 rated 120s | a: SH=0 ; b: SH=0 BONUS=1 fired:FLOOR
goes on with what grows | a: SH=0(share:G) ; b: SH=0.6(share:G) | b:GROW | 120s | cost 1.2 rated 120s | a: SH=0 ; b: SH=0 fired:GROW
balance goes   | a: SH=0(share:G) N=9(w0) ; b: SH=5(w1 share:G) | b:DROP | 180s | cost 1.8 rated 180s | a: SH=0 N=8.4 ; b: #DROP=1.2 fired:DROP
call is cut by another | a: SH=0(share:G) ; b: SH=5(share:G) | b:CUT | 300s | cost 1.2 rated 120s stopped DISCONNECT | a: SH=0 ; b: SH=3.8 #CUT=1.2 fired:CUT
another cuts its own | a: SH=0(share:G) ; b: SH=5(share:G) | b:MINE | 300s | cost 3 rated 300s | a: SH=0 ; b: SH=2 #MINE=3 fired:MINE
a set that fails | a: SH=0(share:G) ; b: SH=5(share:G) | b:FAIL | 300s | cost 3 rated 300s | a: SH=0 ; b: SH=2 #FAIL=3
usage that has happened | a: SH=2(share:G) ; b: SH=5(share:G) | a:CAP | 300s final | cost 3 rated 300s stopped ACCOUNT_DISABLED | a: SH=0.2 #CAP=1.8 disabled fired:CAP ; b: SH=3.8
""")


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row[0])
def test_monitors_of_members(row: tuple[str, ...]) -> None:
    name, before, monitors, call, answer, after = row
    groups = "G=*mine_lowest" if name in ("caller's own", "usage that has happened") else "G=*highest"
    members = Watched(groups, before, monitors)
    usage, _, words = call.partition(" ")
    assert members.debit(usage, words) == answer
    assert members.told() == after


def test_whom_a_member_disconnects() -> None:
    members = Watched("G=*highest", "a: SH=0(share:G) ; b: SH=5(share:G)", "b:MINE")
    members.debit("300s")
    assert [effect.call_id for effect in members.outside if isinstance(effect, Disconnect)] == ["c9"]
