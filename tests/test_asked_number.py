"""Asked numbers: what somebody who types one means."""

import pytest

from ratingd.fraud.asked_number import NotANumber, read_number
from tests.table import table
from triggers.numbers.number_reading import NumberReader

GERMAN = NumberReader("DE")


@table("""
    asked                            | meant
    +49301234567                     | +49301234567
    030/1234567                      | +49301234567
    0049 30 1234567                  | +49301234567
    sip:+49301234567@10.0.0.1        | +49301234567
    112                              | 112
    22833                            | 22833
    h:abcdefghijklmnopqrstuvwx       | h:abcdefghijklmnopqrstuvwx
""")
def test_however_it_is_written(asked: str, meant: str) -> None:
    assert read_number(GERMAN, asked).text == meant


@pytest.mark.parametrize("asked", ["", "hello", "anonymous", "+", "+49", "raw:123", "9" * 200])
def test_what_is_no_number_is_told_with_what_to_do(asked: str) -> None:
    with pytest.raises(NotANumber, match=r"is no telephone number.*default_region") as refused:
        read_number(GERMAN, asked)
    assert refused.value.field == "number"
    assert len(str(refused.value)) < 400


def test_without_a_region_numbers_are_international() -> None:
    assert read_number(NumberReader(), "49301234567").text == "+49301234567"
