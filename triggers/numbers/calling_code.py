"""Calling codes: whose numbers begin with one, and which of them stand as they are written.

+49 30 1234567 is Germany's, and written +49301234567 it is written as E.164 writes it. +49 030 1234567 is not: the zero
is a national prefix, and only libphonenumber knows of all countries what theirs look like and what is put in its place.
So `written(digits)` answers for those alone where libphonenumber would change nothing: the prefix that it looks for is
not there, and the length is one that the country has. It takes 1 µs, libphonenumber 14.

Several countries share a code: +1 is Canada's too, +7 Kazakhstan's. Whose a number is libphonenumber tells, in 15 µs.
It never depends on the last three digits, so it is asked once for each thousand numbers.
"""

import re
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata, PhoneNumber, region_code_for_number

from accounts.remembered import remembered

CALLING_CODE_DIGITS_MAX: Final = 3
ANY_DIGITS: Final = 3  # at the end of a number, on which its country does not depend
REGIONS_MAX: Final = 100_000
WORLD: Final = "001"  # libphonenumber's region of numbers that belong to no country


class CallingCode:
    __slots__ = ("_digits", "_lengths", "_prefix", "_regions", "_shared", "code", "digits", "region")

    def __init__(self, code: int) -> None:
        regions = COUNTRY_CODE_TO_REGION_CODE[code]
        metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, regions[0])
        prefix = metadata.national_prefix_for_parsing if metadata is not None else None
        description = metadata.general_desc if metadata is not None else None
        self.code: Final = code
        self.digits: Final = len(str(code))
        self.region: Final = "" if regions[0] == WORLD else regions[0]  # the main one of those that share it
        self._shared: Final = len(regions) > 1
        self._digits: Final = prefix if prefix and prefix.isdecimal() else ""  # such a prefix is no pattern
        self._prefix: Final = re.compile(prefix) if prefix and not self._digits else None
        self._regions: Final[dict[str, str]] = {}  # by all digits but the last ones
        self._lengths: Final = frozenset(description.possible_length if description is not None else ())

    def written(self, digits: str) -> bool:
        """Whether libphonenumber reads digits, calling code included, as a possible number and writes them so."""
        national = digits[self.digits :]
        if len(national) not in self._lengths or (self._digits and national.startswith(self._digits)):
            return False
        return self._prefix is None or self._prefix.match(national) is None

    def region_of(self, digits: str) -> str:
        """The country of a number; "" where the number is none of any."""
        if not self._shared:
            return self.region
        head = digits[:-ANY_DIGITS]
        region = self._regions.get(head)
        return region if region is not None else remembered(self._regions, head, self._asked(digits), REGIONS_MAX)

    def _asked(self, digits: str) -> str:
        national = digits[self.digits :]
        zeros = len(national) - len(national.lstrip("0"))
        number = PhoneNumber(
            country_code=self.code,
            national_number=int(national),
            italian_leading_zero=True if zeros else None,
            number_of_leading_zeros=min(zeros, len(national) - 1) if zeros else None,
        )
        return region_code_for_number(number) or ""


class CallingCodes:
    """All of them; each is looked up once."""

    def __init__(self) -> None:
        self._known: Final[dict[str, CallingCode | None]] = {}

    def of(self, digits: str) -> CallingCode | None:
        """The one that digits begin with."""
        for size in range(1, CALLING_CODE_DIGITS_MAX + 1):
            code = digits[:size]
            known = self._known.get(code)
            if known is None and code not in self._known:
                known = self._known[code] = _calling_code(code)
            if known is not None:
                return known
        return None


def _calling_code(code: str) -> CallingCode | None:
    known = bool(code) and code[0] != "0" and int(code) in COUNTRY_CODE_TO_REGION_CODE
    return CallingCode(int(code)) if known else None
