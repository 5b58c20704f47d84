"""Subscribers: what the tables of the world's numbering plans say of a number, whoever has it.

+491711234567 is a mobile number of Germany, of a range that was given to T-Mobile. Whether T-Mobile still serves it
nobody can tell from the number: it may have been ported, and `carrier_source` says so. A short code, an extension and a
pseudonym of which the digits are not known have neither carrier nor type.
"""

from typing import Final

from phonenumbers import NumberParseException, PhoneNumberType, number_type, parse, region_code_for_number

PREFIX_OWNER: Final = "prefix_owner"
UNKNOWN: Final = "unknown"
SHORT_CODE: Final = "short_code"
EMERGENCY: Final = "emergency"
_TYPES: Final[dict[int, str]] = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}


class Subscriber:
    __slots__ = ("carrier", "carrier_source", "number_type", "region")

    def __init__(self, region: str, number_type: str, carrier: str = "") -> None:
        self.region: Final = region  # ISO 3166, such as DE; "" where it is not known
        self.number_type: Final = number_type
        self.carrier: Final = carrier
        self.carrier_source: Final = PREFIX_OWNER if carrier else ""


def subscriber(digits: str, region: str = "", *, short: bool = False, emergency: bool = False) -> Subscriber:
    """Of a number in E.164 without its "+". `short` where it is a code that is dialled as it is."""
    if emergency:
        return Subscriber(region, EMERGENCY)
    if short or not digits:
        return Subscriber(region, SHORT_CODE if short else UNKNOWN)
    try:
        number = parse("+" + digits, None)
    except NumberParseException:
        return Subscriber(region, UNKNOWN)
    from phonenumbers.carrier import name_for_number  # tables that only a lookup wants

    kind = _TYPES.get(number_type(number), UNKNOWN)
    return Subscriber(region_code_for_number(number) or region, kind, name_for_number(number, "en"))
