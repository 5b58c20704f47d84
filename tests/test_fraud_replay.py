"""`ratingd fraud replay`: the same flags and incidents in any order within the lateness and on any number of shards,
and the same bytes each time; what rules would have done; what is wrong with a file, its lists or its rules.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ratingd.api.event_message import framed
from ratingd.cli import main
from ratingd.fraud.pseudonym import Pseudonyms
from ratingd.store.fraud_rows import EventRow, FraudBatch, ListRow, RulesRow
from ratingd.store.store import open_store
from ratingd.v1.fraud_pb2 import CallEvent
from tests.masking_traffic import ATTACK, EVENTS, TrafficEvent, attacked, late, traffic

LATENESS_MS = 5_000
COLUMNS = ("event_type", "timestamp", "call_id", "a_number", "b_number", "trunk", "switch_id")
BEGIN_MS = 1_795_255_200_000
B = "+4930654321"
ONE_RULE = "many,robocall,a,attempts.600 >= 4,HIGH,HIGH,*disconnect;*alert,{report},1h,many calls\n"


class Files:
    """A folder, and what `ratingd fraud replay` writes there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def events(self, name: str, events: Iterable[TrafficEvent]) -> str:
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for each in events:
                at = f"{each.at_ms // 1000}.{each.at_ms % 1000:03}"
                rows.writerow((each.kind, at, each.call_id, each.a, each.b, each.trunk, each.switch_id))
        return str(self.folder / name)

    def run(self, *arguments: str, exits: int = 0, flags: str = "flags.csv") -> Result:
        given = ("fraud", "replay", *arguments, "--flags", str(self.folder / flags))
        environment = {"RATINGD_CONFIG": "", "RATINGD_DATABASE_URL": f"sqlite:///{self.folder / 'r.db'}"}
        result = CliRunner().invoke(main, given, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == exits, result.output
        return result

    def flags(self, name: str = "flags.csv") -> list[dict[str, str]]:
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def content(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def replayed(self, events: str, run: str, *arguments: str) -> tuple[list[bytes], bytes]:
        """The lines of flags, sorted, and the incidents."""
        self.run(events, "--incidents", str(self.folder / f"{run}.json"), *arguments, flags=f"{run}.csv")
        return sorted(self.content(f"{run}.csv").splitlines()), self.content(f"{run}.json")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def row(number: int, *, b: str = B, kind: str = "INVITE", at_ms: int | None = None, caller: int | None = None) -> str:
    at = (BEGIN_MS + 100 * number if at_ms is None else at_ms) / 1000
    return f"{kind},{at:.3f},c{number},+493012340{number if caller is None else caller},{b},t-7,sbc-1\n"


def rows(numbers: Sequence[int], **given: Any) -> str:
    return ",".join(COLUMNS) + "\n" + "".join([row(number, **given) for number in numbers])


def hold_to_each_other(files: Files, events: Sequence[TrafficEvent]) -> None:
    """In file order and shuffled, on one shard and on eight, and twice."""
    ordered = files.events("ordered.csv", events)
    shuffled = files.events("shuffled.csv", late(events, LATENESS_MS, 7))
    flags, incidents = files.replayed(ordered, "first")
    purposes = {event.call_id: event.purpose for event in events}
    found = {each["call_id"]: each for each in files.flags("first.csv")}
    assert list(found) == [event.call_id for event in events if event.kind == "INVITE"]
    assert {call for call in found if purposes[call] == ATTACK} <= {
        call for call, each in found.items() if each["flagged"] == "true"
    }
    assert attacked(events) <= {each["b_number"] for each in json.loads(incidents)}
    assert files.replayed(shuffled, "shuffled_8", "--shards", "8") == (flags, incidents)
    first = files.content("first.csv")
    assert files.replayed(ordered, "ordered_8", "--shards", "8") == (flags, incidents)
    assert files.content("ordered_8.csv") == first
    assert files.replayed(shuffled, "shuffled_1") == (flags, incidents)


def test_order_and_shards_change_no_flag_and_no_incident(files: Files) -> None:
    hold_to_each_other(files, traffic(1, 6_000))


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_neither_do_they_in_a_whole_morning(files: Files) -> None:
    hold_to_each_other(files, traffic(1, EVENTS))


def test_the_first_calls_of_a_run_are_flagged_by_the_fifth(files: Files) -> None:
    events = files.write("c.csv", rows(range(5)) + row(8, b="+4930999") + row(0, kind="BYE", at_ms=BEGIN_MS + 900))
    told = json.loads(files.run(events, "-o", "json").stdout)
    flags = files.flags()
    (incident,) = {each["incident_id"] for each in flags[:5]}
    assert flags[0] == {
        "call_id": "c0", "b_number": B, "flagged": "true", "incident_id": incident, "action": "DISCONNECT",
        "reasons": "masking", "probability": flags[4]["probability"], "time": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    assert [each["flagged"] for each in flags] == ["true"] * 5 + ["false"]
    assert (told["events"], told["calls"], told["flagged"], told["incidents"], told["rejected"]) == (7, 6, 5, 1, 0)


def test_json_lines_in_and_out(files: Files) -> None:
    lines = [
        {
            "event_type": "INVITE",
            "timestamp": BEGIN_MS + n,
            "call_id": f"c{n}",
            "a_number": f"+4930{n}11",
            "b_number": B,
        }
        for n in range(5)
    ]
    events = files.write("c.jsonl", "".join([json.dumps(each) + "\n" for each in lines]))
    files.run(events, flags="out.jsonl")
    written = [json.loads(line) for line in files.content("out.jsonl").splitlines()]
    assert (written[0]["flagged"], written[0]["reasons"], written[4]["call_id"]) == (True, ["masking"], "c4")


def test_records_of_calls_are_replayed_by_a_map(files: Files) -> None:
    header = "caller_id,receiver_id,call_duration,timestamp,origin_region,target_region,true_label\n"
    calls = "".join([f"+493011{n},{B},{n},{BEGIN_MS // 1000 + n},DE,DE,1\n" for n in range(5)])
    files.run(files.write("s.csv", header + calls), "--map", "satark", "--window", "6")
    assert [each["flagged"] for each in files.flags()] == ["true"] * 5
    files.run(files.write("s.csv", header + calls), "--map", "satark", "--threshold", "6")
    assert [each["flagged"] for each in files.flags()] == ["false"] * 5


def test_events_of_next_year_are_believed_and_none_is_too_late_when_sorted(files: Files) -> None:
    late_rows = "".join([row(n, at_ms=BEGIN_MS - 3_600_000 + n) for n in (5, 6, 7, 8, 9)])
    events = files.write("c.csv", rows(range(5)).replace("179525", "189525") + late_rows)
    assert "--sort has them in the order of time" in files.run(events).stdout
    unsorted = [each["flagged"] for each in files.flags()]
    assert json.loads(files.run(events, "--sort", "-o", "json").stdout)["late"] == 0
    assert [each["call_id"] for each in files.flags()] == [f"c{n}" for n in (5, 6, 7, 8, 9, 0, 1, 2, 3, 4)]
    assert (unsorted[5:], [each["flagged"] for each in files.flags()]) == (["false"] * 5, ["true"] * 10)


@pytest.mark.parametrize(
    ("entry", "flagged", "action", "reasons"),
    [
        ("b_whitelist,number,030 654321,sales,ann,,,", "false", "ALLOW", ""),
        ("b_whitelist,number,+4930654321,sales,ann,,9,", "false", "ALLOW", ""),
        ("b_whitelist,number,+4930654321,sales,ann,+1h,,", "false", "ALLOW", ""),  # from the first event on
        ("b_whitelist,number,+4930654321,sales,ann,2026-11-20T00:00:00Z,,", "true", "DISCONNECT", "masking"),
        ("blacklist,trunk,t-7,unpaid,ann,,,", "true", "DISCONNECT", "masking blacklist"),
    ],
)
def test_lists(files: Files, entry: str, flagged: str, action: str, reasons: str) -> None:
    config = files.write("r.toml", 'default_region = "DE"\n')
    lists = files.write("NumberLists.csv", entry + "\n")
    files.run(files.write("c.csv", rows(range(5))), "--lists", lists, "--config", config)
    for each in files.flags():
        assert (each["flagged"], each["action"], each["reasons"]) == (flagged, action, reasons)


@pytest.mark.parametrize(("report", "action"), [("false", "DISCONNECT"), ("true", "ALLOW")])
def test_rules_tell_what_they_would_have_done(files: Files, report: str, action: str) -> None:
    rules = files.write("FraudRules.csv", ONE_RULE.format(report=report))
    calls = rows(()) + "".join([row(n, b=f"+49301000{n}", caller=1, at_ms=BEGIN_MS + 9_000 * n) for n in range(6)])
    hits = files.folder / "hits.csv"
    files.run(files.write("c.csv", calls), "--rules", rules, "--hits", str(hits))
    assert [(each["action"], each["reasons"]) for each in files.flags()[3:5]] == [(action, "many"), ("ALLOW", "")]
    (hit,) = files.flags("hits.csv")
    assert (hit["rule"], hit["subject"], hit["call_id"], hit["report_only"]) == ("many", "+4930123401", "c3", report)
    assert hit["actions"] == "*disconnect *alert"
    first = hits.read_bytes()
    files.run(files.write("c.csv", calls), "--rules", rules, "--hits", str(hits))
    assert hits.read_bytes() == first


def test_an_empty_file_of_rules_is_no_rules(files: Files) -> None:
    told = files.run(files.write("c.csv", rows(range(5))), "--rules", files.write("none.csv", ""), "-o", "json").stdout
    assert (json.loads(told)["rule_hits"], json.loads(told)["flagged"]) == (0, 5)


def test_rows_that_cannot_be_read_are_named_and_the_others_replayed(files: Files) -> None:
    events = files.write("c.csv", rows(range(5)) + "INVITE,soon,x,1,2,,\n" + "BYE,1795255201,,,,,\n")
    rejects = str(files.folder / "rejects.csv")
    result = files.run(events, "--rejects", rejects, exits=1)
    assert f"{events}:7: timestamp: a time is wanted" in result.stderr
    assert f"{events}:8: call_id: is missing" in result.stderr
    assert len([each for each in files.flags() if each["flagged"] == "true"]) == 5
    assert [(each["line"], each["column"]) for each in files.flags("rejects.csv")] == [
        ("7", "timestamp"), ("8", "call_id"),
    ]  # fmt: skip


def test_nothing_is_left_of_a_replay_that_is_refused(files: Files) -> None:
    events = files.write("c.csv", "a,b\n1,2\n")
    assert "FILE_REFUSED: the file lacks the column a_number" in files.run(events, exits=1).stderr
    rules = files.write("Rules.csv", "x\n")
    result = files.run(files.write("d.csv", rows(range(5))), "--rules", rules, exits=1)
    assert "lists and rules must have no fault" in result.stderr
    assert "Rules.csv:1" in result.stderr
    assert sorted(path.name for path in files.folder.iterdir()) == ["Rules.csv", "c.csv", "d.csv"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a FILE, or --stored"),
        (["FILE", "--stored"], "give a FILE, or --stored"),
        (["--stored", "--sort"], "--sort is for a FILE"),
        (["FILE", "--since", "1h"], "--since and --until are for --stored"),
        (["FILE", "--map", "nowhere.toml"], "--map: nowhere.toml: cannot be read"),
        (["FILE", "--threshold", "1"], "1 is not in the range 2<=x<=100"),
        (["FILE", "--shards", "0"], "0 is not in the range"),
    ],
)
def test_misuse(files: Files, arguments: list[str], said: str) -> None:
    events = files.write("c.csv", rows(range(5)))
    result = files.run(*[events if each == "FILE" else each for each in arguments], exits=2)
    assert said in " ".join(result.stderr.replace("│", " ").split())


# -- what a daemon has stored


def stored(files: Files, *, hidden: bool = False) -> None:
    """Five masked calls in two chunks, the second a second later, with a whitelist and a rule in force."""
    store = open_store(f"sqlite:///{files.folder / 'r.db'}")
    store.migrate()
    for received_ms, numbers in ((BEGIN_MS, range(3)), (BEGIN_MS + 1_000, range(3, 5))):
        content = b"".join([framed(invite(number, hidden=hidden)) for number in numbers])
        rows = [EventRow(received_ms, BEGIN_MS, received_ms, len(numbers), "grpc", content)]
        store.fraud.commit(FraudBatch(events=rows))
    store.fraud.commit(FraudBatch(lists=[ListRow("b_whitelist", "prefix", "+4989", "sales", "ann", 0, 0)]))
    store.close()


def invite(number: int, *, hidden: bool) -> bytes:
    a, b = f"+493012340{number}", B
    if hidden:
        pseudonym = Pseudonyms("a key of sixteen or more")
        a, b = pseudonym(a), pseudonym(b)
    event = CallEvent(
        call_id=f"c{number}", kind=CallEvent.INVITE, time_ms=BEGIN_MS + number, a_number=a, b_number=b, trunk="t-7",
    )  # fmt: skip
    return event.SerializeToString()


def test_stored_events_are_replayed_with_other_rules(files: Files) -> None:
    stored(files)
    rules = files.write("FraudRules.csv", "calls,robocall,b,attempts.60 >= 4,HIGH,HIGH,*alert,true,1h,many\n")
    files.run("--stored", "--rules", rules, "--hits", str(files.folder / "hits.jsonl"))
    assert [each["flagged"] for each in files.flags()] == ["true"] * 5
    hit = json.loads(files.content("hits.jsonl"))
    assert (hit["rule"], hit["subject"], hit["report_only"]) == ("calls", B, True)


def test_stored_events_between_two_instants(files: Files) -> None:
    stored(files)
    files.run("--stored", "--since", "2026-11-21T10:00:01Z")
    assert [each["call_id"] for each in files.flags()] == ["c3", "c4"]
    files.run("--stored", "--until", "2026-11-21T10:00:01Z")
    assert [each["call_id"] for each in files.flags()] == ["c0", "c1", "c2"]


def test_stored_rules_and_lists_are_in_force(files: Files) -> None:
    stored(files)
    store = open_store(f"sqlite:///{files.folder / 'r.db'}")
    text = "calls,robocall,b,attempts.60 >= 4,HIGH,HIGH,*alert,true,1h,many\n"
    entry = ListRow("b_whitelist", "number", B, "sales", "ann", 0, 0)
    store.fraud.commit(FraudBatch(lists=[entry], rules=[RulesRow(text, "ann", BEGIN_MS)]))
    store.close()
    told = json.loads(files.run("--stored", "-o", "json").stdout)
    assert (told["whitelisted"], told["flagged"], told["rule_hits"]) == (5, 0, 1)


def test_a_log_of_pseudonyms_is_replayed_as_such(files: Files) -> None:
    stored(files, hidden=True)
    config = files.write("r.toml", 'hash_numbers = true\nnumber_key = "a key of sixteen or more"\n')
    lists = files.write("NumberLists.csv", "a_whitelist,number,+4930123400,test,ann,,,\n")
    files.run("--stored", "--config", config, "--lists", lists)
    assert [each["flagged"] for each in files.flags()] == ["false"] * 5
    files.run("--stored", "--config", config)
    assert {(each["flagged"], each["b_number"][:2]) for each in files.flags()} == {("true", "h:")}


def test_a_database_that_is_not_there_is_told(files: Files) -> None:
    assert "the stored events cannot be read: there is no" in files.run("--stored", exits=1).stderr
