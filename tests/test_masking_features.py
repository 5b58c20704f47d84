"""The gate of the masking score, and what its features say."""

from tests.table import table
from triggers.scores.masking_features import MASKING, passes_gate


@table("""
    callers | mismatch | passes
    0       |          | no
    1       |          | no
    1       | yes      | yes
    2       |          | yes
    2       | yes      | yes
""")
def test_the_gate(callers: str, mismatch: str, passes: str) -> None:
    assert passes_gate(int(callers), bool(mismatch)) == (passes == "yes")


@table("""
    feature          | value | baseline | said
    distinct_a_count | 4     | 1        | 4 callers within the detection window (usual: 1)
    overlap_ratio    | 0.925 | 0.1      | 92.5 % of the calls to the number overlap another caller's (usual: 10 %)
    cli_mismatch     | 1     | 0        | the number presented is not the one asserted: yes (usual: no)
    cli_mismatch     | 0     | 0.02     | the number presented is not the one asserted: no (usual: no)
    trunk_class      | 3     | 1        | the trunk carries callers from abroad (usual: callers vouched for)
    attestation      | 0     | 2.6      | attestation: none (usual: A)
    aloc             | 0     | 95.25    | answered calls to the number last 0 s on average (usual: 95.25 s)
""")
def test_what_features_say(feature: str, value: str, baseline: str, said: str) -> None:
    assert MASKING.features[MASKING.place(feature)].said(float(value), float(baseline)) == said
