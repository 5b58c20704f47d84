"""A daemon that is told of calls: what comes of masking, of monitors on traffic, and of what accounts ask for."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.account import AccountKey
from accounts.charge import Granted, Reason
from ratingd import observe
from ratingd.daemon import Daemon
from ratingd.delivery.disconnect_order import Disconnect, Outcome
from ratingd.engine.operation import Debit, GetMaxSessionTime, MaxDebit, RunActions, SetAccount, SetTriggers
from ratingd.fraud.blocks import LIMIT
from ratingd.settings import Settings
from ratingd.v1.fraud_pb2 import CallEvent
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tariffs.money import NANO
from tests.alert_receiver import AlertReceiver
from tests.e2e.serving import Serving, serving
from tests.engine_desk import FOLDER as TARIFF
from tests.engine_desk import charge, topping_up
from tests.waiting import until

SECRET = "the-secret"
B = "+493012345678"
FOLDER = {path: content.decode() for path, content in TARIFF.items()} | {
    "Destinations.csv": "DST_371,371\nDST_49,49\n",
    "Actions.csv": (
        "CUT_OFF,*http_post_async,{url},,,,,,,,,,,,,,20\n"
        "CUT_OFF,*disable_account,,,,,,,,,,,,,,,10\n"
        "WATCH,*alert,\"{\"\"Severity\"\":\"\"HIGH\"\",\"\"Title\"\":\"\"Many calls\"\"}\",,,,,,,,,,,,,,20\n"
        "WATCH,*limit_session,\"{\"\"Limit\"\":\"\"60s\"\"}\",,,,,,,,,,,,,,10\n"
        "TELL,*http_post_async,{url},,,,,,,,,,,,,,10\n"
    ),
    "ActionTriggers.csv": (
        "BUSY,,*max_counter,3,false,0,,,a.total_calls.3600,,,,,,,,,,,CUT_OFF,10\n"
        "VICTIM,,*max_counter,3,false,0,,,b.distinct_a.60,,,,,,,,,,,WATCH,10\n"
        "ABROAD,,*max_counter,2,false,0,,,account.attempts.300,,,DST_371,,,,,,,,CUT_OFF,10\n"
        "TWO,T1,*max_counter,2,false,0,,,account.attempts.300,,,,,,,,,,,TELL,10\n"
        "TWO,T2,*max_counter,3,false,0,,,account.attempts.300,,,,,,,,,,,CUT_OFF,20\n"
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver(SECRET.encode()) as receiver:
        yield receiver


class Town:
    """A daemon, and calls brought to it as a switch would."""

    def __init__(self, served: Serving) -> None:
        self.served = served
        self.daemon: Daemon = served.daemon
        self._fraud = FraudServiceStub(served.channel)
        self._calls = 0

    def call(
        self, account: str, b: str = B, *, a: str = "", kind: CallEvent.Kind = CallEvent.INVITE, call_id: str = ""
    ) -> str:
        """One event, stored when this returns; the call's id."""
        self._calls += 0 if call_id else 1
        id, now_ms = call_id or f"c-{self._calls}", time.time_ns() // 1_000_000
        message = CallEvent(
            call_id=id, kind=kind, time_ms=now_ms, a_number=a or f"+4930555{account}", b_number=b, switch_id="sbc-1",
            trunk="t-7", account=account,
        )  # fmt: skip
        self._fraud.SubmitCallEvent(message, timeout=10)
        return id

    def opened(self, account: str, *groups: str) -> None:
        key = AccountKey("cgrates.org", account)
        self.daemon.engine.perform(key, RunActions((topping_up("M", 10),), create=True), f"open-{account}")
        self.daemon.engine.perform(key, SetTriggers(groups), f"arm-{account}")

    def disabled(self, account: str) -> bool:
        found = self.daemon.engine.account(AccountKey("cgrates.org", account))
        return found is not None and found.disabled

    def executed(self, account: str) -> dict[str, bool]:
        found = self.daemon.engine.account(AccountKey("cgrates.org", account))
        assert found is not None
        return {trigger.terms.unique_id: trigger.executed for trigger in found.triggers}


@pytest.fixture
def town(store_url: str, receiver: AlertReceiver) -> Iterator[Town]:
    options: dict[str, Any] = {
        "webhook_secret": SECRET, "webhook_hosts": ("127.0.0.1",), "webhook_private": True, "http_listen": "",
        "alert_webhooks": (receiver.url,), "default_tenant": "cgrates.org",
    }  # fmt: skip
    with serving(store_url, **options) as served:
        served.load({path: text.replace("{url}", receiver.url).encode() for path, text in FOLDER.items()})
        yield Town(served)


def events(receiver: AlertReceiver, event: str) -> list[Any]:
    return [alert.body for alert in receiver.alerts if alert.body["event"] == event and alert.verified]


def once(found: Callable[[], list[Any]]) -> Any:
    until(lambda: len(found()) > 0)
    return found()[0]


def result(town: Town, call_id: str) -> str:
    flagged = town.daemon.store.fraud.flagged_call(call_id)
    return "" if flagged is None else flagged.result


def test_a_monitor_on_the_calls_of_a_caller_disables_the_account_and_posts_signed(
    town: Town, receiver: AlertReceiver
) -> None:
    town.opened("1001", "BUSY")
    for number in range(2):
        town.call("1001", f"+49301111{number}")
    assert not town.disabled("1001")
    town.call("1001", "+493011112")
    until(lambda: town.disabled("1001"))
    post = once(lambda: events(receiver, "trigger.fired"))
    assert (post["account"], post["trigger"]["Score"], post["trigger"]["Observed"]) == (
        "1001", "a.total_calls.3600", "3",
    )  # fmt: skip
    assert list(town.executed("1001").values()) == [True]


def test_calls_that_are_charged_are_watched_as_well(town: Town) -> None:
    town.opened("1001", "BUSY")
    answers = [
        town.daemon.engine.perform(AccountKey("cgrates.org", "1001"), MaxDebit(charge("1001", 60, call_id=f"c-{n}")))
        for n in range(3)
    ]
    assert [type(answer).__name__ for answer in answers] == ["Charged"] * 3
    until(lambda: town.disabled("1001"))


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_account_that_was_disabled_may_call_for_help(town: Town, dry_run: bool) -> None:
    engine, key = town.daemon.engine, AccountKey("cgrates.org", "1001")
    town.opened("1001", "BUSY")
    engine.perform(key, SetAccount(disabled=True), "disable")

    def asked(b: str) -> list[Any]:
        request = charge("1001", 60, call_id=f"c-{b}", destination=b)
        return [
            engine.perform(key, GetMaxSessionTime(request)),
            engine.perform(key, MaxDebit(request), f"first-{b}", dry_run=dry_run),
            engine.perform(key, Debit(request), f"then-{b}", dry_run=dry_run),
        ]

    assert {answer.reason for answer in asked("49123")} == {Reason.ACCOUNT_DISABLED}
    assert {answer.reason for answer in asked("112")} == {Reason.DESTINATION_UNRATED}  # as rating says of any account
    granted, first, then = asked("49112")  # 112 with its country, which has a price
    assert granted == Granted(60 * NANO)
    assert [(type(answer).__name__, answer.cost.cost) for answer in (first, then)] == [("Charged", 6 * NANO // 10)] * 2
    assert town.disabled("1001")


def test_a_monitor_on_a_called_number_raises_an_alert_and_keeps_calls_short(
    town: Town, receiver: AlertReceiver
) -> None:
    town.opened("1001", "VICTIM")
    for number in range(3):
        town.call("1001", a=f"+4930555100{number}")
    alert = once(lambda: town.daemon.store.fraud.alerts())
    shown = json.loads(alert.document)
    assert (alert.severity, shown["title"], shown["subject"]) == (
        "HIGH", "Many calls", {"kind": "account", "value": "cgrates.org:1001"},
    )  # fmt: skip
    assert (shown["fired"], shown["value"], shown["threshold"]) == (True, 3.0, 3.0)
    until(lambda: [row.value for row in town.daemon.fraud.blocks.entries] == ["cgrates.org:1001"])
    (entry,) = town.daemon.store.fraud.lists(LIMIT)
    assert (entry.kind, entry.window_ms) == ("account", 60_000)
    told = once(lambda: events(receiver, "alert.created"))["alert"]
    assert (told["id"], told["uuid"]) == (alert.id, alert.uuid)


def test_a_monitor_with_destinations_looks_at_no_other_calls(town: Town, receiver: AlertReceiver) -> None:
    town.opened("1001", "ABROAD")
    for _ in range(3):
        town.call("1001", B)
    assert not any(town.executed("1001").values())
    town.call("1001", "+37190912345")  # the fourth, and the first that it looks at
    until(lambda: town.disabled("1001"))


def test_two_monitors_on_one_value_fire_each_at_its_own(town: Town, receiver: AlertReceiver) -> None:
    town.opened("1001", "TWO")
    for _ in range(2):
        town.call("1001")
    until(lambda: town.executed("1001") == {"T1": True, "T2": False})
    town.call("1001")
    until(lambda: town.executed("1001") == {"T1": True, "T2": True})
    assert town.disabled("1001")
    receiver.wait_for(lambda alerts: len(alerts) >= 2, 10)
    assert [post["trigger"]["UniqueID"] for post in events(receiver, "trigger.fired")] == ["T1", "T2"]


def test_a_masking_run_is_cut_told_once_and_kept_with_its_evidence(town: Town, receiver: AlertReceiver) -> None:
    told: list[str] = []
    answers = {"c-1": Outcome.CUT, "c-2": Outcome.CALL_UNKNOWN}

    def hear(order: Disconnect) -> None:
        told.append(order.call_id)
        if order.call_id in answers:
            watcher.answer(order.id, answers[order.call_id], "")

    watcher = town.daemon.delivery.desk.watch("sbc-1", hear)
    for number in range(5):
        town.call("", a=f"+4930555100{number}")
    until(lambda: len(set(told)) == 5)
    alert = once(lambda: events(receiver, "alert.created"))["alert"]
    assert (alert["severity"], alert["fraud_type"], alert["subject"]) == (
        "CRITICAL", "masking", {"kind": "b_number", "value": B},
    )  # fmt: skip
    incident = town.daemon.store.fraud.incident(alert["incident_id"])
    assert incident is not None
    assert len(json.loads(incident.row.document)["a_numbers"]) == 5
    (stored,) = town.daemon.store.fraud.alerts()
    assert (stored.id, stored.uuid) == (alert["id"], alert["uuid"])
    acked = town.daemon.fraud.book.ack(stored.id, "anna")
    assert (acked.status, acked.acked_by) == ("acked", "anna")
    town.call("", a="+49305551009")
    until(lambda: "c-6" in told)
    (stored,) = town.daemon.store.fraud.alerts()  # the sixth call belongs to it, and nobody's word is lost
    assert (stored.status, json.loads(stored.document)["value"]) == ("acked", 6.0)
    assert len(events(receiver, "alert.created")) == 1
    until(lambda: [result(town, f"c-{n}") for n in (1, 2, 3, 4, 5)] == ["OK", "ALREADY_ENDED", "", "", ""])


def test_a_call_that_has_ended_is_marked_and_not_ordered_cut(town: Town) -> None:
    told: list[str] = []
    town.daemon.delivery.desk.watch("sbc-1", lambda order: told.append(order.call_id))
    first = town.call("", a="+49305551000")
    town.call("", a="+49305551000", kind=CallEvent.ANSWER, call_id=first)
    town.call("", a="+49305551000", kind=CallEvent.BYE, call_id=first)
    for number in range(1, 5):
        town.call("", a=f"+4930555100{number}")
    until(lambda: len(told) == 4)
    assert first not in told
    assert result(town, first) == "ALREADY_ENDED"


def test_what_is_watched_is_known_after_a_restart(store_url: str, receiver: AlertReceiver) -> None:
    options: dict[str, Any] = {
        "webhook_secret": SECRET, "webhook_hosts": ("127.0.0.1",), "webhook_private": True, "http_listen": "",
        "default_tenant": "cgrates.org",
    }  # fmt: skip
    with serving(store_url, **options) as served:
        served.load({path: text.replace("{url}", receiver.url).encode() for path, text in FOLDER.items()})
        Town(served).opened("1001", "BUSY")
    with serving(store_url, **options) as served:
        town = Town(served)
        assert town.daemon.fraud.monitors.accounts == 1
        for number in range(3):
            town.call("1001", f"+49301111{number}")
        until(lambda: town.disabled("1001"))


def test_calls_of_a_switch_without_a_stream_are_cut_by_its_webhook(sqlite_url: str, receiver: AlertReceiver) -> None:
    options: dict[str, Any] = {
        "webhook_secret": SECRET, "webhook_hosts": ("127.0.0.1",), "webhook_private": True, "http_listen": "",
        "switch_webhooks": (f"sbc-1={receiver.url}",),
    }  # fmt: skip
    with serving(sqlite_url, **options) as served:
        town = Town(served)
        for number in range(5):
            town.call("", a=f"+4930555100{number}")
        until(lambda: [result(town, f"c-{number}") for number in range(1, 6)] == ["OK"] * 5)
        cuts = events(receiver, "call.disconnect")
        assert sorted(cut["call_id"] for cut in cuts) == [f"c-{number}" for number in range(1, 6)]
        assert {(cut["switch_id"], cut["cause"], cut["reason"]) for cut in cuts} == {("sbc-1", 21, "CALL_MASKED")}


def test_settings_of_switch_webhooks_are_read_at_the_start(sqlite_url: str) -> None:
    with pytest.raises(ValueError, match="is no SWITCH=URL"):
        Daemon(Settings(database_url=sqlite_url, http_listen="", switch_webhooks=("sbc-1",)))
