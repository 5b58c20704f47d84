"""Overlap: how much two groups of numbers have in common, as a share of all that is in either (Jaccard).

{1, 2, 3, 4} and {3, 4, 5} share two of five: 0.4. Two groups with nobody in them share nothing.
"""

from collections.abc import Set


def overlap(one: Set[str], other: Set[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common) if common else 0.0
