"""The shipped rules: an attack of each kind and what it leads to, and busy honest people who must not be stopped."""

import pytest

from ratingd.shipped_rules import shipped_rules
from tests.fraud_scene import NUMBERS, Calls, told
from triggers.calls.call_event import EventDetails
from triggers.rules.rule import RuleHit
from triggers.rules.rule_file import read_rules

HOUR, MINUTE = 3600, 60
NOON, NIGHT = 12 * HOUR, 2 * HOUR
TELLS = ("*alert", "*log")


@pytest.fixture
def calls() -> Calls:
    book, findings = read_rules(shipped_rules())
    assert findings == []
    return Calls(book)


def acting(hits: list[RuleHit]) -> list[str]:
    """Of the hits, those that do more than tell people."""
    return told([hit for hit in hits if [one for one in hit.rule.actions if one.name not in TELLS]])


# -- one attack of each kind


def test_cli_spoofing(calls: Calls) -> None:
    """Three calls within a minute on one trunk, each presenting a bank's number that the network does not assert."""
    bank, real = NUMBERS.read("+498912345678"), NUMBERS.read("+37126000001")
    for number in range(3):
        spoofed = EventDetails(cli=bank, p_asserted_identity=real)
        calls.call("+37126000001", f"+4940123456{number}", NOON + 10 * number, trunk="t-abroad", details=spoofed)
    (hit,) = calls.hits()
    assert told([hit]) == ["spoofed_cli t-abroad"]
    assert hit.values["spoofed_callers.60"] == 3
    assert hit.rule.severity == "HIGH"


def test_numbers_of_ours_without_attestation(calls: Calls) -> None:
    """A trunk attests its calls; then three calls of numbers of our country come by it without."""
    for number in range(20):
        attested = EventDetails(attestation="B")
        calls.call(f"+49301234{number:03d}", "+494012345", NOON + 60 * number, trunk="t-peer", details=attested)
    for number in range(3):
        calls.call(f"+49309999{number:03d}", "+494012345", NOON + 1210 + number, trunk="t-peer")
    (hit,) = calls.hits()
    assert told([hit]) == ["unattested_cli t-peer"]
    assert hit.values["home_unattested.60"] == 3


def test_wangiri(calls: Calls) -> None:
    """A Latvian number lets fifty telephones ring for three seconds, 20 s apart; three people call back."""
    for number in range(50):
        calls.call("+37126000001", f"+49401234{number:03d}", NOON + 20 * number, ring=3)
    for number in range(3):
        calls.call(f"+49401234{number:03d}", "+37126000001", NOON + HOUR // 2 + 60 * number, talk=90)
    hits = calls.hits()
    assert told(hits) == ["wangiri +37126000001", "wangiri_range +3712600", "wangiri_confirmed +3712600"]
    assert hits[0].at_ms == hits[1].at_ms < hits[2].at_ms
    assert hits[0].values["attempts.3600"] == 50
    assert acting(hits) == ["wangiri_confirmed +3712600"]
    assert [action.text for action in hits[2].rule.actions] == ["*alert", "*block_range:1h"]


def test_wangiri_from_many_numbers_of_a_range(calls: Calls) -> None:
    for number in range(50):
        calls.call(f"+371260000{number:02d}", f"+49401234{number:03d}", NOON + 20 * number, ring=3)
    assert told(calls.hits()) == ["wangiri_range +3712600"]


def test_revenue_share_fraud(calls: Calls) -> None:
    """A stolen account calls a Latvian premium range; the tenth call within the hour is one too many."""
    for number in range(12):
        calls.call("+4930123456", f"+37190912{number:03d}", NOON + 100 * number, talk=60, account="1001")
    (hit,) = calls.hits()
    assert told([hit]) == ["irsf acme:1001"]
    assert hit.values["attempts.3600"] == 10
    assert [action.text for action in hit.rule.actions] == ["*alert", "*disconnect", "*disable_account"]


def test_revenue_share_fraud_at_night_counts_double(calls: Calls) -> None:
    for number in range(5):
        calls.call("+4930123456", f"+37190912{number:03d}", NIGHT + 100 * number, talk=60, account="1001")
    (hit,) = calls.hits()
    assert hit.values["attempts.3600"] == 5


def test_revenue_share_fraud_on_three_lines_at_once(calls: Calls) -> None:
    for number in range(3):
        calls.call("+4930123456", f"+37190912{number:03d}", NOON + number, talk=600, account="1001")
    (hit,) = calls.hits()
    assert hit.values["premium_concurrent"] == 3


def test_a_hacked_telephone_system(calls: Calls) -> None:
    """A firm that has never called at night calls Cuba on four lines at two in the morning."""
    for number in range(4):
        calls.call("+4930123456", f"+5372345{number:03d}", NIGHT + 20 * number, talk=900, account="1001")
    (hit,) = calls.hits()
    assert told([hit]) == ["hacked_pbx acme:1001"]
    assert hit.values["open_calls"] == 4
    assert [action.text for action in hit.rule.actions] == ["*alert", "*disconnect"]


def test_a_sim_box(calls: Calls) -> None:
    """A SIM in one cell makes fifty calls to fifty numbers a day, every second of them answered; nobody calls it."""
    cell = EventDetails(cell_id="262-01-17")
    for number in range(50):
        talk = 120 if number % 2 else 0
        at = 8 * HOUR + 600 * number
        calls.call("+4915123456789", f"+4917{number:08d}", at, ring=12, talk=talk, details=cell)
    (hit,) = calls.hits()
    assert told([hit]) == ["sim_box +4915123456789"]
    assert hit.rule.confidence == "MEDIUM"


def test_false_answer(calls: Calls) -> None:
    """Of thirty calls by one trunk ten are answered half a second after the INVITE."""
    for number in range(30):
        false = number % 3 == 0
        calls.call(
            f"+4930{number:07d}", f"+535{number:02d}123456", NOON + 60 * number, ring=0.5 if false else 8, silent=false,
            talk=4 if false else 60 + 7 * number, trunk="t-cheap",
        )  # fmt: skip
    hits = calls.hits()
    assert told(hits) == ["false_answer t-cheap"]
    assert hits[0].values["fas_index.3600"] >= 0.3


def test_traffic_pumping(calls: Calls) -> None:
    """Four callers talk to a rural range for twelve minutes at a time, again and again."""
    for number in range(16):
        a, b = f"+493012345{number % 4:02d}", f"+16055550{number % 3:03d}"
        calls.call(a, b, NOON + 200 * number, talk=720)
    hits = calls.hits()
    assert told(hits) == ["pumped_range +1605555"]
    assert hits[0].values["aloc.3600"] == 720


def test_robocalls(calls: Calls) -> None:
    """A machine calls a hundred numbers in a row within eight minutes; who answers hangs up after six seconds."""
    for number in range(100):
        calls.call("+4930999", f"+49401234{number:03d}", NOON + 4.5 * number, talk=6)
    hits = calls.hits()
    assert "robocall +4930999" in told(hits)
    assert {hit.rule.fraud_type for hit in hits} == {"robocall"}


def test_calls_of_a_machine_at_an_unsocial_hour(calls: Calls) -> None:
    for number in range(100):
        calls.call("+4930999", f"+4940{number * 7919 % 10_000_000:07d}", 6.5 * HOUR + 4.5 * number, talk=6)
    (hit,) = calls.hits()
    assert told([hit]) == ["tcpa +4930999"]
    assert hit.rule.severity == "HIGH"


def test_somebody_poses_as_an_authority(calls: Calls) -> None:
    """A hundred and one calls between midnight and five, every fourth of them answered for five minutes."""
    for number in range(101):
        talk = 300 if number % 4 == 0 else 15 if number % 4 == 1 else 0
        calls.call("+4930777777", f"+4940{number * 7919 % 10_000_000:07d}", 170 * number, talk=talk)
    (hit,) = [hit for hit in calls.hits() if hit.rule.fraud_type == "authority_impersonation"]
    assert (hit.rule.confidence, hit.values["attempts.86400"]) == ("LOW", 101)


def test_a_lottery(calls: Calls) -> None:
    prefixes = ("+49401234", "+33142685", "+39061234", "+34911234", "+43151234", "+41441234")
    for number in range(51):
        b = f"{prefixes[number % 6]}{number:03d}"
        calls.call("+4930777777", b, NOON + 400 * number, ring=8, talk=120 + number)
    hits = calls.hits()
    assert told(hits) == ["lottery +4930777777"]
    assert hits[0].values["unique_target_regions.86400"] == 6


def test_kyc_phishing(calls: Calls) -> None:
    """One number calls from four circles within a day; nobody speaks for longer than a minute."""
    circles = ("Delhi", "Mumbai", "Kolkata", "Chennai")
    for number in range(20):
        regions = (circles[number % 4], "Delhi")
        calls.record("+4930777777", f"+4940{number:07d}", NOON + 600 * number, 30 + number, regions=regions)
    (hit,) = calls.hits()
    assert told([hit]) == ["kyc +4930777777"]
    assert hit.values["unique_origin_regions.86400"] == 4


# -- busy honest people


def test_a_call_centre_is_not_stopped(calls: Calls) -> None:
    """Four hundred callers an hour, well answered, for three minutes each; and its agents call back."""
    for number in range(400):
        calls.call(f"+4930{number:07d}", "+498001234567", NOON + 9 * number, talk=180)
    for number in range(100):
        calls.call("+498001234567", f"+4930{number:07d}", NOON + HOUR + 30 * number, talk=120 if number % 2 else 0)
    assert acting(calls.hits()) == []


def test_a_televote_is_not_stopped(calls: Calls) -> None:
    for number in range(1_000):
        calls.call(f"+4915{number:09d}", "+4990056123", 20.5 * HOUR + number, ring=1, talk=8)
    assert acting(calls.hits()) == []


def test_a_conference_bridge_is_not_stopped(calls: Calls) -> None:
    """Twelve people are dialled in for an hour, and the bridge calls eight more, abroad too, in the evening."""
    for number in range(12):
        calls.call(f"+4930{number:07d}", "+498912345600", 18 * HOUR + 10 * number, talk=HOUR)
    for number in range(8):
        b = f"+33142685{number:03d}" if number < 4 else f"+4940{number:07d}"
        calls.call("+498912345600", b, 18 * HOUR + 60 + 5 * number, talk=HOUR, account="bridge")
    assert acting(calls.hits()) == []


def test_a_bulk_notifier_is_not_stopped(calls: Calls) -> None:
    """A school tells eight hundred parents that it is closed, at seven in the evening."""
    for number in range(800):
        calls.call("+4930555555", f"+4917{number * 7919:08d}", 19 * HOUR + number, talk=15 if number % 5 else 0)
    assert acting(calls.hits()) == []


def test_a_courier_is_not_stopped(calls: Calls) -> None:
    for number in range(120):
        talk = 20 if number % 3 else 0
        calls.call("+4915123456789", f"+4917{number * 7919:08d}", 8 * HOUR + 240 * number, ring=15, talk=talk)
        if number % 10 == 0:
            calls.call(f"+4917{number * 7919:08d}", "+4915123456789", 8 * HOUR + 240 * number + 120, talk=30)
    assert acting(calls.hits()) == []


def test_a_redial_burst_is_not_stopped(calls: Calls) -> None:
    """Somebody wants tickets: two hundred calls to a busy number in ten minutes."""
    for number in range(200):
        calls.call("+4930123456", "+498001234567", NOON + 3 * number, ring=1)
    assert acting(calls.hits()) == []


def test_a_foreigner_whose_calls_are_not_answered_is_not_stopped(calls: Calls) -> None:
    for number in range(60):
        calls.call("+37126000001", f"+4940123{number % 8:04d}", NOON + 50 * number, ring=25)
    assert acting(calls.hits()) == []


def test_nobody_who_calls_for_help_is_stopped(calls: Calls) -> None:
    for number in range(50):
        calls.call("+4930123456", "112", NIGHT + number, talk=60, account="1001")
        calls.call("112", "+4930123456", NIGHT + number, talk=60, account="1001")
    assert calls.hits() == []
