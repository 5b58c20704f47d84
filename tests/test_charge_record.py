"""What is stored of a charge: enough to give it back to whoever paid."""

import json

from hypothesis import given
from hypothesis import strategies as st

from accounts.account import AccountKey
from accounts.charge import CallCost, ChargeRequest, Increment, MoneyPart, Timespan, UnitPart
from ratingd.engine.charge_record import charge_from_text, charge_text
from tariffs.span import Match
from tariffs.zone import UTC
from tests.account_scene import Scene, account, request, runs_of
from tests.member_scene import Members, key_of

FAMILY = "a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G)"


def test_payers_of_each_part_are_kept() -> None:
    members = Members("G=*lowest", FAMILY)
    members.call("a debit 120s")
    assert members.last is not None
    asked = request([], "120s", key_of("a"))
    (run,) = charge_from_text(asked.key, "C1", charge_text(asked, members.last), []).increments
    assert (run.payer, run.money_payer) == (key_of("b"), key_of("c"))


def test_correction_of_another_is_kept() -> None:
    members = Members("G=*lowest", "a: SH=0(share:G) ; b: SH=5(share:G)")
    members.call("a debit 7s cat:odd rounding")
    assert members.last is not None
    asked = request([], "7s", key_of("a"))
    found = charge_from_text(asked.key, "C1", charge_text(asked, members.last), ["[7,0]"])
    assert [run.money_payer for run in found.increments] == [key_of("b"), key_of("b")]
    assert found.returned == (7, 0)


def test_charge_of_one_account_names_no_payer() -> None:
    scene = Scene(account("voice:V=300s(subj:HALF) M=5"))
    scene.call("debit 120s")
    assert scene.last is not None
    asked = request([], "120s")
    text = charge_text(asked, scene.last)
    assert json.loads(text)[1] == [
        [60 * 10**9, 50_000_000, 2, ["V", "V", 60 * 10**9, "1", 180 * 10**9], ["M", "M", 4_900_000_000], None]
    ]
    assert [(r.payer, r.money_payer) for r in charge_from_text(asked.key, "C1", text, []).increments] == [
        (asked.key, asked.key) for _ in runs_of(scene.last)
    ]


def test_money_belongs_to_whom_the_units_belong_unless_it_says_otherwise() -> None:
    unit, own, other = UnitPart("u", "V", 1, "1", 0), AccountKey("t", "own"), AccountKey("t", "other")
    assert Increment(1, 1, 1, own, unit, MoneyPart("m", "M", 0)).money_payer == own
    assert Increment(1, 1, 1, own, unit, MoneyPart("m", "M", 0, other)).money_payer == other
    assert Increment(1, 1, 1, own, unit, None).money_payer == own


TEXTS = st.text(max_size=8)
NUMBERS = st.integers(-(10**24), 10**24)
KEYS = st.builds(AccountKey, TEXTS, TEXTS.filter(bool))
UNITS = st.builds(UnitPart, TEXTS, TEXTS, NUMBERS, TEXTS, NUMBERS)
MONEY = st.builds(MoneyPart, TEXTS, TEXTS, NUMBERS, st.none() | KEYS)
INCREMENTS = st.builds(Increment, NUMBERS, NUMBERS, NUMBERS, KEYS, st.none() | UNITS, st.none() | MONEY)
REQUESTS = st.builds(
    ChargeRequest,
    key=KEYS,
    category=TEXTS,
    subject=TEXTS,
    destination=TEXTS,
    tor=TEXTS,
    start_ns=st.just(5),
    end_ns=st.just(60),
    zone=st.just(UTC),
    loop_index=st.just(1),
    switch_id=TEXTS,
    call_id=TEXTS,
    extra_fields=st.dictionaries(TEXTS, TEXTS, max_size=2),
)


def told(increment: Increment) -> tuple[object, ...]:
    unit, money = increment.unit, increment.money
    return (
        (increment.duration, increment.cost, increment.count, increment.payer),
        unit and (unit.uuid, unit.balance_id, unit.amount, unit.factor, unit.after),
        money and (money.uuid, money.balance_id, money.after, money.payer),
    )


@given(REQUESTS, st.lists(INCREMENTS, max_size=3), st.none() | INCREMENTS)
def test_whatever_was_drawn_comes_back(
    asked: ChargeRequest, increments: list[Increment], correction: Increment | None
) -> None:
    span = Timespan(5, 60, 55, 1, tuple(increments), Match("", "", "", ""), round_increment=correction)
    text = charge_text(asked, CallCost(1, 55, 55, (span,)))
    found = charge_from_text(asked.key, "C1", text, [])
    expected = [*increments, correction] if correction is not None else increments
    assert [told(increment) for increment in found.increments] == [told(increment) for increment in expected]
    assert text == json.dumps(json.loads(text), separators=(",", ":"))
    for field in ("category", "subject", "destination", "tor", "switch_id", "call_id", "extra_fields", "end_ns"):
        assert getattr(found.request, field) == getattr(asked, field)
