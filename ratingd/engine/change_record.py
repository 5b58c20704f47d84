"""What an operation changed on one account, as it is stored with it: the JSON array of its changes.

Nearly all changes are those of debits, and nearly all of these are a value or a counter that moved. Of such only the
two numbers are new; the rest was written with an earlier debit.
"""

from collections.abc import Sequence
from typing import Final, cast

from accounts.book import Change
from accounts.quoted_name import quoted_name
from accounts.remembered import remembered
from ratingd.engine.compact import compact

_COUNTED: Final[dict[Change, str]] = {}  # what says which counter was moved, by its name


def changes_text(changes: Sequence[Change]) -> str:
    return f"[{','.join([_change(change) for change in changes])}]"


def _change(change: Change) -> str:
    what = cast(str, change[0])
    if what == "value":
        uuid, delta, after = cast(str, change[1]), cast(int, change[2]), cast(int, change[3])
        return f'["value",{quoted_name(uuid)},{delta},{after}]'
    if what == "count":
        delta, after = cast(int, change[6]), cast(int, change[7])
        return f'["count",{_counter(change[1:6])},{delta},{after}]'
    return compact(change)


def _counter(name: Change) -> str:
    known = _COUNTED.get(name)
    if known is not None:
        return known
    return remembered(_COUNTED, name, ",".join([quoted_name(cast(str, part)) for part in name]))
