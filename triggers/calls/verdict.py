"""Verdicts: what a switch is told of a call, and what an operator is told beside it."""

from typing import Final

from mypy_extensions import mypyc_attr

ALLOW: Final = 1
DISCONNECT: Final = 2
CHALLENGE: Final = 3

ACTION_NAMES: Final = ("", "ALLOW", "DISCONNECT", "CHALLENGE")


@mypyc_attr(acyclic=True)
class Verdict:
    """`reasons` are masking, blacklist, blocked, or ids of rules. `risk` is 0 to 100, `probability` 0 to 1; it
    was given by `version` of the model, or by rules (0)."""

    __slots__ = ("action", "call_id", "duplicate", "incident_id", "probability", "reasons", "risk", "version")

    def __init__(
        self,
        call_id: str,
        action: int = ALLOW,
        reasons: tuple[str, ...] = (),
        *,
        probability: float = 0.0,
        risk: float = 0.0,
        incident_id: str = "",
        version: int = 0,
        duplicate: bool = False,
    ) -> None:
        self.call_id: Final = call_id
        self.action: Final = action
        self.reasons: Final = reasons
        self.probability: Final = probability
        self.risk: Final = risk
        self.incident_id: Final = incident_id
        self.version: Final = version
        self.duplicate: Final = duplicate
