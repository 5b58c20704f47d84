"""Entries of lists as people read them: one that is over says so."""

from io import StringIO

import pytest
from rich.console import Console

from ratingd.cli.fraud_tables import entries_table


@pytest.mark.parametrize(
    ("expires", "shown"),
    [
        ({"expires": "2026-01-01T00:00:00.5Z"}, "2026-01-01T00:00:00Z (over)"),
        ({"expires": "2999-01-01T00:00:00Z"}, "2999-01-01T00:00:00Z"),
        ({}, "for ever"),
    ],
)
def test_an_entry_that_is_over_says_so(expires: dict[str, str], shown: str) -> None:
    entry = {"list": "blacklist", "kind": "prefix", "value": "+37190", "reason": "", "who": "ann",
             "threshold": 0, "window_seconds": 0, **expires}  # fmt: skip
    page = StringIO()
    Console(width=200, file=page).print(entries_table([entry]))
    assert f"ann   {shown}  " in page.getvalue()
    assert ("(over)" in page.getvalue()) == ("(over)" in shown)
