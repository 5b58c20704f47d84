"""Laying: the book an operation works in, and the members of shared groups, kept in step with the balances.

A debit begins with the caller's page alone. Where it reaches for another account it is interrupted, that account is
read, and it begins again with both: pages are copies, so nothing of the first attempt is left. After the operation each
page is compared with what was laid. 1002 got a balance that carries FAMILY and had none before, so the row
`*group:FAMILY` gets 1002 as its last member; when the last such balance goes, 1002 leaves. The rows are pages like the
others, with versions of their own: an operation that counted on the members is decided again if somebody joined
meanwhile.
"""

from collections.abc import Mapping

from accounts.account import Account, AccountKey
from accounts.book import Book, Page
from accounts.shared_group import NO_GROUPS, group_key, groups_of
from ratingd.engine.cache import Held
from ratingd.errors import InvariantBroken


def lay(laid: Mapping[AccountKey, Held]) -> Book:
    """A book of fresh copies of what was laid before an operation."""
    book = Book()
    for key, held in laid.items():
        if held.fault is not None:
            raise InvariantBroken(f"the stored account {key} cannot be read: {held.fault}")
        if held.account is None:
            book.pages[key] = None
        else:
            Page(held.account.copy(), book=book)
    return book


def changed(book: Book, now_ns: int) -> tuple[Page, ...]:
    """The pages that an operation has changed, dated."""
    pages = [page for page in book.pages.values() if page is not None and page.changes]
    for page in pages:
        page.account.updated_ns = now_ns
    return tuple(pages)


def keep_members(book: Book, laid: Mapping[AccountKey, Held]) -> None:
    """Let accounts join the groups that their balances carry now, and leave those that none of them carries."""
    for key, page in list(book.pages.items()):
        if page is None or not page.changes:
            continue
        held = laid.get(key)
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
