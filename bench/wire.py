"""What the bench itself asks of a daemon over gRPC: take this tariff, debit this once."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Final

import grpc

from bench.sample import Sample
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffUpload
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub

CHUNK: Final = 1 << 20
LOAD_S: Final = 300
DEBIT_S: Final = 30


def load_tariff(address: str, files: Mapping[str, bytes]) -> None:
    with grpc.insecure_channel(address) as channel:
        report = TariffServiceStub(channel).LoadTariff(_uploads(files), timeout=LOAD_S)
    if not report.loaded:
        raise RuntimeError(f"the sample tariff has faults: {report.findings[:3]}")


def one_debit(address: str, sample: Sample) -> bytes:
    """The answer of a debit like those of the load, as bytes."""
    request = DebitRequest()
    request.CopyFrom(next(sample.debits()))
    request.idempotency_key = uuid.uuid4().hex
    with grpc.insecure_channel(address) as channel:
        reply = ChargingServiceStub(channel).Debit(request, timeout=DEBIT_S)
    if reply.granted.duration.seconds != sample.usage_s or reply.cost.nanos <= 0:
        raise RuntimeError(f"the sample debit was not charged in full: {reply}")
    return bytes(reply.SerializeToString())


def _uploads(files: Mapping[str, bytes]) -> Iterator[TariffUpload]:
    yield TariffUpload(options=TariffOptions())
    for path, content in files.items():
        for first in range(0, len(content), CHUNK):
            yield TariffUpload(file=TariffFile(path=path, content=content[first : first + CHUNK]))
