"""Exports: the whole account to exporters that a set names, its balances in short to those of the settings."""

from dataclasses import replace

from accounts.account_state import account_state
from accounts.book import Page
from actions.action import Action, ActionType
from actions.context import ActionContext
from actions.outside import Export, Outside, PostAlert
from actions.perform import run_set
from tests.action_scene import KEY, Scene, balance_action, book

SETS = """
    BOTH    do=*export extra=KAFKA;ARCHIVE;KAFKA
    UNKNOWN do=*disable_account w=20
    UNKNOWN do=*export extra=KAFKA;NOWHERE w=10
    TELL    do=*post_event extra=http://127.0.0.1/event
    ARCHIVE do=*export extra=ARCHIVE
"""
TRIGGERS = """
    LOW  uid=L1 on=*min_balance at=2 type=*monetary run=TELL
    X30B uid=T on=*min_balance at=8 type=*monetary run=ARCHIVE
"""
BOOK = book(SETS, TRIGGERS)
PUBLISH = Action("", ActionType.PUBLISH_ACCOUNT)


def exporting(scene: Scene, *actions: Action) -> list[Outside]:
    """What a set sends where the settings name two exporters, one of them for account updates."""
    sent: list[Outside] = []

    def run(page: Page, context: ActionContext) -> None:
        named = replace(context, exporters={"KAFKA", "ARCHIVE"}, account_updates=("KAFKA",))
        sent.extend(run_set(actions, page, BOOK.catalogue, named))

    scene.operate(run)
    return sent


def test_an_account_is_exported_to_each_exporter_once() -> None:
    scene = Scene(BOOK, "M=1")
    event = {"Account": account_state(scene.account), "EventType": "AccountUpdate", "EventSource": "AccountS"}
    assert exporting(scene, *BOOK.catalogue.action_sets["BOTH"].actions) == [
        Export("n1", "KAFKA", event, KEY),
        Export("n2", "ARCHIVE", event, KEY),
    ]


def test_an_exporter_that_the_settings_do_not_name_fails_the_set_at_once() -> None:
    scene = Scene(BOOK, "M=1")
    assert exporting(scene, *BOOK.catalogue.action_sets["UNKNOWN"].actions) == []
    assert scene.refused == "*export of UNKNOWN: the settings name no exporter 'NOWHERE'; they name ARCHIVE, KAFKA"
    assert scene.told() == "M=1"


def test_an_account_is_published_with_what_its_set_changed() -> None:
    scene = Scene(BOOK, "M=1(w10)")
    (sent,) = exporting(scene, balance_action("topup", "M", "2.5"), balance_action("topup", "V", "90s"), PUBLISH)
    assert isinstance(sent, Export)
    assert (sent.exporter, sent.account) == ("KAFKA", KEY)
    summary = {"Disabled": False, "Factors": {}}
    assert sent.body == {
        "Tenant": "cgrates.org",
        "AccountID": "1001",
        "AllowNegative": False,
        "Disabled": False,
        "BalanceSummaries": [
            summary | {"UUID": "u-M", "ID": "M", "Type": "*monetary", "Initial": "1", "Value": "3.5", "Weight": 10},
            summary | {"UUID": "n1", "ID": "V", "Type": "*voice", "Initial": "0", "Value": "90000000000", "Weight": 0},
        ],
    }


def test_an_update_goes_to_the_log_where_the_settings_name_nobody() -> None:
    scene = Scene(BOOK, "M=1")
    scene.run(PUBLISH)
    (line,) = scene.log
    assert (line.event, line.fields["AccountID"]) == ("account.update", "1001")


def test_an_event_is_posted_without_the_account() -> None:
    scene = Scene(BOOK, "M=3", "LOW").do("debit M 1; run TELL")
    fired, executed = scene.outside
    assert isinstance(fired, PostAlert)
    assert isinstance(executed, PostAlert)
    assert sorted(fired.body) == ["account", "actions_id", "created_at", "event", "id", "tenant", "trigger"]
    assert (fired.event, fired.url, fired.sync) == ("trigger.fired", "http://127.0.0.1/event", False)
    assert sorted(executed.body) == ["account", "actions_id", "created_at", "event", "id", "tenant"]


def test_an_export_in_the_middle_shows_the_account_as_of_its_change() -> None:
    """X 30b: between two changes of one set; at the end M is 7.2."""
    scene = Scene(BOOK, "M=9", "X30B")
    (sent,) = exporting(scene, *(balance_action("debit", "M", "0.6") for _ in range(3)))
    assert isinstance(sent, Export)
    state = sent.body["Account"]
    assert isinstance(state, dict)
    assert state["BalanceMap"]["*monetary"][0]["Value"] == "7.8"
    assert state["ActionTriggers"][0]["Executed"] is True
    assert scene.told() == "M=7.2 fired:T"
