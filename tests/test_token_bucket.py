"""How many requests an address may make, by a clock that the test turns."""

from hypothesis import given
from hypothesis import strategies as st

from ratingd.http.token_bucket import TokenBuckets


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_full_bucket_then_as_fast_as_it_fills() -> None:
    clock = Clock()
    buckets = TokenBuckets(4, clock)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.25]
    clock.now = 0.25
    assert [buckets.take("a") for _ in range(2)] == [0, 0.25]
    clock.now = 100.0
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0, 0.25]


def test_addresses_are_apart_and_the_quietest_is_forgotten() -> None:
    buckets = TokenBuckets(1, Clock(), addresses_max=2)
    assert [buckets.take(address) for address in "aabb"] == [0, 1, 0, 1]
    assert buckets.take("c") == 0
    assert [buckets.take("b"), buckets.take("a")] == [1, 0], "a was forgotten, b was not"


@given(st.lists(st.floats(0, 0.5), max_size=200), st.integers(1, 20))
def test_no_second_lets_in_more_than_twice_the_rate(pauses: list[float], per_second: int) -> None:
    clock = Clock()
    buckets = TokenBuckets(per_second, clock)
    let_in: list[float] = []
    for pause in pauses:
        clock.now += pause
        if buckets.take("a") == 0:
            let_in.append(clock.now)
    for begun in let_in:
        assert len([at for at in let_in if begun <= at < begun + 1]) <= 2 * per_second
