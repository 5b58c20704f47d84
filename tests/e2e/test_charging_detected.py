"""Charging with detection behind it: a masked call is refused, a blocked number too, and a limit shortens a grant."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ratingd.fraud.blocks import ACCOUNT, NUMBER, block, limit
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.amount_pb2 import Amount
from ratingd.v1.charging_pb2 import DebitRequest, GetMaxSessionTimeRequest, MaxDebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from tests.api_desk import FOLDER, SATURDAY_TEN, Refused, call, refused
from tests.e2e.serving import Serving, serving

CALLED = "4989123456"
ACCOUNTS = [f"100{number}" for number in range(7)]
MS = 1_000


class Scene:
    def __init__(self, served: Serving) -> None:
        self.fraud = served.daemon.fraud
        self.charging: Any = ChargingServiceStub(served.channel)
        served.load(FOLDER)
        accounts: Any = AccountServiceStub(served.channel)
        for account in ACCOUNTS:
            asked = AddBalanceRequest(account=account, idempotency_key="opening", amount=Amount(),
                                      balance=BalanceSelector(kind="*monetary", id="M"))  # fmt: skip
            asked.amount.money.units = 100
            accounts.AddBalance(asked, timeout=20)

    def session_time(self, number: int, destination: str = CALLED, *, at: int = 0) -> int:
        asked = self._call(number, at, 3600, destination)
        answer = self._ask(self.charging.GetMaxSessionTime, GetMaxSessionTimeRequest(call=asked))
        return int(answer.usage.duration.seconds)

    def debit(self, number: int, key: str, *, at: int = 0, final: bool = False) -> int:
        request = DebitRequest(call=self._call(number, at, 60), idempotency_key=key, final=final)
        return int(self._ask(self.charging.Debit, request).granted.duration.seconds)

    def max_debit(self, number: int, key: str, *, at: int = 0, index: int = 0) -> int:
        asked = self._call(number, at, 60)
        if index:
            asked.duration_index.duration.seconds = index
        request = MaxDebitRequest(call=asked, idempotency_key=key)
        return int(self._ask(self.charging.MaxDebit, request).granted.duration.seconds)

    def limited(self, account: str, seconds: int) -> None:
        entry = limit(ACCOUNT, f"cgrates.org:{account}", seconds * MS, "irsf", "rule", 0, SATURDAY_TEN * 2 * MS)
        self.fraud.blocks.take([entry])

    def _call(self, number: int, at: int, seconds: int, destination: str = CALLED) -> Any:
        asked = call(f"100{number}", seconds, destination=destination, call_id=f"c-{number}", switch_id="sbc-1")
        asked.time_start.seconds += at
        return asked

    def _ask(self, method: Any, request: Any) -> Any:
        try:
            return method(request, timeout=20)
        except grpc.RpcError as error:
            raise refused(error) from None


@pytest.fixture
def scene(sqlite_url: str) -> Iterator[Scene]:
    with serving(sqlite_url) as served:
        yield Scene(served)


def reason_of(ask: Any, code: str = "FAILED_PRECONDITION") -> str:
    with pytest.raises(Refused) as told:
        ask()
    assert told.value.code == code
    return told.value.reason


def test_the_fifth_caller_is_refused_and_those_before_at_their_next_debit(scene: Scene) -> None:
    for number in range(4):
        assert scene.session_time(number) > 0
        assert scene.debit(number, "first") == 60
    assert reason_of(lambda: scene.session_time(4)) == "CALL_MASKED"
    assert reason_of(lambda: scene.debit(0, "second")) == "CALL_MASKED"
    assert scene.debit(0, "last", final=True) == 60, "what has happened is charged"
    assert scene.debit(0, "first") == 60, "and what was answered is answered again"


def test_a_blocked_number_is_refused(scene: Scene) -> None:
    scene.fraud.blocks.take([block(NUMBER, "+4989123456", "wangiri", "rule wangiri", 0, SATURDAY_TEN * 2 * MS)])
    assert reason_of(lambda: scene.session_time(0)) == "NUMBER_BLOCKED"
    assert scene.session_time(1, "4940555555") > 0


def test_a_limit_shortens_what_is_granted(scene: Scene) -> None:
    assert scene.session_time(0) == 3600
    scene.limited("1000", 90)
    assert scene.session_time(0) == 90
    assert scene.session_time(1) == 3600


def test_a_limit_holds_for_the_whole_call_however_it_is_debited(scene: Scene) -> None:
    scene.limited("1000", 90)
    assert scene.max_debit(0, "1") == 60
    assert scene.session_time(0, at=60) == 30
    assert reason_of(lambda: scene.debit(0, "2", at=60)) == "NUMBER_BLOCKED", "all of it, or nothing"
    assert scene.max_debit(0, "3", at=60) == 30
    assert reason_of(lambda: scene.max_debit(0, "4", at=90)) == "NUMBER_BLOCKED"
    assert scene.session_time(0, at=90) == 0
    assert scene.debit(0, "5", at=90, final=True) == 60, "what has happened is charged"
    scene.limited("1001", 90)
    assert scene.max_debit(1, "6", at=60, index=120) == 30, "its switch says that it has lasted a minute"


def test_an_emergency_call_is_never_refused_for_whoever_calls_it(scene: Scene) -> None:
    found = {reason_of(lambda number=number: scene.session_time(number, "112"), "NOT_FOUND") for number in range(7)}
    assert found == {"DESTINATION_UNRATED"}, "it has no price here, and that is all that is said of it"
