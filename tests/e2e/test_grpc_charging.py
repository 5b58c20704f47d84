"""Charging over a real server: grants, debits, refunds, retries, and what each answer says."""

import time
from collections.abc import Iterator

import pytest

from ratingd.v1.accounts_pb2 import SetAccountRequest
from ratingd.v1.call_pb2 import BASIC
from ratingd.v1.charging_pb2 import (
    BatchDebitRequest,
    GetMaxSessionTimeRequest,
    MaxDebitRequest,
    RefundRequest,
    RefundRun,
)
from ratingd.v1.rating_pb2 import ExplainCostRequest, GetCostRequest
from ratingd.v1.reason_pb2 import ACCOUNT_UNKNOWN, CREDIT_EXHAUSTED, DESTINATION_UNRATED, REASON_UNSPECIFIED
from tariffs.money import NANO
from tests.api_desk import ApiDesk, Refused, call, debit


@pytest.fixture
def desk(store_url: str) -> Iterator[ApiDesk]:
    with ApiDesk(store_url, currency="EUR") as desk:
        desk.top_up("1001", 5)
        yield desk


def test_a_debit_tells_what_it_drew_and_from_where(desk: ApiDesk) -> None:
    cost = desk.ask(desk.charging.Debit, debit(seconds=90))
    assert (cost.cost.currency_code, cost.cost.units, cost.cost.nanos) == ("EUR", 1, 200_000_000)
    assert cost.granted.duration.seconds == 90
    assert cost.rated_usage.duration.seconds == 120
    assert cost.reason == REASON_UNSPECIFIED
    assert not cost.HasField("stopped_by")
    (timespan,) = cost.timespans
    (run,) = timespan.runs
    assert (run.count, run.usage.duration.seconds, run.cost.nanos) == (2, 60, 600_000_000)
    assert (run.money.balance_id, run.money.after.money.units, run.money.after.money.nanos) == ("M", 3, 800_000_000)
    assert (timespan.match.rating_plan_id, timespan.match.prefix) == ("RP", "49")
    assert [balance.value.money.units for balance in cost.account.balances] == [3]


def test_a_basic_view_leaves_the_details_out(desk: ApiDesk) -> None:
    cost = desk.ask(desk.charging.Debit, debit(view=BASIC))
    assert cost.charge_id
    assert not cost.timespans
    assert not cost.HasField("account")


def test_the_same_key_is_answered_word_for_word_and_moves_money_once(desk: ApiDesk) -> None:
    first = desk.ask(desk.charging.Debit, debit())
    desk.ask(desk.charging.Debit, debit(key="another"))
    assert desk.ask(desk.charging.Debit, debit()) == first
    assert desk.money("1001") == 3_800_000_000


def test_a_dry_run_changes_nothing_and_needs_no_key(desk: ApiDesk) -> None:
    cost = desk.ask(desk.charging.Debit, debit(key="", dry_run=True))
    assert (cost.cost.nanos, cost.charge_id) == (600_000_000, "")
    assert desk.money("1001") == 5 * NANO


def test_a_session_time_is_what_the_money_lasts_for(desk: ApiDesk) -> None:
    answer = desk.ask(desk.charging.GetMaxSessionTime, GetMaxSessionTimeRequest(call=call(seconds=3600)))
    assert answer.usage.duration.seconds == 480
    desk.ask(desk.charging.MaxDebit, MaxDebitRequest(call=call(seconds=3600), idempotency_key="all"))
    answer = desk.ask(desk.charging.GetMaxSessionTime, GetMaxSessionTimeRequest(call=call(seconds=3600)))
    assert answer.usage.duration.seconds == 0
    assert answer.reason == CREDIT_EXHAUSTED


def test_exhausted_credit_is_an_error_only_when_all_or_nothing_was_asked(desk: ApiDesk) -> None:
    desk.ask(desk.charging.MaxDebit, MaxDebitRequest(call=call(seconds=3600), idempotency_key="all"))
    empty = desk.ask(desk.charging.MaxDebit, MaxDebitRequest(call=call(seconds=3600), idempotency_key="more"))
    assert empty.granted.duration.seconds == 0
    assert empty.reason == CREDIT_EXHAUSTED
    forced = MaxDebitRequest(call=call(seconds=3600), idempotency_key="forced", force_duration=True)
    with pytest.raises(Refused) as refusal:
        desk.ask(desk.charging.MaxDebit, forced)
    assert (refusal.value.code, refusal.value.reason) == ("FAILED_PRECONDITION", "CREDIT_EXHAUSTED")


def test_a_debt_is_told_and_a_warning_names_account_and_amount(
    desk: ApiDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    cost = desk.ask(desk.charging.Debit, debit(seconds=600))
    assert (cost.overdrawn.units, cost.overdrawn.nanos) == (1, 200_000_000)
    assert [each.value.money.units for each in cost.account.balances if each.id == "*default"] == [-1]
    logged, deadline = "", time.monotonic() + 10
    while "overdrawn" not in logged and time.monotonic() < deadline:
        logged += capsys.readouterr().err
        time.sleep(0.01)
    assert "account.overdrawn account=cgrates.org:1001 amount=1.2" in logged


def test_a_post_paid_account_owes_without_a_warning(desk: ApiDesk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.ask(desk.accounts.SetAccount, SetAccountRequest(account="1001", allow_negative=True, idempotency_key="post"))
    assert not desk.ask(desk.charging.Debit, debit(seconds=600)).HasField("overdrawn")
    assert "overdrawn" not in capsys.readouterr().err


def test_a_refund_gives_increments_back_once(desk: ApiDesk) -> None:
    charge = desk.ask(desk.charging.Debit, debit(seconds=180))
    request = RefundRequest(
        account="1001", charge_id=charge.charge_id, idempotency_key="back", runs=[RefundRun(run=0, count=1)]
    )
    answer = desk.ask(desk.charging.Refund, request)
    assert (answer.money.nanos, [(run.run, run.count) for run in answer.returned]) == (600_000_000, [(0, 1)])
    assert desk.ask(desk.charging.Refund, request) == answer
    rest = RefundRequest(account="1001", charge_id=charge.charge_id, idempotency_key="rest")
    assert desk.ask(desk.charging.Refund, rest).money.units == 1
    assert desk.money("1001") == 5 * NANO


def test_a_batch_is_answered_in_its_order_each_alone(desk: ApiDesk) -> None:
    wrong = debit("1009", key="b")
    answer = desk.ask(
        desk.charging.BatchDebit,
        BatchDebitRequest(requests=[debit(key="a"), wrong, debit(key=""), debit(key="d")]),
    )
    assert [result.WhichOneof("result") for result in answer.results] == ["call_cost", "error", "error", "call_cost"]
    assert answer.results[0].call_cost.cost.nanos == 600_000_000
    assert "1009" in answer.results[1].error.message
    assert desk.money("1001") == 3_800_000_000


def test_a_batch_of_none_is_answered_with_none(desk: ApiDesk) -> None:
    assert not desk.ask(desk.charging.BatchDebit, BatchDebitRequest()).results


def test_a_cost_and_its_explanation_agree(desk: ApiDesk) -> None:
    cost = desk.ask(desk.rating.GetCost, GetCostRequest(call=call(seconds=61)))
    assert (cost.cost.units, cost.cost.nanos) == (1, 200_000_000)
    explained = desk.ask(desk.rating.ExplainCost, ExplainCostRequest(call=call(seconds=61)))
    assert explained.cost == cost
    assert "RP" in explained.text
    assert explained.explanation["cost"] is not None


def test_an_unrated_call_is_explained_too(desk: ApiDesk) -> None:
    explained = desk.ask(desk.rating.ExplainCost, ExplainCostRequest(call=call(destination="44123")))
    assert explained.reason == DESTINATION_UNRATED
    assert not explained.HasField("cost")
    assert explained.text


def test_units_are_charged_as_units(desk: ApiDesk) -> None:
    message = debit(key="sms")
    message.call.tor, message.call.category = "*sms", "sms"
    message.call.usage.units = 3
    cost = desk.ask(desk.charging.Debit, message)
    assert (cost.cost.nanos, cost.granted.units) == (210_000_000, 3)


def test_a_refusal_says_what_was_looked_at(desk: ApiDesk) -> None:
    with pytest.raises(Refused) as refusal:
        desk.ask(desk.charging.Debit, debit("1009"))
    assert refusal.value.reason == "ACCOUNT_UNKNOWN"
    assert refusal.value.metadata["account"] == "1009"
    assert refusal.value.metadata["tenant"] == "cgrates.org"
    assert ACCOUNT_UNKNOWN == 3
