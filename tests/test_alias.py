"""Aliases: which profile is applied to a request, what it writes, and what of Attributes.csv is refused."""

from actions.alias import NO_ALIASES, Aliases
from actions.alias_files import read_aliases
from tariffs.fault import Finding, Severity
from tariffs.zone import UTC
from tests.table import table

NOW = 1_795_255_200 * 10**9  # 2026-11-21T10:00:00Z


def aliases(text: str) -> tuple[Aliases, list[Finding]]:
    findings: list[Finding] = []
    found = read_aliases({"Attributes.csv": text.encode()}, findings, now_ns=NOW, zone=UTC)
    return Aliases(tuple(found.values())), findings


def of(account: str, **more: str) -> dict[str, str]:
    named = {
        "Tenant": "cgrates.org",
        "Account": account,
        "Subject": account,
        "Category": "call",
        "Destination": "49123",
    }
    return named | more


def differences(before: dict[str, str], after: dict[str, str]) -> str:
    changed = [f"{name}={after[name]}" for name in sorted(after) if before.get(name) != after[name]]
    return " ".join(changed + [f"-{name}" for name in before if name not in after]) or "as it was"


@table(
    """
    profile ; asked ; becomes
    ,*any,*string:~*req.Account:1007,,,*req.Account,*constant,1001,,  ; 1007              ; Account=1001 Subject=1001
    ,*any,*string:~*req.Account:1007,,,*req.Account,*constant,1001,,  ; 1008              ; as it was
    ,*any,*string:~*req.Account:1007,,,*req.Account,*constant,1001,,  ; 1007 Subject=GOLD ; Account=1001
    ,*any,*string:~*req.Account:1007,,,*req.Subject,*constant,GOLD,,  ; 1007              ; Subject=GOLD
    ,*sessions;*cdrs,*string:~*req.Line:7|8,,,*req.Account,*constant,1,,  ; x Line=8          ; Account=1 Subject=1
    ,,*prefix:~*req.Account:10,,,*req.Account,*constant,T,,  ; 1009              ; Account=T Subject=T
    ,*any,,,,*tenant,*constant,other.org,,  ; 1001              ; Tenant=other.org
    ,*any,,,,*req.Account,*variable,~*req.Line,,  ; x Line=1005       ; Account=1005 Subject=1005
    ,*any,,,,*req.Destination,*composed,99,,  ; x                 ; Destination=4912399
    ,*any,,,,*req.Line,*remove,,,  ; x Line=5          ; -Line
    ,*any,,,*string:~*req.Line:5,*req.Account,*constant,1,,  ; x Line=6          ; as it was
    ,*any,*lt:~*req.Line:5,,,*req.Account,*constant,1,,  ; x Line=text       ; as it was
    ,*any,,2026-11-21T10:00:00Z,,*req.Account,*constant,1,,  ; x                 ; Account=1 Subject=1
    ,*any,,2026-11-22T00:00:00Z,,*req.Account,*constant,1,,  ; x                 ; as it was
    ,*any,,;2026-11-21T10:00:00Z,,*req.Account,*constant,1,,  ; x                 ; as it was
    other.org,A,*any,,,,*req.Account,*constant,1,,  ; x                 ; as it was
    """,
    split=" ; ",
)
def test_an_alias(profile: str, asked: str, becomes: str) -> None:
    """A row without a tenant is one of cgrates.org."""
    found, findings = aliases(f"{'cgrates.org,A' if profile.startswith(',') else ''}{profile}\n")
    assert not findings
    account, *more = asked.split()
    request = of(account, **dict(part.split("=") for part in more))
    assert differences(request, found.applied(request, NOW)) == becomes


def test_the_heaviest_that_matches_is_applied_and_only_that() -> None:
    found, _ = aliases(
        "cgrates.org,LIGHT,*any,*string:~*req.Account:7,,,*req.Account,*constant,light,,5\n"
        "cgrates.org,HEAVY,*any,*prefix:~*req.Account:7,,,*req.Account,*constant,8,,10\n"
        "cgrates.org,NEXT,*any,*string:~*req.Account:8,,,*req.Account,*constant,9,,20\n"
    )
    assert found.applied(of("7"), NOW)["Account"] == "8"
    assert found.applied(of("71"), NOW)["Account"] == "8"
    assert found.applied(of("8"), NOW)["Account"] == "9"


def test_of_equal_weights_the_first_of_the_file_is_applied() -> None:
    rows = "cgrates.org,{0},*any,*string:~*req.Account:7,,,*req.Account,*constant,{0},,5\n"
    found, _ = aliases(rows.format("B") + rows.format("A"))
    assert found.applied(of("7"), NOW)["Account"] == "B"


def test_rows_of_one_profile_each_add_a_field() -> None:
    found, findings = aliases(
        "cgrates.org,A,*any,*string:~*req.Account:1007,2014-01-14T00:00:00Z,,,,,false,10\n"
        "cgrates.org,A,,,,,*req.Account,*constant,1001,,\n"
        "cgrates.org,A,,,,,*req.Subject,*constant,SPECIAL,,\n"
    )
    assert not findings
    assert differences(of("1007"), found.applied(of("1007"), NOW)) == "Account=1001 Subject=SPECIAL"
    assert not NO_ALIASES


@table("""
    row                                                            | finding
    cgrates.org,,*any,,,,*req.Account,*constant,1,,                | 1:2: fault: ID is empty
    cgrates.org,A,*any,*stringy:~*req.A:1,,,*req.B,*constant,1,,   | 1:4: fault: FilterIDs cannot be read
    cgrates.org,A,*any,FLTR_1,,,*req.B,*constant,1,,               | 1:4: warning: FilterIDs never passes
    cgrates.org,A,*any,,sometime,,*req.B,*constant,1,,             | 1:5: fault: ActivationInterval is no interval
    cgrates.org,A,*any,,,,,*constant,1,,                           | 1:7: fault: Path is empty
    cgrates.org,A,*any,,,,Password,*constant,1,,                   | 1:7: warning: Path is neither
    cgrates.org,A,*any,,,,*req.RequestType,*constant,*postpaid,,   | 1:7: warning: Path concerns how sessions are run
    cgrates.org,A,*any,,,,*req.B,*konstant,1,,                     | 1:8: fault: Type is unknown
    cgrates.org,A,*any,,,,*req.B,*sum,1,,                          | 1:8: warning: Type is not supported
    cgrates.org,A,*any,,,,*req.B,*variable,1,,                     | 1:9: fault: Value names no field to copy
    cgrates.org,A,*any,,,,*req.B,*constant,1,maybe,                | 1:10: fault: Blocker is neither true nor false
    cgrates.org,A,*any,,,,*req.B,*constant,1,true,                 | 1:10: warning: Blocker has no meaning
    cgrates.org,A,*any,,,,*req.B,*constant,1,,heavy                | 1:11: fault: Weight is not a number
    cgrates.org,A,simpleauth,,,,*req.B,*constant,1,,               | 1:3: warning: Contexts is none in which calls
""")
def test_what_is_wrong_is_named_with_its_place(row: str, finding: str) -> None:
    _, findings = aliases(row + "\n")
    assert [str(found).startswith(f"Attributes.csv:{finding}") for found in findings] == [True], findings


@table("""
    row                                                       | finding
    cgrates.org,A,,,,,*req.Subject,*constant,1,,heavy         | 2:11: fault: Weight is not a number
    cgrates.org,A,,,,,*req.Subject,*constant,1,maybe,         | 2:10: fault: Blocker is neither true nor false
    cgrates.org,A,,,sometime,,*req.Subject,*constant,1,,      | 2:5: fault: ActivationInterval is no interval
    cgrates.org,A,,*stringy:~*req.A:1,,,*req.Subject,*constant,1,, | 2:4: fault: FilterIDs cannot be read
""")
def test_a_later_row_of_a_profile_is_read_as_strictly(row: str, finding: str) -> None:
    _, findings = aliases(f"cgrates.org,A,*any,*string:~*req.Account:7,,,*req.Account,*constant,1,,10\n{row}\n")
    assert [str(found).startswith(f"Attributes.csv:{finding}") for found in findings] == [True], findings


def test_rows_of_one_profile_may_each_add_filters_contexts_and_the_weight() -> None:
    found, findings = aliases(
        "cgrates.org,A,simpleauth,*string:~*req.Account:7,,,,,,,\n"
        "cgrates.org,A,*sessions,*string:~*req.Line:5,2026-11-21T10:00:00Z,,*req.Account,*constant,1001,,30\n"
        "cgrates.org,B,*any,*string:~*req.Account:7,,,*req.Account,*constant,1002,,20\n"
    )
    assert not findings
    assert [found.applied(of("7", Line=line), NOW)["Account"] for line in ("5", "6")] == ["1001", "1002"]


def test_profiles_of_other_contexts_are_told_and_left_out() -> None:
    found, findings = aliases("cgrates.org,A,simpleauth,,,,*req.Account,*constant,1,,\n")
    assert not found
    assert {finding.severity for finding in findings} == {Severity.WARNING}
