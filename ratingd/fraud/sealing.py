"""Sealing: a number that gets a pseudonym goes into the vault, with the batch of the events that it came in.

+4930123456 calls for the first time today: it is counted and stored as h:…, and the transaction that stores its call
stores its sealed number too.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from ratingd.fraud.pseudonym import Pseudonyms
from ratingd.fraud.vault import NumberVault
from ratingd.store.fraud_rows import SealedNumber


class Sealing:
    """Thread-safe. Called with a number it gives its pseudonym; `taken` gives what is to be stored since."""

    def __init__(self, pseudonyms: Pseudonyms, vault: NumberVault, clock: Callable[[], int] = time.time_ns) -> None:
        self._pseudonyms: Final = pseudonyms
        self._vault: Final = vault
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._rows: list[SealedNumber] = []

    def __call__(self, number: str) -> str:
        pseudonym = self._pseudonyms(number)
        row = self._vault.seal(pseudonym, number, self._clock() // 1_000_000)
        if row is not None:
            with self._lock:
                self._rows.append(row)
        return pseudonym

    def taken(self) -> list[SealedNumber]:
        with self._lock:
            rows, self._rows = self._rows, []
        return rows
