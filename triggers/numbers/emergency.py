"""Emergency numbers: what must reach help, and is never flagged, blocked or disconnected, as caller or as called.

Forty frightened people call 112 in five seconds: that is what a masking run looks like, and every one of them must get
through. So the codes of all countries are spared, 112 and 911 everywhere, and what an operator adds.

- As it is dialled: 112, also behind a national or international prefix of zeros (0112).
- With a country code: +49112 and 0049110 are spared, since some networks pass them on so. +4917 is not, though 17 is
  an emergency number in France: with a country code, that country's own codes count, and 112 and 911.
- As a telephone asks for help without knowing whom to dial (RFC 5031): urn:service:sos, urn:service:sos.police.
- Codes of four digits and more count only in the country that numbers are written for, where one is set: 1300 to 1399
  are emergency numbers in Gabon, and extensions of an exchange elsewhere. Without a country all of them are spared.

The codes come from libphonenumber's tables of short numbers. To spare one number too many costs a rule a call; the
opposite costs more.
"""

import re
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_SHORT_REGIONS, PhoneMetadata

CODE_DIGITS_MAX: Final = 6
EVERYWHERE: Final = ("112", "911")
_COMMON_DIGITS_MAX: Final = 3  # codes of so many digits are spared wherever they are one
_SOS: Final = re.compile(r"urn:(?:nena:|emergency:)?service:sos(?:\.|$)")  # with a name, within emergency networks


class EmergencyNumbers:
    """`region` is the country that numbers without one are written for, such as DE; "" where there is none."""

    def __init__(self, region: str = "") -> None:
        patterns = _patterns()
        common = re.compile("|".join([f"(?:{pattern})" for pattern in sorted(set(patterns.values()))]))
        own = patterns.get(region) if region else common.pattern
        self._own: Final = re.compile(own) if own is not None else None
        self._common: Final = common
        self._by_country: Final[dict[int, re.Pattern[str] | None]] = {}
        self._patterns: Final = patterns

    def dialled(self, code: str) -> bool:
        """Whether digits as they are dialled, without a country, reach help."""
        return self._code(code) or self._code(code.lstrip("0"))

    def abroad(self, country: int, code: str) -> bool:
        """Whether they do behind a calling code: `abroad(49, "112")`."""
        if not code or len(code) > CODE_DIGITS_MAX:
            return False
        if code in EVERYWHERE:
            return True
        if country not in self._by_country:
            self._by_country[country] = self._of_country(country)
        pattern = self._by_country[country]
        return pattern is not None and pattern.fullmatch(code) is not None

    def service(self, urn: str) -> bool:
        """Whether a service that is asked for by its name is help: `service("urn:service:sos.fire")`."""
        return _SOS.match(urn) is not None

    def _code(self, code: str) -> bool:
        if not code or len(code) > CODE_DIGITS_MAX:
            return False
        if code in EVERYWHERE:
            return True
        pattern = self._common if len(code) <= _COMMON_DIGITS_MAX else self._own
        return pattern is not None and pattern.fullmatch(code) is not None

    def _of_country(self, country: int) -> re.Pattern[str] | None:
        regions = COUNTRY_CODE_TO_REGION_CODE.get(country, ())
        patterns = [f"(?:{self._patterns[region]})" for region in regions if region in self._patterns]
        return re.compile("|".join(patterns)) if patterns else None


def _patterns() -> dict[str, str]:
    """What the emergency numbers of each country look like."""
    found = dict[str, str]()
    for region in SUPPORTED_SHORT_REGIONS:
        metadata = PhoneMetadata.short_metadata_for_region(region, None)
        if metadata is not None and metadata.emergency is not None:
            pattern = metadata.emergency.national_number_pattern
            if pattern:
                found[region] = pattern
    return found
