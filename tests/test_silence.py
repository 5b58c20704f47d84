from random import Random

from triggers.traffic.silence import Seat, Silence


def test_who_is_heard_of_goes_to_the_end() -> None:
    silence, seats = Silence(), [Seat() for _ in range(3)]
    for at, seat in enumerate(seats):
        silence.enter(seat, at)
    silence.touch(seats[0], 3)
    assert silence.oldest() is seats[1]
    assert seats[0].seen_ms == 3


def test_nobody_is_the_oldest_of_none() -> None:
    silence, seat = Silence(), Seat()
    assert silence.oldest() is None
    silence.enter(seat, 1)
    silence.leave(seat)
    assert silence.oldest() is None
    assert len(silence) == 0


def test_it_is_the_order_of_a_list() -> None:
    random, silence = Random(1), Silence()
    expected: list[Seat] = []
    for at in range(2_000):
        what = random.random()
        if what < 0.4 or not expected:
            expected.append(Seat())
            silence.enter(expected[-1], at)
        elif what < 0.7:
            seat = expected.pop(random.randrange(len(expected)))
            silence.touch(seat, at)
            expected.append(seat)
        else:
            silence.leave(expected.pop(random.randrange(len(expected))))
        assert silence.oldest() is (expected[0] if expected else None)
        assert len(silence) == len(expected)
    while expected:
        silence.leave(expected.pop(0))
        assert silence.oldest() is (expected[0] if expected else None)
