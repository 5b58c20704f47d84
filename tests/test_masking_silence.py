"""The order of silence: numbers are taken in the order in which they were written down, to the second."""

from triggers.masking.silence import NEVER_S, Silence


def taken(silence: Silence, before_s: int) -> list[str]:
    found = list[str]()
    while (b := silence.take(before_s)) is not None:
        found.append(b)
    return found


def test_the_first_written_down_is_the_first_taken() -> None:
    silence = Silence()
    for b, second in (("a", 1), ("b", 1), ("d", 9), ("c", 4)):
        silence.write(b, second)
    assert taken(silence, 1) == []
    assert taken(silence, 5) == ["a", "b", "c"]
    assert taken(silence, NEVER_S) == ["d"]


def test_one_may_be_written_down_again_while_they_are_taken() -> None:
    silence = Silence()
    for b, second in (("a", 1), ("b", 1), ("c", 2)):
        silence.write(b, second)
    assert silence.take(2) == "a"
    assert silence.since_s == 1
    silence.write("a", 3)
    silence.write("d", 1)  # a second that is being taken from: it goes with the next
    assert taken(silence, 2) == ["b"]
    assert taken(silence, 3) == ["c", "d"]
    assert taken(silence, NEVER_S) == ["a"]
