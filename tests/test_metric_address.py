import pytest

from triggers.traffic.metric_address import MetricUnknown, is_score, is_window, parse


@pytest.mark.parametrize(
    "text",
    ["b.asr.300", "a.total_calls.86400", "trunk.acd.3600", "a_range.cancel_ratio.600", "account.attempts_ewma.86400"],
)
def test_addresses_of_metrics(text: str) -> None:
    address = parse(text)
    assert repr(address) == f"{address.kind}.{address.name}.{address.window_s}" == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("b.asr", "is no address of a metric: it is KIND.NAME.SECONDS, such as b.asr.300; kinds are a, b, trunk"),
        ("b.asr.300.1", "is no address of a metric"),
        ("c.asr.300", "there are no metrics of 'c': kinds are a, b, trunk, account, a_range, b_range"),
        ("a.overlap_ratio.300", "'a' has no metric 'overlap_ratio': it has attempts, total_calls"),
        ("b.asr.5m", "'5m' is no window. Usual windows are 5, 60, 300, 3600, 86400, 604800"),
        ("b.asr.", "'' is no window"),
        ("b.asr.-5", "'-5' is no window"),
        ("b.asr.0", "0 s is no window"),
        ("b.asr.301", "301 s is no window"),
        ("b.asr.99999999999", "is no window"),
        ("b.attempts_ewma.300", "attempts_ewma fades by half every 3600, 86400 or 604800 s, not every 300 s"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(text: str, told: str) -> None:
    with pytest.raises(MetricUnknown, match=told):
        parse(text)


def test_windows_are_whole() -> None:
    allowed = [1, 5, 300, 360, 600, 3_600, 7_200, 86_400, 172_800, 604_800]
    assert [each for each in allowed if not is_window(each)] == []
    assert [each for each in (0, -1, 301, 3_601, 5_400, 90_000, 691_200) if is_window(each)] == []


def test_scores_are_told_apart() -> None:
    assert is_score("score.masking")
    assert not is_score("b.asr.300")
