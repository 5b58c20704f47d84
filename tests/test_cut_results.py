"""Results of cuts: what a switch answers stands beside the call, and others' orders are left alone."""

import json
from collections.abc import Iterator

import pytest

from ratingd.fraud.cut_results import CutResults
from ratingd.fraud.switch_orders import cut
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.rows import OutboxEntry
from ratingd.store.store import Store, open_store
from tests.fraud_store_rows import ACCOUNT, flagged
from triggers.masking.incident import Attempt


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def test_a_result_stands_with_its_call_and_the_newest_holds(store: Store) -> None:
    results = CutResults(store.fraud)
    store.fraud.commit(FraudBatch(flagged=[flagged("c:1"), flagged("c:2")]))
    order = cut(Attempt(1000, "+371", "c:1", "sbc:1", "t-7"), "i1", ACCOUNT, 1000)
    for result in ("FAILED", "OK", "OK"):
        results.took(order, result)
    found = {call.call_id: call.result for call in store.fraud.flagged("i1")}
    assert (found, results.totals) == ({"c:1": "OK", "c:2": ""}, {"OK": 2, "ALREADY_ENDED": 0, "FAILED": 1})


def test_orders_of_others_and_calls_that_nobody_flagged_are_none_of_its_business(store: Store) -> None:
    results = CutResults(store.fraud)
    body = json.dumps({"call_id": "c1", "reason": "DISCONNECT"})
    results.took(OutboxEntry("0af3", ACCOUNT, 0, "disconnect", "sbc", body, 0), "OK")
    results.took(cut(Attempt(1000, "+371", "c9", "sbc"), "", ACCOUNT, 1000), "ALREADY_ENDED")
    assert store.fraud.flagged_call("c9") is None
    assert results.totals == {"OK": 0, "ALREADY_ENDED": 1, "FAILED": 0}
