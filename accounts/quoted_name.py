"""Names as JSON writes them, quoted once and remembered.

A debit of account 1001 writes "*default", "*event" and the same three balance ids into the account's document, its
changes and its charge, and so does the next one. To quote a name takes ten times as long as to look it up. What comes
once (the number called, the id of a call) is quoted where it is written, and not kept.
"""

from json.encoder import encode_basestring_ascii
from typing import Final

from accounts.remembered import remembered

NAMES_MAX: Final = 100_000  # the names of some thirty thousand accounts with three balances each

_QUOTED: Final[dict[str, str]] = {}


def quoted_name(name: str) -> str:
    known = _QUOTED.get(name)
    if known is not None:
        return known
    return remembered(_QUOTED, name, encode_basestring_ascii(name), NAMES_MAX)
