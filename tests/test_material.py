"""Material: calls, data sets and rows of a board are rows of a lesson, wherever they come from."""

from pathlib import Path

import numpy as np
import pytest

from ratingd.errors import InvalidRequest
from ratingd.ingest.event_map import event_map
from ratingd.models.traffic.call_file import write_calls
from ratingd.models.traffic.presets import TRAIN
from ratingd.models.traffic.scam5000 import scam5000, write_rows
from ratingd.models.traffic.telephony import telephony_calls
from ratingd.models.training.lesson import CALLER_LESSON, KNN_LESSON, MASKING_LESSON
from ratingd.models.training.material import Material, generated, of_calls, of_file
from triggers.numbers.number_reading import NumberReader

CALLS = telephony_calls(TRAIN, seed=4, calls=1_000)


def test_calls_of_a_file_are_the_calls_that_were_written(tmp_path: Path) -> None:
    write_calls(tmp_path / "calls.csv", CALLS)
    read = of_file(CALLER_LESSON, tmp_path / "calls.csv", event_map("generic"), NumberReader())
    made = of_calls(CALLER_LESSON, CALLS, "made")
    assert read.data.fingerprint() == made.data.fingerprint()
    assert read.source == "calls.csv"


def test_only_scored_calls_are_learned_from() -> None:
    material = of_calls(MASKING_LESSON, CALLS, "made")
    assert len(material.data) == len(CALLS)
    scored = material.scored
    assert 0 < len(scored) < len(CALLS)
    several, mismatch = scored.column("distinct_a_count") >= 2, scored.column("cli_mismatch") == 1
    assert (several | mismatch).all()


def test_saved_data_set_is_as_good_as_its_calls(tmp_path: Path) -> None:
    made = of_calls(CALLER_LESSON, CALLS, "made")
    made.data.save(tmp_path / "rows.csv")
    read = of_file(CALLER_LESSON, tmp_path / "rows.csv", event_map("generic"), NumberReader())
    assert read.data.fingerprint() == made.data.fingerprint()
    with pytest.raises(InvalidRequest, match=r"the data set was made by caller"):
        of_file(MASKING_LESSON, tmp_path / "rows.csv", event_map("generic"), NumberReader())


def test_rows_of_a_board_are_read(tmp_path: Path) -> None:
    write_rows(tmp_path / "scam.csv", scam5000(rows=50))
    read = of_file(KNN_LESSON, tmp_path / "scam.csv", event_map("generic"), NumberReader())
    held = scam5000(rows=50)
    assert read.data.rows.tolist() == held.rows.tolist()
    assert read.data.labels.tolist() == held.labels.tolist()


@pytest.mark.parametrize("line", ["1,2,3,4,2", "1,2,3,4", "1,2,x,4,0", "1,2,nan,4,0"])
def test_row_of_a_board_that_is_none_is_refused_by_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "scam.csv"
    path.write_text(f"call_duration,num_digits,hour_of_day,freq_calls,label\n1,10,3,4,0\n{line}\n")
    with pytest.raises(InvalidRequest, match=r"scam\.csv:3"):
        of_file(KNN_LESSON, path, event_map("generic"), NumberReader())


def test_generated_rows_say_where_they_are_from() -> None:
    material: Material = generated(KNN_LESSON, seed=9)
    assert (material.source, len(material.data)) == ("scam5000 seed 9", 5_000)
    assert np.isfinite(material.data.rows).all()
