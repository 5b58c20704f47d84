"""The one table of codes: complete, in the precedence of reasons, and readable by a client."""

import inspect

import pytest
from google.rpc import code_pb2, error_details_pb2

from accounts.charge import Reason, Refused
from ratingd import errors
from ratingd.api.reasons import REASONS
from ratingd.api.status import CODES, TEXT_BYTES, failure, refusal, status_of
from ratingd.engine.command import Reply
from ratingd.errors import (
    AccountUnknown,
    InvalidIdempotencyKey,
    Overloaded,
    RatingdError,
    TariffRefused,
    UnknownTimeZone,
)
from ratingd.v1.reason_pb2 import Reason as WireReason

ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, RatingdError)]
WIRE_NAMES = frozenset(WireReason.keys())
NEVER_ERRORS = {"REASON_UNSPECIFIED", "DISCONNECT"}


def info_of(reply: Reply) -> error_details_pb2.ErrorInfo:
    info = error_details_pb2.ErrorInfo()
    assert status_of(reply).details[0].Unpack(info)
    return info


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_and_a_name_on_the_wire(kind: type[RatingdError]) -> None:
    assert kind.reason in CODES
    assert kind.reason in WIRE_NAMES


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_a_code_and_a_name_on_the_wire(reason: Reason) -> None:
    reply = refusal(Refused(reason, "because"), account="1001")
    assert reply.code == CODES[reason.value] == status_of(reply).code
    info = info_of(reply)
    assert (info.reason, info.domain, dict(info.metadata)) == (reason.value, "ratingd", {"account": "1001"})


def test_the_table_has_exactly_the_names_of_the_wire() -> None:
    assert set(CODES) == WIRE_NAMES - NEVER_ERRORS


def test_the_wire_numbers_refusals_in_their_precedence() -> None:
    fraud = [REASONS[Reason.CALL_MASKED], REASONS[Reason.NUMBER_BLOCKED]]  # they came later, and come after the account
    assert [REASONS[reason] for reason in Reason] == [1, 2, 3, 4, *fraud, 5, 6, 7, 8]


def test_no_reason_is_ok_or_unknown() -> None:
    assert not {code_pb2.OK, code_pb2.UNKNOWN} & set(CODES.values())


def test_a_wrong_field_is_named() -> None:
    for error in (UnknownTimeZone("call.time_zone", "no such zone"), InvalidIdempotencyKey("idempotency_key", "empty")):
        status = status_of(failure(error))
        bad = error_details_pb2.BadRequest()
        assert status.details[1].Unpack(bad)
        assert [(v.field, v.description) for v in bad.field_violations] == [(error.field, error.description)]


def test_overload_says_when_to_ask_again() -> None:
    status = status_of(failure(Overloaded(10_000, 250)))
    retry = error_details_pb2.RetryInfo()
    assert status.details[1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 250


def test_an_unknown_account_reads_the_same_as_refusal_and_as_error() -> None:
    as_refusal = refusal(Refused(Reason.ACCOUNT_UNKNOWN, "there is no account t:1"))
    as_error = failure(AccountUnknown("t", "1"))
    assert as_refusal.code == as_error.code
    assert info_of(as_refusal).reason == info_of(as_error).reason


@pytest.mark.parametrize("letter", ["x", "ß", "語", "🙂"])
def test_a_long_text_is_cut_so_that_the_trailers_stay_small(letter: str) -> None:
    long = letter * 100_000
    looked_at = dict.fromkeys(("tenant", "account", "category", "subject", "destination"), long)
    for reply in (
        failure(TariffRefused([long])),
        failure(UnknownTimeZone("call.time_zone", long), **looked_at),
        refusal(Refused(Reason.INVALID_USAGE, long), **looked_at),
    ):
        text = status_of(reply).message
        percent_encoded = sum(1 if byte < 128 else 3 for byte in text.encode())
        assert percent_encoded + len(reply.body) * 4 // 3 < 8_000
        assert len(text.encode()) > TEXT_BYTES - 4
