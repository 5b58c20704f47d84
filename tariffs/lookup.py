"""Lookup: whose prices a subject has for a destination, for every part of a call.

1001 has plan P1 since 2020 and plan PG from 08:00 today, with the fallback subject f3. A call from 07:59:30 to 08:00:30
to Germany: the first half is priced by P1. PG knows only 44, so f3 is asked about [08:00, 08:00:30) and nothing else;
its plan P3 prices the second half, though it has been active for years.

The subject's own profile comes first (where settings allow, also under the subject shortened from its end), then that
of `*any`. The profile of `*any` is not asked about a destination that the subject's own plans do not know, unless the
profile names it as a fallback; it does price the time before a profile's first activation. A plan that does not know
the destination and has no fallback leaves the time to the plan before it. Fallback subjects may have fallbacks in turn:
the profile of the request is level 1, and no level above `fallback_depth` is looked at.

Nearly every call is one activation that knows the number, which takes no list at all; anything else is a `Search`,
which remembers each attempt so that a refusal and an explanation can tell them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mypy_extensions import mypyc_attr

from tariffs.activity import Prices
from tariffs.destination import destination
from tariffs.rating_profile import Activation, RatingProfile
from tariffs.span import Match, RatingQuery
from tariffs.tariff import Tariff
from tariffs.timing import ANY


@mypyc_attr(acyclic=True, free_list_len=1)
class RatingInfo:
    """From `from_ns` on, a part of the call is priced by these intervals."""

    __slots__ = ("from_ns", "match", "prices")

    def __init__(self, from_ns: int, match: Match, prices: Prices) -> None:
        self.from_ns: Final = from_ns
        self.match: Final = match
        self.prices: Final = prices


class Gap:
    """From `from_ns` on, the profile itself has no price, and its fallback subjects are to be asked."""

    __slots__ = ("fallback_subjects", "from_ns")

    def __init__(self, from_ns: int, fallback_subjects: tuple[str, ...]) -> None:
        self.from_ns: Final = from_ns
        self.fallback_subjects: Final = fallback_subjects


class Outcome(StrEnum):
    """What came of asking one subject about one part of a call."""

    PRICED = "has a price"
    FALLS_BACK = "does not know the destination; its fallback subjects are asked"
    PASSED_OVER = "does not know the destination and has no fallback subjects"
    PLAN_MISSING = "names a rating plan that is not loaded"
    LEAD_IN = "is not active yet; *any is asked until then"
    NOT_ACTIVE = "is not active before the call ends"
    NO_PROFILE = "has no rating profile"
    TOO_DEEP = "is not asked: the chain of fallback subjects is longer than fallback_depth"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One step of a search, in the order in which they were taken; `depth` 1 is the profile of the request."""

    depth: int
    subject: str
    start_ns: int  # of the part of the call that was asked about; destinations are judged then
    from_ns: int  # from where on the outcome holds
    outcome: Outcome
    activation: Activation | None = None
    match: Match | None = None


def subjects_to_try(subject: str, *, prefix_matching: bool) -> list[str]:
    """The subjects whose profile may be the request's, first the most exact."""
    return [subject, *(_shortened(subject) if prefix_matching else ()), ANY]


def _shortened(subject: str) -> list[str]:
    """A subject less and less of whose end is left, as `*out1001` for `*out10015`; what ends in `*any` stays whole."""
    return [] if subject.endswith(ANY) else [subject[:length] for length in range(len(subject) - 1, 0, -1)]


def profile_of(tariff: Tariff, query: RatingQuery, *, prefix_matching: bool) -> RatingProfile | None:
    """The rating profile that a request is priced by."""
    tenant, category = query.tenant, query.category
    profile = tariff.profile(tenant, category, query.subject)
    if profile is None and prefix_matching:
        for subject in _shortened(query.subject):
            profile = tariff.profile(tenant, category, subject)
            if profile is not None:
                return profile
    return tariff.profile(tenant, category, ANY) if profile is None else profile


def sole_info(tariff: Tariff, query: RatingQuery, profile: RatingProfile) -> RatingInfo | None:
    """The one part of a call that starts under a profile's last activation, if its plan knows the destination."""
    activation = profile.activations[-1] if profile.activations else None
    if activation is None or activation.from_ns > query.start_ns:
        return None
    return _priced(tariff, query, profile, activation, query.start_ns, query.start_ns)


def _priced(
    tariff: Tariff, query: RatingQuery, profile: RatingProfile, activation: Activation, start_ns: int, from_ns: int
) -> RatingInfo | None:
    """What an activation says of the destination, for a part of the call that starts at `start_ns`."""
    plan = tariff.plans.get(activation.plan_id)
    if plan is None:
        return None
    found = destination(tariff, plan, query.destination, start_ns, query.zone)
    if found is None:
        return None
    return RatingInfo(from_ns, Match(profile.name, plan.id, found.prefix, found.id), found.prices)


class Search:
    """All that is tried to price every part of one call."""

    def __init__(self, tariff: Tariff, query: RatingQuery, fallback_depth: int) -> None:
        self._tariff: Final = tariff
        self._query: Final = query
        self._fallback_depth: Final = fallback_depth
        self.attempts: Final[list[Attempt]] = []

    def infos(self, profile: RatingProfile) -> tuple[RatingInfo, ...]:
        """The parts of the call, ascending, the first at its start; none at all if any part has no price."""
        return self._parts(profile, self._query.start_ns, self._query.end_ns, 1)

    def _parts(self, profile: RatingProfile, start_ns: int, end_ns: int, depth: int) -> tuple[RatingInfo, ...]:
        found = self._own(profile, start_ns, end_ns, depth)
        if not found or found[0].from_ns > start_ns:
            return ()
        parts: list[RatingInfo] = []
        for index, part in enumerate(found):
            if isinstance(part, RatingInfo):
                parts.append(part)
                continue
            until_ns = found[index + 1].from_ns if index + 1 < len(found) else end_ns
            filled = self._filled(part, until_ns, profile, depth)
            if not filled and not start_ns < part.from_ns == end_ns:  # what begins where the call ends lacks nothing
                return ()
            parts.extend(filled)
        return tuple(parts)

    def _own(self, profile: RatingProfile, start_ns: int, end_ns: int, depth: int) -> list[RatingInfo | Gap]:
        """What the profile itself has to say of a period."""
        asked = _asked(profile, start_ns, end_ns)
        if not asked:
            first = profile.activations[0] if profile.activations else None
            self._note(depth, profile, start_ns, start_ns, Outcome.NOT_ACTIVE, first)
            return []
        found: list[RatingInfo | Gap] = []
        if asked[0].from_ns > start_ns:
            self._note(depth, profile, start_ns, start_ns, Outcome.LEAD_IN, asked[0])
            found.append(Gap(start_ns, (ANY,)))
        for activation in asked:
            part = self._activated(profile, activation, start_ns, depth)
            if part is not None:
                found.append(part)
        return found

    def _activated(
        self, profile: RatingProfile, activation: Activation, start_ns: int, depth: int
    ) -> RatingInfo | Gap | None:
        from_ns = max(activation.from_ns, start_ns)
        info = _priced(self._tariff, self._query, profile, activation, start_ns, from_ns)
        if info is not None:
            self._note(depth, profile, start_ns, from_ns, Outcome.PRICED, activation, info.match)
            return info
        if activation.plan_id not in self._tariff.plans:
            self._note(depth, profile, start_ns, from_ns, Outcome.PLAN_MISSING, activation)
            return None
        if activation.fallback_subjects:
            self._note(depth, profile, start_ns, from_ns, Outcome.FALLS_BACK, activation)
            return Gap(from_ns, activation.fallback_subjects)
        self._note(depth, profile, start_ns, from_ns, Outcome.PASSED_OVER, activation)
        return None

    def _filled(self, gap: Gap, until_ns: int, profile: RatingProfile, depth: int) -> tuple[RatingInfo, ...]:
        """What the first fallback subject that prices the whole gap says of it."""
        for subject in gap.fallback_subjects:
            if depth >= self._fallback_depth:
                self.attempts.append(Attempt(depth + 1, subject, gap.from_ns, gap.from_ns, Outcome.TOO_DEEP))
                continue
            fallback = self._tariff.profiles.get((profile.tenant, profile.category, subject))
            if fallback is None:
                self.attempts.append(Attempt(depth + 1, subject, gap.from_ns, gap.from_ns, Outcome.NO_PROFILE))
                continue
            parts = self._parts(fallback, gap.from_ns, until_ns, depth + 1)
            if parts:
                return parts
        return ()

    def _note(
        self,
        depth: int,
        profile: RatingProfile,
        start_ns: int,
        from_ns: int,
        outcome: Outcome,
        activation: Activation | None,
        match: Match | None = None,
    ) -> None:
        self.attempts.append(Attempt(depth, profile.subject, start_ns, from_ns, outcome, activation, match))


def _asked(profile: RatingProfile, start_ns: int, end_ns: int) -> tuple[Activation, ...]:
    """The activations that bear on a period: the last that began by its start, or the first of all, to its end."""
    begun = [index for index, activation in enumerate(profile.activations) if activation.from_ns <= start_ns]
    first = begun[-1] if begun else 0
    return tuple(activation for activation in profile.activations[first:] if activation.from_ns <= end_ns)
