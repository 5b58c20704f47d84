"""Masking rows: each feature of a call, right after it was counted."""

from itertools import pairwise

import pytest

from tests.table import table
from tests.watch_scene import NOON_MS, NUMBERS, B, burst, invite, taken, watch
from triggers.calls.call_event import ANSWER, BYE, CANCEL, CallEvent, EventDetails
from triggers.numbers.number_list import ListEntry
from triggers.scores.masking_features import MASKING
from triggers.scores.masking_row import MaskingRows, masking_row
from triggers.watch.analysis import WhatIf, analyze
from triggers.watch.fraud_watch import FraudWatch

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
V1 = MASKING.names[:8]


def row_of(one: FraudWatch, event: CallEvent, distinct: int = 0) -> dict[str, float]:
    row = masking_row(one.traffic, one.masking, event, event.at_ms, distinct)
    MASKING.check(row)
    return dict(zip(MASKING.names, row, strict=True))


def last_row(one: FraudWatch, events: list[CallEvent]) -> dict[str, float]:
    taken(one, events)
    return row_of(one, events[-1])


def call(id: str, a: str, at_ms: int, talk_ms: int, b: str = B, trunk: str = "") -> list[CallEvent]:
    """A call that is answered after two seconds, or given up after five."""
    begun = invite(id, a, at_ms, b, trunk=trunk)
    if not talk_ms:
        return [begun, invite(id, a, at_ms + 5_000, b, kind=CANCEL)]
    answer_ms = at_ms + 2_000
    return [begun, invite(id, a, answer_ms, b, kind=ANSWER), invite(id, a, answer_ms + talk_ms, b, kind=BYE)]


def test_four_strangers_over_one_trunk_from_abroad() -> None:
    events = [invite(f"c-{n}", f"+44770090000{n}", 500 * n, trunk="t-1") for n in range(4)]
    found = last_row(watch(), events)
    assert found == {
        "asr": 0, "aloc": 0, "overlap_ratio": 1, "cli_mismatch": 0, "distinct_a_count": 4, "call_rate": 0.8,
        "short_call_ratio": 0, "high_volume_flag": 0,
        "distinct_a_30": 4, "distinct_a_300": 4, "attempts_300": 4, "b_total_seen": 4, "b_hourly_rate": 4,
        "first_seen_a_share": 1, "same_trunk_share": 1, "foreign_a": 1, "trunk_class": 3, "concurrent_on_b": 4,
        "a_prior_calls": 0, "a_fanout_300": 1, "attestation": 0, "hour": found["hour"],
        "vouched_share": 0, "vouched_share_300": 0, "mismatch_share": 0, "trunks_a_caller": 0.25, "quiet_s": 300,
        "calls_a_caller": 1,
    }  # fmt: skip
    assert found["hour"] == NOON_MS // HOUR_MS % 24


def test_the_first_eight_are_the_metrics_that_are_shown() -> None:
    one, found = watch(), list[dict[str, float]]()
    for event in [*call("x", "+4930111", -100_000, 4_000), *call("y", "+4930112", -90_000, 60_000), *burst(12)]:
        outcome = one.take(event)
        if outcome.attempt:
            shown = analyze(one, event, WhatIf()).features
            row = row_of(one, event, outcome.distinct)
            assert {name: row[name] for name in V1} == {name: shown[name] for name in V1}
            assert row_of(one, event) == row  # whether the callers are told or looked up
            found.append(row)
    assert len(found) == 14
    assert found[-1]["high_volume_flag"] == 1


def test_calls_that_are_over_are_known_and_those_to_come_are_not() -> None:
    one = watch()
    events = [
        *call("x", "+4930111", 0, 4_000),
        *call("y", "+4930112", 10_000, 20_000),
        *call("z", "+4930113", 20_000, 0),
    ]
    events.sort(key=lambda event: event.at_ms)
    found = last_row(one, [*events, invite("now", "+4930114", 60_000)])
    assert (found["asr"], found["aloc"], found["short_call_ratio"]) == (50, 12, 0.5)
    assert (found["attempts_300"], found["distinct_a_30"], found["distinct_a_300"]) == (4, 1, 4)
    assert found["concurrent_on_b"] == 1
    before = row_of(one, invite("asked", "+4930119", 25_000))
    assert [before["attempts_300"], before["asr"], before["aloc"]] == [3, pytest.approx(200 / 3), 4]


def test_a_number_that_is_called_a_lot_has_its_usual_rate() -> None:
    one = watch()
    calls = [invite(f"c-{n}", "+4930111", 2 * HOUR_MS * n) for n in range(12)]
    found = last_row(one, calls)
    assert found["b_total_seen"] == 12
    assert found["b_hourly_rate"] == pytest.approx(12 / 22)
    assert found["a_prior_calls"] == 11
    assert found["first_seen_a_share"] == 0
    assert found["distinct_a_300"] == 1


@table("""
    earlier | share   # of six callers of whom so many made a call before, whoever they called
    0       | 1
    2       | 0.6667
    6       | 0
""")
def test_newcomers(earlier: str, share: str) -> None:
    one = watch()
    known = [invite(f"k-{n}", f"+4930123{n:04}", -60_000, "+4940555555") for n in range(int(earlier))]
    assert last_row(one, [*known, *burst(6)])["first_seen_a_share"] == pytest.approx(float(share), abs=1e-4)


@table("""
    trunks      | mine | share
    a a a a     | a    | 1
    a b b a     | a    | 0.6
    b b b b     | a    | 0.2
    a a a a     |      | 0     # a call that names no trunk shares none
""")
def test_shares_of_a_trunk(trunks: str, mine: str, share: str) -> None:
    events = [invite(f"c-{n}", f"+493011{n}", 100 * n, trunk=trunk) for n, trunk in enumerate(trunks.split())]
    found = last_row(watch(), [*events, invite("mine", "+4930119", 900, trunk=mine)])
    assert found["same_trunk_share"] == float(share)


@table("""
    attested | carries   # a letter a call; f: from abroad, attested C
    AAAA     | 1
    AAB      | 1
    AB       | 1         # half of them are vouched for
    ABC      | 2
    BCBC     | 2
    AAff     | 1         # a half is not most
    AAfff    | 3
    fffff    | 3
    f        | 3
    B        | 2
""")
def test_whose_calls_a_trunk_carries(attested: str, carries: str) -> None:
    events = []
    for n, letter in enumerate(attested):
        a = f"+447700900{n:03}" if letter == "f" else f"+49301{n:05}"
        details = EventDetails(attestation=letter.upper() if letter in "ABC" else "C")
        events.append(invite(f"c-{n}", a, 10_000 * n, f"+49891{n:05}", trunk="t", details=details))
    assert last_row(watch(), events)["trunk_class"] == float(carries)


def test_the_last_64_calls_of_a_trunk_say_whose_it_is() -> None:
    one = watch()
    home = [invite(f"h-{n}", f"+49301{n:05}", 1_000 * n, f"+49891{n:05}", trunk="t") for n in range(100)]
    assert last_row(one, home)["trunk_class"] == 2
    abroad = [invite(f"f-{n}", f"+447700900{n:03}", 100_000 + 1_000 * n, f"+49892{n:05}", trunk="t") for n in range(33)]
    taken(one, abroad)
    assert row_of(one, abroad[31])["trunk_class"] == 2  # 32 of 64
    assert row_of(one, abroad[32])["trunk_class"] == 3


@table("""
    attestation | value
    A           | 3
    B           | 2
    C           | 1
                | 0
""")
def test_attestations(attestation: str, value: str) -> None:
    event = invite("c", "+4930111", details=EventDetails(attestation=attestation))
    assert last_row(watch(), [event])["attestation"] == float(value)


def test_a_caller_who_contradicts_himself_is_seen() -> None:
    said = EventDetails(cli=NUMBERS.read("+4930111"), p_asserted_identity=NUMBERS.read("+4930112"))
    assert last_row(watch(), [invite("c", "+4930111", details=said)])["cli_mismatch"] == 1


@table("""
    a            | b             | foreign
    +4930111     | +498912345678 | 0
    +447700900000| +498912345678 | 1
    anonymous    | +498912345678 | 0     # whose country is not known
    110          | +498912345678 | 0
""")
def test_callers_from_abroad(a: str, b: str, foreign: str) -> None:
    assert last_row(watch(), [invite("c", a, 0, b)])["foreign_a"] == float(foreign)


@table("""
    attested | earlier | share | of_300   # a letter a call within the window; a minute earlier is not in it
    AAAB     |         | 0.75  | 0.75
    ABC-     |         | 0.25  | 0.25
    -        | AAAA    | 0     | 0.8
    A        | BBBB    | 1     | 0.2
""")
def test_how_many_of_the_calls_are_vouched_for(attested: str, earlier: str, share: str, of_300: str) -> None:
    def calls(letters: str, at_ms: int) -> list[CallEvent]:
        said = [EventDetails(attestation=letter.strip("-")) for letter in letters]
        return [invite(f"{at_ms}-{n}", f"+493011{n}", at_ms + 100 * n, details=each) for n, each in enumerate(said)]

    found = last_row(watch(), [*calls(earlier, -60_000), *calls(attested, 0)])
    assert (found["vouched_share"], found["vouched_share_300"]) == (float(share), float(of_300))


def test_how_many_of_the_calls_present_another_number_than_the_asserted_one() -> None:
    said = EventDetails(cli=NUMBERS.read("+4930111"), p_asserted_identity=NUMBERS.read("+4930112"))
    mine = [invite(f"c-{n}", f"+493011{n}", 100 * n, details=said) for n in range(3)]
    others = [invite(f"d-{n}", f"+493012{n}", 1_000 + 100 * n) for n in range(9)]
    assert last_row(watch(), [*mine, *others])["mismatch_share"] == 0.25


@table("""
    trunks      | share   # of four callers
    a a a a     | 0.25
    a b b c     | 0.75
    a b - -     | 0.5     # what names no trunk is none
    - - - -     | 0
""")
def test_trunks_for_each_caller(trunks: str, share: str) -> None:
    named = [trunk.strip("-") for trunk in trunks.split()]
    events = [invite(f"c-{n}", f"+493011{n}", 100 * n, trunk=trunk) for n, trunk in enumerate(named)]
    assert last_row(watch(), events)["trunks_a_caller"] == float(share)


@table("""
    before_s | quiet   # the last call before the window of five seconds
    none     | 300
    400      | 300
    80       | 80
    5        | 5
    4        | 300     # it is in the window
""")
def test_how_long_nobody_had_called(before_s: str, quiet: str) -> None:
    before = [] if before_s == "none" else [invite("old", "+4930999", -1000 * int(before_s))]
    assert last_row(watch(), [*before, invite("now", "+4930111", 0)])["quiet_s"] == float(quiet)


def test_how_often_each_caller_calls_within_five_minutes() -> None:
    redials = [invite(f"c-{n}", f"+493011{n % 3}", 10_000 * n) for n in range(12)]
    assert last_row(watch(), redials)["calls_a_caller"] == 4


def test_how_many_numbers_a_caller_calls() -> None:
    one = watch()
    calls = [invite(f"c-{n}", "+4930111", 1_000 * n, f"+49891{n % 7:05}") for n in range(20)]
    assert last_row(one, calls)["a_fanout_300"] == 7
    later = [invite(f"d-{n}", "+4930111", 400_000 + 1_000 * n, f"+49892{n:05}") for n in range(100)]
    assert last_row(one, later)["a_fanout_300"] == 64  # of the last 64 calls


def test_a_call_that_is_only_asked_about_is_not_in_its_row() -> None:
    one = watch()
    taken(one, burst(3))
    asked = row_of(one, invite("asked", "+49301230001", 400))
    assert (asked["distinct_a_count"], asked["a_prior_calls"], asked["attempts_300"]) == (3, 1, 3)
    assert row_of(one, invite("asked", "+4930999", 400, "+4940777"))["attempts_300"] == 0


def test_a_spared_number_has_its_callers_all_the_same() -> None:
    one = watch(ListEntry("b_whitelist", "number", B))
    assert last_row(one, burst(7))["distinct_a_count"] == 7


def test_a_televote_is_not_looked_through_at_each_call() -> None:
    one, found = watch(), []
    rows = MaskingRows(one.traffic, one.masking)
    for event in burst(400, every_ms=20):
        outcome = one.take(event)
        found.append(dict(zip(MASKING.names, rows.row(event, event.at_ms, outcome.distinct), strict=True)))
    assert [row["attempts_300"] for row in found] == list(range(1, 401))
    assert [row["distinct_a_300"] for row in found[:64]] == list(range(1, 65))
    assert {row["distinct_a_300"] for row in found[64:]} == {51, 101, 251}  # as of 1, 2 and 5 s
    assert (found[399]["distinct_a_count"], found[399]["call_rate"]) == (250, 50)
    assert found[399]["distinct_a_30"] == 64  # of the last 64 calls
    assert all(one["b_total_seen"] + 1 == other["b_total_seen"] for one, other in pairwise(found))


def test_a_late_call_is_looked_at_as_of_its_own_time() -> None:
    one = watch()
    taken(one, burst(4, at_ms=3_000))
    late = invite("late", "+4930777", 1_000)
    found = last_row(one, [late])
    assert (found["distinct_a_count"], found["attempts_300"], found["distinct_a_30"]) == (1, 1, 1)
