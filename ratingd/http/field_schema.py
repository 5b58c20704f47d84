"""Fields as the OpenAPI page tells of them: exactly what is accepted, so that a generator of clients can rely on it.

A time is told as what `ratingd.ingest.event_fields` reads: seconds since 1970, or milliseconds, microseconds and
nanoseconds by their size, or RFC 3339, as a number or a text. Whatever a schema here allows is accepted, and whatever
it does not is refused with the name of the field.
"""

import re
from typing import Any, Final

from ratingd.ingest.event_fields import DURATION_MAX_S, EARLIEST_MS, LATEST_MS, SIP_CODES, TEXT_MAX

Schema = dict[str, Any]

# ASCII, Latin, Greek's beginning, Cyrillic, Han: what is printable whatever the version of Unicode
SIGNS: Final = r" -~\u00a1-\u00ac\u00ae-\u0377\u0400-\u052f\u4e00-\u9fef"
TEXT_PATTERN: Final = f"^[{SIGNS}]*$"
FILLED_PATTERN: Final = f"^[{SIGNS}]*[!-~\\u00a1-\\u00ac\\u00ae-\\u0377\\u0400-\\u052f\\u4e00-\\u9fef][{SIGNS}]*$"
TEXT_SIGNS: Final = re.compile(f"[{SIGNS}]*")
DAY: Final = r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
YEAR: Final = r"(19(7[4-9]|[89][0-9])|20[0-9]{2}|21[0-9]{2}|22[0-5][0-9])"
LEAP_DAY: Final = r"(19(7[6]|8[048]|9[26])|2[01]([02468][48]|[2468]0|[13579][26])|2000)-02-29"
CLOCK: Final = r"[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
RFC_3339: Final = rf"({YEAR}-{DAY}|{LEAP_DAY}){CLOCK}"
EPOCH_TEXT: Final = r"([1-8][0-9]{8,9}(\.[0-9]{1,9})?|[2-8][0-9]{11}|[1-8][0-9]{12}|[1-8][0-9]{15}|[1-8][0-9]{18})"
LATEST_S: Final = LATEST_MS // 1000


def text(about: str, *, filled: bool = False) -> Schema:
    """A text without control characters."""
    schema = {"type": "string", "maxLength": TEXT_MAX, "pattern": TEXT_PATTERN, "description": about}
    return schema | ({"minLength": 1} if filled else {})


def optional_text(about: str) -> Schema:
    return _optional(about, {"type": "string", "maxLength": TEXT_MAX, "pattern": TEXT_PATTERN})


def time(about: str) -> Schema:
    """A time of a call, in any of its forms; 0, "" and null are none."""
    seconds = {"type": "number", "minimum": EARLIEST_MS // 1000, "exclusiveMaximum": LATEST_S}
    finer = [
        {"type": "number", "exclusiveMinimum": beyond, "exclusiveMaximum": LATEST_S * units}
        for beyond, units in ((10**11, 10**3), (10**14, 10**6), (10**17, 10**9))
    ]
    written = {"type": "string", "pattern": f"^({EPOCH_TEXT}|{RFC_3339})?$"}
    schema = _optional(about, seconds, *finer, {"enum": [0]}, written)
    schema["examples"] = [1732161129.412, "2026-11-21T04:12:09.412Z"]
    return schema


def duration(about: str) -> Schema:
    return _optional(
        about,
        {"type": "number", "minimum": 0, "maximum": DURATION_MAX_S},
        {"type": "string", "pattern": r"^([0-9]{1,7}(\.[0-9]{1,9})?)?$"},
    )


def sip_code(about: str) -> Schema:
    return _optional(
        about,
        {"type": "integer", "minimum": SIP_CODES[0], "maximum": SIP_CODES[1]},
        {"type": "string", "pattern": "^([1-6][0-9]{2})?$"},
    )


def one_of(about: str, known: tuple[str, ...]) -> Schema:
    return {"enum": [*known, "", None], "description": about}


def _optional(about: str, *forms: Schema) -> Schema:
    return {"anyOf": [*forms, {"type": "null"}], "description": about}
