"""The garbage collector, told what a daemon is like: what it keeps it keeps for long, and nobody likes to wait.

Detection keeps two containers an event. A look at 50,000 young ones every 25,000 events stopped everybody, charging
too, for 20 to 130 ms; a look at 2.5 million of them, an hour later, for seconds. A look at 1,000 takes 2 ms, and one
at the 6,000 of the last few seconds 10 ms at half a million numbers known. It is the same work in small pieces.

What has outlived both is not looked at again. Nearly all of it goes without the collector, when nobody refers to it any
more. What does not is small: the 7 objects of a closed HTTP connection that had been open for long, 1.5 KB.
"""

import gc
from typing import Final

YOUNG: Final = 1_000  # more containers than went: so many are looked at
YOUNG_LOOKS: Final = 5  # before those that outlived them are looked at once more
NEVER: Final = 1_000_000_000


def settle() -> None:
    """What is there now stays: it is not looked at again. What comes is looked at in small pieces."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, YOUNG_LOOKS, NEVER)
