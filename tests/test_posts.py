"""Posts: what receivers of alerts are told, under which ids, in which order."""

import json
from pathlib import Path

from accounts.account import AccountKey
from ratingd.delivery.switch_webhooks import content
from ratingd.fraud.alert import ACKED, Alert, document
from ratingd.fraud.incident import Run, incident_document, shown
from ratingd.fraud.posts import CREATED, INCIDENT_UPDATED, UPDATED, Posts
from ratingd.store.fraud_rows import UNNUMBERED, IncidentRow
from ratingd.store.rows import OutboxEntry
from triggers.masking.incident import MaskingIncident

NOON_MS = 1_795_262_400_000
RUN = MaskingIncident("+49", 1, 2, max_distinct=5, calls_max=100)
URLS = ("https://a.example.org/alerts", "https://b.example.org/alerts")


def alert() -> Alert:
    return Alert(
        "HIGH", "Spoofed callers", "why", "cli_spoofing", "cli_spoofing", "trunk", "t-7", NOON_MS, NOON_MS, NOON_MS,
        account="1001",
    )  # fmt: skip


def body(entry: OutboxEntry) -> dict[str, object]:
    found: dict[str, object] = json.loads(entry.body)
    return found


def test_every_receiver_is_told_of_an_alert_as_it_stands() -> None:
    entries = Posts(URLS, "cgrates.org").told(CREATED, alert(), NOON_MS)
    assert [(entry.kind, entry.target, str(entry.key)) for entry in entries] == [
        ("webhook", url, "cgrates.org:t-7") for url in URLS
    ]
    told = body(entries[0])
    assert {name: told[name] for name in ("event", "id", "created_at", "tenant", "account")} == {
        "event": "alert.created", "id": entries[0].id, "created_at": NOON_MS / 1000, "tenant": "cgrates.org",
        "account": "1001",
    }  # fmt: skip
    shown = told["alert"]
    assert isinstance(shown, dict)
    assert (shown["severity"], shown["subject"], shown["status"], shown["cluster_id"]) == (
        "HIGH", {"kind": "trunk", "value": "t-7"}, "new", None,
    )  # fmt: skip


def test_an_alert_without_an_id_gets_it_from_the_store() -> None:
    one = alert()
    entry = Posts(URLS[:1], "t").told(CREATED, one, NOON_MS, {"incident": {"id": "8d1f"}})[0]
    assert (entry.alert, entry.body.count(UNNUMBERED)) == (one.uuid, 1)
    one.id = 17
    assert UNNUMBERED not in Posts(URLS[:1], "t").told(UPDATED, one, NOON_MS)[0].body


def test_the_same_said_again_has_the_same_id_and_anything_else_another() -> None:
    posts, one = Posts(URLS[:1], "t"), alert()
    first = posts.told(CREATED, one, NOON_MS)[0].id
    assert posts.told(CREATED, one, NOON_MS + 60_000)[0].id == first
    ids = {first, posts.told(UPDATED, one, NOON_MS)[0].id}
    one.repeat(NOON_MS + 1, "HIGH", 1.0, [])
    ids.add(posts.told(UPDATED, one, NOON_MS)[0].id)
    one.status = ACKED
    ids.add(posts.told(UPDATED, one, NOON_MS)[0].id)
    assert len(ids) == 4


def test_what_is_told_later_is_later_in_line_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    posts = Posts(URLS[:1], "t")
    times = [posts.told(UPDATED, alert(), NOON_MS + ahead)[0].created_ns for ahead in (0, 0, -5, 1)]
    assert times == sorted(set(times))


def test_the_api_page_names_all_that_is_told() -> None:
    text = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
    page = text[text.index("## Webhooks") : text.index("## Errors")]
    run = IncidentRow("8d1f", "+49", "HIGH", 1, 2, 5, 3, json.dumps(incident_document(RUN, Run("HIGH", "alert", 5))))
    order = OutboxEntry("d", AccountKey("t", "1001"), 0, "disconnect", "sbc-1", json.dumps({"call_id": "c"}), 1)
    named = {*document(alert()), *shown(run), *content(order, 1), *body(Posts(URLS, "t").told(CREATED, alert(), 1)[0])}
    assert [name for name in sorted(named) if f"`{name}`" not in page] == []


def test_a_run_goes_along_and_without_receivers_nothing_is_told() -> None:
    (entry,) = Posts(URLS[:1], "t").told(INCIDENT_UPDATED, alert(), NOON_MS, {"incident": {"id": "8d1f"}})
    assert body(entry)["incident"] == {"id": "8d1f"}
    silent = Posts((), "t")
    assert (silent.told(CREATED, alert(), NOON_MS), bool(silent)) == ([], False)
