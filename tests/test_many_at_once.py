"""Ten thousand operations at once on accounts that share: what `test_shared_accounts.py` does with fewer."""

from tests.test_shared_accounts import share_and_debit, transfer_both_ways


def test_members_debit_at_once_and_nothing_is_lost(store_url: str) -> None:
    share_and_debit(store_url, 10_000)


def test_transfers_both_ways_at_once_keep_the_sum(store_url: str) -> None:
    transfer_both_ways(store_url, 10_000)
