"""Lists: which entry holds for a number, a trunk and a time."""

from tests.table import table
from triggers.numbers.number import NO_NUMBER, Number
from triggers.numbers.number_list import ListEntry, NumberLists
from triggers.numbers.number_reading import NumberReader

READER = NumberReader("DE", pseudonym=None)
LISTS = NumberLists(
    [
        ListEntry("b_whitelist", "number", "+498001234567", reason="sales"),
        ListEntry("b_whitelist", "prefix", "+4990056", threshold=60),
        ListEntry("b_whitelist", "prefix", "49900567", reason="short", expires_ms=1_000),
        ListEntry("b_whitelist", "number", "1001"),
        ListEntry("a_whitelist", "trunk", "pbx-7"),
        ListEntry("a_whitelist", "prefix", "4930"),
        ListEntry("blacklist", "prefix", "+37190", reason="old"),
        ListEntry("blacklist", "prefix", "37190", reason="new"),
        ListEntry("blacklist", "number", "112"),
        ListEntry("blacklist", "prefix", ""),
        ListEntry("blacklist", "call", "c-1"),
        ListEntry("blacklist", "trunk", "bad"),
    ]
)


def reason(entry: ListEntry | None) -> str:
    return "-" if entry is None else entry.reason or entry.value


@table("""
    b               | at   | entry
    +498001234567   | 0    | sales
    0800 1234567    | 0    | sales
    +498001234568   | 0    | -
    +4990056123     | 0    | +4990056
    +49900567123    | 999  | short         # the longest prefix
    +49900567123    | 1000 | +4990056      # which has expired: the next one
    1001            | 0    | 1001
    10011           | 0    | -
    4990            | 0    | -
    alice           | 0    | -
""")
def test_whitelisted_called_numbers(b: str, at: str, entry: str) -> None:
    assert reason(LISTS.b_whitelisted(READER.read(b), int(at))) == entry


@table("""
    a             | trunk | entry
    +49301234567  |       | 4930
    +49401234567  | pbx-7 | pbx-7
    +49401234567  | sbc-1 | -
    anonymous     |       | -
""")
def test_whitelisted_callers(a: str, trunk: str, entry: str) -> None:
    assert reason(LISTS.a_whitelisted(READER.caller(a), trunk, 0)) == entry


@table("""
    a             | b            | trunk | entry
    +37190123456  | +49301234567 |       | new      # the later of two alike
    +49301234567  | +37190123456 |       | new
    +49301234567  | +49401234567 | bad   | bad
    +49301234567  | +49401234567 |       | -
    +37190123456  | 112          | bad   | -        # help is never refused
    112           | +37190123456 |       | -
""")
def test_blacklisted(a: str, b: str, trunk: str, entry: str) -> None:
    assert reason(LISTS.blacklisted(READER.caller(a), READER.read(b), trunk, 0)) == entry


def test_an_entry_spares_or_has_a_threshold_of_its_own() -> None:
    assert ListEntry("b_whitelist", "number", "1").spares
    assert not ListEntry("b_whitelist", "number", "1", threshold=60).spares
    assert not ListEntry("b_whitelist", "number", "1", window_ms=1_000).spares


def test_a_number_shown_as_a_pseudonym_is_found_by_either() -> None:
    number = Number("p:1f", digits="498001234567", country=49)
    assert reason(LISTS.b_whitelisted(number, 0)) == "sales"
    assert NumberLists([ListEntry("b_whitelist", "number", "p:1f")]).b_whitelisted(number, 0) is not None


def test_empty_lists_hold_nothing() -> None:
    lists = NumberLists()
    number = READER.read("+498001234567")
    assert lists.b_whitelisted(number, 0) is None
    assert lists.a_whitelisted(number, "pbx-7", 0) is None
    assert lists.blacklisted(number, NO_NUMBER, "bad", 0) is None
