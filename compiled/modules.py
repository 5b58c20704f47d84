"""Which modules are compiled: one list, and a reason beside each exception.

All of a pure room is compiled, but for what is named here; of `ratingd` what each debit passes through. A module is
left interpreted where compiling it buys nothing (it runs once a start) or where mypyc cannot keep what it promises.
"""

from pathlib import Path
from typing import Final

ROOMS: Final = ("tariffs", "accounts", "triggers", "actions")
PACKAGES: Final = (*ROOMS, "ratingd")
INTERPRETED: Final[dict[str, str]] = {}
OF_RATINGD: Final = (
    "ratingd/engine/account_desk.py",
    "ratingd/engine/batch.py",
    "ratingd/engine/cache.py",
    "ratingd/engine/charge_loop.py",
    "ratingd/engine/charge_record.py",
    "ratingd/engine/command.py",
    "ratingd/engine/decide.py",
    "ratingd/engine/decision.py",
    "ratingd/engine/ids.py",
    "ratingd/engine/laying.py",
    "ratingd/engine/open_calls.py",
    "ratingd/engine/operation.py",
)


def compiled_modules(root: Path) -> list[str]:
    """Their paths below `root`, sorted."""
    rooms = (path.relative_to(root).as_posix() for room in ROOMS for path in (root / room).rglob("*.py"))
    chosen = {path for path in rooms if not path.endswith("__init__.py") and path not in INTERPRETED}
    return sorted(chosen.union(OF_RATINGD))
