"""The two builds of one source: as Python reads it, and as mypyc compiled it into build/compiled by `make compiled`.

A process that measures is started once with each. The folder of the build comes first on its path and the working
folder does not come at all (`-P`), so that what is compiled is imported compiled, and everything else from the tree.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from bench.figure import Figure

ROOT: Final = Path(__file__).resolve().parent.parent
COMPILED_FOLDER: Final = ROOT / "build" / "compiled"
TIMEOUT_S: Final = 300


@dataclass(frozen=True, slots=True)
class Build:
    compiled: bool

    @property
    def name(self) -> str:
        return "compiled" if self.compiled else "interpreted"

    def path(self) -> str:
        return os.pathsep.join([str(COMPILED_FOLDER), str(ROOT)] if self.compiled else [str(ROOT)])

    def environment(self) -> dict[str, str]:
        """Ours, with nothing of ratingd's settings in it."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RATINGD_")}
        return inherited | {"PYTHONPATH": self.path()}

    def command(self, module: str, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", module, *arguments]

    def figures(self, module: str, *arguments: str) -> list[Figure]:
        """Have a process of this build measure; its last line is what `report` printed. RuntimeError if it fails."""
        done = subprocess.run(
            self.command(module, *arguments), env=self.environment(), cwd=ROOT, capture_output=True, text=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
        return [Figure(**document) for document in json.loads(done.stdout.splitlines()[-1])]


INTERPRETED: Final = Build(False)
COMPILED: Final = Build(True)


def builds(say: Callable[[str], None] = lambda _: None) -> list[Build]:
    """What can be measured here, the fastest last."""
    if any(COMPILED_FOLDER.rglob("*.so")):
        return [INTERPRETED, COMPILED]
    say("build/compiled is not there (`make compiled`): rows of compiled code are left out")
    return [INTERPRETED]


def report(figures: Sequence[Figure]) -> None:
    """In a process that measures: hand the figures to the one that asked."""
    print(json.dumps([asdict(figure) for figure in figures]), flush=True)


def attempt(failed: Figure, measure: Callable[..., Figure | Sequence[Figure]], *arguments: object) -> list[Figure]:
    """The figures, or the one that says why there are none: one that cannot be taken must not cost the others."""
    try:
        found = measure(*arguments)
    except Exception as error:  # noqa: BLE001 (whatever it was, the next row is measured)
        return [replace(failed, value=None, trouble=f"{type(error).__name__}: {error}")]
    return [found] if isinstance(found, Figure) else list(found)
