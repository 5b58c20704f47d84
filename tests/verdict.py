"""What a test says where a settlement pauses: which bounds hold from there on, and whether the debit ends there."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.account import Bound
from accounts.book import Book
from accounts.bounds import Bounds
from accounts.charge import StoppedBy


@dataclass(frozen=True, slots=True)
class Verdict:
    bounds: tuple[Bound, ...]
    stop: StoppedBy | None = None


def put_in_force(book: Book, bounds: Iterable[Bound]) -> None:
    """Put bounds on the pages of the accounts that they are about."""
    wanted = tuple(bounds)
    for key, page in book.pages.items():
        if page is not None:
            page.bounds = Bounds(page.account, [bound for bound in wanted if bound.key == key], page.dirty)
