from triggers.traffic import devices
from triggers.traffic.devices import SEEN_MS, SIMS_MAX, Devices


def test_a_box_shows_many_sims_and_a_telephone_one() -> None:
    seen = Devices()
    for n in range(160):
        seen.seen("box", f"sim{n}", n)
        seen.seen("phone", "sim", n)
    assert seen.most_sims(["phone"], 200) == 1
    assert seen.most_sims(["phone", "box", "unknown"], 200) == 160


def test_a_sim_not_seen_for_a_week_does_not_count() -> None:
    seen = Devices()
    seen.seen("box", "old", 0)
    seen.seen("box", "new", SEEN_MS)
    assert seen.most_sims(["box"], SEEN_MS) == 1


def test_a_device_keeps_so_many_sims_and_lets_the_oldest_go() -> None:
    seen = Devices()
    for n in range(SIMS_MAX + 10):
        seen.seen("box", f"sim{n}", n)
    assert seen.most_sims(["box"], SIMS_MAX + 10) == SIMS_MAX
    for n in range(SIMS_MAX):
        seen.seen("box", f"later{n}", SEEN_MS + SIMS_MAX + n)
    assert seen.most_sims(["box"], SEEN_MS + 2 * SIMS_MAX) == SIMS_MAX


def test_devices_have_a_bound() -> None:
    assert devices.DEVICES_MAX * 100 < 50_000_000
