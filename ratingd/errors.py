"""Everything that can go wrong between ratingd and who asks it, as one tree.

    RatingdError
    ├── InvalidRequest          a request that cannot be meant: a field is missing, malformed or contradicts another
    │   ├── InvalidIdempotencyKey
    │   ├── UnknownTimeZone
    │   ├── RequestTooLarge
    │   └── InvalidRatingSubject
    ├── NotFound                something that was named does not exist
    │   ├── AccountUnknown
    │   ├── ChargeUnknown
    │   ├── ActionsUnknown
    │   ├── PlanUnknown
    │   ├── OutboxEntryUnknown
    │   ├── ScheduleUnknown
    │   ├── TriggersUnknown
    │   └── BalanceUnknown
    ├── KeyReused               the idempotency key belongs to another request
    ├── ActionsFailed           an action set could not be carried out; nothing was changed
    ├── TariffRefused           a tariff folder has faults; the one in force stays
    ├── NotAllowed              the settings of the daemon do not allow it
    ├── Overloaded              a queue is full; nothing was done, ask again a little later
    │   └── TooManyRequests     who asks has asked for this too often
    ├── TooManyStreams          as many streams are open as the settings allow
    ├── DeadlinePassed          the caller has stopped waiting; nothing was done
    ├── AccountBusy             others kept writing to the account; nothing was done
    ├── Unavailable             the store does not answer; nothing was done, or it is not known: ask with the same key
    └── InvariantBroken         a promise of our own does not hold; nothing was stored

An error says what was asked, what was looked at and what to do next. An expected "no" of charging is not here: it is
a value, `accounts.charge.Refused`. Only `ratingd.api.status` knows gRPC codes.
"""

from collections.abc import Sequence

WHAT_IS_LOADED = "`ratingd tariffs show` lists what was loaded."


class RatingdError(Exception):
    """`reason` is what a program acts on; the text is for people."""

    reason = "INTERNAL"
    kept = True  # whether the answer is stored under the idempotency key


class InvalidRequest(RatingdError):
    reason = "INVALID_REQUEST"
    kept = False

    def __init__(self, field: str, description: str) -> None:
        super().__init__(f"{field}: {description}")
        self.field = field
        self.description = description


class InvalidIdempotencyKey(InvalidRequest):
    reason = "INVALID_IDEMPOTENCY_KEY"


class UnknownTimeZone(InvalidRequest):
    reason = "UNKNOWN_TIME_ZONE"


class RequestTooLarge(InvalidRequest):
    reason = "REQUEST_TOO_LARGE"


class InvalidRatingSubject(InvalidRequest):
    reason = "INVALID_RATING_SUBJECT"


class NotFound(RatingdError):
    reason = "NOT_FOUND"


class AccountUnknown(NotFound):
    reason = "ACCOUNT_UNKNOWN"

    def __init__(self, tenant: str, account: str) -> None:
        super().__init__(
            f"no account {account!r} in tenant {tenant!r}. "
            "Create it with `ratingd account set`, or check the tenant of the request."
        )


class ChargeUnknown(NotFound):
    reason = "CHARGE_UNKNOWN"

    def __init__(self, tenant: str, account: str, charge_id: str) -> None:
        super().__init__(
            f"account {account!r} of tenant {tenant!r} has no charge {charge_id!r}. "
            "A refund names the charge_id that the debit's reply carried, on the same account."
        )


class ActionsUnknown(NotFound):
    reason = "ACTIONS_UNKNOWN"

    def __init__(self, actions_id: str) -> None:
        super().__init__(f"no action set {actions_id!r} in the active tariff. {WHAT_IS_LOADED}")


class PlanUnknown(NotFound):
    reason = "ACTION_PLAN_UNKNOWN"

    def __init__(self, plan_id: str, alike: Sequence[str] = ()) -> None:
        near = f" Near it: {', '.join(alike)}." if alike else ""
        super().__init__(f"no action plan {plan_id!r} in the active tariff.{near} {WHAT_IS_LOADED}")


class OutboxEntryUnknown(NotFound):
    def __init__(self, entry_ids: Sequence[str]) -> None:
        named = ", ".join(map(repr, entry_ids[:10])) + (" …" if len(entry_ids) > 10 else "")
        super().__init__(
            f"nothing in the outbox has the id {named}, so nothing is sent again. "
            "`ratingd outbox list --state dead` tells what was put aside; what was delivered is kept for some days."
        )


class ScheduleUnknown(NotFound):
    def __init__(self, what: str, alike: Sequence[str] = ()) -> None:
        near = f" Near it: {', '.join(alike)}." if alike else ""
        super().__init__(f"{what}.{near} `ratingd schedules list` tells what there is.")


class TriggersUnknown(NotFound):
    reason = "TRIGGERS_UNKNOWN"

    def __init__(self, group: str) -> None:
        super().__init__(f"no trigger group {group!r} in the active tariff. {WHAT_IS_LOADED}")


class BalanceUnknown(NotFound):
    reason = "BALANCE_UNKNOWN"


class KeyReused(RatingdError):
    reason = "IDEMPOTENCY_KEY_REUSED"
    kept = False

    def __init__(self, key: str, *, forgotten: bool = False) -> None:
        """`forgotten`: its answer was given more than `idempotency_days` ago and is kept no longer."""
        used = "so long ago that its answer is no longer kept" if forgotten else "by a request with other content"
        super().__init__(
            f"idempotency key {key!r} was used on this account {used}. "
            "Repeat a request unchanged under its key, or give the new request a new key."
        )


class ActionsFailed(RatingdError):
    reason = "ACTIONS_FAILED"


class TariffRefused(RatingdError):
    reason = "TARIFF_REFUSED"
    kept = False

    def __init__(self, faults: Sequence[object]) -> None:
        super().__init__(f"the tariff folder has {len(faults)} fault(s); nothing was loaded. The first: {faults[0]}")
        self.faults = tuple(faults)


class NotAllowed(RatingdError):
    reason = "NOT_ALLOWED"
    kept = False


class Overloaded(RatingdError):
    reason = "OVERLOADED"
    kept = False

    def __init__(self, waiting: int, retry_after_ms: int) -> None:
        super().__init__(
            f"{waiting} requests wait and the queue is full. Nothing was done; ask again in {retry_after_ms} ms."
        )
        self.retry_after_ms = retry_after_ms


class TooManyRequests(Overloaded):
    reason = "TOO_MANY_REQUESTS"

    def __init__(self, text: str, retry_after_ms: int) -> None:
        RatingdError.__init__(self, text)
        self.retry_after_ms = retry_after_ms


class TooManyStreams(RatingdError):
    reason = "TOO_MANY_STREAMS"
    kept = False

    def __init__(self, open_streams: int) -> None:
        super().__init__(
            f"{open_streams} streams are open already, as many as the settings allow. "
            "Put more requests on one stream, or raise the limit."
        )


class DeadlinePassed(RatingdError):
    reason = "DEADLINE_PASSED"
    kept = False

    def __init__(self) -> None:
        super().__init__("the deadline of the request had passed before its turn came. Nothing was done.")


class AccountBusy(RatingdError):
    reason = "ACCOUNT_BUSY"
    kept = False

    def __init__(self, account: str, waited_ms: int) -> None:
        super().__init__(
            f"account {account!r} was written by others for {waited_ms} ms. "
            "Nothing was done; ask again with the same key."
        )


class Unavailable(RatingdError):
    reason = "UNAVAILABLE"
    kept = False


class InvariantBroken(RatingdError):
    reason = "INVARIANT_BROKEN"
    kept = False
