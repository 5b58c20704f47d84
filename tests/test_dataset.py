"""Data sets: what is written is read back bit for bit, and what cannot be read is told by line and column."""

from pathlib import Path

import numpy as np
import pytest

from ratingd.errors import InvalidRequest
from ratingd.models.dataset import Dataset, LabelledRow
from triggers.scores.feature_schema import COUNT, Feature, FeatureSchema

PAIR = FeatureSchema("pair", 1, [Feature("one", COUNT, "{value}"), Feature("two", COUNT, "{value}")])
ROWS = [
    LabelledRow((0.1 + 0.2, 1e-300), 0, "+4930555", 1_794_787_200_000, "call_centre", "c-1"),
    LabelledRow((-7.0, 1 / 3), 1, "raw:a,\"b", 5, "masking", "c-2"),
    LabelledRow((0.0, 4096.0), 1, "+4930555", 6, "masking", "c-3"),
]  # fmt: skip


def pairs() -> Dataset:
    return Dataset.of_rows(PAIR, ROWS)


def test_a_file_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    path, data = tmp_path / "pairs.csv", pairs()
    data.save(path)
    again = Dataset.load(path, PAIR)
    assert again.fingerprint() == data.fingerprint()
    assert again.rows.tobytes() == data.rows.tobytes()
    assert (again.groups, again.kinds, again.calls) == (data.groups, data.kinds, data.calls)
    assert [str(each.dtype) for each in (again.labels, again.times_ms, again.rows)] == ["int8", "int64", "float64"]
    lines = path.read_text().splitlines()
    assert lines[0] == f"# ratingd data set pair v1 {PAIR.hash}"
    assert lines[1] == "one,two,label,group,time_ms,kind,call"
    again.save(path)
    assert path.read_text().splitlines() == lines


def test_whatever_is_in_it_changes_the_fingerprint() -> None:
    data = pairs()
    prints = {data.fingerprint()}
    for place, other in ((0, (0.3, 1e-300)), (1, 1), (2, "+4930556"), (3, 7), (4, "televote"), (5, "c-9")):
        names = ("features", "label", "group", "time_ms", "kind", "call")
        values = {name: getattr(ROWS[0], name) for name in names} | {names[place]: other}
        prints.add(Dataset.of_rows(PAIR, [LabelledRow(**values), *ROWS[1:]]).fingerprint())
    prints.add(Dataset.of_rows(FeatureSchema("pair", 2, PAIR.features), ROWS).fingerprint())
    assert len(prints) == 8
    assert pairs().fingerprint() == data.fingerprint()


def test_rows_are_chosen_by_a_mask_or_by_places() -> None:
    data = pairs()
    assert data.chosen(data.labels == 1).calls == ["c-2", "c-3"]
    assert data.chosen(np.array([2, 0])).calls == ["c-3", "c-1"]
    assert data.chosen(np.array([2, 0])).column("two").tolist() == [4096.0, 1e-300]
    assert (len(data), data.positives) == (3, 2)


def test_an_empty_data_set_is_one(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    Dataset.of_rows(PAIR, []).save(path)
    assert Dataset.load(path, PAIR).rows.shape == (0, 2)


def test_what_is_not_finite_is_refused_by_the_name_of_the_feature() -> None:
    with pytest.raises(ValueError, match="feature 'two' of pair v1 is nan"):
        Dataset.of_rows(PAIR, [*ROWS, LabelledRow((1.0, float("nan")), 0, "", 0, "", "")])


def test_columns_of_another_length_are_refused() -> None:
    data = pairs()
    with pytest.raises(ValueError, match="3 rows need as many kinds, and there are 2"):
        Dataset(PAIR, data.rows, data.labels, data.groups, data.times_ms, data.kinds[:2], data.calls)
    with pytest.raises(ValueError, match=r"rows of pair v1 have 2 features, these are \(3, 1\)"):
        Dataset(PAIR, data.rows[:, :1], data.labels, data.groups, data.times_ms, data.kinds, data.calls)


def test_a_file_of_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    pairs().save(path)
    other = FeatureSchema("pair", 2, PAIR.features)
    with pytest.raises(InvalidRequest, match=rf"pairs.csv:1: the data set was made by pair v1 {PAIR.hash}, and this"):
        Dataset.load(path, other)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("caller_id,receiver_id\n1,2\n")
    with pytest.raises(InvalidRequest, match=r"calls\.csv:1: this is no data set: it must begin with '# ratingd data"):
        Dataset.load(path, PAIR)
    path.write_text(f"# ratingd data set pair v1 {PAIR.hash}\ntwo,one,label\n")
    with pytest.raises(InvalidRequest, match=r"calls\.csv:2: the columns are two,one,label; they must be one,two,"):
        Dataset.load(path, PAIR)


def test_every_fault_of_a_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    pairs().save(path)
    lines = path.read_text().splitlines()
    lines += ["1,x,0,g,1,k,c", "nan,2,2,g,soon,k,c", "1,2,0", "1,2,1,g,-5,k,c"]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InvalidRequest) as refused:
        Dataset.load(path, PAIR)
    assert str(refused.value) == (
        "pairs.csv: line 6, column two: 'x' is no finite number; line 7, column one: 'nan' is no finite number; "
        "line 7, column label: '2' is not 0 or 1; line 7, column time_ms: 'soon' is not a whole number; "
        "line 8 has 3 columns, not 7"
    )


def test_of_many_faults_some_are_told_and_all_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    Dataset.of_rows(PAIR, []).save(path)
    path.write_text(path.read_text() + "x,1,0,g,1,k,c\n" * 50)
    with pytest.raises(InvalidRequest, match=r"line 22, column one: 'x' is no finite number; and 30 more$"):
        Dataset.load(path, PAIR)
