"""What a step asks of either side: an operation of the engine, the same of the model."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ratingd.engine.operation import (
    Debit,
    ExecuteSet,
    GetMaxSessionTime,
    MaxDebit,
    Operation,
    Refund,
    RemoveAccount,
    RemoveTriggers,
    ResetCounters,
    ResetTriggers,
    RunActions,
    SetAccount,
    SetScores,
    SetTrigger,
    SetTriggers,
)
from tests.simulation import naive_accounts as accounts
from tests.simulation import naive_operations as naive
from tests.simulation import notation
from tests.simulation.folder import WATCHES
from tests.simulation.naive_account import Failed, Key
from tests.simulation.naive_book import Draft
from tests.simulation.naive_payers import Order, Request
from tests.simulation.notation import Words
from tests.simulation.steps import Step

ORDERS: Final = 120
REQUEST_FIELDS: Final = frozenset(Request.__dataclass_fields__) - {"key", "start"}


def operation_of(step: Step, charge_ids: Mapping[str, str], now: int) -> Operation | None:
    """What the engine is asked. None: the step is about one that has been cut away."""
    do = step["do"]
    match do:
        case "debit" | "max_debit" | "max_time":
            wanted = notation.request(request_of(step, step.setdefault("said_at", now)))
            if do == "max_time":
                return GetMaxSessionTime(wanted, step.get("reserve"))
            return Debit(wanted) if do == "debit" else MaxDebit(wanted)
        case "refund":
            charge_id = charge_ids.get(step["of"])
            runs = None if step["runs"] is None else tuple(step["runs"])
            return None if charge_id is None else Refund(charge_id, runs)
        case "actions":
            return RunActions(tuple(notation.action(each) for each in step["actions"]), step["create"])
        case "execute":
            return ExecuteSet(step["set"], step["create"])
        case "set_account":
            return SetAccount(
                plans=tuple(step["plans"]) if "plans" in step else None,
                trigger_groups=tuple(step["groups"]) if "groups" in step else None,
                allow_negative=step.get("allow_negative"),
                disabled=step.get("disabled"),
                time_zone=step.get("zone"),
                overwrite_plans=step.get("overwrite_plans", False),
                overwrite_triggers=step.get("overwrite_triggers", False),
            )
        case "remove":
            return RemoveAccount()
        case "reset_triggers":
            return ResetTriggers(step["group"], step["uid"], step["executed"])
        case "reset_counters":
            return ResetCounters(step["uid"], step["group"])
        case "remove_triggers":
            return RemoveTriggers(step["group"], step["uid"])
        case "set_triggers":
            return SetTriggers((step["group"],), step["overwrite"])
        case "set_trigger":
            return SetTrigger(notation.terms(step["group"], WATCHES[step["group"]][0]))
        case "scores":
            return SetScores(step["scores"])
    raise AssertionError(do)


def answer_of(draft: Draft, step: Step, order: Order) -> Words:
    """Do it on the model: its answer, with what was drawn under `increments` and `corrections`."""
    key, do = key_of(step), step["do"]
    try:
        match do:
            case "debit" | "max_debit":
                wanted = request_of(step, draft.now)
                return naive.debit(draft, wanted, order, whole=do == "debit", dry=bool(step.get("dry")))
            case "max_time":
                return naive.max_session_time(draft, request_of(step, draft.now), order, step.get("reserve"))
            case "refund":
                return naive.refund(draft, key, draft.world.charges.get((key, step["of"])), step["runs"])
            case "actions":
                return accounts.run_actions(draft, key, step["actions"], create=step["create"])
            case "execute":
                return accounts.execute_set(draft, key, step["set"], create=step["create"])
            case "set_account":
                return accounts.set_account(draft, key, step)
            case "remove":
                return accounts.remove_account(draft, key)
            case "reset_triggers":
                return accounts.reset_triggers(draft, key, step["group"], step["uid"], executed=step["executed"])
            case "reset_counters":
                return accounts.reset_counters(draft, key, step["uid"], step["group"])
            case "remove_triggers":
                return accounts.remove_triggers(draft, key, step["group"], step["uid"])
            case "set_triggers":
                return accounts.set_triggers(draft, key, step["group"], overwrite=step["overwrite"])
            case "set_trigger":
                return accounts.set_trigger(draft, key, step["group"])
            case "scores":
                return accounts.set_scores(draft, key, step["scores"])
    except Failed as failed:
        return {"refused": str(failed)}
    raise AssertionError(do)


def keyed(step: Step) -> bool:
    """Whether a request writes, and so has a key."""
    return not step.get("dry") and not (step["do"] == "max_time" and "reserve" not in step)


def key_of(step: Step) -> Key:
    return step["who"][0], step["who"][1]


def request_of(step: Step, now: int) -> Request:
    given = {name: value for name, value in step.items() if name in REQUEST_FIELDS}
    start = step.get("said_at", now) + step.get("offset", 0)
    return Request(key=key_of(step), start=start, **{"subject": step["who"][1], **given})


def first_come(reply: dict[str, Any]) -> Order:
    """Balances of a random group in the order in which the answer has them paying, those that paid nothing behind."""
    paid: list[tuple[str, str]] = []
    for _, _, account, units, _, money in reply.get("drawn", ()):
        paid += [(account, name) for name in (units, money) if (account, name) not in paid]

    def order(found: list[tuple[Key, int]], names: list[str]) -> list[tuple[Key, int]]:
        place = {at: (at[0][1], name) for at, name in zip(found, names, strict=True)}
        return sorted(found, key=lambda at: paid.index(place[at]) if place[at] in paid else len(paid))

    return order


def orders(reply: dict[str, Any]) -> Iterator[Order]:
    """The order that the answer suggests, then others."""
    yield first_come(reply)
    for number in range(ORDERS):
        yield permuted(number)


def permuted(number: int) -> Order:
    """One of the orders that there are; for up to five balances, `ORDERS` numbers are all of them."""

    def order(found: list[tuple[Key, int]], names: list[str]) -> list[tuple[Key, int]]:
        left, put, rest = sorted(set(found)), dict[tuple[Key, int], int](), number
        while left:
            rest, place = divmod(rest, len(left))
            put[left.pop(place)] = len(put)
        return sorted(found, key=lambda at: put[at])

    return order
