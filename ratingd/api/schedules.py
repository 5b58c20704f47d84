"""The schedules of AdminService: what runs when and how far it has come, and what an operator wants otherwise.

Every daemon answers all of these, for all of it stands in the store; what was ordered is run by the one that holds the
lock. An order is therefore answered when it is stored, and asked for again by its id.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final
from uuid import uuid4

from google.protobuf.message import Message

from accounts.account import AccountKey
from actions.timing_words import timing_words
from ratingd.api.charging import fingerprint
from ratingd.api.config import ApiConfig
from ratingd.api.convert import idempotency_key, instant_ns, name, not_a_group, required, set_instant
from ratingd.api.method import AnyMethod, Kind, Method, guarded, parse
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest
from ratingd.scheduler.desk import Held, Listed, ScheduleDesk
from ratingd.scheduler.order_steps import Step
from ratingd.store.rows import ScheduleRow
from ratingd.store.schedules import REPLAY, RESUME, RUN, Order
from ratingd.v1 import admin_pb2

SERVICE: Final = "/ratingd.v1.AdminService/"
KINDS: Final = {
    RUN: admin_pb2.ScheduleOrder.RUN,
    REPLAY: admin_pb2.ScheduleOrder.REPLAY,
    RESUME: admin_pb2.ScheduleOrder.RESUME,
}
ORDERS_DEFAULT: Final = 100
ORDERS_MAX: Final = 1_000


class SchedulesApi:
    def __init__(self, config: ApiConfig, desk: ScheduleDesk) -> None:
        self._config: Final = config
        self._desk: Final = desk

    def methods(self) -> list[AnyMethod]:
        methods: dict[str, Callable[[bytes, int | None], Reply]] = {
            "ListSchedules": self._list,
            "RunSchedule": self._run,
            "ReplaySchedules": self._replay,
            "GetScheduleOrder": self._get_order,
            "PauseSchedule": self._pause,
            "ResumeSchedule": self._resume,
        }
        return [Method(SERVICE + method, Kind.SLOW, guarded(prepare)) for method, prepare in methods.items()]

    def _list(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.ListSchedulesRequest(), body)
        if request.order_page_size < 0:
            raise InvalidRequest("order_page_size", "is negative")
        message = admin_pb2.ListSchedulesResponse()
        for listed in self._desk.listed(name(request.plan, "plan")):
            write_schedule(message.schedules.add(), listed)
        for order in self._desk.orders(min(request.order_page_size, ORDERS_MAX) or ORDERS_DEFAULT):
            write_order(message.orders.add(), order)
        return answered(message)

    def _run(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.RunScheduleRequest(), body)
        order = self._order(RUN, request)
        if request.only_existing and not request.account:
            raise InvalidRequest("only_existing", "is for one account: name it")
        return self._placed(order, create=not request.only_existing, dry_run=request.dry_run)

    def _replay(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.ReplaySchedulesRequest(), body)
        for field in ("start_time", "end_time"):
            if not request.HasField(field):
                raise InvalidRequest(field, "is missing")
        start_ns, end_ns = instant_ns(request.start_time, "start_time"), instant_ns(request.end_time, "end_time")
        return self._placed(self._order(REPLAY, request, start_ns, end_ns), create=False, dry_run=request.dry_run)

    def _order(
        self,
        kind: str,
        request: admin_pb2.RunScheduleRequest | admin_pb2.ReplaySchedulesRequest,
        start_ns: int = 0,
        end_ns: int = 0,
    ) -> Order:
        account = name(request.account, "account")
        tenant = name(request.tenant, "tenant")
        key = idempotency_key(request.idempotency_key, dry_run=request.dry_run)
        return Order(
            id="" if request.dry_run else str(uuid4()),
            idempotency_key=key,
            fingerprint=fingerprint(request, kind.encode()),
            kind=kind,
            plan_id=name(request.plan, "plan"),
            entry=name(request.entry, "entry"),
            tenant=tenant or (self._config.default_tenant if account else ""),
            account=not_a_group(AccountKey(tenant, account), "account").account,
            start_ns=start_ns,
            end_ns=end_ns,
            ordered_ns=self._config.clock(),
        )

    def _placed(self, order: Order, *, create: bool, dry_run: bool) -> Reply:
        placed, steps = self._desk.place(order, create=create, dry_run=dry_run)
        message = admin_pb2.ScheduleOrder()
        write_order(message, placed)
        write_steps(message, steps)
        return answered(message)

    def _get_order(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.GetScheduleOrderRequest(), body)
        message = admin_pb2.ScheduleOrder()
        write_order(message, self._desk.order(required(request.id, "id")))
        return answered(message)

    def _pause(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.PauseScheduleRequest(), body)
        plan, entry = name(request.plan, "plan"), name(request.entry, "entry")
        held = self._desk.pause(plan, entry, dry_run=request.dry_run)
        message = admin_pb2.PauseScheduleResponse(entries=held.entries, changed=held.changed)
        write_since(message, held)
        return answered(message)

    def _resume(self, body: bytes, _: int | None) -> Reply:
        request = parse(admin_pb2.ResumeScheduleRequest(), body)
        if request.missed not in (admin_pb2.ResumeScheduleRequest.MAKE_UP, admin_pb2.ResumeScheduleRequest.SKIP):
            raise InvalidRequest("missed", "say what becomes of the runs that fell into the pause: MAKE_UP or SKIP")
        now_ns, id = self._config.clock(), str(uuid4())
        order = Order(
            id=id,
            idempotency_key=id,
            fingerprint=b"",
            kind=RESUME,
            plan_id=name(request.plan, "plan"),
            entry=name(request.entry, "entry"),
            end_ns=now_ns,
            make_up=request.missed == admin_pb2.ResumeScheduleRequest.MAKE_UP,
            ordered_ns=now_ns,
        )
        held = self._desk.resume(order, dry_run=request.dry_run)
        message = admin_pb2.ResumeScheduleResponse(entries=held.entries, changed=held.changed, missed=held.missed)
        write_since(message, held)
        return answered(message)


def answered(message: Message) -> Reply:
    return Reply(0, message.SerializeToString())


def write_since(message: admin_pb2.PauseScheduleResponse | admin_pb2.ResumeScheduleResponse, held: Held) -> None:
    if held.since_ns is not None:
        set_instant(message.since_time, held.since_ns)


def write_schedule(message: admin_pb2.Schedule, listed: Listed) -> None:
    each = listed.each
    message.entry, message.plan, message.actions = each.name, each.plan_id, each.entry.actions_id
    message.timing = timing_words(each.entry, each.zone)
    message.time_zone = "" if each.entry.asap else each.zone.name
    message.weight, message.accounts = f"{each.entry.weight:f}", listed.members
    if listed.next_due_ns is not None:
        set_instant(message.next_due_time, listed.next_due_ns)
    if listed.paused_since_ns is not None:
        set_instant(message.paused_since_time, listed.paused_since_ns)
    if listed.row is not None:
        write_runs(message, listed.row)


def write_runs(message: admin_pb2.Schedule, row: ScheduleRow) -> None:
    if row.ran_ns is not None:
        set_instant(message.last_done_time, row.ran_ns)
    if row.running_ns is not None:
        set_instant(message.running_due_time, row.running_ns)
        if row.begun_ns is not None:
            set_instant(message.running_since_time, row.begun_ns)
    if row.ran_ns is not None or row.running_ns is not None:
        write_progress(message.progress, row)


def write_progress(message: admin_pb2.ScheduleProgress, made: ScheduleRow | Order) -> None:
    message.accounts_done, message.accounts_total, message.refused = made.accounts, made.members, made.refused


def write_order(message: admin_pb2.ScheduleOrder, order: Order) -> None:
    message.id, message.kind, message.state = order.id, KINDS[order.kind], state_of(order)
    message.plan, message.entry, message.tenant, message.account = (
        order.plan_id, order.entry, order.tenant, order.account,
    )  # fmt: skip
    message.error = order.error
    if order.kind != RUN:
        set_instant(message.start_time, order.start_ns)
        set_instant(message.end_time, order.end_ns)
    set_instant(message.order_time, order.ordered_ns)
    if order.begun_ns is not None:
        set_instant(message.begin_time, order.begun_ns)
    if order.ended_ns is not None:
        set_instant(message.done_time, order.ended_ns)
    write_progress(message.progress, order)


def state_of(order: Order) -> admin_pb2.ScheduleOrder.State:
    if not order.id:
        return admin_pb2.ScheduleOrder.STATE_UNSPECIFIED
    if order.ended_ns is not None:
        return admin_pb2.ScheduleOrder.FAILED if order.error else admin_pb2.ScheduleOrder.DONE
    return admin_pb2.ScheduleOrder.WAITING if order.begun_ns is None else admin_pb2.ScheduleOrder.RUNNING


def write_steps(message: admin_pb2.ScheduleOrder, steps: Sequence[Step]) -> None:
    """Each entry and zone once, in the order of their first run."""
    for (entry, time_zone), instants in Counter((step.each.name, step.each.zone.name) for step in steps).items():
        message.steps.add(entry=entry, time_zone=time_zone, instants=instants)
