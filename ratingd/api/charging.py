"""ChargingService: a switch's requests as commands on the account's lane.

The fingerprint of a request is a hash over everything in it but its key, so that the same content under the same key is
the same request, by whichever method or stream it came, and other content is told apart (IDEMPOTENCY_KEY_REUSED).
"""

from collections.abc import Callable, Sequence
from typing import Final

from google.protobuf.message import Message
from librt.strings import BytesWriter

from accounts.account import AccountKey
from accounts.charge import ChargeRequest, Granted, Refused
from ratingd.api.aliased import Named, aliased
from ratingd.api.answers import AnswerWriter
from ratingd.api.call_message import call_message
from ratingd.api.call_request import charge_request, max_rate_of, request_type_of, reserve_of
from ratingd.api.config import ApiConfig
from ratingd.api.convert import account_key, idempotency_key, required
from ratingd.api.debit_message import DebitMessage, content_of, hash_of, read_batch, read_debit
from ratingd.api.method import AnyMethod, Kind, Many, Method, Prepared, guarded, parse
from ratingd.api.status import failure, refusal
from ratingd.api.wire import put_within, tag_of
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import Answer, Charged, Debit, GetMaxSessionTime, MaxDebit, Refund, Refunded, Reserved
from ratingd.errors import InvalidRequest, InvariantBroken, RatingdError
from ratingd.v1.call_pb2 import BASIC
from ratingd.v1.charging_pb2 import (
    BatchDebitResponse,
    DebitResult,
    GetMaxSessionTimeRequest,
    MaxDebitRequest,
    RefundRequest,
)
from tariffs.span import VOICE

SERVICE: Final = "/ratingd.v1.ChargingService/"
BATCH_MAX: Final = 1_000
RUNS_MAX: Final = 100_000
_RESULTS: Final = tag_of(BatchDebitResponse, "results")
_CALL_COST: Final = tag_of(DebitResult, "call_cost")
_ERROR: Final = tag_of(DebitResult, "error")


class Charging:
    """Turns requests into commands. Holds nothing but the configuration."""

    def __init__(self, config: ApiConfig) -> None:
        self._config: Final = config
        self._writer: Final = AnswerWriter(config.currency)

    def methods(self) -> list[AnyMethod]:
        unary: dict[str, Callable[[bytes, int | None], Prepared]] = {
            "GetMaxSessionTime": self._parse_get_max_session_time,
            "Debit": self._parse_debit,
            "MaxDebit": self._parse_max_debit,
            "Refund": self._parse_refund,
            "BatchDebit": self._parse_batch,
        }
        return [Method(SERVICE + name, Kind.LANE, guarded(prepare)) for name, prepare in unary.items()]

    def get_max_session_time(self, request: GetMaxSessionTimeRequest, deadline_ns: int | None) -> Command:
        max_rate, request_type = max_rate_of(request, self._config), request_type_of(request.request_type)
        call = call_message(request.call)
        asked = charge_request(call, self._config, max_rate=max_rate, request_type=request_type)
        reserve_ns = reserve_of(request, self._config)
        encode = _Encoding(asked, self._writer, full=False)
        operation = GetMaxSessionTime(asked, reserve_ns)
        if reserve_ns is None:
            return Command(asked.key, operation, encode.granted, deadline_ns=deadline_ns)
        key = idempotency_key(request.idempotency_key, dry_run=request.dry_run)
        mark = fingerprint(request, b"reserve")
        return Command(asked.key, operation, encode.granted, key, mark, request.dry_run, deadline_ns)

    def debit(self, request: DebitMessage, deadline_ns: int | None) -> Command:
        key = idempotency_key(request.idempotency_key, dry_run=request.dry_run)
        asked = charge_request(
            request.call,
            self._config,
            perform_rounding=request.perform_rounding,
            deny_negative=request.deny_negative,
            final=request.final,
            request_type=request_type_of(request.request_type),
        )
        encode = _Encoding(asked, self._writer, full=request.view != BASIC, dry_run=request.dry_run)
        mark = hash_of(request.content, b"debit")
        return Command(asked.key, Debit(asked), encode.charged, key, mark, request.dry_run, deadline_ns)

    def max_debit(self, request: MaxDebitRequest, deadline_ns: int | None) -> Command:
        key = idempotency_key(request.idempotency_key, dry_run=request.dry_run)
        asked = charge_request(
            call_message(request.call),
            self._config,
            perform_rounding=request.perform_rounding,
            deny_negative=request.deny_negative,
            final=request.final,
            force_duration=request.force_duration,
            max_rate=max_rate_of(request, self._config),
            request_type=request_type_of(request.request_type),
        )
        encode = _Encoding(asked, self._writer, full=request.view != BASIC, dry_run=request.dry_run)
        mark = fingerprint(request, b"max_debit")
        return Command(asked.key, MaxDebit(asked), encode.charged, key, mark, request.dry_run, deadline_ns)

    def refund(self, request: RefundRequest, deadline_ns: int | None) -> Command:
        key = idempotency_key(request.idempotency_key, dry_run=request.dry_run)
        asked = account_key(request.tenant, request.account, self._config.default_tenant)
        account = AccountKey(*aliased(Named(*asked), self._config.aliases(), self._config.clock())[:2])
        operation = Refund(required(request.charge_id, "charge_id"), _runs(request))
        encode = _RefundEncoding(self._writer, account.account)
        mark = fingerprint(request, b"refund")
        return Command(account, operation, encode, key, mark, request.dry_run, deadline_ns)

    def _parse_get_max_session_time(self, body: bytes, deadline_ns: int | None) -> Command:
        return self.get_max_session_time(parse(GetMaxSessionTimeRequest(), body), deadline_ns)

    def _parse_debit(self, body: bytes, deadline_ns: int | None) -> Command:
        return self.debit(read_debit(body), deadline_ns)

    def _parse_max_debit(self, body: bytes, deadline_ns: int | None) -> Command:
        return self.max_debit(parse(MaxDebitRequest(), body), deadline_ns)

    def _parse_refund(self, body: bytes, deadline_ns: int | None) -> Command:
        return self.refund(parse(RefundRequest(), body), deadline_ns)

    def _parse_batch(self, body: bytes, deadline_ns: int | None) -> Many:
        requests = read_batch(body)
        if len(requests) > BATCH_MAX:
            raise InvalidRequest("requests", f"{len(requests)} debits; at most {BATCH_MAX} are allowed in one batch")
        return Many(tuple([self._one_of_batch(request, deadline_ns) for request in requests]), _join_batch)

    def _one_of_batch(self, request: DebitMessage, deadline_ns: int | None) -> Command | Reply:
        try:
            return self.debit(request, deadline_ns)
        except RatingdError as error:
            return failure(error)


def fingerprint(request: Message, method: bytes) -> bytes:
    """A hash of what a request wants: its content without the key."""
    return hash_of(content_of(request), method)


def _runs(request: RefundRequest) -> tuple[int, ...] | None:
    """How many increments of each run; None for all that is left."""
    if not request.runs:
        return None
    counts: dict[int, int] = {}
    for place, run in enumerate(request.runs):
        if not 0 <= run.run < RUNS_MAX:
            raise InvalidRequest(f"runs[{place}].run", f"{run.run} is no run of a charge")
        if run.count <= 0:
            raise InvalidRequest(f"runs[{place}].count", "is not positive")
        if run.run in counts:
            raise InvalidRequest(f"runs[{place}].run", f"names run {run.run} a second time")
        counts[run.run] = run.count
    return tuple(counts.get(number, 0) for number in range(max(counts) + 1))


def _join_batch(replies: Sequence[Reply]) -> Reply:
    """Each answer as it is, in its DebitResult."""
    out = BytesWriter()
    for reply in replies:
        put_within(out, _RESULTS, _CALL_COST if reply.code == 0 else _ERROR, reply.body)
    return Reply(0, out.getvalue())


class _Encoding:
    """Writes what came of one charging request, on the lane's thread."""

    __slots__ = ("_asked", "_dry_run", "_full", "_writer")

    def __init__(self, asked: ChargeRequest, writer: AnswerWriter, *, full: bool, dry_run: bool = False) -> None:
        self._asked: Final = asked
        self._writer: Final = writer
        self._full: Final = full
        self._dry_run: Final = dry_run

    def charged(self, answer: Answer | RatingdError) -> Reply:
        if isinstance(answer, Charged):
            voice = self._asked.tor == VOICE
            charge_id = "" if self._dry_run else answer.charge_id
            costs = self._writer.costs
            return Reply(0, costs.call_cost(answer.cost, charge_id, answer.account, voice=voice, full=self._full))
        return self._otherwise(answer)

    def granted(self, answer: Answer | RatingdError) -> Reply:
        voice = self._asked.tor == VOICE
        if isinstance(answer, Granted):
            return Reply(0, self._writer.granted(answer, voice=voice).SerializeToString())
        if isinstance(answer, Reserved):
            message = self._writer.reserved(answer.granted, answer.call, answer.holders, voice=voice)
            return Reply(0, message.SerializeToString())
        return self._otherwise(answer)

    def _otherwise(self, answer: Answer | RatingdError) -> Reply:
        asked = self._asked
        if isinstance(answer, Refused):
            return refusal(
                answer,
                tenant=asked.key.tenant,
                account=asked.key.account,
                category=asked.category,
                subject=asked.subject,
                destination=asked.destination,
            )
        return failed(answer, asked.key.account)


class _RefundEncoding:
    __slots__ = ("_account", "_writer")

    def __init__(self, writer: AnswerWriter, account: str) -> None:
        self._writer: Final = writer
        self._account: Final = account

    def __call__(self, answer: Answer | RatingdError) -> Reply:
        if isinstance(answer, Refunded):
            return Reply(0, self._writer.refund(answer.cost, answer.account).SerializeToString())
        return failed(answer, self._account)


def failed(answer: Answer | RatingdError, account: str) -> Reply:
    """The reply for an error; an answer of the wrong kind is one of ours."""
    if isinstance(answer, RatingdError):
        return failure(answer, account=account)
    if isinstance(answer, Refused):
        return refusal(answer, account=account)
    return failure(InvariantBroken(f"the engine answered with {type(answer).__name__}"), account=account)
