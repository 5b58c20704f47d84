"""The build: pyproject.toml says what the project is, this adds the one step that is code, the generated messages.

It runs before `setup`, because the packages are looked for there and `ratingd.v1` does not exist in a fresh clone.
"""

import runpy
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parent
runpy.run_path(str(ROOT / "proto" / "generate.py"))["generate"](ROOT)
setup()
