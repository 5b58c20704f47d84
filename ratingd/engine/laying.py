"""Laying: the book an operation works in, and the members of shared groups, kept in step with the balances.

A debit begins with the caller's page alone. Where it reaches for another account it is interrupted, that account is
read, and it begins again with both: pages are copies, so nothing of the first attempt is left. After the operation each
page is compared with what was laid. 1002 got a balance that carries FAMILY and had none before, so the row
`*group:FAMILY` gets 1002 as its last member; when the last such balance goes, 1002 leaves. The rows are pages like the
others, with versions of their own: an operation that counted on the members is decided again if somebody joined
meanwhile.
"""

from collections.abc import Iterable
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import Account, AccountKey
from accounts.book import AccountsNeeded, Book, Page
from accounts.counter_window import roll_windows
from accounts.shared_group import NO_GROUPS, group_key, groups_of
from ratingd.engine.cache import Held
from ratingd.errors import InvariantBroken
from tariffs.zone import Zone


@mypyc_attr(acyclic=True, free_list_len=1)
class Laid:
    """The accounts laid before an operation, and which of them it `asked` for: its answer depends on no others."""

    __slots__ = ("_book", "asked", "held")

    def __init__(self, held: dict[AccountKey, Held]) -> None:
        self.held: Final = held
        self.asked: Final[set[AccountKey]] = set()
        self._book: Book | None = None

    def book(self) -> "LaidBook":
        """A book for the operation; what the one before it looked at or tried is done with."""
        self.close()
        book = LaidBook(self.asked)
        self._book = book
        return book

    def close(self) -> None:
        """Take the book apart: it and its pages name each other, and would wait for the garbage collector."""
        if self._book is not None:
            self._book.close()
            self._book = None


class LaidBook(Book):
    """A book that notes which of its pages were asked for."""

    __slots__ = ("_asked",)

    def __init__(self, asked: set[AccountKey]) -> None:
        super().__init__()
        self._asked: Final = asked

    def page(self, key: AccountKey) -> Page | None:
        self._asked.add(key)
        try:
            return self.pages[key]
        except KeyError:
            raise AccountsNeeded((key,)) from None

    def need(self, keys: Iterable[AccountKey]) -> None:
        wanted = tuple(keys)
        self._asked.update(wanted)
        super().need(wanted)


def look(laid: Laid) -> Book:
    """A book of the accounts themselves, for an operation that only looks."""
    book = laid.book()
    for key, held in laid.held.items():
        account = _sound(key, held)
        if account is None:
            book.pages[key] = None
        else:
            Page(account, book=book)
    return book


def lay(laid: Laid, now_ns: int, default_zone: Zone, *, charging: bool = False) -> LaidBook:
    """A book of fresh copies of what was laid before an operation, their counters in the windows of this moment.

    Pages for a charge copy a balance when it may pay, and the triggers when one of them fires.
    """
    book = laid.book()
    for key, held in laid.held.items():
        account = _sound(key, held)
        if account is None:
            book.pages[key] = None
        else:
            copy = account.borrowing() if charging else account.copy()
            page = Page(copy, book=book, lent=account if charging else None)
            roll_windows(page, now_ns, account.zone_or(default_zone))
            if len(page.account.counters) == len(account.counters):
                page.begun = len(page.changes)
    return book


def _sound(key: AccountKey, held: Held) -> Account | None:
    if held.fault is not None:
        raise InvariantBroken(f"the stored account {key} cannot be read: {held.fault}")
    return held.account


def changed(book: Book, laid: Laid, now_ns: int) -> tuple[Page, ...]:
    """The pages that an operation has changed, dated. One on which laying began a window, and no more, is left alone:
    whoever lays it next begins the window again. Counters of calls that are over do go."""
    asked = laid.asked
    pages = [page for page in book.there if len(page.changes) > page.begun and page.account.key in asked]
    for page in pages:
        page.account.updated_ns = now_ns
    return tuple(pages)


def keep_members(book: Book, laid: Laid) -> None:
    """Let accounts join the groups that their balances carry now, and leave those that none of them carries."""
    for page in [page for page in book.there if page.rearranged]:
        key = page.account.key
        held = laid.held.get(key)
        before = NO_GROUPS if held is None or held.account is None else groups_of(held.account)
        after = NO_GROUPS if page.removed else groups_of(page.account)
        if before != after:
            _move(book, key, before, after)


def _move(book: Book, key: AccountKey, before: frozenset[str], after: frozenset[str]) -> None:
    changes = before ^ after
    book.need([group_key(key.tenant, group) for group in sorted(changes)])
    for group in sorted(changes):
        row = book.page(group_key(key.tenant, group))
        if row is None:
            row = Page(Account(group_key(key.tenant, group)), created=True, book=book)
        members = row.account.members
        others = tuple([member for member in members if member != key.account])
        if group in before:
            row.set_members(others)
        elif key.account not in members:
            row.set_members((*others, key.account))
