"""Rows of a folder in words, as an operator compares those in force with those of the next load.

    *topup 10 of *monetary MON, weight 20, expiry *monthly       a row of Actions.csv
    TOP10 on day 1 of every month at 00:00:00, weight 10         a row of ActionPlans.csv
    F1: *max_event_counter 20 of *monetary a *day to DST_PREMIUM runs DISABLE    a row of ActionTriggers.csv

Every column that decides something is told, so that two rows that differ never read alike; what has its default is left
out, so that most rows fit into one line.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from accounts.account import TriggerTerms
from accounts.balance_filter import BalanceFilter
from accounts.shared_group import SharedGroup
from actions.action import Action
from actions.alias import AliasProfile, Attribute
from actions.plan_schedule import PlanEntry
from actions.timing_words import clock_text, timing_words
from tariffs.duration import duration_text
from tariffs.instant import instant_text
from tariffs.money import decimal_text
from tariffs.profile_rows import ALWAYS_NS
from tariffs.rate import RateSlot
from tariffs.rating_plan import RatingInterval, RatingPlan
from tariffs.rating_profile import Activation
from tariffs.timing import Timing
from tariffs.zone import SECOND_NS, UTC

VOICE: Final = "*voice"
SHORTEST_NS: Final = 1_000_000  # what is shorter, nobody sells


def action_words(action: Action) -> str:
    amount = "" if action.units is None else _quantity(action.units, action.balance_type)
    if action.formula is not None:
        share = action.formula
        amount = f"{Decimal(share.numerator) / share.denominator:f} per {share.interval} by {share.increment}"
    terms = [*_terms(action.filter), *_given("priced as", action.filter.rating_subject)]
    factors = ", ".join(f"{name} {factor}" for name, factor in action.factors.items())
    return _joined(
        " ".join(filter(None, (action.type.value, amount, _of(action.balance_type, action.filter.id)))),
        *terms,
        *_given("expiry", action.expiry),
        *_given("factors", factors),
        *_given("if", " and ".join(action.filters)),
        *_given("with", action.extra),
        *_weighed(action.weight),
    )


def entry_words(entry: PlanEntry) -> str:
    when = timing_words(entry, UTC)
    named = f"{entry.actions_id} {when}" if entry.timing.schedule else f"{entry.actions_id} {when} ({entry.timing.id})"
    return _joined(named, *_weighed(entry.weight))


def trigger_words(terms: TriggerTerms) -> str:
    watched = _of(terms.kind, terms.filter.id)
    window = f"a {terms.window.value}" if terms.window.value else ""
    said = (f"{terms.unique_id}: {terms.type.value}", _quantity(terms.threshold, terms.kind), watched, window)
    often = f"again after {duration_text(terms.min_sleep_ns) or '0s'}" if terms.recurrent else ""
    if terms.min_sleep_ns and not terms.recurrent:
        often = f"sleeps {duration_text(terms.min_sleep_ns)}"
    return _joined(
        f"{' '.join(filter(None, said))} runs {terms.actions_id}",
        *_terms(terms.filter),
        *_given("priced as", terms.filter.rating_subject),
        *filter(None, [often]),
        *_given("from", _instant(terms.activates_at_ns)),
        *_given("until", _instant(terms.expires_at_ns)),
        *_weighed(terms.weight),
    )


def shared_group_words(group: SharedGroup) -> list[str]:
    return [f"{caller} {strategy.value}" for caller, strategy in group.strategies.items()]


def alias_words(profile: AliasProfile) -> list[str]:
    """What it matches, then a line for each field that it writes."""
    matches = _joined(
        f"matches {' and '.join(profile.filters) or 'every request'}",
        *_given("from", _instant(profile.starts_ns)),
        *_given("until", _instant(profile.ends_ns)),
        *_weighed(profile.weight),
    )
    return [matches, *map(_written, profile.attributes)]


def activation_words(activation: Activation) -> str:
    since = "" if activation.from_ns == ALWAYS_NS else instant_text(activation.from_ns)
    return _joined(
        activation.plan_id,
        *_given("from", since),
        *_given("else as", ", ".join(activation.fallback_subjects)),
    )


def span_words(timing: Timing) -> str:
    """When a timing of prices and balances holds."""
    when = timing_words(PlanEntry("", timing), UTC)
    return when if timing.end_ns is None else f"{when} until {clock_text(timing.end_ns)}"


def price_words(plan: RatingPlan) -> list[str]:
    """A line for each price of each destination."""
    return [_joined(f"{name}: {_price(each)}") for name, prices in plan.destinations.items() for each in prices]


def _price(interval: RatingInterval) -> str:
    rating = interval.rating
    rounding = f"{rating.rounding.value} {rating.decimals}" if rating.decimals else ""
    cap = f"{decimal_text(rating.max_cost)} {rating.max_cost_strategy.value}" if rating.max_cost else ""
    return _joined(
        *_given("fee", decimal_text(rating.rate.connect_fee) if rating.rate.connect_fee else ""),
        *map(_slot, rating.rate.slots),
        f"in {interval.timing.id}",
        *_given("rounded", rounding),
        *_given("at most", cap),
        *_weighed(interval.weight),
    )


def _slot(slot: RateSlot) -> str:
    price = Decimal(slot.price).scaleb(-slot.price_scale)
    since = f" from {_usage(slot.group_start)}" if slot.group_start else ""
    return f"{price:f} per {_usage(slot.unit)} by {_usage(slot.increment)}{since}"


def _usage(value: int) -> str:
    """`60s` for nanoseconds, `1` for a message: a rate does not say which of them it prices."""
    return duration_text(value) if value >= SHORTEST_NS else str(value)


def _written(attribute: Attribute) -> str:
    text = f"~*req.{attribute.source}" if attribute.source else attribute.value
    said = " ".join(filter(None, (attribute.type.value, attribute.field, text)))
    return _joined(said, *_given("if", " and ".join(attribute.filters)))


def _terms(chosen: BalanceFilter) -> Iterator[str]:
    """What else is given of a balance."""
    yield from _given("uuid", chosen.uuid)
    yield from _names("to", chosen.destinations)
    yield from _names("category", chosen.categories)
    yield from _names("shared with", chosen.shared_groups)
    yield from _names("in", chosen.timing_ids)
    yield from _given("balance weight", None if chosen.weight is None else str(chosen.weight))
    yield from _given("balance expires", _instant(chosen.expires_at_ns))
    yield from () if chosen.blocker is None else ["blocker" if chosen.blocker else "no blocker"]
    yield from () if chosen.disabled is None else ["disabled" if chosen.disabled else "enabled"]


def _of(kind: str, id: str | None) -> str:
    named = " ".join(filter(None, (kind, id)))
    return f"of {named}" if named else ""


def _names(word: str, names: Mapping[str, bool] | None) -> list[str]:
    if names is None:
        return []
    listed = " ".join(name if included else f"!{name}" for name, included in names.items())
    return [f"{word} {listed or 'nothing'}"]


def _given(word: str, text: str | None) -> list[str]:
    return [f"{word} {text}"] if text else []


def _weighed(weight: Decimal) -> list[str]:
    return [f"weight {weight}"] if weight else []


def _instant(instant_ns: int | None) -> str | None:
    """To the second, as people read it."""
    return None if instant_ns is None else instant_text(instant_ns // SECOND_NS * SECOND_NS)


def _quantity(value: int, kind: str) -> str:
    return (duration_text(value) or "0s") if kind == VOICE else decimal_text(value)


def _joined(*parts: str) -> str:
    return ", ".join(parts)
