"""Data sets: rows of features with what they belong to, from which a model learns or by which it is judged.

Ten thousand calls to 1,200 numbers give 2,310 rows that pass the gate of the masking score. Each has its 28 features,
its label, the called number (so that no number is both learned from and judged by), the instant, the kind of traffic
and the id of the call. In a file that is CSV, with a line of its own that says what the columns were made by:

    # ratingd data set masking v3 8dea26db7d12244f
    asr,aloc,overlap_ratio,…,hour,label,group,time_ms,kind,call
    40.0,31.5,0.25,…,14.0,0,+4930555,1794787200000,call_centre,c-17

Floats are written so that they are read back bit for bit: a data set has the same fingerprint before and after. A file
of another schema, or with a value that is no number, is refused with every fault of it, by line and column.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ratingd.errors import InvalidRequest
from ratingd.models.arrays import Column, Labels, Rows
from triggers.scores.feature_schema import FeatureSchema

MARK: Final = "# ratingd data set"
BESIDE: Final = ("label", "group", "time_ms", "kind", "call")
FAULTS_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Rows in the order of time. `groups` are numbers: the called one of a masking row, the caller of any other."""

    schema: FeatureSchema
    rows: Rows
    labels: Labels
    groups: list[str]
    times_ms: NDArray[np.int64]
    kinds: list[str]
    calls: list[str]

    def __post_init__(self) -> None:
        count = len(self.rows)
        if self.rows.shape != (count, len(self.schema)):
            raise ValueError(
                f"rows of {self.schema.title} have {len(self.schema)} features, these are {self.rows.shape}"
            )
        for name in ("labels", "groups", "times_ms", "kinds", "calls"):
            if len(getattr(self, name)) != count:
                raise ValueError(f"{count} rows need as many {name}, and there are {len(getattr(self, name))}")
        bad = np.argwhere(~np.isfinite(self.rows))
        if len(bad):
            self.schema.check(self.rows[bad[0][0]].tolist())

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def positives(self) -> int:
        return int(self.labels.sum())

    def column(self, name: str) -> Column:
        return self.rows[:, self.schema.place(name)]

    def chosen(self, places: NDArray[np.bool_] | NDArray[np.intp]) -> "Dataset":
        """Some of the rows: a mask, or places in the order they shall have."""
        order = np.flatnonzero(places) if places.dtype == np.bool_ else places
        return Dataset(
            self.schema,
            self.rows[order],
            self.labels[order],
            [self.groups[place] for place in order],
            self.times_ms[order],
            [self.kinds[place] for place in order],
            [self.calls[place] for place in order],
        )

    def fingerprint(self) -> str:
        """sha256 of all that is in it, the schema included."""
        told = sha256(self.schema.hash.encode())
        told.update(np.ascontiguousarray(self.rows, "<f8").tobytes())
        told.update(np.ascontiguousarray(self.labels, "<i1").tobytes())
        told.update(np.ascontiguousarray(self.times_ms, "<i8").tobytes())
        for texts in (self.groups, self.kinds, self.calls):
            told.update("\n".join(texts).encode() + b"\0")
        return told.hexdigest()

    def save(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(f"{MARK} {self.schema.title} {self.schema.hash}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(_header(self.schema))
            writer.writerows(self._written())

    @staticmethod
    def load(path: Path, schema: FeatureSchema) -> "Dataset":
        """InvalidRequest with the faults of a file that is no data set of `schema`."""
        with path.open(encoding="utf-8", newline="") as file:
            _check_mark(path, file.readline(), schema)
            return _Reading(path, schema).read(csv.reader(file))

    @staticmethod
    def of_rows(schema: FeatureSchema, rows: Iterable["LabelledRow"]) -> "Dataset":
        found = list(rows)
        return Dataset(
            schema,
            np.array([each.features for each in found], np.float64).reshape(len(found), len(schema)),
            np.array([each.label for each in found], np.int8),
            [each.group for each in found],
            np.array([each.time_ms for each in found], np.int64),
            [each.kind for each in found],
            [each.call for each in found],
        )

    @staticmethod
    def joined(parts: Sequence["Dataset"]) -> "Dataset":
        """All rows of several data sets of one schema, in the order of time."""
        whole = Dataset(
            parts[0].schema,
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.labels for part in parts]),
            [group for part in parts for group in part.groups],
            np.concatenate([part.times_ms for part in parts]),
            [kind for part in parts for kind in part.kinds],
            [call for part in parts for call in part.calls],
        )
        return whole.chosen(np.argsort(whole.times_ms, kind="stable"))

    def _written(self) -> Iterator[list[object]]:
        labels, times_ms = self.labels.tolist(), self.times_ms.tolist()
        for place, row in enumerate(self.rows.tolist()):
            beside = [labels[place], self.groups[place], times_ms[place], self.kinds[place], self.calls[place]]
            yield [*row, *beside]


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One row before it is part of a data set."""

    features: Sequence[float]
    label: int
    group: str
    time_ms: int
    kind: str
    call: str


def _header(schema: FeatureSchema) -> list[str]:
    return [*schema.names, *BESIDE]


def _check_mark(path: Path, line: str, schema: FeatureSchema) -> None:
    said = line.strip()
    if said == f"{MARK} {schema.title} {schema.hash}":
        return
    if not said.startswith(MARK):
        raise InvalidRequest(
            f"{path.name}:1", f"this is no data set: it must begin with {MARK!r}; one is made from labelled calls"
        )
    raise InvalidRequest(
        f"{path.name}:1",
        f"the data set was made by {said.removeprefix(MARK).strip()}, and this ratingd makes {schema.title} "
        f"{schema.hash}: make it again from the calls",
    )


class _Reading:
    """A file on its way to a data set, with the faults found so far."""

    def __init__(self, path: Path, schema: FeatureSchema) -> None:
        self._path: Final = path
        self._schema: Final = schema
        self._header: Final = _header(schema)
        self._faults: list[str] = []

    def read(self, lines: Iterator[list[str]]) -> Dataset:
        header = next(lines, [])
        if header != self._header:
            raise InvalidRequest(
                f"{self._path.name}:2", f"the columns are {','.join(header)}; they must be {','.join(self._header)}"
            )
        rows = [self._row(number, line) for number, line in enumerate(lines, 3)]
        if self._faults:
            shown = "; ".join(self._faults[:FAULTS_SHOWN])
            more = f"; and {len(self._faults) - FAULTS_SHOWN} more" if len(self._faults) > FAULTS_SHOWN else ""
            raise InvalidRequest(self._path.name, shown + more)
        return Dataset.of_rows(self._schema, rows)

    def _row(self, number: int, line: list[str]) -> LabelledRow:
        if len(line) != len(self._header):
            self._faults.append(f"line {number} has {len(line)} columns, not {len(self._header)}")
            return LabelledRow((), 0, "", 0, "", "")
        size = len(self._schema)
        features = [self._float(number, name, text) for name, text in zip(self._header, line[:size], strict=False)]
        label, group, time_ms, kind, call = line[size:]
        return LabelledRow(
            features,
            self._int(number, "label", label, most=1),
            group,
            self._int(number, "time_ms", time_ms),
            kind,
            call,
        )

    def _float(self, number: int, name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            self._faults.append(f"line {number}, column {name}: {text!r} is no finite number")
        return value

    def _int(self, number: int, name: str, text: str, *, most: int | None = None) -> int:
        value = int(text) if text.isascii() and text.removeprefix("-").isdecimal() else None
        if value is None or (most is not None and not 0 <= value <= most):
            self._faults.append(
                f"line {number}, column {name}: {text!r} is not {'0 or 1' if most else 'a whole number'}"
            )
            return 0
        return value
