"""Call records come back as they went in, however they were packed."""

import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratingd.store import fraud_record_columns as columns
from ratingd.store.fraud_words import WORDS_MAX
from tests.fraud_store_rows import record
from triggers.calls.call_record import CallRecord

NAMES = tuple(inspect.signature(CallRecord).parameters)
UUID = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"


def stored_columns(record: CallRecord, numbers: dict[str, int]) -> Any:
    return SimpleNamespace(**dict(zip(columns.COLUMNS, columns.row(record, numbers), strict=True)))


def fields(record: CallRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in NAMES}


def back(record: CallRecord, words: int = 100) -> CallRecord:
    """Packed and unpacked, with so many words that have numbers."""
    known = [word for word in columns.words_of(record) if word]
    numbers = {word: number for number, word in enumerate(known[:words], 1)}
    return columns.record(stored_columns(record, numbers), {number: word for word, number in numbers.items()})


numbers = st.one_of(
    st.from_regex(r"\+[1-9][0-9]{1,17}", fullmatch=True),
    st.sampled_from(["", "anonymous", "110", "raw:12ab", "h:aqpv", "+0301234567", "+", "+1234567890123456789", "+٣"]),
    st.text(max_size=8),
)
offsets = st.one_of(st.just(0), st.integers(1, 2**40))
tails = st.one_of(st.text(max_size=5), st.sampled_from([UUID, UUID.upper(), "ab12", "AB12", "ab1", "0" * 32]))


@given(
    call_id=tails.filter(bool),
    a=numbers,
    b=numbers,
    a_raw=numbers,
    tenant=st.sampled_from(["", "cgrates.org"]),
    trunk=st.text(max_size=4),
    account=numbers,
    ring_ms=offsets,
    answer_ms=offsets,
    end_ms=offsets,
    pdd_ms=st.integers(-1, 9000),
    disposition=st.sampled_from(["", "ANSWERED", "CANCEL", "DISCONNECTED_FRAUD", "LOST"]),
    attestation=st.sampled_from(["", "A", "B", "C"]),
    region=st.text(max_size=3),
    probability=st.integers(0, 10_000),
    risk=st.integers(0, 10_000),
    knn=st.one_of(st.just(-10_000), st.integers(0, 10_000)),
    models=st.sampled_from(["", "knn:2", "knn:2 masking:3"]),
    flags=st.sampled_from(["", "masking irsf"]),
    words=st.integers(0, 4),
)
@example(
    call_id=UUID, a="+49", b="+49", a_raw="0049", tenant="", trunk="", account="49", ring_ms=0, answer_ms=5, end_ms=5,
    pdd_ms=-1, disposition="", attestation="", region="", probability=0, risk=0, knn=0, models="knn:1", flags="",
    words=0,
)  # fmt: skip
def test_record_comes_back_as_it_was(
    a: str, b: str, region: str, probability: int, risk: int, knn: int, words: int, call_id: str, **given: Any
) -> None:
    given |= {"b_raw": a, "cli": b, "pai": a, "switch_id": region, "target_region": region, "label": region}
    given |= {"probability": probability / 10_000, "risk": risk / 100, "knn": knn / 10_000}
    stored = record(call_id, a, b, 2**40, **given)
    assert fields(back(stored, words)) == fields(stored)


@pytest.mark.parametrize(
    ("number", "key"),
    [("", 0), ("+49301234567", 49301234567), ("+999999999999999999", 999999999999999999)],
)
def test_key_of_an_international_number_is_its_digits(number: str, key: int) -> None:
    assert (columns.number_key(number), columns.number_text(key)) == (key, number)


@pytest.mark.parametrize(
    "number", ["110", "anonymous", "raw:x", "h:abc", "+1234567890123456789", "+0123", "+", "\ud800"]
)
def test_key_of_any_other_text_is_negative_and_its_own(number: str) -> None:
    assert columns.number_key(number) < 0
    assert columns.number_key(number) != columns.number_key(number + "x")


@pytest.mark.parametrize(
    ("call_id", "bytes_"),
    [(UUID, 17), ("a" * 32, 17), ("a" * 31, 32), ("A" * 32, 33), ("1@pbx", 6), (UUID.replace("8b86", "8B86"), 37)],
)
def test_call_id_takes_half_its_length_where_it_is_hexadecimal(call_id: str, bytes_: int) -> None:
    packed = columns.packed(call_id)
    assert (len(packed), columns.unpacked(packed)) == (bytes_, call_id)


@pytest.mark.parametrize(
    ("text", "form", "spelled"),
    [
        ("", columns.NONE, ""),
        ("+491", columns.SAME, "+491"),
        ("491", columns.DIGITS, "491"),
        ("00491", columns.ZEROS, "00491"),
        ("011491", columns.OTHER, ""),
        ("0491", columns.OTHER, ""),
        ("1", columns.OTHER, ""),
    ],
)
def test_how_a_number_was_dialled(text: str, form: int, spelled: str) -> None:
    assert (columns.form(text, "+491"), columns.spelled(form, "+491")) == (form, spelled)


def test_plus_alone_is_no_number_that_others_are_spelled_by() -> None:
    assert [columns.form(text, "+") for text in ("0", "00", "+", "")] == [
        columns.OTHER,
        columns.OTHER,
        columns.SAME,
        columns.NONE,
    ]


def test_text_that_a_database_refuses_is_escaped() -> None:
    odd = "\0\ud800"
    stored = record(odd, odd, a_raw=odd, account=odd, trunk=odd, origin_region=odd, label=odd, disposition=odd)
    row = columns.row(stored, {word: number for number, word in enumerate(columns.words_of(stored), 1)})
    assert all(each.isprintable() for each in (*row, *columns.words_of(stored)) if isinstance(each, str))
    assert fields(back(stored)) == fields(stored)


def test_usual_call_says_nothing_that_few_calls_have() -> None:
    usual = record(
        a_raw="+49301234567", b_raw="0049" + "30123456", account="49301234567", trunk="t1", disposition="ANSWERED"
    )
    row = stored_columns(usual, {columns.word("", "t1", ""): 7})
    assert (row.more, row.account, row.probability, row.risk, row.place) == (None, None, None, None, 7)
    assert row.scored is None


def test_what_models_said_fits_four_bytes() -> None:
    scored = record(knn=1.0, models="knn:99 masking:99")
    row = stored_columns(scored, {columns.word(scored.models): WORDS_MAX})
    assert (row.more, row.scored.bit_length()) == (None, 29)
    assert columns.numbers_of_words(row) == [WORDS_MAX]
