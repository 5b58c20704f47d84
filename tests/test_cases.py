"""The case book over a store: what an id means, and what a verdict on it labels and closes."""

from collections.abc import Iterator
from typing import Any

import pytest

from ratingd.errors import InvalidRequest
from ratingd.fraud.case import CaseUnknown
from ratingd.fraud.cases import CaseBook
from ratingd.store.store import Store
from tests.test_number_lookup import CALLER, NOW_MS, VICTIM, Scene, store  # noqa: F401 (a fixture)

WANGIRI = "+37190012345"


@pytest.fixture
def scene(store: Store) -> Iterator[Scene]:  # noqa: F811 (the fixture)
    with Scene(store) as scene:
        scene.attack()
        yield scene


def book(scene: Scene) -> CaseBook:
    return scene.fraud.investigation.cases


def labels(scene: Scene) -> dict[str, tuple[int, str]]:
    return {f"{each.subject_kind} {each.subject}": (each.label, each.kind) for each in scene.store.labels.current()}


def test_what_an_id_means(scene: Scene) -> None:
    [row] = scene.store.fraud.alerts()
    for asked, kind, id in (
        (str(row.id), "alert", str(row.id)),
        (row.incident_id, "incident", row.incident_id),
        ("c3", "call", "c3"),
        ("030 654321", "number", VICTIM),
        ("030123400", "number", CALLER),
        ("77", "number", "77"),  # an extension, for no alert has that id
    ):
        case = book(scene).case(asked, "ann")
        assert (case.kind, case.id) == (kind, id)
    for asked in ("nothing", "4f0c2c6a1d8e9b37", "CMP-2026-4"):
        with pytest.raises(CaseUnknown, match="it is the id of no alert"):
            book(scene).case(asked, "ann")
    for asked in ("", "x" * 300, "\0"):
        with pytest.raises(InvalidRequest):
            book(scene).case(asked, "ann")


@pytest.mark.parametrize(
    ("kind", "subject", "call_ids", "labelled"),
    [
        ("a_number", WANGIRI, [], {f"number {WANGIRI}": (1, "wangiri")}),
        ("a_number", WANGIRI, ["k1", "k2"], {f"number {WANGIRI}": (1, "wangiri"), "call k1": (1, "wangiri"),
                                             "call k2": (1, "wangiri")}),
        ("a_number", "anonymous", ["k1"], {"call k1": (1, "wangiri")}),
        ("a_range", "+3719001", ["k1"], {"call k1": (1, "wangiri")}),
        ("trunk", "t-9", ["k1"], {"call k1": (1, "wangiri")}),
        ("account", "cgrates.org:1001", [], {}),
    ],
)  # fmt: skip
def test_what_a_verdict_on_an_alert_labels(
    scene: Scene, kind: str, subject: str, call_ids: list[str], labelled: dict[str, Any]
) -> None:
    id = raised(scene, kind, subject, call_ids)
    told = book(scene).label(str(id), "ann", "confirm")
    assert (told.labelled, told.alerts) == (len(labelled), (id,))
    assert labels(scene) == labelled
    assert scene.fraud.book.alert(id).status == "resolved"
    again = book(scene).label(str(id), "ann", "confirm")
    assert (again.labelled, again.alerts) == (len(labelled), ())


def test_who_resolves_an_alert_and_says_what_it_was_labels_it(scene: Scene) -> None:
    id = raised(scene, "a_number", WANGIRI, ["k1"])
    book(scene).resolve(id, "ann", "no idea")
    assert labels(scene) == {}
    book(scene).resolve(id, "ann", "our own test", "false_positive")
    assert labels(scene) == {f"number {WANGIRI}": (0, ""), "call k1": (0, "")}
    [label, *_] = scene.store.labels.of(WANGIRI)
    assert (label.who, label.source, label.details) == ("ann", "analyst", f"alert {id}: our own test")
    with pytest.raises(InvalidRequest, match="neither true_positive nor false_positive"):
        book(scene).resolve(id, "ann", "", "perhaps")


def test_a_number_closes_only_what_is_open_against_it_as_a_caller(scene: Scene) -> None:
    told = book(scene).label(VICTIM, "ann", "dismiss")  # whose alert is about an attack on it
    assert (told.labelled, told.alerts) == (1, ())
    closed, opened = raised(scene, "a_number", WANGIRI, []), raised(scene, "a_number", WANGIRI, [], "robocall")
    scene.fraud.book.resolve(closed, "ann", "", "true_positive")
    assert book(scene).label(WANGIRI, "ann", "dismiss").alerts == (opened,)
    assert scene.fraud.book.alert(closed).status == "resolved"


def test_a_case_tells_who_did_what_and_what_was_said(scene: Scene) -> None:
    book(scene).label("c3", "ann", "confirm", "masking", "seen before")
    case = book(scene).case("c3", "ben")
    assert [(deed.who, deed.what) for deed in case.deeds if deed.subject == "c3"] == [
        ("ben", "lookup"), ("ann", "case.label"),
    ]  # fmt: skip
    assert [(label.who, label.label, label.kind) for label in case.labels] == [("ann", 1, "masking")]
    assert [call.call_id for call in case.calls] == ["c3"]
    assert case.loss is not None
    assert case.loss.accounts == 0
    assert [(rule.id, rule.severity) for rule in case.rules] == [("masking", "CRITICAL")]


def raised(scene: Scene, kind: str, subject: str, call_ids: list[str], detector: str = "wangiri") -> int:
    id = scene.alert(kind, subject, detector, NOW_MS)
    alert = scene.fraud.book.alert(id)
    alert.add_calls(call_ids)
    return id
