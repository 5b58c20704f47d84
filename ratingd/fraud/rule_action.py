"""Actions as a rule writes them: a word of Actions.csv, and what it needs.

*alert                                 what is done in any case
*disconnect                            cut the call that the rule was looked at for
*block_number 1h                       refuse the number, or calls to the range, that the rule is about
*block_trunk 15m                       refuse the trunk that the call came over
*limit_session 60s 24h                 grant calls a minute at most until tomorrow
*http_post https://noc.example.org/a   whatever else Actions.csv can do, on the account that pays
DISABLE_AND_LOG                        a set of Actions.csv, on that account
"""

from dataclasses import dataclass
from typing import Final

from actions.action import LEFT_OUT, ActionType
from actions.protection import span

MS_NS: Final = 1_000_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
DISCONNECT: Final = "*disconnect"
HERE: Final = (ActionType.ALERT, ActionType.BLOCK_NUMBER, ActionType.BLOCK_TRUNK, ActionType.LIMIT_SESSION)


@dataclass(frozen=True, slots=True)
class RuleAction:
    """`type` None is a set, named by `text`, or `*disconnect`. `lasts_ms` and `limit_ms` are of blocks and limits."""

    text: str
    type: ActionType | None = None
    extra: str = ""
    lasts_ms: int = 0
    limit_ms: int = 0

    @property
    def of_account(self) -> bool:
        """Whether the account that pays does it."""
        return self.text != DISCONNECT and self.type not in HERE


def parse_action(text: str) -> RuleAction:
    """ValueError says what is wrong with it."""
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if not word.startswith("*") or word == DISCONNECT:
        if not word or rest:
            raise ValueError(f"{text!r} is neither an action nor the id of a set")
        return RuleAction(word)
    try:
        type = ActionType(word)
    except ValueError:
        raise ValueError(f"there is no action {word}") from None
    if type in LEFT_OUT:
        raise ValueError(f"{word} is not done: {LEFT_OUT[type]}")
    if type is ActionType.LIMIT_SESSION:
        limit, _, lasts = rest.partition(" ")
        return RuleAction(word, type, lasts_ms=_ms(lasts.strip() or "24h"), limit_ms=_ms(limit))
    if type in (ActionType.BLOCK_NUMBER, ActionType.BLOCK_TRUNK):
        return RuleAction(word, type, lasts_ms=_ms(rest or "1h"))
    return RuleAction(word, type, extra=rest)


def _ms(text: str) -> int:
    length = span(text) // MS_NS
    if length <= 0:
        raise ValueError(f"{text!r} is no time, such as 60s or 1h")
    return length
