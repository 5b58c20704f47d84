"""Numbers as the log has them: where numbers are not stored, pseudonyms stand there, and are not read a second time.

The log says that h:abc… called h:def…. Whoever reads it after a start takes these as the numbers that they stand for,
so that the next call of h:abc… is one of the same caller. Country and range are not known of them; emergency numbers
are nobody's secret, and the log has them as they are.
"""

from typing import Final

from triggers.numbers.number import NO_NUMBER, Number
from triggers.numbers.number_reading import NumberReader

REMEMBERED_MAX: Final = 200_000


class LoggedNumbers(NumberReader):
    """`numbers` reads whatever does not begin with `mark`."""

    def __init__(self, numbers: NumberReader, mark: str) -> None:
        super().__init__()
        self._numbers: Final = numbers
        self._mark: Final = mark
        self._logged: Final[dict[str, Number]] = {}

    def read(self, raw: str) -> Number:
        return self._pseudonym_of(raw) if raw.startswith(self._mark) else self._numbers.read(raw)

    def caller(self, raw: str, source_ip: str = "", call_id: str = "") -> Number:
        number = self.read(raw)
        return number if number is not NO_NUMBER else self._numbers.caller(raw, source_ip, call_id)

    def _pseudonym_of(self, text: str) -> Number:
        number = self._logged.get(text)
        if number is None:
            if len(self._logged) >= REMEMBERED_MAX:
                self._logged.clear()
            number = self._logged[text] = Number(text)
        return number
