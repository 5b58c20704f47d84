"""Bad input, over a real server: each kind has its own clear error, and nothing has changed afterwards."""

import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.type.money_pb2 import Money

from ratingd.api.method import Method, answer
from ratingd.api.status import status_of
from ratingd.engine.command import Reply
from ratingd.v1 import accounts_pb2, charging_pb2
from ratingd.v1.call_pb2 import BASIC
from ratingd.v1.rating_pb2 import GetCostRequest
from ratingd.v1.reason_pb2 import Reason
from tests.api_desk import FOLDER, ApiDesk, Refused, call, debit
from tests.table import table


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiDesk]:
    folder = tmp_path_factory.mktemp("refusals")
    with ApiDesk(f"sqlite:///{folder}/ratingd.db", currency="EUR", max_message_bytes=100_000) as desk:
        desk.top_up("1001", 5)
        desk.top_up("1002", 5)
        disabled = accounts_pb2.SetAccountRequest(account="1002", idempotency_key="off", disabled=True)
        desk.ask(desk.accounts.SetAccount, disabled)
        yield desk


def refusal_of(desk: ApiDesk, method: Any, request: Message) -> Refused:
    before = desk.account("1001")
    with pytest.raises(Refused) as refusal:
        desk.ask(method, request)
    assert desk.account("1001") == before
    return refusal.value


@table(
    """
    change                                 | code                | reason                  | field
    call.account=1009                      | NOT_FOUND           | ACCOUNT_UNKNOWN         |
    call.tenant=nobody.org                 | NOT_FOUND           | ACCOUNT_UNKNOWN         |
    call.account=1002                      | FAILED_PRECONDITION | ACCOUNT_DISABLED        |
    call.category=unheard                  | NOT_FOUND           | NO_RATING_PLAN          |
    call.destination=44123                 | NOT_FOUND           | DESTINATION_UNRATED     |
    call.account=                          | INVALID_ARGUMENT    | INVALID_REQUEST         | call.account
    call.usage.duration.seconds=-5         | INVALID_ARGUMENT    | INVALID_USAGE           | call.usage
    call.usage.duration.seconds=259201     | INVALID_ARGUMENT    | USAGE_TOO_LONG          | call.usage
    call.usage.duration.seconds=999999999999 | INVALID_ARGUMENT    | INVALID_REQUEST         | call.usage.duration
    call.usage.duration.nanos=-1           | INVALID_ARGUMENT    | INVALID_REQUEST         | call.usage.duration
    call.time_end.seconds=1795255140       | INVALID_ARGUMENT    | INVALID_USAGE           | call.usage
    call.usage.units=60                    | INVALID_ARGUMENT    | INVALID_REQUEST         | call.usage.units
    call.tor=*sms                          | INVALID_ARGUMENT    | INVALID_REQUEST         | call.usage.duration
    call.time_zone=Mars/Olympus            | INVALID_ARGUMENT    | UNKNOWN_TIME_ZONE       | call.time_zone
    call.time_zone=../../etc/passwd        | INVALID_ARGUMENT    | UNKNOWN_TIME_ZONE       | call.time_zone
    call.time_start.seconds=-1             | INVALID_ARGUMENT    | INVALID_REQUEST         | call.time_start
    call.time_start.seconds=99999999999    | INVALID_ARGUMENT    | INVALID_REQUEST         | call.time_start
    call.loop_index=-1                     | INVALID_ARGUMENT    | INVALID_REQUEST         | call.loop_index
    call.duration_index.units=1            | INVALID_ARGUMENT    | INVALID_REQUEST         | call.duration_index.units
    call.max_cost_so_far.units=-1          | INVALID_ARGUMENT    | INVALID_REQUEST         | call.max_cost_so_far
    call.max_cost_so_far.currency_code=USD | INVALID_ARGUMENT | INVALID_REQUEST | call.max_cost_so_far.currency_code
    idempotency_key=                       | INVALID_ARGUMENT    | INVALID_IDEMPOTENCY_KEY | idempotency_key
    """
)
def test_each_mistake_has_its_own_error(desk: ApiDesk, change: str, code: str, reason: str, field: str) -> None:
    request = debit(key=f"mistake {change}")
    apply(request, change)
    refusal = refusal_of(desk, desk.charging.Debit, request)
    assert (refusal.code, refusal.reason) == (code, reason)
    assert list(refusal.fields) == ([field] if field else [])
    assert refusal.details


def apply(request: Any, change: str) -> None:
    """`call.usage.units=60` on a message."""
    path, _, text = change.partition("=")
    *parents, last = path.split(".")
    for parent in parents:
        request = getattr(request, parent)
    setattr(request, last, type(getattr(request, last))(text or type(getattr(request, last))()))


def test_usage_is_refused_before_anyone_is_looked_up(desk: ApiDesk) -> None:
    for account in ("1009", "1002"):
        negative, long = debit(account, -1, key="n"), debit(account, 400 * 3600, key="l")
        assert refusal_of(desk, desk.charging.Debit, negative).reason == "INVALID_USAGE"
        assert refusal_of(desk, desk.charging.Debit, long).reason == "USAGE_TOO_LONG"
        assert refusal_of(desk, desk.rating.GetCost, GetCostRequest(call=negative.call)).reason == "INVALID_USAGE"


def test_an_account_is_looked_up_before_its_prices(desk: ApiDesk) -> None:
    for account, reason in (("1009", "ACCOUNT_UNKNOWN"), ("1002", "ACCOUNT_DISABLED"), ("1001", "NO_RATING_PLAN")):
        request = charging_pb2.GetMaxSessionTimeRequest(call=call(account, destination="44", category="unheard"))
        assert refusal_of(desk, desk.charging.GetMaxSessionTime, request).reason == reason


def test_a_price_is_looked_up_before_the_credit(desk: ApiDesk) -> None:
    """1003 has nothing: a grant of 0 is no error, unless all of the call was wanted; no price comes before either."""
    desk.ask(desk.accounts.SetAccount, accounts_pb2.SetAccountRequest(account="1003", idempotency_key="new"))
    for category, reason in (("unheard", "NO_RATING_PLAN"), ("call", "DESTINATION_UNRATED")):
        request = charging_pb2.MaxDebitRequest(
            call=call("1003", destination="44", category=category), idempotency_key=category, force_duration=True
        )
        assert refusal_of(desk, desk.charging.MaxDebit, request).reason == reason
    forced = charging_pb2.MaxDebitRequest(call=call("1003"), idempotency_key="all", force_duration=True)
    assert refusal_of(desk, desk.charging.MaxDebit, forced).reason == "CREDIT_EXHAUSTED"
    told = desk.ask(desk.charging.MaxDebit, charging_pb2.MaxDebitRequest(call=call("1003"), idempotency_key="some"))
    assert Reason.Name(told.reason) == "CREDIT_EXHAUSTED"
    assert not told.granted.duration.seconds


def test_a_reused_key_is_told_and_the_first_answer_stays(desk: ApiDesk) -> None:
    first = desk.ask(desk.charging.Debit, debit(seconds=60, key="reused"))
    refusal = refusal_of(desk, desk.charging.Debit, debit(seconds=120, key="reused"))
    assert (refusal.code, refusal.reason) == ("ALREADY_EXISTS", "IDEMPOTENCY_KEY_REUSED")
    as_max_debit = charging_pb2.MaxDebitRequest(call=call(), idempotency_key="reused")
    assert refusal_of(desk, desk.charging.MaxDebit, as_max_debit).reason == "IDEMPOTENCY_KEY_REUSED"
    assert desk.ask(desk.charging.Debit, debit(seconds=60, key="reused")) == first


def test_a_refusal_is_kept_under_its_key_too(desk: ApiDesk) -> None:
    first = refusal_of(desk, desk.charging.Debit, debit("1008", key="early"))
    desk.top_up("1008", 5)
    again = refusal_of(desk, desk.charging.Debit, debit("1008", key="early"))
    assert (first.reason, first.details) == (again.reason, again.details) == ("ACCOUNT_UNKNOWN", first.details)


@pytest.mark.parametrize("size", [100_001, 199_000])
def test_a_message_over_the_limit_is_told_the_limit(desk: ApiDesk, size: int) -> None:
    request = debit(key="large")
    request.call.extra_fields["x"] = "x" * (size - request.ByteSize())
    refusal = refusal_of(desk, desk.charging.Debit, request)
    assert (refusal.code, refusal.reason) == ("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE")
    assert "100000" in refusal.details


def test_a_huge_message_is_not_even_read(desk: ApiDesk) -> None:
    request = debit(key="huge")
    request.call.extra_fields["x"] = "x" * 5_000_000
    refusal = refusal_of(desk, desk.charging.Debit, request)
    assert refusal.code == "RESOURCE_EXHAUSTED"
    assert "200000" in refusal.details


def test_bytes_that_are_no_message(desk: ApiDesk) -> None:
    broken: Any = desk.channel.unary_unary("/ratingd.v1.ChargingService/Debit")
    with pytest.raises(Refused) as refusal:
        desk.ask(broken, b"\xff\xff\xff")
    assert (refusal.value.code, refusal.value.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert "ratingd.v1.DebitRequest" in refusal.value.details


def test_a_method_nobody_knows(desk: ApiDesk) -> None:
    unknown: Any = desk.channel.unary_unary("/ratingd.v1.ChargingService/Guess")
    with pytest.raises(Refused) as refusal:
        desk.ask(unknown, b"")
    assert refusal.value.code == "UNIMPLEMENTED"


def test_a_deadline_that_has_passed_moves_nothing(desk: ApiDesk) -> None:
    before = desk.account("1001")
    method = next(m for m in desk.methods if isinstance(m, Method) and m.name.endswith("/Debit"))
    answered: Future[Reply] = Future()
    prepared = method.prepare(debit(key="late").SerializeToString(), time.monotonic_ns() - 1)
    answer(prepared, desk.engine.submit, answered.set_result)
    status = status_of(answered.result(10))
    assert status.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
    assert desk.account("1001") == before


def test_refunds_that_cannot_be_meant(desk: ApiDesk) -> None:
    refund = charging_pb2.RefundRequest(account="1001", idempotency_key="refund")
    assert refusal_of(desk, desk.charging.Refund, refund).fields == {"charge_id": "is empty"}
    refund.charge_id = "nothing"
    assert refusal_of(desk, desk.charging.Refund, refund).reason == "CHARGE_UNKNOWN"
    for run, count, field in ((-1, 1, "runs[0].run"), (10**9, 1, "runs[0].run"), (0, 0, "runs[0].count")):
        wrong = charging_pb2.RefundRequest()
        wrong.CopyFrom(refund)
        wrong.idempotency_key = f"{run} {count}"
        wrong.runs.add(run=run, count=count)
        assert list(refusal_of(desk, desk.charging.Refund, wrong).fields) == [field]


def test_a_dearest_price_needs_its_unit(desk: ApiDesk) -> None:
    request = charging_pb2.GetMaxSessionTimeRequest(call=call(), max_rate=Money(units=1))
    assert list(refusal_of(desk, desk.charging.GetMaxSessionTime, request).fields) == ["max_rate_unit"]
    request.max_rate_unit.duration.seconds = 0
    assert list(refusal_of(desk, desk.charging.GetMaxSessionTime, request).fields) == ["max_rate_unit"]


@table(
    """
    balance       | amount      | field
    kind=         | money=1     | balance.kind
    kind=*gold    | money=1     | balance.kind
    kind=*voice   | money=1     | amount.money
    kind=*sms     | units=NaN   | amount.units
    kind=*sms     | units=0.0000000001 | amount.units
    kind=*sms     |             | amount
    """
)
def test_top_ups_that_cannot_be_meant(desk: ApiDesk, balance: str, amount: str, field: str) -> None:
    request = accounts_pb2.AddBalanceRequest(account="1001", idempotency_key=f"{balance} {amount}")
    request.balance.kind = balance.removeprefix("kind=")
    what, _, number = amount.partition("=")
    if what == "money":
        request.amount.money.units = int(number)
    elif what == "units":
        request.amount.units.value = number
    refusal = refusal_of(desk, desk.accounts.AddBalance, request)
    assert (refusal.code, list(refusal.fields)) == ("INVALID_ARGUMENT", [field])


def test_money_cannot_be_given_a_subject_that_counts_units(desk: ApiDesk) -> None:
    """X 23: in CGRateS it can, and pays for nothing."""
    before = desk.account("1001")
    balance = accounts_pb2.BalanceSelector(kind="*monetary", id="NEW", rating_subject="*zero1s")
    for method, request in (
        (desk.accounts.AddBalance, accounts_pb2.AddBalanceRequest(account="1001", idempotency_key="a")),
        (desk.accounts.SetBalance, accounts_pb2.SetBalanceRequest(account="1001", idempotency_key="s")),
    ):
        request.balance.CopyFrom(balance)
        amount = request.amount if isinstance(request, accounts_pb2.AddBalanceRequest) else request.value
        amount.money.units = 100
        refusal = refusal_of(desk, method, request)
        assert (refusal.code, refusal.reason) == ("INVALID_ARGUMENT", "INVALID_RATING_SUBJECT")
        assert list(refusal.fields) == ["balance.rating_subject"]
    assert desk.account("1001") == before


def test_accounts_that_cannot_be_meant(desk: ApiDesk) -> None:
    no_key = accounts_pb2.SetAccountRequest(account="1001")
    assert refusal_of(desk, desk.accounts.SetAccount, no_key).reason == "INVALID_IDEMPOTENCY_KEY"
    zone = accounts_pb2.SetAccountRequest(account="1001", idempotency_key="z", time_zone="Nowhere")
    assert refusal_of(desk, desk.accounts.SetAccount, zone).reason == "UNKNOWN_TIME_ZONE"
    group = accounts_pb2.SetTriggersRequest(account="1001", idempotency_key="t", groups=["NONE"])
    assert refusal_of(desk, desk.accounts.SetTriggers, group).reason == "TRIGGERS_UNKNOWN"
    plan = accounts_pb2.SetAccountRequest(account="1001", idempotency_key="p", action_plans=["NONE"])
    assert refusal_of(desk, desk.accounts.SetAccount, plan).reason == "ACTION_PLAN_UNKNOWN"
    actions = accounts_pb2.ExecuteActionsRequest(account="1001", idempotency_key="a", actions_id="NONE")
    assert refusal_of(desk, desk.accounts.ExecuteActions, actions).reason == "ACTIONS_UNKNOWN"
    balance = accounts_pb2.RemoveBalanceRequest(account="1001", idempotency_key="b")
    balance.balance.id = "NONE"
    assert refusal_of(desk, desk.accounts.RemoveBalance, balance).reason == "BALANCE_UNKNOWN"
    anything = accounts_pb2.RemoveBalanceRequest(account="1001", idempotency_key="c")
    assert refusal_of(desk, desk.accounts.RemoveBalance, anything).fields.keys() == {"balance"}
    with pytest.raises(Refused, match="1009"):
        desk.ask(desk.accounts.GetAccount, accounts_pb2.GetAccountRequest(account="1009"))


def test_a_cost_that_no_message_can_tell_is_refused_and_nothing_is_charged(sqlite_url: str) -> None:
    """Prices may have 64 digits; a number of units of money on the wire has 64 bits."""
    dear = FOLDER | {"Rates.csv": FOLDER["Rates.csv"].replace(b"0.60", str(10**20).encode())}
    with ApiDesk(sqlite_url, folder=dear) as desk:
        desk.top_up("1001", 5)
        for method, request in (
            (desk.rating.GetCost, GetCostRequest(call=call())),
            (desk.charging.Debit, debit(key="dear")),
            (desk.charging.Debit, debit(key="dear, in short", view=BASIC)),
        ):
            refusal = refusal_of(desk, method, request)
            assert (refusal.code, refusal.reason) == ("INTERNAL", "INVARIANT_BROKEN")
            assert str(10**20) in refusal.details
