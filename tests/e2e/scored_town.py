"""A town whose calls models score: models that XGBoost has really grown, accounts that watch scores, and a switch.

masking   three callers within five seconds whom nobody vouches for: above 0.9; all else below 0.1
caller    eight calls of somebody within an hour: above 90; fewer below 10
knn       a call of about ten seconds: 80, as four of the five calls that are most like it were scams
"""

import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Final

import grpc
import numpy as np

from accounts.account import AccountKey
from ratingd.daemon import Daemon
from ratingd.engine.operation import RunActions, SetTriggers
from ratingd.models.arrays import Labels, Rows
from ratingd.models.calibration import Calibration
from ratingd.models.histogram import Histogram
from ratingd.models.model_folder import CALIBRATION, CARD, ONNX, UBJ, ModelFolder
from ratingd.models.training.boosting import Boosted
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from tests import board_scene, model_scene
from tests.alert_receiver import AlertReceiver
from tests.api_desk import call as charged_call
from tests.api_desk import refused
from tests.e2e.http_client import HttpClient, http
from tests.e2e.serving import Serving
from tests.e2e.switch import Switch
from tests.engine_desk import FOLDER as TARIFF
from tests.engine_desk import topping_up
from tests.waiting import until
from triggers.scores.caller_features import CALLER
from triggers.scores.feature_schema import FeatureSchema
from triggers.scores.masking_features import MASKING

SECRET: Final = "the-secret"
SWITCH: Final = "sbc-1"
NOBODY_VOUCHES: Final = ""
VOUCHED_FOR: Final = "A"
FOLDER: Final = {path: content.decode() for path, content in TARIFF.items()} | {
    "Actions.csv": (
        "CUT,*force_disconnect_sessions,;;;;,,,,,,,,,,,,,,30\n"
        "CUT,*http_post_async,{url},,,,,,,,,,,,,,20\n"
        "TELL,*http_post_async,{url},,,,,,,,,,,,,,10\n"
    ),
    "ActionTriggers.csv": (
        "MASKED,,*max_score,70,false,0,,,score.masking,,,,,,,,,,,CUT,10\n"
        "RISKY,,*max_score,85,false,0,,,score.risk,,,,,,,,,,,TELL,10\n"
        "LIKELY,,*max_score,50,false,0,,,score.masking,,,,,,,,,,,TELL,10\n"
        "DOUBTED,,*max_score,55,false,0,,,score.risk,,,,,,,,,,,TELL,10\n"
        "SCAM,,*max_score,75,false,0,,,score.knn,,,,,,,,,,,TELL,10\n"
    ),
}  # fmt: skip


def grown(name: str, schema: FeatureSchema, rows: Rows, fraud: Labels, rounds: int = 12) -> ModelFolder:
    """Trees of XGBoost that have learned to tell the rows of fraud from the others."""
    certain = {"eta": 0.6, "max_depth": 3, "subsample": 1, "colsample_bytree": 1, "colsample_bynode": 1}
    trees = Boosted.grown(rows, fraud, trees=rounds, params=certain)
    files = {ONNX: trees.forest().onnx(), UBJ: trees.ubj(), CALIBRATION: Calibration().document(), CARD: b"# small\n"}
    histograms = {feature: Histogram.of(rows[:, place]) for place, feature in enumerate(schema.names)}
    return ModelFolder.made(model_scene.manifest(schema, name=name, histograms=histograms), files)


def random_rows(schema: FeatureSchema, most: float) -> Rows:
    return np.random.default_rng(7).uniform(0, most, (2000, len(schema)))


@cache
def masking_folder(rounds: int = 12) -> ModelFolder:
    rows = random_rows(MASKING, 8)
    rows[:, MASKING.place("attestation")] = np.arange(len(rows)) % 4
    fraud = (rows[:, MASKING.place("distinct_a_count")] > 2.5) & (rows[:, MASKING.place("attestation")] < 2)
    return grown("masking", MASKING, rows, fraud.astype(np.int8), rounds)


@cache
def caller_folder() -> ModelFolder:
    rows = random_rows(CALLER, 16)
    return grown("caller", CALLER, rows, (rows[:, CALLER.place("attempts_1h")] > 7.5).astype(np.int8))


class Town:
    """A daemon on gRPC and HTTP, a receiver of its webhooks, and the switch sbc-1 that hears whom to cut.

    Events are of the ten seconds before the scene began, a twentieth of a second apart.
    """

    def __init__(
        self, client: HttpClient, channel: grpc.Channel, receiver: AlertReceiver, switch: Switch, begin_ms: int
    ) -> None:
        self.http: Final = client
        self.daemon: Final[Daemon] = client.daemon
        self.receiver: Final = receiver
        self.switch: Final = switch
        self.channel: Final = channel
        self._charging: Final[Any] = ChargingServiceStub(channel)
        self._begin_ms: Final = begin_ms or time.time_ns() // 1_000_000 - 10_000
        self._clock: Final = itertools.count()

    # -- what there is

    def activate(self, *folders: ModelFolder) -> None:
        for folder in folders:
            row = self.daemon.models.add(*model_scene.sent(folder), "ann")
            self.daemon.models.activate(row.name, row.version, "ann")

    def opened(self, account: str, *groups: str) -> None:
        """An account with money, watched by the monitors of these groups."""
        key = AccountKey("cgrates.org", account)
        self.daemon.engine.perform(key, RunActions((topping_up("M", 100),), create=True), f"open-{account}")
        self.daemon.engine.perform(key, SetTriggers(groups), f"arm-{account}")

    def scores_again(self) -> None:
        """Have callers scored with their next call, as if a minute had gone by."""
        risks = self.daemon.fraud.risks
        until(lambda: risks.figures["waiting"] == 0)
        risks._due.start_over()

    # -- what a switch tells

    def now_ms(self) -> int:
        return self._begin_ms + 50 * next(self._clock)

    def event(self, call_id: str, a: str, b: str, kind: str = "INVITE", **more: Any) -> dict[str, Any]:
        at = self.now_ms() / 1000
        return {
            "event_type": kind, "call_id": call_id, "a_number": a, "b_number": b, "timestamp": at, "trunk": "t-7",
            "switch_id": SWITCH,
        } | more  # fmt: skip

    def call(self, call_id: str, a: str, b: str, **more: Any) -> dict[str, Any]:
        """A call that begins; its verdict, when it is stored."""
        verdict: dict[str, Any] = self.http.post("/event", self.event(call_id, a, b, **more))["verdict"]
        return verdict

    def attack(self, b: str, callers: int, *, first: int = 0, **more: Any) -> list[dict[str, Any]]:
        """Calls of so many, one after the other: the calls +4930222333-0, +4930222333-1 …"""
        return [self.call(f"{b}-{n}", caller(b, n), b, **more) for n in range(first, first + callers)]

    def debit(self, account: str, call_id: str, a: str, b: str, key: str = "first", **more: str) -> int:
        """Seconds that are granted of a call. Raises Refused."""
        asked = charged_call(account, 60, destination=b.removeprefix("+"), call_id=call_id, switch_id=SWITCH)
        asked.time_start.FromMilliseconds(self.now_ms())
        asked.extra_fields.update({"a_number": a.removeprefix("+"), "trunk": "t-7"} | more)
        try:
            answer = self._charging.Debit(DebitRequest(call=asked, idempotency_key=f"{key}-{call_id}"), timeout=20)
        except grpc.RpcError as error:
            raise refused(error) from None
        return int(answer.granted.duration.seconds)

    # -- what is told

    def alert(self, b: str) -> dict[str, Any]:
        """The one about a number, when it is there."""
        until(lambda: len(self.alerts(b)) > 0)
        (found,) = self.alerts(b)
        return found

    def alerts(self, b: str) -> list[dict[str, Any]]:
        return [each for each in self.http.get("/api/alerts") if each["subject"]["value"] == b]

    def incidents(self, b: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/incidents", b_number=b)
        return found

    def posted(self, event: str, about: str) -> list[Any]:
        """What was posted with a genuine signature about a number, or an account."""
        return [
            each.body
            for each in list(self.receiver.alerts)
            if each.verified
            and each.body["event"] == event
            and about in (each.body.get("account"), each.body.get("alert", {}).get("subject", {}).get("value"))
        ]

    def record(self, call_id: str) -> Any:
        """What is on record of a call that is over."""
        until(lambda: self.daemon.store.fraud.record(call_id) is not None)
        return self.daemon.store.fraud.record(call_id)


def caller(b: str, number: int) -> str:
    """The callers of a number: of each its own."""
    return f"+4940{b[-3:]}{number:04}"


def models() -> tuple[ModelFolder, ...]:
    return masking_folder(), caller_folder(), board_scene.folder()


@contextmanager
def town(url: str, *folders: ModelFolder, begin_ms: int = 0, **settings: Any) -> Iterator[Town]:
    """`begin_ms`: go on where the time of another scene on the same store ended."""
    with ExitStack() as stack:
        receiver = stack.enter_context(AlertReceiver(SECRET.encode()))
        given = {
            "webhook_secret": SECRET, "webhook_hosts": ("127.0.0.1",), "webhook_private": True,
            "alert_webhooks": (receiver.url,), "default_tenant": "cgrates.org", "default_region": "DE",
        }  # fmt: skip
        client = stack.enter_context(http(url, **given | settings))
        channel = stack.enter_context(grpc.insecure_channel(client.daemon.address))
        tariff = {path: text.replace("{url}", receiver.url).encode() for path, text in FOLDER.items()}
        Serving(client.daemon, channel).load(tariff)
        switch = stack.enter_context(Switch(channel, SWITCH))
        made = Town(client, channel, receiver, switch, begin_ms)
        made.activate(*folders)
        yield made
