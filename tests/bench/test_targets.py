"""The table of targets: each stands there, measured or not, and says whether it is met."""

from pathlib import Path
from typing import Any

import pytest

from bench.figure import FEW, Figure
from bench.page import SECTIONS, begin, end, publish, replaced
from bench.plan import MANY, MANY_CALLS, ONE, Shot
from bench.targets import Verdict, verdicts


def debit(value: float, shot: Shot = MANY_CALLS, **more: Any) -> Figure:
    params = {"transport": "edge", "store": "sqlite", "disk": "memory", "accounts": FEW, "compiled": True}
    times = {name: more.pop(name) for name in ("p50_us", "p99_us", "cpu_us") if name in more}
    return Figure("debit_unary", value, "debits/s", params | shot.params | {"pick": shot.pick} | more, **times)


def empty(server: str, rate: float) -> Figure:
    return Figure(f"empty_{server}", rate, "debits/s", {"shape": "unary", **MANY_CALLS.params})


def found(figures: list[Figure], words: str) -> Verdict:
    return next(verdict for verdict in verdicts(figures) if words in verdict.target)


def test_nothing_measured_is_neither_met_nor_missed() -> None:
    assert {(verdict.measured, verdict.word) for verdict in verdicts([])} == {("not measured", "")}


@pytest.mark.parametrize(("value", "word"), [(20_000.0, "met"), (19_999.0, "not met")])
def test_a_rate_is_met_from_its_goal_on(value: float, word: str) -> None:
    verdict = found([debit(value), empty("native", 80_000)], "edge, SQLite, 256 outstanding")
    assert (verdict.word, verdict.share) == (word, "0.25 of empty")


def test_a_share_of_the_ceiling_is_a_target_of_its_own() -> None:
    verdict = found([debit(30_000.0), empty("native", 150_000)], "of the empty native handler")
    assert (verdict.measured, verdict.word) == ("0.20", "not met")


def test_interpreted_figures_do_not_count_for_what_is_compiled() -> None:
    assert found([debit(30_000.0, compiled=False)], "edge, SQLite, 256 outstanding").word == ""


def test_alone_on_disk_a_debit_may_take_its_sync_and_no_more() -> None:
    sync = Figure("fdatasync", 1_000.0, "1/s", {"disk": "disk"}, p50_us=1_000.0)
    slow, quick = (debit(900.0, ONE, disk="disk", p50_us=p50) for p50 in (1_401.0, 1_400.0))
    assert [found([sync, figure], "its fdatasync").word for figure in (slow, quick)] == ["not met", "met"]


def test_the_disk_allows_what_its_commits_and_memory_allow() -> None:
    commits = Figure("bare_commit", 50.0, "commits/s", {"store": "sqlite", "disk": "disk"})
    figures = [debit(20_000.0), debit(11_000.0, disk="disk"), commits]
    verdict = found(figures, "the same on disk")
    assert (verdict.goal, verdict.word) == ("≥ 10,240/s", "met")  # 0.8 of 50 commits of 256


def test_a_million_accounts_are_compared_with_a_thousand() -> None:
    figures = [debit(20_000.0), debit(15_000.0, accounts=MANY, pick="zipf"), debit(11_000.0, accounts=MANY)]
    assert [found(figures, words).word for words in ("Zipf", "uniform")] == ["not met", "met"]


def test_memory_is_bounded_by_the_cache() -> None:
    start = Figure("start", 1.5, "s", {"accounts": MANY}, rss_mib=200.0)
    params = debit(1.0, accounts=MANY).params
    after = [Figure("debit_unary", 1.0, "debits/s", params, rss_mib=rss) for rss in (700.0, 1_300.0)]
    words = [found([start, figure], "memory beyond").word for figure in after]
    assert words == ["met", "not met"]


def test_the_page_keeps_the_words_around_its_figures(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("above\n" + "".join(f"{begin(s)}\nold\n{end(s)}\nbelow {s}\n" for s in SECTIONS), encoding="utf-8")
    machine = {"fdatasync": {"disk": {"p50_us": 100.0, "p99_us": 200.0}}, "cores": 2, "cpu": "EPYC", "memory_gib": 8}
    machine |= {"kernel": "Linux", "python": "3.11", "sqlite": "3.40", "generator": "go", "load_before": 0.1}
    machine |= {"rounds": 3, "seconds": 1.8, "stolen_percent": 0.4}
    growth = [Figure("growth", 10.0 + x / 10, "µs", {"axis": "balances", "x": x}) for x in (1, 10, 100)]
    figures = [debit(30_000.0, p50_us=7_000.0, p99_us=9_000.0), empty("native", 80_000), *growth]
    publish(page, machine, figures, verdicts(figures), "2026-01-02")
    content = page.read_text(encoding="utf-8")
    assert [line for line in content.splitlines() if line.startswith(("above", "below", "old"))] == [
        "above",
        *(f"below {section}" for section in SECTIONS),
    ]
    assert "Measured on 2026-01-02: 2 cores of EPYC" in content
    assert "| debit_unary | edge sqlite memory compiled | 256/16 | 30,000 debits/s |" in content
    assert "| ≥ 20,000/s, aim 28,000 | 30,000/s | 0.38 of empty | met |" in content
    assert "![CPU of a debit by balances](plots/balances.svg)" in content
    assert (tmp_path / "plots" / "balances.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for machine"):
        replaced("nothing", "machine", [])
