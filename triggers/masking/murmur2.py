"""murmur2: which shard a called number belongs to, by the hash that Kafka's producers divide their keys by.

"+4930123456" is the same shard here and the same partition there, so that the calls to one number meet in one place
whoever divides them. It is Austin Appleby's MurmurHash2 of 32 bits with Kafka's seed; a shard is the hash without its
sign, modulo their count.
"""

from typing import Final

SEED: Final = 0x9747B28C
MIX: Final = 0x5BD1E995
BITS: Final = 0xFFFFFFFF
UNSIGNED: Final = 0x7FFFFFFF
SIGN: Final = 0x80000000


def shard_of(number: str, shards: int) -> int:
    """The shard of a called number, from 0 on."""
    return 0 if shards == 1 else (_hash(number.encode()) & UNSIGNED) % shards


def murmur2(data: bytes) -> int:
    """The hash as Kafka has it: a number of 32 bits with a sign."""
    found = _hash(data)
    return found - 2 * SIGN if found & SIGN else found


def _hash(data: bytes) -> int:
    size = len(data)
    found = SEED ^ size
    whole = size - size % 4
    for at in range(0, whole, 4):
        word = data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24
        word = word * MIX & BITS
        word = (word ^ word >> 24) * MIX & BITS
        found = found * MIX & BITS ^ word
    if size > whole:
        for at in range(size - 1, whole - 1, -1):
            found ^= data[at] << 8 * (at - whole)
        found = found * MIX & BITS
    found = (found ^ found >> 13) * MIX & BITS
    return found ^ found >> 15
