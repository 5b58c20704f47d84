"""PremiumRanges.csv: prefixes of numbers that somebody is paid for when they are called.

    #Prefix,Text
    +371909,Latvia premium
    0088299,satellite

Lists of such ranges are bought, and have thousands of rows. A prefix is written with its calling code, with "+", 00 or
neither; what is no prefix is a fault of its row, and a second row for the same prefix says nothing new.
"""

from typing import Final

from tariffs.csv_rows import read_rows
from tariffs.fault import Finding
from triggers.numbers.number_list_file import prefix_value

FILE: Final = "PremiumRanges.csv"
COLUMNS: Final = ("Prefix", "Text")
SHORTEST: Final = 3  # characters: "+" and two digits


def read_premium_ranges(data: bytes, findings: list[Finding], file: str = FILE) -> tuple[str, ...]:
    """The prefixes of a file, each once, in its order. Each fault on the way is appended."""
    found = dict[str, None]()
    for row in read_rows(file, data, COLUMNS, findings):
        try:
            prefix = prefix_value(row["Prefix"])
        except ValueError as error:
            row.fault("Prefix", "is none", str(error))
            continue
        if len(prefix) <= SHORTEST:
            row.warn("Prefix", "is the prefix of whole countries", "a longer one, if fewer are meant")
        found[prefix] = None
    return tuple(found)
