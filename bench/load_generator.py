"""The load generator as the bench calls it: the native one where there is Go, one in Python where there is not.

The native one is built from `bench/loadgen` when it is first needed; its module and its cache lie where Go keeps them,
or in the tree when there is no home to keep them in. Both take the same arguments, print `window` and `closed` when
measuring begins and ends, and then one JSON object.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.picker import EXPONENT, Pick

ROOT: Final = Path(__file__).resolve().parent
BUILD_S: Final = 600
END_S: Final = 60
USUAL_PLACES: Final = ("/usr/local/go/bin", "/usr/lib/go/bin")


@dataclass(frozen=True, slots=True)
class Load:
    """`outstanding` requests in flight over `connections` for `seconds`, after a warm-up."""

    address: str
    method: str
    mode: str  # unary, stream, batch or events
    requests: Path
    outstanding: int
    connections: int
    seconds: float
    accounts: int = 1
    pick: Pick = "turn"
    warmup: float = 0.8
    count: int = 5_000_000
    rate: float = 0.0  # requests a second; 0: as fast as they are answered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the generator saw. `cpu_us` is its own CPU for each answer, `stored` how many events were told stored."""

    answered: int
    counted: int
    seconds: float
    p50_us: float
    p99_us: float
    p999_us: float
    cpu_us: float
    trouble: str
    stored: int = 0
    verdicts: int = 0

    @property
    def per_second(self) -> float:
        return self.counted / self.seconds


@dataclass(frozen=True, slots=True)
class Generator:
    name: str
    command: tuple[str, ...]

    def run(self, load: Load, on_window: Callable[[str], None] = lambda _: None) -> Outcome:
        """Run to the end; `on_window` hears "window" and "closed" at the ends of the measured time."""
        command = [*self.command, *arguments(load)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT.parent) as process:
            try:
                last = _listen(process, on_window)
            finally:
                if process.poll() is None:
                    process.kill()
        if process.returncode != 0:
            raise RuntimeError(f"the load generator failed: {last}")
        return outcome(json.loads(last))


def _listen(process: "subprocess.Popen[str]", on_window: Callable[[str], None]) -> str:
    """Pass the marks on until the generator ends; its last line."""
    last = "{}"
    for line in process.stdout or ():
        if line.strip() in ("window", "closed"):
            on_window(line.strip())
        else:
            last = line
    process.wait(END_S)
    return last


def arguments(load: Load) -> list[str]:
    return [
        f"-address={load.address}",
        f"-method={load.method}",
        f"-mode={load.mode}",
        f"-requests={load.requests}",
        f"-prefix={secrets.token_hex(2)}",
        f"-outstanding={load.outstanding}",
        f"-connections={load.connections}",
        f"-accounts={load.accounts}",
        f"-pick={load.pick}",
        f"-exponent={EXPONENT}",
        f"-count={load.count}",
        f"-warmup={load.warmup}s",
        f"-time={load.seconds}s",
        f"-rate={load.rate}",
    ]


def outcome(report: dict[str, Any]) -> Outcome:
    """The report as values; errors and refusals in words, empty when each request was charged."""
    trouble = [
        f"{count} with status {status}: {report['samples'][status]}" for status, count in report["errors"].items()
    ]
    if report["refused"]:
        trouble.append(f"{report['refused']} refused")
    return Outcome(
        report["answered"],
        report["counted"],
        report["seconds"],
        report["p50_us"],
        report["p99_us"],
        report["p999_us"],
        report["cpu_us"],
        "; ".join([*trouble, *report["failures"]]),
        report.get("stored", 0),
        report.get("verdicts", 0),
    )


def best_generator(say: Callable[[str], None]) -> Generator:
    """The native generator, built if need be; the one in Python, and a line why, where that is not possible."""
    python = Generator("python", (sys.executable, "-m", "bench.python_load"))
    go = shutil.which("go") or shutil.which("go", path=os.pathsep.join(USUAL_PLACES))
    if go is None:
        say("no Go toolchain: the load comes from a Python generator, which costs as much as the daemon it measures")
        return python
    target = ROOT / "target" / "loadgen"
    target.parent.mkdir(exist_ok=True)
    built = subprocess.run(
        [go, "build", "-trimpath", "-o", str(target), "."],
        cwd=ROOT / "loadgen",
        env=go_environment(),
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
    )
    if built.returncode != 0:
        say(f"the native generator does not build, so the load comes from Python: {built.stderr.strip()[-300:]}")
        return python
    return Generator("go", (str(target),))


def go_environment() -> dict[str, str]:
    environment = dict(os.environ)
    home = environment.get("HOME", "")
    if "GOCACHE" not in environment and not (home and os.access(home, os.W_OK)):
        environment |= {"GOCACHE": str(ROOT / "target" / "cache"), "GOPATH": str(ROOT / "target" / "go")}
    flags = "-mod=readonly -modcacherw -buildvcs=false"  # a cache in the tree that `make clean` can remove
    return environment | {"GOFLAGS": flags, "GOWORK": "off", "CGO_ENABLED": "0"}
