"""Numbers of simulated subscribers."""

import numpy as np

from ratingd.models.traffic.numbering import Numbering, Series
from triggers.numbers.number_reading import NumberReader


def test_every_number_is_one_of_its_country() -> None:
    numbers, reader = Numbering(np.random.default_rng(1)), NumberReader()
    given = np.concatenate(
        [numbers.home(50, 0.5), numbers.companies.next(10), numbers.televotes.next(10), numbers.abroad(200)]
        + [numbers.costly_row(5) for _ in range(30)]
        + [numbers.premium_row(5) for _ in range(30)]
    )
    for number in given.tolist():
        read = reader.read(f"+{number}")
        assert read.text == f"+{number}"
        assert read.country
        assert not read.emergency
    assert {reader.read(f"+{number}").country for number in given.tolist()} >= {49, 33, 371, 216, 232, 252}


def test_no_number_of_a_series_comes_twice() -> None:
    series = Series(4930, 4, np.random.default_rng(1))
    given = np.concatenate([series.next(4_000), series.next(6_000)])
    assert len(set(given.tolist())) == 10_000
    assert given.min() == 49_300_000


def test_numbers_side_by_side_follow_one_another() -> None:
    row = Series(4930, 8, np.random.default_rng(2)).row(40)
    assert np.diff(row).tolist() == [1] * 39
