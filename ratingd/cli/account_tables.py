"""An account for people: its flags, its balances, what is counted and what is watched."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.output import amount, moment, pairs, table

Plain = Mapping[str, Any]


def account_tables(account: Plain) -> list[RenderableType]:
    tables: list[RenderableType] = [pairs(_flags(account)), Text(), balances_table(account["balances"])]
    if account.get("reservations"):
        tables += [Text(), reservations_table(account["reservations"], account["balances"])]
    if account["counters"]:
        tables += [Text(), counters_table(account["counters"])]
    if account["triggers"]:
        tables += [Text(), triggers_table([(account, trigger) for trigger in account["triggers"]], with_account=False)]
    return tables


def state_text(account: Plain) -> Text:
    return Text("disabled", "bold red") if account["disabled"] else Text("enabled", "green")


def _flags(account: Plain) -> Iterable[tuple[str, RenderableType]]:
    yield "account", Text(f"{account['tenant']}:{account['account']}", "bold")
    yield "state", state_text(account)
    yield "below zero", "allowed (post-paid)" if account["allow_negative"] else "not for calls"
    if account["time_zone"]:
        yield "time zone", account["time_zone"]
    if account["action_plans"]:
        yield "action plans", ", ".join(account["action_plans"])
    if account.get("scores"):
        yield "scores", ", ".join(f"{address} {value}" for address, value in account["scores"].items())
    if "update_time" in account:
        yield "last change", moment(account["update_time"])


def balances_table(balances: Iterable[Plain]) -> RenderableType:
    rows = table("balance", "kind", "value", "weight", "pays for", "expires", "", numbers=("value", "weight"))
    for balance in balances:
        rows.add_row(
            balance["id"] or balance["uuid"],
            balance["kind"],
            Text(amount(balance.get("value")), "bold"),
            balance.get("weight", "0"),
            _pays_for(balance),
            moment(balance.get("expire_time", "never")),
            " ".join(flag for flag in ("blocker", "disabled") if balance.get(flag)),
        )
    return rows


def balances_text(balances: Iterable[Plain]) -> str:
    """`MAIN 19.4, MINUTES 1h30m`."""
    return ", ".join(f"{balance['id'] or balance['kind']} {amount(balance.get('value'))}" for balance in balances)


def _pays_for(balance: Plain) -> str:
    """`DST_49, not DST_4915; category premium`; empty sets mean everything."""
    said = []
    for name in ("destinations", "categories", "timing_ids"):
        listed = ", ".join(key if included else f"not {key}" for key, included in balance.get(name, {}).items())
        if listed:
            said.append(listed if name == "destinations" else f"{name.replace('_', ' ')} {listed}")
    if balance.get("shared_groups"):
        said.append(f"shared with {', '.join(balance['shared_groups'])}")
    if balance.get("rating_subject"):
        said.append(f"priced as {balance['rating_subject']}")
    return "; ".join(said) or "everything"


def reservations_table(reservations: Iterable[Plain], balances: Iterable[Plain]) -> RenderableType:
    """What calls hold, a line for each balance."""
    names = {balance["uuid"]: balance["id"] or balance["uuid"] for balance in balances}
    rows = table("held by call", "of", "balance", "held", "until", numbers=("held",))
    for reservation in reservations:
        call = "/".join(filter(None, (reservation["switch_id"], reservation["call_id"])))
        for held in reservation["held"]:
            uuid = held["balance_uuid"]
            rows.add_row(
                call,
                reservation["owner"],
                names.get(uuid, uuid),
                Text(amount(held["amount"]), "bold"),
                moment(reservation["expire_time"]),
            )
    return rows


def counters_table(counters: Iterable[Plain]) -> RenderableType:
    rows = table("counter", "kind", "counts", "over", "value", numbers=("value",))
    for counter in counters:
        over = counter.get("window") or "everything"
        if "window_start_time" in counter:
            over += f" from {moment(counter['window_start_time'])}"
        rows.add_row(counter["id"], counter["kind"], counter["of"], over, Text(amount(counter.get("value")), "bold"))
    return rows


def triggers_table(triggers: Iterable[tuple[Plain, Plain]], *, with_account: bool) -> RenderableType:
    """Monitors; `stands at` is what they watch, `left` how far that is from the threshold."""
    columns = ("trigger", "watches", "at", "stands at", "left", "fires", "again", "state", "last fired")
    rows = table(*(("account", *columns) if with_account else columns), numbers=("at", "stands at", "left"))
    for account, trigger in triggers:
        sleep = trigger.get("min_sleep", "0s")
        watches = (trigger["type"], trigger["kind"], trigger["balance_id"], trigger.get("window", ""))
        cells: list[RenderableType] = [
            f"{trigger['group']}/{trigger['unique_id']}",
            " ".join(filter(None, watches)),
            amount(trigger.get("threshold", "")),
            amount(trigger.get("observed", "")),
            amount(trigger.get("distance", "")),
            trigger["actions_id"],
            (f"after {amount(sleep)}" if sleep != "0s" else "always") if trigger["recurrent"] else "no",
            Text("fired", "bold red") if trigger["executed"] else Text("armed", "green"),
            moment(trigger.get("last_execute_time", "never")),
        ]
        rows.add_row(*([account["account"], *cells] if with_account else cells))
    return rows


def calls_table(calls: Iterable[Plain]) -> RenderableType:
    rows = table("open call", "switch", "to", "last seen", "over by")
    for call in calls:
        destination = call["fields"].get("Destination", "")
        times = moment(call.get("last_seen_time")), moment(call.get("expire_time"))
        rows.add_row(call["call_id"], call["switch_id"], destination, *times)
    return rows


def ledger_table(entries: Iterable[Plain]) -> RenderableType:
    rows = table("time", "operation", "balance", "kind", "delta", "after", "call", "key", numbers=("delta", "after"))
    for entry in entries:
        rows.add_row(
            moment(entry.get("time")),
            entry["operation"],
            entry["balance_id"] or entry["balance_uuid"],
            entry["kind"],
            amount(entry.get("delta", "")),
            amount(entry.get("after", "")),
            entry["call_id"],
            entry["idempotency_key"],
        )
    return rows


def accounts_table(accounts: Iterable[Plain]) -> RenderableType:
    rows = table("tenant", "account", "state", "balances", "fired triggers", "last change")
    for account in accounts:
        fired = [trigger["unique_id"] for trigger in account["triggers"] if trigger["executed"]]
        rows.add_row(
            account["tenant"],
            account["account"],
            state_text(account),
            balances_text(account["balances"]),
            ", ".join(fired),
            moment(account.get("update_time")),
        )
    return rows
