"""Asked numbers: what somebody who types one means, or what is wrong with it.

"0049 30 1234567" is +49301234567, and so is "h:…" where numbers are kept as pseudonyms: it is asked for as it is shown.
"hello" is nothing that anybody can look up; it is refused, with what was looked at.
"""

from typing import Final

from ratingd.errors import InvalidRequest
from ratingd.fraud.pseudonym import MARK
from triggers.numbers.number import Number
from triggers.numbers.number_reading import RAW, NumberReader

TEXT_MAX: Final = 128


class NotANumber(InvalidRequest):
    def __init__(self, asked: str) -> None:
        shown = asked if len(asked) <= TEXT_MAX else f"{asked[:TEXT_MAX]}…"
        super().__init__(
            "number",
            f"{shown!r} is no telephone number. Write it with its country, such as +49301234567; without one it is "
            "read as of the setting default_region.",
        )


def read_number(numbers: NumberReader, asked: str) -> Number:
    """The number that is meant. Raises NotANumber."""
    if asked.startswith(MARK):
        return Number(asked)
    clear = numbers.clear(asked)
    if not clear or clear.startswith(RAW):
        raise NotANumber(asked)
    return numbers.read(asked)
