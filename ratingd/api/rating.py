"""RatingService: what a call costs by the tariff in force, and why. No account is asked, so no lane is either."""

from typing import Final

from google.protobuf.json_format import ParseDict

from accounts.charge import ChargeRequest, Reason, Refused
from accounts.refusal import refuse_usage
from ratingd.api.call_message import only_call
from ratingd.api.call_request import charge_request
from ratingd.api.config import ApiConfig
from ratingd.api.method import AnyMethod, Kind, Method, guarded
from ratingd.api.plans import Charger
from ratingd.api.rated_cost import rated_cost
from ratingd.api.reasons import wire_reason
from ratingd.api.status import refusal
from ratingd.engine.command import Reply
from ratingd.v1 import rating_pb2
from tariffs.cost import cost
from tariffs.explanation import explain
from tariffs.explanation_document import explanation_document
from tariffs.explanation_text import explanation_lines
from tariffs.span import VOICE, RatingQuery, Unrated
from tariffs.tariff import Tariff

SERVICE: Final = "/ratingd.v1.RatingService/"


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
        refused = refuse_usage(asked, self._config.rules)
        if refused is not None:
            return _refusal(asked, refused)
        rules = self._config.rules
        found = cost(
            self._tariff(), _query(asked), loop_index=asked.loop_index, max_cost_so_far=asked.max_cost_so_far,
            decimals=rules.decimals, fallback_depth=rules.fallback_depth, prefix_matching=rules.prefix_matching,
        )  # fmt: skip
        if isinstance(found, Unrated):
            return _refusal(asked, Refused(Reason(found.reason.value), found.detail))
        return Reply(0, rated_cost(found, self._config.currency, asked.tor == VOICE))

    def _explain_cost(self, body: bytes, _: int | None) -> Reply:
        asked = charge_request(only_call(body, rating_pb2.ExplainCostRequest()), self._config)
        refused = refuse_usage(asked, self._config.rules)
        if refused is not None:
            return _refusal(asked, refused)
        rules = self._config.rules
        told = explain(
            self._tariff(), _query(asked), loop_index=asked.loop_index, max_cost_so_far=asked.max_cost_so_far,
            decimals=rules.decimals, fallback_depth=rules.fallback_depth, prefix_matching=rules.prefix_matching,
        )  # fmt: skip
        message = rating_pb2.ExplainCostResponse(text="\n".join(explanation_lines(told)))
        ParseDict(explanation_document(told), message.explanation)
        if isinstance(told.result, Unrated):
            message.reason = wire_reason(told.result.reason.value)
        else:
            message.cost.ParseFromString(rated_cost(told.result, self._config.currency, asked.tor == VOICE))
        return Reply(0, message.SerializeToString())

    def _tariff(self) -> Tariff:
        """The tariff in force."""
        return self._charger.plans.current(self._config.clock()).book.tariff


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
