"""Protection: what a set asks of fraud detection for its account, read and checked as its row is loaded."""

from typing import Any

import pytest

from actions.action import Action, ActionType
from actions.outside import Protect
from actions.protection import parse_alert, parse_block_number, parse_block_trunk, parse_limit
from tests.action_scene import Scene, book

HOUR_MS = 3_600_000
BOOK = book("NOTE do=*log")


def asked(scene: Scene) -> list[tuple[str, dict[str, Any]]]:
    hidden = ("tenant", "account", "actions_id", "at_ms")
    return [
        (effect.kind, {name: value for name, value in effect.body.items() if name not in hidden})
        for effect in scene.outside
        if isinstance(effect, Protect)
    ]


def run(type: ActionType, extra: str = "") -> Scene:
    scene = Scene(BOOK, "M=1")
    scene.run(Action("", type, extra=extra))
    return scene


@pytest.mark.parametrize(
    ("type", "extra", "kind", "body"),
    [
        (ActionType.ALERT, "", "alert", {"Severity": "MEDIUM"}),
        (ActionType.ALERT, '{"Severity":"HIGH","Title":"T"}', "alert", {"Severity": "HIGH", "Title": "T"}),
        (ActionType.BLOCK_NUMBER, '{"Number":"+371"}', "block_number", {"value": "+371", "duration_ms": HOUR_MS}),
        (
            ActionType.BLOCK_TRUNK, '{"Trunk":"t-7","Duration":"15m"}', "block_trunk",
            {"value": "t-7", "duration_ms": 900_000},
        ),
        (
            ActionType.LIMIT_SESSION, '{"Limit":"90s"}', "limit_session",
            {"limit_ms": 90_000, "duration_ms": 24 * HOUR_MS},
        ),
    ],
)  # fmt: skip
def test_what_is_asked_for_leaves_with_the_operation(
    type: ActionType, extra: str, kind: str, body: dict[str, object]
) -> None:
    scene = run(type, extra)
    assert (scene.refused, asked(scene)) == ("", [(kind, body)])


@pytest.mark.parametrize(
    ("type", "extra", "why"),
    [
        (ActionType.ALERT, '{"Severity":"AWFUL"}', "Severity 'AWFUL' is none of LOW, MEDIUM, HIGH, CRITICAL"),
        (ActionType.ALERT, '{"Colour":"red"}', "'Colour' is none of Severity, Title, FraudType"),
        (ActionType.BLOCK_NUMBER, "", "it names no Number, and no call is charged"),
        (ActionType.BLOCK_NUMBER, '{"Number":"+371","Duration":"0s"}', "Duration is nothing: for how long"),
        (ActionType.BLOCK_NUMBER, '{"Number":"+371","Duration":"*unlimited"}', "'*unlimited' is no time to wait for"),
        (ActionType.BLOCK_TRUNK, "", "it names no Trunk, and no call that says one is charged"),
        (ActionType.LIMIT_SESSION, "", "Limit is empty: how long a call may last at most"),
        (ActionType.LIMIT_SESSION, '{"Limit":"soon"}', "'soon' is not a duration"),
    ],
)
def test_what_cannot_be_meant_fails_the_set(type: ActionType, extra: str, why: str) -> None:
    scene = run(type, extra)
    assert why in scene.refused
    assert asked(scene) == []


def test_a_monitor_that_fires_says_which_and_at_what() -> None:
    sets = 'TELL do=*alert extra={"Severity":"HIGH"}'
    scene = Scene(book(sets, "FRAUD uid=F1 on=*max_balance at=5 type=*monetary run=TELL"), "M=1", "FRAUD")
    scene.do("topup M 10")
    ((kind, body),) = asked(scene)
    assert (kind, body["Severity"], body["recurrent"]) == ("alert", "HIGH", False)
    assert (body["trigger"]["ID"], body["trigger"]["UniqueID"], body["trigger"]["Observed"]) == ("FRAUD", "F1", "11")


def test_cells_of_a_folder_are_read_as_the_actions_will() -> None:
    assert parse_alert("")["Severity"] == "MEDIUM"
    assert (parse_block_number("")["Duration"], parse_block_trunk("")["Duration"]) == ("1h", "1h")
    assert parse_limit('{"Limit":"60s"}') == {"Limit": "60s", "Duration": "24h"}
