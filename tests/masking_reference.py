"""The masking rule as it is written, in as few lines as it takes: what the window must agree with, call by call.

It looks at every call and every call before it, keeps everything and knows nothing of the order of arrival.
"""

from triggers.masking.incident import Attempt
from triggers.masking.terms import MaskingTerms


def accepted(arrived: list[Attempt], terms: MaskingTerms) -> list[Attempt]:
    """Those of one number that are not late, as they come."""
    newest, found = -(1 << 62), list[Attempt]()
    for call in arrived:
        newest = max(newest, call.at_ms)
        if call.at_ms >= newest - terms.lateness_ms:
            found.append(call)
    return found


def window(calls: list[Attempt], at_ms: int, terms: MaskingTerms) -> list[Attempt]:
    begin = at_ms - terms.window_ms
    return [
        call for call in calls if (begin <= call.at_ms if terms.closed else begin < call.at_ms) and call.at_ms <= at_ms
    ]


def callers(calls: list[Attempt]) -> int:
    return len({call.caller for call in calls})


def hot(calls: list[Attempt], terms: MaskingTerms) -> list[int]:
    """The instants at which the window is hot."""
    instants = sorted({call.at_ms for call in calls})
    return [at_ms for at_ms in instants if callers(window(calls, at_ms, terms)) >= terms.threshold]


def flagged(calls: list[Attempt], terms: MaskingTerms) -> set[str]:
    return {call.call_id for at_ms in hot(calls, terms) for call in window(calls, at_ms, terms)}


def incidents(
    calls: list[Attempt], terms: MaskingTerms
) -> list[tuple[int, int, int, tuple[str, ...], tuple[str, ...]]]:
    """Each as (opened, last, most callers, call ids, callers), in the order of time."""
    runs: list[list[int]] = []
    for at_ms in hot(calls, terms):
        if runs and at_ms - runs[-1][-1] <= terms.cooldown_ms:
            runs[-1].append(at_ms)
        else:
            runs.append([at_ms])
    return [_incident(calls, run, terms) for run in runs]


def _incident(
    calls: list[Attempt], run: list[int], terms: MaskingTerms
) -> tuple[int, int, int, tuple[str, ...], tuple[str, ...]]:
    most = max(callers(window(calls, at_ms, terms)) for at_ms in run)
    held = {id(call): call for at_ms in run for call in window(calls, at_ms, terms)}.values()
    ordered = sorted(held, key=lambda call: (call.at_ms, call.call_id))
    by_first = sorted((min(c.at_ms for c in held if c.caller == caller), caller) for caller in {c.caller for c in held})
    return run[0], run[-1], most, tuple(call.call_id for call in ordered), tuple(caller for _, caller in by_first)
