"""Inline filters on accounts and on open calls, and those that cannot be."""

import pytest

from accounts.account import Account
from actions.context import OpenCall
from actions.filter import FilterFailed, FilterMalformed, FilterUnsupported, account_fields, parse_filter, passes
from actions.session_filter import SessionFilterMalformed, parse_session_filter
from tests.action_scene import KEY, balances
from tests.table import table

ACCOUNT = Account(KEY, balances("M=1.5(w10) N=-0.25 V=90s"), disabled=True)
CALLS = [
    OpenCall("c1", "sw1", {"Destination": "49123", "Category": "call", "Usage": "90s"}),
    OpenCall("c2", "sw1", {"Destination": "88123", "Category": "call", "Usage": "3m"}),
    OpenCall("c3", "sw2", {"Destination": "88199", "Category": "premium"}),
]


@table("""
    filter                                              / outcome
    *string:~*req.ID:cgrates.org:1001                   / yes
    *string:~*req.Account:1001                          / yes
    *string:~*req.Account:1002                          / no
    *string:~*req.Account:1002|1001                     / yes
    *string:~*req.Tenant:cgrates.org                    / yes
    *notstring:~*req.Account:1002                       / yes
    *notstring:~*req.Account:1001                       / no
    *string:~*req.Nothing:1                             / no
    *notstring:~*req.Nothing:1                          / yes
    *prefix:~*req.Account:10                            / yes
    *prefix:~*req.Account:20|30                         / no
    *notprefix:~*req.Account:20                         / yes
    *suffix:~*req.Account:01                            / yes
    *notsuffix:~*req.Account:01                         / no
    *string:~*req.Disabled:true                         / yes
    *string:~*req.AllowNegative:false                   / yes
    *empty:~*req.BalanceMap.*sms:                       / yes
    *empty:~*req.UnitCounters                           / yes
    *notempty:~*req.BalanceMap.*monetary:               / yes
    *exists:~*req.BalanceMap.*monetary[1].ID:           / yes
    *exists:~*req.BalanceMap.*monetary[2].ID:           / no
    *notexists:~*req.BalanceMap.*monetary[2].ID:        / yes
    *string:~*req.BalanceMap.*monetary[0].ID:M          / yes
    *lt:~*req.BalanceMap.*monetary[0].Value:1.5         / no
    *lte:~*req.BalanceMap.*monetary[0].Value:1.5        / yes
    *gt:~*req.BalanceMap.*monetary[0].Value:1.49999     / yes
    *gte:~*req.BalanceMap.*monetary[0].Value:2          / no
    *gte:~*req.BalanceMap.*monetary.GetTotalValue:1.25  / yes
    *gt:~*req.BalanceMap.*monetary.GetTotalValue:1.25   / no
    *gte:~*req.BalanceMap.*voice.GetTotalValue:90s      / yes
    *lt:~*req.BalanceMap.*voice[0].Value:1m             / no
    *lt:~*req.BalanceMap.*sms[0].Value:1                / no
    *gt:~*req.BalanceMap.*monetary[0].Weight:9          / yes
""", split="/")  # fmt: skip
def test_an_account_passes(filter: str, outcome: str) -> None:
    assert passes([filter], account_fields(ACCOUNT)) is (outcome == "yes")


@table("""
    filter                             | why
    *xx:y                              | unknown filter type *xx
    *string:~*req.Account              | expected *type:~*req.Field:value
    *string                            | expected *type:~*req.Field:value
    *string:Account:1001               | the path 'Account' does not begin with ~*req.
    *string:~*asm.Account:1001         | the path '~*asm.Account' does not begin with ~*req.
    *string:~*req.:1001                | the path '~*req.' has a step '' that is neither Name nor Name[0]
    *string:~*req.A[x]:1001            | the path '~*req.A[x]' has a step 'A[x]' that is neither Name nor Name[0]
    *lt:~*req.A:ten                    | 'ten' is neither a number nor a duration
    *lt:~*req.A:                       | '' is neither a number nor a duration
""")
def test_a_broken_filter_says_why(filter: str, why: str) -> None:
    with pytest.raises(FilterMalformed) as broken:
        parse_filter(filter)
    assert str(broken.value) == why


@pytest.mark.parametrize("filter", ["FLTR_1", "*destinations:~*req.Destination:DST_49", "*never::"])
def test_a_filter_that_ratingd_has_not_is_no_broken_one(filter: str) -> None:
    with pytest.raises(FilterUnsupported):
        parse_filter(filter)


def test_a_text_is_not_compared_with_a_number() -> None:
    with pytest.raises(FilterFailed, match="is neither a number nor a duration"):
        passes(["*lt:~*req.ID:5"], account_fields(ACCOUNT))


@table("""
    parameters                                                  | calls
                                                                | c1 c2 c3
    ;;;;                                                        | c1 c2 c3
    cgrates.org;;;;                                             | c1 c2 c3
    other.org;;;;                                               |
    ;*prefix:~*req.Destination:88;;;                            | c2 c3
    ;*prefix:~*req.Destination:88;1;;                           | c2
    ;*prefix:~*req.Destination:88&*string:~*req.Category:call;;; | c2
    ;*string:~*req.OriginID:c3;;;                               | c3
    ;*string:~*req.OriginHost:sw1;;;                            | c1 c2
    ;*string:~*req.Account:1001;;;                              | c1 c2 c3
    ;*gt:~*req.Usage:2m;;;                                      | c2
    ;;0;;                                                       |
""")
def test_a_session_filter_selects_open_calls(parameters: str, calls: str) -> None:
    chosen = parse_session_filter(parameters).select(KEY, CALLS)
    assert " ".join(call.call_id for call in chosen) == calls


@table("""
    parameters                 | why
    ;;;                        | 4 parts found, 5 wanted
    ;;;;;                      | 6 parts found, 5 wanted
    ;;two;;                    | the limit 'two' is not a whole number
    ;;-1;;                     | the limit '-1' is not a whole number
    ;*xx:~*req.A:1;;;          | the filter *xx:~*req.A:1: unknown filter type *xx
""")
def test_a_broken_session_filter_says_why(parameters: str, why: str) -> None:
    with pytest.raises(SessionFilterMalformed) as broken:
        parse_session_filter(parameters)
    assert str(broken.value) == why
