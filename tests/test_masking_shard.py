"""A masking shard: which numbers it keeps, and what it counts."""

from tests.masking_notation import B, Called, at, attempt
from triggers.masking.shard import MaskingShard
from triggers.masking.terms import MaskingTerms

RUN = "a0 b1 c2 d3 e4"


def numbered(number: int) -> str:
    return f"+4930{number:07}"


def test_each_number_has_windows_of_its_own() -> None:
    called = Called()
    for number, word in enumerate(RUN.split()):
        called.call(word, b=numbered(number))
    assert called.flagged == []
    assert (called.shard.numbers, called.shard.calls) == (5, 5)


def test_beyond_the_bound_the_number_longest_silent_goes() -> None:
    shard = MaskingShard(MaskingTerms(numbers_max=3))
    for second, number in enumerate([1, 2, 3, 1, 4, 5]):
        shard.place(numbered(number), attempt(f"a{second * 2}"))
    assert (shard.numbers, shard.calls) == (3, 4)
    assert [shard.distinct(numbered(number), at(second)) for number, second in ((1, "6"), (2, "2"), (3, "4"))] == [
        1, 0, 0,
    ]  # fmt: skip


def test_a_number_longest_silent_goes_after_window_lateness_and_cool_down() -> None:
    shard = MaskingShard(MaskingTerms())
    shard.place(B, attempt("a0"))
    for second in range(1, 71):
        shard.place(numbered(1), attempt(f"a{second}"))
    assert shard.distinct(B, at("0")) == 1
    shard.place(numbered(1), attempt("a71"))
    assert shard.distinct(B, at("0")) == 1
    shard.place(numbered(1), attempt("a72"))
    assert (shard.numbers, shard.distinct(B, at("0"))) == (1, 0)


def test_a_call_dated_far_ahead_costs_nobody_his_window() -> None:
    called = Called().calls("a0 b1 c2 d3")
    called.call("x900000", b=numbered(1))
    assert called.call("e4").hot


def test_idle_numbers_go_a_few_with_each_call() -> None:
    shard = MaskingShard(MaskingTerms(cooldown_ms=0))
    for number in range(100):
        shard.place(numbered(number), attempt("a0"))
    for second in range(1, 13):
        shard.place(B, attempt(f"a{second}"))
    before = shard.numbers
    shard.place(B, attempt("a13"))
    assert 0 < before - shard.numbers <= 4
    for step in range(30):
        shard.place(B, attempt(f"a{13 + step / 1000}"))
    assert shard.numbers == 1


def test_a_number_with_calls_far_apart_needs_no_window() -> None:
    called = Called().calls("a0 b4 a20 a200")
    assert (called.shard.numbers, called.shard.calls) == (1, 1)


def test_calls_are_counted_as_they_come_and_go() -> None:
    called = Called().calls("a0 b1 c2")
    assert called.shard.calls == 3
    called.calls("d11")
    assert called.shard.calls == 2  # d looks back on (6, 11], and the latest that is not refused on (1, 6]
    called.calls("e40")
    assert called.shard.calls == 1


def test_an_unknown_number_has_no_callers() -> None:
    assert MaskingShard(MaskingTerms()).distinct(B, at("0")) == 0


def test_a_restored_incident_stays_until_nothing_can_reach_it() -> None:
    called = Called().calls(RUN)
    (incident,) = called.incidents.values()
    other = Called()
    other.shard.restore(incident)
    assert (other.shard.numbers, other.shard.calls) == (1, 0)
    other.calls("a64 b64 c64 d64 e64")
    assert other.placed[-1].incident is incident


def test_a_number_called_again_is_not_among_the_silent() -> None:
    shard = MaskingShard(MaskingTerms(numbers_max=3))
    for second, number in enumerate([1, 2, 3, 1, 2, 1, 4, 5, 1, 6]):
        shard.place(numbered(number), attempt(f"a{second * 2}"))
    assert shard.numbers == 3
    assert [shard.distinct(numbered(number), at(f"{second}")) for number, second in ((1, 16), (5, 14), (6, 18))] == [
        1, 1, 1,
    ]  # fmt: skip


def test_a_busy_number_outlives_the_time_after_which_a_silent_one_goes() -> None:
    shard = MaskingShard(MaskingTerms(cooldown_ms=0))
    for second in range(40):
        shard.place(numbered(second), attempt(f"a{second}"))
        shard.place(B, attempt(f"a{second}"))
    assert shard.distinct(B, at("39")) == 1
    assert shard.numbers == 13  # the numbers of the last twelve seconds, and the busy one
