"""Boards of scam calls: messages scored by HTTP, one or many, with a model and without one."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests import board_scene, model_scene
from tests.board_scene import LONG, SHORT
from tests.e2e.http_client import HttpClient, http

SCORE = "/api/v1/calls/score"


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('board')}/ratingd.db") as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('board')}/ratingd.db", default_region="DE") as client:
        models = client.daemon.models
        models.add(*model_scene.sent(board_scene.folder()), "ann")
        models.activate("knn", 1, "ann")
        yield client


def test_a_message_is_answered_with_itself_and_its_prediction(client: HttpClient) -> None:
    message = {**SHORT, "board": {"id": 7, "tags": [None, True, 1.0]}}
    told = client.post(SCORE, message)
    assert told["call"] == message
    assert list(told["call"]) == list(message)
    assert (told["predicted_label"], told["predicted_proba"]) == (1, [0.2, 0.8])
    other = client.post(SCORE, LONG)
    assert (other["predicted_label"], other["predicted_proba"]) == (0, [0.8, 0.2])
    assert told["processed_ts"] > 1.7e9
    assert set(told) == {"call", "predicted_label", "predicted_proba", "processed_ts"}


def test_of_many_a_bad_one_is_told_why_and_the_others_are_scored(client: HttpClient) -> None:
    bad: list[Any] = [{"num_digits": "11"}, 7, {"call_duration": 1e300}, {"caller": "a\tb"}, {"ts": "soon"}]
    told = client.post(SCORE, [SHORT, *bad, {}])
    assert [each["call"] for each in told] == [SHORT, *bad, {}]
    assert [each["predicted_label"] in (0, 1) for each in (told[0], told[-1])] == [True, True]
    wrong = ("num_digits is '11'", "an object is wanted, not 7", "up to 1000000000000", "control character", "ts: ")
    for each, why in zip(told[1:-1], wrong, strict=True):
        assert set(each) == {"call", "error"}
        assert why in each["error"]


def test_a_number_that_is_none_is_not_told_again(client: HttpClient) -> None:
    content = b'[{"call_duration": 5, "more": [1e400]}, {}]'
    told = client.ask("POST", SCORE, content=content, headers={"Content-Type": "application/json"})
    assert (told[0]["call"], told[1]["call"]) == (None, {})
    assert "beyond all numbers" in told[0]["error"]


@pytest.mark.parametrize(
    ("message", "status", "why"),
    [
        ({"num_digits": True}, 422, "num_digits is True; it must be a number"),
        ({"caller": 171}, 422, "caller: a text is wanted, not 171"),
        ({"caller": "\u200b1"}, 422, "caller: has "),
        ("a call", 422, "an object is wanted"),
        ([], 422, "this one is empty"),
        ([{}] * 10_001, 413, "at most 10000 messages, and this one has 10001"),
    ],
)
def test_what_is_no_message_is_refused(client: HttpClient, message: object, status: int, why: str) -> None:
    assert why in client.refused("POST", SCORE, status, json=message)


def test_a_message_counts_for_its_caller_and_for_nobody_else(client: HttpClient) -> None:
    before = client.get("/api/v1/metrics/a/+491719999999")["total_attempts"]
    numbered = {**SHORT, "caller": "0171 9999999", "ts": client.daemon.fraud.desk.clock() / 1e9 - 60}
    client.post(SCORE, [numbered, numbered, {**SHORT, "caller": "0171 9999999"}, {**SHORT, "caller": None}])
    found = client.get("/api/v1/metrics/a/+491719999999")
    assert (before, found["total_attempts"], found["asr"]) == (0, 2, 100)
    traffic = client.daemon.fraud.desk.watch.traffic
    assert traffic.attempts("b", "") == 0
    assert client.daemon.store.fraud.records(a="+491719999999") == []


def test_a_call_that_is_over_is_scored_before_it_is_stored(client: HttpClient) -> None:
    call = {"caller_id": "+491715550001", "destination": "+4930123456", "call_id": "short", "duration": 11}
    client.post("/api/cdr", call)
    record = client.daemon.store.fraud.record("short")
    assert record is not None
    assert (record.knn, record.versions) == (0.8, {"knn": 1})
    [told] = client.get("/api/cases/short")["calls"]
    assert (told["knn_proba"], told["knn_label"], told["model_versions"]) == (0.8, 1, {"knn": 1})
    checked = client.post("/api/check-number", {"number": call["caller_id"]})
    assert (checked["status"], checked["risk_score"]) == ("SUSPICIOUS", 80)
    assert "like those of scams" in checked["explanation"]


def test_without_a_model_nothing_is_predicted(without: HttpClient) -> None:
    told = without.post(SCORE, SHORT)
    assert (told["call"], told["predicted_label"], told["predicted_proba"]) == (SHORT, None, None)
    assert [each["predicted_label"] for each in without.post(SCORE, [{}, {}])] == [None, None]
    without.post(
        "/api/cdr", {"caller_id": "+491715550001", "destination": "+4930123456", "call_id": "c", "duration": 9}
    )
    [call] = without.get("/api/cases/c")["calls"]
    assert (call["knn_proba"], call["knn_label"], call["model_versions"]) == (None, None, {})
