"""Records of what a set moved: which actions, which fields, and what is refused."""

from accounts.account import AccountKey
from actions.outside import WriteCdr
from tests.action_scene import KEY, SATURDAY_TEN, Scene, amount, book
from tests.table import table
from tests.town_scene import Town

SETS = """
    X38    do=*topup id=MON type=*monetary units=2 w=20
    X38    do=*cdrlog extra={"extra1":"~*acnt.BalanceID"} w=10
    MANY   do=*topup id=A type=*monetary units=10 w=90
    MANY   do=*topup_reset id=A type=*monetary units=3 w=80
    MANY   do=*debit id=A type=*monetary units=1 w=70
    MANY   do=*debit_reset id=A type=*monetary units=4 w=60
    MANY   do=*set_balance id=A type=*monetary units=9 w=50
    MANY   do=*topup_zero_negative id=Z type=*monetary units=1 w=45
    MANY   do=*set_expiry id=A expiry=-1s w=43
    MANY   do=*remove_expired id=A w=42
    MANY   do=*topup id=V type=*voice units=90s w=40
    MANY   do=*remove_balance id=Z w=35
    MANY   do=*cdrlog extra={"v":"~*acnt.BalanceValue"} w=30
    MANY   do=*disable_account w=20
    LATER  do=*cdrlog extra={"v":"~*acnt.BalanceValue"} w=20
    LATER  do=*topup id=A type=*monetary units=1 w=10
    IFRICH do=*topup id=A type=*monetary units=1 w=20 if=*gte:~*req.BalanceMap.*monetary.GetTotalValue:5
    IFRICH do=*cdrlog w=10
    FIELDS do=*debit id=A type=*monetary units=1.5 to=DST_49;!DST_4915 subject=GOLD group=S w=20
    ABROAD do=*topup id=A type=*monetary units=1 w=20
    ABROAD do=*cdrlog extra={"Tenant":"other.org"} w=10
    PRICE  do=*topup id=A type=*monetary units=1 w=20
    PRICE  do=*cdrlog extra={"Cost":"much"} w=10
    DEAR   do=*topup id=A type=*monetary units=1 w=20
    DEAR   do=*cdrlog extra={"Cost":"1e19"} w=10
    BAD    do=*topup id=A type=*monetary units=1 w=20
    BAD    do=*cdrlog w=15
    BAD    do=*remove_balance id=NONE w=10
    MOVE   do=*transfer_balance id=V units=30000000000 w=20 extra={"DestinationAccountID":"cgrates.org:XD","DestinationBalanceID":"D"}
    MOVE   do=*cdrlog extra={"v":"~*acnt.BalanceValue"} w=10
"""  # noqa: E501
BOOK = book(SETS)


def records(scene: Scene) -> list[WriteCdr]:
    return [effect for effect in scene.outside if isinstance(effect, WriteCdr)]


def test_a_record_tells_what_was_moved() -> None:
    """X 38: the account and the record are of one commit, whatever an exporter does."""
    scene = Scene(BOOK).do("run X38")
    assert scene.told() == "MON=2"
    assert records(scene) == [
        WriteCdr(
            key=KEY,
            call_id="n2",
            run_id="*topup",
            switch_id="127.0.0.1",
            source="*cdrlog",
            request_type="*none",
            tor="*monetary",
            category="",
            subject="1001",
            destination="",
            setup_ns=SATURDAY_TEN,
            answer_ns=SATURDAY_TEN,
            usage=1,
            cost=amount("2"),
            pre_rated=True,
            extra={"extra1": "MON"},
        )
    ]


def test_there_is_one_record_for_each_action_that_moves_something() -> None:
    scene = Scene(BOOK).do("run MANY")
    assert [(r.run_id, r.tor, r.cost, r.extra["v"]) for r in records(scene)] == [
        ("*topup", "*monetary", amount("10"), "10"),
        ("*topup_reset", "*monetary", amount("3"), "3"),
        ("*debit", "*monetary", amount("1"), "2"),
        ("*debit_reset", "*monetary", amount("4"), "-4"),
        ("*set_balance", "*monetary", amount("9"), "9"),
        ("*remove_expired", "", 0, "0"),
        ("*topup", "*voice", amount("90s"), "90000000000"),
        ("*remove_balance", "", 0, "0"),
    ]
    assert len({record.call_id for record in records(scene)}) == 8


@table("""
    before | set    | told
    A=5    | IFRICH | *topup
    A=4    | IFRICH |               # its filter passed it over: nothing was moved
    A=4    | LATER  | *topup 0      # lighter than the record of it
""")
def test_what_is_told_has_been_or_will_be_done(before: str, set: str, told: str) -> None:
    scene = Scene(BOOK, before).do(f"run {set}")
    found = [" ".join([record.run_id, *record.extra.values()]) for record in records(scene)]
    assert " ".join(found) == told


@table("""
    template                                                        / field        / value
    {"Category":"gift"}                                             / category     / gift
    {"Category":"a;~*act.ActionID;b"}                               / category     / aFIELDSb
    {"Subject":"~*acnt.AccountID","Destination":"~*acnt.Account"}   / subject      / cgrates.org:1001
    {"RunID":"~*act.ActionType;_log"}                               / run_id       / *debit_log
    {"RequestType":"*postpaid"}                                     / request_type / *postpaid
    {"OriginHost":"billing","Source":"plan"}                        / switch_id    / billing
    {"ToR":"*sms"}                                                  / cost         / 1500000000
    {"ToR":"*voice"}                                                / cost         / 2
    {"Cost":"0.25"}                                                 / cost         / 250000000
    {"Cost":""}                                                     / cost         / 0
    {"Account":"1002"}                                              / key          / cgrates.org:1002
    {"Tenant":"cgrates.org"}                                        / key          / cgrates.org:1001
    {"x":"~*acnt.DestinationIDs"}                                   / extra        / {'x': 'DST_49;!DST_4915'}
    {"x":"~*acnt.RatingSubject;/;~*acnt.SharedGroups"}              / extra        / {'x': 'GOLD/S'}
    {"x":"~*acnt.BalanceValue","y":"~*act.ActionValue"}             / extra        / {'x': '3.5', 'y': '1.5'}
    {"x":"~*acnt.BalanceUUID;~*acnt.Category;~*acnt.ExtraParameters"} / extra      / {'x': ''}
    {"ExtraInfo":"manual"}                                          / extra        / {'ExtraInfo': 'manual'}
""", split=" / ")  # fmt: skip
def test_a_template_fills_a_record(template: str, field: str, value: str) -> None:
    scene = Scene(book(f"{SETS}\nFIELDS do=*cdrlog w=10 extra={template}"), "A=5").do("run FIELDS")
    (record,) = records(scene)
    assert str(getattr(record, field)) == value


@table("""
    set    | cause
    ABROAD | *cdrlog of ABROAD: a record of cgrates.org:1001 cannot be one of the tenant 'other.org'
    PRICE  | *cdrlog of PRICE: the cost 'much' of a record is no amount
    DEAR   | *cdrlog of DEAR: the cost '1e19' of a record is more than a record can tell
    BAD    | *remove_balance of BAD: the account has no such balance
""")
def test_a_record_that_cannot_be_undoes_its_set(set: str, cause: str) -> None:
    scene = Scene(BOOK, "A=5").do(f"run {set}")
    assert (scene.refused, scene.told(), scene.outside) == (cause, "A=5", [])


def test_a_transfer_is_recorded_on_its_source() -> None:
    town = Town(BOOK, "a8: V=90s; XD: DB=1").run("a8", "MOVE")
    (record,) = town.outside
    assert isinstance(record, WriteCdr)
    assert (record.key, record.run_id, record.tor) == (AccountKey("cgrates.org", "a8"), "*transfer_balance", "*voice")
    assert (record.cost, record.extra) == (amount("30s"), {"v": "60000000000"})
