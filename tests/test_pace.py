"""Pace: what goes on is told every five seconds at most, and its last state always."""

from accounts.account import AccountKey
from ratingd.fraud.pace import Pace, Tell
from ratingd.store.rows import OutboxEntry


class Story:
    """What is told, when; the teller tells how far the story has come by then."""

    def __init__(self) -> None:
        self.pace = Pace(5_000)
        self.state = ""

    def tell(self) -> Tell:
        return lambda now_ms: [entry(f"{self.state}@{now_ms}")]

    def say(self, state: str, now_ms: int) -> list[str]:
        self.state = state
        return ids(self.pace.tell("run", now_ms, self.tell()))


def entry(id: str) -> OutboxEntry:
    return OutboxEntry(id, AccountKey("t", "a"), 0, "webhook", "http://h", "{}", 0)


def ids(entries: list[OutboxEntry]) -> list[str]:
    return [entry.id for entry in entries]


def test_what_comes_too_soon_is_told_when_it_is_time_as_it_stands_then() -> None:
    story = Story()
    assert story.say("one", 10_000) == ["one@10000"]
    assert story.say("two", 12_000) == []
    assert story.say("three", 14_999) == []
    assert ids(story.pace.overdue(14_999)) == []
    assert ids(story.pace.overdue(15_200)) == ["three@15200"]
    assert ids(story.pace.overdue(30_000)) == []
    assert story.say("four", 30_000) == ["four@30000"]


def test_what_has_been_told_in_other_words_is_not_told_again() -> None:
    story = Story()
    story.say("one", 10_000)
    assert story.say("two", 11_000) == []
    story.pace.told("run", 12_000)
    assert ids(story.pace.overdue(60_000)) == []
    assert story.say("three", 60_000) == ["three@60000"]
