"""Rounds for drift: once an hour each active model is compared with what it was trained on.

masking 3 has scored 40,000 calls in the hour; 8,000 of them were kept, evenly. Its `attempts_300` lies 0.41 from where
it lay in training, its score 0.12: one alert of severity MEDIUM names both figures and says to train anew.

The share of calls that reach the threshold is watched as well: an hour with fewer than a fifth, or more than five times
as many as the mean of the seven days before, is an alert too. It takes a day until there is a mean to compare with.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final

from ratingd import observe
from ratingd.fraud.alert import MEDIUM, Alert
from ratingd.models.drift import ALERTED_ABOVE, ROWS_MIN, DriftWatch, drift
from ratingd.models.registry import Registry
from ratingd.models.scorers import Figures, Place, Sample, Scorer, Scorers

DETECTOR: Final = "model_drift"
HOURS: Final = 168
HOURS_MIN: Final = 24
RATE_LEAST: Final = 0.2
RATE_MOST: Final = 5.0
EXPECTED_MIN: Final = 5.0  # flagged calls; fewer are chance

Raise = Callable[[Alert], object]


class FlagRate:
    """How many of the calls scored in each hour reached the threshold, over seven days."""

    def __init__(self) -> None:
        self._hours: Final[deque[tuple[int, int]]] = deque(maxlen=HOURS)
        self._scored = 0
        self._flagged = 0
        self._strange = False

    def looked(self, figures: Figures) -> str:
        """An hour is over: what is strange about it, once; empty: nothing is, or it was told."""
        scored, flagged = figures.scored - self._scored, figures.flagged - self._flagged
        self._scored, self._flagged = figures.scored, figures.flagged
        mean = self.mean
        known = len(self._hours) >= HOURS_MIN
        self._hours.append((scored, flagged))
        if not known or not scored or mean * scored < EXPECTED_MIN:
            return ""
        rate, was_strange = flagged / scored, self._strange
        self._strange = not RATE_LEAST * mean <= rate <= RATE_MOST * mean
        if not self._strange or was_strange:
            return ""
        return f"{flagged} of {scored} calls reached its threshold in an hour; usual is {mean * scored:.1f} of so many"

    @property
    def mean(self) -> float:
        scored = sum([each for each, _ in self._hours])
        return sum([each for _, each in self._hours]) / scored if scored else 0.0


class DriftRounds:
    """`look` is a round; `watches` say what was found last, by the name of the score."""

    def __init__(
        self, registry: Registry, scorers: Scorers, alert: Raise, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._registry: Final = registry
        self._scorers: Final = scorers
        self._alert: Final = alert
        self._clock: Final = clock
        self._watches: Final[dict[str, DriftWatch]] = {}
        self._rates: Final[dict[str, FlagRate]] = {}

    @property
    def watches(self) -> Mapping[str, DriftWatch]:
        return self._watches

    def look(self) -> None:
        """Raises StoreFault; what was not looked at is looked at with the next round."""
        for name, place in list(self._scorers.places.items()):
            if place.active is not None:
                self._look_at(place, place.active)
                strange = self._rates.setdefault(name, FlagRate()).looked(place.figures)
                if strange:
                    self._raise(place.active, "flags unlike before", strange, 0.0, 0.0)

    def _look_at(self, place: Place, active: Scorer) -> None:
        from ratingd.models.model_folder import Manifest

        seen = place.sample.kept
        if len(seen) < ROWS_MIN:
            return
        manifest = Manifest.read(self._registry.model(active.name, active.version).manifest)
        place.sample = Sample()
        watch = self._watches.get(active.name)
        if watch is None or watch.version != active.version:
            watch = self._watches[active.name] = DriftWatch(active.version)
        fresh = watch.looked(drift(manifest, seen), len(seen), self._clock() // 1_000_000)
        for name in watch.warned:
            index = round(watch.found[name], 3)
            observe.event("model.drift", model=active.name, version=active.version, feature=name, psi=index)
        if fresh:
            found = ", ".join(f"{name} {watch.found[name]:.2f}" for name in fresh)
            text = f"PSI over {len(seen)} rows: {found}; beyond {ALERTED_ABOVE} traffic is not what it was trained on"
            self._raise(active, "sees other traffic than it was trained on", text, watch.found[fresh[0]], ALERTED_ABOVE)

    def _raise(self, active: Scorer, what: str, text: str, value: float, threshold: float) -> None:
        now_ms = self._clock() // 1_000_000
        self._alert(
            Alert(
                MEDIUM,
                f"Model {active.name} {active.version} {what}",
                f"{text}. Look at `ratingd model status`, and train a new version with recent calls.",
                DETECTOR, DETECTOR, "model", active.name, now_ms, now_ms, now_ms, value=value, threshold=threshold,
            )
        )  # fmt: skip
