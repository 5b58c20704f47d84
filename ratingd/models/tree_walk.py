"""Tree walks: what trees say of one row, by going from node to node.

    node          0  1  2  3  4
    feature       4  -  3  -  -      distinct_a < 3.5 ? node 1 : node 2
    bound       3.5    0.5           cli_mismatch < 0.5 ? node 3 : node 4
    value          -0.4   +0.2 +1.1

156 trees take a microsecond where this is compiled, an eighth of what onnxruntime takes for a single row. And a call
that waits keeps the interpreter's lock: a library that lets it go for those microseconds may get it back only when
another thread has had its turn, some milliseconds later.

A bound is the least float64 that, rounded to float32, is not below the split: so `value < bound` is what the library
asks, which compares float32s, without rounding each value first.
"""

from collections.abc import Sequence
from math import inf, nextafter
from struct import Struct
from typing import Final, final

from librt.vecs import append, vec
from mypy_extensions import i32, i64

LEAF: Final = -1
FLOAT32_MAX: Final = 3.4028234663852886e38
_FLOAT32: Final = Struct("<f")
_BITS: Final = Struct("<i")

COMPILED: Final = not __file__.endswith(".py")


@final
class TreeWalk:
    """`roots` are the first nodes of the trees, `features` are -1 at leaves, `bounds` their values there."""

    def __init__(
        self,
        width: int,
        roots: Sequence[int],
        features: Sequence[int],
        bounds: Sequence[float],
        below: Sequence[int],
        above: Sequence[int],
    ) -> None:
        """ValueError where the nodes are no trees over rows of `width` features."""
        _check(width, roots, features, below, above)
        self.width: Final = width
        self._roots = _places(roots)
        self._features = _places(features)
        self._bounds = _numbers(bounds)
        self._below = _places(below)
        self._above = _places(above)

    def total(self, row: list[float]) -> float:
        """The sum of the leaves that a row leads to. ValueError names what is no number, or no float32."""
        values = vec[float]()
        for value in row:
            if not -FLOAT32_MAX <= value <= FLOAT32_MAX:
                raise ValueError(f"feature {len(values)} is not a finite number; such a row has no score")
            values = append(values, value)
        if len(values) != self.width:
            raise ValueError(f"rows of {self.width} features are wanted, not of {len(values)}")
        features, bounds, below, above = self._features, self._bounds, self._below, self._above
        total = 0.0
        for root in self._roots:
            node: i64 = i64(root)
            while features[node] >= 0:
                if values[i64(features[node])] < bounds[node]:
                    node = i64(below[node])
                else:
                    node = i64(above[node])
            total += bounds[node]
        return total


def bound(split: float, *, or_equal: bool) -> float:
    """The least float64 that does not go below a split; `or_equal`: what equals the split goes below it as well."""
    least = _next(split) if or_equal else split
    middle = (_before(least) + least) / 2
    return middle if _rounded(middle) >= least else nextafter(middle, inf)


def _rounded(value: float) -> float:
    found: float = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    return found


def _next(value: float) -> float:
    """The next float32."""
    bits: int = _BITS.unpack(_FLOAT32.pack(value + 0.0))[0]  # of -0.0 as of 0.0
    found: float = _FLOAT32.unpack(_BITS.pack(bits + 1 if bits >= 0 else bits - 1))[0]
    return found if value != 0.0 else _FLOAT32.unpack(_BITS.pack(1))[0]


def _before(value: float) -> float:
    return -_next(-value)


def _check(
    width: int, roots: Sequence[int], features: Sequence[int], below: Sequence[int], above: Sequence[int]
) -> None:
    """Each way leads onward, to a node that is there: so it ends, whatever the file says."""
    nodes = len(features)
    for root in roots:
        if not 0 <= root < nodes:
            raise ValueError(f"a tree begins at node {root} of {nodes}")
    for node in range(nodes):
        feature = features[node]
        if feature == LEAF:
            continue
        if not 0 <= feature < width:
            raise ValueError(f"node {node} asks for feature {feature} of {width}")
        for child in (below[node], above[node]):
            if not node < child < nodes:
                raise ValueError(f"node {node} leads to node {child} of {nodes}")


def _places(numbers: Sequence[int]) -> vec[i32]:
    found = vec[i32]()
    for number in numbers:
        found = append(found, i32(number))
    return found


def _numbers(numbers: Sequence[float]) -> vec[float]:
    found = vec[float]()
    for number in numbers:
        found = append(found, number)
    return found
