"""What the bench charges: a tariff as large as a carrier's, accounts that never run dry, monitors that never fire.

20,000 prefixes at 200 rates of two slots: one price for the first half minute, a lower one from there on. Each account
has money, minutes for numbers it does not call and texts, and three monitors that every debit has to look at: a floor
on the money, a ceiling on spending and one on calls a day. A debit is a minute in the middle of a call: 60 seconds of
usage at a price per second, loop index 1, so without connect fee. A cost is asked for a whole call of 60 seconds, which
passes from one slot into the other.

How many prefixes, balances, monitors and seconds there are can be chosen, to see what each of them costs. The requests
of the load generator have markers where their key and their account come; a call is named for its account, so that an
account has one call open however long the load goes on.

Should a mistake here get every debit refused, the figures would look splendid; hence the count of refusals in each run.
"""

import base64
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import BatchDebitRequest, ChargeRequest, DebitRequest
from ratingd.v1.rating_pb2 import GetCostRequest

TENANT: Final = "example.org"
SEED: Final = 20_261_121
KEY: Final = "K" * 16  # the load generator writes its keys over these
CORRELATION: Final = "C" * 12
ACCOUNT: Final = "A" * 8  # and the number of the account over these
BATCH: Final = 64
TEMPLATES: Final = 1_024  # requests of the load generator, each to a destination of its own
HALF_MINUTE_S: Final = 30


@dataclass(frozen=True, slots=True)
class Sample:
    prefixes: int = 20_000
    rates: int = 200
    accounts: int = 1_000
    balances: int = 3  # of each account; one of them pays
    monitors: int = 3  # none of them fires
    usage_s: int = 60

    def folder(self) -> dict[str, bytes]:
        return {
            name: ("\n".join(rows) + "\n").encode() for name, rows in {**self._prices(), **self._accounts()}.items()
        }

    def prices(self) -> dict[str, bytes]:
        """The folder without accounts and what they need."""
        return {name: ("\n".join(rows) + "\n").encode() for name, rows in self._prices().items()}

    def prefix(self, number: int) -> str:
        """Seven digits or more, never the beginning of one another."""
        return str(2_000_000 + number * 31)

    def account(self, number: int) -> str:
        return f"49{number:08d}"

    def debits(self) -> Iterator[DebitRequest]:
        """One for each account, to a destination of its own."""
        chance = random.Random(SEED)
        for number in range(self.accounts):
            yield self.debit(chance, self.account(number))

    def debit(self, chance: random.Random, account: str) -> DebitRequest:
        """A piece in the middle of a call, two minutes into it at its end, or later where it is longer itself."""
        call = self._call(chance, account)
        call.loop_index = 1
        call.duration_index.duration.seconds = max(120, 60 + self.usage_s)
        return DebitRequest(call=call, idempotency_key=KEY)

    def get_costs(self) -> Iterator[GetCostRequest]:
        chance = random.Random(SEED)
        for number in range(self.accounts):
            yield GetCostRequest(call=self._call(chance, self.account(number)))

    def _call(self, chance: random.Random, account: str) -> Call:
        """To a number that no minutes are for: those of the first prefixes, fewer than there are balances."""
        call = Call(
            tenant=TENANT,
            account=account,
            destination=self.prefix(chance.randrange(self.balances, self.prefixes)) + f"{chance.randrange(10_000):04d}",
            call_id=f"{account}-a84b4c76e66710@192.0.2.17",
            switch_id="sw-1",
        )
        call.usage.duration.seconds = self.usage_s
        return call

    def _prices(self) -> Mapping[str, Sequence[str]]:
        return {
            "Destinations.csv": [f"DST_{number},{self.prefix(number)}" for number in range(self.prefixes)],
            "Rates.csv": [row for number in range(self.rates) for row in two_slots(number)],
            "DestinationRates.csv": [
                f"DR_BENCH,DST_{number},RT_{number % self.rates},*up,4,0," for number in range(self.prefixes)
            ],
            "Timings.csv": ["ALWAYS,*any,*any,*any,*any,00:00:00"],
            "RatingPlans.csv": ["RP_BENCH,DR_BENCH,ALWAYS,10"],
            "RatingProfiles.csv": [f"{TENANT},call,*any,2020-01-01T00:00:00Z,RP_BENCH,"],
        }

    def _accounts(self) -> Mapping[str, Sequence[str]]:
        return {
            "Actions.csv": [*self._balances(), "NOTE,*log,,,,,,,,,,,,,,,10"],
            "ActionPlans.csv": ["PACKAGE,START,*asap,10"],
            "ActionTriggers.csv": self._monitors(),
            "AccountActions.csv": [
                f"{TENANT},{self.account(number)},PACKAGE,MONITORS,false,false" for number in range(self.accounts)
            ],
        }

    def _balances(self) -> list[str]:
        """Money first; then texts, and minutes for ever more numbers that are not called."""
        rows = [
            "START,*topup_reset,,,MAIN,*monetary,,*any,,,*unlimited,,1000000,10,false,false,30",
            "START,*topup_reset,,,TEXTS,*sms,,*any,*zero1,,*unlimited,,50,20,false,false,20",
        ]
        rows += [
            f"START,*topup_reset,,,MINUTES{number},*voice,,DST_{number},*zero1s,,*unlimited,,100m,20,false,false,10"
            for number in range(1, self.balances - 1)
        ]
        return rows[: self.balances]

    def _monitors(self) -> list[str]:
        """A floor, a ceiling on calls, and ceilings on what is spent."""
        rows = [
            "MONITORS,FLOOR,*min_balance,5,false,0,,,MAIN,*monetary,,,,,,,,,,NOTE,10",
            "MONITORS,CALLS,*max_balance_counter,900000,false,0,,,,*monetary,,,,,,*day,,,,NOTE,20",
        ]
        rows += [
            f"MONITORS,SPEND{number},*max_event_counter,{900_000 + number},false,0,,,,*monetary,,,,,,*day,,,,NOTE,30"
            for number in range(1, self.monitors - 1)
        ]
        return rows[: self.monitors]


def two_slots(number: int) -> list[str]:
    """A price by the second, and a fifth less from half a minute on."""
    price = 100 + number  # of a ten thousandth
    return [
        f"RT_{number},0.01,{price / 10_000:.5f},60s,1s,0s",
        f"RT_{number},0,{price * 8 / 100_000:.5f},60s,1s,{HALF_MINUTE_S}s",
    ]


def destinations_100k() -> dict[str, bytes]:
    """100,000 destinations with one destination rate each, over 1,000 rates."""
    return Sample(prefixes=100_000, rates=1_000, accounts=0).prices()


def write_templates(folder: Path, sample: Sample, count: int = TEMPLATES) -> dict[str, Path]:
    """The requests of each shape for the load generator: serialised, base64, one a line."""
    chance = random.Random(SEED)
    debits = [sample.debit(chance, f"49{ACCOUNT}") for _ in range(count)]
    bodies = {
        "unary": [debit.SerializeToString() for debit in debits],
        "stream": [ChargeRequest(correlation_id=CORRELATION, debit=debit).SerializeToString() for debit in debits],
        "batch": [
            BatchDebitRequest(requests=debits[first : first + BATCH]).SerializeToString()
            for first in range(0, len(debits) - BATCH + 1, BATCH)
        ],
    }
    paths = {shape: folder / f"{shape}.requests" for shape in bodies}
    for shape, path in paths.items():
        path.write_bytes(b"".join(base64.b64encode(body) + b"\n" for body in bodies[shape]))
    return paths
