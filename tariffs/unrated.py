"""Why there is no price, in words: what was looked for, where, and what comes nearest.

"no rate for 4812 in rating plan P (profile cgrates.org:call:1001); the nearest prefix it knows is 49" tells an operator
which file to open. A subject may be asked in several ways, with activations and fallback subjects; each is named, in
the order in which they were tried.
"""

from collections.abc import Sequence

from tariffs.lookup import Attempt, Outcome, RatingInfo, subjects_to_try
from tariffs.rating_profile import RatingProfile
from tariffs.span import RatingQuery, Unrated, UnratedReason
from tariffs.tariff import Tariff
from tariffs.timing import ANY


def no_profile(query: RatingQuery, *, prefix_matching: bool) -> Unrated:
    """Nobody prices this subject."""
    tried = subjects_to_try(query.subject, prefix_matching=prefix_matching)
    names = " nor for ".join(repr(subject) for subject in dict.fromkeys(tried))
    detail = f"no rating profile in tenant {query.tenant!r}, category {query.category!r} for {names}"
    return Unrated(UnratedReason.NO_RATING_PLAN, query.start_ns, detail)


def no_price(tariff: Tariff, query: RatingQuery, profile: RatingProfile, attempts: Sequence[Attempt]) -> Unrated:
    """The profile, and whom it falls back on, leave some part of the usage without a price."""
    place = f"profile {profile.tenant}:{profile.category}"
    steps = [_step(tariff, query, place, attempt) for attempt in attempts if attempt.outcome is not Outcome.PRICED]
    return Unrated(UnratedReason.DESTINATION_UNRATED, query.start_ns, "; ".join(dict.fromkeys(steps)))


def no_interval(query: RatingQuery, info: RatingInfo, at_ns: int) -> Unrated:
    """The destination is known, but at this instant none of its prices is in force."""
    match = info.match
    detail = (
        f"rating plan {match.plan_id!r} of profile {match.subject} knows {query.destination or ANY} as "
        f"{match.destination_id!r} (prefix {match.prefix}), but has no price for it on {query.zone.text(at_ns)}"
    )
    return Unrated(UnratedReason.DESTINATION_UNRATED, at_ns, detail)


def _step(tariff: Tariff, query: RatingQuery, place: str, attempt: Attempt) -> str:
    subject = f"{place}:{attempt.subject}"
    activation = attempt.activation
    match attempt.outcome:
        case Outcome.FALLS_BACK | Outcome.PASSED_OVER if activation is not None:
            return f"{unknown_destination(tariff, query, activation.plan_id)} ({subject})"
        case Outcome.PLAN_MISSING if activation is not None:
            return f"rating plan {activation.plan_id!r} of {subject} is not loaded"
        case Outcome.NOT_ACTIVE | Outcome.LEAD_IN if activation is not None:
            return f"{subject} is not active before {query.zone.text(activation.from_ns)}"
        case Outcome.NO_PROFILE:
            return f"{subject} does not exist"
        case Outcome.TOO_DEEP:
            return f"{subject} was not asked: fallback_depth ends the chain of fallback subjects before it"
        case _:
            return f"{subject} {attempt.outcome}"


def unknown_destination(tariff: Tariff, query: RatingQuery, plan_id: str) -> str:
    """That a plan has no price for the number, and the prefix that comes nearest."""
    plan = tariff.plans[plan_id]
    number = query.destination
    if not number or number == ANY:
        return f"no rate for {ANY} in rating plan {plan_id!r}: it has no entry for other destinations"
    inactive = next((prefix for prefix, ids in tariff.prefixes_of(number) if plan.destinations.keys() & ids), None)
    if inactive is not None:
        return (
            f"no rate for {number} in rating plan {plan_id!r}: it knows the prefix {inactive}, "
            f"but no interval of it is active on {query.zone.text(query.start_ns)}"
        )
    nearest = tariff.nearest_prefix(plan, number) or "none"
    return f"no rate for {number} in rating plan {plan_id!r}; the nearest prefix it knows is {nearest}"
