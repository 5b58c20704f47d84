"""How the native transport is built: where cargo is looked for, what it runs in, and what is said where it is not."""

import sys
from pathlib import Path

import pytest

from edge import build


def executable(path: Path, text: str = "exit 1") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A crate of its own, in a path with a space, and an environment without cargo."""
    edge = tmp_path / "a tree" / "edge"
    (edge / "src").mkdir(parents=True)
    (edge / "Cargo.toml").write_text("[package]\n")
    monkeypatch.setattr(build, "EDGE", edge)
    monkeypatch.setattr(build, "TARGET", edge / "target")
    monkeypatch.setattr(build, "LOG", edge / "target" / "build.log")
    monkeypatch.setattr(build, "STAMP", tmp_path / ".edge")
    monkeypatch.setattr(build, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", "")
    monkeypatch.delenv("CARGO_HOME", raising=False)
    return edge


def test_cargo_is_found_on_the_path_and_where_rustup_puts_it(tmp_path: Path) -> None:
    assert build.find_cargo({"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None
    at_home = executable(tmp_path / ".cargo" / "bin" / "cargo")
    assert build.find_cargo({"PATH": str(tmp_path), "HOME": str(tmp_path)}) == at_home
    assert build.find_cargo({"PATH": str(tmp_path), "HOME": "", "CARGO_HOME": str(tmp_path / ".cargo")}) == at_home
    on_path = executable(tmp_path / "cargo")
    assert build.find_cargo({"PATH": str(tmp_path), "HOME": str(tmp_path)}) == on_path


def test_cargo_writes_into_the_tree_where_there_is_no_home(tmp_path: Path) -> None:
    cargo = tmp_path / ".cargo" / "bin" / "cargo"
    for home in ("", str(tmp_path / "nowhere")):
        assert build.environment(cargo, {"HOME": home})["CARGO_HOME"].startswith(str(build.TARGET))
    made = build.environment(cargo, {"HOME": str(tmp_path), "PATH": "/bin"})
    assert "CARGO_HOME" not in made
    assert made["CARGO_TARGET_DIR"] == str(build.TARGET)
    assert made["PATH"] == f"{cargo.parent}:/bin"


def test_the_toolchain_is_that_of_the_cargo_that_was_found(tmp_path: Path) -> None:
    cargo = tmp_path / ".cargo" / "bin" / "cargo"
    assert "RUSTUP_HOME" not in build.environment(cargo, {"HOME": ""})
    (tmp_path / ".rustup").mkdir()
    assert build.environment(cargo, {"HOME": ""})["RUSTUP_HOME"] == str(tmp_path / ".rustup")
    assert build.environment(cargo, {"RUSTUP_HOME": "/mine"})["RUSTUP_HOME"] == "/mine"


def test_without_cargo_one_line_says_what_serves(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert build.main(["install"]) == 0
        assert capsys.readouterr().out == "setup: no cargo, so ratingd serves through grpcio, which is slower\n"
    assert build.main(["check"]) == build.main(["test"]) == 0


def test_a_build_that_fails_is_tried_once_and_said_each_time(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(tmp_path / "bin" / "cargo")
    said = (
        "setup: the native transport does not build (edge/target/build.log says why; `make edge` tries again), "
        "so ratingd serves through grpcio, which is slower"
    )
    assert build.main(["install"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [said]
    assert build.LOG.exists()
    assert build.main(["install"]) == 0
    assert capsys.readouterr().out.splitlines() == [said]
    assert build.main(["check"]) == 0
    assert build.main(["again"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_what_is_built_is_built_once_for_each_state_of_the_sources(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "bin" / "cargo")
    built: list[Path] = []

    def build_it(cargo: Path) -> bool:
        built.append(cargo)
        return True

    monkeypatch.setattr(build, "build", build_it)
    for _ in range(2):
        build.main(["install"])
    assert len(built) == 1
    (tree / "src" / "lib.rs").write_text("//! More.\n")
    build.main(["install"])
    assert len(built) == 2


def test_a_toolchain_without_clippy_checks_what_it_can(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(tmp_path / "bin" / "cargo", 'case "$1" in clippy) exit 1;; test) [ "$2" = --help ];; esac')
    monkeypatch.setattr(build, "build", lambda _: True)
    build.main(["install"])
    assert build.main(["check"]) == 0
    assert capsys.readouterr().out == "edge: cargo clippy is not installed, and not run\n"
    assert build.main(["test"]) == 1


def test_who_asks_for_nothing_that_there_is_gets_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["bake"]) == 2
    assert "edge/build.py install" in capsys.readouterr().err
    assert Path(sys.prefix) == build.STAMP.parent
