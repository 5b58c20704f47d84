"""Unary calls: answered at once, slowly, from another thread, out of order, too late; and what a status says."""

import time
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from ratingd.api.open_transport import NATIVE, why_not_native
from ratingd.api.status import failure, status_of
from ratingd.engine.command import Reply
from ratingd.errors import AccountUnknown, InvalidRequest, Overloaded
from tests.e2e.transport.desk import TRANSPORTS, TransportDesk, answered
from tests.waiting import until

DETAILS = "grpc-status-details-bin"
METHODS = ("Quick", "Slow", "Lane", "Later", "LaterSlowly")


def error_of(call: Any) -> Any:
    error = call.exception(20)
    assert error is not None
    return error


def code_of(call: Any) -> str:
    return str(error_of(call).code().name)


def test_a_native_module_that_was_built_is_tested() -> None:
    assert ("edge" in TRANSPORTS) == (why_not_native() is None)
    if "edge" not in TRANSPORTS:
        assert f"No module named '{NATIVE}'" in str(why_not_native())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("body", [b"", b"\x00", b"hello", bytes(99_999)], ids=["empty", "zero", "text", "large"])
def test_what_comes_in_goes_out(desk: TransportDesk, method: str, body: bytes) -> None:
    assert desk.call(method, body) == body


def test_many_commands_of_one_call_are_answered_together(desk: TransportDesk) -> None:
    assert desk.call("Many", b"a b c") == b"a+b+c"


def test_a_command_may_be_answered_before_it_is_submitted(desk: TransportDesk) -> None:
    desk.charger.at_once = True
    assert [desk.call("Lane", b"a"), desk.call("Many", b"a b")] == [b"a", b"a+b"]


def test_a_lane_answers_later_and_in_any_order(desk: TransportDesk) -> None:
    desk.charger.hold = True
    calls = []
    for number in range(12):
        calls.append(desk.ask("Lane", b"%d" % number))
        until(lambda: len(desk.charger.waiting) == len(calls))
    desk.charger.answer([11, 3, 7])
    assert [answered(calls[place]) for place in (3, 7, 11)] == [b"3", b"7", b"11"]
    assert not any(calls[place].done() for place in (0, 1, 2, 4))
    assert desk.call("Quick", b"meanwhile") == b"meanwhile"
    desk.charger.answer()
    assert [answered(call) for call in calls] == [b"%d" % number for number in range(12)]


def test_slow_calls_hold_up_nobody(desk: TransportDesk) -> None:
    slow = [desk.ask("Slow", b"wait") for _ in range(4)]
    assert [desk.call("Quick", b"q"), desk.call("Lane", b"l")] == [b"q", b"l"]
    assert not any(call.done() for call in slow)
    desk.released.set()
    assert [answered(call) for call in slow] == [b"wait"] * 4


REPLIES = {
    "refused": failure(AccountUnknown("cgrates.org", "1009")),
    "with details": failure(InvalidRequest("call.usage", "is below zero"), account="1001"),
    "to be asked again": failure(Overloaded(4096, 250)),
    "beyond ASCII": failure(
        InvalidRequest("name", 'Müller & Søn\nsecond line\ttab % %20 \x7f 電話 \U0001f4de "quoted"')
    ),
    "long": failure(InvalidRequest("name", "é" * 5_000)),
    "without words": Reply(14, status_pb2.Status(code=14).SerializeToString()),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_status_arrives_word_for_word(desk: TransportDesk, name: str) -> None:
    reply = REPLIES[name]
    error = error_of(desk.ask("Status", reply.body))
    assert error.code().value[0] == reply.code
    assert error.details() == status_of(reply).message
    assert [value for key, value in error.trailing_metadata() if key == DETAILS] == [reply.body]


@pytest.mark.parametrize("code", range(1, 17))
def test_every_code_arrives(desk: TransportDesk, code: int) -> None:
    error = error_of(desk.ask("Status", status_pb2.Status(code=code, message="so").SerializeToString()))
    assert (error.code().value[0], error.details()) == (code, "so")


@pytest.mark.parametrize("method", ["Crash", "CrashSlowly", "CrashOnLane"])
def test_a_method_that_breaks_is_an_internal_error_and_the_server_lives(desk: TransportDesk, method: str) -> None:
    error = error_of(desk.ask(method))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert error.details() == f"ZeroDivisionError in /transport.test.Echo/{method}"
    assert [value for key, value in error.trailing_metadata() if key == DETAILS]
    assert desk.call("Quick", b"alive") == b"alive"


@pytest.mark.parametrize("path", ["/transport.test.Echo/Nothing", "/no.Such/Method", "/", "/x"])
def test_what_is_not_served_is_unimplemented(desk: TransportDesk, path: str) -> None:
    unknown: Any = desk.channel.unary_unary(path)
    assert code_of(unknown.future(b"", timeout=20)) == "UNIMPLEMENTED"
    assert desk.call("Quick", b"alive") == b"alive"


def test_a_deadline_reaches_the_command(desk: TransportDesk) -> None:
    """A client of grpcio rounds what is left of ten seconds and more up to the next tenth."""
    before = time.monotonic_ns()
    desk.call("Lane", seconds=15)
    desk.call("Lane", seconds=None)
    given, none = desk.deadlines
    assert given is not None
    assert before + 14_000_000_000 < given <= time.monotonic_ns() + 15_100_000_000
    assert none is None


def test_a_deadline_passes_while_the_lane_is_at_work(desk: TransportDesk) -> None:
    desk.charger.hold = True
    call = desk.ask("Lane", b"late", seconds=0.3)
    until(lambda: len(desk.charger.waiting) == 1)
    assert code_of(call) == "DEADLINE_EXCEEDED"
    desk.charger.answer()
    desk.charger.hold = False
    assert desk.call("Lane", b"next") == b"next"


def test_a_deadline_that_has_passed_is_told(desk: TransportDesk) -> None:
    desk.charger.hold = True
    assert code_of(desk.ask("Lane", seconds=1e-6)) == "DEADLINE_EXCEEDED"
    desk.charger.hold = False
    assert desk.call("Lane", b"next") == b"next"


def test_a_call_that_is_cancelled_harms_nobody(desk: TransportDesk) -> None:
    desk.charger.hold = True
    calls = [desk.ask("Lane", b"%d" % number) for number in range(6)]
    until(lambda: len(desk.charger.waiting) == 6)
    for call in calls[:3]:
        call.cancel()
    desk.charger.answer()
    assert all(call.cancelled() for call in calls[:3])
    assert [answered(call) for call in calls[3:]] == [b"3", b"4", b"5"]


def test_a_client_that_hangs_up_harms_nobody(desk: TransportDesk) -> None:
    desk.charger.hold = True
    gone = desk.connect()
    calls = [desk.ask("Lane", b"%d" % number, channel=gone) for number in range(4)]
    until(lambda: len(desk.charger.waiting) == 4)
    gone.close()
    assert {code_of(call) for call in calls} == {"CANCELLED"}
    desk.charger.answer()
    desk.charger.hold = False
    assert desk.call("Lane", b"next") == b"next"
