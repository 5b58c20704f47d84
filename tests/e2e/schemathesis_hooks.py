"""What schemathesis loads as it begins: what a text pattern may look like is worked out once.

A text field of the page allows 21,000 characters, and Hypothesis takes a tenth of a second to gather them, each time
that one of 180 fields is drawn. It was two thirds of the run.
"""

from typing import Any, Final

from hypothesis.strategies import SearchStrategy
from hypothesis.strategies._internal import regex

build: Final[Any] = regex.regex_strategy
built: Final[dict[tuple[object, str], SearchStrategy[Any]]] = {}


def remembered(*pattern: object, **terms: object) -> SearchStrategy[Any]:
    key = (pattern, repr(terms))
    if key not in built:
        built[key] = build(*pattern, **terms)
    return built[key]


regex.regex_strategy = remembered
