"""Words have one number, whichever daemon gave it, and there is an end to them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from ratingd.store.fraud_words import WORDS_MAX, Words
from ratingd.store.store import Store, open_store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def test_word_keeps_its_number_for_everybody(store: Store) -> None:
    ours, theirs = Words(store.database), Words(store.database)
    first = ours.numbers(["DE", "", 'ö"\\', "DE"])
    assert set(first) == {"DE", 'ö"\\'}
    assert theirs.numbers(["LV", "DE"])["DE"] == first["DE"]
    assert ours.texts(list(theirs.numbers(["LV"]).values())) == {theirs.numbers(["LV"])["LV"]: "LV"}
    assert ours.texts([]) == {}


def test_beyond_the_last_number_a_word_has_none(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text(f"INSERT INTO call_words (id, word) VALUES ({WORDS_MAX - 1}, 'last but one')"))
        if store.shared:
            connection.execute(text(f"SELECT setval('call_words_id_seq', {WORDS_MAX - 1})"))
    words = Words(store.database)
    assert words.numbers(["last"]) == {"last": WORDS_MAX}
    assert words.numbers(["one more", "last", "last but one"]) == {"last": WORDS_MAX, "last but one": WORDS_MAX - 1}
    assert Words(store.database).numbers(["one more", "last"]) == {"last": WORDS_MAX}
