"""Reach: which accounts besides its own a set names, so that they are asked for all at once.

A set that pays a commission to forty accounts has forty transfers. Asked for one by one they would be forty new begins
of the operation; asked for together they are one. What a set cannot read or may not touch is not asked for: it fails
where it is done, with its reason.
"""

from collections.abc import Iterable

from accounts.account import AccountKey
from actions.account_actions import parse_account
from actions.action import Action, ActionType
from actions.transfer import parse_destination


def accounts_named(actions: Iterable[Action], own: AccountKey) -> tuple[AccountKey, ...]:
    """The accounts of the same tenant that the actions name, each once."""
    named = [_named(action, own) for action in actions]
    return tuple(dict.fromkeys([key for key in named if key is not None and key.tenant == own.tenant and key != own]))


def _named(action: Action, own: AccountKey) -> AccountKey | None:
    try:
        if action.type is ActionType.TRANSFER_BALANCE:
            return parse_destination(action.extra).key
        if action.type is ActionType.REMOVE_ACCOUNT:
            named = parse_account(action.extra)
            return AccountKey(named.tenant or own.tenant, named.account or own.account)
    except ValueError:
        return None
    return None
