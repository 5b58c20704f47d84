"""What the bench charges: a tariff as large as a carrier's, accounts that never run dry, monitors that never fire.

20,000 prefixes at 200 rates; each account has money, minutes for numbers it does not call and texts, and three
monitors that every debit has to look at: a floor on the money, a ceiling on spending and one on calls a day. A debit
is a minute in the middle of a call: 60 seconds of usage at a price per second, loop index 1, so without connect fee.

Should a mistake here get every debit refused, the figures would look splendid; hence the count of refusals in each run.
"""

import base64
import random
from collections.abc import Iterator, Mapping
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
BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class Sample:
    prefixes: int = 20_000
    rates: int = 200
    accounts: int = 2_000

    def folder(self) -> dict[str, bytes]:
        return {
            name: ("\n".join(rows) + "\n").encode()
            for name, rows in {
                "Destinations.csv": self._destinations(),
                "Rates.csv": self._rates(),
                "DestinationRates.csv": self._destination_rates(),
                "Timings.csv": ["ALWAYS,*any,*any,*any,*any,00:00:00"],
                "RatingPlans.csv": ["RP_BENCH,DR_BENCH,ALWAYS,10"],
                "RatingProfiles.csv": [f"{TENANT},call,*any,2020-01-01T00:00:00Z,RP_BENCH,"],
                **self._accounts(),
            }.items()
        }

    def prefix(self, number: int) -> str:
        """Of two to seven digits, so that a lookup has lengths to try; never the beginning of one another's numbers."""
        return str(2_000_000 + number * 31)

    def account(self, number: int) -> str:
        return f"49{number:08d}"

    def debits(self) -> Iterator[DebitRequest]:
        """One for each account, to a destination of its own."""
        chance = random.Random(SEED)
        for number in range(self.accounts):
            yield DebitRequest(call=self._call(chance, number), idempotency_key=KEY)

    def get_costs(self) -> Iterator[GetCostRequest]:
        chance = random.Random(SEED)
        for number in range(self.accounts):
            yield GetCostRequest(call=self._call(chance, number))

    def _call(self, chance: random.Random, number: int) -> Call:
        call = Call(
            tenant=TENANT,
            account=self.account(number),
            destination=self.prefix(chance.randrange(self.prefixes)) + f"{chance.randrange(10_000):04d}",
            call_id=f"{chance.getrandbits(64):016x}@192.0.2.{number % 250}",
            switch_id=f"sw-{number % 4}",
            loop_index=1,
        )
        call.usage.duration.seconds = 60
        call.duration_index.duration.seconds = 120
        return call

    def _destinations(self) -> list[str]:
        return [f"DST_{number},{self.prefix(number)}" for number in range(self.prefixes)]

    def _rates(self) -> list[str]:
        return [f"RT_{number},0.01,{0.01 + number / 10_000:.4f},60s,1s,0s" for number in range(self.rates)]

    def _destination_rates(self) -> list[str]:
        return [f"DR_BENCH,DST_{number},RT_{number % self.rates},*up,4,0," for number in range(self.prefixes)]

    def _accounts(self) -> Mapping[str, list[str]]:
        rows = [f"{TENANT},{self.account(number)},PACKAGE,MONITORS,false,false" for number in range(self.accounts)]
        return {
            "Actions.csv": [
                "START,*topup_reset,,,MAIN,*monetary,,*any,,,*unlimited,,1000000,10,false,false,30",
                "START,*topup_reset,,,MINUTES,*voice,,DST_1,*zero1s,,*unlimited,,100m,20,false,false,20",
                "START,*topup_reset,,,TEXTS,*sms,,*any,*zero1,,*unlimited,,50,20,false,false,10",
                "NOTE,*log,,,,,,,,,,,,,,,10",
            ],
            "ActionPlans.csv": ["PACKAGE,START,*asap,10"],
            "ActionTriggers.csv": [
                "MONITORS,FLOOR,*min_balance,5,false,0,,,MAIN,*monetary,,,,,,,,,,NOTE,10",
                "MONITORS,SPEND,*max_event_counter,900000,false,0,,,,*monetary,,,,,,*day,,,,NOTE,20",
                "MONITORS,CALLS,*max_balance_counter,900000,false,0,,,,*monetary,,,,,,*day,,,,NOTE,30",
            ],
            "AccountActions.csv": rows,
        }


def destinations_100k() -> dict[str, bytes]:
    """100,000 destinations with one destination rate each, over 1,000 rates."""
    large = Sample(prefixes=100_000, rates=1_000, accounts=0).folder()
    return {
        name: content
        for name, content in large.items()
        if name not in ("Actions.csv", "ActionPlans.csv", "ActionTriggers.csv", "AccountActions.csv")
    }


def write_templates(folder: Path, sample: Sample) -> dict[str, Path]:
    """The requests of each transport for the load generator: serialised, base64, one a line."""
    debits = list(sample.debits())
    shuffled = random.Random(SEED).sample(debits, len(debits))
    bodies = {
        "unary": [debit.SerializeToString() for debit in debits],
        "stream": [ChargeRequest(correlation_id=CORRELATION, debit=debit).SerializeToString() for debit in debits],
        "batch": [
            BatchDebitRequest(requests=shuffled[first : first + BATCH]).SerializeToString()
            for first in range(0, len(shuffled) - BATCH + 1, BATCH)
        ],
    }
    paths = {mode: folder / f"{mode}.requests" for mode in bodies}
    for mode, path in paths.items():
        path.write_bytes(b"".join(base64.b64encode(body) + b"\n" for body in bodies[mode]))
    return paths
