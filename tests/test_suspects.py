"""Who is flagged, with what, and until when."""

from tests.table import table
from triggers.campaigns.suspects import Flag, Suspects, heeded

DAY_MS = 86_400_000


def test_a_number_has_its_own_flags_and_those_of_its_range() -> None:
    suspects = Suspects()
    suspects.note("+3712000001", "wangiri", 75, 0.7, 1_000)
    suspects.note("+3712000001", "wangiri", 85, 0.9, 2_000)
    suspects.note("+3712000001", "masking", 95, 0.95, 500)
    suspects.note_range("+3712000", "robocall", 75, 0.7, 3_000)
    found = {each.fraud_type: (each.risk, each.sure, each.at_ms) for each in suspects.of("+3712000001", "+3712000")}
    assert found == {"wangiri": (85, 0.9, 2_000), "masking": (95, 0.95, 500), "robocall": (75, 0.7, 3_000)}
    assert [each.fraud_type for each in suspects.of("+3712000002", "+3712000")] == ["robocall"]
    assert suspects.of("+49", "") == []


def test_who_was_not_flagged_for_a_day_is_forgotten_but_for_who_is_flagged_meanwhile() -> None:
    suspects = Suspects()
    for number, at_ms in (("a", 0), ("b", DAY_MS), ("c", 0)):
        suspects.note(number, "masking", 95, 0.95, at_ms)
    suspects.note_range("r", "wangiri", 85, 0.9, 0)
    silent = suspects.silent(DAY_MS)
    assert sorted(silent) == ["a", "c", "r"]
    suspects.note("c", "wangiri", 85, 0.9, DAY_MS + 1)
    suspects.forget(silent, DAY_MS)
    assert (sorted(suspects.numbers), sorted(suspects.ranges)) == (["b", "c"], [])


def test_no_more_are_kept_than_there_is_room_for() -> None:
    suspects = Suspects(3)
    for number in "abcd":
        suspects.note(number, "masking", 95, 0.95, 0)
    assert sorted(suspects.numbers) == ["b", "c", "d"]


@table("""
    flagged     | of | heeded
    masking x1  | 1  | masking
    masking x1  | 2  | masking
    masking x1  | 3  |             # two calls that nobody minds: a bystander
    masking x3  | 4  | masking
    wangiri x1  | 60 | wangiri     # a rule looks at all of his calls
""")
def test_a_bystander_of_a_masking_run_is_not_suspect(flagged: str, of: str, heeded: str) -> None:
    fraud_type, times = flagged.split(" x")
    suspects = Suspects()
    for each in range(int(times)):
        suspects.note("a", fraud_type, 95, 0.95, each)
    assert " ".join(each.fraud_type for each in left(suspects, int(of))) == heeded


def left(suspects: Suspects, calls: int) -> list[Flag]:
    return heeded(suspects.of("a", ""), calls)
