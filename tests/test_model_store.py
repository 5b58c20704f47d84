"""Models as they are stored: versions rise, one is in production, and one that follows knows whom it followed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import ModelFile, ModelRow
from ratingd.store.store import Store, open_store

FILES = (ModelFile("manifest.json", "ab", b"{}"), ModelFile("model.onnx", "cd", bytes(range(256)) * 40))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def model(name: str = "masking") -> ModelRow:
    return ModelRow(name, 0, 1000, "xgboost", "0123456789abcdef", "staging", "ann", '{"a":1}')


def audit(what: str, at_ms: int = 2000) -> AuditRow:
    return AuditRow(at_ms, "bob", what, "")


def test_versions_rise_and_files_come_back(store: Store) -> None:
    added = [store.models.add(model(name), FILES, audit("model.add")) for name in ("masking", "caller", "masking")]
    assert [(row.name, row.version) for row in added] == [("masking", 1), ("caller", 1), ("masking", 2)]
    assert store.models.all() == [added[1], added[2], added[0]]
    assert store.models.all("caller") == [added[1]]
    assert store.models.one("masking", 1) == added[0]
    assert store.models.one("masking", 3) is None
    assert tuple(store.models.files("masking", 2)) == FILES
    assert store.models.files("masking", 3) == []
    assert [a.row.subject for a in store.fraud.audits(what="model.add")] == ["masking 2", "caller 1", "masking 1"]


def test_one_is_in_production_and_knows_whom_it_followed(store: Store) -> None:
    for _ in range(3):
        store.models.add(model(), FILES, audit("model.add"))
    first = store.models.put("masking", 1, "production", audit("model.activate", 3000))
    assert first is not None
    assert (first.status, first.activated_ms, first.activated_by, first.previous) == ("production", 3000, "bob", 0)
    second = store.models.put("masking", 3, "production", audit("model.activate", 4000))
    assert second is not None
    assert second.previous == 1
    assert [row.status for row in store.models.all()] == ["production", "staging", "archived"]
    assert store.models.put("masking", 9, "production", audit("model.activate")) is None
    assert store.models.in_use() == {("masking", "production"): 3}
    assert store.models.of_status("masking", "shadow") is None


def test_back_to_the_former_one_keeps_whom_that_followed(store: Store) -> None:
    for _ in range(2):
        store.models.add(model(), FILES, audit("model.add"))
    for version in (1, 2):
        store.models.put("masking", version, "production", audit("model.activate"))
    back = store.models.put("masking", 1, "production", audit("model.roll_back"), previous=0)
    assert back is not None
    assert back.previous == 0


def test_two_daemons_that_activate_at_once_follow_one_another(postgresql_url: str) -> None:
    stores = [open_store(postgresql_url) for _ in range(2)]
    stores[0].migrate()
    for _ in range(4):
        stores[0].models.add(model(), FILES, audit("model.add"))

    def activate(store: Store, versions: tuple[int, ...]) -> None:
        for _ in range(10):
            for version in versions:
                assert store.models.put("masking", version, "production", audit("model.activate"))

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(activate, *each) for each in zip(stores, ((1, 2), (3, 4)), strict=True)]
        for each in done:
            each.result()
    statuses = [row.status for row in stores[0].models.all()]
    assert sorted(statuses) == ["archived", "archived", "archived", "production"]
    assert len(stores[0].fraud.audits(what="model.activate", limit=1000)) == 40
    for store in stores:
        store.close()


def test_active_one_goes_on_while_another_is_in_the_shadow(store: Store) -> None:
    for _ in range(3):
        store.models.add(model(), FILES, audit("model.add"))
    store.models.put("masking", 1, "production", audit("model.activate"))
    store.models.put("masking", 2, "shadow", audit("model.shadow"))
    store.models.put("masking", 3, "shadow", audit("model.shadow"))
    assert store.models.in_use() == {("masking", "production"): 1, ("masking", "shadow"): 3}
    assert store.models.of_status("masking", "shadow") == store.models.one("masking", 3)
    assert [audit.row.what for audit in store.fraud.audits(limit=2)] == ["model.shadow", "model.shadow"]
