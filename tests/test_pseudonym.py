"""Pseudonyms: the same for the same number and key, and nothing without a key."""

import pytest

from ratingd.fraud.pseudonym import NumberKeyMissing, Pseudonyms

KEY = "0123456789abcdef"


def test_number_has_one_pseudonym_under_a_key() -> None:
    first, again, other = Pseudonyms(KEY), Pseudonyms(KEY), Pseudonyms(KEY + "!")
    assert first("+4930123456") == again("+4930123456") == "h:jurj5tzfy7zbm6s6yftwhw7x"
    assert first("+4930123456") != first("+4930123457")
    assert first("+4930123456") != other("+4930123456")


@pytest.mark.parametrize("number", ["", "anonymous", "raw:ü", "110", "\ud800"])
def test_any_text_has_a_pseudonym_of_26_small_letters(number: str) -> None:
    pseudonym = Pseudonyms(KEY)(number)
    assert (len(pseudonym), pseudonym.lower(), pseudonym[:2]) == (26, pseudonym, "h:")


@pytest.mark.parametrize("key", ["", "short", KEY[:-1]])
def test_key_that_can_be_guessed_is_refused(key: str) -> None:
    with pytest.raises(NumberKeyMissing, match=f"has {len(key)} characters.*openssl rand -hex 32"):
        Pseudonyms(key)
