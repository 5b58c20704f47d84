"""Blocks: who is refused and whose calls are kept short, until when, and never an emergency call."""

from ratingd.fraud.blocks import Blocks, block, limit, pair
from ratingd.store.fraud_rows import ListRow
from tests.table import table
from triggers.numbers.number_reading import NumberReader

NUMBERS = NumberReader("DE")
A, B = "+493055510001", "+37190912345"


def row(text: str) -> ListRow:
    """`block number +49… 60` or `limit account t:1001 30s 60`: until that second."""
    list, kind, *rest = text.split()
    until_ms = int(rest[-1]) * 1000
    if list == "limit":
        return limit(kind, rest[0], int(rest[1].rstrip("s")) * 1000, "", "test", 0, until_ms)
    value = pair(rest[0], rest[1]) if kind == "pair" else rest[0]
    return block(kind, value, "", "test", 0, until_ms)


@table("""
    entry                                | call                                   | refused
    block number +493055510001 60        | +493055510001  +37190912345   t-7    59 | yes
    block number +493055510001 60        | +493055510001  +37190912345   t-7    60 | no     # it has ended
    block number +493055510001 0         | +493055510001  +37190912345   t-7    99 | yes    # for ever
    block number +37190912345 60         | +493055510001  +37190912345   t-7    59 | yes    # as called
    block number +37190912345 60         | +493055510001  +37190912346   t-7    59 | no
    block range +3719091 60              | +493055510001  +37190912345   t-7    59 | yes
    block range +3719091 60              | +37190912345   +493055510001  t-7    59 | no     # calls to it alone
    block trunk t-7 60                   | +493055510001  +37190912345   t-7    59 | yes
    block trunk t-7 60                   | +493055510001  +37190912345   t-8    59 | no
    block pair t-7 +37190912345 60       | +493055510001  +37190912345   t-7    59 | yes
    block pair t-7 +37190912345 60       | +493055510001  +37190912345   t-8    59 | no     # others do
    block pair t-7 +37190912345 60       | +493055510001  +37190912346   t-7    59 | no
    block trunk t-7 60                   | +493055510001  112            t-7    59 | no     # never an emergency call
    block number 112 60                  | +493055510001  112            t-7    59 | no
    block number +493055510001 60        | +493055510001  110            t-7    59 | no
    limit number +493055510001 30s 60    | +493055510001  +37190912345   t-7    59 | no
""")
def test_a_call_meets_a_block_or_does_not(entry: str, call: str, refused: str) -> None:
    a, b, trunk, at = call.split()
    found = Blocks([row(entry)]).refuses(NUMBERS.caller(a), NUMBERS.read(b), trunk, int(at) * 1000)
    assert (found is not None) == (refused == "yes")


def test_the_shortest_of_the_limits_that_hold_is_the_limit() -> None:
    blocks = Blocks(
        [row("limit account t:1001 60s 100"), row(f"limit number {A} 30s 50"), row("limit trunk t-7 90s 0")]
    )
    a, b = NUMBERS.caller(A), NUMBERS.read(B)
    limits = [blocks.limit_ms("t", "1001", a, b, "t-7", at * 1000) for at in (10, 50, 100)]
    assert limits == [30_000, 60_000, 90_000]
    assert blocks.limit_ms("t", "1002", NUMBERS.caller("+493055510002"), b, "t-8", 0) == 0
    assert blocks.limit_ms("t", "1001", a, NUMBERS.read("112"), "t-7", 0) == 0


def test_a_block_that_is_given_again_lasts_as_the_later_one_says_and_one_that_is_over_is_forgotten() -> None:
    told: list[int] = []
    blocks = Blocks([row(f"block number {A} 60")])
    blocks.listen(lambda: told.append(1))
    a, b = NUMBERS.caller(A), NUMBERS.read(B)
    blocks.take([row(f"block number {A} 120"), ListRow("blacklist", "number", B, "", "", 0, 0)])
    assert len(blocks.entries) == 1
    assert blocks.refuses(a, b, "", 100_000) is not None
    assert blocks.forget(119_999) == []
    assert blocks.forget(120_000) == [("block", "number", A)]
    assert (blocks.entries, blocks.refuses(a, b, "", 0), len(told)) == ([], None, 2)
