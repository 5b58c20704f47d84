"""Lists are on disk before they hold, and an entry that cannot be meant is named by its place."""

from collections.abc import Iterator

import pytest

from ratingd.errors import InvalidRequest
from ratingd.fraud.blocks import block
from ratingd.fraud.list_book import EntryUnknown, ListBook
from ratingd.store.fraud_rows import FraudBatch, ListRow
from ratingd.store.store import Store, open_store
from tests.table import table
from triggers.numbers.number_reading import NumberReader

NOW_MS = 1_795_262_400_000
NUMBERS = NumberReader("DE")


class Scene:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.changes = 0
        self.book = ListBook(store.fraud, NUMBERS, self.changed, lambda: NOW_MS * 1_000_000)

    def changed(self) -> None:
        self.changes += 1

    def audits(self) -> list[tuple[str, str, str]]:
        return [(audit.row.who, audit.row.what, audit.row.subject) for audit in self.store.fraud.audits()]


@pytest.fixture
def scene(store_url: str) -> Iterator[Scene]:
    store = open_store(store_url)
    store.migrate()
    yield Scene(store)
    store.close()


def entry(list: str, kind: str, value: str, **terms: int) -> ListRow:
    return ListRow(list, kind, value, "sales", "", 0, terms.pop("expires_ms", 0), **terms)


def test_an_entry_is_stored_and_then_put_in_force(scene: Scene) -> None:
    (stored,) = scene.book.add([entry("b_whitelist", "", "0800 1234567")], "ann")
    assert (stored.kind, stored.value, stored.who, stored.created_ms) == ("number", "+498001234567", "ann", NOW_MS)
    assert (scene.book.entries(), scene.changes) == ([stored], 1)
    scene.book.remove("b_whitelist", "", "0800 1234567", "ben")
    assert (scene.book.entries(), scene.changes) == ([], 2)
    assert sorted(scene.audits()) == [
        ("ann", "list.add", "b_whitelist number +498001234567"),
        ("ben", "list.remove", "b_whitelist number +498001234567"),
    ]


@table("""
    kind   | value            | kept
    number | 030 1234567      | +49301234567
    number | sip:+4930123@x.y | +4930123
    number | 4711             | 4711
    prefix | +371 90          | +37190
    prefix | 37190            | +37190
    trunk  | pbx-7            | pbx-7
""")
def test_what_is_listed_is_kept_as_it_is_counted(scene: Scene, kind: str, value: str, kept: str) -> None:
    scene.book.add([entry("a_whitelist", kind, value)], "ann")
    assert [(row.kind, row.value) for row in scene.book.entries("a_whitelist")] == [(kind, kept)]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            entry("greylist", "number", "1"),
            "entries[1].list: is 'greylist'; entries are added to b_whitelist, a_whitelist, blacklist",
        ),
        (entry("blacklist", "name", "x"), "entries[1].kind: is 'name'; known are number, prefix, trunk"),
        (entry("blacklist", "number", ""), "entries[1].value: is empty"),
        (
            entry("blacklist", "number", "alice"),
            "entries[1].value: 'alice' is no number; write it with its country, such as +498001234567",
        ),
        (
            entry("blacklist", "prefix", "+37a"),
            "entries[1].value: '+37a' is no prefix; write it with its calling code, such as +4990056",
        ),
        (
            entry("blacklist", "number", "112"),
            "entries[1].value: 112 is an emergency number, which is never refused",
        ),
        (
            entry("blacklist", "number", "+4930123456", threshold=5),
            "entries[1].threshold: only an entry of the b_whitelist has terms of its own",
        ),
        (
            entry("b_whitelist", "number", "+4930123456", threshold=1),
            "entries[1].threshold: is 1; 2 to 10000 callers are a masking run",
        ),
        (
            entry("b_whitelist", "number", "+4930123456", window_ms=500),
            "entries[1].window_seconds: is 0.5; a window lasts 1 to 60 seconds",
        ),
        (
            entry("b_whitelist", "number", "+4930123456", expires_ms=NOW_MS),
            f"entries[1].expires_ms: is {NOW_MS}, which has passed; 0 is for ever",
        ),
    ],
    ids=lambda given: given.split(":")[0] if isinstance(given, str) else "",
)
def test_of_entries_of_which_one_is_wrong_none_is_taken(sqlite_url: str, wrong: ListRow, text: str) -> None:
    store = open_store(sqlite_url)
    store.migrate()
    scene = Scene(store)
    with pytest.raises(InvalidRequest) as error:
        scene.book.add([entry("blacklist", "number", "+4930123456"), wrong], "ann")
    assert str(error.value) == text
    assert (scene.book.entries(), scene.audits()) == ([], [])
    store.close()


def test_too_many_at_once_and_none_are_refused(scene: Scene) -> None:
    with pytest.raises(InvalidRequest, match="entries: 0 entries; 1 to 10000 are added at once"):
        scene.book.add([], "ann")
    with pytest.raises(InvalidRequest, match="entries: 10001 entries"):
        scene.book.add([entry("blacklist", "trunk", f"t{n}") for n in range(10_001)], "ann")


def test_what_is_not_there_is_not_removed(scene: Scene) -> None:
    with pytest.raises(EntryUnknown, match=r"blacklist has no number '\+4930123456', so nothing was removed"):
        scene.book.remove("blacklist", "number", "+4930123456", "ann")
    with pytest.raises(InvalidRequest, match="list: there is no 'greylist'"):
        scene.book.entries("greylist")


def test_a_block_that_a_rule_has_set_is_seen_and_lifted(scene: Scene) -> None:
    row = block("trunk", "t-7", "masking", "rule", NOW_MS, NOW_MS + 60_000)
    scene.store.fraud.commit(FraudBatch(lists=[row]))
    assert scene.book.entries("block") == [row]
    scene.book.remove("block", "trunk", "t-7", "ann")
    assert (scene.book.entries(), scene.changes) == ([], 1)


def test_a_file_is_taken_whole_or_not_at_all(scene: Scene) -> None:
    good = b"b_whitelist,number,0800 1234567,sales,,,,\na_whitelist,trunk,pbx,,ben,,,\n"
    assert scene.book.take_file(good, "ann", dry_run=True) == (2, [])
    assert (scene.book.entries(), scene.changes) == ([], 0)
    assert scene.book.take_file(good, "ann", ("b_whitelist", "a_whitelist")) == (2, [])
    assert [(row.value, row.who) for row in scene.book.entries()] == [("pbx", "ben"), ("+498001234567", "ann")]
    assert (scene.audits(), scene.changes) == ([("ann", "list.import", "NumberLists.csv")], 1)
    _, findings = scene.book.take_file(b"blacklist,trunk,bad,,,,,\n", "ann", ("b_whitelist", "a_whitelist"))
    assert [str(finding) for finding in findings] == [
        "NumberLists.csv: fault: bad is on the blacklist (b_whitelist or a_whitelist alone)"
    ]
    assert (len(scene.book.entries()), scene.changes) == (2, 1)
