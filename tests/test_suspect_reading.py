"""Whose profiles are read: the flagged and the risky, and no more of the others than there is time for."""

import threading

import pytest

from ratingd.fraud import suspect_reading
from ratingd.fraud.suspect_reading import SuspectReader
from ratingd.fraud.terms import watch_terms
from ratingd.settings import Settings
from tests.fraud_scene import MIDNIGHT_MS, NUMBERS
from triggers.calls.call_event import INVITE, CallEvent
from triggers.campaigns.suspects import Suspects
from triggers.numbers.number_list import NumberLists
from triggers.rules.rule_book import RuleBook
from triggers.watch.fraud_watch import FraudWatch

NOON_MS = MIDNIGHT_MS + 12 * 3_600_000


class Town:
    """Callers, each with so many calls; `risks` is what they score, `asked` who was scored."""

    def __init__(self, **calls: int) -> None:
        settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
        self.watch = FraudWatch(watch_terms(settings), NumberLists(), RuleBook())
        self.suspects = Suspects()
        self.risks: dict[str, float] = {}
        self.asked: list[str] = []
        self.stopping = threading.Event()
        self.reader = SuspectReader(self.watch, threading.Lock(), self._risk, self.stopping)
        self._made = 0
        self.call(**calls)

    def call(self, **calls: int) -> None:
        for name, times in calls.items():
            for _ in range(times):
                self._made += 1
                caller, called = NUMBERS.caller(number(name)), NUMBERS.read(f"+4989{5550000 + self._made}")
                self.watch.take(CallEvent(INVITE, NOON_MS - 900_000 + self._made, f"c-{self._made}", caller, called))

    def read(self, at_ms: int = NOON_MS) -> list[str]:
        return [name_of(each.number) for each in self.reader.read(self.suspects, at_ms)]

    def _risk(self, a: str, at_ms: int) -> float:
        self.asked.append(name_of(a))
        return self.risks.get(name_of(a), 0.0)


def number(name: str) -> str:
    return f"+49306000{ord(name):03}"


def name_of(text: str) -> str:
    return chr(int(text[-3:]))


def flag(town: Town, name: str, fraud_type: str = "wangiri", risk: float = 85) -> None:
    town.suspects.note(number(name), fraud_type, risk, 0.9, NOON_MS)


def test_the_flagged_and_the_risky_are_read() -> None:
    town = Town(a=1, b=20, c=20, d=19, e=3)
    town.risks = {"b": 70.0, "c": 69.9, "d": 100.0}
    flag(town, "a")
    flag(town, "e", "masking")
    assert town.read() == ["a", "b"], "d made too few calls to be scored, one of three calls of e was masked"


def test_the_risk_is_the_worst_of_what_is_said() -> None:
    town = Town(a=20, b=20)
    town.risks = {"a": 90.0, "b": 10.0}
    flag(town, "a", risk=85)
    flag(town, "b", risk=85)
    assert [each.risk for each in town.reader.read(town.suspects, NOON_MS)] == [90, 85]


def test_who_made_no_call_for_a_day_is_not_read() -> None:
    town = Town(a=1)
    flag(town, "a")
    assert town.read(NOON_MS + 48 * 3_600_000) == []


def test_nobody_is_scored_again_who_did_not_call_meanwhile_and_the_risky_stay() -> None:
    town = Town(a=25, b=25)
    town.risks = {"a": 80.0}
    assert (town.read(), sorted(town.asked)) == (["a"], ["a", "a", "b"])
    town.asked.clear()
    assert (town.read(), town.asked) == (["a"], ["a"]), "for his profile"
    town.call(a=1)
    town.risks = {}
    assert town.read() == []


def test_those_who_called_most_are_scored_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspect_reading, "SCORED_MAX", 2)
    town = Town(a=20, b=40, c=30)
    town.read()
    assert town.asked == ["b", "c"]
    town.read()
    assert town.asked == ["b", "c", "a"]


def test_a_daemon_that_stops_does_not_wait_for_it() -> None:
    town = Town(a=20)
    flag(town, "a")
    town.stopping.set()
    assert town.read() == []
