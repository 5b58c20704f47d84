"""Live scores: whom the fraud watch asks for what models think, where there are models.

A call to a number that two others have called within five seconds passes the gate. Its row goes to `Models`, which
answer with a score, or with None where no model is active or the one that is cannot tell. What is thought of its caller
was found out before, beside the calls, and is looked up.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from triggers.scores.scored import Scored
from triggers.watch.rule_score import METHOD

MASKING_MODEL: Final = "masking"
CALL_MODEL: Final = "knn"


class Models(Protocol):
    """Whoever scores. Neither raises."""

    def wanted(self, name: str) -> bool:
        """Whether anything scores under a name, so that it is worth while to make a row."""
        ...

    def scores(self, name: str, rows: Sequence[list[float]]) -> list[Scored | None]:
        """Of each row, in their order; rows are kept."""
        ...

    def method(self, name: str) -> str:
        """How a score comes about: xgboost, or what else the active model is; rule_based where none is."""
        ...


class KnownRisks(Protocol):
    def known(self, caller: str) -> float:
        """How suspect a caller was when a model scored him last, 0 to 100; 0 where none has."""
        ...


class NoModels:
    def wanted(self, name: str) -> bool:
        return False

    def scores(self, name: str, rows: Sequence[list[float]]) -> list[Scored | None]:
        return [None for _ in rows]

    def method(self, name: str) -> str:
        return METHOD


class NoRisks:
    def known(self, caller: str) -> float:
        return 0.0


NO_MODELS: Final = NoModels()
NO_RISKS: Final = NoRisks()
