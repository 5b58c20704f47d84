"""Loading a folder again: the command line shows what changes before it happens, in plans and on accounts."""

import re
from pathlib import Path

import pytest

from tests.e2e.shell import Shell
from tests.golden_file import agrees

FIRST = {
    "Destinations.csv": "DST_DE,49\nDST_UK,44\n",
    "Rates.csv": "RT,0,0.60,60s,60s,0s\n",
    "DestinationRates.csv": "DR,*any,RT,*up,4,0,\n",
    "RatingPlans.csv": "RP,DR,*any,10\n",
    "RatingProfiles.csv": "example.org,call,*any,,RP,\n",
    "SharedGroups.csv": "FAMILY,*any,*lowest,\n",
    "Actions.csv": "TOP10,*topup,,,MAIN,*monetary,,,,FAMILY,,,10,,,,10\nSTOP,*disable_account,,,,,,,,,,,,,,,10\n",
    "ActionPlans.csv": "MONTHLY,TOP10,*asap,10\n",
    "ActionTriggers.csv": "CAP,DAY,*max_event_counter,20,0,,+720h,,,*monetary,,DST_UK,,,,*day,,,,STOP,10\n",
    "AccountActions.csv": "example.org,1001,MONTHLY,CAP,,\nexample.org,1002,MONTHLY,,,\n",
}
SECOND = {
    "Destinations.csv": "DST_DE,49\nDST_DE,4915\nDST_FR,33\n",
    "Rates.csv": "RT,0,0.50,60s,1s,0s\n",
    "SharedGroups.csv": "FAMILY,*any,*highest,\n",
    "Actions.csv": "TOP10,*topup,,,MAIN,*monetary,,,,FAMILY,*monthly,,12.5,,,,10\nWARN,*log,,,,,,,,,,,,,,,10\n",
    "ActionTriggers.csv": "CAP,DAY,*max_event_counter,30,0,,+720h,,,*monetary,,DST_UK,,,,*day,,,,STOP,10\n",
    "AccountActions.csv": "example.org,1001,MONTHLY,CAP,,true\nexample.org,1002,MONTHLY,,,\nexample.org,1003,,CAP,,\n",
}


def written(folder: Path, *loads: dict[str, str]) -> str:
    folder.mkdir(exist_ok=True)
    for name, text in {name: text for load in loads for name, text in load.items()}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


@pytest.fixture
def loaded(empty: Shell, tmp_path: Path) -> Shell:
    empty.run("tariffs", "load", written(tmp_path / "first", FIRST))
    return empty


def test_a_dry_run_shows_what_changes_in_plans_and_accounts(loaded: Shell, tmp_path: Path) -> None:
    second = written(tmp_path / "second", FIRST, SECOND)
    shown = loaded.table("tariffs", "load", second, "--dry-run")
    agrees("tariffs_load_dry_run.txt", re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", "2026-12-21T10:00:00Z", shown))
    assert loaded.json("tariffs", "show")["version"] == "1"
    assert not loaded.json("account", "show", "1001")["disabled"]
    told = loaded.json("tariffs", "load", second, "--dry-run")
    kinds = {each["kind"]: each for each in told["differences"]}
    assert kinds["destinations"] | {"changed": 0} == {
        "kind": "destinations", "new_count": 1, "changed_count": 1, "same_count": 1, "new_names": ["DST_FR"],
        "changed": 0,
    }  # fmt: skip
    assert kinds["action_sets"]["changed"][0]["name"] == "TOP10"
    checked = loaded.json("tariffs", "check", second, "--stored")
    assert (checked["valid"], checked["differences"]) == (True, told["differences"])
    assert "action sets" in loaded.table("tariffs", "check", second, "--stored")


def test_what_a_dry_run_told_is_what_the_load_does(loaded: Shell, tmp_path: Path) -> None:
    second = written(tmp_path / "second", FIRST, SECOND)
    told = loaded.json("tariffs", "load", second, "--dry-run")
    done = loaded.json("tariffs", "load", second)
    assert (done["differences"], done["accounts"]) == (told["differences"], told["accounts"])
    after = loaded.json("tariffs", "load", second, "--dry-run")
    assert (after["differences"], [each["changes"] for each in after["accounts"]]) == ([], [[], [], []])
    assert "3 accounts of the folder stay as they are." in loaded.table("tariffs", "load", second, "--dry-run")


def test_a_nightly_load_moves_no_relative_time(loaded: Shell, tmp_path: Path) -> None:
    (before,) = loaded.json("triggers", "list", "1001")
    loaded.run("tariffs", "load", str(tmp_path / "first"))
    assert loaded.json("triggers", "list", "1001") == [before]


def test_asap_entries_run_again_when_that_is_asked_for(loaded: Shell, tmp_path: Path) -> None:
    again = loaded.json("tariffs", "load", str(tmp_path / "first"), "--rerun-asap", "--dry-run")
    assert [each["changes"] for each in again["accounts"]] == [["run TOP10 now"], ["run TOP10 now"]]
    loaded.run("tariffs", "load", str(tmp_path / "first"), "--rerun-asap")
    assert [each["value"] for each in loaded.json("account", "show", "1001")["balances"]] == ["20"]


def test_shared_groups_are_shown_with_their_members(loaded: Shell) -> None:
    assert loaded.json("account", "groups") == [
        {"tenant": "example.org", "id": "FAMILY", "strategies": {"*any": "*lowest"}, "members": ["1001", "1002"]}
    ]
    loaded.run("account", "balance", "add", "1002", "1", "--id", "OWN", "--shared-group", "FRIENDS")
    agrees("account_groups.txt", loaded.table("account", "groups"))
    assert loaded.json("account", "groups", "FRIENDS")["members"] == ["1002"]
    assert "no shared group 'NONE'" in loaded.run("account", "groups", "NONE", exits=1).stderr
