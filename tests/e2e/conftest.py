"""A shell on a daemon: one without a tariff, one with the sample's."""

from collections.abc import Iterator

import pytest

from tests.e2e.serving import serving
from tests.e2e.shell import SAMPLE, Shell


@pytest.fixture
def empty(sqlite_url: str) -> Iterator[Shell]:
    with serving(sqlite_url, default_tenant="example.org", log_format="none") as served:
        yield Shell(served)


@pytest.fixture
def shell(empty: Shell) -> Shell:
    empty.run("tariffs", "load", str(SAMPLE))
    return empty
