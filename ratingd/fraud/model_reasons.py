"""Model reasons: why a model scores a call as it does, for alerts and answers.

Contributions of 22 features cost some milliseconds. An alert has them the moment it is raised, and so has whoever asks
of a call. In a storm of alerts the first ten of a second have them; the others name the score and the model.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from ratingd import observe
from triggers.watch.explanation import Explanation

Explain = Callable[[str, Sequence[float]], tuple[Explanation, ...]]
A_SECOND: Final = 10


class ModelReasons:
    """`explain` is of the models in use; whatever is wrong with them, here it only means that there are no reasons."""

    def __init__(self) -> None:
        self.explain: Explain = lambda name, row: ()
        self._second = 0
        self._given = 0

    def asked(self, name: str, row: Sequence[float]) -> tuple[Explanation, ...]:
        """For somebody who waits for them."""
        try:
            return self.explain(name, row)
        except Exception as fault:  # noqa: BLE001 (the score stands without its reasons)
            observe.fault("model.not_explained", fault, model=name)
            return ()

    def of_alert(self, name: str, row: Sequence[float]) -> tuple[Explanation, ...]:
        """For an alert that is raised; nothing where this second has had its share."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._given = second, 0
        if self._given >= A_SECOND:
            return ()
        self._given += 1
        return self.asked(name, row)
