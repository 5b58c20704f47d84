"""Which core runs: the sources as Python reads them, or what mypyc made of the same sources.

Both give the same answers, the compiled one several times as many of them in a second. `ratingd --version` tells which
it is, and so does the daemon when it starts: a wheel made without a C compiler is interpreted.
"""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec


def core() -> str:
    """`compiled` or `interpreted`, without importing it."""
    found = find_spec("accounts.charge")
    origin = "" if found is None else str(found.origin)
    return "compiled" if origin.endswith(tuple(EXTENSION_SUFFIXES)) else "interpreted"
