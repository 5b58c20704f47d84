from triggers.traffic.metric_names import KINDS, METRICS, names_of


def test_each_name_is_of_some_kind_and_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert name == metric.name
        assert metric.meaning
        assert metric.unit
        assert set(metric.kinds) <= set(KINDS)


def test_names_of_a_kind() -> None:
    assert "overlap_ratio" in names_of("b")
    assert "overlap_ratio" not in names_of("trunk")
    assert names_of("c") == ()
