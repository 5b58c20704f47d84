"""Tables: test cases as an operator writes them, one row a case.

@table(\"\"\"
    before | after
    M=1    | M=2      # why
\"\"\")
def test_it(before: str, after: str) -> None: ...
"""

from collections.abc import Callable
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., None])


def table(text: str, split: str = "|") -> Callable[[Test], Test]:
    """Parametrize a test with the rows of a table; its first line names the arguments."""
    lines = [line.split("  #")[0].strip() for line in text.splitlines()]
    header, *cases = [line for line in lines if line]
    names = [name.strip().replace(" ", "_") for name in header.split(split)]
    rows = [tuple(cell.strip() for cell in case.split(split)) for case in cases]
    assert all(len(row) == len(names) for row in rows), [row for row in rows if len(row) != len(names)]
    mark: Callable[[Test], Test] = pytest.mark.parametrize(names, rows, ids=[row[0] or "nothing" for row in rows])
    return mark
