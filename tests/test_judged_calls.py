"""Judged calls: what analysts, imports and users said of stored calls is what the next model learns."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from ratingd.cli.main import main
from ratingd.fraud.terms import watch_terms
from ratingd.models.dataset import Dataset
from ratingd.models.judged_calls import PseudonymsStored, judged_calls
from ratingd.models.traffic.simulated_call import UNJUDGED
from ratingd.models.training.lesson import LESSONS, MASKING_LESSON
from ratingd.models.training.material import of_store
from ratingd.settings import Settings
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.model_rows import LabelRow, NumberReport
from ratingd.store.store import Store, open_store
from tests.test_number_lookup import CALLER, NOW_MS, VICTIM, Scene
from triggers.calls.call_record import CallRecord

SUSPECT, REPORTED, DOUBTED, HOME = "+37190012345", "+37190012346", "+37190012347", "+4930111000"
HOUR_MS = 3_600_000
CALLS = 60
SETTINGS = Settings(database_url="sqlite:///none.db", default_region="DE")


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url)
    opened.migrate()
    opened.fraud.commit(FraudBatch(records=records()))
    yield opened
    opened.close()


def record(call_id: str, a: str, at_ms: int, b: str = VICTIM, **known: Any) -> CallRecord:
    seconds = 5 + at_ms // 1000 % 37
    return CallRecord(
        call_id, a, b, at_ms, ring_ms=at_ms + 1_000, answer_ms=at_ms + 3_000, end_ms=at_ms + 3_000 + 1_000 * seconds,
        disposition="ANSWERED", trunk="t-7", **known,
    )  # fmt: skip


def records(now_ms: int = NOW_MS) -> list[CallRecord]:
    """Sixty calls a minute apart: of ten subscribers, and each tenth of a suspect; one run of four at the end."""
    callers = [SUSPECT, *[f"+4930111{n:03}" for n in range(1, 10)]]
    ordinary = [record(f"o{n}", callers[n % 10], now_ms - HOUR_MS + n * 60_000, f"+4930222{n}") for n in range(CALLS)]
    return [*ordinary, *[record(f"m{n}", f"+493033300{n}", now_ms + n * 500) for n in range(4)]]


def said(kind: str, subject: str, label: int, of: str = "", source: str = "analyst") -> LabelRow:
    return LabelRow(kind, subject, label, of, "ann", NOW_MS, source)


def report(store: Store, number: str, *reporters: str) -> None:
    for reporter in reporters:
        store.number_reports.add(NumberReport(number, reporter, NOW_MS // 86_400_000, "wangiri", "", NOW_MS))


def kinds(store: Store) -> dict[str, tuple[int, str]]:
    return {call.call_id: (call.label, call.kind) for call in judged_calls(store, 0).calls}


def test_calls_that_nobody_suspects_are_ordinary(store: Store) -> None:
    assert set(kinds(store).values()) == {(0, "ordinary")}
    assert len(judged_calls(store, NOW_MS).calls) == 4


def test_verdicts_of_the_case_book_are_labels(store: Store) -> None:
    with Scene(store) as scene:
        cases = scene.fraud.investigation.cases
        cases.label("o3", "ann", "confirm")
        cases.label(SUSPECT, "ann", "confirm", "wangiri")
        cases.label(HOME, "ann", "dismiss")
        id = scene.alert("a_number", "+4930111005", "robocall", NOW_MS)
        cases.label(str(id), "ann", "confirm")
    found = kinds(store)
    assert found["o3"] == (1, "fraud")
    assert {found[f"o{n}"] for n in range(0, CALLS, 10)} == {(1, "wangiri")}
    assert {found[f"o{n}"] for n in range(5, CALLS, 10)} == {(1, "robocall")}
    assert found["o1"] == (0, "ordinary")


def test_what_was_said_of_a_call_counts_before_its_caller_and_the_later_one_before_the_former(store: Store) -> None:
    store.labels.add(
        said("number", SUSPECT, 1), said("call", "o10", 1, "masking"), said("call", "o10", 0), said("call", "o20", 1)
    )
    found = kinds(store)
    assert (found["o0"], found["o10"], found["o20"]) == ((1, "fraudster"), (0, "dismissed"), (1, "fraud"))


def test_number_that_three_people_reported_is_fraud_and_one_that_two_did_is_left_out(store: Store) -> None:
    made = [record("r1", REPORTED, NOW_MS), record("d1", DOUBTED, NOW_MS), record("h1", HOME, NOW_MS)]
    store.fraud.commit(FraudBatch(records=made))
    report(store, REPORTED, "x", "y", "z")
    report(store, DOUBTED, "x", "y")
    report(store, HOME, "x", "y", "z")
    store.labels.add(said("number", HOME, 0))
    found = kinds(store)
    assert (found["r1"], found["d1"], found["h1"]) == ((1, "wangiri"), (UNJUDGED, ""), (0, "dismissed"))


def test_what_a_rule_flagged_and_nobody_judged_is_left_out(store: Store) -> None:
    made = [
        record("f1", "+4930111001", NOW_MS, flags="robocall"),
        record("m9", "+4930111002", NOW_MS, flags="masking", incident_id="4f0c2c6a1d8e9b37"),
        record("m8", SUSPECT, NOW_MS, flags="masking", incident_id="4f0c2c6a1d8e9b37"),
        record("i1", HOME, NOW_MS, label="fraud"),
    ]
    store.fraud.commit(FraudBatch(records=made))
    store.labels.add(said("number", SUSPECT, 1, "wangiri"))
    found = kinds(store)
    assert (found["f1"], found["o1"], found["i1"]) == ((UNJUDGED, ""), (UNJUDGED, ""), (1, "fraud"))
    assert (found["m9"], found["m8"], found["o2"]) == ((UNJUDGED, "masking"), (UNJUDGED, "masking"), (0, "ordinary"))


COUNTED = {
    "masking": {"analyst masking": 2},  # the first call of a run passes no gate: nobody is asked of it
    "caller": {"analyst dismissed": 1, "analyst wangiri": 1},
    "isolation": {"analyst dismissed": 1, "analyst wangiri": 1},
    "knn": {"analyst dismissed": 1, "analyst masking": 3, "analyst wangiri": 1},
}


@pytest.mark.parametrize("name", LESSONS)
def test_label_changes_labels_and_nothing_of_a_row(store: Store, name: str) -> None:
    terms = watch_terms(SETTINGS)
    before = of_store(LESSONS[name], judged_calls(store, 0), terms)
    assert before.data.positives == 0
    assert before.labels == {}
    store.labels.add(
        *[said("call", f"m{n}", 1, "masking") for n in range(3)], said("number", SUSPECT, 1, "wangiri"),
        said("call", "o3", 0),
    )  # fmt: skip
    after = of_store(LESSONS[name], judged_calls(store, 0), terms)
    assert after.data.fingerprint() != before.data.fingerprint()
    assert rows_of(after.data).items() <= rows_of(before.data).items()
    assert after.labels == COUNTED[name]
    positive = {call for call, label in zip(after.data.calls, after.data.labels.tolist(), strict=True) if label}
    assert (positive >= {"m0", "m1", "m2"}) == (name != "caller")  # whose numbers are borrowed, and give no row


def rows_of(data: Dataset) -> dict[tuple[str, int, str], tuple[float, ...]]:
    keys = zip(data.groups, data.times_ms.tolist(), data.calls, strict=True)
    return {key: tuple(row) for key, row in zip(keys, data.rows.tolist(), strict=True)}


def test_calls_that_nobody_judged_are_told_and_give_no_row(store: Store) -> None:
    store.fraud.commit(FraudBatch(records=[record("m9", "+4930444", NOW_MS + 2_500, incident_id="4f0c2c6a1d8e9b37")]))
    found = of_store(MASKING_LESSON, judged_calls(store, 0), watch_terms(SETTINGS))
    assert "m9" not in found.data.calls
    store.labels.add(said("call", "m9", 1, "masking"))
    known = of_store(MASKING_LESSON, judged_calls(store, 0), watch_terms(SETTINGS))
    assert "m9" in known.data.calls
    assert np.array_equal(known.data.rows[:-1], found.data.rows)


def test_pseudonyms_are_refused(store: Store) -> None:
    store.fraud.commit(FraudBatch(records=[record("p1", "h:abcdefgh", NOW_MS)]))
    with pytest.raises(PseudonymsStored, match="the country of a number"):
        judged_calls(store, 0)


def test_verdict_goes_into_the_next_training(store: Store, sqlite_url: str, tmp_path: Path) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text(f'database_url = "{sqlite_url}"\ndefault_region = "DE"\n')
    store.labels.add(*[said("call", f"o{n}", 1, "scam") for n in range(1, CALLS, 3)])
    report(store, CALLER, "x", "y", "z")
    first = trained(config, tmp_path / "knn-1")
    store.labels.add(said("call", "o2", 1, "scam"), said("call", "o5", 0))
    again = trained(config, tmp_path / "knn-2")
    assert first["data"]["labels"] == {"analyst scam": 20}
    assert again["data"]["labels"] == {"analyst dismissed": 1, "analyst scam": 21}
    assert (first["data"]["positives"], again["data"]["positives"]) == (20, 21)
    assert first["data"]["fingerprint"] != again["data"]["fingerprint"]
    assert again["data"]["sources"] == ["64 stored calls"]
    assert "Labels that people gave: analyst dismissed 1, analyst scam 21." in (tmp_path / "knn-2/card.md").read_text()
    both = trained(config, tmp_path / "knn-3", "--generate")
    assert both["data"]["sources"] == ["64 stored calls; scam5000 seed 42"]
    assert both["data"]["rows"] == 5_064


def test_too_little_and_misuse_are_told(store: Store, sqlite_url: str, tmp_path: Path) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text(f'database_url = "{sqlite_url}"\n')
    told = run("train", "caller", "--stored", "--since", "2026-01-01T00:00:00Z", "--config", str(config),
               "--out", str(tmp_path / "c"))  # fmt: skip
    assert told.exit_code == 1
    assert "of stored calls more that somebody has judged" in told.stderr.replace("\n", " ")
    told = run("train", "knn", "--stored", "--since", "2030-01-01T00:00:00Z", "--config", str(config),
               "--out", str(tmp_path / "c"))  # fmt: skip
    assert "has no records of calls of that time" in told.stderr
    for arguments in (("--since", "1h", "--generate"), ("--generate", "--data", str(config)), ()):
        assert run("train", "knn", *arguments, "--out", str(tmp_path / "c")).exit_code == 2


def trained(config: Path, into: Path, *more: str) -> dict[str, dict[str, object]]:
    done = run("train", "knn", "--stored", "--since", "2026-01-01T00:00:00Z", "--config", str(config), "--out",
               str(into), "--output", "json", *more)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    found: dict[str, dict[str, object]] = json.loads((into / "manifest.json").read_text())
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["model", *arguments])
