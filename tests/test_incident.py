"""Incidents as they are stored and shown."""

import json

from ratingd.fraud.incident import Run, flagged_row, incident_row, shown
from triggers.masking.incident import Attempt, MaskingIncident

B = "+493012345678"


def incident() -> MaskingIncident:
    found = MaskingIncident(B, 5_000, 9_000, max_distinct=6)
    for number in range(6):
        found.add(Attempt(4_000 + number, f"+4930555100{number}", f"c-{number}", "sbc-1", f"t-{number % 2}"))
    found.open_earlier(4_500)
    return found


def test_a_row_says_who_called_whom_over_what_and_what_was_done() -> None:
    run = Run("CRITICAL", "disconnect", 5)
    row = incident_row(incident(), run, 10_000)
    assert (row.b_number, row.opened_ms, row.last_ms, row.max_distinct, row.updated_ms) == (B, 4_500, 9_000, 6, 10_000)
    assert row.former_ids == tuple(json.loads(row.document)["former_ids"]) != ()
    told = shown(row)
    assert told["explanation"] == f"6 callers within the window called {B}; 5 are a masking run"
    assert (told["a_numbers"][0], told["trunks"], told["calls"], told["response"]) == (
        "+49305551000", ["t-0", "t-1"], 6, "disconnect",
    )  # fmt: skip


def test_a_run_is_as_bad_as_the_worst_of_it_and_once_to_be_cut_stays_so() -> None:
    run = Run("HIGH", "alert", 5)
    for severity, response in (("CRITICAL", "disconnect"), ("HIGH", "alert")):
        run.judged(severity, response)
    assert (run.severity, run.response) == ("CRITICAL", "disconnect")


def test_a_flagged_call_says_whether_it_had_ended() -> None:
    call = Attempt(4_000, "+49305551000", "c-1", "sbc-1", "t-7")
    rows = [flagged_row(call, "8d1f", B, ended=ended) for ended in (False, True)]
    assert [(row.result, row.reason, row.b_number) for row in rows] == [
        ("", "masking", B),
        ("ALREADY_ENDED", "masking", B),
    ]
