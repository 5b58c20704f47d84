"""What Prometheus and Grafana are given: rules that promtool accepts and whose alerts fire as they should, and a board.

Every metric that a rule or a panel names is one that the daemon serves, so that none of them waits for ever.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import attack
from tests.promtool import promtool

MONITORING = Path(__file__).resolve().parent.parent.parent / "monitoring"
SERVED_BY_PROMETHEUS = {"up"}
NAMED = {
    "fraud_events_total", "fraud_duplicates_total", "fraud_late_events_total", "fraud_events_shed_total",
    "fraud_detection_latency_seconds", "fraud_masking_incidents_total", "fraud_calls_flagged_total",
    "fraud_disconnects_total", "fraud_whitelisted_total", "fraud_window_keys", "fraud_window_calls",
    "fraud_window_truncated_total", "fraud_alerts_total", "fraud_alerts_open", "fraud_campaigns_active",
    "fraud_webhook_deliveries_total", "fraud_webhook_latency_seconds",
    "fraud_deadletters", "fraud_ws_clients", "fraud_trigger_fired_total",
}  # fmt: skip
BUCKETS = ("5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.05", "+Inf")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    with http(f"sqlite:///{tmp_path_factory.mktemp('monitoring')}/ratingd.db") as client:
        attack(client)
        yield client


def run(*arguments: str, folder: Path = MONITORING) -> str:
    ended = subprocess.run(
        [str(promtool()), *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def served(client: HttpClient) -> set[str]:
    """Names of what the daemon tells, as they stand in an expression."""
    text = client.client.get("/metrics").text
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def board() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MONITORING / "board.json").read_text())
    return found


def expressions(found: Any) -> Iterator[str]:
    """Every expression of a board, wherever it stands."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name == "expr":
                yield value.replace("$__rate_interval", "5m").replace("$instance", ".*")
            yield from expressions(value)
    elif isinstance(found, list):
        for value in found:
            yield from expressions(value)


def metrics_of(expression: str) -> set[str]:
    """The metrics that an expression names, without what Prometheus adds to those of a histogram."""
    without_labels = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|without) \([^)]*\)", " ", expression)
    named = set(re.findall(r"\b(?:fraud|ratingd)_\w+|\bup\b", without_labels))
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in named}


@pytest.mark.timeout(300)  # it may have to be fetched first
def test_the_rules_are_accepted_and_fire_as_they_should() -> None:
    assert "SUCCESS" in run("check", "rules", "alerts.yml")
    assert "SUCCESS" in run("test", "rules", "alerts_test.yml")


def test_rules_and_board_name_only_what_is_served(client: HttpClient) -> None:
    known = served(client) | SERVED_BY_PROMETHEUS
    rules = re.sub(r"annotations:.*?(?=- alert|\Z)", "", (MONITORING / "alerts.yml").read_text(), flags=re.DOTALL)
    named = metrics_of(re.sub(r"#.*", "", rules.replace("job_name: ratingd", "")))
    for expression in expressions(board()):
        named |= metrics_of(expression)
    assert len(named) > 15
    assert named - known == set()


def test_every_expression_of_the_board_is_one(tmp_path: Path) -> None:
    found = sorted(set(expressions(board())))
    assert len(found) > 20
    rules = [{"record": f"board:{place}", "expr": expression} for place, expression in enumerate(found)]
    (tmp_path / "board.yml").write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    assert f"{len(found)} rules found" in run("check", "rules", "board.yml", folder=tmp_path)


def test_panels_do_not_lie_over_each_other() -> None:
    places: set[tuple[int, int]] = set()
    for panel in board()["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & places, panel["title"]
        assert max(x for x, _ in cells) < 24
        places |= cells


def test_all_that_is_named_is_served_from_the_start(client: HttpClient) -> None:
    assert NAMED - served(client) == set()
    text = client.client.get("/metrics").text
    told = {
        f"{sample.name} {' '.join(sample.labels.values())}".strip(): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert told["fraud_events_total http INVITE"] == 5
    assert told["fraud_masking_incidents_total CRITICAL"] == 1
    assert told["fraud_masking_incidents_total HIGH"] == 0, "so that the first one is an increase"
    assert told["fraud_calls_flagged_total masking"] == 5
    assert told["fraud_alerts_open"] == 1
    assert told["ratingd_events_total daemon.serving"] >= 1
    latency = [name.split()[1] for name in told if name.startswith("fraud_detection_latency_seconds_bucket")]
    assert tuple(latency) == BUCKETS


def test_promtool_agrees_with_the_page_of_metrics(client: HttpClient) -> None:
    text = client.client.get("/metrics").text
    ended = subprocess.run(
        [str(promtool()), "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
