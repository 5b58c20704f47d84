"""The fraud desk where looking at an event fails: its message is refused, and brought again nothing of it is lost."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from ratingd.fraud.runtime import FraudRuntime
from ratingd.models.arrays import Column, Rows
from ratingd.models.scorers import Scorer, Scorers
from ratingd.settings import Settings
from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEventsRequest
from tests.test_fraud_desk import NOW_MS, invite
from triggers.calls.verdict import ALLOW
from triggers.scores.masking_features import MASKING


class Low:
    """A model that thinks nothing of any call."""

    def probability(self, row: Sequence[float]) -> float:
        return 0.1

    def probabilities(self, rows: Rows | Sequence[Sequence[float]]) -> Column:
        return np.full(len(rows), 0.1)


class Failing:
    """Whom the watch asks of callers. It fails of one, as often as is said."""

    def __init__(self, caller: str, times: int = 1) -> None:
        self.caller = caller
        self.times = times

    def known(self, caller: str) -> float:
        if caller == self.caller and self.times:
            self.times -= 1
            raise RuntimeError("of him nothing can be said")
        return 0.0


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def fraud(store: Store) -> Iterator[FraudRuntime]:
    scorers = Scorers()
    scorers.put("masking", Scorer("masking", 3, Low(), MASKING, threshold=0.7, algorithm="xgboost"), None)
    settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
    fraud = FraudRuntime(settings, store, scorers, clock=lambda: NOW_MS * 1_000_000)
    fraud.start(lambda command, done: None)
    yield fraud
    fraud.stop()


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_what_was_looked_at_is_stored_when_it_comes_again(fraud: FraudRuntime, store: Store, fails: int) -> None:
    """The second call of a number and those after it wait for the model; what fails is what is thought of a caller."""
    desk = fraud.desk
    content = CallEventsRequest(events=[invite(number) for number in range(4)]).SerializeToString()
    batch = desk.reader.read_batch(content, NOW_MS)
    desk.watch.risks = Failing(batch.events[fails].a.text)
    with pytest.raises(RuntimeError, match="of him nothing can be said"):
        desk.take_and_wait(batch.events, batch.bodies, "grpc")
    verdicts = desk.take_and_wait(batch.events, batch.bodies, "grpc")
    assert [(verdict.call_id, verdict.action) for verdict in verdicts] == [(f"c-{n}", ALLOW) for n in range(4)]
    assert sum([chunk.row.count for chunk in store.fraud.events()]) == 4
