"""Two daemons on one database: what people set at one of them holds at the other."""

from typing import Any

from ratingd.fraud.runtime import FraudRuntime
from ratingd.settings import Settings
from ratingd.store.fraud_rows import ListRow
from ratingd.store.store import open_store
from tests.waiting import until

RULE = "many,robocall,a,attempts.600 >= 100,HIGH,HIGH,*alert,false,1h,many calls\n"
NO_SUBMIT: Any = None


def test_a_list_and_rules_set_at_one_daemon_hold_at_the_other(postgresql_url: str) -> None:
    stores = [open_store(postgresql_url) for _ in range(2)]
    stores[0].migrate()
    settings = Settings(database_url=postgresql_url, http_listen="", default_region="DE")
    one, other = (FraudRuntime(settings, store) for store in stores)
    for each in (one, other):
        each.start(NO_SUBMIT)
    called, trunk = other.numbers.read("+4930555"), "t-7"
    caller = other.numbers.read("+4915199999")
    one.lists.add([ListRow("blacklist", "number", "+4915199999", "fraud", "ann", 0, 0)], "ann")
    one.rules.set(RULE, "ann")
    until(lambda: other.desk.watch.lists.blacklisted(caller, called, trunk, 0) is not None)
    until(lambda: [rule.id for rule in other.desk.watch.rules.rules] == ["many"])
    for each, store in ((other, stores[1]), (one, stores[0])):
        each.stop()
        store.close()
