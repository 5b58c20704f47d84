"""What is stored of a charge: enough to give it back to whoever paid."""

import json

from accounts.account import AccountKey
from accounts.charge import Increment, MoneyPart, UnitPart
from ratingd.engine.charge_record import charge_from_text, charge_text
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
