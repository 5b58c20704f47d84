"""Explanation: how a cost came about, as a value that a person or a program can read.

A subscriber asks why 61 s to 1002 cost 0.6017. The answer names the profile that priced the call and those that were
not asked; the destinations that could have matched, and what kept them from it; every piece of the call, why it was cut
there and which interval won; what widening to whole increments did; and each line of the arithmetic: 0.4 to connect and
0.2 for the first minute, then one second at 0.1 / 60 = 0.001666… → 0.00167, 0.60167 in all, `*up` to 4 decimals.

Nothing is priced a second time by other rules. The total and the spans are those of `cost`; attempts, candidates,
pieces and standings come from the functions that `cost` decides by. `explanation_text` writes it for people,
`explanation_document` for programs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tariffs.activity import Standing, standings
from tariffs.cost import Cost, cost
from tariffs.cuts import Cutting, Piece, priced_at, stretch_cost
from tariffs.destination import DestinationCandidate, destination_candidates
from tariffs.lookup import Attempt, Outcome, Search, profile_of, subjects_to_try
from tariffs.money import last_place, power_of_ten, round_half
from tariffs.rating_plan import MaxCostStrategy
from tariffs.span import RatingQuery, Span, Unrated
from tariffs.tariff import Tariff

_ASKED_PLAN: Final = frozenset({Outcome.PRICED, Outcome.FALLS_BACK, Outcome.PASSED_OVER})


@dataclass(frozen=True, slots=True)
class SubjectTried:
    """A subject whose rating profile could be the request's, in the order of trying; the first that exists is."""

    subject: str
    exists: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One attempt of the lookup, with the destinations of the plan it asked."""

    attempt: Attempt
    candidates: tuple[DestinationCandidate, ...]


@dataclass(frozen=True, slots=True)
class PieceStory:
    """A piece of the usage: why it begins, who could price it, and the span that it was sold as.

    No span: the increments of the piece before had already sold all of it.
    """

    piece: Piece
    standings: tuple[Standing, ...]
    span: Span | None

    @property
    def begins_later_by(self) -> int:
        """What of it the piece before had already sold."""
        return 0 if self.span is None else self.span.start_ns - self.piece.start_ns

    @property
    def widened_by(self) -> int:
        """What was added to make its last increment whole."""
        return 0 if self.span is None else self.span.end_ns - self.piece.end_ns


@dataclass(frozen=True, slots=True)
class Hole:
    """The instant from which on nothing is in force, and why no interval is."""

    at_ns: int
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class SpanCharge:
    """The arithmetic of one span, in nano-units.

    `exact` is length × price / unit as a fraction; `stretch` is that, rounded; the span's `increment_cost` is its share
    of one increment, rounded. `amount` is the fee and all increments, rounded; `charged` what a cap leaves of it.
    """

    span: Span
    exact: tuple[int, int]
    stretch: int
    fee: int
    amount: int
    charged: int
    spent_before: int  # for the call, against which a cap counts
    cap: int | None  # of the span's `*free` rating


@dataclass(frozen=True, slots=True)
class Explanation:
    """All there is to say about a cost, or about the want of a price."""

    query: RatingQuery
    decimals: int
    subjects: tuple[SubjectTried, ...]
    steps: tuple[Step, ...]
    pieces: tuple[PieceStory, ...]
    hole: Hole | None
    charges: tuple[SpanCharge, ...]
    result: Cost | Unrated

    @property
    def total(self) -> int | None:
        """The cost in nano-units; None without a price."""
        return self.result.total if isinstance(self.result, Cost) else None


def explain(
    tariff: Tariff,
    query: RatingQuery,
    *,
    loop_index: int = 0,
    max_cost_so_far: int = 0,
    decimals: int = 5,
    fallback_depth: int = 3,
    prefix_matching: bool = False,
) -> Explanation:
    """Tell how `cost` answers the same arguments."""
    result = cost(
        tariff,
        query,
        loop_index=loop_index,
        max_cost_so_far=max_cost_so_far,
        decimals=decimals,
        fallback_depth=fallback_depth,
        prefix_matching=prefix_matching,
    )
    profile = profile_of(tariff, query, prefix_matching=prefix_matching)
    search = Search(tariff, query, fallback_depth)
    infos = search.infos(profile) if profile is not None else ()
    cutting = Cutting(infos, query) if infos and query.end_ns > query.start_ns else None
    spans = result.spans if isinstance(result, Cost) else ()
    return Explanation(
        query=query,
        decimals=decimals,
        subjects=_subjects(tariff, query, prefix_matching=prefix_matching),
        steps=tuple(Step(attempt, _candidates(tariff, query, attempt)) for attempt in search.attempts),
        pieces=_stories(cutting, query, spans),
        hole=_hole(cutting, query),
        charges=_charges(result, max_cost_so_far, decimals) if isinstance(result, Cost) else (),
        result=result,
    )


def _subjects(tariff: Tariff, query: RatingQuery, *, prefix_matching: bool) -> tuple[SubjectTried, ...]:
    chosen = profile_of(tariff, query, prefix_matching=prefix_matching)
    return tuple(
        SubjectTried(
            subject,
            (query.tenant, query.category, subject) in tariff.profiles,
            chosen is not None and chosen.subject == subject,
        )
        for subject in dict.fromkeys(subjects_to_try(query.subject, prefix_matching=prefix_matching))
    )


def _candidates(tariff: Tariff, query: RatingQuery, attempt: Attempt) -> tuple[DestinationCandidate, ...]:
    if attempt.activation is None or attempt.outcome not in _ASKED_PLAN:
        return ()
    plan = tariff.plans[attempt.activation.plan_id]
    return tuple(destination_candidates(tariff, plan, query.destination, attempt.start_ns, query.zone))


def _stories(cutting: Cutting | None, query: RatingQuery, spans: Sequence[Span]) -> tuple[PieceStory, ...]:
    if cutting is None:
        return ()
    stories = []
    left = list(spans)
    for piece in cutting.pieces:
        span = left.pop(0) if left and piece.start_ns <= left[0].start_ns < piece.end_ns else None
        at_ns = priced_at(piece, query)
        stories.append(PieceStory(piece, standings(piece.info.prices, query.zone.day_of(at_ns), at_ns), span))
    return tuple(stories)


def _hole(cutting: Cutting | None, query: RatingQuery) -> Hole | None:
    if cutting is None or cutting.hole is None:
        return None
    day = query.zone.day_of(cutting.hole)
    return Hole(cutting.hole, standings(cutting.hole_info.prices, day, cutting.hole))


def _charges(result: Cost, spent: int, decimals: int) -> tuple[SpanCharge, ...]:
    charges = []
    fee = result.fee
    for span, charged in zip(result.spans, result.charged, strict=True):
        slot, rating = span.slot, span.interval.rating
        capped = rating.max_cost_strategy is MaxCostStrategy.FREE and rating.max_cost > 0
        charges.append(
            SpanCharge(
                span=span,
                exact=(span.count * span.increment * slot.price, slot.unit * power_of_ten(slot.price_scale)),
                stretch=stretch_cost(slot, span.count, decimals) * last_place(decimals),
                fee=fee,
                amount=round_half(fee + span.cost, decimals),
                charged=charged,
                spent_before=spent,
                cap=rating.max_cost if capped else None,
            )
        )
        spent += charged
        fee = 0
    return tuple(charges)
