"""Model reasons: why a model scores a call as it does, for alerts and answers.

Contributions of 28 features cost some milliseconds. An alert has them the moment it is raised, and so has whoever asks
of a call. In a storm of alerts the first ten of a second have them; the others name the score and the model.

What a model was asked about a call is kept for a day, of the last ten thousand calls: an hour later an analyst asks
why call c-17 was 0.93, and is told, and not what would be thought of a call like it by now. A version that scores no
more gives no reasons.
"""

import threading
import time
from array import array
from collections.abc import Callable, Sequence
from typing import Final

from ratingd import observe
from triggers.calls.call_event import CallEvent
from triggers.generations import Generations
from triggers.scores.scored import Scored
from triggers.watch.explanation import Explanation
from triggers.watch.live_scores import MASKING_MODEL

Explain = Callable[[str, Sequence[float]], tuple[Explanation, ...]]
A_SECOND: Final = 10
CALLS_MAX: Final = 20_000
KEPT_MS: Final = 24 * 3_600_000


class AskedOf:
    """What a model was asked of a call that began, and what it said."""

    __slots__ = ("a", "probability", "row", "version")

    def __init__(self, event: CallEvent, row: Sequence[float], scored: Scored) -> None:
        self.a: Final = event.a.text
        self.row: Final = array("d", row)  # a third of what a list of floats takes
        self.probability: Final = scored.probability
        self.version: Final = scored.version


class ModelReasons:
    """`explain` is of the models in use, `prepared` tells whether it takes milliseconds and not seconds. Whatever is
    wrong with them, here it only means that there are no reasons."""

    def __init__(self) -> None:
        self.explain: Explain = lambda name, row: ()
        self.prepared: Callable[[str], bool] = lambda name: True
        self.version: Callable[[str], int] = lambda name: 0  # of the active model of a name
        self._second = 0
        self._given = 0
        self._lock: Final = threading.Lock()
        self._calls: Final[Generations[AskedOf]] = Generations(KEPT_MS, CALLS_MAX)

    def keep(self, event: CallEvent, row: Sequence[float], scored: Scored) -> None:
        """A call was scored as it began."""
        with self._lock:
            self._calls.keep(event.call_id, AskedOf(event, row, scored), event.received_ms)

    def call(self, call_id: str) -> AskedOf | None:
        """What was kept of a call; None where it was never scored, or long ago."""
        with self._lock:
            return self._calls.get(call_id)

    def of_call(self, call: AskedOf) -> tuple[Explanation, ...]:
        """Why a call has the score that it was given."""
        return self.asked(MASKING_MODEL, call.row.tolist()) if self.version(MASKING_MODEL) == call.version else ()

    def asked(self, name: str, row: Sequence[float]) -> tuple[Explanation, ...]:
        """For somebody who waits for them."""
        try:
            return self.explain(name, row)
        except Exception as fault:  # noqa: BLE001 (the score stands without its reasons)
            observe.fault("model.not_explained", fault, model=name)
            return ()

    def of_alert(self, name: str, row: Sequence[float]) -> tuple[Explanation, ...]:
        """For an alert that is raised; nothing where this second has had its share, or where they would take long."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._given = second, 0
        if self._given >= A_SECOND or not self.prepared(name):
            return ()
        self._given += 1
        return self.asked(name, row)
