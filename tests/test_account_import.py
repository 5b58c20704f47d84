"""Importing AccountActions.csv: what a first load does, and how little a second one."""

import pytest

from accounts.book import Page
from actions.account_import import Imported, PlanUnknown, attach_plans, import_account, set_account
from actions.outside import Outside
from actions.trigger_groups import TriggerGroupUnknown, attach_groups
from tariffs.zone import SECOND_NS
from tests.action_scene import KEY, SATURDAY_TEN, Scene, book
from tests.table import table

SETS = """
    TOP10 do=*topup id=MON type=*monetary units=10
    TOP5  do=*topup id=MON type=*monetary units=5
    DIS   do=*disable_account
"""
TRIGGERS = """
    FRAUD uid=F1 on=*max_event_counter at=20 type=*monetary run=DIS
    FRAUD uid=F2 on=*max_balance at=100 type=*monetary run=DIS w=10
    LOW   uid=L1 on=*min_balance at=2 type=*monetary run=DIS
"""
PLANS = "P,TOP10,*asap,10\nP,TOP5,*asap,20\nP,TOP10,*monthly,10\nQ,TOP5,*asap,1\nM,TOP5,*monthly,1\n"


class Import:
    """An account and the rows that are imported for it. `told` are the differences of the last import."""

    def __init__(self, row: str, before: str = "", *, known: bool = False) -> None:
        self.scene = Scene(book(SETS, TRIGGERS, PLANS), before)
        self.known = known
        self.told: tuple[str, ...] = ()
        self.asap: tuple[str, ...] = ()
        self.load(row)

    def load(self, row: str, *, rerun_asap: bool = False, triggers: str = TRIGGERS) -> "Import":
        self.scene.book = book(SETS, triggers, PLANS, f"cgrates.org,1001,{row}\n")
        catalogue = self.scene.book.catalogue
        page = Page(self.scene.account.copy(), created=not self.known)
        imported, now_ns = catalogue.account_rows[KEY], self.scene.now_ns
        done = import_account(page, imported, catalogue, now_ns=now_ns, rerun_asap=rerun_asap)
        self.told, self.asap, self.known = done.differences, done.asap, True
        self.scene.keep(page, ())
        for actions_id in done.asap:
            self.scene.do(f"run {actions_id}")
        return self

    @property
    def marks(self) -> str:
        return " ".join(f"{t.terms.unique_id}{'!' * t.executed}" for t in self.scene.account.triggers)


def test_a_new_account_gets_all_of_its_row() -> None:
    done = Import("P,FRAUD,true,")
    assert done.told == (
        "new account", "join plan P", "add trigger FRAUD/F1", "add trigger FRAUD/F2", "allow negative", "run TOP5 now",
        "run TOP10 now",
    )  # fmt: skip
    assert done.scene.told() == "MON=15 #F1=0 negative"
    assert (done.scene.account.plans, done.marks) == (("P",), "F2 F1")


def test_the_same_row_again_changes_nothing() -> None:
    """X 43: not even after the money is spent, a monitor has fired, a counter has moved and the account is disabled."""
    done = Import("P,FRAUD,,").scene.do("debit MON 12; run DIS")
    done.account.triggers[0].executed = True
    done.account.counters[0].value = 3 * SECOND_NS
    account = done.account
    again = Import.__new__(Import)
    again.scene, again.known = done, True
    again.load("P,FRAUD,,")
    assert (again.told, again.asap) == ((), ())
    assert done.account.updated_ns == account.updated_ns
    assert done.told() == "MON=3 #F1=3 disabled fired:F2"


@table("""
    first        | second        | told
    P,FRAUD,,    | P,FRAUD,,     |
    P,FRAUD,,    | P,FRAUD,f,0   |
    P,FRAUD,,    | P,FRAUD,,true | disable
    P,FRAUD,,    | Q,FRAUD,,     | leave plan P, join plan Q, run TOP5 now
    P,FRAUD,,    | ,FRAUD,,      | leave plan P
    P,FRAUD,,    | P,LOW,,       | remove trigger FRAUD/F2, remove trigger FRAUD/F1, add trigger LOW/L1
    P,FRAUD,,    | P,,,          | remove trigger FRAUD/F2, remove trigger FRAUD/F1
    ,,,          | M,,,          | join plan M
    ,,true,      | ,,,           | deny negative
""")
def test_a_row_that_differs_changes_what_differs(first: str, second: str, told: str) -> None:
    assert ", ".join(Import(first).load(second).told) == told


def test_a_row_that_differs_enables_what_a_monitor_disabled() -> None:
    done = Import("P,FRAUD,,")
    done.scene.do("run DIS")
    assert done.load("P,FRAUD,,").scene.account.disabled
    assert not done.load("P,LOW,,").scene.account.disabled


def test_asap_entries_run_again_only_when_that_is_asked_for() -> None:
    done = Import("P,,,")
    assert done.load("P,,,").scene.told() == "MON=15"
    assert done.load("P,,,", rerun_asap=True).scene.told() == "MON=30"


def test_triggers_of_equal_ids_keep_their_marks_and_counters() -> None:
    done = Import("P,FRAUD,,")
    done.scene.account.counters[0].value = 3 * SECOND_NS
    for trigger in done.scene.account.triggers:
        trigger.executed = True
    changed = TRIGGERS.replace("at=20", "at=30") + "    FRAUD uid=F3 on=*max_balance at=9 type=*monetary run=DIS\n"
    done.load("P,FRAUD,,", triggers=changed)
    assert done.told == ("add trigger FRAUD/F3", "change trigger FRAUD/F1")
    assert (done.marks, done.scene.told()) == ("F2! F1! F3", "MON=15 #F1=3 fired:F2 fired:F1")


def test_counters_of_windows_go_on_over_a_load() -> None:
    """A cap of a day, half spent: the nightly load leaves both the counter and the begin of its day."""
    daily = "CAP uid=C1 on=*max_event_counter at=20 type=*monetary timing=*day run=DIS\n"
    done = Import.__new__(Import)
    done.scene, done.known = Scene(book(SETS, daily)), False
    done.load(",CAP,,", triggers=daily)
    counter = done.scene.account.counters[0]
    counter.value, counter.since_ns = 3 * SECOND_NS, SATURDAY_TEN
    done.load(",CAP,,", triggers=daily.replace("at=20", "at=30"))
    assert done.told == ("change trigger CAP/C1",)
    (counter,) = done.scene.account.counters
    assert (counter.value, counter.since_ns, counter.window.value) == (3 * SECOND_NS, SATURDAY_TEN, "*day")


def test_triggers_attached_otherwise_stay() -> None:
    done = Import("P,FRAUD,,")
    page = Page(done.scene.account.copy())
    attach_groups(page, ["LOW"], done.scene.book.catalogue)
    done.scene.keep(page, ())
    assert done.load("P,FRAUD,,").told == ()
    assert done.load("P,,,").told == ("remove trigger FRAUD/F2", "remove trigger FRAUD/F1")
    assert done.marks == "L1"


def test_a_trigger_whose_time_is_over_is_not_given_again() -> None:
    triggers = TRIGGERS.replace("uid=F1", "uid=F1 until=2026-11-20T00:00:00Z")
    done = Import.__new__(Import)
    done.scene, done.known = Scene(book(SETS)), False
    assert done.load("P,FRAUD,,", triggers=triggers).marks == "F2"
    assert done.load("P,FRAUD,,", triggers=triggers).told == ()


def test_an_account_that_was_removed_meanwhile_is_new_again() -> None:
    done = Import("P,FRAUD,,")
    done.scene, done.known = Scene(done.scene.book), False
    assert done.load("P,FRAUD,,").asap == ("TOP5", "TOP10")


def test_a_known_account_keeps_its_money_and_plans_attached_otherwise() -> None:
    done = Import("P,,,", "MON=7", known=True)
    assert done.scene.told() == "MON=22"
    done.scene.operate(lambda page, context: _nothing(attach_plans(page, ["M"], done.scene.book.catalogue)))
    assert done.load("Q,,,").scene.account.plans == ("M", "Q")


@table("""
    words                     | plans | asap       | triggers
    plans=P                   | P     | TOP5 TOP10 |
    plans=P,P,Q               | P Q   | TOP5 TOP10 TOP5 |
    plans=P;plans=P           | P     |            |
    plans=P;plans=Q           | P Q   | TOP5       |
    plans=P;plans=Q over      | Q     | TOP5       |
    plans=P;plans= over       |       |            |
    groups=FRAUD              |       |            | F2 F1
    groups=FRAUD;groups=LOW   |       |            | F2 F1 L1
    groups=FRAUD;groups=LOW over |    |            | L1
    groups=FRAUD;groups= over |       |            |
""")
def test_set_account_adds_or_overwrites(words: str, plans: str, asap: str, triggers: str) -> None:
    scene = Scene(book(SETS, TRIGGERS, PLANS))
    done = Imported()
    for part in words.split(";"):
        given, _, over = part.partition(" ")
        name, _, values = given.partition("=")
        names = tuple(filter(None, values.split(",")))
        page = Page(scene.account.copy())
        done = set_account(
            page,
            scene.book.catalogue,
            plans=names if name == "plans" else None,
            trigger_groups=names if name == "groups" else None,
            overwrite_plans=bool(over),
            overwrite_triggers=bool(over),
        )
        scene.keep(page, ())
    assert " ".join(scene.account.plans) == plans
    assert " ".join(done.asap) == asap
    assert " ".join(trigger.terms.unique_id for trigger in scene.account.triggers) == triggers


def test_set_account_leaves_what_is_not_given() -> None:
    scene = Scene(book(SETS, TRIGGERS, PLANS), "M=1")
    page = Page(scene.account.copy())
    set_account(page, scene.book.catalogue)
    set_account(page, scene.book.catalogue, allow_negative=False, disabled=False)
    assert page.changes == []
    set_account(page, scene.book.catalogue, allow_negative=True)
    assert (page.account.allow_negative, page.account.disabled) == (True, False)


def test_what_no_folder_has_named_is_unknown() -> None:
    scene = Scene(book(SETS))
    page = Page(scene.account)
    with pytest.raises(PlanUnknown, match="P"):
        set_account(page, scene.book.catalogue, plans=["P"])
    with pytest.raises(TriggerGroupUnknown, match="G"):
        set_account(page, scene.book.catalogue, trigger_groups=["G"])


def _nothing(asap: tuple[str, ...]) -> tuple[Outside, ...]:
    assert asap == ()
    return ()
