"""How far monitors are from firing."""

from accounts.account import Account, AccountTrigger, ThresholdType, TriggerTerms
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.counting import counters_for
from tests.action_scene import KEY, amount
from tests.table import table
from triggers.distance import distance, observed


def account(trigger: AccountTrigger, counted: str, score: str) -> Account:
    balances = [Balance(id, BalanceTerms(id, BalanceKind.MONETARY), amount(value)) for id, value in
                (("A", "2"), ("B", "7"))]  # fmt: skip
    found = Account(KEY, balances, counters_for([trigger]), [trigger])
    for counter in found.counters:
        counter.value = amount(counted)
    if score:
        found.scores = {"score.masking": amount(score)}
    return found


@table("""
    type                | id            | at | counted | score | stands   | left
    *min_balance        |               | 1  | 0       |       | 2        | 1
    *min_balance        | B             | 1  | 0       |       | 7        | 6
    *min_balance        | B             | 8  | 0       |       | 7        | -1
    *max_balance        |               | 10 | 0       |       | 7        | 3
    *max_balance        | C             | 10 | 0       |       | none     | none
    *max_event_counter  |               | 20 | 12.6    |       | 12.6     | 7.4
    *min_event_counter  |               | 20 | 12.6    |       | 12.6     | -7.4
    *max_balance_counter| B             | 20 | 3       |       | 3        | 17
    *max_score          | score.masking | 70 | 0       | 69.5  | 69.5     | 0.5
    *max_score          | score.masking | 70 | 0       |       | none     | none
    *balance_expired    |               | 0  | 0       |       | 7        | none
""")
def test_distance(type: str, id: str, at: str, counted: str, score: str, stands: str, left: str) -> None:
    kind = "" if "score" in type else "*monetary"
    filter = BalanceFilter(kind=BalanceKind.MONETARY if kind else None, id=id or None)
    trigger = AccountTrigger(TriggerTerms("G", "T", ThresholdType(type), amount(at), "SET", kind, filter))
    found = account(trigger, counted, score)
    wanted = [None if text == "none" else amount(text) for text in (stands, left)]
    assert [observed(found, trigger), distance(found, trigger)] == wanted
