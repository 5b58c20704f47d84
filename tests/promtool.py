"""promtool, which checks the alert rules: the one that is installed, or else the one of Debian's package.

The package is fetched by apt into build/promtool, as any user: it is unpacked there and installed nowhere. Where apt
has no list of packages it makes one of its own beside it. PROMTOOL=/path/to/promtool names another one. A machine that
has neither apt nor promtool is told so: rules that nobody has checked are not taken for good ones.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent.parent / "build" / "promtool"
PACKAGE: Final = "prometheus"
FETCH_S: Final = 100
WANTED: Final = (
    "promtool checks the alert rules, and it is neither installed nor could it be fetched by apt. Install Prometheus "
    "(Debian's package prometheus has it), or name it: PROMTOOL=/path/to/promtool make test."
)


def promtool() -> Path:
    """Where it is. Raises RuntimeError where it is not to be had."""
    named = os.environ.get("PROMTOOL") or shutil.which("promtool")
    if named:
        return Path(named)
    kept = FOLDER / "promtool"
    if not kept.exists():
        _fetch(kept)
    return kept


def _fetch(kept: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    said = ""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        for options in ((), own_lists(Path(folder))):
            said = _download(Path(folder), options)
            if found := list(Path(folder).glob(f"{PACKAGE}_*.deb")):
                _run(["dpkg-deb", "-x", str(found[0]), folder], Path(folder))
                os.replace(Path(folder) / "usr" / "bin" / "promtool", kept)
                return
    raise RuntimeError(f"{WANTED} apt said: {said[-600:]}")


def own_lists(folder: Path) -> tuple[str, ...]:
    """Options under which apt keeps its lists in a folder, and needs nobody's leave."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    return ("-o", f"Dir::State={folder}/state", "-o", f"Dir::Cache={folder}/cache", "-o", "Debug::NoLocking=1")


def _download(folder: Path, options: Sequence[str]) -> str:
    apt = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", *options]
    said = _run([*apt, "update"], folder) if options else ""
    return said + _run([*apt, "download", PACKAGE], folder)


def _run(command: Sequence[str], folder: Path) -> str:
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}\n"
    return ended.stdout + ended.stderr
