"""Accounts that watch traffic: found at the start, followed through commits, told on their lanes, each level once."""

from collections.abc import Iterator

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.operation import RemoveAccount, RemoveTriggers, ResetTriggers, SetTriggers
from ratingd.fraud.metric_monitors import MetricMonitors
from tests.engine_desk import FOLDER, Desk
from tests.waiting import until
from triggers.calls.call_event import INVITE, CallEvent
from triggers.calls.verdict import Verdict
from triggers.numbers.number_reading import NumberReader
from triggers.watch.outcome import Outcome

NUMBERS = NumberReader("DE")
PLAN = FOLDER | {
    "Actions.csv": b"OFF,*disable_account,,,,,,,,,,,,,,,10\nNOTE,*log,,,,,,,,,,,,,,,10\n",
    "ActionTriggers.csv": (
        b"CAP,C1,*max_counter,20,false,0,,,b.distinct_a.60,,,,,,,,,,,OFF,10\n"
        b"ABROAD,,*max_counter,20,false,0,,,b.distinct_a.60,,,DST_49,,,,,,,,OFF,10\n"
        b"SCORE,,*max_score,80,false,0,,,score.masking,,,,,,,,,,,OFF,10\n"
        b"RISK,,*max_score,80,false,0,,,score.risk,,,DST_49,,,,,,,,OFF,10\n"
        b"SCAM,,*max_score,80,false,0,,,score.knn,,,,,,,,,,,OFF,10\n"
        b"MONEY,,*max_balance,999,false,0,,,,*monetary,,,,,,,,,,OFF,10\n"
        b"AGAIN,,*max_counter,20,true,1h,,,b.distinct_a.60,,,,,,,,,,,NOTE,10\n"
    ),
}  # fmt: skip


once = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)  # what is stored is the same as above


class Watching:
    """Monitors beside an engine; `value` is what every metric stands at, `risk` what is known of every caller."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.value = 0.0
        self.risk: float | None = 0.0
        self.told: list[str] = []
        self.monitors = MetricMonitors(
            desk.engine.submit,
            lambda kind, key, name, window_s, at_ms: self.value,
            lambda a, at_ms: self.risk,
            lambda digits: ["DST_49"] if digits.startswith("49") else [],
            tenant="cgrates.org",
        )
        self.monitors.load(desk.store)
        desk.engine.on_watched(self.monitors.written)

    def call(
        self, value: float, at_ms: int, *, account: str = "1001", b: str = "+37190912345", score: float = 0
    ) -> CallEvent:
        self.value = value
        event = CallEvent(
            INVITE, at_ms, f"c-{at_ms}", NUMBERS.caller("+493055510001"), NUMBERS.read(b), account=account
        )
        verdict = Verdict(event.call_id, probability=score, risk=100 * score)
        self.monitors.took([Outcome(event, verdict, attempt=True)])
        return event

    def score(self, account: str = "1001", address: str = "b.distinct_a.60") -> int | None:
        return self.desk.account(account).scores.get(address)

    def watch(self, group: str, account: str = "1001") -> None:
        self.desk.top_up(account, 10)
        self.desk.ask(account, SetTriggers((group,)))


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    with Desk(store_url, folder=PLAN) as desk:
        yield desk


@pytest.fixture
def watching(desk: Desk) -> Watching:
    return Watching(desk)


def test_an_account_is_watched_from_the_commit_of_its_monitor_to_that_of_its_removal(watching: Watching) -> None:
    directory = watching.desk.store.directory
    watching.watch("MONEY")
    assert (watching.monitors.accounts, directory.monitored()) == (0, [])
    watching.watch("CAP")
    until(lambda: watching.monitors.accounts == 1)
    assert directory.monitored() == [AccountKey("cgrates.org", "1001")]
    watching.desk.ask("1001", RemoveTriggers("CAP"))
    until(lambda: watching.monitors.accounts == 0)
    assert directory.monitored() == []
    watching.watch("CAP", "1002")
    until(lambda: watching.monitors.accounts == 1)
    watching.desk.ask("1002", RemoveAccount())
    until(lambda: watching.monitors.accounts == 0)
    assert directory.monitored() == []


def test_a_level_fires_once_and_again_after_it_was_left_and_the_monitor_reset(watching: Watching) -> None:
    watching.watch("CAP")
    fired = observe.counters().get("trigger.fired trigger=CAP/C1", 0)
    watching.call(19, 1_000)
    assert (watching.desk.account("1001").disabled, watching.score()) == (False, None)
    watching.call(20, 2_000)
    watching.call(21, 3_000)
    until(lambda: watching.desk.account("1001").disabled)
    assert watching.score() == 20_000_000_000
    assert observe.counters()["trigger.fired trigger=CAP/C1"] == fired + 1
    watching.call(5, 4_000)
    until(lambda: watching.score() == 5_000_000_000)
    watching.desk.ask("1001", ResetTriggers("CAP"))
    assert not watching.desk.account("1001").triggers[0].executed
    watching.call(30, 5_000)
    until(lambda: watching.score() == 30_000_000_000)


def test_a_level_that_fades_without_a_call_is_told_as_well(watching: Watching) -> None:
    watching.watch("CAP")
    watching.call(20, 1_000)
    until(lambda: watching.score() == 20_000_000_000)
    watching.monitors.look_again(2_000)
    watching.value = 3.0
    watching.monitors.look_again(62_000)
    until(lambda: watching.score() == 3_000_000_000)


def test_the_same_call_seen_twice_tells_an_account_once(watching: Watching) -> None:
    watching.watch("AGAIN")
    key = AccountKey("cgrates.org", "1001")
    before = watching.desk.store.accounts([key])[key].version
    watching.call(20, 1_000)
    until(lambda: watching.score() == 20_000_000_000)
    again = Watching(watching.desk)  # as after a start: it knows nothing of what was told
    again.call(20, 1_000)
    assert watching.desk.account("1001").scores  # which is answered after whatever was told
    assert watching.desk.store.accounts([key])[key].version == before + 1


def test_a_monitor_with_destinations_looks_at_no_other_calls(watching: Watching) -> None:
    watching.watch("ABROAD")
    watching.call(50, 1_000)
    watching.call(21, 2_000, b="+493012345678")
    until(lambda: watching.score() == 21_000_000_000)


def test_a_score_is_what_was_just_thought_of_the_call(watching: Watching) -> None:
    watching.watch("SCORE")
    watching.call(0, 1_000, score=0.79)
    watching.call(0, 2_000, score=0.8)
    until(lambda: watching.desk.account("1001").disabled)
    assert watching.score(address="score.masking") == 80_000_000_000


@once
def test_what_a_model_finds_a_little_later_is_told_then_and_known_with_the_next_call(watching: Watching) -> None:
    watching.watch("RISK")
    watching.risk = None
    call = watching.call(0, 1_000, b="+493012345678")
    assert watching.score(address="score.risk") is None
    watching.monitors.scored(watching.call(0, 2_000), "score.risk", 99)  # to another destination
    watching.monitors.scored(watching.call(0, 3_000, account="1002", b="+493012345678"), "score.risk", 98)
    watching.monitors.scored(call, "score.masking", 97)  # of which nobody wants to know
    watching.monitors.scored(call, "score.risk", 92)
    until(lambda: watching.desk.account("1001").disabled)
    assert watching.score(address="score.risk") == 92_000_000_000
    key = AccountKey("cgrates.org", "1001")
    version = watching.desk.store.accounts([key])[key].version
    watching.risk = 92
    watching.call(0, 4_000, b="+493012345678")
    Watching(watching.desk).monitors.scored(call, "score.risk", 92)  # as after a start
    assert watching.desk.account("1001").scores
    assert watching.desk.store.accounts([key])[key].version == version, "it has been told"


@once
def test_a_call_that_was_thought_masked_stays_so_whatever_its_caller_comes_to(watching: Watching) -> None:
    watching.watch("RISK")
    watching.risk = None
    masked = watching.call(0, 1_000, b="+493012345678", score=0.95)
    until(lambda: watching.score(address="score.risk") == 95_000_000_000)
    watching.monitors.scored(masked, "score.risk", 10)
    assert watching.score(address="score.risk") == 95_000_000_000
    watching.risk = 12
    watching.call(0, 2_000, b="+493012345678")
    until(lambda: watching.score(address="score.risk") == 12_000_000_000)


@once
def test_a_call_is_like_a_scam_or_not_when_it_is_over(watching: Watching) -> None:
    watching.watch("SCAM")
    watching.risk = 100
    call = watching.call(0, 1_000, score=1)
    assert watching.score(address="score.knn") is None
    watching.monitors.scored(call, "score.knn", 80)
    until(lambda: watching.desk.account("1001").disabled)
    assert watching.score(address="score.knn") == 80_000_000_000


def test_calls_of_others_and_without_an_account_concern_nobody(watching: Watching) -> None:
    watching.watch("CAP")
    watching.call(50, 1_000, account="1002")
    watching.call(50, 2_000, account="")
    assert watching.score() is None


def test_an_account_named_for_the_caller_is_his_where_the_switch_names_none(watching: Watching) -> None:
    watching.watch("CAP", "493055510001")
    watching.call(50, 1_000, account="")
    until(lambda: watching.score("493055510001") == 50_000_000_000)


def test_watched_accounts_are_found_at_the_start(watching: Watching) -> None:
    for number in range(3):
        watching.watch("CAP", f"100{number}")
    assert Watching(watching.desk).monitors.accounts == 3
