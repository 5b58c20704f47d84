"""Devices: how many SIMs one telephone has had, which is one, unless it is a SIM box.

A box shows one IMEI and changes its SIM each hour: within seven days 160 SIMs are seen in it. Up to 256 are kept of a
device, and 200,000 devices; the one longest silent is forgotten first.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.traffic.silence import Seat, Silence

SIMS_MAX: Final = 256
DEVICES_MAX: Final = 200_000
SEEN_MS: Final = 604_800_000


@mypyc_attr(acyclic=True)
class Device(Seat):
    __slots__ = ("imei", "sims")

    def __init__(self, imei: str) -> None:
        super().__init__()
        self.imei: Final = imei
        self.sims: Final[dict[str, int]] = {}

    def count(self, at_ms: int) -> int:
        return len([1 for seen_ms in self.sims.values() if at_ms - seen_ms < SEEN_MS])

    def forget(self, at_ms: int) -> None:
        """Those not seen for long, or the one longest silent where none is."""
        gone = [sim for sim, seen_ms in self.sims.items() if at_ms - seen_ms >= SEEN_MS]
        for sim in gone or [min(self.sims, key=self._seen_ms)]:
            del self.sims[sim]

    def _seen_ms(self, sim: str) -> int:
        return self.sims[sim]


@mypyc_attr(acyclic=True)
class Devices:
    __slots__ = ("_devices", "_silence")

    def __init__(self) -> None:
        self._devices: Final[dict[str, Device]] = {}
        self._silence: Final = Silence()

    def seen(self, imei: str, sim: str, at_ms: int) -> None:
        device = self._devices.get(imei)
        if device is None:
            self._drop_silent()
            device = self._devices[imei] = Device(imei)
            self._silence.enter(device, at_ms)
        else:
            self._silence.touch(device, at_ms)
        if len(device.sims) >= SIMS_MAX and sim not in device.sims:
            device.forget(at_ms)
        device.sims[sim] = max(at_ms, device.sims.get(sim, at_ms))

    def most_sims(self, imeis: list[str], at_ms: int) -> int:
        most = 0
        for imei in imeis:
            device = self._devices.get(imei)
            if device is not None:
                most = max(most, device.count(at_ms))
        return most

    def _drop_silent(self) -> None:
        oldest = self._silence.oldest()
        if len(self._devices) >= DEVICES_MAX and isinstance(oldest, Device):
            del self._devices[oldest.imei]
            self._silence.leave(oldest)
