"""The servers that do nothing, each in a process of its own: native, edge with Python behind it, grpcio.

They stand beside every row that goes over a network: what a native server answers with the same load, what the edge
answers when Python is asked and has nothing to decide, and what grpcio does. The native one is a Rust program on the
HTTP/2 of the edge, built when it is first needed.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired, run
from typing import Final

from bench.build import ROOT, Build
from bench.empty_server import CORRELATION_END, batch_reply, stream_reply

CRATE: Final = ROOT / "bench" / "empty_native"
TARGET: Final = ROOT / "bench" / "target" / "cargo"
PROGRAM: Final = TARGET / "release" / "empty-native"
BUILD_S: Final = 900
END_S: Final = 20


def native_program(say: Callable[[str], None]) -> Path | None:
    """The native server, built if need be; None, and a line why, where that is not possible."""
    cargo = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo" / "bin"))
    if cargo is None:
        say("no cargo: there is no empty native server to compare with")
        return None
    command = [cargo, "build", "--release", "--quiet", "--locked", "--target-dir", str(TARGET)]
    built = run(command, cwd=CRATE, capture_output=True, text=True, timeout=BUILD_S, check=False)
    if built.returncode != 0:
        say(f"the empty native server does not build: {built.stderr.strip()[-300:]}")
        return None
    return PROGRAM


@contextmanager
def empty_native(program: Path, folder: Path, reply: bytes) -> Iterator[str]:
    """Its address."""
    files = {"unary": reply, "batch": batch_reply(reply), "stream": stream_reply(reply)}
    for shape, content in files.items():
        (folder / f"{shape}.reply").write_bytes(content)
    with _serving(
        [str(program), *(str(folder / f"{shape}.reply") for shape in files), str(CORRELATION_END)]
    ) as address:
        yield address


@contextmanager
def empty_python(build: Build, transport: str, folder: Path, reply: bytes) -> Iterator[str]:
    path = folder / f"{transport}.reply"
    path.write_bytes(reply)
    with _serving(build.command("bench.empty_server", transport, str(path)), build.environment()) as address:
        yield address


@contextmanager
def _serving(command: list[str], environment: dict[str, str] | None = None) -> Iterator[str]:
    process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, env=environment, cwd=ROOT)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise RuntimeError(f"{' '.join(command[-3:])} did not start")
        yield f"127.0.0.1:{int(port)}"
    finally:
        try:
            process.communicate(timeout=END_S)  # closes its input, which ends it
        except TimeoutExpired:
            process.kill()
            process.communicate()
