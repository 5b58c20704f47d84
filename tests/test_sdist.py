"""The source distribution holds all that a build needs: unpacked elsewhere, it becomes a wheel."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parent.parent
FOLDERS = ("tariffs", "accounts", "triggers", "actions", "ratingd", "proto", "compiled", "examples")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")


def build(what: str, folder: Path, out: Path) -> Path:
    """What the build's backend makes of the sources in a folder, and of nothing else."""
    code = f"import sys; from setuptools import build_meta; print(build_meta.build_{what}(sys.argv[1]))"
    environment = {**os.environ, "RATINGD_COMPILED": "0", "PYTHONPATH": ""}
    made = subprocess.run(
        [sys.executable, "-c", code, str(out)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr[-2000:]
    return out / made.stdout.splitlines()[-1]


@pytest.mark.timeout(240)
def test_a_wheel_is_built_from_the_source_distribution_alone(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    for folder in FOLDERS:
        leave_out = shutil.ignore_patterns("__pycache__", "*_pb2*", ".generated")
        shutil.copytree(TREE / folder, sources / folder, ignore=leave_out)
    for file in FILES:
        shutil.copy(TREE / file, sources / file)
    packed = build("sdist", sources, tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    subprocess.run(["tar", "-xzf", str(packed), "-C", str(elsewhere)], timeout=60, check=True)
    (unpacked,) = elsewhere.iterdir()
    assert {path.name for path in (unpacked / "compiled").iterdir()} >= {"build.py", "modules.py"}
    wheel = build("wheel", unpacked, tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    assert "ratingd/v1/charging_pb2.py" in names
    assert "triggers/rules/FraudRules.csv" in names
    assert any(name.endswith("share/ratingd/tariffs/Destinations.csv") for name in names)
    assert not any(name.startswith(("proto/", "compiled/", "tests/")) for name in names)
