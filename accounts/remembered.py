"""What was worked out once and is remembered, up to a bound; beyond it all is forgotten and worked out once more.

Texts and terms that thousands of accounts have alike are few. The bound is there for the operator whose accounts have
nothing alike.
"""

from typing import Final, TypeVar

SHARED_MAX: Final = 20_000  # parts that are remembered; those of one package are some ten

Name = TypeVar("Name")
Part = TypeVar("Part")


def remembered(known: dict[Name, Part], name: Name, part: Part, most: int = SHARED_MAX) -> Part:
    """Remember a part that was not known."""
    if len(known) >= most:
        known.clear()
    known[name] = part
    return part
