"""What a record of a call says of the models that scored it."""

from tests.fraud_store_rows import record
from tests.table import table


@table("""
    before            | scored by  | after
                      | knn 2      | knn:2
    knn:2             | knn 3      | knn:3
    masking:3         | knn 2      | knn:2 masking:3
    knn:2 masking:3   | masking 13 | knn:2 masking:13
""")
def test_models_that_scored_a_call(before: str, scored_by: str, after: str) -> None:
    call = record(models=before)
    name, version = scored_by.split()
    call.scored_by(name, int(version))
    assert call.models == after
    assert call.versions[name] == int(version)


def test_call_that_no_model_scored_has_no_versions() -> None:
    assert record().versions == {}
