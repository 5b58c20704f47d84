"""Operations on several accounts at once: shared groups and transfers, over lanes, commits and daemons."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

from accounts.account import AccountKey, ThresholdType, TriggerTerms
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from accounts.shared_group import group_key
from actions.action import Action, ActionType
from ratingd.engine.command import Reply
from ratingd.engine.operation import Answer, Charged, Operation, Refund, RemoveAccount, RunActions, SetTrigger
from ratingd.errors import RatingdError
from ratingd.store.rows import OperationRow
from ratingd.store.verify import verify
from tariffs.money import NANO
from tests.engine_desk import FOLDER, Desk, debit

TENANT = "cgrates.org"
FAMILY = group_key(TENANT, "FAMILY")


SHARED = BalanceFilter(kind=BalanceKind.MONETARY, id="FAMILY")


def sharing(units: int, group: str = "FAMILY") -> RunActions:
    """Give an account a balance that it shares."""
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id=group, shared_groups={group: True})
    return RunActions((Action("", ActionType.TOPUP, filter=filter, units=units * NANO),), create=True)


def transfer(units: int, to: str) -> RunActions:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id="M")
    where = f'{{"DestinationAccountID":"{TENANT}:{to}","DestinationBalanceID":"M"}}'
    return RunActions((Action("", ActionType.TRANSFER_BALANCE, extra=where, filter=filter, units=units * NANO),))


def removing(balance: str) -> RunActions:
    filter = BalanceFilter(kind=BalanceKind.MONETARY, id=balance)
    return RunActions((Action("", ActionType.REMOVE_BALANCE, filter=filter),))


def members(desk: Desk) -> tuple[str, ...]:
    return desk.account(FAMILY.account).members


def agrees(desk: Desk) -> bool:
    """Whether every account is what its operations make it."""
    report = verify(desk.store)
    return not report.differences


# -- one after the other


def test_a_call_is_paid_from_another_members_balance_and_given_back_to_it(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.ask("1001", sharing(10))
        desk.ask("1002", sharing(0))
        charged = desk.ask("1002", debit("1002", 60))
        assert charged.endswith("cost 0.6")
        assert (desk.money("1001"), desk.money("1002")) == ("9.4", "0")
        desk.restart()
        assert desk.ask("1002", Refund(charged.split()[0])).endswith("back 0.6")
        assert (desk.money("1001"), desk.money("1002")) == ("10", "0")
        assert agrees(desk)


def test_both_accounts_keep_the_operation_and_only_the_caller_its_key(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.ask("1001", sharing(10))
        desk.ask("1002", sharing(0))
        operation_id = desk.ask("1002", debit("1002", 60), "k1").split()[0]
        rows = {
            account: [
                (row.version, row.idempotency_key, row.reply_code, bool(row.reply), row.changes != "[]")
                for row in desk.store.operations(AccountKey(TENANT, account))
                if row.operation_id == operation_id
            ]
            for account in ("1001", "1002")
        }
        assert rows == {"1001": [(2, None, 0, False, True)], "1002": [(1, "k1", 0, True, False)]}


def test_members_join_and_leave_with_their_balances(store_url: str) -> None:
    with Desk(store_url) as desk:
        for account in ("1002", "1001", "1003"):
            desk.ask(account, sharing(1))
        assert members(desk) == ("1002", "1001", "1003")
        desk.ask("1002", removing("FAMILY"))
        desk.ask("1003", RemoveAccount())
        assert members(desk) == ("1001",)
        desk.ask("1002", sharing(1))
        desk.restart()
        assert members(desk) == ("1001", "1002")
        assert agrees(desk)


def test_a_set_that_fails_on_the_other_side_changes_neither(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.top_up("1001", 5)
        assert desk.ask("1001", transfer(3, "1002")) == "ACTIONS_FAILED"
        desk.top_up("1002", 1)
        assert desk.ask("1001", transfer(6, "1002")) == "ACTIONS_FAILED"
        assert desk.ask("1001", transfer(3, "1002")) == "AccountAnswer"
        assert (desk.money("1001"), desk.money("1002")) == ("2", "4")
        assert agrees(desk)


def test_a_dry_run_asks_all_and_changes_none(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.ask("1001", sharing(10))
        desk.ask("1002", sharing(0))
        replies: list[Answer | RatingdError] = []
        for operation in (debit("1002", 60), sharing(1), transfer(1, "1001")):
            with suppress(RatingdError):
                replies.append(desk.engine.perform(AccountKey(TENANT, "1002"), operation, dry_run=True))
        assert isinstance(replies[0], Charged)
        assert replies[0].cost.cost == 6 * NANO // 10
        keys = [AccountKey(TENANT, account) for account in ("1001", "1002")]
        assert desk.store.versions([*keys, FAMILY]) == {keys[0]: 1, keys[1]: 1, FAMILY: 2}
        assert (desk.money("1001"), members(desk)) == ("10", ("1001", "1002"))


def test_an_alert_of_another_members_monitor_stands_in_that_members_order(store_url: str) -> None:
    plans = FOLDER | {"Actions.csv": b"TELL,*http_post_async,http://h/a,,,,,,,,,,,,,,10\n"}
    low = TriggerTerms("T", "LOW", ThresholdType.MIN_BALANCE, 9 * NANO, "TELL", "*monetary", SHARED)
    with Desk(store_url, folder=plans) as desk:
        desk.ask("1001", sharing(10))
        desk.ask("1002", sharing(0))
        desk.ask("1001", SetTrigger(low))
        desk.ask("1002", debit("1002", 120))
        (entry,) = desk.store.outbox.entries()
        assert (entry.key.account, json.loads(entry.body)["account"]) == ("1001", "1001")
        assert desk.account("1001").triggers[0].executed
        assert agrees(desk)


def test_group_rows_are_no_accounts(store_url: str) -> None:
    with Desk(store_url) as desk:
        desk.ask("1001", sharing(1))
        assert [row.key.account for row in desk.store.directory.page(TENANT)] == ["1001"]
        assert [row.key.account for row in desk.store.directory.page(TENANT, prefix="*")] == []
        assert desk.store.due_accounts(2**62) == []


# -- many at once


@contextmanager
def daemons(url: str, lanes: int) -> Iterator[list[Desk]]:
    """Two daemons with several lanes on PostgreSQL, one on SQLite."""
    with ExitStack() as stack:
        count = 1 if url.startswith("sqlite") else 2
        yield [stack.enter_context(Desk(url, lanes=lanes)) for _ in range(count)]


def drive(
    desks: Sequence[Desk], accounts: Sequence[str], wanted: Callable[[str, int], Operation], count: int
) -> list[tuple[str, Reply]]:
    """`count` operations from two threads for each account, spread over the daemons, ten in flight for each thread."""
    numbers = itertools.count()
    answered: list[tuple[str, Reply]] = []
    lock = threading.Lock()

    def work(thread: int) -> None:
        desk, account = desks[thread % len(desks)], accounts[thread // 2 % len(accounts)]
        while True:
            some = [number for number in itertools.islice(numbers, 10) if number < count]
            if not some:
                return
            waiting: list[Future[Reply]] = [desk.send(account, wanted(account, n), f"k{n}") for n in some]
            replies = [(account, each.result(60)) for each in waiting]
            with lock:
                answered.extend(replies)

    with ThreadPoolExecutor(2 * len(accounts)) as pool:
        for done in [pool.submit(work, thread) for thread in range(2 * len(accounts))]:
            done.result()
    return answered


def share_and_debit(url: str, count: int) -> None:
    """Members of a group debit at once, and the one balance of the group pays all of it."""
    callers = ("1002", "1003")
    with daemons(url, lanes=3) as desks:
        desks[0].ask("1001", sharing(count))
        for caller in callers:
            desks[0].ask(caller, sharing(0))
        answered = drive(desks, callers, lambda account, _: debit(account, 60), count)
        assert len(answered) == count
        assert {reply.body.decode().split(" ", 1)[-1] for _, reply in answered} == {"cost 0.6"}
        for desk in desks:
            assert desk.account("1001").balances[0].value == count * NANO - count * 6 * NANO // 10
            assert {desk.money(caller) for caller in callers} == {"0"}
        for caller in callers:
            stored = [row.operation_id for row in every_operation(desks[0], caller) if row.charge is not None]
            told = [reply.body.decode().split()[0] for account, reply in answered if account == caller]
            assert sorted(stored) == sorted(told)
        assert agrees(desks[0])


def transfer_both_ways(url: str, count: int) -> None:
    """Two accounts give to each other at once; together they keep what they had."""
    pair = ("1001", "1002")
    with daemons(url, lanes=3) as desks:
        for account in pair:
            desks[0].top_up(account, count)
        answered = drive(desks, pair, lambda a, _: transfer(1, "1002" if a == "1001" else "1001"), count)
        assert {reply.body for _, reply in answered} == {b"AccountAnswer"}
        given = {account: sum(1 for each, _ in answered if each == account) for account in pair}
        assert sum(given.values()) == count
        balance = count - given["1001"] + given["1002"]
        for desk in desks:
            assert (desk.money("1001"), desk.money("1002")) == (str(balance), str(2 * count - balance))
        assert agrees(desks[0])


def every_operation(desk: Desk, account: str) -> list[OperationRow]:
    key = AccountKey(TENANT, account)
    found: list[OperationRow] = []
    after, after_id = -1, ""
    while page := desk.store.journal.page(key, after, 1000, after_id):
        found += page
        after, after_id = page[-1].version, page[-1].operation_id
    return found


def test_members_debit_at_once_and_nothing_is_lost(store_url: str) -> None:
    share_and_debit(store_url, 1_000)


def test_transfers_both_ways_at_once_keep_the_sum(store_url: str) -> None:
    transfer_both_ways(store_url, 1_000)
