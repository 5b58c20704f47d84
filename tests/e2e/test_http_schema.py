"""What the OpenAPI page says is what is served: schemathesis asks every operation, over a real port, and checks all of
it: what is allowed is accepted, what is not is refused, every answer is one that was told of, and nothing falls over.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.http_client import HttpClient, http
from tests.e2e.masking import attack

# some of each operation, beside the bounds of every field; and a few walks from one operation to the next
SETTINGS = """
seed = 1
generation = { max-examples = 6 }
[phases.stateful.generation]
max-examples = 2

# what is a telephone number no pattern says, so a text that could be one may be refused; 20 reports an hour are taken
[[operations]]
include-path-regex = "/api/(check-number|report)"
[operations.checks.positive_data_acceptance]
expected-statuses = ["2xx", "422", "429"]
"""


HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
ALIAS = "/event"  # of /api/v1/event, which has most cases of all: asked once is enough


@pytest.mark.timeout(300)  # where the machine does much else
def test_what_is_served_is_what_the_page_says(sqlite_url: str, tmp_path: Path) -> None:
    with http(sqlite_url) as client:
        attack(client)
        told = told_by_schemathesis(client, tmp_path)
        selected, tested = [int(count) for count in re.findall(r"(?:Selected|Tested): (\d+)", told)]
        assert selected == tested == len(operations(client)) - 1


def operations(client: HttpClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json")["paths"]
    return [(path, method) for path, methods in paths.items() for method in methods]


def told_by_schemathesis(client: HttpClient, folder: Path) -> str:
    """What it says at its end, where it has found nothing; it takes some 12 s of CPU."""
    (folder / "schemathesis.toml").write_text(f'hooks = "{HOOKS}"\n{SETTINGS}')
    page = f"{client.client.base_url}/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "run", page, "--no-color", "--exclude-path", ALIAS]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280, check=False)
    short = "\n".join(line[:600] for line in run.stdout.splitlines())
    assert run.returncode == 0, f"schemathesis: {short[-12_000:]}{run.stderr[-2_000:]}"
    return short
