"""Words that many call records share, under numbers that fit two bytes.

A network has forty trunks and two hundred countries, and ten million calls a month: a record says 17, not
["cgrates.org","wholesale-1","sw1"]. A sender who makes up a trunk for each call must not fill the table: beyond 30,000
words none is given a number any more, and a record that has such a word bears it itself.
"""

import threading
from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import func, select

from ratingd.store.database import Bulk, Database, inserting, looking_up
from ratingd.store.tables import call_words

WORDS_MAX: Final = 30_000
INSERT: Final = inserting(call_words, "ON CONFLICT (word) DO NOTHING", ["word"])
FIND_NUMBERS: Final = looking_up(call_words, ("id", "word"), ("word",))
FIND_WORDS: Final = looking_up(call_words, ("id", "word"), ("id",))


class Words:
    """Words and their numbers, as far as they were asked for; a new one is stored before the record that has it."""

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._lock: Final = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._full = False

    def numbers(self, words: Iterable[str]) -> dict[str, int]:
        """The numbers of these words, new ones where there are none and some are left."""
        wanted = {word for word in words if word}
        with self._lock:
            if missing := wanted - self._numbers.keys():
                self._find(FIND_NUMBERS, missing)
            if not self._full and (unknown := sorted(wanted - self._numbers.keys())):
                self._store(unknown)
            return {word: number for word in wanted if (number := self._numbers.get(word)) is not None}

    def texts(self, numbers: Collection[int]) -> dict[int, str]:
        """The words of these numbers, also of those that another daemon gave."""
        with self._lock:
            if missing := [number for number in numbers if number not in self._texts]:
                self._find(FIND_WORDS, missing)
            return {number: self._texts[number] for number in numbers}

    def _find(self, lookup: Bulk, keys: Iterable[str | int]) -> None:
        for number, word in self._database.find(lookup, [(key,) for key in keys]):
            if number <= WORDS_MAX:
                self._texts[number] = word
                self._numbers[word] = number

    def _store(self, unknown: list[str]) -> None:
        with self._database.write() as connection:
            last = connection.scalar(select(func.max(call_words.c.id))) or 0
            self._full = last + len(unknown) > WORDS_MAX
            if not self._full:
                self._database.run(connection, INSERT, [(word,) for word in unknown])
        if not self._full:
            self._find(FIND_NUMBERS, unknown)
