"""JSON objects in a cell: `{"PREMIUM": 2.5}`, read so that nothing in it surprises later.

Numbers come as exact decimals. NaN and the infinities of Python's reader are none, an object nested ten thousand deep
is refused like any other slip, and so are texts with characters that neither a database nor a reply can carry.
"""

import json
import re
from decimal import Decimal
from typing import Final

NOT_TEXT: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
DIGITS_MAX: Final = 18  # before and behind the point; no amount has more


def parse_object(text: str) -> dict[str, object]:
    """The members of a JSON object; ValueError says why the text is none."""
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("a JSON object nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    for name, value in document.items():
        if NOT_TEXT.search(name) or (isinstance(value, str) and NOT_TEXT.search(value)):
            raise ValueError(f"{name!r} holds control characters")
    return document


def parse_texts(text: str, allowed: tuple[str, ...]) -> dict[str, str]:
    """An object of texts under some of the names `allowed`; an empty cell is an empty object."""
    document = parse_object(text) if text.strip() else {}
    unknown = [name for name in document if name not in allowed]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of {', '.join(allowed)}")
    found = {}
    for name, value in document.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a text")
        found[name] = value
    return found


def number_of(document: dict[str, object], name: str) -> Decimal | None:
    """A number of sensible size; None where it is not given."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, Decimal):
        raise ValueError(f"{name} is not a number")
    if value and abs(value.adjusted()) > DIGITS_MAX:
        raise ValueError(f"{name} has more digits than any amount")
    return value


def _no_number(word: str) -> Decimal:
    raise ValueError(f"{word} is not a number")
