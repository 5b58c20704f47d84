"""Actions on an account as a whole: starting afresh, and removing it.

Account 1001 has V=60 s and M=6, and a monitor that has fired. `*reset_account` leaves one blank balance of each kind,
without id and at 0, and arms the monitor; what its counters have counted stays. `*remove_account` removes the account
that the set is run on, or with {"Account": "1002"} that one, which has to be of the same tenant. One that is not there
is as good as removed.
"""

from typing import Final

from accounts.account import AccountKey
from accounts.balance import BalanceTerms
from accounts.book import Page
from accounts.holding import release_all
from accounts.shared_group import is_group
from actions.action import Action
from actions.balance_actions import open_balance
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.json_object import parse_texts
from actions.trigger_groups import reset_triggers

TENANT: Final = "Tenant"
ACCOUNT: Final = "Account"
ALLOWED: Final[str] = f'empty, or {{"{TENANT}":"","{ACCOUNT}":"1002"}}'


def reset_account(page: Page, action: Action, context: ActionContext) -> None:
    """Leave one blank balance of each kind that the account has, and arm its triggers."""
    kinds = list(dict.fromkeys([balance.terms.kind for balance in page.account.balances]))
    for balance in list(page.account.balances):
        page.close(balance)
    for kind in kinds:
        open_balance(page, action, context, BalanceTerms("", kind), 0)
    reset_triggers(page)


def remove_account(page: Page, action: Action) -> None:
    """Remove the account, or the one that is named; its plans and its places in shared groups go with it."""
    own = page.account.key
    try:
        named = parse_account(action.extra)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    key = AccountKey(named.tenant or own.tenant, named.account or own.account)
    if key.tenant != own.tenant:
        raise ActionFailed(action, f"account {key} is another tenant's, and {own} may not remove it")
    meant = page.book.page(key)
    if meant is not None and not meant.removed:
        release_all(meant)
        meant.remove()


def parse_account(text: str) -> AccountKey:
    """The account that a cell names, "" for what it leaves open; ValueError where it can name none."""
    chosen = parse_texts(text, (TENANT, ACCOUNT))
    key = AccountKey(chosen.get(TENANT, ""), chosen.get(ACCOUNT, ""))
    if is_group(key):
        raise ValueError(f"{key.account!r} is no account but a shared group")
    return key
