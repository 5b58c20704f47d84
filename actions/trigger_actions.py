"""Actions on the terms of an account's triggers: letting them fire once, or again and again.

`*set_recurrent` with {"GroupID": "FRAUD"} makes the account's own copies of that group recurrent, `*unset_recurrent`
lets each fire once. Marks and counters stay: a trigger that has fired already is armed by `*reset_triggers` alone.
"""

from dataclasses import replace

from accounts.book import Page
from accounts.document import trigger_document
from actions.action import Action
from actions.trigger_groups import meant_triggers


def set_recurrent(page: Page, action: Action, *, recurrent: bool) -> None:
    """Change the triggers that are meant, in place: one of them may be firing this very set."""
    meant = meant_triggers(action)
    changed = [t for t in page.account.triggers if t.terms.recurrent != recurrent and meant(t.terms)]
    for trigger in changed:
        trigger.terms = replace(trigger.terms, recurrent=recurrent)
    if changed:
        triggers = list(page.account.triggers)
        page.replace_triggers(triggers, [trigger_document(trigger) for trigger in triggers])
