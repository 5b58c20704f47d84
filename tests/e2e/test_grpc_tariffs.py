"""Tariff folders over a real server: checked, loaded whole or not at all, from files or from the daemon's own disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from ratingd.v1.rating_pb2 import GetCostRequest
from ratingd.v1.tariffs_pb2 import Finding, GetTariffRequest, TariffFile, TariffOptions, TariffUpload
from tests.api_desk import FOLDER, ApiDesk, Refused, call, refused, uploads

DEARER = FOLDER | {"Rates.csv": b"RT,0,1.20,60s,60s,0s\nRSMS,0,0.07,1,1,0\n"}
BROKEN = FOLDER | {
    "Rates.csv": b"RT,0,dear,60s,60s,0s\n",
    "RatingPlans.csv": b"RP,NOWHERE,*any,10\n",
    "Notes.csv": b"whatever\n",
}


@pytest.fixture(scope="module")
def allowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, allowed: Path) -> Iterator[ApiDesk]:
    folder = tmp_path_factory.mktemp("tariffs")
    limits = {"tariff_folders": (allowed,), "upload_bytes_max": 50_000}
    with ApiDesk(f"sqlite:///{folder}/ratingd.db", folder={}, **limits) as desk:
        desk.ask(desk.tariffs.LoadTariff, uploads(FOLDER))
        yield desk


def price(desk: ApiDesk) -> int:
    cost = desk.ask(desk.rating.GetCost, GetCostRequest(call=call())).cost
    return int(cost.units * 10**9 + cost.nanos)


def test_a_folder_is_put_in_force(desk: ApiDesk) -> None:
    before = price(desk)
    report = desk.ask(desk.tariffs.LoadTariff, uploads(DEARER))
    assert report.loaded
    assert report.counts["rating_plans"] == 2
    assert price(desk) == 1_200_000_000 == 2 * before
    tariff = desk.ask(desk.tariffs.GetTariff, GetTariffRequest(with_names=True))
    assert (tariff.version, list(tariff.rating_plans)) == (report.version, ["RP", "RPS"])
    assert list(tariff.rating_profiles) == ["cgrates.org:call:*any", "cgrates.org:sms:*any"]
    assert desk.ask(desk.tariffs.LoadTariff, uploads(FOLDER)).version > report.version
    assert price(desk) == before


def test_a_dry_run_and_a_check_leave_the_tariff_alone(desk: ApiDesk) -> None:
    before = desk.ask(desk.tariffs.GetTariff, GetTariffRequest())
    rows = DEARER | {"AccountActions.csv": b"cgrates.org,1001,,GROUP,,\n"}
    report = desk.ask(desk.tariffs.LoadTariff, uploads(rows, TariffOptions(dry_run=True)))
    assert not report.loaded
    assert [(found.account, len(found.changes) > 0) for found in report.accounts] == [("1001", True)]
    assert not desk.ask(desk.tariffs.CheckTariff, uploads(DEARER)).loaded
    assert desk.ask(desk.tariffs.GetTariff, GetTariffRequest()) == before


def test_a_check_reports_every_fault_with_its_place(desk: ApiDesk) -> None:
    report = desk.ask(desk.tariffs.CheckTariff, uploads(BROKEN))
    faults = {(found.file, found.line, found.column) for found in report.findings if found.severity == Finding.FAULT}
    assert {("Rates.csv", 1, 3), ("RatingPlans.csv", 1, 2)} <= faults
    assert {found.file for found in report.findings if found.severity == Finding.NOTICE} == {"Notes.csv"}


def test_a_load_with_faults_is_an_error_and_changes_nothing(desk: ApiDesk) -> None:
    before = desk.ask(desk.tariffs.GetTariff, GetTariffRequest())
    with pytest.raises(Refused) as refusal:
        desk.ask(desk.tariffs.LoadTariff, uploads(BROKEN))
    assert (refusal.value.code, refusal.value.reason) == ("FAILED_PRECONDITION", "TARIFF_REFUSED")
    assert ".csv:" in refusal.value.details
    assert desk.ask(desk.tariffs.GetTariff, GetTariffRequest()) == before


def test_a_file_may_come_in_pieces(desk: ApiDesk) -> None:
    def pieces() -> Iterator[TariffUpload]:
        for path, content in FOLDER.items():
            for at in range(0, len(content), 7):
                yield TariffUpload(file=TariffFile(path=path, content=content[at : at + 7]))

    assert desk.ask(desk.tariffs.LoadTariff, pieces()).loaded


def test_a_folder_of_the_server_is_read_where_the_settings_allow_it(desk: ApiDesk, allowed: Path) -> None:
    plan = allowed / "retail" / "rates"
    plan.mkdir(parents=True)
    for path, content in FOLDER.items():
        (plan / path).write_bytes(content)
    options = TariffOptions(server_folder=str(allowed / "retail"))
    assert desk.ask(desk.tariffs.LoadTariff, iter([TariffUpload(options=options)])).loaded


def test_folders_elsewhere_are_not_read(desk: ApiDesk, allowed: Path, tmp_path: Path) -> None:
    (allowed / "way-out").symlink_to(tmp_path)
    (tmp_path / "Rates.csv").write_bytes(FOLDER["Rates.csv"])
    for folder in (tmp_path, allowed / "way-out", allowed / ".." / tmp_path.name, Path("/etc")):
        upload = TariffUpload(options=TariffOptions(server_folder=str(folder)))
        with pytest.raises(Refused) as refusal:
            desk.ask(desk.tariffs.CheckTariff, iter([upload]))
        assert (refusal.value.code, refusal.value.reason) == ("PERMISSION_DENIED", "NOT_ALLOWED")
    missing = TariffUpload(options=TariffOptions(server_folder=str(allowed / "missing")))
    with pytest.raises(Refused) as refusal:
        desk.ask(desk.tariffs.CheckTariff, iter([missing]))
    assert refusal.value.reason == "NOT_FOUND"


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        ([], "file"),
        ([TariffUpload()], "part"),
        ([TariffUpload(file=TariffFile(path="../Rates.csv"))], "file.path"),
        ([TariffUpload(file=TariffFile(path="/etc/passwd"))], "file.path"),
        ([TariffUpload(options=TariffOptions()), TariffUpload(options=TariffOptions())], "options"),
        ([TariffUpload(file=TariffFile(path="a.csv", content=b"x" * 30_000))] * 2, "file"),
    ],
    ids=["nothing", "neither", "outside", "absolute", "options twice", "too large"],
)
def test_uploads_that_cannot_be_meant(desk: ApiDesk, messages: list[TariffUpload], field: str) -> None:
    for method in (desk.tariffs.CheckTariff, desk.tariffs.LoadTariff):
        with pytest.raises(Refused) as refusal:
            desk.ask(method, iter(messages))
        assert list(refusal.value.fields) == [field]


def test_an_upload_that_breaks_off_changes_nothing(desk: ApiDesk) -> None:
    before = desk.ask(desk.tariffs.GetTariff, GetTariffRequest())

    def broken_off() -> Iterator[TariffUpload]:
        yield from uploads(DEARER)
        raise ConnectionError

    load: Any = desk.tariffs.LoadTariff
    with pytest.raises(grpc.RpcError) as error:
        load(broken_off(), timeout=20)
    assert refused(error.value).code in ("UNKNOWN", "CANCELLED")
    assert desk.ask(desk.tariffs.GetTariff, GetTariffRequest()) == before
