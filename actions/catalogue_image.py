"""The image of a catalogue: what JSON can hold, and the catalogue back from it. It travels beside the tariff's image.

    "sets":   [["TOP10", [{"type": "*topup", "filter": {"kind": "*monetary", "id": "MON"}, "units": 10000000000}]]]
    "plans":  [["MONTHLY_10", [["TOP10", {"id": "*monthly", "schedule": "*monthly"}, "10", 1795220917000000000]]]]
    "groups": [["FRAUD", [{"group": "FRAUD", "unique_id": "F1", …}]]]
    "rows":   [["cgrates.org", "1001", "PACKAGE_10", "FRAUD", false, true]]
    "shared": [["FAMILY", {"*any": "*lowest"}]]
    "aliases": [{"tenant": "cgrates.org", "id": "ATTR_1", "writes": [{"field": "Account", "value": "1001"}], …}]

What has its default value is left out. An image of another format is refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from accounts.account import AccountKey, AccountTrigger, TriggerTerms
from accounts.document import filter_document, filter_from_document, trigger_document, trigger_from_document
from accounts.shared_group import SharedGroup, Strategy
from actions.account_row import AccountRow
from actions.action import Action, ActionSet, ActionType
from actions.alias import Aliases, AliasProfile, Attribute, AttributeType
from actions.catalogue import Catalogue
from actions.plan_schedule import ActionPlan, PlanEntry
from actions.value_formula import ValueFormula
from tariffs.timing import Timing

FORMAT: Final = 1
Cells = list[Any]  # one line of a table, as JSON has it
Members = dict[str, Any]


def catalogue_image(catalogue: Catalogue) -> dict[str, object]:
    return {
        "format": FORMAT,
        "sets": [[found.id, [_action_members(a) for a in found.actions]] for found in catalogue.action_sets.values()],
        "plans": [[plan.id, [_entry_cells(e) for e in plan.entries]] for plan in catalogue.action_plans.values()],
        "groups": [[group, [_terms_members(t) for t in terms]] for group, terms in catalogue.trigger_groups.items()],
        "rows": [_row_cells(row) for row in catalogue.account_rows.values()],
        "shared": [[group.id, dict(group.strategies)] for group in catalogue.shared_groups.values()],
        "aliases": [_alias_members(profile) for profile in catalogue.aliases.profiles],
    }


def catalogue_from_image(image: Mapping[str, Any]) -> Catalogue:
    """The catalogue of an image; ValueError where the image is of another format or damaged."""
    if image.get("format") != FORMAT:
        raise ValueError(f"a catalogue image of format {image.get('format')!r}; this release reads format {FORMAT}")
    try:
        return _catalogue(image)
    except (KeyError, IndexError, TypeError, ArithmeticError) as error:
        raise ValueError(f"a damaged catalogue image: {type(error).__name__} {error}") from error


def _catalogue(image: Mapping[str, Any]) -> Catalogue:
    rows = [_row(cells) for cells in image["rows"]]
    return Catalogue(
        {id: ActionSet(id, tuple(_action(id, members) for members in actions)) for id, actions in image["sets"]},
        {id: ActionPlan(id, tuple(_entry(cells) for cells in entries)) for id, entries in image["plans"]},
        {group: tuple(_terms(members) for members in terms) for group, terms in image["groups"]},
        {row.key: row for row in rows},
        {id: SharedGroup(id, {who: Strategy(text) for who, text in found.items()}) for id, found in image["shared"]},
        Aliases(tuple(_alias(members) for members in image["aliases"])),
    )


def _action_members(action: Action) -> Members:
    members: Members = {
        "weight": str(action.weight) if action.weight else "",
        "extra": action.extra,
        "filters": list(action.filters),
        "balance_type": action.balance_type,
        "filter": filter_document(action.filter),
        "formula": [] if action.formula is None else _formula_cells(action.formula),
        "expiry": action.expiry,
        "factors": {name: str(factor) for name, factor in action.factors.items()},
    }
    given: Members = {"type": action.type.value} | {name: value for name, value in members.items() if value}
    return given if action.units is None else given | {"units": action.units}


def _action(actions_id: str, members: Members) -> Action:
    formula = members.get("formula")
    return Action(
        actions_id,
        ActionType(members["type"]),
        Decimal(members.get("weight", "0")),
        members.get("extra", ""),
        tuple(members.get("filters", ())),
        members.get("balance_type", ""),
        filter_from_document(members.get("filter", {})),
        members.get("units"),
        ValueFormula(*formula) if formula else None,
        members.get("expiry", ""),
        {name: Decimal(factor) for name, factor in members.get("factors", {}).items()},
    )


def _formula_cells(formula: ValueFormula) -> Cells:
    return [formula.numerator, formula.denominator, formula.interval, formula.increment]


def _entry_cells(entry: PlanEntry) -> Cells:
    return [entry.actions_id, _timing_members(entry.timing), str(entry.weight), entry.anchor_ns]


def _entry(cells: Cells) -> PlanEntry:
    actions_id, timing, weight, anchor_ns = cells
    return PlanEntry(actions_id, _timing(timing), Decimal(weight), anchor_ns)


def _timing_members(timing: Timing) -> Members:
    members: Members = {
        "years": sorted(timing.years),
        "months": sorted(timing.months),
        "month_days": sorted(timing.month_days),
        "week_days": sorted(timing.week_days),
        "start_ns": timing.start_ns,
        "schedule": timing.schedule,
    }
    given: Members = {"id": timing.id} | {name: value for name, value in members.items() if value}
    return given if timing.end_ns is None else given | {"end_ns": timing.end_ns}


def _timing(members: Members) -> Timing:
    return Timing(
        members["id"],
        frozenset(members.get("years", ())),
        frozenset(members.get("months", ())),
        frozenset(members.get("month_days", ())),
        frozenset(members.get("week_days", ())),
        members.get("start_ns", 0),
        members.get("end_ns"),
        members.get("schedule", ""),
    )


def _terms_members(terms: TriggerTerms) -> Members:
    document: Members = trigger_document(AccountTrigger(terms))
    return {**document["terms"], "anchors_ns": list(terms.anchors_ns)}


def _terms(members: Members) -> TriggerTerms:
    agreed = {name: value for name, value in members.items() if name != "anchors_ns"}
    return replace(trigger_from_document({"terms": agreed}).terms, anchors_ns=tuple(members.get("anchors_ns", ())))


def _row_cells(row: AccountRow) -> Cells:
    return [row.key.tenant, row.key.account, row.plan, row.triggers, row.allow_negative, row.disabled]


def _row(cells: Cells) -> AccountRow:
    tenant, account, *rest = cells
    return AccountRow(AccountKey(tenant, account), *rest)


def _alias_members(profile: AliasProfile) -> Members:
    members: Members = {"tenant": profile.tenant, "id": profile.id, "weight": str(profile.weight)}
    members["filters"] = list(profile.filters)
    members["writes"] = [_attribute_members(attribute) for attribute in profile.attributes]
    members |= {"starts_ns": profile.starts_ns, "ends_ns": profile.ends_ns}
    return {name: value for name, value in members.items() if value not in (None, [])}


def _alias(members: Members) -> AliasProfile:
    return AliasProfile(
        members["tenant"],
        members["id"],
        tuple(members.get("filters", ())),
        tuple(_attribute(written) for written in members.get("writes", ())),
        Decimal(members["weight"]),
        members.get("starts_ns"),
        members.get("ends_ns"),
    )


def _attribute_members(attribute: Attribute) -> Members:
    members: Members = {"field": attribute.field, "type": attribute.type.value, "value": attribute.value}
    members |= {"source": attribute.source, "filters": list(attribute.filters)}
    return {name: value for name, value in members.items() if value}


def _attribute(members: Members) -> Attribute:
    type = AttributeType(members["type"])
    filters = tuple(members.get("filters", ()))
    return Attribute(members["field"], type, members.get("value", ""), members.get("source", ""), filters)
