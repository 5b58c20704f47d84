"""Where settings come from, and what is wrong with those that do not hold.

With `rounding_decimals = 7` in /etc/ratingd.toml and RATINGD_ROUNDING_DECIMALS=6 in the environment costs keep 6
decimals, and `ratingd config show` says "6, from RATINGD_ROUNDING_DECIMALS".

A name that nobody knows is refused with the nearest one that is known: a misspelt `idempotency_day` would otherwise
leave the default in force without a word. A stray variable of the environment is only told, since others may set those
for purposes of their own. All that is wrong is told at once.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr, ValidationError
from pydantic_settings import EnvSettingsSource

from ratingd.settings import ENV_PREFIX, Settings
from tariffs.duration import duration_text

CONFIG_VARIABLE: Final = "RATINGD_CONFIG"
SECRETS: Final = ("webhook_secret", "smtp_password")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one setting: where it was written, and what would be right."""

    where: str  # "FILE:LINE", "RATINGD_LISTEN", "--listen" or "default"
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.key}: {self.message}" if self.key else f"{self.where}: {self.message}"


class SettingsRefused(Exception):
    """No settings, for at least one of them is wrong; `problems` are all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Reading:
    """Settings with the place that each value came from: a file and line, a variable, an option, or "default"."""

    settings: Settings
    origins: Mapping[str, str]
    strays: tuple[str, ...] = ()  # variables named RATINGD_… that are no setting


@dataclass(frozen=True, slots=True)
class SettingShown:
    """One line of `ratingd config show`. Secrets are masked."""

    name: str
    value: object
    origin: str
    default: object
    variable: str
    description: str


def read_settings(
    config: Path | None = None,
    options: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Reading:
    """Look in the file (`config`, else the one RATINGD_CONFIG names), the environment and the command's options."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: tuple[Problem, ...] = ()
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        values, origins, problems = _file_values(named)
    for name, value in _environment_values(environ).items():
        values[name], origins[name] = value, variable_of(name)
    for name, value in (options or {}).items():
        if value is not None:
            values[name], origins[name] = value, "--" + name.replace("_", "-")
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsRefused(problems + _problems(error, origins)) from None
    if problems:
        raise SettingsRefused(problems)
    return Reading(settings, {name: origins.get(name, "default") for name in Settings.model_fields}, _strays(environ))


def variable_of(name: str) -> str:
    return ENV_PREFIX + name.upper()


def shown(reading: Reading) -> tuple[SettingShown, ...]:
    """Every setting, in the order of the class, ready to be shown to people."""
    values = _readable(reading.settings)
    defaults = _readable(Settings())
    return tuple(
        SettingShown(
            name, values[name], reading.origins[name], defaults[name], variable_of(name), field.description or ""
        )
        for name, field in Settings.model_fields.items()
    )


def _readable(settings: Settings) -> dict[str, object]:
    values: dict[str, object] = settings.model_dump(mode="json")
    values["database_url"] = re.sub(r"(://[^:/@]*):.*@", r"\1:**********@", settings.database_url)
    for secret in SECRETS:
        values[secret] = str(SecretStr(getattr(settings, secret).get_secret_value()))
    values["max_usage"] = {
        tor: duration_text(limit) if tor in ("*any", "*voice") else limit for tor, limit in settings.max_usage.items()
    }
    return values


def _file_values(path: Path) -> tuple[dict[str, Any], dict[str, str], tuple[Problem, ...]]:
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        raise SettingsRefused((Problem(str(path), "", f"cannot be read: {error.strerror}"),)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsRefused((Problem(str(path), "", f"is not TOML: {error}"),)) from None
    places = {name: _place(path, text, name) for name in values}
    known = {name: value for name, value in values.items() if name in Settings.model_fields}
    unknown = tuple(Problem(places[name], name, _unknown(name)) for name in values if name not in known)
    return known, places, unknown


def _unknown(name: str) -> str:
    nearest = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.0)[0]
    return f"there is no such setting; the nearest is {nearest}. `ratingd config show` lists all"


def _place(path: Path, text: str, name: str) -> str:
    """The file, with the line where the key is written."""
    written = re.compile(rf"""\s*(\[\s*)?["']?{re.escape(name)}["']?\s*[\]=.]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if written.match(line):
            return f"{path}:{number}"
    return str(path)


def _environment_values(environ: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): text for name, text in environ.items()}
    return dict(source())


def _strays(environ: Mapping[str, str]) -> tuple[str, ...]:
    known = {variable_of(name) for name in Settings.model_fields} | {CONFIG_VARIABLE}
    return tuple(sorted(name for name in environ if name.startswith(ENV_PREFIX) and name not in known))


def _problems(error: ValidationError, origins: Mapping[str, str]) -> tuple[Problem, ...]:
    problems = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"])
        message = detail["msg"].removeprefix("Value error, ")
        if not key:  # of several settings together: the message begins with the first
            key, _, message = message.partition(": ")
        elif detail["type"] != "value_error" and key not in (*SECRETS, "database_url"):
            message = f"{message}, found {detail['input']!r}"
        problems.append(Problem(origins.get(key.partition(".")[0], "default"), key, message))
    return tuple(problems)
