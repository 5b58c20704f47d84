"""Streams over a real server: charging with many requests in flight, disconnects, limits, and going down."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from ratingd.api.method import Method
from ratingd.api.method import answer as see_through
from ratingd.engine.command import Reply
from ratingd.v1.call_pb2 import CallCost
from ratingd.v1.charging_pb2 import (
    ChargeRequest,
    ChargeResponse,
    DebitRequest,
    GetMaxSessionTimeRequest,
    MaxDebitRequest,
    RefundRequest,
)
from ratingd.v1.sessions_pb2 import DisconnectResult
from tariffs.money import NANO
from tests.api_desk import ApiDesk, call, debit, refused


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[ApiDesk]:
    with ApiDesk(sqlite_url, streams_max=3, in_flight_max=8, max_message_bytes=100_000) as desk:
        desk.top_up("1001", 500)
        yield desk


class Feed:
    """Requests of a stream, sent when the test says so."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def send(self, *requests: Any) -> None:
        for request in requests:
            self._queue.put(request)

    def close(self) -> None:
        self._queue.put(None)

    def __iter__(self) -> Iterator[Any]:
        while (request := self._queue.get()) is not None:
            yield request


def reason_of(status: status_pb2.Status) -> str:
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return str(info.reason)


def eventually(holds: Callable[[], bool], within_s: float = 5) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def test_every_request_is_answered_under_its_correlation_id(desk: ApiDesk) -> None:
    requests = [ChargeRequest(correlation_id=f"c{n}", debit=debit(key=f"k{n}")) for n in range(300)]
    answers = {answer.correlation_id: answer for answer in desk.charging.Charge(iter(requests), timeout=20)}
    assert answers.keys() == {f"c{n}" for n in range(300)}
    assert {answer.WhichOneof("response") for answer in answers.values()} == {"debit"}
    assert len({answer.debit.charge_id for answer in answers.values()}) == 300
    assert desk.money("1001") == 320 * NANO


def test_all_kinds_of_requests_share_a_stream(desk: ApiDesk) -> None:
    feed = Feed()
    answers = desk.charging.Charge(iter(feed), timeout=20)
    feed.send(ChargeRequest(correlation_id="a", get_max_session_time=GetMaxSessionTimeRequest(call=call(seconds=600))))
    assert next(answers).get_max_session_time.usage.duration.seconds == 600
    feed.send(ChargeRequest(correlation_id="b", debit=debit(seconds=120)))
    charge = next(answers).debit
    feed.send(ChargeRequest(max_debit=MaxDebitRequest(call=call(), idempotency_key="m")))
    assert next(answers).max_debit.cost.nanos == 600_000_000
    back = RefundRequest(account="1001", idempotency_key="r", charge_id=charge.charge_id)
    feed.send(ChargeRequest(correlation_id="d", refund=back))
    assert next(answers).refund.money.units == 1
    feed.close()
    assert list(answers) == []


def test_a_wrong_request_is_answered_and_the_stream_goes_on(desk: ApiDesk) -> None:
    requests = [
        ChargeRequest(correlation_id="no key", debit=debit(key="")),
        ChargeRequest(correlation_id="no account", debit=debit("1009")),
        ChargeRequest(correlation_id="nothing"),
        ChargeRequest(correlation_id="good", debit=debit()),
    ]
    answers = {answer.correlation_id: answer for answer in desk.charging.Charge(iter(requests), timeout=20)}
    reasons = {name: reason_of(a.error) for name, a in answers.items() if a.WhichOneof("response") == "error"}
    assert reasons == {
        "no key": "INVALID_IDEMPOTENCY_KEY",
        "no account": "ACCOUNT_UNKNOWN",
        "nothing": "INVALID_REQUEST",
    }
    assert answers["good"].debit.cost.nanos == 600_000_000


def test_a_debit_is_the_same_request_on_a_stream_and_alone(desk: ApiDesk) -> None:
    alone = desk.ask(desk.charging.Debit, debit())
    (answer,) = desk.charging.Charge(iter([ChargeRequest(debit=debit())]), timeout=20)
    assert answer.debit == alone


def test_a_client_that_does_not_read_is_held_back(desk: ApiDesk) -> None:
    sent = 0

    def requests() -> Iterator[ChargeRequest]:
        nonlocal sent
        for number in range(100_000):
            sent += 1
            yield ChargeRequest(correlation_id=f"{number:08d}" * 1_000, debit=debit(key=""))

    answers = desk.charging.Charge(requests(), timeout=60)
    assert next(answers).WhichOneof("response") == "error"
    assert eventually(lambda: settled(lambda: sent), 30)
    assert sent < 100_000
    answers.cancel()
    assert eventually(lambda: desk.server.open_streams == 0, 20)


def settled(reading: Callable[[], int]) -> bool:
    before = reading()
    time.sleep(0.5)
    return reading() == before


def test_a_stream_that_breaks_off_loses_no_money(desk: ApiDesk) -> None:
    feed = Feed()
    answers = desk.charging.Charge(iter(feed), timeout=20)
    feed.send(*(ChargeRequest(correlation_id=f"c{n}", debit=debit(key=f"k{n}")) for n in range(50)))
    next(answers)
    answers.cancel()
    feed.close()
    assert eventually(lambda: desk.server.open_streams == 0)
    retried = [ChargeRequest(correlation_id=f"c{n}", debit=debit(key=f"k{n}")) for n in range(50)]
    assert len(list(desk.charging.Charge(iter(retried), timeout=20))) == 50
    assert desk.money("1001") == 470 * NANO


def test_bytes_that_are_no_message_end_the_stream(desk: ApiDesk) -> None:
    charge: Any = desk.channel.stream_stream("/ratingd.v1.ChargingService/Charge")
    with pytest.raises(grpc.RpcError) as error:
        list(charge(iter([b"\xff\xff"]), timeout=20))
    assert refused(error.value).reason == "INVALID_REQUEST"
    with pytest.raises(grpc.RpcError) as error:
        list(charge(iter([b"x" * 100_001]), timeout=20))
    assert refused(error.value).reason == "REQUEST_TOO_LARGE"


def test_one_stream_too_many_is_refused_and_unary_calls_go_on(desk: ApiDesk) -> None:
    feeds, streams = [Feed() for _ in range(3)], []
    for number, feed in enumerate(feeds):
        streams.append(desk.charging.Charge(iter(feed), timeout=60))
        feed.send(ChargeRequest(debit=debit(key=f"s{number}")))
        next(streams[-1])
    with pytest.raises(grpc.RpcError) as error:
        list(desk.charging.Charge(iter([ChargeRequest(debit=debit(key="more"))]), timeout=20))
    refusal = refused(error.value)
    assert (refusal.code, refusal.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")
    assert desk.ask(desk.charging.Debit, debit(key="unary")).charge_id
    for feed in feeds:
        feed.close()
    assert eventually(lambda: desk.server.open_streams == 0)
    assert list(desk.charging.Charge(iter([ChargeRequest(debit=debit(key="again"))]), timeout=20))


def test_a_switch_has_to_say_who_it_is(desk: ApiDesk) -> None:
    with pytest.raises(grpc.RpcError) as error:
        list(desk.sessions.WatchDisconnects(iter([DisconnectResult()]), timeout=20))
    assert list(refused(error.value).fields) == ["switch_id"]


def test_watching_switches_are_known_while_they_watch(desk: ApiDesk) -> None:
    feed = Feed()
    feed.send(DisconnectResult(switch_id="sbc-1"))
    stream = desk.sessions.WatchDisconnects(iter(feed), timeout=20)
    assert eventually(lambda: desk.watching() == ["sbc-1"])
    feed.send(DisconnectResult(disconnect_id="unheard of", outcome=DisconnectResult.CUT))
    feed.close()
    assert list(stream) == []
    assert eventually(lambda: desk.watching() == [])


def test_health_is_served(desk: ApiDesk) -> None:
    health = HealthStub(desk.channel)
    for service in ("", "ratingd.v1.ChargingService", "ratingd.v1.AdminService"):
        assert health.Check(HealthCheckRequest(service=service)).status == HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_tells_services_and_messages(desk: ApiDesk, version: str) -> None:
    reflect: Any = desk.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        ServerReflectionRequest.SerializeToString,
        ServerReflectionResponse.FromString,
    )
    symbols = ["ratingd.v1.ChargingService", "ratingd.v1.ChargingService.Debit", "ratingd.v1.DebitRequest"]
    asked = [ServerReflectionRequest(file_containing_symbol=symbol) for symbol in symbols]
    listed, *found, unknown = reflect(
        iter(
            [
                ServerReflectionRequest(list_services=""),
                *asked,
                ServerReflectionRequest(file_containing_symbol="ratingd.v1.Nothing.At"),
            ]
        ),
        timeout=20,
    )
    names = {service.name for service in listed.list_services_response.service}
    assert {f"ratingd.v1.{name}Service" for name in ("Rating", "Charging", "Account", "Tariff", "Session")} < names
    assert "grpc.health.v1.Health" in names
    assert all(response.file_descriptor_response.file_descriptor_proto for response in found)
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


def test_going_down_answers_what_is_in_progress_and_refuses_the_rest(sqlite_url: str) -> None:
    """The native transport loses no answer. gRPC's own server closes the connection while the client still sends, which
    then drops what it has received and not yet handed out: that is given again under its key, and charged once.
    """
    with ApiDesk(sqlite_url) as desk:
        desk.top_up("1001", 500)
        feed = Feed()
        answers = desk.charging.Charge(iter(feed), timeout=20)
        feed.send(*(ChargeRequest(correlation_id=f"c{n}", debit=debit(key=f"k{n}")) for n in range(200)))
        taken = [next(answers)]
        switch = Feed()
        switch.send(DisconnectResult(switch_id="sbc-1"))
        watching = desk.sessions.WatchDisconnects(iter(switch), timeout=20)
        assert eventually(lambda: desk.watching() == ["sbc-1"])
        stopping = threading.Thread(target=desk.server.stop, args=(5,))
        started = time.monotonic()
        stopping.start()
        with pytest.raises(grpc.RpcError) as error:
            taken.extend(answers)
        assert refused(error.value).code == "UNAVAILABLE"
        with pytest.raises(grpc.RpcError):
            list(watching)
        stopping.join(10)
        assert time.monotonic() - started < 4
        debited = [answer for answer in taken if isinstance(answer, ChargeResponse) and answer.HasField("debit")]
        charged, rest = divmod(500 * NANO - money_left(desk), 600_000_000)
        assert (rest, [answer.correlation_id for answer in debited]) == (0, [f"c{n}" for n in range(len(debited))])
        assert len(debited) == charged or (desk.transport == "grpcio" and len(debited) < charged)
        again = [replayed(desk, debit(key=f"k{n}")) for n in range(charged)]
        assert [answer.debit for answer in debited] == again[: len(debited)]
        assert 500 * NANO - money_left(desk) == charged * 600_000_000


def money_left(desk: ApiDesk) -> int:
    left = desk.engine.account(desk.key("1001"))
    assert left is not None
    return left.balances[0].value


def replayed(desk: ApiDesk, request: DebitRequest) -> CallCost:
    """The answer that the engine keeps, without a server."""
    method = next(m for m in desk.methods if isinstance(m, Method) and m.name.endswith("/Debit"))
    answered: Future[Reply] = Future()
    see_through(method.prepare(request.SerializeToString(), None), desk.engine.submit, answered.set_result)
    reply = answered.result(20)
    assert reply.code == 0
    return CallCost.FromString(reply.body)
