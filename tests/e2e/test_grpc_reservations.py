"""Reservations and request types over a real server: calls at once, retries, what the answers tell, refusals."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf.duration_pb2 import Duration

from ratingd.store.verify import verify
from ratingd.v1.account_pb2 import Reservation
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, NameSet, SetAccountRequest
from ratingd.v1.call_pb2 import POSTPAID, PREPAID, PSEUDOPREPAID
from ratingd.v1.charging_pb2 import (
    BatchDebitRequest,
    ChargeRequest,
    GetMaxSessionTimeRequest,
    GetMaxSessionTimeResponse,
    MaxDebitRequest,
    RefundRequest,
)
from ratingd.v1.reason_pb2 import CREDIT_EXHAUSTED
from tariffs.money import NANO
from tests.api_desk import ApiDesk, Refused, call, debit
from tests.table import table


@pytest.fixture
def desk(store_url: str) -> Iterator[ApiDesk]:
    with ApiDesk(store_url, currency="EUR") as desk:
        desk.top_up("1001", 2)
        yield desk


def reserving(call_id: str, seconds: int = 600, key: str = "", **more: object) -> GetMaxSessionTimeRequest:
    """A request to hold what is granted, for a minute, under a key named for the call."""
    request = GetMaxSessionTimeRequest(
        call=call(seconds=seconds, call_id=call_id, switch_id="sbc-1"), idempotency_key=key or f"{call_id}/reserve"
    )
    request.reserve.seconds = 60
    for name, value in more.items():
        setattr(request, name, value)
    return request


def piece(call_id: str, number: int, seconds: int = 60, **more: object) -> MaxDebitRequest:
    """A piece of a call, all or nothing."""
    request = MaxDebitRequest(
        call=call(seconds=seconds, call_id=call_id, switch_id="sbc-1", loop_index=number),
        idempotency_key=f"{call_id}/{number}",
        force_duration=True,
    )
    request.call.time_start.seconds += number * 60
    for name, value in more.items():
        setattr(request, name, value)
    return request


def reserve(desk: ApiDesk, request: GetMaxSessionTimeRequest) -> GetMaxSessionTimeResponse:
    answer: GetMaxSessionTimeResponse = desk.ask(desk.charging.GetMaxSessionTime, request)
    return answer


def held(desk: ApiDesk, account: str = "1001") -> dict[str, int]:
    """What calls hold of an account's money, in nano-units."""
    return {each.call_id: nano(each) for each in desk.account(account).reservations}


def nano(reservation: Reservation) -> int:
    return sum(each.amount.money.units * NANO + each.amount.money.nanos for each in reservation.held)


def test_two_calls_of_one_account_never_spend_the_same_money(desk: ApiDesk) -> None:
    first = reserve(desk, reserving("a", 120))
    assert (first.usage.duration.seconds, nano(first.reservation)) == (120, 1_200_000_000)
    second = reserve(desk, reserving("b", 600))
    assert (second.usage.duration.seconds, nano(second.reservation)) == (60, 600_000_000)
    third = reserve(desk, reserving("c", 600))
    assert (third.usage.duration.seconds, third.reason) == (0, CREDIT_EXHAUSTED)
    assert not third.HasField("reservation")
    assert held(desk) == {"a": 1_200_000_000, "b": 600_000_000}
    for request in (piece("b", 0), piece("a", 0), piece("a", 1)):
        assert desk.ask(desk.charging.MaxDebit, request).granted.duration.seconds == 60
    assert held(desk) == {}
    assert desk.money("1001") == 200_000_000


def test_many_calls_at_once_debit_what_each_was_granted_and_no_more(desk: ApiDesk) -> None:
    desk.top_up("1001", 10, key="more")

    def talk(number: int) -> int:
        """Reserve up to three minutes and debit them one by one, plainly; the minutes."""
        name = f"call-{number}"
        minutes = reserve(desk, reserving(name, 60 * (1 + number % 3))).usage.duration.seconds // 60
        for place in range(minutes):
            request = debit(key=f"{name}/{place}", final=place == minutes - 1)
            request.call.CopyFrom(piece(name, place).call)
            cost = desk.ask(desk.charging.Debit, request)
            assert (cost.cost.nanos, cost.HasField("overdrawn")) == (600_000_000, False)
        return int(minutes)

    with ThreadPoolExecutor(8) as callers:
        talked = list(callers.map(talk, range(24)))
    assert sum(talked) == 20  # all of 12.00, and nobody below
    assert (desk.money("1001"), held(desk)) == (0, {})


def test_the_answer_tells_what_is_held_of_what_until_when(desk: ApiDesk) -> None:
    told = reserve(desk, reserving("a", 61)).reservation
    assert (told.owner, told.switch_id, told.call_id) == ("1001", "sbc-1", "a")
    assert told.granted.duration.seconds == 61
    (part,) = told.held
    assert (part.balance_id, part.account) == ("M", "")
    assert part.balance_uuid == desk.account("1001").balances[0].uuid
    (shown,) = desk.account("1001").reservations
    assert shown == told
    assert 55 < told.expire_time.seconds - desk.account("1001").update_time.seconds <= 61


def test_a_retry_is_answered_word_for_word_and_holds_once(desk: ApiDesk) -> None:
    first = reserve(desk, reserving("a", 120))
    desk.ask(desk.charging.MaxDebit, piece("a", 0))
    assert reserve(desk, reserving("a", 120)) == first
    assert held(desk) == {"a": 600_000_000}
    with pytest.raises(Refused) as refusal:
        reserve(desk, reserving("a", 180))
    assert refusal.value.reason == "IDEMPOTENCY_KEY_REUSED"


def test_a_dry_run_tells_and_holds_nothing(desk: ApiDesk) -> None:
    told = reserve(desk, reserving("a", 120, dry_run=True))
    assert nano(told.reservation) == 1_200_000_000
    assert held(desk) == {}


def test_a_final_debit_and_a_refund_let_go(desk: ApiDesk) -> None:
    reserve(desk, reserving("a", 120))
    desk.ask(desk.charging.Debit, debit(seconds=0, key="a/end", final=True))
    assert held(desk) == {"a": 1_200_000_000}  # a debit without a call's name ends no call
    end = debit(seconds=0, key="a/end of it", final=True)
    end.call.call_id, end.call.switch_id = "a", "sbc-1"
    desk.ask(desk.charging.Debit, end)
    assert held(desk) == {}
    reserve(desk, reserving("b", 180))
    charge = desk.ask(desk.charging.MaxDebit, piece("b", 0))
    assert held(desk) == {"b": 1_200_000_000}
    back = RefundRequest(account="1001", charge_id=charge.charge_id, idempotency_key="b/back")
    desk.ask(desk.charging.Refund, back)
    assert held(desk) == {}
    assert desk.money("1001") == 2 * NANO


def test_a_call_holds_money_of_another_member_until_it_ends_or_its_time_is_over(desk: ApiDesk) -> None:
    for account, id, units in (("1002", "X", 0), ("1003", "Y", 2)):
        shared = BalanceSelector(kind="*monetary", id=id, shared_groups=NameSet(names={"FAM": True}))
        request = AddBalanceRequest(account=account, idempotency_key="share", balance=shared)
        request.amount.money.units = units
        desk.ask(desk.accounts.AddBalance, request)
    asking = reserving("a", 120)
    asking.call.account = "1002"
    told = reserve(desk, asking).reservation
    (part,) = told.held
    assert (told.owner, list(told.others), part.balance_id, part.account) == ("1002", ["1003"], "Y", "1003")
    assert (nano(told), held(desk, "1002"), held(desk, "1003")) == (1_200_000_000, {"a": 0}, {"a": 1_200_000_000})
    others = MaxDebitRequest(call=call("1003", seconds=3600), idempotency_key="others")
    assert desk.ask(desk.charging.MaxDebit, others).granted.duration.seconds == 60
    mine = piece("a", 0)
    mine.call.account = "1002"
    assert desk.ask(desk.charging.MaxDebit, mine).granted.duration.seconds == 60
    assert (held(desk, "1003"), desk.money("1003")) == ({"a": 600_000_000}, 800_000_000)
    again = reserving("a", 60, key="a/again")
    again.call.account = "1002"
    again.reserve.CopyFrom(Duration(nanos=1))
    assert reserve(desk, again).usage.duration.seconds == 60
    others.idempotency_key = "when its time is over"
    assert desk.ask(desk.charging.MaxDebit, others).granted.duration.seconds == 60
    mine = piece("a", 1, seconds=0, final=True, force_duration=False)
    mine.call.account = "1002"
    desk.ask(desk.charging.MaxDebit, mine)
    assert (held(desk, "1002"), held(desk, "1003")) == ({}, {})
    assert verify(desk.store).differences == ()


def test_a_call_that_holds_is_open_and_ends_with_its_final_debit(desk: ApiDesk) -> None:
    reserve(desk, reserving("a", 120))
    assert [each.call_id for each in desk.store.accounts([desk.key("1001")])[desk.key("1001")].open_calls] == ["a"]
    desk.ask(desk.charging.MaxDebit, piece("a", 0, seconds=0, final=True, force_duration=False))
    assert not desk.store.accounts([desk.key("1001")])[desk.key("1001")].open_calls


def test_reserving_shares_the_stream_with_all_else(desk: ApiDesk) -> None:
    requests = [
        ChargeRequest(correlation_id="1", get_max_session_time=reserving("a", 120)),
        ChargeRequest(correlation_id="2", get_max_session_time=reserving("b", 600)),
        ChargeRequest(correlation_id="3", max_debit=piece("a", 0)),
        ChargeRequest(correlation_id="4", get_max_session_time=reserving("", 600, key="x")),
    ]
    answers = {each.correlation_id: each for each in desk.charging.Charge(iter(requests), timeout=20)}
    granted = [answers[n].get_max_session_time.usage.duration.seconds for n in ("1", "2")]
    assert granted == [120, 60]
    assert answers["3"].max_debit.granted.duration.seconds == 60
    assert "call.call_id" in answers["4"].error.message
    assert held(desk) == {"a": 600_000_000, "b": 600_000_000}


@table(
    """
    wrong                  | field           | said
    no call                | call.call_id    | is empty
    zero                   | reserve         | is not positive
    below zero             | reserve         | is not positive
    too long               | reserve         | at most 3h are allowed
    no key                 | idempotency_key | is empty
    of no type             | request_type    | none of PREPAID, PSEUDOPREPAID, POSTPAID
    """
)
def test_what_cannot_be_reserved_is_refused_by_its_field(desk: ApiDesk, wrong: str, field: str, said: str) -> None:
    request = reserving("a")
    match wrong:
        case "no call":
            request.call.call_id = ""
        case "zero":
            request.reserve.seconds = 0
        case "below zero":
            request.reserve.seconds = -1
        case "too long":
            request.reserve.seconds = 3 * 3600 + 1
        case "no key":
            request.idempotency_key = ""
        case "of no type":
            request.request_type = 9  # type: ignore[assignment]
    with pytest.raises(Refused) as refusal:
        reserve(desk, request)
    assert refusal.value.code == "INVALID_ARGUMENT"
    assert said in refusal.value.fields[field]
    assert held(desk) == {}


def test_asking_without_holding_needs_no_key_and_no_name(desk: ApiDesk) -> None:
    answer = desk.ask(desk.charging.GetMaxSessionTime, GetMaxSessionTimeRequest(call=call(seconds=3600)))
    assert answer.usage.duration.seconds == 180
    assert not answer.HasField("reservation")


def test_an_account_without_limit_is_granted_all_and_holds_nothing(desk: ApiDesk) -> None:
    desk.ask(desk.accounts.SetAccount, SetAccountRequest(account="1001", allow_negative=True, idempotency_key="post"))
    answer = reserve(desk, reserving("a"))
    assert answer.unlimited
    assert not answer.HasField("reservation")
    assert held(desk) == {}


@table(
    """
    type          | asked | granted | charged | left
    PREPAID       | 600   | 180     | 1.8     | 0.2
    PSEUDOPREPAID | 600   | 180     | 0       | 2
    POSTPAID      | 600   | 600     | 0       | 2
    """
)
def test_a_request_type_says_whether_a_piece_is_charged(
    desk: ApiDesk, type: str, asked: str, granted: str, charged: str, left: str
) -> None:
    kind = {"PREPAID": PREPAID, "PSEUDOPREPAID": PSEUDOPREPAID, "POSTPAID": POSTPAID}[type]
    asking = GetMaxSessionTimeRequest(call=call(seconds=int(asked)), request_type=kind)
    assert desk.ask(desk.charging.GetMaxSessionTime, asking).usage.duration.seconds == int(granted)
    request = MaxDebitRequest(call=call(seconds=int(asked)), idempotency_key="k", request_type=kind)
    cost = desk.ask(desk.charging.MaxDebit, request)
    assert cost.granted.duration.seconds == int(granted)
    assert cost.cost.units * NANO + cost.cost.nanos == round(float(charged) * NANO)
    assert desk.money("1001") == round(float(left) * NANO)


def test_the_end_of_a_postponed_call_is_charged_below_zero(desk: ApiDesk) -> None:
    requests = [debit(seconds=60, key="piece", request_type=POSTPAID)]
    requests += [debit(seconds=240, key="end", request_type=POSTPAID, final=True)]
    results = desk.ask(desk.charging.BatchDebit, BatchDebitRequest(requests=requests)).results
    assert [result.call_cost.cost.units for result in results] == [0, 2]
    assert results[0].call_cost.granted.duration.seconds == 60
    assert (results[1].call_cost.overdrawn.units, results[1].call_cost.overdrawn.nanos) == (0, 600_000_000)
    assert desk.money("1001") == -400_000_000
