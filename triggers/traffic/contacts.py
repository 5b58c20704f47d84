"""Contacts: whom a busy caller has called before, without keeping everyone he ever called.

A courier calls the same forty shops each week; an autodialler never calls a number twice. The last 512 to 1,024
numbers are remembered in two generations: when the younger is full it becomes the elder, and the elder is forgotten.
"""

from typing import Final

from mypy_extensions import mypyc_attr

GENERATION: Final = 512
CONTACT_MS: Final = 604_800_000  # seven days


@mypyc_attr(acyclic=True)
class Contacts:
    __slots__ = ("_elder", "_younger")

    def __init__(self) -> None:
        self._younger: dict[str, int] = {}
        self._elder: dict[str, int] = {}

    def called_before(self, b: str, at_ms: int) -> bool:
        last_ms = self._younger.get(b, self._elder.get(b, -CONTACT_MS))
        return at_ms - last_ms < CONTACT_MS

    def add(self, b: str, at_ms: int) -> None:
        if len(self._younger) >= GENERATION and b not in self._younger:
            self._elder, self._younger = self._younger, {}
        self._younger[b] = at_ms
