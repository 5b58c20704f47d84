"""The native transport is built where cargo is, and nobody has to wait for it, or know of it, where cargo is not.

    python edge/build.py install     the module `ratingd_edge` into this Python's environment; again only after a change
    python edge/build.py again       the same, also where it failed before
    python edge/build.py check       rustfmt and clippy
    python edge/build.py test        the tests that need no Python
    python edge/build.py format      the sources as rustfmt wants them

Without cargo, or if the build fails, one line says so and ratingd serves through grpcio. What cargo said is in a log
that the line names. All that is built stays below edge/target; so do the crates where there is no home to keep them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

EDGE: Final = Path(__file__).resolve().parent
TARGET: Final = EDGE / "target"
LOG: Final = TARGET / "build.log"
STAMP: Final = Path(sys.prefix) / ".edge"  # digest of the sources, and what became of them
SOURCES: Final = ("Cargo.toml", "Cargo.lock", "pyproject.toml", "build.py", "src/**/*.rs")
BUILT: Final = "built"
FAILED: Final = "failed"
CONSEQUENCE: Final = "ratingd serves through grpcio, which is slower"
PIP: Final = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")
CHECKS: Final = (
    ("fmt", "--check"),
    ("clippy", "--locked", "--quiet", "--all-targets", "--", "--deny", "warnings"),
)
TESTS: Final = (("test", "--locked", "--quiet", "--no-default-features"),)


def main(arguments: Sequence[str]) -> int:
    match arguments:
        case ["install" | "again" as how]:
            install(again=how == "again")
            return 0
        case ["check"]:
            return run_all(CHECKS)
        case ["test"]:
            return run_all(TESTS)
        case ["format"]:
            return run_all([["fmt"]])
    print(__doc__, file=sys.stderr)
    return 2


def install(*, again: bool) -> None:
    """Build and install what is not there yet. It never fails: there is another transport."""
    built, failed = f"{digest()} {BUILT}", f"{digest()} {FAILED}"
    if stamp() == built:
        return
    cargo = find_cargo(os.environ)
    if cargo is None:
        uninstall()
        print(f"setup: no cargo, so {CONSEQUENCE}")
        return
    if stamp() != failed or again:
        STAMP.write_text(built if build(cargo) else failed)
    if stamp() == failed:
        uninstall()
        log = LOG.relative_to(EDGE.parent)
        print(f"setup: the native transport does not build ({log} says why; `make edge` tries again), so {CONSEQUENCE}")


def build(cargo: Path) -> bool:
    print("setup: the native transport, by cargo (a minute or two the first time)", flush=True)
    wheels = TARGET / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    TARGET.mkdir(exist_ok=True)
    maturin = [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--compatibility", "linux"]
    with LOG.open("w") as log:
        made = subprocess.run(
            [*maturin, "--interpreter", sys.executable, "--out", str(wheels)],
            cwd=EDGE, env=environment(cargo, os.environ), stdout=log, stderr=log, check=False,
        )  # fmt: skip
        put = [*PIP, "install", "--no-deps", "--no-index", "--force-reinstall", *map(str, wheels.glob("*.whl"))]
        return made.returncode == 0 and subprocess.run(put, stdout=log, stderr=log, check=False).returncode == 0


def uninstall() -> None:
    """A module that was built of other sources must not serve."""
    if find_spec("ratingd_edge") is not None:
        subprocess.run([*PIP, "uninstall", "--yes", "ratingd-edge"], capture_output=True, check=False)


def run_all(commands: Sequence[Sequence[str]]) -> int:
    """Run cargo where the transport was built with it; the first exit status that is none of success."""
    cargo = find_cargo(os.environ)
    if cargo is None or stamp() != f"{digest()} {BUILT}":
        return 0
    environ = environment(cargo, os.environ)
    for command in commands:
        if not present(cargo, command[0], environ):
            print(f"edge: cargo {command[0]} is not installed, and not run")
            continue
        done = subprocess.run([str(cargo), *command], cwd=EDGE, env=environ, check=False)
        if done.returncode != 0:
            return done.returncode
    return 0


def present(cargo: Path, command: str, environ: Mapping[str, str]) -> bool:
    """Whether cargo knows a command; rustfmt and clippy are components that a small toolchain leaves out."""
    asked = subprocess.run([str(cargo), command, "--help"], env=environ, capture_output=True, check=False)
    return asked.returncode == 0


def find_cargo(environ: Mapping[str, str]) -> Path | None:
    """On the path, or where rustup puts it."""
    places = [environ.get("CARGO_HOME"), environ.get("HOME") and f"{environ['HOME']}/.cargo"]
    usual = os.pathsep.join(f"{place}/bin" for place in places if place)
    found = shutil.which("cargo", path=environ.get("PATH")) or shutil.which("cargo", path=usual)
    return None if found is None else Path(found)


def environment(cargo: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What cargo runs in: it writes below edge/target, and elsewhere only where there is a home to write to."""
    made = {**environ, "CARGO_TARGET_DIR": str(TARGET), "PATH": f"{cargo.parent}{os.pathsep}{environ.get('PATH', '')}"}
    rustup = cargo.parent.parent.parent / ".rustup"  # the toolchain that belongs to this cargo, whoever's home this is
    if "RUSTUP_HOME" not in environ and rustup.is_dir():
        made["RUSTUP_HOME"] = str(rustup)
    home = environ.get("HOME", "")
    if "CARGO_HOME" not in environ and not (home and os.access(home, os.W_OK)):
        made["CARGO_HOME"] = str(TARGET / "cargo-home")
    return made


def digest() -> str:
    """Of all that the module is built from."""
    files = sorted(path for pattern in SOURCES for path in EDGE.glob(pattern))
    whole = hashlib.sha256(sys.version.encode())
    for path in files:
        whole.update(f"{path.relative_to(EDGE)}\n{path.stat().st_size}\n".encode() + path.read_bytes())
    return whole.hexdigest()


def stamp() -> str:
    return STAMP.read_text() if STAMP.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
