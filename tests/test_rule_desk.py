"""Rules are checked to their end before they hold, and what was set stays over starts."""

from collections.abc import Iterator

import pytest

from ratingd.fraud.rule_desk import RuleDesk
from ratingd.shipped_rules import shipped_rules
from ratingd.store.fraud_rows import FraudBatch, RulesRow
from ratingd.store.store import Store, open_store
from triggers.rules.rule_book import RuleBook

NOW_MS = 1_795_262_400_000
ONE = "many,robocall,a,attempts.600 >= 100,HIGH,HIGH,*alert,false,1h,many calls\n"
WRONG = "many,robocall,a,attemps.600 >= 100,HIGH,HIGH,*alert,false,1h,many calls\n"


class Scene:
    def __init__(self, store: Store, file: str = "") -> None:
        self.store = store
        self.held: list[str] = []
        self.desk = RuleDesk(store.fraud, self.hold, shipped_rules(), file=file, clock=lambda: NOW_MS * 1_000_000)
        self.desk.load()

    def hold(self, book: RuleBook) -> None:
        self.held = [rule.id for rule in book.rules]


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    store.migrate()
    yield store
    store.close()


def test_what_is_shipped_holds_until_somebody_says_otherwise(store: Store) -> None:
    scene = Scene(store)
    assert (scene.desk.current.source, scene.desk.current.text) == ("shipped", shipped_rules())
    assert len(scene.held) == scene.desk.rules > 5
    assert Scene(store, ONE).held == ["many"]
    assert Scene(store, ONE).desk.current.source == "file"


def test_rules_that_are_set_hold_at_once_and_after_a_start(store: Store) -> None:
    scene = Scene(store)
    assert scene.desk.set(ONE, "ann") == (1, [])
    assert scene.held == ["many"]
    again = Scene(store, "other,robocall,a,attempts.600 >= 5,HIGH,HIGH,*alert,false,1h,\n")
    assert again.held == ["many"]
    current = again.desk.current
    assert (current.source, current.who, current.set_ms, current.text) == ("stored", "ann", NOW_MS, ONE)
    assert [(audit.row.who, audit.row.what) for audit in store.fraud.audits()] == [("ann", "rules.set")]


def test_what_is_set_at_one_daemon_is_followed_by_another(store: Store) -> None:
    one, other = Scene(store), Scene(store)
    one.desk.set(ONE, "ann")
    assert other.held != ["many"]
    other.desk.follow()
    assert (other.held, other.desk.current.who) == (["many"], "ann")
    other.held = []
    for desk in (one.desk, other.desk):  # nothing was set since
        desk.follow()
    assert (one.held, other.held) == (["many"], [])
    other.desk.set("", "ben")
    one.desk.follow()
    assert one.desk.current.source == "shipped"


def test_an_empty_text_goes_back_to_what_is_shipped(store: Store) -> None:
    scene = Scene(store)
    before = scene.held
    scene.desk.set(ONE, "ann")
    scene.desk.set("", "ben")
    assert scene.held == before
    assert Scene(store).desk.current.source == "shipped"


def test_with_a_fault_or_dry_nothing_changes(store: Store) -> None:
    scene = Scene(store)
    before = scene.held
    rules, findings = scene.desk.set(WRONG, "ann")
    assert (rules, findings[0].line) == (0, 1)
    assert "attemps" in str(findings[0])
    assert scene.desk.set(ONE, "ann", dry_run=True) == (1, [])
    assert (scene.held, store.fraud.rules(), store.fraud.audits()) == (before, None, [])


def test_stored_rules_with_a_fault_leave_the_own_ones_in_force(store: Store) -> None:
    store.fraud.commit(FraudBatch(rules=[RulesRow(WRONG, "ann", NOW_MS)]))
    scene = Scene(store, ONE)
    assert (scene.held, scene.desk.current.source) == (["many"], "file")
