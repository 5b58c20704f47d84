"""Telephone numbers as fraud detection counts them: one object for one subscriber, however a switch spells him.

"+49 30 1234567", "0049301234567" and "sip:+49301234567@example.org" are one caller. Whoever reads numbers
(`triggers.numbers.number_reading`) gives the same object for each of them, so that what is counted compares objects'
texts and asks nothing twice: the country, the range and whether it is an emergency number stand in it.
"""

from typing import Final

from mypy_extensions import mypyc_attr

ANONYMOUS: Final = "anonymous"
RANGE_DIGITS: Final = 7


@mypyc_attr(acyclic=True)
class Number:
    """`text` is what is counted, stored and shown: E.164 with its "+", a short code as it is, "raw:…" for what is no
    number, "anonymous", or a pseudonym of any of these where numbers are not to be stored.

    `caller_key` and `called_key` are left here by whoever counts the number, to find what he keeps of it again without
    a search; he checks that it is his and still in use.
    """

    __slots__ = ("_hidden", "called_key", "caller_key", "country", "emergency", "range", "region", "text")

    def __init__(
        self,
        text: str,
        *,
        digits: str = "",
        region: str = "",
        country: int = 0,
        emergency: bool = False,
        range: str = "",
    ) -> None:
        self.text: Final = text
        self._hidden: Final = "" if text.startswith("+") else digits  # behind a pseudonym
        self.region: Final = region  # ISO 3166, such as DE; "" where it is not known
        self.country: Final = country  # calling code, such as 49; 0 where it is not known
        self.emergency: Final = emergency  # never flagged, blocked or disconnected, whoever calls whom
        self.range: Final = range  # the first seven digits, "+" before them; "" where there are not as many
        self.caller_key: object | None = None
        self.called_key: object | None = None

    @property
    def digits(self) -> str:
        """E.164 without "+", never a pseudonym; "" where there is none."""
        return self.text[1:] if self.text.startswith("+") else self._hidden


NO_NUMBER: Final = Number("")
