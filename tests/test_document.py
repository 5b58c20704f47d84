"""Stored forms of accounts: what is written, what is read again, what is refused."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from accounts.account import (
    Account,
    AccountKey,
    AccountTrigger,
    CounterKind,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
    Window,
)
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.document import account_document, account_from_document, account_from_text
from accounts.document_text import account_text
from accounts.fields import DocumentError
from tests.account_strategies import accounts


def test_document_leaves_defaults_out_and_keeps_integers() -> None:
    terms = BalanceTerms("*default", BalanceKind.MONETARY, weight=Decimal("2.50"), factors={"P": Decimal("1.5")})
    account = Account(AccountKey("t", "1001"), [Balance("b1", terms, 5_000_000_000)], updated_ns=7)
    assert account_document(account) == {
        "format": 1,
        "tenant": "t",
        "account": "1001",
        "balances": [
            {
                "uuid": "b1",
                "value": 5_000_000_000,
                "terms": {"id": "*default", "kind": "*monetary", "weight": "2.50", "factors": {"P": "1.5"}},
            }
        ],
        "updated_ns": 7,
    }


@settings(deadline=None)
@given(accounts())
def test_account_read_and_written_again_gives_the_same_bytes(account: Account) -> None:
    text = json.dumps(account_document(account))
    assert json.dumps(account_document(account_from_text(text))) == text
    assert json.dumps(account_document(account.copy())) == text


@settings(deadline=None)
@given(accounts())
def test_account_read_is_the_account_written(account: Account) -> None:
    read = account_from_text(json.dumps(account_document(account)))
    assert [b.terms for b in read.balances] == [b.terms for b in account.balances]
    assert [c.filter for c in read.counters] == [c.filter for c in account.counters]
    assert [t.terms for t in read.triggers] == [t.terms for t in account.triggers]


@settings(deadline=None)
@given(accounts())
def test_text_is_the_document_with_line_breaks_around_what_is_shared(account: Account) -> None:
    text = account_text(account)
    assert text.replace("\n", "") == json.dumps(account_document(account), separators=(",", ":"))
    read = account_from_text(text)
    assert account_document(read) == account_document(account)
    assert account_text(read) == text
    assert account_text(account_from_text(text.encode())) == text


def test_accounts_of_one_package_share_what_was_agreed() -> None:
    one, other = (account_from_text(account_text(full(name))) for name in ("1001", "1002"))
    assert one.balances[0].terms is other.balances[0].terms
    assert one.triggers[0].terms is other.triggers[0].terms
    assert one.counters[0].filter is other.counters[0].filter
    assert (one.plans is other.plans, one.imported is other.imported) == (True, True)


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
def test_text_that_an_operator_has_laid_out_is_read_too(indent: int | None) -> None:
    text = json.dumps(account_document(full("1001")), indent=indent)
    assert account_text(account_from_text(text)) == account_text(full("1001"))


@pytest.mark.parametrize(
    ("cut", "put", "message"),
    [
        ('"value":1,', '"value":\n1\n,', ""),
        ('\n{"id":"M",', '\n5{"id":"M",', "not JSON"),
        ('\n{"id":"M","kind":"*monetary"}\n', "1", "balance b1 is 1 where an object is expected"),
        ('{"id":"M",', '{"id":"M","held":0,', "balance b1 has fields this release does not know: held"),
    ],
)
def test_damaged_line_is_refused_and_never_taken_for_another(cut: str, put: str, message: str) -> None:
    text = account_text(full("1001"))
    assert cut in text
    if message:
        with pytest.raises(DocumentError, match=message):
            account_from_text(text.replace(cut, put, 1))
    else:
        assert account_text(account_from_text(text.replace(cut, put, 1))) == text


def test_amended_terms_get_their_own_document() -> None:
    balance = Balance("b1", BalanceTerms("M", BalanceKind.MONETARY), 1)
    account = Account(AccountKey("t", "1001"), [balance])
    account_text(account)
    balance.terms = BalanceTerms("M", BalanceKind.MONETARY, disabled=True)
    assert account_from_text(account_text(account)).balances[0].terms.disabled


def full(name: str) -> Account:
    """An account with something in each list."""
    narrow = BalanceFilter(kind=BalanceKind.MONETARY)
    return Account(
        AccountKey("t", name),
        [Balance("b1", BalanceTerms("M", BalanceKind.MONETARY), 1)],
        [UnitCounter("C", "*monetary", CounterKind.EVENT, narrow, 7, Window.DAY, 86_400_000_000_000)],
        [AccountTrigger(TriggerTerms("G", "1", ThresholdType.MAX_BALANCE, 5, "ACT"), True, 9)],
        plans=("P", "Q"),
        imported=("P", "G", "false", "false"),
    )


def whole() -> dict[str, Any]:
    account = Account(
        AccountKey("t", "1001"),
        [Balance("b1", BalanceTerms("M", BalanceKind.MONETARY), 1)],
        triggers=[AccountTrigger(TriggerTerms("G", "1", ThresholdType.MAX_BALANCE, 5, "ACT"))],
    )
    document: dict[str, Any] = json.loads(json.dumps(account_document(account)))
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["format"], 2, "has format 2; this release reads format 1"),
        (["format"], None, "an account has no field 'format'"),
        (["limits"], {}, "account t:1001 has fields this release does not know: limits"),
        (["disabled"], "yes", "disabled is 'yes' where true or false is expected"),
        (["updated_ns"], 1.5, "updated_ns is 1.5 where an integer is expected"),
        (["balances"], {}, "balances is {} where a list is expected"),
        (["balances", 0, "value"], "1", "balance b1: value is '1' where an integer"),
        (["balances", 0, "value"], True, "balance b1: value is True where an integer"),
        (["balances", 0, "held"], 0, "balance b1 has fields this release does not know: held"),
        (["balances", 0, "terms", "kind"], "*gold", "kind is '*gold' where one of *monetary, *voice"),
        (["balances", 0, "terms", "weight"], "NaN", "weight is 'NaN' where a finite decimal"),
        (["balances", 0, "terms", "weight"], 10, "weight is 10 where a decimal as text"),
        (["balances", 0, "terms", "destinations"], {"D": 1}, "destinations is 1 where true or false"),
        (["balances", 0], 5, "a balance is 5 where an object is expected"),
        (["triggers", 0, "terms", "type"], "*max_asr", "type is '*max_asr' where one of"),
        (["triggers", 0, "fired"], 1, "a trigger has fields this release does not know: fired"),
    ],
)  # fmt: skip
def test_document_that_is_not_understood_is_refused(path: list[str | int], value: object, message: str) -> None:
    document = whole()
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(DocumentError) as refused:
        account_from_document(document)
    assert message in str(refused.value)


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(DocumentError, match="not JSON"):
        account_from_text("{")
