"""Early refusals: what is wrong with a request before anything is rated, in a fixed order of precedence.

A negative usage is refused before anyone asks whether the account exists, and 100 hours of voice before it is found to
be disabled, so a switch gets the same reason for the same mistake whatever the state of the account.
"""

from accounts.account import Account
from accounts.charge import ChargeRequest, ChargeRules, Reason, Refused
from tariffs.span import VOICE


def refuse_early(
    request: ChargeRequest,
    account: Account | None,
    rules: ChargeRules,
    *,
    open_call: bool = False,
    emergency: bool = False,
) -> Refused | None:
    """The first reason to refuse, or None.

    `open_call`: the call was open when the account was disabled; its final debit is charged all the same. `emergency`:
    it is for help, which a disabled account may call; it is rated and charged as for any other.
    """
    refused = refuse_usage(request, rules)
    if refused is not None:
        return refused
    if account is None:
        return Refused(Reason.ACCOUNT_UNKNOWN, f"there is no account {request.key}")
    if account.disabled and not emergency and not (open_call and request.final):
        return Refused(Reason.ACCOUNT_DISABLED, f"account {request.key} is disabled")
    return None


def refuse_usage(request: ChargeRequest, rules: ChargeRules) -> Refused | None:
    """What can be refused without an account: usage that makes no sense, or more than one request may ask."""
    usage = request.usage
    if usage < 0:
        return Refused(Reason.INVALID_USAGE, f"the usage is {_amount(usage, request.tor)}: it ends before it starts")
    most = rules.max_usage.get(request.tor) or rules.max_usage["*any"]
    if usage > most:
        asked, limit = _amount(usage, request.tor), _amount(most, request.tor)
        return Refused(Reason.USAGE_TOO_LONG, f"{asked} of {request.tor} are asked; one request may ask {limit}")
    return None


def _amount(usage: int, tor: str) -> str:
    if tor != VOICE:
        return f"{usage} units"
    sign, rest = ("-", -usage) if usage < 0 else ("", usage)
    whole, fraction = divmod(rest, 1_000_000_000)
    decimals = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{sign}{whole}{decimals} s"
