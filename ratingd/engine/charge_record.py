"""What a debit drew, as it is stored with its operation, and as a refund reads it back.

A refund may come days later and names increments of the charge: the record keeps each run (duration, cost, how many,
from which balances) and the event (category, destination …) whose counters the refund moves back. Compact JSON lists,
for one is written with every debit.
"""

import json
from collections.abc import Sequence
from typing import Any

from accounts.account import AccountKey
from accounts.charge import CallCost, Charge, ChargeRequest, Increment, MoneyPart, UnitPart
from accounts.quoted_name import quoted_name
from ratingd.engine.compact import compact, quoted
from tariffs.zone import zone


def charge_text(request: ChargeRequest, cost: CallCost) -> str:
    """The stored form of a charge: its event and its increment runs, corrections of PerformRounding last."""
    own = request.key
    runs: list[str] = []
    for span in cost.timespans:
        for increment in span.increments:
            runs.append(_run(increment, own))
    for span in cost.timespans:
        if span.round_increment is not None:
            runs.append(_run(span.round_increment, own))
    return (
        f"[[{quoted_name(request.category)},{quoted_name(request.subject)},{quoted(request.destination)},"
        f"{quoted_name(request.tor)},{request.start_ns},{request.end_ns},{quoted_name(request.zone.name)},"
        f"{request.duration_index},{request.loop_index},{quoted_name(request.switch_id)},{quoted(request.call_id)},"
        f"{compact(dict(request.extra_fields)) if request.extra_fields else '{}'}],[{','.join(runs)}]]"
    )


def returned_text(returned: Sequence[int]) -> str:
    """The stored form of a refund: how many increments of each run came back."""
    return compact(list(returned))


def charge_from_text(key: AccountKey, charge_id: str, text: str, refunds: Sequence[str]) -> Charge:
    """Read a charge with everything that has been given back of it."""
    event, runs = json.loads(text)
    increments = tuple(_increment(run, key) for run in runs)
    returned = [0] * len(increments)
    for refund in refunds:
        for index, count in enumerate(json.loads(refund)):
            returned[index] += count
    return Charge(charge_id, _request(key, event), increments, tuple(returned))


def _run(increment: Increment, own: AccountKey) -> str:
    unit, money, payer = increment.unit, increment.money, increment.payer
    units = paid = "null"
    if unit is not None:
        uuid, factor = quoted_name(unit.uuid), quoted_name(unit.factor)
        units = f"[{uuid},{quoted_name(unit.balance_id)},{unit.amount},{factor},{unit.after}]"
    if money is not None:
        owner = "" if money.payer is None else f",{_names(money.payer)}"
        paid = f"[{quoted_name(money.uuid)},{quoted_name(money.balance_id)},{money.after}{owner}]"
    by = "null" if payer is own or payer == own else f"[{_names(payer)}]"
    return f"[{increment.duration},{increment.cost},{increment.count},{units},{paid},{by}]"


def _names(key: AccountKey) -> str:
    return f"{quoted_name(key.tenant)},{quoted_name(key.account)}"


def _increment(run: Sequence[Any], own: AccountKey) -> Increment:
    duration, cost, count, unit, money, payer = run
    return Increment(
        duration,
        cost,
        count,
        own if payer is None else AccountKey(*payer),
        None if unit is None else UnitPart(*unit),
        None if money is None else _money_part(*money),
    )


def _money_part(uuid: str, balance_id: str, after: int, tenant: str = "", account: str = "") -> MoneyPart:
    return MoneyPart(uuid, balance_id, after, AccountKey(tenant, account) if account else None)


def _request(key: AccountKey, event: Sequence[Any]) -> ChargeRequest:
    category, subject, destination, tor, start, end, zone_name, duration_index, loop_index, switch, call, extra = event
    return ChargeRequest(
        key,
        category,
        subject,
        destination,
        tor,
        start,
        end,
        zone(zone_name),
        duration_index=duration_index,
        loop_index=loop_index,
        switch_id=switch,
        call_id=call,
        extra_fields=extra,
    )
