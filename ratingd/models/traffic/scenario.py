"""Scenarios: a town, who lives and who steals there, and how much of the traffic each makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ratingd.models.traffic.call_block import CallBlock
from ratingd.models.traffic.people import People
from ratingd.models.traffic.town import Streets, Town


class Population(Protocol):
    """Who makes one kind of calls; each is a dataclass of what it varies between."""

    def calls(self, town: Town, count: int, draw: np.random.Generator) -> list[CallBlock]:
        """About `count` calls of theirs, and those that come of them."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`shares` are of all calls, by the name of a population; what remains are people's own."""

    name: str
    stream: int  # so that the same seed makes other calls in another scenario
    days: int
    streets: Streets
    people: People
    others: Mapping[str, Population]
    shares: Mapping[str, float]
