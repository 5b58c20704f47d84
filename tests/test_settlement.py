"""Settlement: where monitors are evaluated within a charge, what a stop leaves, and what holds for every charge."""

# ruff: noqa: E501 - tables are as wide as they are

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.account import Account, Bound, BoundSide, CounterKind, UnitCounter
from accounts.balance_filter import BalanceFilter
from accounts.book import Page
from accounts.charge import CallCost, Reason, StoppedBy, no_judge
from accounts.debit import debit
from accounts.document import account_document
from accounts.replay import replay
from tests.account_scene import (
    KEY,
    MINUTE,
    RULES,
    TARIFF,
    Scene,
    account,
    amount,
    balances_text,
    request,
    runs_of,
    runs_text,
    scenes,
    table_rows,
)
from tests.verdict import Verdict

STOP = StoppedBy("ACCOUNT_DISABLED", "CAP", "1", "ACT_DIS")
ANYTHING = BalanceFilter()


def counter(id: str, kind: str = "*monetary", of: CounterKind = CounterKind.EVENT) -> UnitCounter:
    return UnitCounter(id, kind, of, ANYTHING)


def bound(text: str) -> Bound:
    """`M<=2` or `SPENT>=3`: balances have one letter, counters are words. Minutes are written in ns."""
    side = BoundSide.MIN if "<=" in text else BoundSide.MAX
    name, _, value = text.replace(">=", "<=").partition("<=")
    level = int(value[:-2]) if value.endswith("ns") else amount(value)
    if len(name) == 1 or name.startswith("*"):
        return Bound(KEY, side, level, balance_uuid=name)
    return Bound(KEY, side, level, counter=NAMES[name])


def counters() -> list[UnitCounter]:
    return [
        counter("SPENT"), counter("TALKED", "*voice"), counter("CALLS", "*event_connect"),
        counter("PAID", "*monetary", CounterKind.BALANCE),
    ]  # fmt: skip


NAMES = {counter.id: counter.name for counter in counters()}


def watched_scene(before: str) -> Scene:
    scene = Scene(account(before))
    assert scene.account is not None
    scene.account.counters[:] = counters()
    return scene


PAUSES = table_rows("""
  # | before | call | bounds | pauses in seconds, when the monitor stays armed
nothing near    | M=50 | debit 600s | SPENT>=7 M<=1 | none
counter         | M=50 | debit 600s | SPENT>=3 | 300 360 420 480 540 600
between         | M=50 | debit 600s | SPENT>=5.5 | 600
connect first   | M=50 | debit 180s | SPENT<=0.6 | 0 60                                  # the connect step with 0, the first minute with 0.6
every portion   | M=50 | debit 120s | SPENT<=5 | 0 60 120
calls           | M=50 | debit 600s | CALLS>=1 | 0 60 120 180 240 300 360 420 480 540 600
balance falls   | M=2.4 | debit 120s | M<=1.8 | 60 120
a level         | M=1 | debit 60s | M<=2 | 0 60                                          # reached long ago, but changed only now
not changed     | M=5 N=1 | debit 60s | N<=2 | none
next balance    | M=0.6 N=1 | debit 120s | N<=2 | 120
from above      | M=50 | debit 120s | M>=49 | 0 60
seconds         | M=50 | debit 60s cat:ones | M<=49.5 | 50 51 52 53 54 55 56 57 58 59 60
units           | V=9 voice:U=600s | debit 125s | TALKED>=120000000000ns | 120 121 122 123 124 125
no fee for units| voice:U=600s | debit 125s | CALLS>=1 | none
fee             | M=50 | debit 60s cat:cf | SPENT>=0.5 | 0 60
balance counter | M=0.6 N=1 | debit 120s | PAID>=1.2 | 120
two bounds      | M=50 | debit 300s | SPENT>=2.9 M<=48.9 | 120 180 240 300
default to come | M=0.6 | debit 180s | *default<=-1 | 180
overdrawn counts| M=0.6 | debit 180s | SPENT>=1.2 | 120 180
correction      | M=5 | debit 7s cat:odd rounding | SPENT>=0.02 | 7
free of price   | M=0 | debit 60s subject:FREE | SPENT<=5 | none                         # no balance takes part
""")


@pytest.mark.parametrize("row", PAUSES, ids=lambda row: row[0])
def test_settlement_pauses_after_each_portion_at_which_a_bound_holds(row: tuple[str, ...]) -> None:
    _, before, call, texts, pauses = row
    scene = watched_scene(before)
    bounds = tuple(bound(text) for text in texts.split())
    scene.call(call, bounds, lambda _: Verdict(bounds))
    expected = [] if pauses == "none" else [int(second) * 10**9 for second in pauses.split()]
    assert scene.pauses == expected


STOPS = table_rows("""
  # | before | call | bound | answer | after
32b | M=50 | debit 600s | SPENT>=3 | cost 3 rated 300s granted 300s stopped ACCOUNT_DISABLED | M=47
min | M=2.4 | debit 120s | M<=2 | cost 0.6 rated 60s granted 60s stopped ACCOUNT_DISABLED | M=1.8
connect | M=5 | debit 60s cat:cf | CALLS>=1 | cost 0.5 rated 0s stopped ACCOUNT_DISABLED | M=4.5
free connect | M=5 | debit 60s | CALLS>=1 | cost 0 rated 0s stopped ACCOUNT_DISABLED | M=5
mid balance | A=0.6 B=5 | debit 180s | SPENT>=0.6 | cost 0.6 rated 60s granted 60s stopped ACCOUNT_DISABLED | A=0 B=5
below zero | M=0.6 | debit 600s | SPENT>=1.2 | cost 1.2 rated 120s granted 120s stopped ACCOUNT_DISABLED | M=0 *default=-0.6
rounded | M=5 | debit 9s cat:odd rounding | SPENT>=0.01 | cost 0.02 rated 6s granted 6s stopped ACCOUNT_DISABLED | M=4.98
units | voice:U=60s | debit 60s | TALKED>=5000000000ns | cost 0 rated 5s granted 5s stopped ACCOUNT_DISABLED | U=55s
final | M=50 | debit 600s final | SPENT>=3 | cost 6 rated 600s stopped ACCOUNT_DISABLED | M=44
max | M=50 | maxdebit 600s | SPENT>=3 | cost 3 rated 300s granted 300s stopped ACCOUNT_DISABLED | M=47
""")


@pytest.mark.parametrize("row", STOPS, ids=lambda row: row[0])
def test_stop_ends_the_charge_at_the_portion_that_fired(row: tuple[str, ...]) -> None:
    _, before, call, text, answer, after = row
    scene = watched_scene(before)
    got = scene.call(call, (bound(text),), lambda _: Verdict((), STOP))
    assert got.replace(" granted", " granted") == _with_grant(answer, scene)
    assert balances_text(scene.account) == after
    assert len(scene.pauses) == 1


def _with_grant(answer: str, scene: Scene) -> str:
    """A grant is written where it is less than what was rated; a row may tell it all the same."""
    assert scene.last is not None
    words = answer.split()
    if "granted" in words and scene.last.granted == scene.last.rated_usage:
        place = words.index("granted")
        assert words[place + 1] == words[place - 1]
        del words[place : place + 2]
    return " ".join(words)


def test_top_up_of_an_existing_balance_goes_on_paying() -> None:
    scene = Scene(account("M=1.2 N=0"))

    def top_up(page: Page) -> Verdict:
        page.move(page.account.balances[1], amount("0.6"))
        return Verdict(())

    assert scene.call("debit 300s", (bound("M<=0"),), top_up) == "cost 3 rated 300s"
    assert scene.last is not None
    assert runs_text(scene.last) == "2*60s@0.6[M] ; 60s@0.6[N] ; 2*60s@0.6[*default]"


def test_balance_created_in_the_middle_counts_from_the_next_operation() -> None:
    scene = Scene(account("M=1.2"))

    def create(page: Page) -> Verdict:
        new = account("N=5")
        assert new is not None
        page.open(new.balances[0], {})
        return Verdict(())

    scene.call("debit 180s deny", (bound("M<=0"),), create)
    assert balances_text(scene.account) == "M=0 N=5"


def test_balance_removed_in_the_middle_pays_no_more() -> None:
    scene = Scene(account("A=0.6 B=5 C=5"))

    def remove(page: Page) -> Verdict:
        page.close(page.account.balances[1])
        return Verdict(())

    scene.call("debit 120s", (bound("A<=0"),), remove)
    assert balances_text(scene.account) == "A=0 C=4.4"


def test_counters_replaced_in_the_middle_go_on_counting() -> None:
    scene = watched_scene("M=50")

    def replace(page: Page) -> Verdict:
        page.replace_counters([counter("NEW")], [])
        return Verdict(())

    scene.call("debit 300s", (bound("SPENT>=1.2"),), replace)
    assert scene.account is not None
    assert [(c.id, c.value) for c in scene.account.counters] == [("NEW", amount("1.8"))]


def test_connected_call_is_counted_once_though_two_turns_make_the_step() -> None:
    scene = watched_scene("A=0.3(w10) B=5")
    scene.call("debit 60s")
    assert scene.account is not None
    assert {c.id: c.value for c in scene.account.counters} == {
        "SPENT": amount("0.6"), "TALKED": 0, "CALLS": amount("1"), "PAID": amount("0.6"),
    }  # fmt: skip


def test_overdraft_is_told_unless_it_is_allowed() -> None:
    scene = Scene(account("M=1"))
    scene.call("debit 180s")
    assert scene.last is not None
    assert scene.last.overdrawn == amount("1.2")
    allowed = Scene(account("allow M=1"))
    allowed.call("debit 180s")
    assert allowed.last is not None
    assert allowed.last.overdrawn == 0
    again = Scene(account("*default=-5 M=1"))
    again.call("debit 60s")
    assert again.last is not None
    assert again.last.overdrawn == 0  # this debit took nothing on credit


def test_reason_of_a_grant_of_nothing() -> None:
    scene = Scene(account("M=0.1"))
    scene.call("debit 60s deny")
    assert scene.last is not None
    assert (scene.last.granted, scene.last.reason) == (0, Reason.CREDIT_EXHAUSTED)


# -- what holds for every charge

BALANCES = st.sampled_from([
    "M=5", "M=0.75 N=9(w5)", "voice:V=65s M=2(w9)", "voice:V=100s(subj:*zero1m) M=1 N=0.3(w3)", "*default=2",
    "voice:V=600s(subj:CFSUB) M=1.5", "voice:V=90s(subj:HALF) M=1", "M=3(to:DST_4915) N=1.31", "M=0", "on",
    "CHEAP=0.1(w20 subj:HALF) M=5(w10)", "M=1(w9 subj:FREE) N=4",
])  # fmt: skip
CATEGORIES = st.sampled_from(["call", "cf", "ones", "odd", "maxf", "maxd", "freefee", "rg", "rz", "rsixth"])
SECONDS = st.integers(1, 400)


@settings(max_examples=150, deadline=None)
@given(
    BALANCES, st.sampled_from(["debit", "maxdebit"]), CATEGORIES, SECONDS, st.sampled_from(["", " rounding", " deny"])
)
def test_what_was_taken_counted_and_answered_is_the_same(
    before: str, verb: str, category: str, seconds: int, more: str
) -> None:
    scene = watched_scene(before)
    assert scene.account is not None
    old = {balance.uuid: balance.value for balance in scene.account.balances}
    if scene.call(f"{verb} {seconds}s cat:{category}{more}") == "BALANCE_BLOCKER":
        return
    assert scene.last is not None
    taken: dict[str, int] = {}
    for run in runs_of(scene.last):
        if run.money is not None:
            taken[run.money.uuid] = taken.get(run.money.uuid, 0) + run.count * run.cost
        if run.unit is not None:
            taken[run.unit.uuid] = taken.get(run.unit.uuid, 0) + run.count * run.unit.amount
    now = {balance.uuid: balance.value for balance in scene.account.balances}
    assert {uuid: old.get(uuid, 0) - value for uuid, value in now.items()} == {uuid: taken.get(uuid, 0) for uuid in now}
    assert scene.last.cost == sum(span.cost for span in scene.last.timespans)
    money = sum(taken.get(b.uuid, 0) for b in scene.account.balances if b.terms.kind == "*monetary")
    assert scene.last.cost == money
    assert scene.account.counters[0].value == money
    assert scene.last.rated_usage == sum(span.end_ns - span.start_ns for span in scene.last.timespans)
    if verb == "maxdebit" or more == " deny":
        assert min(now.values(), default=0) >= 0


STEPS = st.lists(
    st.builds(
        lambda verb, seconds, category, more: f"{verb.replace('+', f' {seconds}s ')} cat:{category}{more}",
        st.sampled_from(["debit+deny", "maxdebit+", "debit+deny final"]),
        SECONDS,
        CATEGORIES,
        st.sampled_from(["", " loop:1", " subject:CFSUB", " subject:HALF"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(BALANCES, STEPS, st.integers(-5, 20))
def test_no_denied_debit_takes_a_prepaid_account_below_zero(before: str, steps: list[str], tenths: int) -> None:
    """MaxDebits and debits that deny the negative, whatever a monitor takes away between their portions."""
    scene = watched_scene(before)
    always = (Bound(KEY, BoundSide.MIN, 1 << 90, counter=NAMES["CALLS"]),)

    def take(page: Page) -> Verdict:
        for balance in page.account.balances:
            if tenths > 0 and balance.value > 0:
                page.move(balance, -min(balance.value, tenths * 10**8))
        return Verdict(always)

    for step in steps:
        scene.call(step, always, take)
        assert scene.account is not None
        assert min([balance.value for balance in scene.account.balances], default=0) >= 0, step
        assert scene.last is None or scene.last.overdrawn == 0


@settings(max_examples=100, deadline=None)
@given(BALANCES, st.sampled_from(["debit", "maxdebit"]), CATEGORIES, SECONDS)
def test_max_session_time_is_what_max_debit_serves(before: str, verb: str, category: str, seconds: int) -> None:
    scene = Scene(account(before))
    most = scene.call(f"max {seconds}s cat:{category}")
    scene.call(f"maxdebit {seconds}s cat:{category}")
    assert scene.last is not None
    assert most == f"{scene.last.granted // 10**9}s"


@settings(max_examples=60, deadline=None)
@given(BALANCES, CATEGORIES, SECONDS)
def test_records_of_a_debit_replayed_give_the_account_again(before: str, category: str, seconds: int) -> None:
    paying, stored = watched_scene(before).account, watched_scene(before).account
    assert paying is not None
    page = Page(paying)
    for call in (f"cat:{category}", f"cat:{category} rounding loop:1"):
        debit(page, TARIFF, request(call.split(), f"{seconds}s"), RULES, no_judge, lambda: "d1")
    rebuilt = replay(stored, json.loads(json.dumps(page.changes)), 0)
    assert rebuilt is not None
    assert json.dumps(account_document(rebuilt)) == json.dumps(account_document(paying))


@settings(max_examples=60, deadline=None)
@given(BALANCES, CATEGORIES, SECONDS)
def test_dry_run_answers_as_the_charge_does(before: str, category: str, seconds: int) -> None:
    dry, real = Scene(account(before)), Scene(account(before))
    unchanged = balances_text(dry.account)
    answer = dry.call(f"debit {seconds}s cat:{category} rounding dry")
    assert balances_text(dry.account) == unchanged
    assert real.call(f"debit {seconds}s cat:{category} rounding") == answer
    assert dry.last is not None
    assert real.last is not None
    assert runs_text(dry.last) == runs_text(real.last)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.sampled_from(["call", "cf", "ones", "rg"]))
def test_call_debited_in_parts_costs_what_it_costs_whole(minutes: list[int], category: str) -> None:
    """At prices that are exact at five decimals, in parts that end on increments."""
    whole, parts = Scene(account("voice:V=60s M=3 N=9")), Scene(account("voice:V=60s M=3 N=9"))
    total = sum(minutes)
    whole.call(f"debit {total}m cat:{category} loop:1")
    used = 0
    for part in minutes:
        start = f"2026-11-21_10:{used:02d}:00"
        used += part
        parts.call(f"debit {part}m cat:{category} loop:1 index:{used}m at:{start}")
    assert balances_text(parts.account) == balances_text(whole.account)


@settings(max_examples=150, deadline=None)
@given(
    before=BALANCES,
    category=st.sampled_from(["call", "cf", "ones", "odd", "maxf", "rg"]),
    seconds=SECONDS,
    side=st.sampled_from(BoundSide),
    about=st.sampled_from(["M", "N", "V", "*default", "SPENT", "TALKED", "CALLS", "PAID"]),
    tenths=st.integers(-20, 60),
)
def test_arithmetic_pauses_exactly_where_single_steps_would(
    before: str, category: str, seconds: int, side: BoundSide, about: str, tenths: int
) -> None:
    """Against a settlement that is made to stop after every portion and looks for itself whether the bound holds."""
    level = tenths * 10**9 if about in ("V", "TALKED") else tenths * 10**8
    counted = about.isupper() and len(about) > 1
    one = Bound(KEY, side, level, counter=NAMES[about]) if counted else Bound(KEY, side, level, balance_uuid=about)
    call = f"debit {seconds}s cat:{category}"
    fast = watched_scene(before)
    fast.call(call, (one,), lambda _: Verdict((one,)))
    always = Bound(KEY, BoundSide.MIN, 1 << 90, counter=NAMES["CALLS"])
    slow, pauses = watched_scene(before), []

    def look(page: Page) -> Verdict:
        if _holds(one, page):
            pauses.append(slow.pauses[-1])
        return Verdict((always,))

    slow.call(call, (always,), look)
    assert fast.pauses == pauses
    assert balances_text(fast.account) == balances_text(slow.account)
    assert fast.last is not None
    assert slow.last is not None
    assert runs_text(fast.last) == runs_text(slow.last)


def _holds(one: Bound, page: Page) -> bool:
    if one.counter is not None:
        values = [c.value for c in page.account.counters if c.name == one.counter]
    else:
        values = [b.value for b in page.account.balances
                  if b.uuid in page.dirty and one.balance_uuid in (b.uuid, b.terms.id)]  # fmt: skip
    return any(value <= one.value if one.side is BoundSide.MIN else value >= one.value for value in values)


def test_day_sold_by_the_nanosecond_is_one_run() -> None:
    scene = Scene(account("voice:V=24h(subj:*zero1ns)"))
    scene.call("debit 24h")
    assert scene.last is not None
    assert [(run.count, run.duration) for run in runs_of(scene.last)] == [(24 * 60 * MINUTE, 1)]


@pytest.mark.parametrize("scene", scenes("""
  # | call
a   | debit 60s cat:nobody
b   | debit 60s to:4412 cat:germany
"""), ids=lambda rows: rows[0][0])  # fmt: skip
def test_refusal_leaves_the_account_that_was_asked_alone(scene: list[tuple[str, ...]]) -> None:
    played = Scene(account("voice:V=30s M=5"))
    assert played.account is not None
    before = json.dumps(account_document(played.account))
    played.call(scene[0][1])
    assert json.dumps(account_document(played.account)) == before


def test_charge_that_fails_after_a_monitor_fired_leaves_nothing() -> None:
    scene = Scene(account("M=0.6(w20 blocker) N=5"))

    def disable(page: Page) -> Verdict:
        page.disable(True)
        return Verdict(())

    assert scene.call("debit 120s", (bound("M<=0"),), disable) == "BALANCE_BLOCKER"
    assert scene.pauses == [MINUTE]
    assert balances_text(scene.account) == "M=0.6 N=5"
    assert scene.account is not None
    assert not scene.account.disabled


def test_records_of_a_debit_say_what_moved() -> None:
    paying = account("voice:V=30s M=1")
    assert isinstance(paying, Account)
    page = Page(paying)
    assert isinstance(debit(page, TARIFF, request([], "150s"), RULES, no_judge, lambda: "d1"), CallCost)
    assert page.changes == [
        ("value", "V", -30 * 10**9, 0),
        ("value", "M", -amount("0.6"), amount("0.4")),
        ("balance", {"uuid": "d1", "value": 0, "terms": {"id": "*default", "kind": "*monetary"}}, 2),
        ("value", "d1", -amount("0.6"), -amount("0.6")),
    ]
