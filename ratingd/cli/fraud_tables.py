"""Alerts, incidents and lists as people read them."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.output import moment, pairs, table
from tariffs.instant import instant_text

Plain = Mapping[str, Any]
CALLERS_SHOWN: Final = 50
CALLS_SHOWN: Final = 20
_SEVERITY_STYLES: Final = {"CRITICAL": "bold red", "HIGH": "red", "MEDIUM": "yellow", "LOW": "dim"}
_STATUS_STYLES: Final = {"new": "bold", "acked": "yellow", "resolved": "green", "false_positive": "dim"}
_RESULTS: Final = {"OK": "cut", "ALREADY_ENDED": "not up", "FAILED": "could not be cut"}
_RESULT_STYLES: Final = {"OK": "green", "FAILED": "bold red"}
_SUBJECTS: Final = {
    "a_number": "caller",
    "b_number": "called number",
    "a_range": "range of callers",
    "b_range": "range of called numbers",
}


def severity_text(severity: str) -> Text:
    return Text(severity, _SEVERITY_STYLES.get(severity, ""))


def alerts_table(alerts: Iterable[Plain]) -> RenderableType:
    shown = list(alerts)
    loss = ["may be lost"] if any("expected_loss" in alert for alert in shown) else []
    columns = ("id", "severity", "status", *loss, "what", "about", "times", "last seen", "incident")
    rows = table(*columns, numbers=("id", "times", *loss))
    for alert in shown:
        rows.add_row(
            str(alert["id"]),
            severity_text(alert["severity"]),
            Text(alert["status"], _STATUS_STYLES.get(alert["status"], "")),
            *[str(alert["expected_loss"]["loss"]) for _ in loss],
            alert["title"],
            alert["subject"],
            str(alert["count"]),
            moment(alert.get("last_seen")),
            alert["incident_id"],
        )
    return rows


def alert_tables(alert: Plain) -> list[RenderableType]:
    """One alert with all that is known of it."""
    tables: list[RenderableType] = [pairs(_alert_rows(alert))]
    if alert["explanations"]:
        tables += [Text(), explanations_table(alert["explanations"])]
    return tables


def _alert_rows(alert: Plain) -> Iterable[tuple[str, RenderableType]]:
    yield "alert", Text(str(alert["id"]), "bold")
    yield "severity", severity_text(alert["severity"])
    yield "status", Text(_status(alert), _STATUS_STYLES.get(alert["status"], ""))
    yield "what", Text(alert["title"], "bold")
    if alert["description"]:
        yield "", alert["description"]
    yield "about", f"{_SUBJECTS.get(alert['subject_kind'], alert['subject_kind'])} {alert['subject']}"
    yield "found by", f"{alert['detector']} ({alert['fraud_type']})"
    if alert["threshold"]:
        yield "value", f"{alert['value']:g}, with a threshold of {alert['threshold']:g}"
    yield "seen", f"{alert['count']} times, {moment(alert.get('first_seen'))} to {moment(alert.get('last_seen'))}"
    if alert["report_only"]:
        yield "done", "nothing: its rule only reports"
    elif alert["action_results"]:
        yield "done", "\n".join(alert["action_results"])
    if alert["call_ids"] and not alert["incident_id"]:
        yield "calls", _first(alert["call_ids"], CALLS_SHOWN)
    if alert["comment"]:
        yield "comment", alert["comment"]


def _status(alert: Plain) -> str:
    if "resolved_at" in alert:
        return f"{alert['status']} by {alert['resolved_by']} at {moment(alert['resolved_at'])}"
    if "acked_at" in alert:
        return f"{alert['status']} by {alert['acked_by']} at {moment(alert['acked_at'])}"
    return str(alert["status"])


def explanations_table(explanations: Iterable[Plain]) -> RenderableType:
    rows = table("why", "value", "usual", "adds", numbers=("value", "usual", "adds"))
    for each in explanations:
        added = f"{each['contribution']:+g}" if each["contribution"] else ""
        rows.add_row(each["text"] or each["feature"], f"{each['value']:g}", f"{each['baseline']:g}", added)
    return rows


def incidents_table(incidents: Iterable[Plain]) -> RenderableType:
    numbers = ("callers at once", "calls")
    rows = table("id", "severity", "number", "opened", "last", "callers at once", "calls", "response", numbers=numbers)
    for run in incidents:
        rows.add_row(
            run["id"],
            severity_text(run["severity"]),
            run["b_number"],
            moment(run.get("opened")),
            moment(run.get("last")),
            str(run["max_distinct"]),
            str(run["call_count"]),
            run["response"],
        )
    return rows


def incident_tables(run: Plain) -> list[RenderableType]:
    """One masking run with its evidence: its callers, and each call with what became of it."""
    tables: list[RenderableType] = [pairs(_incident_rows(run)), Text(), _calls_table(run)]
    left = run["call_count"] - len(run["calls"])
    if left > 0:
        tables.append(Text(f"and {left} more calls", "dim"))
    return tables


def _incident_rows(run: Plain) -> Iterable[tuple[str, RenderableType]]:
    yield "incident", Text(run["id"], "bold")
    yield "severity", severity_text(run["severity"])
    yield "number called", Text(run["b_number"], "bold")
    yield "from", f"{run.get('opened', '')} to {run.get('last', '')}"
    yield "why", run["explanation"]
    yield "callers", f"{len(run['a_numbers'])}: {_first(run['a_numbers'], CALLERS_SHOWN)}"
    if run["trunks"]:
        yield "trunks", ", ".join(run["trunks"])
    yield "response", _response(run)
    if run["former_ids"]:
        yield "was called", ", ".join(run["former_ids"])


def _response(run: Plain) -> str:
    if run["response"] != "disconnect":
        return f"{run['response']}: no call was cut"
    results = [call["result"] for call in run["calls"]]
    told = [f"{results.count(result)} {word}" for result, word in _RESULTS.items() if result in results]
    if "" in results:
        told.append(f"{results.count('')} not known yet")
    return f"disconnect: {', '.join(told)}"


def _calls_table(run: Plain) -> RenderableType:
    rows = table("time", "caller", "call", "trunk", "switch", "disconnected")
    for call in run["calls"]:
        result = _RESULTS.get(call["result"], "not known yet" if run["response"] == "disconnect" else "")
        rows.add_row(
            call.get("time", ""),
            call["a_number"],
            call["call_id"],
            call["trunk"],
            call["switch_id"],
            Text(result, _RESULT_STYLES.get(call["result"], "")),
        )
    return rows


def entries_table(entries: Iterable[Plain]) -> RenderableType:
    rows = table("list", "kind", "value", "reason", "who", "until", "own terms")
    for entry in entries:
        rows.add_row(
            entry["list"],
            entry["kind"],
            Text(entry["value"], "bold"),
            entry["reason"],
            entry["who"],
            _until(entry),
            _own_terms(entry),
        )
    return rows


def _until(entry: Plain) -> str:
    """What is over has no effect, and is shown for as long as it is kept."""
    until = moment(entry.get("expires", "for ever"))
    return f"{until} (over)" if until <= moment(instant_text(time.time_ns())) else until


def _own_terms(entry: Plain) -> str:
    if entry["list"] == "limit":
        return f"calls of {entry['window_seconds']:g} s at most"
    callers = f"{entry['threshold']} callers" if entry["threshold"] else ""
    window = f"within {entry['window_seconds']:g} s" if entry["window_seconds"] else ""
    return " ".join(part for part in (callers, window) if part)


def _first(names: list[str], most: int) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
