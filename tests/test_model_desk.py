"""The model desk: who scores at a daemon after what somebody did at this one, or at another."""

import threading
from collections.abc import Iterator

import pytest

from ratingd.models.explainer import Explainer
from ratingd.models.model_desk import ModelDesk
from ratingd.models.model_folder import ModelRefused
from ratingd.models.registry import Registry
from ratingd.models.scorers import Scorer
from ratingd.store.model_tables import model_files, models
from ratingd.store.store import Store, open_store
from tests import model_scene
from tests.e2e.scored_town import masking_folder
from tests.model_scene import row, sent
from tests.waiting import until
from triggers.scores.feature_schema import Feature, FeatureSchema
from triggers.scores.masking_features import MASKING


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def desk_on(store: Store) -> ModelDesk:
    return ModelDesk(Registry(store.models), shared=True)


@pytest.fixture
def desk(store: Store) -> ModelDesk:
    """With three versions of masking, of which the first is active. They flag from 4, 6 and 8 callers on."""
    made = desk_on(store)
    for many in (3.5, 5.5, 7.5):
        made.add(*sent(model_scene.folder(many)), "ann")
    made.activate("masking", 1, "ann")
    return made


def version(desk: ModelDesk) -> int:
    scored = desk.scorers.score("masking", row(9))
    return 0 if scored is None else scored.version


def test_what_is_activated_scores_from_then_on(desk: ModelDesk) -> None:
    assert version(desk) == 1
    assert (desk.activate("masking", 2, "ann").version, version(desk)) == (2, 2)
    assert (desk.roll_back("masking", "ann").version, version(desk)) == (1, 1)
    desk.archive("masking", 1, "ann")
    assert (version(desk), desk.health) == (0, "off")


def test_other_daemon_learns_of_it(desk: ModelDesk, store: Store) -> None:
    other = desk_on(store)
    assert version(other) == 0
    other.follow()
    assert version(other) == 1
    desk.activate("masking", 3, "ann")
    assert version(other) == 1
    other.follow()
    assert version(other) == 3


def test_daemon_follows_by_itself_and_ends(desk: ModelDesk, store: Store) -> None:
    other = desk_on(store)
    other.start()
    try:
        assert version(other) == 1
        desk.activate("masking", 2, "ann")
        desk.shadow("masking", 3, "ann")
        until(lambda: version(other) == 2)

        def compared() -> bool:
            other.scorers.score("masking", row(7))
            shadow = other.scorers.places["masking"].shadow
            return shadow is not None and shadow.active_alone > 0

        until(compared)
    finally:
        other.stop()
    assert not any(thread.name == "models" for thread in threading.enumerate())


def test_shadow_that_is_activated_keeps_its_scorer(desk: ModelDesk) -> None:
    desk.shadow("masking", 2, "ann")
    shadow = desk.scorers.places["masking"].shadow
    assert shadow is not None
    desk.activate("masking", 2, "ann")
    assert desk.scorers.active("masking") is shadow.scorer
    assert desk.scorers.places["masking"].shadow is None


def broken(store: Store, version: int) -> None:
    with store.database.write() as connection:
        connection.execute(model_files.update().where(model_files.c.version == version).values(content=b"broken"))


def test_previous_one_stays_where_the_wanted_one_cannot_be_opened(desk: ModelDesk, store: Store) -> None:
    broken(store, 2)
    with pytest.raises(ModelRefused, match="has the SHA-256"):
        desk.activate("masking", 2, "ann")
    assert version(desk) == 1
    with store.database.write() as connection:  # as a daemon of another version of ratingd does, to whom it is fine
        connection.execute(models.update().where(models.c.version == 1).values(status="archived"))
        connection.execute(models.update().where(models.c.version == 2).values(status="production"))
    desk.follow()
    assert (version(desk), desk.health) == (1, "degraded")
    (status,) = [each for each in desk.status() if each.name == "masking"]
    assert status.active is not None
    assert (status.active.version, status.wanted) == (1, 2)
    assert "has the SHA-256" in status.fault
    desk.activate("masking", 3, "ann")
    assert (version(desk), desk.health) == (3, "ok")


def test_reload_opens_again_and_keeps_what_cannot_be(desk: ModelDesk, store: Store) -> None:
    before = desk.scorers.active("masking")
    desk.reload()
    after = desk.scorers.active("masking")
    assert after is not before
    broken(store, 1)
    status = {each.name: each for each in desk.reload()}["masking"]
    assert desk.scorers.active("masking") is after
    assert "has the SHA-256" in status.fault


def test_model_of_other_features_keeps_nobody_from_starting(desk: ModelDesk, store: Store) -> None:
    schema = FeatureSchema("masking", 9, [Feature(name, "", "") for name in MASKING.names])
    newer = ModelDesk(Registry(store.models, scores={"masking": schema}))
    newer.follow()
    assert (version(newer), newer.health) == (0, "degraded")
    (status,) = newer.status()
    assert (status.method, status.wanted) == ("rule_based", 1)
    assert "masking v9" in status.fault


def test_status_is_of_every_score_there_can_be(desk: ModelDesk) -> None:
    version(desk)
    status = {each.name: each for each in desk.status()}
    assert list(status) == ["caller", "isolation", "knn", "masking"]
    assert (status["masking"].method, status["masking"].figures.scored) == ("xgboost", 1)
    assert (status["knn"].method, status["knn"].active, status["knn"].fault) == ("rule_based", None, "")


def test_no_row_is_left_out_while_versions_change(desk: ModelDesk) -> None:
    """Two threads score while a third one changes over: every row has the score of one version or of the other."""
    desk.activate("masking", 2, "ann")
    found: list[int] = []
    stopping = threading.Event()

    def score() -> None:
        while not stopping.is_set():
            found.append(version(desk))

    threads = [threading.Thread(target=score) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        desk.roll_back("masking", "ann")
        desk.activate("masking", 2, "ann")
    stopping.set()
    for thread in threads:
        thread.join()
    assert set(found) == {1, 2}


class Opened(Registry):
    """Knows whose explainers were opened."""

    versions: tuple[int, ...] = ()

    def explainer(self, scorer: Scorer) -> Explainer:
        self.versions += (scorer.version,)
        return super().explainer(scorer)


def test_explanations_are_at_hand_before_anybody_asks(store: Store) -> None:
    """But for those of a version whose trees cannot be read: that one scores all the same."""
    registry = Opened(store.models)
    desk = ModelDesk(registry)
    desk.add(*sent(masking_folder()), "ann")
    desk.activate("masking", 1, "ann")
    desk.start()
    until(lambda: registry.versions == (1,))
    assert "distinct_a_count" in [each.feature for each in desk.explain("masking", row(4))]
    desk.add(*sent(model_scene.folder()), "ann")
    desk.activate("masking", 2, "ann")
    until(lambda: registry.versions == (1, 2))
    assert version(desk) == 2
    desk.stop()
    assert registry.versions == (1, 2)


class Slow(Registry):
    """Opens what explains the second version when it is let."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.models)
        self.asked = threading.Event()
        self.let = threading.Event()

    def explainer(self, scorer: Scorer) -> Explainer:
        if scorer.version == 2:
            self.asked.set()
            assert self.let.wait(10)
        return super().explainer(scorer)


def test_whoever_asks_why_does_not_wait_until_another_model_can_be_explained(store: Store) -> None:
    registry = Slow(store)
    desk = ModelDesk(registry)
    for _ in range(2):
        desk.add(*sent(masking_folder()), "ann")
    desk.activate("masking", 1, "ann")
    first = desk.scorers.active("masking")
    opening = threading.Thread(target=desk.activate, args=("masking", 2, "ann"), kwargs={"force": True})
    opening.start()
    assert registry.asked.wait(10)
    desk.scorers.put("masking", first, None)  # as another name would be: its explainer is there
    asking = threading.Thread(target=desk.explain, args=("masking", row(4)))
    asking.start()
    asking.join(2)
    waited = asking.is_alive()
    registry.let.set()
    asking.join()
    opening.join()
    assert not waited
