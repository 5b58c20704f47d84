"""The operator's folder that every simulated world lives under: said once as plain data, written out as CSV.

The naive model reads the data, the engine the files. Prices are such that a second is worth a whole number of 1e-5,
but for `odd`, so that a disagreement is one about rules and not about rounding.
"""

import json
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
NANO: Final = 1_000_000_000
BEGIN: Final = 1_795_255_200 * NANO  # 2026-11-21T10:00:00Z, a Saturday
BEGIN_TEXT: Final = "2026-11-22T10:00:00Z"  # a day later
TENANTS: Final = ("acme", "acme.eu")  # one is a prefix of the other

DESTINATIONS: Final = {"DST_49": "49", "DST_4915": "4915", "DST_1": "1", "DST_44": "44"}
NUMBERS: Final = ("49123", "4915123", "441", "1555", "7777")


@dataclass(frozen=True)
class Step:
    """One step of a ladder: from `start` of the call on, `price` (nano) per `unit`, sold by `increment`."""

    price: int
    unit: int
    increment: int
    start: int = 0


@dataclass(frozen=True)
class Price:
    steps: tuple[Step, ...]
    fee: int = 0
    rounding: str = "*up"
    decimals: int = 4
    max_cost: int = 0
    strategy: str = ""
    destination: str = "*any"


SIXTY: Final = (Step(600_000_000, MINUTE, MINUTE),)
FEE_THEN_SECONDS: Final = (*SIXTY, Step(600_000_000, MINUTE, SECOND, MINUTE))
CALL: Final = Price(SIXTY)
# (category, subject): the price, or (price before 18:00, price after it)
PROFILES: Final[dict[tuple[str, str], tuple[Price, ...]]] = {
    ("call", "*any"): (CALL,),
    ("call", "HALF"): (Price((Step(50_000_000, MINUTE, MINUTE),)),),
    ("call", "CFSUB"): (Price(FEE_THEN_SECONDS, fee=500_000_000),),
    ("call", "FREE"): (Price((Step(0, MINUTE, MINUTE),)),),
    ("cf", "*any"): (Price(FEE_THEN_SECONDS, fee=500_000_000),),
    ("ones", "*any"): (Price((Step(10_000_000, SECOND, SECOND),)),),
    ("odd", "*any"): (Price((Step(100_000_000, MINUTE, SECOND),), decimals=2),),
    ("maxf", "*any"): (Price(SIXTY, max_cost=1_000_000_000, strategy="*free"),),
    ("maxd", "*any"): (Price(SIXTY, max_cost=1_000_000_000, strategy="*disconnect"),),
    ("feef", "*any"): (Price(SIXTY, fee=300_000_000, max_cost=1_000_000_000, strategy="*free"),),
    ("part", "*any"): (Price(SIXTY, destination="DST_49"),),
    ("peak", "*any"): (CALL, Price((Step(300_000_000, MINUTE, SECOND),))),
    ("text", "*any"): (Price((Step(200_000_000, 1, 1),)),),
    ("net", "*any"): (Price((Step(NANO, 1_048_576, 1024),)),),
}
PEAK_ENDS: Final = 18 * HOUR
VOICE_CATEGORIES: Final = ("call", "cf", "ones", "odd", "maxf", "maxd", "feef", "part", "peak", "unpriced")

GROUPS: Final = {
    "G_LOW": {"*any": "*lowest"},
    "G_HIGH": {"*any": "*highest"},
    "G_MLOW": {"*any": "*mine_lowest", "acme:101": "*lowest"},
    "G_MHIGH": {"*any": "*mine_highest"},
    "G_RAND": {"*any": "*random"},
}  # G_NONE, which no row names, is *mine_random

TIMINGS: Final = {"SATURDAY": ({6}, 0, DAY - 1), "MORNING": (set(), 6 * HOUR, 12 * HOUR)}

# Actions as the model reads them. `units` are nano, or ns of voice; `expiry` is seconds from the run.
Act = dict[str, Any]


def act(do: str, **given: Any) -> Act:
    return {"do": do, **given}


def topup(id: str, units: int, **given: Any) -> Act:
    return act("*topup", id=id, type="*monetary", units=units, **given)


SETS: Final[dict[str, list[Act]]] = {
    "BONUS": [topup("BONUS", NANO, weight=5)],
    "MON10": [topup("M", 10 * NANO, weight=10)],
    "REFILL": [act("*topup_reset", id="M", type="*monetary", units=3 * NANO)],
    "DIS": [act("*log", w=20), act("*disable_account", w=10)],
    "ENABLE": [act("*enable_account")],
    "CUT": [act("*force_disconnect_sessions", extra=";;;;")],
    "POST": [act("*http_post_async", extra="http://alerts.example/a")],
    "POSTDIS": [act("*http_post_async", extra="http://alerts.example/b", w=20), act("*disable_account", w=10)],
    "FAILS": [topup("BONUS", 7 * NANO, w=20), act("*remove_balance", id="NO_SUCH", type="*monetary", w=10)],
    "RESETALL": [act("*reset_counters", w=20), act("*reset_triggers", w=10)],
    "TAKE": [act("*debit", id="M", type="*monetary", units=400_000_000)],
    "MINUTES": [
        act("*topup", id="V", type="*voice", units=5 * MINUTE, weight=20, dests={"DST_49": True}, w=20),
        act("*http_post_async", extra="http://alerts.example/c", w=10),
    ],
    "SHORT": [topup("TMP", 2 * NANO, weight=30, expiry=90)],
    "ZERO": [act("*topup_zero_negative", id="*default", type="*monetary", units=NANO)],
    "TOACME": [
        act("*transfer_balance", id="M", units=NANO // 2,
            to="acme:100", to_id="GIFT"),
    ],
    "IFRICH": [
        act("*topup", id="RICH", type="*monetary", units=NANO,
            filters=["*gte:~*req.BalanceMap.*monetary.GetTotalValue:5"]),
    ],
    "AGAIN": [act("*set_recurrent", extra='{"GroupID":"SPEND"}')],
    "ONCE": [act("*unset_recurrent", extra='{"UniqueID":"SLEEPY"}')],
    "REARM": [act("*reset_triggers", extra='{"GroupID":"LOW"}')],
    "WIPE": [act("*reset_account")],
    "LEAVE": [act("*remove_account")],
    "CDR": [topup("M", NANO, w=20), act("*cdrlog", w=10)],
}  # fmt: skip


@dataclass(frozen=True)
class Watch:
    """One row of ActionTriggers.csv."""

    uid: str
    on: str
    at: int
    run: str
    type: str = "*monetary"
    id: str | None = None
    dests: tuple[str, ...] = ()
    weight: int | None = None
    recurrent: bool = False
    sleep: int = 0
    until: int | None = None
    since: int | None = None
    w: int = 0
    window: str = ""
    given: dict[str, Any] = field(default_factory=dict, compare=False)


WATCHES: Final[dict[str, tuple[Watch, ...]]] = {
    "LOW": (
        Watch("W1", "*min_balance", 2 * NANO, "BONUS", w=10),
        Watch("W2", "*min_balance", NANO, "POSTDIS", w=20),
    ),
    "SPEND": (
        Watch("DAYCAP", "*max_event_counter", 3 * NANO, "DIS"),
        Watch("GERMAN", "*max_event_counter", 2 * NANO, "POST", dests=("DST_49",), w=5),
        Watch("FROM_M", "*max_balance_counter", NANO, "BONUS", id="M"),
    ),
    "CALLS": (
        Watch("CONNECTS", "*max_event_counter", 2 * NANO, "CUT", type="*event_connect"),
        Watch("TALK", "*max_event_counter", 5 * MINUTE, "MINUTES", type="*voice"),
    ),
    "TIRELESS": (
        Watch("SLEEPY", "*min_balance", 100 * NANO, "BONUS", id="M", recurrent=True, sleep=3 * SECOND),
        Watch("AWAKE", "*max_event_counter", 4 * NANO, "RESETALL", recurrent=True, w=3),
    ),
    "BROKEN": (Watch("BAD", "*max_event_counter", NANO, "FAILS", recurrent=True, sleep=SECOND, w=30),),
    "TIMED": (
        Watch("UNTIL", "*max_balance", 20 * NANO, "POST", until=BEGIN + DAY),
        Watch("LATER", "*max_balance", 12 * NANO, "DIS", since=BEGIN + 2 * HOUR),
        Watch("GONE", "*balance_expired", 0, "MON10", recurrent=True),
    ),
    "TAKER": (Watch("TAKES", "*max_event_counter", NANO, "TAKE", recurrent=True, w=1),),
    "FILLER": (
        Watch("FILL", "*min_balance", NANO // 2, "REFILL", id="M", w=8),
        Watch("DEBT", "*min_balance", -NANO, "ZERO", id="*default", recurrent=True),
        Watch("MINUTES_OUT", "*min_balance", MINUTE, "MINUTES", type="*voice", recurrent=True, sleep=MINUTE),
    ),
    "BACK": (
        Watch("GIVEN_BACK", "*min_event_counter", -300_000_000, "BONUS", recurrent=True, sleep=SECOND),
        Watch("NOTHING_YET", "*min_balance_counter", 0, "POST", type="*voice", id="V"),
    ),
    "EXACT": (
        Watch("W10", "*max_balance", 3 * NANO, "POST", weight=10, recurrent=True),
        Watch("D49", "*min_balance", MINUTE, "BONUS", type="*voice", dests=("DST_49",), w=2),
        Watch("M20", "*max_balance_counter", NANO, "POST", weight=20, recurrent=True, sleep=MINUTE),
    ),
    "SCORED": (
        Watch("MASKED", "*max_score", NANO // 2, "POSTDIS", id="score.masking", type=""),
        Watch("CLEAN", "*min_score", 0, "BONUS", id="score.irsf", type="", recurrent=True, sleep=SECOND),
    ),
    "GIVER": (Watch("GIVES", "*max_balance", 15 * NANO, "TOACME", id="M", recurrent=True),),
    "WINDOWS": (
        Watch("HOURCAP", "*max_event_counter", 2 * NANO, "POST", window="*hour"),
        Watch("DAILY", "*max_event_counter", 5 * NANO, "DIS", window="*day"),
        Watch("PERCALL", "*max_event_counter", NANO, "CUT", window="*call", w=2),
        Watch("WEEKLY", "*max_balance_counter", 6 * NANO, "BONUS", window="*week", id="M"),
        Watch("MONTHLY", "*max_event_counter", 20 * MINUTE, "POST", type="*voice", window="*month"),
    ),
}

PLANS: Final = {
    "NIGHTLY": (("MON10", "MIDNIGHT", 10), ("RESETALL", "MIDNIGHT", 20)),
    "HOURLY": (("BONUS", "EVERYHOUR", 10),),
    "WELCOME": (("MON10", "*asap", 10), ("CUT", "MIDNIGHT", 5)),
    "WEEKEND": (("ENABLE", "SATURDAY", 10),),
}
PLAN_TIMINGS: Final = {"MIDNIGHT": (set(), 0), "SATURDAY": ({6}, 0), "EVERYHOUR": None}


def money(nano: int) -> str:
    return format(float(Fraction(nano, NANO)), ".9f").rstrip("0").rstrip(".")


def marked(names: dict[str, bool] | None) -> str:
    return ";".join(("" if included else "!") + name for name, included in (names or {}).items())


def transfer_text(action: Act) -> str:
    return json.dumps({"DestinationAccountID": action["to"], "DestinationBalanceID": action["to_id"]})


def quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"' if '"' in text else text


def action_row(set_id: str, action: Act) -> str:
    given = action.get
    units = given("units")
    voice = given("type") == "*voice"
    extra = quoted(transfer_text(action) if action["do"] == "*transfer_balance" else given("extra", ""))
    cells = [
        set_id, action["do"], extra, ";".join(given("filters", [])), given("id", ""), given("type", ""),
        marked(given("cats")), marked(given("dests")), given("subject", ""), ";".join(given("groups", [])),
        f"+{given('expiry')}s" if given("expiry") else "", marked(given("timings")),
        "" if units is None else f"{units}ns" if voice else money(units),
        str(given("weight", "")), str(given("blocker", "")).lower(), str(given("disabled", "")).lower(),
        str(given("w", 0)),
    ]  # fmt: skip
    return ",".join(cells)


def watch_row(group: str, w: Watch) -> str:
    at = str(w.at) if w.type == "*voice" else money(w.at)
    cells = [
        group, w.uid, w.on, at, str(w.recurrent).lower(), f"{w.sleep}ns" if w.sleep else "",
        "" if w.until is None else str(w.until // NANO), "" if w.since is None else str(w.since // NANO),
        w.id or "", w.type, "", ";".join(w.dests), "", "", "", w.window, "" if w.weight is None else str(w.weight),
        "", "", w.run, str(w.w),
    ]  # fmt: skip
    return ",".join(cells)


def files(sets: dict[str, list[Act]], watches: dict[str, tuple[Watch, ...]]) -> dict[str, bytes]:
    """The folder as an operator would load it, with those of the sets and monitors that are asked for."""
    rates, destination_rates, plans, profiles = [], [], [], []
    for (category, subject), prices in PROFILES.items():
        for number, price in enumerate(prices):
            name = f"{category}_{subject.strip('*')}_{number}"
            for step in price.steps:
                voice = step.unit >= SECOND
                of = (lambda n: f"{n}ns") if voice else str
                rates.append(f"R_{name},{money(price.fee)},{money(step.price)},{of(step.unit)},{of(step.increment)},"
                             f"{of(step.start)}")  # fmt: skip
            destination_rates.append(f"D_{name},{price.destination},R_{name},{price.rounding},{price.decimals},"
                                     f"{money(price.max_cost)},{price.strategy}")  # fmt: skip
            plans.append(f"P_{category}_{subject.strip('*')},D_{name},{('*any', 'EVENING')[number]},10")
        for tenant in TENANTS:
            profiles.append(f"{tenant},{category},{subject},,P_{category}_{subject.strip('*')},")
    timings = [
        "EVENING,*any,*any,*any,*any,18:00:00",
        "SATURDAY,*any,*any,*any,6,00:00:00",
        "MORNING,*any,*any,*any,*any,06:00:00;12:00:00",
        "MIDNIGHT,*any,*any,*any,*any,00:00:00",
    ]
    lines = {
        "Destinations": [f"{id},{prefix}" for id, prefix in DESTINATIONS.items()],
        "Rates": rates,
        "DestinationRates": destination_rates,
        "RatingPlans": plans,
        "RatingProfiles": profiles,
        "Timings": timings,
        "SharedGroups": [f"{id},{who},{how}," for id, rows in GROUPS.items() for who, how in rows.items()],
        "Actions": [action_row(id, action) for id, actions in sets.items() for action in actions],
        "ActionPlans": [
            f"{id},{run},{'*hourly' if timing == 'EVERYHOUR' else timing},{weight}"
            for id, entries in PLANS.items()
            for run, timing, weight in entries
            if run in sets
        ],
        "ActionTriggers": [watch_row(id, watch) for id, group in watches.items() for watch in group],
    }
    return {f"{name}.csv": "".join(f"{row}\n" for row in rows).encode() for name, rows in lines.items()}
