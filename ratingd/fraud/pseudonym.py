"""Pseudonyms: what is stored instead of a telephone number where numbers are not to be stored.

+4930123456 becomes h:… and 24 letters and digits, always the same ones, so that calls to one number are still counted
together, and nobody gets from them to the number without the key. A number is made one form first ("0049 30 123456" and
"sip:+4930123456@example.org" are +4930123456), so all its spellings have one pseudonym.

There are so few numbers that all of them can be tried: what keeps a pseudonym secret is `number_key` alone. A key
of less than 16 characters is refused.
"""

import hmac
from base64 import b32encode
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK: Final = "h:"
BYTES: Final = 15  # 24 letters; that two of a thousand million numbers share them has a chance of 1 in 10^18
KEY_CHARACTERS_MIN: Final = 16


class NumberKeyMissing(ValueError):
    """`number_key` is missing or can be guessed."""


class Pseudonyms:
    """Gives the pseudonym of a number: of its text, whatever that is."""

    def __init__(self, number_key: str) -> None:
        self._key: Final = derived(number_key, b"ratingd pseudonyms")

    def __call__(self, number: str) -> str:
        digest = hmac.digest(self._key, number.encode("utf-8", "surrogatepass"), "sha256")
        return MARK + b32encode(digest[:BYTES]).decode().lower()


def derived(number_key: str, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose. Raises NumberKeyMissing where there is nothing to derive it from."""
    if len(number_key) < KEY_CHARACTERS_MIN:
        raise NumberKeyMissing(
            f"number_key has {len(number_key)} characters; pseudonyms need one of {KEY_CHARACTERS_MIN} or more that "
            "nobody can guess. Make one with `openssl rand -hex 32`, set RATINGD_NUMBER_KEY, and keep a copy: "
            "without it no number can be found again."
        )
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(number_key.encode())
