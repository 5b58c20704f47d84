"""Watching: one evaluation of an account's monitors, and whether the debit that is running ends here.

A ceiling of 3.00 is reached in the fifth minute of ten, and its set disables the account: what was drawn stays charged,
the rest is not, and the reply says which monitor ended it. A set that cuts this very call does the same. Where several
fire in one evaluation, the first that ends the debit is named.
"""

from dataclasses import dataclass
from typing import Final

from accounts.book import Page
from accounts.charge import ChargeRequest, StoppedBy
from actions.catalogue import Catalogue
from actions.context import ActionContext
from actions.outside import Disconnect, Outside
from actions.perform import DISCONNECT, Fired, evaluate
from triggers.monitor import Firing

ACCOUNT_DISABLED: Final = "ACCOUNT_DISABLED"


@dataclass(frozen=True, slots=True)
class Watched:
    """What one evaluation came to. `outside` is in the order in which it was asked for."""

    outside: tuple[Outside, ...] = ()
    stop: StoppedBy | None = None
    failures: tuple[str, ...] = ()
    fired: tuple[Firing, ...] = ()


NOTHING: Final = Watched()


def watch(page: Page, catalogue: Catalogue, context: ActionContext) -> Watched:
    """Evaluate the account's monitors once and run the sets of those that are due."""
    was_open = _may_be_charged(page, context)
    found = evaluate(page, catalogue, context)
    if not found:
        return NOTHING
    return Watched(
        tuple(effect for fired in found for effect in fired.outside),
        _stop(context, found, closed=was_open and not _may_be_charged(page, context)),
        tuple(fired.failure for fired in found if fired.failure),
        tuple(fired.firing for fired in found if fired.done),
    )


def _may_be_charged(page: Page, context: ActionContext) -> bool:
    """Whether the account that is debited is there and enabled; it may be another member's monitor that asks."""
    caller = None if context.call is None else page.book.pages.get(context.call.key)
    return caller is not None and not caller.account.disabled and not caller.removed


def _stop(context: ActionContext, found: list[Fired], *, closed: bool) -> StoppedBy | None:
    """What ends the debit: its account disabled or removed (`closed`), or its call cut, by whoever's monitor."""
    call = context.call
    if call is None:
        return None
    done = [fired for fired in found if fired.done]
    for fired in done:
        if closed and fired is done[-1]:  # nothing fires on an account that is disabled
            return _stopped_by(fired.firing, ACCOUNT_DISABLED)
        if any(_cuts(effect, call) for effect in fired.outside):
            return _stopped_by(fired.firing, DISCONNECT)
    return None


def _cuts(effect: Outside, call: ChargeRequest) -> bool:
    return isinstance(effect, Disconnect) and (effect.call_id, effect.switch_id) == (call.call_id, call.switch_id)


def _stopped_by(firing: Firing, reason: str) -> StoppedBy:
    terms = firing.trigger.terms
    return StoppedBy(reason, terms.group, terms.unique_id, terms.actions_id)
