"""The compiled core: mypyc turns the modules of `modules.py` into C, from the same files that run interpreted.

    python compiled/build.py build/compiled
    PYTHONPATH=build/compiled ratingd serve

The folder becomes a copy of the packages with the extension modules in it, and nothing of that is ever put beside the
sources: an extension module is found before the .py next to it, so after an edit it would go on running the old text.

A minute of the C compiler is shared out over the cores, and an object is kept under the digest of all that went into
it; so an edit compiles what it changed, and a second build compiles nothing.
"""

import fcntl
import gc
import hashlib
import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path
from typing import Any, Final

from setuptools import Distribution, Extension
from setuptools.command.build_ext import build_ext

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from compiled.modules import PACKAGES, compiled_modules, libraries  # noqa: E402  (run as it lies, from anywhere)

OBJECTS: Final = ROOT / "build" / "objects"
OBJECTS_KEPT_S: Final = 7 * 86_400
OPTIMISE: Final = "2"
# The strict check is `make check`; here a dependency may be missing, as in an isolated build of the wheel.
TYPING: Final = (
    "--config-file=", "--ignore-missing-imports", "--explicit-package-bases", "--python-version=3.11",
    f"--cache-dir={os.devnull}",  # what it knows of a library that did not change, it has written less completely
)  # fmt: skip
SWITCH: Final = "RATINGD_COMPILED"
STAMP: Final = ".compiled-from"


def why_not() -> str | None:
    """What this machine lacks to compile, or None. RATINGD_COMPILED=0 asks for none of it, 1 for nothing less."""
    if os.environ.get(SWITCH) == "0":
        return f"{SWITCH} is 0"
    lacking = lacks()
    if lacking and os.environ.get(SWITCH) == "1":
        sys.exit(f"compiled: {SWITCH} is 1, and {lacking}")
    return lacking


def lacks() -> str | None:
    try:
        import mypyc.build  # noqa: F401
    except ImportError:
        return "mypy is not installed"
    compiler = str(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler})"
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        return "the headers of Python are not installed"
    return None


def extensions(tree: Path, generated: Path) -> list[Extension]:
    """The extension modules of the packages in `tree`; their C goes to `generated`."""
    from mypyc.build import mypycify

    with chdir(tree):
        made: list[Extension] = mypycify(
            [*TYPING, *compiled_modules(tree)],
            separate=libraries(tree),
            opt_level=OPTIMISE, debug_level="0", multi_file=True, target_dir=str(generated),
        )  # fmt: skip
    for extension in made:
        # A newer compiler has newer warnings, of code that nobody wrote; and each file of a library defines the table
        # of the functions that it uses of another library, which is one and the same for all of them.
        extension.extra_compile_args += ["-w", "-fcommon"]
    return made


class BuildCore(build_ext):  # type: ignore[misc]  # setuptools has no types
    """Compiles on all cores, and nothing that was compiled before."""

    def build_extensions(self) -> None:
        OBJECTS.mkdir(parents=True, exist_ok=True)
        self.compiler.compile = in_parallel(self.compiler, self.compiler.compile)
        for library in (extension for extension in self.extensions if len(extension.sources) > 1):
            self.build_extension(library)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # of each module, the few lines that look it up in its library
            list(pool.map(self.build_extension, [each for each in self.extensions if len(each.sources) == 1]))
        for kept in OBJECTS.iterdir():
            if kept.stat().st_mtime < time.time() - OBJECTS_KEPT_S:
                kept.unlink(missing_ok=True)


def in_parallel(compiler: Any, compile: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """`compile`, for each source on its own. What it may include are the headers that `options` say it depends on."""

    def one(source: str, headers: bytes, output_dir: str, options: dict[str, Any]) -> str:
        (made,) = compiler.object_filenames([source], output_dir=output_dir)
        how = f"{compiler.compiler_so} {options['extra_postargs']} {compiler_of_types()} {sys.version}"
        text = Path(source).read_bytes()
        whole = text + how.encode() + (headers if b"__native" in text else b"")  # the library of mypyc includes none
        kept = OBJECTS / f"{hashlib.sha256(whole).hexdigest()}.o"
        if kept.exists():
            put(kept, Path(made))
            os.utime(kept)
        else:
            compile([source], output_dir=output_dir, **options)
            put(Path(made), kept)
        return str(made)

    def each(sources: list[str], output_dir: str = "", **options: Any) -> list[str]:
        headers = b"".join(Path(name).read_bytes() for name in options["depends"])
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda source: one(source, headers, output_dir, options), sources))

    return each


def compiler_of_types() -> str:
    from mypy.version import __version__

    return __version__


def put(source: Path, target: Path) -> None:
    """Copy whole or not at all: another build may look."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copyfile(source, part)
    part.replace(target)


def build_tree(out: Path) -> bool:
    """Make `out` the compiled copy of the packages; whether anything had to be compiled."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy_sources(out)
        built_from = digest(out)
        stamp = out / STAMP
        if stamp.exists() and stamp.read_text() == built_from:
            return False
        stamp.unlink(missing_ok=True)
        for stale in out.rglob("*.so"):
            stale.unlink()
        compile_in(out)
        stamp.write_text(built_from)
        return True


def copy_sources(out: Path) -> None:
    """The packages and the sample plan, as they are now; what is no longer there goes."""
    found = {path.relative_to(ROOT): path for path in sources()}
    for name, path in found.items():
        if not (out / name).exists() or (out / name).read_bytes() != path.read_bytes():
            put(path, out / name)
    for path in out.rglob("*.py*"):
        if path.suffix != ".pyc" and path.relative_to(out) not in found:
            path.unlink()


def sources() -> Iterable[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")
        yield from (ROOT / package).rglob("*.pyi")
        yield from (ROOT / package).rglob("*.csv")
    yield from (ROOT / "examples" / "tariffs").glob("*.csv")


def digest(out: Path) -> str:
    """Of what is compiled and of how."""
    whole = hashlib.sha256(f"{compiler_of_types()} {sys.version}".encode())
    for path in (*(out / name for name in compiled_modules(out)), Path(__file__)):
        whole.update(f"{path.name}\n".encode() + path.read_bytes())
    return whole.hexdigest()


def compile_in(out: Path) -> None:
    generated = out / ".c"
    made = extensions(out, generated)
    with chdir(out):
        command = BuildCore(Distribution({"name": "ratingd", "ext_modules": made, "packages": []}))
        command.build_lib, command.build_temp = str(out), str(generated / "objects")
        command.ensure_finalized()
        command.run()


def main(out: Path) -> None:
    """`out` compiled; where it cannot be, one line says why and `out` is not there."""
    if reason := why_not():
        print(f"compiled: {reason}; the core runs interpreted, which is slower")
        shutil.rmtree(out, ignore_errors=True)
        return
    started = time.monotonic()
    if build_tree(out.resolve()):
        print(f"compiled: {len(compiled_modules(out))} modules in {time.monotonic() - started:.0f} s -> {out}")


if __name__ == "__main__":
    gc.disable()  # mypy's trees live as long as the process does
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # taking them apart would take ten seconds more
