"""Golden files: what people read, kept as it was agreed. TESTS_GOLDEN=write writes them anew."""

import os
from pathlib import Path
from typing import Final

GOLDEN: Final = Path(__file__).parent / "golden"


def agrees(name: str, text: str) -> None:
    """The text is that of the golden file, but for blanks at the end of lines."""
    told = "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"
    path = GOLDEN / name
    if os.environ.get("TESTS_GOLDEN") == "write":
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8"), f"{name} differs; TESTS_GOLDEN=write writes it anew"
