"""Material: where the rows of a lesson come from, and what is known of them beside.

    masking    telephony, or labelled calls; a row of each call
    caller     telephony, or labelled calls; a row of each caller and minute, with a call of his
    isolation  satark, or labelled calls; a row of each caller
    knn        scam5000, or a file with its columns, or labelled calls; a row of each call

To each may be added what a daemon has stored, with what people said of it: its labelled calls are learned from as well.

A data set that was saved before is as good as the calls it was made of: its first line says what it is. What is left
out is the kind of traffic that a data set cannot tell: how many of *all* calls would be cut takes the calls.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ratingd.errors import InvalidRequest
from ratingd.ingest.event_map import EventMap
from ratingd.models.dataset import MARK, Dataset
from ratingd.models.extraction import caller_dataset, knn_dataset, masking_dataset, satark_dataset
from ratingd.models.judged_calls import JudgedCalls
from ratingd.models.traffic.presets import PRESETS
from ratingd.models.traffic.satark import satark_calls
from ratingd.models.traffic.scam5000 import COLUMNS
from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.traffic.telephony import telephony_calls
from ratingd.models.training.evaluation import gate
from ratingd.models.training.knn_model import scam5000_dataset
from ratingd.models.training.lesson import (
    CALLER_LESSON,
    ISOLATION_LESSON,
    KNN_LESSON,
    MASKING_LESSON,
    Lesson,
)
from triggers.numbers.number_reading import NumberReader
from triggers.scores.caller_features import AGAIN_MS
from triggers.watch.watch_terms import WatchTerms

EVERY_S: Final = AGAIN_MS // 1000  # a caller is looked at
CALLS: Final = 300_000
TRAIN: Final = "train"


@dataclass(frozen=True, slots=True)
class Material:
    """`data` has a row of each call, where it is about masking and the calls are known; not all of them are scored.

    `labels` count what people said of its rows, by whom and what: {"analyst masking": 9}.
    """

    source: str
    data: Dataset
    calls: Sequence[SimulatedCall] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    @property
    def scored(self) -> Dataset:
        """What a model learns from: the rows that it would be asked about."""
        return self.data.chosen(gate(self.data)) if self.data.schema is MASKING_LESSON.schema else self.data


def generated(lesson: Lesson, *, seed: int, calls: int = CALLS, preset: str = TRAIN) -> Material:
    """Made by the simulator of the lesson. Satark and scam5000 have a size of their own."""
    if lesson is KNN_LESSON:
        return Material(f"scam5000 seed {seed}", scam5000_dataset(seed))
    if lesson is ISOLATION_LESSON:
        return of_calls(lesson, satark_calls(seed), f"satark seed {seed}")
    made = telephony_calls(PRESETS[preset], seed=seed, calls=calls)
    return of_calls(lesson, made, f"telephony {preset} seed {seed}, {len(made)} calls")


def of_calls(lesson: Lesson, calls: Sequence[SimulatedCall], source: str, terms: WatchTerms | None = None) -> Material:
    """`terms` are those that rows are made by at a daemon; without any the usual ones."""
    traffic = None if terms is None else terms.traffic
    if lesson is MASKING_LESSON:
        return Material(source, masking_dataset(calls, terms, gated=False), calls)
    if lesson is CALLER_LESSON:
        return Material(source, caller_dataset(calls, EVERY_S, traffic), calls)
    if lesson is ISOLATION_LESSON:
        return Material(source, satark_dataset(calls, traffic), calls)
    return Material(source, knn_dataset(calls, traffic), calls)


def of_store(lesson: Lesson, judged: JudgedCalls, terms: WatchTerms) -> Material:
    """What a daemon has stored, as far as it is known what it was."""
    if not judged.calls:
        raise InvalidRequest("stored", "the store has no records of calls of that time; `--since` reaches further back")
    made = of_calls(lesson, judged.calls, f"{len(judged.calls)} stored calls", terms)
    scored = lesson.taught(made.scored)
    return Material(made.source, made.data, made.calls, judged.counted(scored))


def joined(parts: Sequence[Material]) -> Material:
    """All of it to learn from; a number of one part is the same number in the other."""
    if len(parts) == 1:
        return parts[0]
    return Material(
        "; ".join([part.source for part in parts]),
        Dataset.joined([part.data for part in parts]),
        [call for part in parts for call in part.calls],
        {whose: count for part in parts for whose, count in part.labels.items()},
    )


def of_file(lesson: Lesson, path: Path, columns: EventMap, numbers: NumberReader) -> Material:
    """A data set, rows of scam calls, or labelled calls. Raises as `read_calls` and `Dataset.load` do."""
    from ratingd.models.traffic.call_file import read_calls

    begin = _begin(path)
    if begin.startswith(MARK):
        return Material(path.name, Dataset.load(path, lesson.schema))
    if lesson is KNN_LESSON and begin.strip() == ",".join((*COLUMNS, "label")):
        return Material(path.name, _scam_rows(path))
    return of_calls(lesson, read_calls(path, columns, numbers), path.name)


def _begin(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline(10_000)


def _scam_rows(path: Path) -> Dataset:
    """InvalidRequest names the first line that is none."""
    rows: list[list[float]] = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, line in enumerate(list(csv.reader(file))[1:], 2):
            try:
                *features, label = map(float, line)
                if len(features) != len(COLUMNS) or label not in (0, 1) or not np.isfinite(features).all():
                    raise ValueError("four numbers and a label of 0 or 1 are wanted")
            except ValueError as fault:
                raise InvalidRequest(f"{path.name}:{number}", str(fault)) from fault
            rows.append([*features, label])
    found = np.array(rows, np.float64).reshape(len(rows), len(COLUMNS) + 1)
    names = [f"{path.stem}-{place}" for place in range(1, len(rows) + 1)]
    labels = found[:, -1].astype(np.int8)
    kinds = ["scam" if label else "ordinary" for label in labels.tolist()]
    return Dataset(KNN_LESSON.schema, found[:, :-1], labels, names, np.zeros(len(rows), np.int64), kinds, names)
