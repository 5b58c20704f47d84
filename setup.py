"""The build: pyproject.toml says what the project is, this adds the steps that are code.

The messages of `proto/` are generated before `setup`, because the packages are looked for there and `ratingd.v1` does
not exist in a fresh clone. The core is compiled where that can be done: a wheel made without a C compiler says so in
one line and is interpreted. RATINGD_COMPILED=0 wants no compiler, RATINGD_COMPILED=1 no wheel without one. An editable
install is never compiled: an extension module beside a source would go on running what the source no longer says.
"""

import runpy
import sys
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parent
GENERATED = ROOT / "build" / "wheel.c"
runpy.run_path(str(ROOT / "proto" / "generate.py"))["generate"](ROOT)
if {"bdist_wheel", "build", "build_ext"}.intersection(sys.argv):
    build = runpy.run_path(str(ROOT / "compiled" / "build.py"))
    if reason := build["why_not"]():
        sys.stderr.write(f"compiled: {reason}; the wheel is interpreted, which is slower\n")
        setup()
    else:
        setup(ext_modules=build["extensions"](ROOT, GENERATED), cmdclass={"build_ext": build["BuildCore"]})
else:
    setup()
