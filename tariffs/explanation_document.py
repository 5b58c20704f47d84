"""An explanation as a document that fits JSON: the same facts as the text, with names for programs.

Money is text in decimals, because JSON readers turn numbers into floats; instants are RFC 3339, usage is an integer of
nanoseconds or units. A field is always there; what does not apply is null or empty.
"""

from tariffs.activity import Standing
from tariffs.cost import Cost
from tariffs.explanation import Explanation, Hole, PieceStory, SpanCharge, Step, SubjectTried
from tariffs.explanation_text import fraction_text
from tariffs.instant import instant_text
from tariffs.money import decimal_text
from tariffs.span import RatingQuery, Unrated


def explanation_document(explanation: Explanation) -> dict[str, object]:
    """The whole story, ready for `json.dumps`."""
    result = explanation.result
    return {
        "query": _query(explanation.query),
        "subjects": [_subject(tried) for tried in explanation.subjects],
        "lookup": [_step(step) for step in explanation.steps],
        "pieces": [_piece(story) for story in explanation.pieces],
        "hole": _hole(explanation.hole) if explanation.hole is not None else None,
        "charges": [_charge(charge) for charge in explanation.charges],
        "cost": _cost(result) if isinstance(result, Cost) else None,
        "unrated": _unrated(result) if isinstance(result, Unrated) else None,
    }


def _query(query: RatingQuery) -> dict[str, object]:
    return {
        "tenant": query.tenant,
        "category": query.category,
        "subject": query.subject,
        "destination": query.destination,
        "tor": query.tor,
        "start": instant_text(query.start_ns),
        "usage": query.end_ns - query.start_ns,
        "duration_index": query.duration_index,
        "time_zone": query.zone.name,
    }


def _subject(tried: SubjectTried) -> dict[str, object]:
    return {"subject": tried.subject, "exists": tried.exists, "chosen": tried.chosen}


def _step(step: Step) -> dict[str, object]:
    attempt, activation = step.attempt, step.attempt.activation
    return {
        "depth": attempt.depth,
        "subject": attempt.subject,
        "from": instant_text(attempt.from_ns),
        "outcome": attempt.outcome.name,
        "rating_plan": activation.plan_id if activation is not None else None,
        "active_from": instant_text(activation.from_ns) if activation is not None else None,
        "destinations": [
            {
                "prefix": candidate.destination.prefix,
                "destination_id": candidate.destination.id,
                "weight": str(candidate.destination.prices.weight),
                "fate": candidate.fate.name,
            }
            for candidate in step.candidates
        ],
    }


def _piece(story: PieceStory) -> dict[str, object]:
    piece, slot = story.piece, story.piece.slot
    return {
        "start": instant_text(piece.start_ns),
        "usage": piece.end_ns - piece.start_ns,
        "position": piece.position,
        "cut": piece.cut.name,
        "rating_plan": piece.info.match.plan_id,
        "rate": piece.interval.rating.rate.id,
        "group_start": slot.group_start,
        "price": fraction_text(slot.price, int(10**slot.price_scale), slot.price_scale),
        "unit": slot.unit,
        "increment": slot.increment,
        "intervals": _standings(story.standings),
        "sold": story.span is not None,
        "begins_later_by": story.begins_later_by,
        "widened_by": story.widened_by,
    }


def _standings(standings: tuple[Standing, ...]) -> list[dict[str, object]]:
    return [
        {
            "timing": standing.interval.timing.id,
            "rate": standing.interval.rating.rate.id,
            "weight": str(standing.interval.weight),
            "verdict": standing.verdict.name,
        }
        for standing in standings
    ]


def _hole(hole: Hole) -> dict[str, object]:
    return {"at": instant_text(hole.at_ns), "intervals": _standings(hole.standings)}


def _charge(charge: SpanCharge) -> dict[str, object]:
    span = charge.span
    return {
        "start": instant_text(span.start_ns),
        "position": span.group_start,
        "count": span.count,
        "increment": span.increment,
        "exact": fraction_text(*charge.exact),
        "stretch": decimal_text(charge.stretch),
        "increment_cost": decimal_text(span.increment_cost),
        "fee": decimal_text(charge.fee),
        "amount": decimal_text(charge.amount),
        "cap": decimal_text(charge.cap) if charge.cap is not None else None,
        "spent_before": decimal_text(charge.spent_before),
        "charged": decimal_text(charge.charged),
    }


def _cost(cost: Cost) -> dict[str, object]:
    return {
        "total": decimal_text(cost.total),
        "subtotal": decimal_text(cost.subtotal),
        "rounding": cost.rounding.value,
        "rounding_decimals": cost.rounding_decimals,
        "fee": decimal_text(cost.fee),
        "usage": cost.usage,
        "max_cost_so_far": decimal_text(cost.max_cost_so_far),
    }


def _unrated(unrated: Unrated) -> dict[str, object]:
    return {"reason": unrated.reason.value, "at": instant_text(unrated.at_ns), "detail": unrated.detail}
