"""Who is looked at: the flagged, and those who have made calls enough."""

from tests.fraud_scene import MIDNIGHT_MS, Calls
from triggers.campaigns.active_callers import CALLS_LEAST, busy, callers, flagged, parts
from triggers.campaigns.suspects import Suspects
from triggers.rules.rule_book import RuleBook
from triggers.spread import FEW, PARTS

DAY_S = 86_400


def test_every_caller_is_in_one_part() -> None:
    calls = Calls(RuleBook())
    assert [len(callers(calls.traffic, part)) for part in range(parts(calls.traffic))] == [0]
    numbers = {f"+49301{each:07}" for each in range(FEW + 10)}
    for number in numbers:
        calls.call(number, "+4989555", 60, silent=True)
    calls.hits()
    assert parts(calls.traffic) == PARTS
    seen = [key.name for part in range(parts(calls.traffic)) for key in callers(calls.traffic, part)]
    assert (set(seen), len(seen)) == (numbers, len(numbers))
    assert callers(calls.traffic, PARTS) == []


def test_who_is_flagged_himself_or_by_range_and_who_is_busy() -> None:
    calls, suspects = Calls(RuleBook()), Suspects()
    for number, times, at in (
        ("+37120000001", 1, DAY_S), ("+37120000002", 1, 60), ("+37121110001", 2, DAY_S), ("+4930111", 1, DAY_S),
        ("+4930222", CALLS_LEAST, DAY_S), ("", CALLS_LEAST, DAY_S), ("+4930333", CALLS_LEAST, 60),
    ):  # fmt: skip
        for each in range(times):
            calls.call(number, f"+498955{each:04}", at + each)
    calls.hits()
    suspects.note("+37120000001", "masking", 95, 0.95, 0)
    suspects.note("+37120000002", "masking", 95, 0.95, 0)
    suspects.note("anonymous", "masking", 95, 0.95, 0)
    suspects.note_range("+3712111", "wangiri", 85, 0.9, 0)
    keys, since_ms = callers(calls.traffic, 0), MIDNIGHT_MS + 1000 * DAY_S
    assert sorted(flagged(keys, suspects, since_ms)) == ["+37120000001", "+37121110001"]
    assert busy(keys, since_ms) == {"+4930222": CALLS_LEAST}
