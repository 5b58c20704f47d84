"""The name of a call that is unique over all switches: CGRateS's CGRID, the SHA-1 of call id and switch id.

Call c1 of switch sw1 is e784d48d… in every alert, record and counter that is about it. A charge without a call id
belongs to no call that anybody could name: its name is empty.
"""

from functools import lru_cache
from hashlib import sha1


@lru_cache(maxsize=4096)  # a charge asks several times, and so do the debits of a call
def cgr_id(switch_id: str, call_id: str) -> str:
    return sha1((call_id + switch_id).encode(), usedforsecurity=False).hexdigest() if call_id else ""
