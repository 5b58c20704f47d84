"""A masking attack as a producer posts it: five callers ring one number within a second."""

from typing import Any, Final

from tests.e2e.http_client import HttpClient

VICTIM: Final = "+4930222333"
CALLERS: Final = tuple(f"+493011122{n}" for n in range(5))


def attempt(n: int, **more: Any) -> dict[str, Any]:
    """The nth call of the attack."""
    return {
        "event_type": "INVITE",
        "call_id": f"masked-{n}",
        "a_number": CALLERS[n],
        "b_number": VICTIM,
        "trunk": "t-7",
        "switch_id": "sbc-1",
    } | more


def attack(client: HttpClient, **more: Any) -> dict[str, Any]:
    """The answer to the batch."""
    answer: dict[str, Any] = client.post("/event", [attempt(n, **more) for n in range(5)])
    return answer
