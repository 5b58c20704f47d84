"""Settings of fraud detection: what counts as a masking run, which numbers are ours, what is kept and for how long.

They are part of `ratingd.settings.Settings`, and stand apart because whoever only charges never looks at them.
"""

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

NIGHT_HOURS: Final = (22, 23, 0, 1, 2, 3, 4, 5)


def _hours(value: object) -> object:
    """`22, 23, 0` of the environment as numbers."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _names(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Hours = Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], NoDecode, BeforeValidator(_hours)]
Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]


class FraudSettings(BaseSettings):
    """What can be set of fraud detection; the texts below the fields are what `ratingd config show` tells."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    http_listen: str = Field(default="127.0.0.1:8000")
    """Address and port of HTTP: REST, WebSocket, /metrics. Port 0 takes a free one; empty serves none."""
    http_also_listen: Texts = Field(default=())
    """More addresses of the same service, such as 127.0.0.1:8080, 127.0.0.1:5001 for what was set up for those."""
    http_body_bytes_max: int = Field(default=8_388_608, ge=1_024, le=1_073_741_824)
    """The largest body of an HTTP request that is read. A larger one is answered 413."""
    http_requests_per_second: int = Field(default=2_000, ge=1, le=10_000_000)
    """HTTP requests that one client address may make in a second, on average. Those beyond are answered 429."""

    detection: bool = Field(default=True)
    """Whether charged calls are fed to fraud detection. Call events are looked at in any case."""
    detection_window_seconds: float = Field(default=5, ge=1, le=60)
    """Calls to one number by different callers within so many seconds are counted together."""
    detection_threshold: int = Field(default=5, ge=2, le=100)
    """So many different callers within the window are a masking run."""
    masking_probability_threshold: float = Field(default=0.7, ge=0, le=1)
    """From this score on a call counts as masked for the model, where one is loaded."""
    masking_cooldown_seconds: float = Field(default=60, ge=0, le=86_400)
    """A run that goes on, or begins again, within so many seconds belongs to the same incident: no second alert."""
    masking_auto_disconnect: bool = Field(default=True)
    """Disconnect flagged calls. Off: they are reported only."""
    masking_window_closed: bool = Field(default=False)
    """Let a call exactly one window ago belong to the window."""
    masking_require_both: bool = Field(default=False)
    """Disconnect only where the rule and the model agree; without a model the rule alone only alerts."""
    masking_ml_acts: bool = Field(default=False)
    """Let the model alone disconnect."""
    masking_block_seconds: int = Field(default=0, ge=0, le=604_800)
    """Refuse further calls to the number from the trunks of the run for so many seconds. 0: they are not refused."""
    masking_max_calls_per_b: int = Field(default=4_096, ge=128, le=1_000_000)
    """Calls to one number that are kept at most; beyond it the oldest are forgotten."""
    masking_max_b: int = Field(default=2_000_000, ge=1_000, le=100_000_000)
    """Called numbers that each B-shard keeps at most; the one longest silent is forgotten first."""
    masking_adaptive: bool = Field(default=False)
    """Raise the threshold of numbers that many people call anyway, by what they were called over seven days."""
    detection_shards: int = Field(default=1, ge=1, le=64)
    """Into how many parts called numbers are divided. What is detected does not depend on it."""
    allowed_lateness_seconds: float = Field(default=5, ge=0, le=60)
    """A call so much older than the newest to its number still takes its place among the calls to it."""
    max_future_skew_seconds: float = Field(default=30, ge=0, le=86_400)
    """An event dated further ahead than this counts as of when it came."""
    dedup_ttl_seconds: int = Field(default=600, ge=1, le=86_400)
    """How long an event is remembered, so that a repeat is known as one."""
    dedup_max_keys: int = Field(default=2_000_000, ge=1_000, le=100_000_000)
    """How many events are remembered at most."""

    default_region: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    """Country of numbers written without one, such as DE. Empty: all numbers must be international."""
    anonymous_distinct_by: Literal["", "source_ip", "call_id"] = Field(default="")
    """Whether callers who withhold their number are one caller (empty), or told apart by source_ip or by call_id."""
    emergency_numbers: Texts = Field(default=())
    """Numbers that are never flagged, blocked or disconnected, besides those of every country and 112 and 911."""
    premium_ranges: Texts = Field(default=())
    """Prefixes of premium-rate numbers, such as +371909, for premium_ratio and the rule on revenue share fraud."""
    fraud_timezone: str = Field(default="UTC")
    """Zone of hours and nights in traffic metrics."""
    night_hours: Hours = Field(default=NIGHT_HOURS)
    """Hours of the day that count as night."""
    cc_baseline_distinct: int = Field(default=200, ge=1)
    """A number called by so many people in 24 hours, and well answered, is proposed as a call centre and not cut."""
    fraud_rules: str = Field(default="")
    """File with the rules for other fraud. Empty: those that come with ratingd."""
    risk_dangerous: int = Field(default=85, ge=1, le=100)
    """From this risk score on a number is DANGEROUS."""
    risk_suspicious: int = Field(default=50, ge=1, le=100)
    """From this risk score on a number is SUSPICIOUS."""
    training_source: str = Field(default="")
    """Train models in use anew when traffic drifts: from what is `stored`, or a file and that. Empty: only an alert."""
    training_days: int = Field(default=7, ge=0, le=365)
    """With a training_source: models in use are trained anew after so many days at the latest. 0: on drift only."""
    fraud_callers_max: int = Field(default=2_000_000, ge=1_000, le=100_000_000)
    """Numbers, ranges and trunks of each kind whose traffic is kept at most; the one longest silent goes first."""

    alert_dedup_seconds: int = Field(default=300, ge=0, le=86_400)
    """An alert of the same kind about the same subject within so many seconds raises the count of the former one."""
    alert_storm_per_minute: int = Field(default=100, ge=1, le=1_000_000)
    """Beyond so many new alerts in a minute they are gathered in one."""
    alert_webhooks: Texts = Field(default=())
    """URLs that every alert and incident is posted to, signed as all webhooks are. webhook_hosts must allow them."""
    switch_webhooks: Texts = Field(default=())
    """SWITCH=URL (*=URL: all) that orders to cut go to where it does not watch. webhook_hosts must allow the URLs."""
    events_days: int = Field(default=7, ge=1, le=3_650)
    """How long call events are kept. Traffic metrics are rebuilt from them after a start."""
    call_records_days: int = Field(default=90, ge=1, le=3_650)
    """How long the records of calls seen by fraud detection are kept."""
    alerts_days: int = Field(default=730, ge=1, le=3_650)
    """How long alerts and incidents are kept."""
    hash_numbers: bool = Field(default=False)
    """Store pseudonyms (HMAC-SHA256) instead of numbers. Needs number_key."""
    number_key: SecretStr = Field(default=SecretStr(""))
    """Key of the pseudonyms and of the vault in which the numbers themselves lie. Losing it loses the numbers."""
    watch_folder: str = Field(default="")
    """Folder in which files of calls are looked for: *.csv and *.jsonl, imported and moved to processed/ or failed/."""
    watch_map: str = Field(default="generic")
    """How columns of watched files are named: generic, satark, or a TOML file."""
