"""What a folder changes in the plans in force, for people.

what           which             how
action sets    TOP10             - *topup 10 of *monetary MON
                                 + *topup 12 of *monetary MON
               1 new             TOP20
               400 as before
"""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.output import table
from ratingd.v1.tariffs_pb2 import KindDifference

NAMES_MAX: Final = 12  # of new items
ITEMS_MAX: Final = 20  # changed ones of a kind
STYLES: Final = {"-": "red", "+": "green"}


def differences_table(differences: Iterable[KindDifference]) -> RenderableType:
    """What is other in the plans than what is in force, by kind."""
    rows = table("what", "which", "how")
    for difference in differences:
        kind = difference.kind.replace("_", " ")
        for which, how in _of_kind(difference):
            rows.add_row(kind, which, how)
            kind = ""
    return rows


def _of_kind(difference: KindDifference) -> Iterator[tuple[str, RenderableType]]:
    for item in difference.changed[:ITEMS_MAX]:
        yield item.name, _styled(item.rows)
    left = difference.changed_count - min(len(difference.changed), ITEMS_MAX)
    if left:
        yield f"{left} more", "changed"
    if difference.new_count:
        yield f"{difference.new_count} new", _first(difference.new_names, difference.new_count)
    if difference.same_count:
        yield f"{difference.same_count} as before", ""


def _styled(rows: Iterable[str]) -> Text:
    return Text("\n").join(Text(row, STYLES.get(row[:1], "")) for row in rows)


def _first(names: Iterable[str], count: int) -> str:
    told = list(names)[:NAMES_MAX]
    return ", ".join(told) + (f" and {count - len(told)} more" if count > len(told) else "")
