"""Scores as a model gives them: 0.93 by version 3 of masking, which is flagged as its threshold is 0.7."""

from typing import Final


class Scored:
    """`flagged`: the probability (0 to 1) reaches the threshold of the model."""

    __slots__ = ("flagged", "probability", "version")

    def __init__(self, probability: float, version: int, flagged: bool) -> None:
        self.probability: Final = probability
        self.version: Final = version
        self.flagged: Final = flagged
