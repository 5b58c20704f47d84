"""Feature schemas: which numbers a model sees of a call or a caller, in which order, and what each says in words.

A model that was trained on (asr, aloc, overlap_ratio, …) and is given (aloc, asr, …) answers all the same, and wrongly.
So a model carries the hash of the schema it was trained with, 16 hex digits of its name, version and names in their
order: masking v3 is 8dea26db7d12244f. A model with any other is not loaded. Units and texts may be mended without a
new version, names and their order may not, and neither may what a name means.

A row that holds NaN or an infinity has no score, and whoever asked is told which feature it is.
"""

from collections.abc import Sequence
from hashlib import sha256
from math import isfinite
from typing import Final

from triggers.watch.explanation import figure

HASH_DIGITS: Final = 16
USUALLY: Final = " (usual: {baseline})"
NO_OR_YES: Final = ("no", "yes")

# units
COUNT: Final = ""
SECONDS: Final = "s"
HOURS: Final = "h"
CALLS_A_SECOND: Final = "calls/s"
CALLS_AN_HOUR: Final = "calls/h"
SHARE: Final = "share"
PERCENT: Final = "0-100"
RATIO: Final = "ratio"


class Feature:
    """`text` says in words what a value means, with {value} and {baseline} where they stand.

    `words` stand for the values 0, 1, 2, … of what is no quantity: ("no", "yes").
    """

    __slots__ = ("name", "text", "unit", "words")

    def __init__(self, name: str, unit: str, text: str, words: tuple[str, ...] = ()) -> None:
        self.name: Final = name
        self.unit: Final = unit
        self.text: Final = text if "{baseline}" in text else text + USUALLY
        self.words: Final = words

    def said(self, value: float, baseline: float) -> str:
        """`6 callers within the detection window (usual: 1)`; a share is said in per cent."""
        return self.text.replace("{value}", self.shown(value)).replace("{baseline}", self.shown(baseline))

    def shown(self, value: float) -> str:
        if self.words:
            return self.words[min(max(round(value), 0), len(self.words) - 1)]
        return f"{figure(100 * value)} %" if self.unit == SHARE else figure(value)


class FeatureSchema:
    def __init__(self, name: str, version: int, features: Sequence[Feature]) -> None:
        self.name: Final = name
        self.version: Final = version
        self.features: Final = tuple(features)
        self.names: Final = tuple([each.name for each in features])
        self.hash: Final = sha256("\n".join([name, str(version), *self.names]).encode()).hexdigest()[:HASH_DIGITS]
        self._places: Final = {each: place for place, each in enumerate(self.names)}
        if len(self._places) != len(self.names):
            raise ValueError(f"features of {name}: one name stands twice among {', '.join(self.names)}")

    def __len__(self) -> int:
        return len(self.names)

    def place(self, name: str) -> int:
        """Where a feature stands in a row."""
        place = self._places.get(name)
        if place is None:
            raise ValueError(f"features of {self.title} have no {name!r}: they are {', '.join(self.names)}")
        return place

    @property
    def title(self) -> str:
        return f"{self.name} v{self.version}"

    def check(self, row: Sequence[float]) -> None:
        """ValueError where a row cannot be scored."""
        names = self.names
        if len(row) != len(names):
            raise ValueError(
                f"a row of {self.title} has {len(names)} features, this one {len(row)}; they are {', '.join(names)}"
            )
        for place in range(len(names)):
            if not isfinite(row[place]):
                raise ValueError(
                    f"feature {names[place]!r} of {self.title} is {row[place]}; a score needs finite numbers, "
                    "and what is not known is 0"
                )
