"""An explanation as lines of text, the way one would say it on the telephone.

    1001 to 1002, call, 2026-01-05 08:00:00 UTC, 1m1s
    Rating profiles of tenant cgrates.org, category call
      1001: is used
      *any: not asked
    …
    Charges
      1 × 1m: 1m × 0.2 / 1m = 0.2, each 0.2, with the fee 0.4 together 0.6
      1 × 1s: 1s × 0.1 / 1m = 0.001666666666… → 0.00167, each 0.00167, together 0.00167
    Total 0.60167, *up to 4 decimals: 0.6017

Amounts are in the currency of the tariff, exact to the last digit; `…` marks a fraction that has more.
"""

from collections.abc import Iterator
from typing import Final

from tariffs.activity import Standing
from tariffs.cost import Cost
from tariffs.duration import duration_text
from tariffs.explanation import Explanation, Hole, PieceStory, SpanCharge, Step
from tariffs.money import NANO, RoundingMethod, decimal_text
from tariffs.profile_rows import ALWAYS_NS
from tariffs.rate import RateSlot
from tariffs.rating_plan import RatingInterval
from tariffs.span import VOICE, RatingQuery, Unrated
from tariffs.timing import ANY, Timing
from tariffs.zone import SECOND_NS

_PLACES: Final = 12
_WEEK_DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def explanation_lines(explanation: Explanation) -> list[str]:
    """The whole story, from the subject to the total."""
    query = explanation.query
    lines = [_title(query)]
    lines += [f"Rating profiles of tenant {query.tenant}, category {query.category}"]
    lines += [f"  {tried.subject}: {_fate(tried.exists, tried.chosen)}" for tried in explanation.subjects]
    if explanation.steps:
        lines.append("Lookup")
        for step in explanation.steps:
            lines += _step_lines(step, query)
    if explanation.pieces or explanation.hole:
        lines.append("Pieces")
        for story in explanation.pieces:
            lines += _piece_lines(story, query, sold=explanation.total is not None)
        if explanation.hole is not None:
            lines += _hole_lines(explanation.hole, query)
    if explanation.charges:
        lines.append("Charges")
        lines += [f"  {_charge_line(charge, query)}" for charge in explanation.charges]
    lines.append(_last_line(explanation.result))
    return lines


def usage_text(usage: int, tor: str) -> str:
    """A duration for voice, a count of units for anything else."""
    return duration_text(usage) if tor == VOICE else f"{usage}"


def price_text(slot: RateSlot, tor: str) -> str:
    """`0.2 / 1m`: the price of a slot with all its decimals, and its unit."""
    return f"{fraction_text(slot.price, int(10**slot.price_scale), slot.price_scale)} / {usage_text(slot.unit, tor)}"


def fraction_text(numerator: int, denominator: int, places: int = _PLACES) -> str:
    """A fraction in decimals, without trailing zeros; `…` where there are more than `places`."""
    sign = "-" if numerator < 0 else ""
    whole, rest = divmod(abs(numerator), denominator)
    decimals, rest = divmod(rest * int(10**places), denominator)
    digits = f"{decimals:0{places}d}" if places else ""
    if rest:
        return f"{sign}{whole}.{digits}…"
    digits = digits.rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


def _title(query: RatingQuery) -> str:
    usage = usage_text(query.end_ns - query.start_ns, query.tor)
    before = query.duration_index - (query.end_ns - query.start_ns)
    units = "" if query.tor == VOICE else f" units of {query.tor}"
    after = f", after {usage_text(before, query.tor)} of the same call" if before else ""
    start = query.zone.text(query.start_ns)
    return f"{query.subject} to {query.destination or ANY}, {query.category}, {start}, {usage}{units}{after}"


def _fate(exists: bool, chosen: bool) -> str:
    if chosen:
        return "is used"
    return "not asked" if exists else "does not exist"


def _step_lines(step: Step, query: RatingQuery) -> Iterator[str]:
    attempt, activation = step.attempt, step.attempt.activation
    indent = "  " * attempt.depth
    since = ""
    if activation is not None:
        since = f", rating plan {activation.plan_id} {_since(activation.from_ns, query)},"
    yield f"{indent}{attempt.subject}{since} {attempt.outcome}"
    for candidate in step.candidates:
        found = candidate.destination
        yield f"{indent}  prefix {found.prefix} of {found.id}, weight {found.prices.weight}: {candidate.fate}"


def _since(from_ns: int, query: RatingQuery) -> str:
    return "always active" if from_ns <= ALWAYS_NS else f"active from {query.zone.text(from_ns)}"


def _piece_lines(story: PieceStory, query: RatingQuery, *, sold: bool) -> Iterator[str]:
    piece, tor = story.piece, query.tor
    length = usage_text(piece.end_ns - piece.start_ns, tor)
    begin = query.zone.text(piece.start_ns) if tor == VOICE else f"unit {piece.position}"
    yield f"  {begin}, {usage_text(piece.position, tor)} into the call, for {length}: {piece.cut}"
    yield from _standing_lines(story.standings)
    slot = piece.slot
    since = usage_text(slot.group_start, tor)
    yield f"    step from {since}: {price_text(slot, tor)} in increments of {usage_text(slot.increment, tor)}"
    if story.span is None:
        if sold:
            yield "    sold already by the increments before it"
        return
    if story.begins_later_by:
        yield f"    the first {usage_text(story.begins_later_by, tor)} of it sold already by the increments before it"
    if story.widened_by:
        yield f"    widened by {usage_text(story.widened_by, tor)} to whole increments"


def _standing_lines(standings: tuple[Standing, ...]) -> Iterator[str]:
    for standing in standings:
        yield f"    {_interval_text(standing.interval)}: {standing.verdict}"


def _interval_text(interval: RatingInterval) -> str:
    rate = interval.rating.rate.id
    return f"rate {rate} at {timing_text(interval.timing)}, weight {interval.weight}"


def timing_text(timing: Timing) -> str:
    """`PEAK (Mon Tue, from 08:00:00)`: a timing's name, its days and its StartTime."""
    years = " ".join(map(str, sorted(timing.years)))
    months = " ".join(f"month {month}" for month in sorted(timing.months))
    days = " ".join(f"day {day}" for day in sorted(timing.month_days))
    week = " ".join(_WEEK_DAYS[day % 7] for day in sorted(timing.week_days, key=lambda day: (day - 1) % 7))
    second = timing.start_ns // SECOND_NS
    clock = f"from {second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}" if second else ""
    told = ", ".join(part for part in (years, months, days, week, clock) if part)
    return f"{timing.id} ({told or 'always'})"


def _hole_lines(hole: Hole, query: RatingQuery) -> Iterator[str]:
    yield f"  {query.zone.text(hole.at_ns)}: no price is in force from here on"
    yield from _standing_lines(hole.standings)


def _charge_line(charge: SpanCharge, query: RatingQuery) -> str:
    span, tor = charge.span, query.tor
    length, increment = usage_text(span.count * span.increment, tor), usage_text(span.increment, tor)
    stretch = _rounded(fraction_text(*charge.exact), charge.stretch)
    each = _rounded(fraction_text(charge.stretch, span.count * NANO), span.increment_cost)
    fee = f" with the fee {decimal_text(charge.fee)}" if charge.fee else ""
    together = _rounded(decimal_text(charge.fee + span.cost), charge.amount)
    sums = f"{length} × {price_text(span.slot, tor)} = {stretch}, each {each},{fee} together {together}"
    return f"{span.count} × {increment}: {sums}{_cap_text(charge)}"


def _rounded(exact: str, amount: int) -> str:
    """`0.001666666666… → 0.00167`, or the amount alone where rounding changed nothing."""
    rounded = decimal_text(amount)
    return rounded if exact == rounded else f"{exact} → {rounded}"


def _cap_text(charge: SpanCharge) -> str:
    if charge.cap is None or charge.charged == charge.amount:
        return ""
    cap, spent = decimal_text(charge.cap), decimal_text(charge.spent_before)
    return f"; charged {decimal_text(charge.charged)}: at most {cap} a call, {spent} before"


def _last_line(result: Cost | Unrated) -> str:
    if isinstance(result, Unrated):
        return f"No price ({result.reason}): {result.detail}"
    if result.rounding_decimals <= 0 or result.rounding is RoundingMethod.NONE:
        return f"Total {decimal_text(result.total)}"
    rounding = f"{result.rounding.value} to {result.rounding_decimals} decimals"
    return f"Total {decimal_text(result.subtotal)}, {rounding}: {decimal_text(result.total)}"
