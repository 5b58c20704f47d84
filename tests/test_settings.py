"""Settings: where a value comes from, and what is said about one that cannot hold."""

from pathlib import Path

import pytest

from ratingd.cli.config import reference_page
from ratingd.settings import HOUR_NS, Settings, host_and_port
from ratingd.settings_reading import SettingsRefused, read_settings, shown

# origin of a value: default < file < environment < option of the command
PRECEDENCE = """
    file  environment  option | value  from
    -     -            -      | 5      default
    7     -            -      | 7      FILE:1
    7     6            -      | 6      RATINGD_ROUNDING_DECIMALS
    7     6            4      | 4      --rounding-decimals
    -     6            -      | 6      RATINGD_ROUNDING_DECIMALS
"""

# one wrong line of a file, and what is said about it
WRONG = """
    rounding_decimal = 3                | FILE:1: rounding_decimal: there is no such setting; the nearest is rounding_decimals
    rounding_decimals = 10              | FILE:1: rounding_decimals: Input should be less than or equal to 9, found 10
    rounding_decimals = "x"             | FILE:1: rounding_decimals: Input should be a valid integer
    listen = "8090"                     | FILE:1: listen: '8090' is not HOST:PORT, such as 127.0.0.1:8090
    listen = "0.0.0.0:8090"             | FILE:1: listen: other machines reach 0.0.0.0; use 127.0.0.1, or allow it with insecure_listen
    database_url = "mysql://h/d"        | FILE:1: database_url: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE is wanted, not 'mysql'
    default_timezone = "Europe/Berlim"  | FILE:1: default_timezone: unknown time zone 'Europe/Berlim'
    catch_up = 24                       | FILE:1: catch_up: 24 has no unit: write 90s, 15m or 72h
    catch_up = "24"                     | FILE:1: catch_up: '24' has no unit: write 90s, 15m or 72h
    outbox_max_age = "3 days"           | FILE:1: outbox_max_age: '3 days' is not a duration
    max_usage = { "*sms" = 0 }          | FILE:1: max_usage.*sms: Input should be greater than or equal to 1, found 0
    balance_rating_subject = { "*sms" = "*zero" } | FILE:1: balance_rating_subject: '*zero' names no increment; *zero1s and *zero1ns do
    balance_rating_subject = { "*sms" = "*zerox" } | FILE:1: balance_rating_subject: 'x' is not a duration
    locking_timeout_ms = 0              | FILE:1: locking_timeout_ms: Input should be greater than or equal to 1, found 0
    log_format = "xml"                  | FILE:1: log_format: Input should be 'text', 'json' or 'none', found 'xml'
    currency = "euro"                   | FILE:1: currency: String should match pattern
    exporters = { A = "ftp://h/x" }     | FILE:1: exporters: A: 'ftp://h/x' is no place to export to: https://HOST/PATH, http://HOST/PATH or file:///FOLDER/FILE is wanted
    exporters = { "A;B" = "http://h" }  | FILE:1: exporters: 'A;B' is no id of an exporter: letters, digits and _ . - : * are allowed
    exporters = { A = 5 }               | FILE:1: exporters: A: a URL is wanted, found 5
    exporters = "CRM"                   | FILE:1: exporters: 'CRM' is not NAME=VALUE
    account_updates = ["CRM"]           | FILE:1: account_updates: CRM is not among the exporters (none is set)
    smtp_host = "mail.example.org"      | default: smtp_from: is empty, and mail needs a sender
    smtp_tls = "ssl"                    | FILE:1: smtp_tls: Input should be 'starttls', 'tls' or 'none', found 'ssl'
    transport = "http"                  | FILE:1: transport: Input should be 'auto', 'edge' or 'grpcio', found 'http'
    tls_certificate = "tls.pem"         | default: tls_key: is missing, and tls_certificate is of no use without it
    connect_key = "key.pem"             | default: connect_certificate: is missing, and connect_key is of no use without it
    tls_client_ca = "ca.pem"            | FILE:1: tls_client_ca: certificates of clients are asked for over TLS; set tls_certificate too
    keepalive = "10ms"                  | FILE:1: keepalive: Input should be greater than or equal to 1000000000, found 10000000
    smtp_port = 0                       | FILE:1: smtp_port: Input should be greater than or equal to 1, found 0
"""  # noqa: E501


def rows(table: str) -> list[list[str]]:
    return [line.replace("|", " ").split() for line in table.strip().splitlines()[1:]]


@pytest.mark.parametrize(("file", "environment", "option", "value", "origin"), rows(PRECEDENCE))
def test_later_places_win(tmp_path: Path, file: str, environment: str, option: str, value: str, origin: str) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text(f"rounding_decimals = {file}\n" if file != "-" else "")
    environ = {"RATINGD_ROUNDING_DECIMALS": environment} if environment != "-" else {}
    options = {"rounding_decimals": int(option)} if option != "-" else {}
    reading = read_settings(config, options, environ)
    assert reading.settings.rounding_decimals == int(value)
    assert reading.origins["rounding_decimals"] == origin.replace("FILE", str(config))


@pytest.mark.parametrize("row", WRONG.strip().splitlines())
def test_wrong_value_is_explained_with_its_place(tmp_path: Path, row: str) -> None:
    line, _, said = row.partition("|")
    config = tmp_path / "ratingd.toml"
    config.write_text(line.strip())
    with pytest.raises(SettingsRefused) as refused:
        read_settings(config, environ={})
    assert str(refused.value).startswith(said.strip().replace("FILE:1", f"{config}:1"))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text("lane = 3\nlanes = 0\n\n[balance_subjects]\n")
    with pytest.raises(SettingsRefused) as refused:
        read_settings(config, environ={"RATINGD_QUEUE_MAX": "0"})
    assert [(problem.where, problem.key) for problem in refused.value.problems] == [
        (f"{config}:1", "lane"),
        (f"{config}:4", "balance_subjects"),
        (f"{config}:2", "lanes"),
        ("RATINGD_QUEUE_MAX", "queue_max"),
    ]


@pytest.mark.parametrize(
    ("content", "said"), [("a =", "is not TOML: "), (None, "cannot be read: No such file or directory")]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: str | None, said: str) -> None:
    config = tmp_path / "ratingd.toml"
    if content is not None:
        config.write_text(content)
    with pytest.raises(SettingsRefused) as refused:
        read_settings(environ={"RATINGD_CONFIG": str(config)})
    assert str(refused.value).startswith(f"{config}: {said}")


def test_environment_writes_lists_tables_and_durations_as_text() -> None:
    environ = {
        "RATINGD_WEBHOOK_HOSTS": "a.example, *.b.example",
        "RATINGD_MAX_USAGE": "*voice=12h, *sms=100",
        "RATINGD_OUTBOX_MAX_AGE": "1h30m",
        "RATINGD_TARIFF_FOLDERS": "/srv/plans",
        "RATINGD_INSECURE_LISTEN": "yes",
        "RATINGD_LISTEN": "[::]:9000",
    }
    settings = read_settings(environ=environ).settings
    assert settings.webhook_hosts == ("a.example", "*.b.example")
    assert (settings.max_usage["*voice"], settings.max_usage["*sms"]) == (12 * HOUR_NS, 100)
    assert settings.max_usage["*data"] == Settings().max_usage["*data"]
    assert settings.outbox_max_age == HOUR_NS * 3 // 2
    assert settings.tariff_folders == (Path("/srv/plans"),)
    assert host_and_port(settings.listen) == ("::", 9000)


def test_mail_is_checked_as_a_whole(tmp_path: Path) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text('smtp_host = "mail.example.org"\nsmtp_from = "no address"\n')
    with pytest.raises(SettingsRefused) as refused:
        read_settings(config, environ={})
    assert str(refused.value) == f"{config}:2: smtp_from: 'no address' is not a mail address, such as noc@example.org"
    config.write_text('smtp_host = "mail.example.org"\nsmtp_from = "a@b.c"\nsmtp_user = "u"\nsmtp_tls = "none"\n')
    with pytest.raises(SettingsRefused, match=r":4: smtp_tls: the password of smtp_user would be sent in the clear"):
        read_settings(config, environ={})
    here = {"RATINGD_SMTP_HOST": "127.0.0.1"}  # on this machine nobody listens in
    assert read_settings(config, environ=here).settings.smtp_tls == "none"


def test_no_file_is_named_by_nothing() -> None:
    environ = {"RATINGD_TLS_CERTIFICATE": "", "RATINGD_CONNECT_CA": "/etc/ca.pem"}
    settings = read_settings(environ=environ).settings
    assert (settings.tls_certificate, settings.connect_ca) == (None, Path("/etc/ca.pem"))


def test_exporters_are_named_and_account_updates_are_some_of_them() -> None:
    environ = {"RATINGD_EXPORTERS": "CRM=https://h/x, FILE=file:///x.jsonl", "RATINGD_ACCOUNT_UPDATES": "FILE"}
    settings = read_settings(environ=environ).settings
    assert settings.exporters == {"CRM": "https://h/x", "FILE": "file:///x.jsonl"}
    assert settings.account_updates == ("FILE",)


def test_built_by_hand_it_looks_at_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATINGD_ROUNDING_DECIMALS", "2")
    assert Settings().rounding_decimals == 5


def test_sqlite_has_one_lane() -> None:
    assert Settings(lanes=8).lane_count == 1
    assert Settings(lanes=8, database_url="postgresql:///ratingd").lane_count == 8


def test_secrets_are_never_shown() -> None:
    environ = {
        "RATINGD_WEBHOOK_SECRET": "s3cret",
        "RATINGD_SMTP_PASSWORD": "s3cret",
        "RATINGD_DATABASE_URL": "postgresql://u:p@ss@host/d",
    }
    values = {setting.name: setting.value for setting in shown(read_settings(environ=environ))}
    assert values["webhook_secret"] == values["smtp_password"] == "**********"
    assert values["database_url"] == "postgresql://u:**********@host/d"


def test_a_wrong_secret_is_not_repeated(tmp_path: Path) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text('webhook_secret = 12345\nsmtp_password = 12345\nexporters = { A = "http://u:12345@h/" }')
    with pytest.raises(SettingsRefused) as refused:
        read_settings(config, environ={})
    assert "12345" not in str(refused.value)


def test_a_stray_variable_is_told_and_does_no_harm() -> None:
    assert read_settings(environ={"RATINGD_LISTNE": "x", "RATINGD_CONFIG": ""}).strays == ("RATINGD_LISTNE",)


def test_every_setting_says_what_it_is_for() -> None:
    assert [setting.name for setting in shown(read_settings(environ={})) if not setting.description] == []


def test_the_page_of_settings_is_up_to_date() -> None:
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == reference_page(), "ratingd config reference > docs/settings.md"
