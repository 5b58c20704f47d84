"""Splits: no number is in two parts, and what is judged comes after what was learned."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ratingd.models.training.split import Places, Split, folds_by_number, folds_by_time, hundredths_of

ROWS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1000)), min_size=1, max_size=200)


@given(ROWS)
def test_parts_share_no_number_and_no_time(rows: list[tuple[int, int]]) -> None:
    groups, times = _of(rows)
    split = Split.of(groups, times)
    assert not _groups(groups, split.learned) & _groups(groups, split.judged)
    if len(set(times.tolist())) > 3 and len(split.judged) and len(split.learned):
        assert times[split.judged].min() >= times[split.learned].max()


def test_shares_are_as_told() -> None:
    groups = [f"+49{place}" for place in range(10_000)]
    split = Split.of(groups, np.arange(10_000, dtype=np.int64))
    assert [round(len(each) / 1_000, 1) for each in (split.learned, split.judged)] == [5.6, 0.6]


def test_rows_of_one_instant_are_told_apart_by_number_only() -> None:
    groups = [f"+49{place}" for place in range(1_000)]
    split = Split.of(groups, np.zeros(1_000, np.int64))
    assert len(split.learned) + len(split.judged) == 1_000
    assert len(split.judged) > 100


@given(ROWS)
def test_folds_by_number_judge_each_row_once(rows: list[tuple[int, int]]) -> None:
    groups, _ = _of(rows)
    folds = folds_by_number(groups, 4)
    assert sorted(place for _, judged in folds for place in judged) == list(range(len(rows)))
    for learned, judged in folds:
        assert not _groups(groups, learned) & _groups(groups, judged)


@given(ROWS)
def test_folds_by_time_learn_from_the_past(rows: list[tuple[int, int]]) -> None:
    groups, times = _of(rows)
    for learned, judged in folds_by_time(groups, times, 3):
        assert not _groups(groups, learned) & _groups(groups, judged)
        if len(learned) and len(judged):
            assert times[learned].max() < times[judged].min()


def test_place_of_a_number_is_the_same_everywhere() -> None:
    assert hundredths_of(["+4930111", "+4930222", "+4930111"]).tolist() == [58, 12, 58]


def _of(rows: list[tuple[int, int]]) -> tuple[list[str], NDArray[np.int64]]:
    return [f"+49{group}" for group, _ in rows], np.array([time for _, time in rows], np.int64)


def _groups(groups: list[str], places: Places) -> set[str]:
    return {groups[place] for place in places}
