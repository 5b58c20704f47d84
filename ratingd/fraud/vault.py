"""The vault: the numbers behind pseudonyms, for whoever has the key, and a record of each look.

A call centre is suspected under h:…, and the police ask who that is. `number("h:…", who="ann")` writes down that
ann looked, in the same store and before anything is shown, and opens the entry: +4930123456. If the store cannot be
written to, nothing is shown.

An entry is sealed with AES-256-GCM under a key of its own, derived from `number_key`, and bound to its pseudonym: one
that was moved to another pseudonym does not open. It is sealed again once a day while the number is in use; so long as
anything may be kept that was stored under the pseudonym, the entry is kept as well.
"""

import os
import threading
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ratingd.fraud.pseudonym import derived
from ratingd.store.fraud_rows import AuditRow, FraudBatch, FraudStored, SealedNumber

NONCE: Final = 12
DAY_MS: Final = 86_400_000
REMEMBERED_MAX: Final = 200_000


class VaultClosed(Exception):
    """An entry does not open with this key."""


class Shelf(Protocol):
    def commit(self, batch: FraudBatch) -> FraudStored: ...

    def sealed(self, pseudonym: str) -> bytes | None: ...


class NumberVault:
    def __init__(self, shelf: Shelf, number_key: str) -> None:
        self._shelf: Final = shelf
        self._cipher: Final = AESGCM(derived(number_key, b"ratingd vault"))
        self._lock: Final = threading.Lock()
        self._today = 0
        self._sealed: set[str] = set()

    def seal(self, pseudonym: str, number: str, now_ms: int) -> SealedNumber | None:
        """The row that keeps a number; None where it was given today already."""
        with self._lock:
            if now_ms // DAY_MS != self._today or len(self._sealed) >= REMEMBERED_MAX:
                self._today = now_ms // DAY_MS
                self._sealed.clear()
            if pseudonym in self._sealed:
                return None
            self._sealed.add(pseudonym)
        nonce = os.urandom(NONCE)
        sealed = self._cipher.encrypt(nonce, number.encode("utf-8", "surrogatepass"), pseudonym.encode())
        return SealedNumber(pseudonym, nonce + sealed, now_ms)

    def unseen(self, rows: Sequence[SealedNumber]) -> None:
        """These rows were not stored after all: they are to be given again."""
        with self._lock:
            self._sealed.difference_update([row.pseudonym for row in rows])

    def number(self, pseudonym: str, who: str, now_ms: int, why: str = "") -> str | None:
        """The number behind a pseudonym, None where the vault has none. The look is written down in any case.

        Raises VaultClosed, and StoreFault where it cannot be written down.
        """
        self._shelf.commit(FraudBatch(audits=[AuditRow(now_ms, who, "vault", pseudonym, why)]))
        sealed = self._shelf.sealed(pseudonym)
        if sealed is None:
            return None
        try:
            opened = self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], pseudonym.encode())
        except InvalidTag:
            raise VaultClosed(
                f"the number behind {pseudonym} does not open with this number_key; it was sealed with another one. "
                "Start with the key of that time, or take it as lost."
            ) from None
        return opened.decode("utf-8", "surrogatepass")
