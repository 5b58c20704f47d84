"""Sixty-four switches that debit, each with a book of its own: what it was told, and nothing else.

A client sends a debit under a fresh key. If no answer comes it sends the same request again under the same key, for as
long as it takes; only an answer is entered into the book. So the books say what the daemon has promised, and after any
number of kills the balances must be the top-ups minus exactly that.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import grpc
import grpc.aio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.type.money_pb2 import Money

from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.amount_pb2 import Amount, Usage
from ratingd.v1.call_pb2 import BASIC, Call
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub

RETRIED: Final = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}
NANO: Final = 1_000_000_000
Answer = TypeVar("Answer")


class Books:
    """What all clients together were told: nano-units charged and topped up per account, and how many answers."""

    def __init__(self) -> None:
        self.charged: Final[Counter[str]] = Counter()
        self.topped_up: Final[Counter[str]] = Counter()
        self.debits = 0
        self.retries = 0
        self.charge_ids: Final[set[str]] = set()


class Clients:
    """`count` clients on one channel each, numbered from `first`. They stop at `wanted` acknowledged debits."""

    def __init__(
        self, address: str, accounts: Sequence[str], wanted: int, count: int, seed: int, first: int = 0
    ) -> None:
        self.books: Final = Books()
        self.given_up = ""  # why nobody should wait any longer
        self._address: Final = address
        self._accounts: Final = accounts
        self._wanted: Final = wanted
        self._count: Final = count
        self._seed: Final = seed
        self._first: Final = first
        self._numbers: Final = itertools.count()

    async def run(self) -> None:
        await asyncio.gather(*(self._one(number) for number in range(self._first, self._first + self._count)))

    async def _one(self, number: int) -> None:
        chance = random.Random(self._seed * 1000 + number)
        options = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200),
                   ("grpc.use_local_subchannel_pool", 1)]  # fmt: skip
        async with grpc.aio.insecure_channel(self._address, options=options) as channel:
            charging, accounts = ChargingServiceStub(channel), AccountServiceStub(channel)
            while self.books.debits < self._wanted and not self.given_up:
                account = chance.choice(self._accounts)
                if chance.random() < 0.02:
                    await self._top_up(accounts, account, number)
                else:
                    await self._debit(charging, account, number, chance.randint(1, 90))

    async def _debit(self, stub: ChargingServiceStub, account: str, client: int, seconds: int) -> None:
        serial = next(self._numbers)
        call = Call(account=account, destination="4930123", call_id=f"call-{client}-{serial}", switch_id=f"sw-{client}")
        call.usage.CopyFrom(Usage(duration=Duration(seconds=seconds)))
        call.time_start.seconds = 1_790_000_000
        request = DebitRequest(call=call, idempotency_key=f"debit-{client}-{serial}", final=True, view=BASIC)
        answer = await self._insist(stub.Debit, request)
        assert answer.charge_id not in self.books.charge_ids, f"charge {answer.charge_id} was answered to two requests"
        self.books.charge_ids.add(answer.charge_id)
        self.books.charged[account] += answer.cost.units * NANO + answer.cost.nanos
        self.books.debits += 1

    async def _top_up(self, stub: AccountServiceStub, account: str, client: int) -> None:
        request = AddBalanceRequest(
            account=account,
            idempotency_key=f"top-up-{client}-{next(self._numbers)}",
            balance=BalanceSelector(kind="*monetary", id="MAIN"),
            amount=Amount(money=Money(units=7)),
        )
        await self._insist(stub.AddBalance, request)
        self.books.topped_up[account] += 7 * NANO

    async def _insist(self, method: Callable[..., Awaitable[Answer]], request: Message) -> Answer:
        """Send until there is an answer."""
        for attempt in itertools.count():
            try:
                return await method(request, timeout=5, wait_for_ready=True)
            except grpc.aio.AioRpcError as error:
                if error.code() not in RETRIED or self.given_up:
                    raise
                self.books.retries += 1
                await asyncio.sleep(0.01 * 2 ** min(attempt, 4))
        raise AssertionError("an endless loop has ended")
