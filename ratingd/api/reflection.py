"""Reflection: any gRPC client can ask which services there are and what their messages look like.

It is a stream like the others, so it counts among those that may be open, on whichever transport. Two versions of the
protocol are in use, v1 and v1alpha; their messages are the same on the wire.
"""

from collections.abc import Iterable
from typing import Final

from grpc_health.v1 import health
from grpc_reflection.v1alpha.reflection import ReflectionServicer
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from ratingd.api.method import AnyMethod, Outlet, Stream, StreamMethod, parse

VERSIONS: Final = ("v1", "v1alpha")


class Reflection:
    def __init__(self, methods: Iterable[AnyMethod]) -> None:
        services = {method.name.split("/")[1] for method in methods}
        own = {f"grpc.reflection.{version}.ServerReflection" for version in VERSIONS}
        self._servicer: Final = ReflectionServicer(services | own | {health.SERVICE_NAME})

    def methods(self) -> list[AnyMethod]:
        names = [f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo" for version in VERSIONS]
        return [StreamMethod(name, self._open) for name in names]

    def answer(self, request: ServerReflectionRequest) -> ServerReflectionResponse:
        (response,) = self._servicer.ServerReflectionInfo(iter([request]), None)
        return response

    def _open(self, outlet: Outlet) -> Stream:
        return ReflectionStream(self, outlet)


class ReflectionStream:
    def __init__(self, reflection: Reflection, outlet: Outlet) -> None:
        self._reflection: Final = reflection
        self._outlet: Final = outlet

    def receive(self, message: bytes) -> None:
        request = parse(ServerReflectionRequest(), message)
        response = self._reflection.answer(request)
        if response.HasField("error_response") and "." in request.file_containing_symbol:
            asked = request.file_containing_symbol  # a method is found by its service
            response = self._reflection.answer(
                ServerReflectionRequest(host=request.host, file_containing_symbol=asked.rpartition(".")[0])
            )
            response.original_request.CopyFrom(request)
        self._outlet.send(response.SerializeToString())

    def half_close(self) -> None:
        self._outlet.finish()

    def drain(self) -> None:
        self._outlet.finish()

    def cancel(self) -> None:
        """Nothing is held."""
