"""Who is flagged by what comes, and who still is after a start."""

from collections.abc import Iterator
from typing import Any

import pytest

from ratingd.fraud.runtime import FraudRuntime
from ratingd.fraud.suspect_flags import SuspectFlags
from ratingd.settings import Settings
from ratingd.store.fraud_rows import ListRow
from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEvent
from tests.campaign_scene import NOW_MS, bring

NO_SUBMIT: Any = None
RULES = (
    "many,robocall,a,attempts.600 >= 3,HIGH,MEDIUM,*alert,false,1h,many calls\n"
    "range,wangiri,a_range,attempts.600 >= 6,CRITICAL,HIGH,*alert,false,1h,many of a range\n"
    "trunk,fas,trunk,attempts.600 >= 9,MEDIUM,LOW,*alert,false,1h,many on a trunk\n"
    "account,irsf,account,attempts.600 >= 4,MEDIUM,LOW,*alert,false,1h,many of an account\n"
    "trial,irsf,a,attempts.600 >= 2,HIGH,HIGH,*alert,true,1h,only told\n"
)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    store.migrate()
    yield store
    store.close()


def started(store: Store) -> FraudRuntime:
    settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
    fraud = FraudRuntime(settings, store, clock=lambda: NOW_MS * 1_000_000)
    fraud.start(NO_SUBMIT)
    return fraud


def invite(place: int, a: str, b: str, trunk: str = "t-1", apart_ms: int = 10_000) -> CallEvent:
    return CallEvent(
        kind="INVITE", call_id=f"c-{place}", time_ms=NOW_MS - 600_000 + place * apart_ms, a_number=a, b_number=b,
        trunk=trunk,
    )  # fmt: skip


def known(fraud: FraudRuntime) -> dict[str, list[tuple[str, float, float]]]:
    """All that is flagged, as this daemon knows it and as it would after a start."""
    rows = []
    again = SuspectFlags(fraud._store.fraud, lambda: fraud.desk.watch.rules)
    again.load(NOW_MS)
    for flags in (fraud.campaigns._flags, again):
        suspects = flags.suspects(NOW_MS)
        everybody = suspects.numbers | {f"range {name}": of for name, of in suspects.ranges.items()}
        rows.append({name: [(f.fraud_type, f.risk, f.sure) for f in of.values()] for name, of in everybody.items()})
    assert rows[0] == rows[1]
    return rows[0]


def test_a_masking_run_flags_all_its_callers(store: Store) -> None:
    fraud = started(store)
    bring(fraud, [invite(each, f"+4930{5550000 + each}", "+49895550001", apart_ms=500) for each in range(6)])
    assert known(fraud) == {f"+4930{5550000 + each}": [("masking", 95, 0.95)] for each in range(6)}
    fraud.stop()


def test_rules_flag_a_caller_a_range_or_the_caller_of_an_account_and_a_trunk_is_nobody(store: Store) -> None:
    fraud = started(store)
    fraud.rules.set(RULES, "ann")
    calls = [("+37120000001", "t-1")] * 3 + [("+37120000002", "t-2")] * 2 + [("+37120000003", "t-1")]
    calls += [(f"+4930555{each:04}", "t-9") for each in range(9)]
    events = [invite(place, a, f"+4989{5550000 + place}", trunk) for place, (a, trunk) in enumerate(calls)]
    for event in events[2:6]:
        event.account = "1001"
    bring(fraud, events)
    assert known(fraud) == {
        "+37120000001": [("robocall", 85, 0.7)],
        "range +3712000": [("wangiri", 95, 0.9)],
        "range +4930555": [("wangiri", 95, 0.9)],
        "+37120000003": [("irsf", 75, 0.4)],
    }
    fraud.stop()


def test_who_is_on_the_blacklist_is_flagged_and_whom_he_calls_is_not(store: Store) -> None:
    fraud = started(store)
    fraud.lists.add([ListRow("blacklist", "prefix", "+37120", "fraud", "ann", 0, 0)], "ann")
    fraud.lists.add([ListRow("blacklist", "number", "+49895550002", "fraud", "ann", 0, 0)], "ann")
    bring(fraud, [invite(1, "+37120000001", "+49895550001"), invite(2, "+49305550001", "+49895550002")])
    suspects = fraud.campaigns._flags.suspects(NOW_MS)
    assert {name: [f.risk for f in of.values()] for name, of in suspects.numbers.items()} == {"+37120000001": [100]}
    fraud.stop()


def test_nobody_is_flagged_for_a_day(store: Store) -> None:
    fraud = started(store)
    bring(fraud, [invite(each, f"+4930{5550000 + each}", "+49895550001", apart_ms=500) for each in range(6)])
    assert fraud.campaigns._flags.suspects(NOW_MS + 25 * 3_600_000).numbers == {}
    fraud.stop()


def test_who_calls_for_help_or_withholds_his_number_is_not_flagged(store: Store) -> None:
    fraud = started(store)
    fraud.rules.set(RULES, "ann")
    bring(fraud, [invite(each, "+4930555000", "112") for each in range(4)])
    bring(fraud, [invite(10 + each, "anonymous", f"+49895550{each:03}") for each in range(4)])
    assert known(fraud) == {}
    fraud.stop()
