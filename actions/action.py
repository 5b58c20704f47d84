"""Actions as data: one row of Actions.csv, or what an operator asks of one account over the API.

Rows with the same id are one set, done from the heaviest to the lightest, all of it or nothing of it:

    DISABLE_AND_LOG,*log,…,20
    DISABLE_AND_LOG,*disable_account,…,10

A set may name actions that need services of CGRateS. They are kept as they are, so that a plan written for it loads; a
set that holds one fails when it is run, and changes nothing (`actions.perform`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from accounts.balance_filter import BalanceFilter
from actions.value_formula import ValueFormula


class ActionType(StrEnum):
    """Every action an Actions.csv may name. `LEFT_OUT` are those that cannot be done here."""

    TOPUP = "*topup"
    TOPUP_RESET = "*topup_reset"
    TOPUP_ZERO_NEGATIVE = "*topup_zero_negative"
    DEBIT = "*debit"
    DEBIT_RESET = "*debit_reset"
    SET_BALANCE = "*set_balance"
    REMOVE_BALANCE = "*remove_balance"
    REMOVE_EXPIRED = "*remove_expired"
    SET_EXPIRY = "*set_expiry"
    TRANSFER_BALANCE = "*transfer_balance"
    TRANSFER_MONETARY_DEFAULT = "*transfer_monetary_default"
    ENABLE_ACCOUNT = "*enable_account"
    DISABLE_ACCOUNT = "*disable_account"
    ALLOW_NEGATIVE = "*allow_negative"
    DENY_NEGATIVE = "*deny_negative"
    RESET_ACCOUNT = "*reset_account"
    RESET_ACCOUNT_CDR = "*reset_account_cdr"
    REMOVE_ACCOUNT = "*remove_account"
    REMOTE_SET_ACCOUNT = "*remote_set_account"
    PUBLISH_ACCOUNT = "*publish_account"
    RESET_TRIGGERS = "*reset_triggers"
    SET_RECURRENT = "*set_recurrent"
    UNSET_RECURRENT = "*unset_recurrent"
    RESET_COUNTERS = "*reset_counters"
    LOG = "*log"
    CDRLOG = "*cdrlog"
    HTTP_POST = "*http_post"
    HTTP_POST_ASYNC = "*http_post_async"
    CALL_URL = "*call_url"  # the old names of the two above
    CALL_URL_ASYNC = "*call_url_async"
    POST_EVENT = "*post_event"
    EXPORT = "*export"
    MAIL_ASYNC = "*mail_async"
    CGR_RPC = "*cgr_rpc"
    ALTER_SESSIONS = "*alter_sessions"
    FORCE_DISCONNECT_SESSIONS = "*force_disconnect_sessions"
    ALERT = "*alert"  # this and the next three are for fraud detection, and CGRateS has none of them
    BLOCK_NUMBER = "*block_number"
    BLOCK_TRUNK = "*block_trunk"
    LIMIT_SESSION = "*limit_session"
    REMOVE_SESSION_COSTS = "*remove_session_costs"
    RESET_THRESHOLD = "*reset_threshold"
    RESET_STAT_QUEUE = "*reset_stat_queue"
    SET_DDESTINATIONS = "*set_ddestinations"
    SY_PUBLISH = "*sy_publish"
    DYNAMIC_THRESHOLD = "*dynamic_threshold"
    DYNAMIC_STATS = "*dynamic_stats"
    DYNAMIC_ATTRIBUTE = "*dynamic_attribute"
    DYNAMIC_ACTION_PLAN = "*dynamic_action_plan"
    DYNAMIC_ACTION_PLAN_ACCOUNTS = "*dynamic_action_plan_accounts"
    DYNAMIC_ACTION = "*dynamic_action"
    DYNAMIC_ACTION_TRIGGER = "*dynamic_action_trigger"
    DYNAMIC_DESTINATION = "*dynamic_destination"
    DYNAMIC_FILTER = "*dynamic_filter"
    DYNAMIC_ROUTE = "*dynamic_route"
    DYNAMIC_RANKING = "*dynamic_ranking"
    DYNAMIC_RATING_PROFILE = "*dynamic_rating_profile"
    DYNAMIC_TREND = "*dynamic_trend"
    DYNAMIC_RESOURCE = "*dynamic_resource"


# What ratingd does not do, and why. Everything else is done.
NO_THRESHOLDS: Final = "it works on thresholds, statistics or profiles of CGRateS, which ratingd does not have"
LEFT_OUT: Final[Mapping[ActionType, str]] = {
    ActionType.RESET_THRESHOLD: NO_THRESHOLDS,
    ActionType.RESET_STAT_QUEUE: NO_THRESHOLDS,
    ActionType.SET_DDESTINATIONS: NO_THRESHOLDS,
    **{type: NO_THRESHOLDS for type in ActionType if type.startswith("*dynamic_")},
    ActionType.CGR_RPC: "it calls a method of CGRateS; *http_post calls any other service",
    ActionType.SY_PUBLISH: "it notifies a Diameter peer, and ratingd speaks no Diameter",
    ActionType.REMOTE_SET_ACCOUNT: "it replaces the account by what another server answers, so no set could undo it",
    ActionType.REMOVE_SESSION_COSTS: "a charge is kept with its operation, so there are no session costs to remove",
    ActionType.RESET_ACCOUNT_CDR: "it restores balances from the newest call record, and records hold no balances",
    ActionType.ALTER_SESSIONS: "it changes sessions, and a call here is its switch's",
}
SUPPORTED: Final = frozenset(type for type in ActionType if type not in LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Action:
    """One row of Actions.csv, or one request of an operator.

    `filter` holds what is given of a balance: it selects the balances that are meant, and a balance that is created
    gets those same fields. `balance_type` is BalanceType as written, which for counters and triggers may also be
    "*event_connect"; where it is a kind of balance, `filter.kind` is that. `units` has the scale of that kind
    (accounts.balance.kind_scale); `formula` stands instead of it. `expiry` is a time text, evaluated at each run, so
    that "*monthly" is a month from then.
    """

    actions_id: str  # "" for a request of an operator
    type: ActionType
    weight: Decimal = Decimal(0)  # heavier is done first
    extra: str = ""  # ExtraParameters: a URL, names, JSON or a session filter, by the type
    filters: tuple[str, ...] = ()  # inline filters, all of which the account must pass
    balance_type: str = ""
    filter: BalanceFilter = field(default_factory=BalanceFilter)
    units: int | None = None
    formula: ValueFormula | None = None
    expiry: str = ""
    factors: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionSet:
    """Actions with one id, heaviest first; equal weights keep the order of the file."""

    id: str
    actions: tuple[Action, ...]


def action_set(id: str, actions: Iterable[Action]) -> ActionSet:
    return ActionSet(id, tuple(sorted(actions, key=lambda action: -action.weight)))
