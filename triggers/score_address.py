"""Addresses of scores and traffic metrics: what a monitor on one names in its BalanceTag.

`score.masking` is a score of 0 to 100, `b.asr.300` the answer-seizure ratio of the called number over 300 seconds,
`trunk.acd.3600` the average call of a trunk over an hour: words and numbers in small letters, joined by dots, at least
two of them. Which of them exist is known only to whoever computes them, so the form alone is looked at.
"""

import re
from typing import Final

ADDRESS_ALLOWED: Final = "an address such as score.masking or b.asr.300"
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


def is_score_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None
