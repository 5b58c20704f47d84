"""The real daemon on each transport, in clear text and over TLS, asked by commands and by clients of all kinds."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest
from click.testing import CliRunner, Result
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from ratingd.api.open_transport import NATIVE, Name, why_not_native
from ratingd.api.transport import CannotListen
from ratingd.cli import main
from ratingd.daemon import Daemon
from ratingd.settings import Settings
from ratingd.v1.accounts_pb2 import AddBalanceRequest, BalanceSelector, GetAccountRequest
from ratingd.v1.accounts_pb2_grpc import AccountServiceStub
from ratingd.v1.charging_pb2 import BatchDebitRequest, ChargeRequest, DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from tests.api_desk import FOLDER, debit, refused
from tests.e2e.serving import Serving, serving
from tests.e2e.transport.certificates import NAME, Certificates, channel
from tests.waiting import until

NONE: Mapping[str, object] = {}
SERVICES = {
    *(
        f"ratingd.v1.{name}Service"
        for name in ("Rating", "Charging", "Account", "Tariff", "Session", "Admin", "Fraud", "Model")
    ),
    *(f"grpc.reflection.{version}.ServerReflection" for version in ("v1", "v1alpha")),
    "grpc.health.v1.Health",
}


@pytest.fixture
def served(transport: Name, sqlite_url: str) -> Iterator[Serving]:
    with serving(sqlite_url, transport=transport, log_format="none") as served:
        served.load(FOLDER)
        top_up = AddBalanceRequest(account="1001", idempotency_key="o", balance=BalanceSelector(kind="*monetary"))
        top_up.amount.money.units = 500
        AccountServiceStub(served.channel).AddBalance(top_up, timeout=20)
        yield served


def run(*arguments: str, address: str, exits: int = 0, settings: Mapping[str, object] = NONE) -> Result:
    environ = {f"RATINGD_{name.upper()}": str(value) for name, value in settings.items()}
    result = CliRunner().invoke(main, [*arguments, "--address", address], env=environ)
    assert result.exit_code == exits, result.output
    return result


def test_debits_alone_in_batches_and_on_a_stream(served: Serving) -> None:
    charging = ChargingServiceStub(served.channel)
    one = charging.Debit(debit(key="one"), timeout=20)
    again = charging.Debit(debit(key="one"), timeout=20)
    assert one == again
    assert one.cost.nanos == 600_000_000
    batch = charging.BatchDebit(BatchDebitRequest(requests=[debit(key=f"b{n}") for n in range(64)]), timeout=20)
    assert len({result.call_cost.charge_id for result in batch.results}) == 64
    requests = [ChargeRequest(correlation_id=f"c{n}", debit=debit(key=f"s{n}")) for n in range(200)]
    answers = {answer.correlation_id: answer.debit for answer in charging.Charge(iter(requests), timeout=20)}
    assert len({answer.charge_id for answer in answers.values()}) == 200
    account = AccountServiceStub(served.channel).GetAccount(GetAccountRequest(account="1001"), timeout=20)
    assert account.balances[0].value.money.units == 500 - 159  # 265 debits of 0.60


def test_a_refusal_is_told_with_its_reason(served: Serving) -> None:
    with pytest.raises(grpc.RpcError) as error:
        ChargingServiceStub(served.channel).Debit(debit("1009"), timeout=20)
    refusal = refused(error.value)
    assert (refusal.code, refusal.reason) == ("NOT_FOUND", "ACCOUNT_UNKNOWN")
    with pytest.raises(grpc.RpcError) as error:
        ChargingServiceStub(served.channel).Debit(DebitRequest(), timeout=20)
    assert refused(error.value).code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_tells_every_service_and_every_file(served: Serving, version: str) -> None:
    reflect: Any = served.channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        ServerReflectionRequest.SerializeToString,
        ServerReflectionResponse.FromString,
    )
    (listed,) = reflect(iter([ServerReflectionRequest(list_services="")]), timeout=20)
    services = {service.name for service in listed.list_services_response.service}
    assert services == SERVICES
    asked = [ServerReflectionRequest(file_containing_symbol=service) for service in sorted(services - {"v1"})]
    for request, answer in zip(asked, reflect(iter(asked), timeout=20), strict=True):
        if "reflection.v1." in request.file_containing_symbol:
            continue  # the library knows the messages of v1 by the file of v1alpha, which are the same
        files = [FileDescriptorProto.FromString(file) for file in answer.file_descriptor_response.file_descriptor_proto]
        assert files, request
        package = request.file_containing_symbol.rpartition(".")[0]
        assert package in {file.package for file in files}


def test_status_says_which_transport_serves(served: Serving, transport: Name) -> None:
    told = json.loads(run("status", "--output", "json", address=served.daemon.address).stdout)
    assert told["transport"] == transport


def test_health_follows_the_daemon(transport: Name, sqlite_url: str) -> None:
    with serving(sqlite_url, transport=transport, log_format="none") as served:
        watch = HealthStub(served.channel).Watch(HealthCheckRequest(service="ratingd.v1.ChargingService"), timeout=30)
        assert next(watch).status == HealthCheckResponse.SERVING
        served.daemon.stop()
        assert next(watch).status == HealthCheckResponse.NOT_SERVING


def test_which_transport_and_what_tls_are_in_the_log(
    transport: Name, sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(sqlite_url, transport=transport) as served:
        address = served.daemon.address
    assert f"daemon.serving address={address} http=none transport={transport} tls=none" in capsys.readouterr().err


def test_what_is_chosen_where_nothing_is_said(sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(sqlite_url) as served:
        chosen = served.daemon.transport
    said = capsys.readouterr().err
    assert chosen == ("grpcio" if why_not_native() else "edge")
    assert said.count("transport.portable") == (1 if chosen == "grpcio" else 0)


def test_who_insists_on_the_native_transport_is_told_what_to_do(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, NATIVE, None)  # as if it had not been built
    with pytest.raises(CannotListen, match=r'transport is "edge", and its module ratingd_edge .* `make setup` builds'):
        Daemon(Settings(database_url=sqlite_url, transport="edge"))
    checked = CliRunner().invoke(main, ["config", "check"], env={"RATINGD_TRANSPORT": "edge"})
    assert (checked.exit_code, "the native server is not there" in " ".join(checked.stdout.split())) == (1, True)


# -- TLS


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.create(tmp_path_factory.mktemp("tls") / "all")


def secured(known: Certificates) -> dict[str, object]:
    files = known.files(mutual=True)
    return {"tls_certificate": files.certificate, "tls_key": files.key, "tls_client_ca": files.client_ca}


def test_commands_and_clients_reach_a_daemon_with_mutual_tls(
    transport: Name, sqlite_url: str, known: Certificates, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = {"connect_certificate": known.client.certificate, "connect_key": known.client.key}
    with serving(sqlite_url, transport=transport, **secured(known)) as served:
        address = served.daemon.address
        for how in (
            {"connect_ca": known.server.ca, **ours},
            {"connect_ca": known.server.ca, "connect_name": NAME, **ours},
            {**secured(known), **ours},  # the settings of the daemon itself
        ):
            run("status", address=address, settings=how)
        with channel(address, known.server.ca, known.client) as made:
            assert HealthStub(made).Check(HealthCheckRequest(), timeout=20).status == HealthCheckResponse.SERVING
        refusals: tuple[tuple[Mapping[str, object], str], ...] = (
            ({"connect_ca": known.stranger.ca, **ours}, "do not trust each other"),
            ({"connect_ca": known.server.ca, "connect_name": "other.example.org", **ours}, "do not trust each other"),
            ({"connect_ca": known.server.ca}, "hung up at once. It may want a certificate of ours"),
            ({}, "hung up at once. It may want TLS: set connect_ca"),
        )
        for wrong, said in refusals:
            told = run("status", address=address, exits=1, settings=wrong)
            assert said in " ".join(told.stderr.split()), told.stderr
    assert "tls=mutual" in capsys.readouterr().err


def test_a_wrong_file_is_told_by_the_check_by_the_daemon_and_by_commands(
    tmp_path: Path, sqlite_url: str, known: Certificates
) -> None:
    missing = tmp_path / "absent.pem"
    environ = {"RATINGD_TLS_CERTIFICATE": str(missing), "RATINGD_TLS_KEY": str(known.server.key)}
    said = f"{missing} cannot be read: No such file or directory"
    checked = CliRunner().invoke(main, ["config", "check", "--output", "json"], env=environ)
    assert checked.exit_code == 1
    assert [(p["where"], p["setting"]) for p in json.loads(checked.stdout)["problems"]] == [
        ("RATINGD_TLS_CERTIFICATE", "tls_certificate")
    ]
    asked = CliRunner().invoke(main, ["status"], env=environ)
    assert (asked.exit_code, said in asked.stderr) == (2, True)
    serve = CliRunner().invoke(main, ["serve", "--database-url", sqlite_url], env=environ)
    assert (serve.exit_code, f"cannot serve: tls_certificate: {said}" in serve.stderr) == (1, True)


def test_mutual_tls_alone_opens_no_port_to_others(known: Certificates) -> None:
    with pytest.raises(ValueError, match="other machines reach"):
        Settings(listen="0.0.0.0:0", **secured(known))  # type: ignore[arg-type]


def test_a_daemon_whose_address_is_taken_says_so(served: Serving, transport: Name, tmp_path: Path) -> None:
    other = Daemon(
        Settings(
            database_url=f"sqlite:///{tmp_path}/other.db",
            listen=served.daemon.address,
            http_listen="",
            transport=transport,
            log_format="none",
            drain_seconds=1,
        )
    )
    with pytest.raises(OSError, match="it is in use"):
        other.start()
    other.stop()
    until(lambda: served.daemon.open_streams() == 0)
