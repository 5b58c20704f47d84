"""murmur2, against the values that Kafka's own tests have (UtilsTest.testMurmur2)."""

from tests.table import table
from triggers.masking.murmur2 import UNSIGNED, murmur2, shard_of


@table("""
    key                                              | hash
    21                                               | -973932308
    foobar                                           | -790332482
    a-little-bit-long-string                         | -985981536
    a-little-bit-longer-string                       | -1486304829
    lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8 | -58897971
    abc                                              | 479470107
""")
def test_the_hash_is_kafkas(key: str, hash: str) -> None:
    assert murmur2(key.encode()) == int(hash)
    assert shard_of(key, 8) == (int(hash) & UNSIGNED) % 8


def test_one_shard_has_all_numbers() -> None:
    assert shard_of("+4930123456", 1) == 0


def test_numbers_spread_over_the_shards() -> None:
    found = [shard_of(f"+49301{number:06}", 8) for number in range(8_000)]
    assert min(found.count(shard) for shard in range(8)) > 800
