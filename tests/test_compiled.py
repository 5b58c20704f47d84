"""The tests run twice, over the sources and over what mypyc made of them: neither may turn out to be the other."""

import os
from importlib import import_module
from pathlib import Path

import pytest

from compiled.modules import INTERPRETED, PACKAGES, compiled_modules
from ratingd.core import core

ROOT = Path(__file__).resolve().parent.parent
ASKED = os.environ.get("TESTED_CORE", core())


def test_what_is_tested_is_what_was_asked_for() -> None:
    assert core() == ASKED


@pytest.mark.parametrize("path", compiled_modules(ROOT))
def test_each_module_of_the_list_runs_as_asked(path: str) -> None:
    file = str(import_module(path.removesuffix(".py").replace("/", ".")).__file__)
    assert file.endswith(".py") == (ASKED == "interpreted")


@pytest.mark.parametrize("path", sorted(INTERPRETED))
def test_what_is_left_out_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_compiled_lies_beside_its_source(package: str) -> None:
    assert not list((ROOT / package).rglob("*.so"))
