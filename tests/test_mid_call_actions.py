"""Sets that monitors run in the middle of a call: whatever they do to its balances, records rebuild the account."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.book import Page
from accounts.charge import CallCost
from actions.outside import Outside
from tests.action_scene import RATES, Scene, amount, book

SETS = """
    RESET   do=*reset_account
    SWEEP   do=*transfer_monetary_default
    REMOVE  do=*remove_balance id=M
    ENDED   do=*set_expiry id=M expiry=-1h w=20
    ENDED   do=*remove_expired w=10
    EXPIRE  do=*set_expiry expiry=-1h
    FORGIVE do=*topup_zero_negative type=*monetary units=1
    MOVE    do=*transfer_balance id=M units=0.5 extra={"DestinationAccountID":"cgrates.org:1001","DestinationBalanceID":"N"}
    AGAIN   do=*set_recurrent
    ONCE    do=*unset_recurrent
    GONE    do=*remove_account
    OFF     do=*set_balance id=M type=*monetary units=0
"""  # noqa: E501
NAMES = ["RESET", "SWEEP", "REMOVE", "ENDED", "EXPIRE", "FORGIVE", "MOVE", "AGAIN", "ONCE", "OFF"]
BOUNDS = [("*min_balance", "*monetary"), ("*min_balance", "*voice"), ("*max_event_counter", "*monetary")]


@st.composite
def triggers(draw: st.DrawFn) -> str:
    lines = []
    for number in range(draw(st.integers(1, 3))):
        on, kind = draw(st.sampled_from(BOUNDS))
        at = "60000000000" if kind == "*voice" else draw(st.sampled_from(["0.6", "1.2", "2", "3"]))
        again = draw(st.sampled_from(["true", "false"]))
        run = draw(st.sampled_from(NAMES))
        lines.append(
            f"G uid=T{number} on={on} at={at} type={kind} recurrent={again} run={run} w={draw(st.integers(0, 2))}"
        )
    return "\n".join(lines)


@given(triggers(), st.lists(st.sampled_from(["60s", "300s", "900s"]), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_call_goes_on_with_whatever_its_monitors_leave(text: str, usages: list[str]) -> None:
    """The scene replays each operation's record."""
    scene = Scene(book(SETS, text, files=RATES), "M=3(w10) N=2 V=90s", "G")
    for usage in usages:
        scene.do(f"call {usage}; wait 60s")
        assert isinstance(scene.answer, CallCost)


class Unkept(Scene):
    """A scene whose operations leave nothing: what they do to the account can end it."""

    def keep(self, page: Page, outside: Sequence[Outside]) -> None:
        assert page.removed


@pytest.mark.parametrize(("words", "cost"), [("call 600s", "1.2"), ("call 600s final", "6")])
def test_a_call_ends_with_its_account(words: str, cost: str) -> None:
    """What has happened already is charged all the same."""
    plan_book = book(SETS, "G uid=T on=*min_balance at=4 type=*monetary run=GONE", files=RATES)
    scene = Unkept(plan_book)
    scene.account = Scene(plan_book, "M=5", "G").account
    answer = scene.do(words).answer
    assert isinstance(answer, CallCost)
    assert (answer.cost, answer.stopped_by is not None) == (amount(cost), True)
