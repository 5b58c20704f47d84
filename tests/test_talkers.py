from triggers.traffic.talkers import Talkers


def test_the_ten_longest_of_many() -> None:
    talkers = Talkers()
    for n in range(500):
        talkers.add(f"+{n}", 1_000 if n < 12 else 10)
    assert talkers.longest_ms() == 10_000


def test_who_talks_twice_is_one_talker() -> None:
    one, other = Talkers(), Talkers()
    one.add("+1", 10)
    one.add("+1", 20)
    other.add("+1", 5)
    other.join(one)
    assert other.longest_ms() == 35


def test_what_is_taken_out_was_never_there() -> None:
    talkers = Talkers()
    talkers.add("+1", 10)
    talkers.add("+1", -10)
    assert talkers.longest_ms() == 0
