from triggers.traffic.usual_distinct import DAY_MS, UsualDistinct


def test_999_attempts_in_a_thousand_tell() -> None:
    usual = UsualDistinct()
    assert usual.value(0) == 0
    for n in range(2_000):
        usual.note(20 if n < 2 else 8 if n < 10 else 1, DAY_MS + n)
    assert usual.value(DAY_MS + 5_000_000) == 8


def test_nothing_is_usual_before_a_thousand_attempts() -> None:
    usual = UsualDistinct()
    for n in range(999):
        usual.note(14, n)
    assert usual.value(1_000) == 0
    usual.note(14, 1_000)
    assert usual.value(3_601_000) == 14


def note(usual: UsualDistinct, distinct: int, at_ms: int) -> None:
    """A thousand times."""
    for _ in range(1_000):
        usual.note(distinct, at_ms)


def test_an_answer_holds_for_an_hour_and_a_day_for_a_week() -> None:
    usual = UsualDistinct()
    note(usual, 3, DAY_MS)
    assert usual.value(DAY_MS) == 3
    note(usual, 9, DAY_MS)
    assert usual.value(DAY_MS + 3_599_999) == 3
    assert usual.value(DAY_MS + 3_600_000) == 9
    note(usual, 2, 8 * DAY_MS)
    assert usual.value(8 * DAY_MS) == 2


def test_a_late_attempt_counts_on_its_day() -> None:
    usual = UsualDistinct()
    note(usual, 2, 3 * DAY_MS - 1)
    usual.note(2, 3 * DAY_MS)
    for _ in range(3):
        usual.note(4, 3 * DAY_MS - 2)
    usual.note(7, DAY_MS)  # a day nobody knew of when it was told
    assert usual.value(3 * DAY_MS) == 4
