"""The decision table, row by row, and every setting that turns it."""

import pytest

from tests.table import table
from triggers.masking.decision import DecisionTerms, decide, threat_level

SETTINGS = {"": {}, "both": {"require_both": True}, "ml": {"ml_acts": True}, "off": {"auto_disconnect": False}}


@table("""
    hot | probability | setting      | result
    yes | none        |              | CRITICAL disconnect   # no model: the rule score acts on nothing, the rule does
    yes | 0.7         |              | CRITICAL disconnect   # "from 0.7 on", equality counts
    yes | 0.69        |              | HIGH disconnect       # the rule alone acts
    no  | 0.7         |              | MEDIUM alert
    no  | 0.69        |              | none
    no  | none        |              | none
    yes | none        | both         | CRITICAL alert        # nobody agrees with the rule
    yes | 0.9         | both         | CRITICAL disconnect
    yes | 0.2         | both         | HIGH alert
    no  | 0.9         | ml           | MEDIUM disconnect
    no  | 0.2         | ml           | none
    yes | none        | off          | CRITICAL alert
    yes | 0.2         | off          | HIGH alert
    no  | 0.9         | ml off       | MEDIUM alert
    yes | none        | proposed     | CRITICAL alert        # perhaps a call centre
    yes | 0.9         | proposed     | CRITICAL disconnect
    yes | 0.2         | proposed     | HIGH alert
""")
def test_the_table(hot: str, probability: str, setting: str, result: str) -> None:
    given = {name: value for word in setting.split() if word != "proposed" for name, value in SETTINGS[word].items()}
    decision = decide(
        DecisionTerms(**given),
        hot=hot == "yes",
        model=probability != "none",
        probability=0.99 if probability == "none" else float(probability),
        proposed="proposed" in setting,
    )
    assert f"{decision.severity} {decision.response}".strip() == result
    assert decision.cuts == result.endswith("disconnect")


@pytest.mark.parametrize(
    ("distinct", "level"), [(0, "LOW"), (2, "LOW"), (3, "MEDIUM"), (4, "HIGH"), (5, "CRITICAL"), (9, "CRITICAL")]
)
def test_the_nearer_to_the_threshold_the_higher_the_threat(distinct: int, level: str) -> None:
    assert threat_level(distinct, 5) == level
