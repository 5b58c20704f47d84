"""Reading numbers: one caller, however a switch spells him, for a tenth of a microsecond.

A gateway sends "0049 30 1234567", a proxy "sip:+49301234567@10.0.0.1;user=phone", an exchange "030/1234567". All three
are +49301234567, and whoever counts distinct callers must not count him three times.

- Names, <>, sip: and tel:, what follows @ or ;, and visual characters are taken off (`numbers.number_spelling`).
- What remains is read by libphonenumber as of `default_region`, and written as E.164. The international prefixes 00 and
  011 are understood everywhere, unless what begins so is a valid number of that region: 011 4321 in Turin is no prefix.
  Without a region all numbers are international, with "+" or without.
- Short codes and extensions, up to six digits without a country, stay as they are.
- What is no number, or has a length that its country does not know, is "raw:" and its digits, or its text in small
  letters: `raw:999123`, `raw:alice`. Letters are not read as keys of a telephone: in a SIP address they are a name.
- A caller who withholds the number is `anonymous`: all such callers are one, unless they are told apart by where they
  come from. As any other number, a withheld one is none (NO_NUMBER), so that it contradicts nobody.

libphonenumber takes 14 µs for a number, so readings are remembered, and those that it would leave as they are written
are known without it (`numbers.calling_code`). What is remembered are two generations of half the bound: what is read
moves to the younger one, and where that is full, the elder one is forgotten. As long as one spelling of a number is
remembered, every other gives the same object.
"""

from collections.abc import Callable, Sequence
from typing import Final

from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumber,
    is_possible_number,
    is_valid_number,
    national_significant_number,
    parse,
)

from accounts.remembered import remembered
from triggers.numbers.calling_code import CallingCode, CallingCodes
from triggers.numbers.emergency import CODE_DIGITS_MAX, EmergencyNumbers
from triggers.numbers.number import ANONYMOUS, NO_NUMBER, RANGE_DIGITS, Number
from triggers.numbers.number_spelling import all_digits, bare
from triggers.spread import Leaving, Spread

REMEMBERED_MAX: Final = 2_000_000
RANGES_MAX: Final = 100_000
DIGITS_MAX: Final = 200_000
RAW_SIZE_MAX: Final = 128  # characters of what is no number that are kept; longer texts are not remembered
WITHHELD: Final = frozenset(
    {"", "anonymous", "restricted", "private", "withheld", "unavailable", "unknown", "none", "null"}
)
RAW: Final = "raw:"
_INTERNATIONAL: Final = ("00", "011")


class NumberReader:
    """`pseudonym` is given where numbers are not to be stored: what stands for a text. The rest of a Number stays."""

    def __init__(
        self,
        default_region: str = "",
        emergency: Sequence[str] = (),
        anonymous_distinct_by: str = "",
        pseudonym: Callable[[str], str] | None = None,
        remembered_max: int = REMEMBERED_MAX,
    ) -> None:
        if default_region and default_region not in SUPPORTED_REGIONS:
            raise ValueError(f"no country is called {default_region!r}; two capital letters of ISO 3166, such as DE")
        self._region: Final = default_region
        self._distinct_by: Final = anonymous_distinct_by
        self._pseudonym: Final = pseudonym
        self._codes: Final = CallingCodes()
        self._emergency: Final = EmergencyNumbers(default_region)
        self._generation_max: Final = max(remembered_max // 2, 1)
        self._young: Spread[Number] = Spread()  # by what was read
        self._old: Spread[Number] = Spread()
        self._young_numbers: Spread[Number] = Spread()  # by what is meant, in its generation, unless it was written so
        self._old_numbers: Spread[Number] = Spread()
        self._ranges: Final[dict[str, str]] = {}
        self._known_digits: Spread[bool] = Spread()
        self._leaving_digits: Final[Leaving[bool]] = Leaving()
        self._leaving: Final[Leaving[Number]] = Leaving()
        self._spared: Final = frozenset([self.clear(extra) for extra in emergency])
        self.anonymous: Final = Number(ANONYMOUS)

    def read(self, raw: str) -> Number:
        """The number that a text means; NO_NUMBER where it is empty or withheld."""
        number = self._young.get(raw)
        if number is not None:
            return number
        return self._recalled(raw)

    def caller(self, raw: str, source_ip: str = "", call_id: str = "") -> Number:
        """The same of a caller, who is somebody also where he withholds his number."""
        number = self._young.get(raw)
        if number is None:
            number = self._recalled(raw)
        return number if number is not NO_NUMBER else self._withheld(source_ip, call_id)

    def clear(self, raw: str) -> str:
        """What a text means: E.164, a short code, "raw:…", or "" where it is withheld. Nothing is remembered."""
        if raw.startswith("+") and self._written(raw):
            return raw
        text = bare(raw)
        if text in WITHHELD:
            return ""
        dialled = not text.startswith("+")
        digits = text if dialled else text[1:]
        if not all_digits(digits):
            return (RAW + text)[:RAW_SIZE_MAX]
        if dialled and len(digits) <= CODE_DIGITS_MAX:
            return text
        return self._e164(digits, dialled or digits[0] == "0") or (RAW + digits)[:RAW_SIZE_MAX]

    def international(self, digits: str) -> bool:
        """Whether digits are a number with its calling code, once "+" stands before them. The answer is remembered."""
        known = self._known_digits.get(digits)
        if known is None:
            known = not self.clear("+" + digits).startswith(RAW)
            if len(self._known_digits) >= DIGITS_MAX:
                self._leaving_digits.take(self._known_digits)
                self._known_digits = Spread()
            self._known_digits.put(digits, known)
        self._leaving_digits.step()
        return known

    @property
    def hides(self) -> bool:
        """Whether pseudonyms stand for numbers."""
        return self._pseudonym is not None

    @property
    def remembered(self) -> int:
        return len(self._young) + len(self._old)

    def _written(self, raw: str) -> bool:
        digits = raw[1:]
        code = self._codes.of(digits) if all_digits(digits) else None
        return code is not None and code.written(digits)

    def _e164(self, digits: str, dialled: bool) -> str:
        """How a number is written; "" where it is none. One that is dialled may be of the default region."""
        theirs = _parsed("+" + _without_prefix(digits), None)
        if not dialled or not self._region:
            return _possible(theirs)
        ours = _parsed(digits, self._region)
        if ours is None or (digits.startswith(_INTERNATIONAL) and not is_valid_number(ours)):
            return _possible(theirs) or _possible(ours)
        return _possible(ours)

    def _recalled(self, raw: str) -> Number:
        number = self._old.get(raw)
        if number is None:
            clear = self.clear(raw)
            number = self._one(clear, raw) if clear else NO_NUMBER
        if len(raw) <= RAW_SIZE_MAX:
            self._remember(raw, number)
        return number

    def _remember(self, raw: str, number: Number) -> None:
        self._leaving.step()
        if len(self._young) >= self._generation_max:
            self._leaving.take(self._old)
            self._leaving.take(self._old_numbers)
            self._old, self._young = self._young, Spread()
            self._old_numbers, self._young_numbers = self._young_numbers, Spread()
        self._young.put(raw, number)
        if number.text != raw:
            self._young_numbers.put(number.text, number)

    def _one(self, clear: str, raw: str) -> Number:
        """The object that stands for a number, in a spelling that is not remembered."""
        text = clear if self._pseudonym is None else self._pseudonym(clear)
        number = None if text == raw else self._written_so(text)
        if number is None and len(self._young_numbers) > 0:
            number = self._young_numbers.get(text)
        if number is None and len(self._old_numbers) > 0:
            number = self._old_numbers.get(text)
        return number if number is not None else self._made(clear, text)

    def _written_so(self, text: str) -> Number | None:
        number = self._young.get(text)
        if number is None:
            number = self._old.get(text)
        return number if number is not None and number.text == text else None

    def _made(self, clear: str, text: str) -> Number:
        spared = clear in self._spared
        if clear.startswith("+"):
            digits = clear[1:]
            code = self._codes.of(digits)
            if code is not None:
                return Number(
                    text,
                    digits=digits,
                    region=code.region_of(digits),
                    country=code.code,
                    emergency=spared or self._abroad(code, digits),
                    range=self._range_of(digits),
                )
        return Number(text, region=self._region_of(clear), emergency=spared or self._helps(clear))

    def _range_of(self, digits: str) -> str:
        """One text for all numbers of a range."""
        if len(digits) < RANGE_DIGITS:
            return ""
        text = "+" + digits[:RANGE_DIGITS]
        known = self._ranges.get(text)
        return remembered(self._ranges, text, text, RANGES_MAX) if known is None else known

    def _region_of(self, clear: str) -> str:
        """An extension is in our country."""
        return self._region if all_digits(clear) else ""

    def _helps(self, clear: str) -> bool:
        """Whether what is not E.164 reaches help: 112, or +44112, which is too short for a number of its country."""
        if all_digits(clear) and (self._region or self._emergency.dialled(clear)):
            return self._emergency.dialled(clear)
        text = clear.removeprefix(RAW)
        if self._emergency.service(text):
            return True
        digits = _without_prefix(text)
        code = self._codes.of(digits) if all_digits(digits) else None
        return code is not None and self._abroad(code, digits)

    def _abroad(self, code: CallingCode, digits: str) -> bool:
        too_long = len(digits) - code.digits > CODE_DIGITS_MAX
        return not too_long and self._emergency.abroad(code.code, digits[code.digits :])

    def _withheld(self, source_ip: str, call_id: str) -> Number:
        apart = source_ip if self._distinct_by == "source_ip" else call_id if self._distinct_by == "call_id" else ""
        if not apart:
            return self.anonymous
        text = f"{ANONYMOUS}:{apart}"
        return Number(text if self._pseudonym is None else self._pseudonym(text))


def _without_prefix(digits: str) -> str:
    """Without 00 or 011, where a calling code may follow."""
    for prefix in _INTERNATIONAL:
        if digits.startswith(prefix):
            rest = digits[len(prefix) :]
            if rest and rest[0] != "0":
                return rest
    return digits


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return parse(text, region)
    except NumberParseException:
        return None


def _possible(number: PhoneNumber | None) -> str:
    if number is None or not is_possible_number(number):
        return ""
    return f"+{number.country_code}{national_significant_number(number)}"
