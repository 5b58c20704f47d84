"""Every metric against its definition over the list of all events, and what a call comes to when it is over."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tariffs.zone import zone
from triggers.calls.call_event import ANSWER, BYE, CANCEL, CDR, INVITE, REJECT, RINGING, UPDATE, CallEvent, EventDetails
from triggers.numbers.number import NO_NUMBER, Number
from triggers.traffic.metric_address import MetricUnknown
from triggers.traffic.metric_names import KINDS, names_of
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.traffic import Traffic, account_key

NOON = 1_700_049_600_000  # 2023-11-15 12:00 UTC
HOUR, DAY = 3_600_000, 86_400_000
REGIONS = {49: "DE", 371: "LV", 1: "US"}


def number(digits: str) -> Number:
    country = next(code for code in (371, 49, 1) if digits.startswith(str(code)))
    return Number(f"+{digits}", digits=digits, region=REGIONS[country], country=country, range=f"+{digits[:7]}")


A, B = number("4930111000"), number("4989222000")


def event(kind: int, at_ms: int, call_id: str = "c1", a: Number = A, b: Number = B, **more: object) -> CallEvent:
    details = EventDetails(**more)  # type: ignore[arg-type]
    return CallEvent(kind, at_ms, call_id, a, b, trunk="t1", tenant="acme", account="1001", details=details)


def traffic(**terms: object) -> Traffic:
    return Traffic(TrafficTerms(premium=("+371909",), home_region="DE", **terms))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Said:
    """What becomes of a call, in ms after its start; 0: it does not come to it."""

    start: int
    a: Number
    b: Number
    ring: int
    answer: int
    end: int
    refusal: int  # SIP code of a call that nobody answered

    def events(self, name: str) -> list[CallEvent]:
        found = [event(INVITE, self.start, name, self.a, self.b)]
        if self.ring:
            found.append(event(RINGING, self.start + self.ring, name))
        if self.answer:
            found.append(event(ANSWER, self.start + self.answer, name))
        if self.end:
            kind = BYE if self.answer else REJECT
            found.append(event(kind, self.start + self.end, name, sip_code=0 if self.answer else self.refusal))
        return found


FOREIGN = (number("37167000001"), number("14155550100"))
A_NUMBERS = (*[number(f"4930111{n:03d}") for n in (0, 1, 7, 300)], *FOREIGN)
B_NUMBERS = (*[number(f"4989222{n:03d}") for n in (0, 4, 9, 500)], number("371909111"), number("4930111007"))


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


class Reference:
    """The calls of a window by their definition, and what had become of them at `at`."""

    def __init__(self, calls: Sequence[Said], every: Sequence[Said], window_s: int, at: int) -> None:
        size = 1 if window_s <= 300 else 60_000 if window_s <= 3_600 else HOUR if window_s <= 86_400 else DAY
        first = (at // size - window_s * 1000 // size + 1) * size
        self.at = at
        self.key = calls
        self.calls = [c for c in calls if first <= c.start <= at]
        self.every = every
        self.answered = [c for c in self.calls if self.by(c, c.answer)]
        self.talks = [c.end - c.answer for c in self.answered if self.by(c, c.end)]
        self.failed = [c for c in self.calls if not c.answer and self.by(c, c.end)]

    def by(self, call: Said, after: int) -> bool:
        return after > 0 and call.start + after <= self.at

    def rings(self) -> list[int]:
        rung = [c.answer - c.ring for c in self.answered]
        return rung + [c.end - c.ring for c in self.failed if c.refusal in (480, 487)]

    def fas(self) -> float:
        heard = any(self.by(c, c.ring) for c in self.calls)
        at_once = [c for c in self.answered if c.answer < 1000]
        unrung = [c for c in self.answered if c.answer >= 1000 and not 0 < c.ring < c.answer]
        over = [c for c in unrung if self.by(c, c.end) and c.end - c.answer <= 10_000]
        return share(len(at_once) + (len(over) if heard else 0), len(self.answered))

    def before(self, call: Said) -> list[Said]:
        return list(self.every[: self.every.index(call)])

    def repeated(self) -> int:
        return sum(any((x.a, x.b) == (c.a, c.b) for x in self.before(c)) for c in self.calls)

    def sequential(self) -> int:
        total = 0
        for call in self.calls:
            earlier = self.key[: self.key.index(call)]
            total += bool(earlier) and 0 < abs(int(call.b.digits) - int(earlier[-1].b.digits)) <= 10
        return total

    def marked(self, what: str) -> int:
        tests: dict[str, Callable[[Said], bool]] = {
            "night": lambda c: (c.start // HOUR) % 24 in (22, 23, 0, 1, 2, 3, 4, 5),
            "unsocial": lambda c: not 8 <= (c.start // HOUR) % 24 < 21,
            "intl": lambda c: c.a.country != c.b.country,
            "foreign": lambda c: c.a.region != "DE",
            "premium": lambda c: c.b.text.startswith("+371909"),
            "home": lambda c: c.a.region == "DE",
            "neighbour": lambda c: c.a.text != c.b.text and c.a.country == c.b.country and self.shares_six(c),
        }
        return sum(tests[what](c) for c in self.calls)

    def shares_six(self, call: Said) -> bool:
        shared = len(str(call.a.country)) + 6
        return call.a.digits[:shared] == call.b.digits[:shared]

    def values(self) -> dict[str, float]:
        attempts, answered, talks = len(self.calls), len(self.answered), self.talks
        mean = share(sum(talks), len(talks))
        spread = sqrt(share(sum((t - mean) ** 2 for t in talks), len(talks)))
        repeated = self.repeated()
        return {
            "attempts": attempts,
            "answered_calls": answered,
            "asr": 100 * share(answered, attempts),
            "ner": 100 * share(answered + sum(c.refusal != 503 for c in self.failed), attempts),
            "aloc": mean / 1000,
            "avg_call_duration": share(sum(talks), attempts) / 1000,
            "minutes": sum(talks) / 60_000,
            "duration_cv": share(spread, mean) if len(talks) > 1 else 0.0,
            "short_call_ratio": share(sum(t < 10_000 for t in talks), len(talks)),
            "very_short": share(sum(t < 3_000 for t in talks), len(talks)),
            "long_call_ratio": share(sum(t > 120_000 for t in talks), len(talks)),
            "cancel_ratio": share(sum(c.refusal == 487 for c in self.failed), attempts),
            "mean_ring_s": share(sum(self.rings()), len(self.rings())) / 1000,
            "fas_index": self.fas(),
            "distinct_a": len({c.a for c in self.calls}),
            "distinct_b": len({c.b for c in self.calls}),
            "distinct_b_ratio": share(len({c.b for c in self.calls}), attempts),
            "unique_origin_regions": len({c.a.region for c in self.calls}),
            "unique_target_regions": len({c.b.region for c in self.calls}),
            "repeat_b_share": share(repeated, attempts),
            "non_contact_ratio": share(attempts - repeated, attempts),
            "night_call_ratio": share(self.marked("night"), attempts),
            "unsocial_ratio": share(self.marked("unsocial"), attempts),
            "intl_ratio": share(self.marked("intl"), attempts),
            "foreign_ratio": share(self.marked("foreign"), attempts),
            "premium_calls": self.marked("premium"),
            "neighbour_ratio": share(self.marked("neighbour"), attempts),
            "home_unattested": self.marked("home"),
        }

    def moving(self) -> dict[str, float]:
        """What does not depend on the window."""
        up = [c for c in self.key if self.by(c, c.answer) and not self.by(c, c.end)]
        rings = [c for c in self.key if not c.end and not self.by(c, c.answer) and self.at - c.start < 180_000]
        rings += [c for c in self.key if c.end and not self.by(c, c.answer) and not self.by(c, c.end)]
        recent = [c for c in self.key if self.at - 5000 < c.start <= self.at]
        rings = [c for c in rings if self.at - c.start < 180_000]
        return {
            "concurrent_calls": len(up),
            "open_calls": len(up) + len(rings),
            "premium_concurrent": sum(c.b.text.startswith("+371909") for c in (*up, *rings)),
            "cps": sum(self.at - 1000 < c.start <= self.at for c in self.key),
            "call_rate": len(recent) / 5,
            "concurrent_callers": len({c.a for c in recent}),
        }


RINGS, ANSWERS = (0, 400, 3_000), (0, 500, 5_000, 20_000)
TALKS, REFUSALS = (0, 1, 2_999, 9_999, 10_000, 130_000, 700_000), (486, 487, 480, 503)


def moments(gap: int) -> st.SearchStrategy[list[Said]]:
    """Calls in the order they begin, `gap` ms apart at most."""
    drawn_from = (A_NUMBERS, B_NUMBERS, RINGS, ANSWERS, TALKS, REFUSALS)
    call = st.tuples(st.integers(0, gap), *[st.sampled_from(each) for each in drawn_from])
    return st.lists(call, max_size=60).map(in_order)


def drawn(random: Random, gap: int, count: int) -> list[Said]:
    drawn_from = (A_NUMBERS, B_NUMBERS, RINGS, ANSWERS, TALKS, REFUSALS)
    rows = [(random.randint(0, gap), *[random.choice(each) for each in drawn_from]) for _ in range(count)]
    return in_order(rows)  # type: ignore[arg-type]


def in_order(rows: list[tuple[int, Number, Number, int, int, int, int]]) -> list[Said]:
    calls, at = [], NOON
    for after, a, b, ring, answer, talk, refusal in rows:
        at += after + 1  # no two at once: the order of B-numbers is theirs
        if answer and ring > answer:
            ring = 0
        end = answer + talk if talk else 0
        if not answer and talk:
            end = max(ring, 1) + min(talk, 60_000)
        calls.append(Said(at, a, b, ring, answer, end, refusal))
    return calls


def fed(calls: Sequence[Said], at: int, **terms: object) -> Traffic:
    subject = traffic(**terms)
    events = [each for n, call in enumerate(calls) for each in call.events(f"c{n}")]
    for each in sorted(events, key=lambda e: e.at_ms):
        if each.at_ms <= at:
            subject.take(each)
    return subject


KEYS = (
    ("a", lambda c: c.a.text),
    ("b", lambda c: c.b.text),
    ("trunk", lambda c: "t1"),
    ("account", lambda c: "acme:1001"),
    ("a_range", lambda c: c.a.range),
    ("b_range", lambda c: c.b.range),
)


def compare(calls: list[Said], subject: Traffic, windows: Sequence[int], at: int) -> None:
    begun = [c for c in calls if c.start <= at]
    for kind, name_of in KEYS:
        for name in {name_of(c) for c in begun}:
            own = [c for c in begun if name_of(c) == name]
            for window in windows:
                reference = Reference(own, begun, window, at)
                expected = reference.values() | reference.moving()
                if kind in ("a", "a_range", "account"):
                    expected["sequential_b_ratio"] = share(reference.sequential(), len(reference.calls))
                report = subject.report(kind, name, window, at)
                found = {metric: report[metric] for metric in expected}
                assert found == pytest.approx(expected, abs=1e-9), (kind, name, window)
                assert subject.attempts(kind, name) >= report["attempts"]


@settings(max_examples=15)
@given(moments(20_000), st.integers(0, 30_000))
def test_short_windows_are_exact_over_events(calls: list[Said], later: int) -> None:
    at = (calls[-1].start if calls else NOON) + later
    compare(calls, fed(calls, at), (5, 17, 60, 300), at)


@settings(max_examples=12)
@given(moments(900_000), st.integers(0, 30_000))
def test_long_windows_are_whole_minutes_hours_and_days(calls: list[Said], later: int) -> None:
    at = (calls[-1].start if calls else NOON) + later
    compare(calls, fed(calls, at, ended_ms=DAY), (600, 3_600, 7_200, 86_400, 604_800), at)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("gap", [2_000, 100_000, 700_000])
def test_busy_keys_are_counted_as_idle_ones_are(gap: int, seed: int) -> None:
    calls = drawn(Random(seed), gap, 150)
    at = calls[-1].start + 20_000
    compare(calls, fed(calls, at, ended_ms=DAY), (60, 300, 900, 3_600, 10_800, 86_400), at)


@settings(max_examples=10)
@given(moments(12 * HOUR), st.integers(0, 30_000))
def test_a_week_is_seven_days(calls: list[Said], later: int) -> None:
    at = (calls[-1].start if calls else NOON) + later
    whole = [c for c in calls if at - c.start < 7 * DAY - 1]
    subject = fed(calls, at, ended_ms=DAY)
    for window in (3_600, 86_400, 604_800):
        reference = Reference(whole, whole, window, at).values()
        for name in ("attempts", "asr", "aloc", "distinct_a", "distinct_b", "minutes", "night_call_ratio"):
            assert subject.value("trunk", "t1", name, window, at) == pytest.approx(reference[name]), (name, window)


@settings(max_examples=12)
@given(moments(3_000), st.integers(0, 3_000))
def test_a_busy_key_beyond_its_bound_is_right_to_the_second(calls: list[Said], later: int) -> None:
    at = (calls[-1].start if calls else NOON) + later
    subject = fed(calls, at, recent_max=8)
    for window in (5, 60, 300):
        found = subject.value("trunk", "t1", "attempts", window, at)
        most = [c for c in calls if at - window * 1000 < c.start <= at]
        least = [c for c in most if c.start >= at - (window - 1) * 1000]
        assert len(least) <= found <= len(most)


@pytest.mark.parametrize("seed", range(12))
def test_the_order_in_which_attempts_arrive_within_five_seconds_changes_nothing(seed: int) -> None:
    random = Random(seed)
    calls = drawn(random, 60_000, random.choice((3, 10, 60)))
    at = calls[-1].start + 1_000_000
    late = {f"c{n}": random.randint(0, 5_000) for n in range(len(calls))}  # the whole call is told later
    events = [each for n, call in enumerate(calls) for each in call.events(f"c{n}")]
    subject, ordered = traffic(ended_ms=DAY), fed(calls, at, ended_ms=DAY)
    for each in sorted(events, key=lambda e: e.at_ms + late[e.call_id]):
        subject.take(each)
    for window in (300, 3_600, 86_400):
        for name in ("attempts", "asr", "ner", "aloc", "distinct_a", "distinct_b", "overlap_ratio", "fas_index"):
            for b in B_NUMBERS:
                found = subject.value("b", b.text, name, window, at)
                assert found == pytest.approx(ordered.value("b", b.text, name, window, at)), (name, window)


def test_an_attempt_counts_under_six_keys_and_a_repeat_under_none() -> None:
    subject = traffic()
    subject.take(event(INVITE, NOON))
    subject.take(event(INVITE, NOON + 10))
    keys = {"a": A.text, "b": B.text, "trunk": "t1", "account": account_key("acme", "1001"), "a_range": A.range}
    for kind, key in (keys | {"b_range": B.range}).items():
        assert subject.value(kind, key, "attempts", 300, NOON + 20) == 1
    assert (subject.keys, subject.calls) == (6, 1)


def test_an_answer_counts_from_when_it_was_given() -> None:
    subject = traffic()
    subject.take(event(INVITE, NOON))
    subject.take(event(ANSWER, NOON + 9_000))
    assert [subject.value("b", B.text, "asr", 300, NOON + s) for s in (8_999, 9_000)] == [0, 100]


def test_a_cdr_alone_is_an_attempt_at_its_start() -> None:
    subject = traffic()
    record = subject.take(
        event(CDR, NOON + 70_000, start_ms=NOON, answer_ms=NOON + 10_000, end_ms=NOON + 70_000, disposition="ANSWERED")
    )
    assert record is not None
    assert (record.start_ms, record.pdd_ms, record.duration_ms, record.disposition) == (
        NOON,
        10_000,
        60_000,
        "ANSWERED",
    )
    assert subject.value("b", B.text, "aloc", 300, NOON + 71_000) == 60
    assert subject.value("b", B.text, "attempts", 60, NOON + 71_000) == 0


def test_a_source_of_cdrs_without_ringing_shows_no_false_answers() -> None:
    subject = traffic()
    for n in range(40):
        subject.take(event(CDR, NOON, f"c{n}", start_ms=NOON, answer_ms=NOON, end_ms=NOON + 4_000))
    report = subject.report("trunk", "t1", 3_600, NOON + 5_000)
    assert (report["asr"], report["fas_index"], report["pdd_p50"], report["mean_ring_s"]) == (100, 0, 0, 0)


def test_nothing_is_known_of_calls_that_did_not_begin() -> None:
    subject = traffic()
    for kind in (RINGING, ANSWER, BYE, CANCEL, REJECT, UPDATE):
        assert subject.take(event(kind, NOON)) is None
    assert subject.keys == 0


def test_events_without_a_called_number_count_for_the_rest() -> None:
    subject = traffic()
    subject.take(CallEvent(INVITE, NOON, "c1", A, NO_NUMBER))
    assert subject.keys == 2
    assert subject.value("a", A.text, "freq_calls", 5, NOON) == 1


@pytest.mark.parametrize("keys_max", [1, 3])
def test_beyond_the_most_the_one_longest_silent_is_forgotten(keys_max: int) -> None:
    subject = traffic(keys_max=keys_max)
    for n in range(10):
        subject.take(event(INVITE, NOON + n * HOUR, f"c{n}", b=B_NUMBERS[n % 4]))
    kept = [b.text for b in B_NUMBERS[:4] if subject.attempts("b", b.text)]
    assert kept == sorted(B_NUMBERS[n % 4].text for n in range(10 - keys_max, 10))
    assert subject.dropped_keys > 0


def test_a_key_silent_for_a_week_is_forgotten_as_others_come() -> None:
    subject = traffic()
    subject.take(event(INVITE, NOON, "c1", A_NUMBERS[0], B_NUMBERS[0]))
    subject.take(event(INVITE, NOON + 8 * DAY, "c2", A_NUMBERS[4], B_NUMBERS[4]))
    assert subject.attempts("a", A_NUMBERS[0].text) == 0
    assert subject.attempts("a", A_NUMBERS[4].text) == 1


def test_reset_forgets_a_key_and_late_facts_do_not_bring_it_back() -> None:
    subject = traffic()
    for n in range(60):
        subject.take(event(INVITE, NOON + n * 60_000, f"c{n}"))
        subject.take(event(ANSWER, NOON + n * 60_000 + 1_000, f"c{n}"))
    at = NOON + 60 * 60_000
    subject.reset("b", B.text)
    subject.take(event(INVITE, at, "new"))
    subject.take(event(BYE, at + 1, "c0"))
    report = subject.report("b", B.text, 3_600, at + 2)
    assert (report["attempts"], report["answered_calls"], report["minutes"]) == (1, 0, 0)


def test_a_call_of_which_nobody_tells_the_end_is_not_going_on_for_ever() -> None:
    subject = traffic()
    subject.take(event(INVITE, NOON))
    subject.take(event(ANSWER, NOON + 1_000))
    assert subject.value("b", B.text, "concurrent_calls", 5, NOON + HOUR) == 1
    subject.take(event(INVITE, NOON + 2 * DAY, "c2"))
    assert subject.value("b", B.text, "concurrent_calls", 5, NOON + 2 * DAY) == 0
    assert subject.call("c1") is None


def test_fading_sums_halve() -> None:
    subject = traffic()
    for n in range(40):
        subject.take(event(INVITE, NOON + n, f"c{n}"))
    for hours, expected in ((0, 40), (1, 20), (2, 10)):
        found = subject.value("b", B.text, "attempts_ewma", 3_600, NOON + 39 + hours * HOUR)
        assert found == pytest.approx(expected, rel=1e-4)


@settings(max_examples=10)
@given(moments(600_000))
def test_fading_sums_are_what_each_call_left(calls: list[Said]) -> None:
    at = (calls[-1].start if calls else NOON) + 1_000_000
    subject = fed(calls, at, ended_ms=DAY)
    for half_life in (3_600, 86_400, 604_800):
        parts: dict[str, list[tuple[float, int]]] = {
            "attempts_ewma": [(1, c.start) for c in calls],
            "answered_ewma": [(1, c.start + c.answer) for c in calls if c.answer],
            "minutes_ewma": [((c.end - c.answer) / 60_000, c.start + c.end) for c in calls if c.answer and c.end],
        }
        for name, terms in parts.items():
            expected = sum(value * 2 ** ((then - at) / 1000 / half_life) for value, then in terms if then <= at)
            assert subject.value("trunk", "t1", name, half_life, at) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_post_dial_delay_is_exact_while_calls_are_kept() -> None:
    subject = traffic()
    delays = [100 * n for n in range(1, 21)]
    for n, delay in enumerate(delays):
        subject.take(event(INVITE, NOON + n, f"c{n}"))
        subject.take(event(RINGING, NOON + n + delay, f"c{n}"))
    assert subject.value("b", B.text, "pdd_p50", 300, NOON + 5_000) == 1_000
    assert subject.value("b", B.text, "pdd_p95", 300, NOON + 5_000) == delays[ceil(0.95 * 20) - 1]


def test_calls_to_a_number_and_by_it() -> None:
    subject = traffic()
    for n in range(10):
        subject.take(event(INVITE, NOON + n, f"out{n}", A, B_NUMBERS[n % 4]))
    for n in range(3):
        subject.take(event(INVITE, NOON + 100 + n, f"in{n}", B_NUMBERS[n], A))
    assert subject.value("a", A.text, "received_calls", 3_600, NOON + 1_000) == 3
    assert subject.value("a", A.text, "in_out_ratio", 3_600, NOON + 1_000) == 0.3
    assert subject.value("a_range", A.range, "received_calls", 3_600, NOON + 1_000) == 3


def test_who_the_caller_says_he_is() -> None:
    subject = traffic()
    other = number("4930999999")
    said: list[dict[str, object]] = [
        {"attestation": "A"},
        {"attestation": "B"},
        {"attestation": "C"},
        {"cli": other, "p_asserted_identity": A},
        {"cli": A, "p_asserted_identity": A},
    ]
    for n, details in enumerate(said):
        subject.take(event(INVITE, NOON + n, f"c{n}", A, B, **details))
    subject.take(event(INVITE, NOON + 9, "raw", Number("raw:abc"), B))
    report = subject.report("trunk", "t1", 60, NOON + 10)
    assert (report["cli_mismatches"], report["invalid_callers"], report["spoofed_callers"]) == (1, 1, 3)
    assert (report["home_attested_c"], report["home_unattested"]) == (1, 3)
    assert report["attested_a"] == report["attested_b"] == report["attested_c"] == pytest.approx(1 / 6)
    assert report["unattested"] == pytest.approx(1 / 2)


def test_telephones_of_a_sim_box() -> None:
    subject = traffic()
    for n in range(6):
        caller = number(f"4915100000{n}")
        subject.take(event(INVITE, NOON + n, f"c{n}", caller, imei="box", imsi=f"sim{n}", cell_id="cell1"))
    assert subject.value("a", "+49151000003", "sims_per_imei", 86_400, NOON + 10) == 6
    report = subject.report("trunk", "t1", 86_400, NOON + 10)
    assert [report["cells"], report["imei_per_sim"]] == pytest.approx([1, 1 / 6])


def test_night_is_night_where_the_operator_is() -> None:
    subject = Traffic(TrafficTerms(zone=zone("Asia/Tokyo")))
    subject.take(event(INVITE, NOON + HOUR))  # 22:00 there
    assert subject.value("a", A.text, "night_call_ratio", 300, NOON + HOUR) == 1
    assert subject.value("a", A.text, "hour_of_day", 300, NOON + HOUR) == 22
    assert subject.value("a", A.text, "is_night", 300, NOON + HOUR) == 1


def test_earlier_nights_do_not_count_this_one() -> None:
    subject, midnight = traffic(), NOON + 12 * HOUR
    for night, count in ((0, 2), (3, 5)):
        for n in range(count):
            subject.take(event(INVITE, midnight + night * DAY + n * 60_000, f"n{night}c{n}"))
    at = midnight + 3 * DAY + HOUR
    assert subject.value("account", "acme:1001", "night_calls", 604_800, at) == 7
    assert subject.value("account", "acme:1001", "night_calls_earlier", 604_800, at) == 2


def test_three_callers_who_make_most_of_the_minutes() -> None:
    subject = traffic()
    for n in range(40):
        caller, length = number(f"49301110{n:02d}"), 600_000 if n < 3 else 10_000
        subject.take(event(INVITE, NOON + n * 1_000, f"c{n}", caller))
        subject.take(event(ANSWER, NOON + n * 1_000 + 100, f"c{n}"))
        subject.take(event(BYE, NOON + n * 1_000 + 100 + length, f"c{n}"))
    total = 3 * 600 + 37 * 10
    share_of_ten = subject.value("b_range", B.range, "top_callers_share", 3_600, NOON + 1_000_000)
    assert share_of_ten == pytest.approx((3 * 600 + 7 * 10) / total)


def test_usual_minutes_of_an_hour() -> None:
    subject = traffic()
    for hour, minutes in ((0, 10), (1, 40), (2, 30), (30, 99)):
        start = NOON + hour * HOUR
        subject.take(event(INVITE, start, f"c{hour}"))
        subject.take(event(ANSWER, start, f"c{hour}"))
        subject.take(event(BYE, start + minutes * 60_000, f"c{hour}"))
    at = NOON + 31 * HOUR + 60 * 60_000
    assert subject.value("b_range", B.range, "minutes_p99", 3_600, at) == 40  # one hour in a hundred may be longer


def test_call_centres_are_proposed() -> None:
    subject = traffic()
    for n in range(250):
        subject.take(event(INVITE, NOON + n * 60_000, f"c{n}", number(f"49301{n:05d}")))
        if n % 5:
            subject.take(event(ANSWER, NOON + n * 60_000 + 2_000, f"c{n}"))
            subject.take(event(BYE, NOON + n * 60_000 + 42_000, f"c{n}"))
    subject.take(event(INVITE, NOON, "other", b=B_NUMBERS[1]))
    at = NOON + 250 * 60_000
    (found,) = subject.proposals(200, 70, 30, at)
    assert (found.b, found.distinct, found.asr, found.aloc_s) == (B.text, 250, 80, 40)
    assert subject.proposals(251, 70, 30, at) == subject.proposals(200, 81, 30, at) == []


def test_what_is_usual_for_a_number() -> None:
    subject = traffic()
    subject.take(event(INVITE, NOON))
    assert subject.usual_distinct(B.text, NOON) == 0
    for n in range(3_000):
        subject.note_distinct(B.text, 9 if n == 0 else 6 if n % 100 == 0 else 1, NOON + n)
    assert subject.usual_distinct(B.text, NOON + 3_600_000) == 6
    assert subject.usual_distinct("+1", NOON) == 0


def test_reports_name_everything_of_their_kind() -> None:
    subject = traffic()
    for kind in KINDS:
        assert tuple(subject.report(kind, "nobody", 3_600, NOON)) == names_of(kind)
        assert [n for n in names_of(kind) if n not in subject.report(kind, "nobody", 300, NOON)] == [
            "attempts_ewma",
            "answered_ewma",
            "minutes_ewma",
        ]


@pytest.mark.parametrize(
    ("kind", "name", "window", "told"),
    [
        ("c", "asr", 300, "there are no metrics of 'c': kinds are a, b, trunk"),
        ("a", "overlap_ratio", 300, "'a' has no metric 'overlap_ratio': it has attempts, "),
        ("b", "asr", 301, "301 s is no window. Usual windows are 5, 60, 300, 3600"),
        ("b", "attempts_ewma", 300, "not every 300 s"),
    ],
)
def test_what_is_not_computed_is_said(kind: str, name: str, window: int, told: str) -> None:
    with pytest.raises(MetricUnknown, match=told):
        traffic().value(kind, "x", name, window, NOON)
    with pytest.raises(MetricUnknown, match="kinds are"):
        traffic().attempts("c", "x")
