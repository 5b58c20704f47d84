"""Effects of detection: rows of one batch, the same however often calls are seen, and what follows a commit."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ratingd import observe
from ratingd.engine.command import Reply
from ratingd.store.store import Store, open_store
from tests.effects_desk import NOON_MS, B, EffectsDesk, posted
from triggers.numbers.number_list import BLACKLIST, NUMBER, ListEntry

Desk = Callable[..., EffectsDesk]


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Desk:
    return lambda **terms: EffectsDesk(store, **terms)


# -- masking


def test_a_run_is_one_incident_five_flagged_calls_five_orders_and_one_alert(desk: Desk) -> None:
    town = desk()
    batch = town.burst()
    assert [(row.severity, row.b_number, row.max_distinct) for row in batch.incidents] == [("CRITICAL", B, 5)]
    assert [(row.call_id, row.reason, row.result) for row in batch.flagged] == [
        *[(f"c-{number}", "masking", "") for number in range(1, 5)],
        ("c-5", "refused", ""),  # its own INVITE was answered DISCONNECT
    ]
    orders = [entry for entry in batch.outbox if entry.kind == "disconnect"]
    assert [entry.id for entry in orders] == [f"masking:sbc-1:c-{number}" for number in range(1, 6)]
    body = json.loads(orders[0].body)
    assert (body["reason"], body["cause"], body["text"]) == ("CALL_MASKED", 21, "masking")
    (alert,) = town.alerts()
    shown = {name: alert[name] for name in ("severity", "detector", "count", "value", "threshold", "incident_id")}
    assert shown == {
        "severity": "CRITICAL", "detector": "masking", "count": 1, "value": 5.0, "threshold": 5.0,
        "incident_id": batch.incidents[0].id,
    }  # fmt: skip
    assert posted(batch) == ["alert.created"]
    assert [told["id"] for told in town.told] == [alert["id"]]


def test_a_run_that_goes_on_raises_no_second_alert_and_is_told_every_five_seconds(desk: Desk) -> None:
    town = desk()
    town.burst()
    first = town.batch(town.outcome(2, "+49305552001"), now=2)
    assert ([row.call_id for row in first.flagged], posted(first)) == (["c-6"], [])
    assert [entry.id for entry in first.outbox] == ["masking:sbc-1:c-6"]
    assert posted(town.due(3)) == []
    assert posted(town.due(6.1)) == ["incident.updated"]
    assert posted(town.due(12)) == []
    (alert,) = town.alerts()
    assert (alert["count"], alert["value"], len(alert["call_ids"])) == (1, 6.0, 6)


def test_another_run_within_the_time_of_repeats_counts_on_and_a_later_one_is_new(desk: Desk) -> None:
    town = desk()
    town.burst(0)
    assert posted(town.burst(100, prefix="+4930555200")) == ["alert.updated"]
    assert [alert["count"] for alert in town.alerts()] == [2]
    assert posted(town.burst(500, prefix="+4930555300")) == ["alert.created"]
    assert [alert["count"] for alert in town.alerts()] == [2, 1]


def test_without_auto_disconnect_all_is_reported_and_nothing_is_cut(desk: Desk) -> None:
    batch = desk(auto_disconnect=False, block_ms=60_000).burst()
    assert [row.reason for row in batch.flagged] == ["masking"] * 5
    assert [entry.kind for entry in batch.outbox] == ["webhook"]
    assert (list(batch.lists), json.loads(batch.incidents[0].document)["response"]) == ([], "alert")


def test_calls_that_have_ended_are_marked(desk: Desk) -> None:
    batch = desk(ended=lambda call_id: call_id == "c-2").burst()
    assert [row.call_id for row in batch.flagged if row.result == "ALREADY_ENDED"] == ["c-2"]
    assert len([entry for entry in batch.outbox if entry.kind == "disconnect"]) == 4


def test_trunks_of_a_run_are_kept_from_its_number_and_from_no_other(desk: Desk) -> None:
    town = desk(block_ms=60_000)
    town.burst()
    verdicts = [town.outcome(30, "+49305559999", b).verdict.reasons for b in (B, "+493012345679")]
    assert verdicts == [("blocked",), ()]
    assert town.outcome(61, "+49305559998").verdict.reasons == ()


def test_the_same_calls_seen_again_after_a_crash_change_nothing(desk: Desk, store: Store) -> None:
    desk().burst()
    before = (store.outbox.counts(), desk().alerts())
    again = desk()
    again.burst()
    assert (store.outbox.counts(), again.alerts()) == before
    assert len(store.fraud.flagged(store.fraud.incidents()[0].id)) == 5


def test_a_late_call_that_moves_the_opening_takes_the_alert_along(desk: Desk, store: Store) -> None:
    town = desk()
    for number in range(4):
        town.batch(town.outcome(1 + number, f"+4930555100{number}"))
    town.batch(town.outcome(5, "+49305551005"), now=5)
    (first,) = store.fraud.incidents()
    town.batch(town.outcome(3.5, "+49305551006"), now=6)
    (second,) = store.fraud.incidents()
    assert (second.opened_ms, first.opened_ms) == (NOON_MS + 4000, NOON_MS + 5000)
    assert [alert["incident_id"] for alert in town.alerts()] == [second.id]
    found = store.fraud.incident(first.id)
    assert found is not None
    assert (found.row.id, len(found.calls)) == (second.id, 6)


def test_a_storm_of_alerts_is_one_digest_and_every_run_is_stored(desk: Desk, store: Store) -> None:
    town = desk(storm_max=3)
    batches = [town.burst(0, b=f"+49301234560{number}") for number in range(6)]
    assert [posted(batch) for batch in batches[:5]] == [["alert.created"]] * 4 + [[]]
    digest = town.alerts()[-1]
    assert (digest["detector"], digest["count"], digest["severity"], digest["threshold"]) == ("storm", 3, "CRITICAL", 3)
    assert (len(town.alerts()), len(store.fraud.incidents())) == (4, 6)
    town.burst(61, b="+493012345670")
    assert [alert["detector"] for alert in town.alerts()[-1:]] == ["masking"]


def test_a_batch_that_is_not_stored_gives_its_alerts_to_the_next(desk: Desk) -> None:
    town = desk()
    calls = [town.outcome(number / 10, f"+4930555100{number}") for number in range(5)]
    lost = town.effects.rows(calls, NOON_MS)
    town.effects.dropped(lost)
    assert [row.detector for row in town.batch(now=1).alerts] == ["masking"]


# -- lists


def test_a_call_that_meets_the_blacklist_is_noted_and_one_alert_an_hour_tells_of_it(desk: Desk) -> None:
    town = desk(lists=[ListEntry(BLACKLIST, NUMBER, "+37190912345", reason="premium")])
    for at in (0, 1800, 3500):
        batch = town.batch(town.outcome(at, "+37190912345"), now=at)
        assert [(row.reason, row.b_number) for row in batch.flagged] == [("blacklist", B)]
    (alert,) = town.alerts()
    shown = (alert["severity"], alert["subject"], alert["description"], alert["count"])
    assert shown == ("HIGH", {"kind": "number", "value": "+37190912345"}, "premium", 1)
    town.batch(town.outcome(3700, "+37190912345"), now=3700)
    assert len(town.alerts()) == 2


# -- rules

RULES = "busy,robocall,a,attempts.60 >= 3,HIGH,HIGH,{actions},{report_only},1h,Too many calls\n"


def rules(actions: str, report_only: str = "false") -> str:
    return RULES.format(actions=actions, report_only=report_only)


def busy(town: EffectsDesk, count: int = 3, begin: float = 0.0, **call: Any) -> Any:
    calls = [town.outcome(begin + n, "+49305551000", f"+4930111000{n}", **call) for n in range(count)]
    return town.batch(*calls, now=begin + count)


def test_a_rule_blocks_limits_and_cuts_and_its_alert_says_so(desk: Desk) -> None:
    town = desk(rules=rules("*alert;*block_number:1h;*limit_session:60s;*block_trunk:15m;*disconnect"))
    batch = busy(town)
    entries = {(row.list, row.kind, row.value): row.expires_ms - NOON_MS for row in batch.lists}
    assert entries == {
        ("block", "number", "+49305551000"): 3_602_000,
        ("limit", "number", "+49305551000"): 86_402_000,
        ("block", "trunk", "t-7"): 902_000,
    }
    assert [entry.id for entry in batch.outbox if entry.kind == "disconnect"] == ["masking:sbc-1:c-3"]
    (alert,) = town.alerts()
    assert alert["title"] == "Too many calls"
    assert alert["action_results"] == [
        "*block_number:1h: number +49305551000 is refused",
        "*limit_session:60s: calls of number +49305551000 last 60 s at most, for a day",
        "*block_trunk:15m: trunk t-7 is refused",
        "*disconnect: ordered for call c-3",
    ]
    assert town.outcome(10, "+49305551000", "+49301110009").verdict.reasons == ("blocked",)


def test_a_rule_that_only_reports_says_what_it_would_have_done_and_does_nothing(desk: Desk) -> None:
    town = desk(rules=rules("*alert;*block_number:1h;*disable_account", "true"))
    batch = busy(town, account="1001")
    assert (batch.lists, batch.orders, [entry.kind for entry in batch.outbox]) == ([], [], ["webhook"])
    (alert,) = town.alerts()
    assert alert["report_only"]
    assert alert["action_results"] == ["report only: would have done *alert, *block_number:1h, *disable_account"]


def test_what_an_account_is_to_do_is_one_order_under_a_key_of_its_own(desk: Desk, store: Store) -> None:
    town = desk(rules=rules("*alert;*log;*disable_account;CLEAN_UP"))
    batch = busy(town, account="1001")
    window = (NOON_MS + 2000) // 3_600_000
    id = f"fraud:busy:+49305551000:1001:{window}"
    assert [(order.id, order.actions_id) for order in batch.orders] == [(id, ""), (f"{id}:CLEAN_UP", "CLEAN_UP")]
    assert [command.idempotency_key for command, _ in town.submitted] == [id, f"{id}:CLEAN_UP"]
    for _, done in town.submitted:
        done(Reply(0, b"done"))
    town.due(4)
    assert [(order.done, order.result) for order in store.fraud.orders()] == [(True, "done")] * 2
    (alert,) = town.alerts()
    assert alert["action_results"] == ["*log *disable_account: done", "CLEAN_UP: done"]


def test_orders_that_were_not_done_are_handed_over_again_after_a_start(desk: Desk, store: Store) -> None:
    busy(desk(rules=rules("*disable_account")), account="1001")
    later = desk()
    later.orders.resume(store.fraud.orders_open())
    ((command, done),) = later.submitted
    assert command.idempotency_key.startswith("fraud:busy:")
    done(Reply(9, b"account unknown"))
    later.due(10)
    assert [order.result for order in store.fraud.orders()] == ["account unknown"]
    assert store.fraud.orders_open() == []


def test_a_rule_without_alert_acts_in_silence(desk: Desk) -> None:
    town = desk(rules=rules("*block_number:1h"))
    assert len(busy(town).lists) == 1
    assert town.alerts() == []
