"""The campaigns of a day, run by run: found, found again, split, merged, dormant, closed."""

from hypothesis import given
from hypothesis import strategies as st

from tests.caller_profiles import AT_MS, profile
from tests.table import table
from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.campaign_book import CampaignBook, grouped

MINUTE_MS = 60_000


class Day:
    """Runs a minute apart; a group is written as its callers."""

    def __init__(self) -> None:
        self.book = CampaignBook()
        self.last = 0

    def run(self, text: str, minute: int) -> str:
        """`ab cd`: two groups; `ab -c`: c called, and is in none. Gives the campaigns as they are then."""
        at_ms = AT_MS + minute * MINUTE_MS
        groups = [self._callers(each, at_ms) for each in text.split() if not each.startswith("-")]
        alone = [one for each in text.split() if each.startswith("-") for one in self._callers(each[1:], at_ms)]
        profiles = alone + [one for members in groups for one in members]
        new = self.book.take(groups, profiles, at_ms, 2026, self.last)
        self.last += len(new)
        state = {each.id: (each.status(at_ms), each.merged_into) for each in self.book.campaigns.values()}
        self.book.let_go(at_ms)
        return " ".join(f"{id[9:]}:{status[:2]}{merged[8:]}" for id, (status, merged) in sorted(state.items()))

    def _callers(self, letters: str, at_ms: int) -> list[CallerProfile]:
        return [profile(letter, f"{letter}1", last_ms=at_ms) for letter in letters]


@table("""
    runs                            | campaigns                        # minute: groups;  number: Emerging, Active …
    0: abcde                        | 1:Em
    0: abcde; 1: abcdf              | 1:Em; 1:Ac
    0: abcde; 1: abcde fghij        | 1:Em; 1:Ac 2:Em
    0: abcdef; 1: abcd ef           | 1:Em; 1:Ac 2:Em                  # it splits
    0: abc def; 1: abcdef; 2: abcdef | 1:Em 2:Em; 1:Ac 2:Cl-1; 1:Ac    # they become one
    0: abcde; 59: -; 60: -          | 1:Em; 1:Em; 1:Do
    0: abcde; 90: -a; 149: -; 150: - | 1:Em; 1:Em; 1:Em; 1:Do          # one of them calls on
    0: abcde; 700: -; 800: abcde    | 1:Em; 1:Do; 1:Ac                 # back after a pause, under its name
    0: abcde; 1440: -; 1441: abcde  | 1:Em; 1:Cl; 2:Em                 # after a day it is another
""")
def test_a_day(runs: str, campaigns: str) -> None:
    day = Day()
    steps = [each.partition(":") for each in runs.split(";")]
    found = [day.run(groups if groups.strip() != "-" else "", int(minute)) for minute, _, groups in steps]
    assert "; ".join(found) == campaigns


def test_what_is_merged_gives_its_beginning() -> None:
    day = Day()
    day.run("abc", 0)
    day.run("-a defgh", 5)
    first = day.book.campaigns["CMP-2026-1"].first_ms
    day.run("abcdefgh", 6)
    assert day.book.campaigns["CMP-2026-1"].first_ms == first
    assert day.book.campaigns["CMP-2026-1"].callers == frozenset("abcdefgh")
    assert list(day.book.campaigns) == ["CMP-2026-1"]


def test_what_split_says_from_where() -> None:
    day = Day()
    day.run("abcdef", 0)
    day.run("abcd ef", 1)
    assert day.book.campaigns["CMP-2026-2"].split_from == "CMP-2026-1"


@given(st.lists(st.lists(st.sets(st.sampled_from("abcdefghij"), min_size=1), max_size=3), max_size=6))
def test_a_caller_is_in_one_open_campaign_of_those_found(days: list[list[set[str]]]) -> None:
    """Whatever comes: ids are never used twice, and each group has one."""
    day, ids = Day(), set[str]()
    for minute, drawn in enumerate(days):
        apart: list[set[str]] = []
        for group in drawn:
            rest = group - set().union(*apart)
            apart += [rest] if rest else []
        before = set(day.book.campaigns)
        day.run(" ".join("".join(sorted(group)) for group in apart), minute)
        now = set(day.book.campaigns)
        assert not (now - before) & ids
        ids |= now
        found = [each.callers for each in day.book.campaigns.values()]
        assert all(frozenset(group) in found for group in apart)


def test_callers_are_grouped_by_what_they_do_and_linked_by_whom_they_call() -> None:
    ringing = [
        profile(f"+3712000{each}", [f"b{b}" for b in range(60)], cancel_ratio=0.9, trunks={f"t-{each % 2}": 60.0})
        for each in range(12)
    ]
    boxes = [
        profile(f"+4915{each}", [f"{each}-{b}" for b in range(50)], country=49, asr=50.0, talk_s=3_000.0)
        for each in range(7)
    ]
    alone = [profile("+33", ["q"], country=33)]
    found = grouped([*ringing, *boxes, *alone], AT_MS)
    assert [len(members) for members in found] == [12, 7], "over two trunks, and one"
