"""Fields of a stored document: taken one by one, each with the type it must have, until none is left.

A document of a later release carries a field that this one does not know. To ignore it would be to lose it at the next
save, so a field that nobody asked for refuses the document, and so does one of another type.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final, NoReturn, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


class DocumentError(ValueError):
    """A stored document that cannot be read: which, what was found, what was expected."""


class Fields:
    """What is left of a document. `what` names it in errors: "account t:1001", "balance 7f3a"."""

    __slots__ = ("left", "what")

    def __init__(self, what: str, document: object) -> None:
        if not isinstance(document, Mapping):
            raise DocumentError(f"{what} is {document!r} where an object is expected")
        self.what = what
        self.left: Final[dict[str, object]] = dict(document)

    def end(self) -> None:
        if self.left:
            names = ", ".join(sorted(self.left))
            raise DocumentError(f"{self.what} has fields this release does not know: {names}")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name, default)
        return value if isinstance(value, str) else self._wrong(name, value, "a text")

    def text_or_none(self, name: str) -> str | None:
        return self.text(name) if name in self.left else None

    def integer(self, name: str, default: int | None = None) -> int:
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(name, value, "an integer")
        return value

    def integer_or_none(self, name: str) -> int | None:
        return self.integer(name) if name in self.left else None

    def flag(self, name: str, default: bool | None = False) -> bool:
        value = self._take(name, default)
        return value if isinstance(value, bool) else self._wrong(name, value, "true or false")

    def flag_or_none(self, name: str) -> bool | None:
        return self.flag(name) if name in self.left else None

    def number(self, name: str) -> Decimal:
        return self._decimal(name, self._take(name, "0"))

    def number_or_none(self, name: str) -> Decimal | None:
        return self.number(name) if name in self.left else None

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        text = self.text(name)
        member = kind._value2member_map_.get(text)  # what kind(text) looks up, at a fifth of its price
        return member if isinstance(member, kind) else self._wrong(name, text, "one of " + ", ".join(kind))

    def choice_or_none(self, name: str, kind: type[Choice]) -> Choice | None:
        return self.choice(name, kind) if name in self.left else None

    def items(self, name: str) -> list[object]:
        value = self._take(name, [])
        return value if isinstance(value, list) else self._wrong(name, value, "a list")

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(item if isinstance(item, str) else self._wrong(name, item, "a text") for item in self.items(name))

    def texts_or_none(self, name: str) -> tuple[str, ...] | None:
        return self.texts(name) if name in self.left else None

    def flags(self, name: str) -> dict[str, bool]:
        members = self._members(name)
        return {key: v if isinstance(v, bool) else self._wrong(name, v, "true or false") for key, v in members.items()}

    def flags_or_none(self, name: str) -> dict[str, bool] | None:
        return self.flags(name) if name in self.left else None

    def numbers(self, name: str) -> dict[str, Decimal]:
        return {key: self._decimal(name, value) for key, value in self._members(name).items()}

    def integers(self, name: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for key, value in self._members(name).items():
            if isinstance(value, bool) or not isinstance(value, int):
                self._wrong(name, value, "an integer")
            found[key] = value
        return found

    def part(self, name: str) -> object:
        """An object within this one, to be read by its own reader. Empty when it was left out."""
        return self._take(name, {})

    def _members(self, name: str) -> Mapping[str, object]:
        value = self._take(name, {})
        return value if isinstance(value, Mapping) else self._wrong(name, value, "an object")

    def _decimal(self, name: str, value: object) -> Decimal:
        if not isinstance(value, str):
            self._wrong(name, value, "a decimal as text")
        try:
            number = Decimal(value)
        except InvalidOperation:
            self._wrong(name, value, "a decimal as text")
        return number if number.is_finite() else self._wrong(name, value, "a finite decimal")

    def _take(self, name: str, default: object) -> object:
        value = self.left.pop(name, default)
        if value is None:
            raise DocumentError(f"{self.what} has no field {name!r}")
        return value

    def _wrong(self, name: str, value: object, expected: str) -> NoReturn:
        raise DocumentError(f"{self.what}: {name} is {value!r} where {expected} is expected")
