"""Answers of charges on the wire: whose balance paid what, in the scale of that balance."""

from accounts.charge import CallCost
from ratingd.api.call_cost import CallCostWriter
from ratingd.v1 import call_pb2
from ratingd.v1.call_pb2 import IncrementRun
from tests.member_scene import Members, key_of

FAMILY = "a: voice:V=0s(share:G) M=0(share:G) ; b: voice:V=120s(share:G subj:HALF) ; c: M=5(share:G)"


def written(before: str, call: str) -> list[IncrementRun]:
    members = Members("G=*lowest", before)
    members.call(call)
    cost = members.last
    assert isinstance(cost, CallCost)
    body = CallCostWriter("EUR").call_cost(cost, "C1", members.accounts[key_of("a")], voice=True, full=True)
    return [run for timespan in call_pb2.CallCost.FromString(body).timespans for run in timespan.runs]


def test_each_part_names_its_owner() -> None:
    (run,) = written(FAMILY, "a debit 120s")
    assert (run.payer, run.units.payer, run.money.payer) == ("b", "b", "c")
    assert (run.units.amount.duration.seconds, run.money.after.money.units) == (60, 4)


def test_own_balances_name_nobody() -> None:
    (run,) = written("a: M=5", "a debit 60s")
    assert (run.payer, run.money.payer) == ("", "")


def test_units_of_another_are_told_in_their_own_scale() -> None:
    (run,) = written("a: voice:V=0s(share:G) ; b: generic:U=120000000000(share:G)", "a debit 60s")
    assert run.units.after.units.value == "60000000000"
