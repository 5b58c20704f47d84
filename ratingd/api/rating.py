"""RatingService: what a call costs by the tariff in force, and why. No account is asked, so no lane is either."""

from collections.abc import Callable
from typing import Final, TypeVar

from google.protobuf.json_format import ParseDict

from accounts.charge import ChargeRequest, Reason, Refused
from accounts.refusal import refuse_early
from ratingd.api.call_message import only_call
from ratingd.api.call_request import charge_request
from ratingd.api.config import ApiConfig
from ratingd.api.convert import set_instant, set_money, set_usage
from ratingd.api.method import AnyMethod, Kind, Method, guarded
from ratingd.api.plans import Charger
from ratingd.api.reasons import wire_reason
from ratingd.api.status import refusal
from ratingd.engine.command import Reply
from ratingd.v1 import rating_pb2
from tariffs.cost import Cost, cost
from tariffs.explanation import explain
from tariffs.explanation_document import explanation_document
from tariffs.explanation_text import explanation_lines
from tariffs.span import VOICE, RatingQuery, Span, Unrated

SERVICE: Final = "/ratingd.v1.RatingService/"
Answer = TypeVar("Answer")


class Rating:
    def __init__(self, config: ApiConfig, charger: Charger) -> None:
        self._config: Final = config
        self._charger: Final = charger

    def methods(self) -> list[AnyMethod]:
        return [
            Method(SERVICE + "GetCost", Kind.QUICK, guarded(self._get_cost)),
            Method(SERVICE + "ExplainCost", Kind.SLOW, guarded(self._explain_cost)),
        ]

    def _get_cost(self, body: bytes, _: int | None) -> Reply:
        asked = charge_request(only_call(body, rating_pb2.GetCostRequest()), self._config)
        refused = self._usage_refused(asked)
        if refused is not None:
            return _refusal(asked, refused)
        found = self._asked_of_tariff(cost, asked)
        if isinstance(found, Unrated):
            return _refusal(asked, Refused(Reason(found.reason.value), found.detail))
        message = rating_pb2.Cost()
        self._write_cost(message, found, voice=asked.tor == VOICE)
        return Reply(0, message.SerializeToString())

    def _explain_cost(self, body: bytes, _: int | None) -> Reply:
        asked = charge_request(only_call(body, rating_pb2.ExplainCostRequest()), self._config)
        refused = self._usage_refused(asked)
        if refused is not None:
            return _refusal(asked, refused)
        told = self._asked_of_tariff(explain, asked)
        message = rating_pb2.ExplainCostResponse(text="\n".join(explanation_lines(told)))
        ParseDict(explanation_document(told), message.explanation)
        if isinstance(told.result, Unrated):
            message.reason = wire_reason(told.result.reason.value)
        else:
            self._write_cost(message.cost, told.result, voice=asked.tor == VOICE)
        return Reply(0, message.SerializeToString())

    def _asked_of_tariff(self, question: Callable[..., Answer], asked: ChargeRequest) -> Answer:
        """Ask the tariff in force for a cost or its explanation: both take the same."""
        rules = self._config.rules
        return question(
            self._charger.plans.current(self._config.clock()).book.tariff,
            _query(asked),
            loop_index=asked.loop_index,
            max_cost_so_far=asked.max_cost_so_far,
            decimals=rules.decimals,
            fallback_depth=rules.fallback_depth,
            prefix_matching=rules.prefix_matching,
        )

    def _usage_refused(self, asked: ChargeRequest) -> Refused | None:
        """The refusals that come before the account is looked at."""
        refused = refuse_early(asked, None, self._config.rules)
        return None if refused is None or refused.reason is Reason.ACCOUNT_UNKNOWN else refused

    def _write_cost(self, message: rating_pb2.Cost, found: Cost, *, voice: bool) -> None:
        currency = self._config.currency
        set_money(message.cost, found.total, currency)
        set_usage(message.rated_usage, found.usage, voice)
        set_money(message.connect_fee, found.fee, currency)
        for span, charged in zip(found.spans, found.charged, strict=True):
            self._write_span(message.spans.add(), span, charged, voice=voice)

    def _write_span(self, message: rating_pb2.RatedSpan, span: Span, charged: int, *, voice: bool) -> None:
        currency = self._config.currency
        set_instant(message.time_start, span.start_ns)
        set_instant(message.time_end, span.end_ns)
        set_money(message.cost, charged, currency)
        set_usage(message.group_start, span.group_start, voice)
        message.count = span.count
        set_usage(message.increment, span.increment, voice)
        set_money(message.increment_cost, span.increment_cost, currency)
        message.rate_id = span.interval.rating.rate.id
        match, found = message.match, span.match
        match.subject, match.rating_plan_id = found.subject, found.plan_id
        match.destination_id, match.prefix = found.destination_id, found.prefix
        match.timing_id = span.interval.timing.id


def _query(asked: ChargeRequest) -> RatingQuery:
    return RatingQuery(
        asked.key.tenant,
        asked.category,
        asked.subject,
        asked.destination,
        asked.tor,
        asked.start_ns,
        asked.end_ns,
        asked.duration_index,
        asked.zone,
    )


def _refusal(asked: ChargeRequest, refused: Refused) -> Reply:
    return refusal(
        refused,
        tenant=asked.key.tenant,
        category=asked.category,
        subject=asked.subject,
        destination=asked.destination,
    )
