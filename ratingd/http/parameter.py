"""Parameters of paths and queries, told on the OpenAPI page as exactly as they are checked."""

from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query
from pydantic import BeforeValidator

from ratingd.http.field_schema import EPOCH_TEXT, RFC_3339, TEXT_PATTERN
from ratingd.ingest.event_fields import TEXT_MAX, time_of


def _no_text(value: Any) -> Any:
    if isinstance(value, str | bool):
        raise ValueError("a number is wanted")
    return value


NUMERIC: Final = BeforeValidator(_no_text)  # of a body: 71 and 71.0 are a whole number, "71" is a text
ID_MAX: Final = 2**63 - 1
SHOWN_MAX: Final = 1_000

NumberPath = Annotated[
    str, Path(min_length=1, max_length=TEXT_MAX, pattern=TEXT_PATTERN, description="A number, as a switch writes it")
]
NamePath = Annotated[str, Path(min_length=1, max_length=TEXT_MAX, pattern=TEXT_PATTERN)]
IdPath = Annotated[int, Path(ge=1, le=ID_MAX)]
Window = Annotated[Literal["5", "60", "300", "3600", "86400", "604800"], Query(description="Seconds")]
Limit = Annotated[int, Query(ge=1, le=SHOWN_MAX, description="How many at most, the newest first")]
Since = Annotated[
    str,
    Query(
        pattern=f"^({EPOCH_TEXT}|{RFC_3339})?$",
        description="Only what is as young as this: seconds since 1970, or RFC 3339",
    ),
]
TextQuery = Annotated[str, Query(max_length=TEXT_MAX, pattern=TEXT_PATTERN)]


def since_ms(since: str) -> int:
    """A `Since` in milliseconds; 0 where none was said. A blank in it is the "+" of a zone that was not escaped."""
    return time_of("since", since.replace(" ", "+"))
