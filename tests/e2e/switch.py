"""A switch that listens for disconnects and answers them, over a real stream."""

import queue
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Final

import grpc

from ratingd.v1.sessions_pb2 import Disconnect, DisconnectResult
from ratingd.v1.sessions_pb2_grpc import SessionServiceStub


class Switch:
    """`cut` are the disconnects received, in order. With `answering` False it takes them and says nothing."""

    def __init__(self, channel: grpc.Channel, switch_id: str, *, answering: bool = True) -> None:
        self.cut: Final[list[Disconnect]] = []
        self._switch_id: Final = switch_id
        self._answering: Final = answering
        self._results: Final[queue.SimpleQueue[DisconnectResult | None]] = queue.SimpleQueue()
        self._stub: Final = SessionServiceStub(channel)
        self._changed: Final = threading.Condition()
        self._thread: Final = threading.Thread(target=self._listen, daemon=True)

    def wait_for_cuts(self, count: int, within_s: float) -> list[Disconnect]:
        deadline = time.monotonic() + within_s
        with self._changed:
            while len(self.cut) < count and time.monotonic() < deadline:
                self._changed.wait(0.05)
            return list(self.cut)

    def __enter__(self) -> "Switch":
        self._results.put(DisconnectResult(switch_id=self._switch_id))
        self._stream = self._stub.WatchDisconnects(self._sent())
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._results.put(None)
        self._thread.join(0.2)
        self._stream.cancel()
        self._thread.join(5)

    def _sent(self) -> Iterator[DisconnectResult]:
        while (result := self._results.get()) is not None:
            yield result

    def _listen(self) -> None:
        try:
            for disconnect in self._stream:
                with self._changed:
                    self.cut.append(disconnect)
                    self._changed.notify_all()
                if self._answering:
                    self._results.put(
                        DisconnectResult(
                            switch_id=self._switch_id,
                            disconnect_id=disconnect.disconnect_id,
                            outcome=DisconnectResult.CUT,
                        )
                    )
        except grpc.RpcError:
            pass  # the stream was cancelled
