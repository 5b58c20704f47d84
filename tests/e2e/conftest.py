"""A shell on a daemon: one without a tariff, one with the sample's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.serving import serving
from tests.e2e.shell import SAMPLE, Shell


@contextmanager
def shell_on(url: str) -> Iterator[Shell]:
    with serving(url, default_tenant="example.org", log_format="none") as served:
        yield Shell(served)


@pytest.fixture
def empty(sqlite_url: str) -> Iterator[Shell]:
    with shell_on(sqlite_url) as shell:
        yield shell


@pytest.fixture(scope="session")
def sample_file(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Path:
    """A store with the sample's tariff, which each test gets a copy of."""
    path = tmp_path_factory.mktemp("sample") / "ratingd.db"
    shutil.copyfile(migrated_file, path)
    with shell_on(f"sqlite:///{path}") as shell:
        shell.run("tariffs", "load", str(SAMPLE))
    return path


@pytest.fixture
def shell(tmp_path: Path, sample_file: Path) -> Iterator[Shell]:
    path = tmp_path / "ratingd.db"
    shutil.copyfile(sample_file, path)
    with shell_on(f"sqlite:///{path}") as shell:
        yield shell
