"""Campaigns as they are stored: a run replaces what it found before, and members come and go."""

from collections.abc import Iterator

import pytest

from ratingd.store.model_rows import CampaignMember, CampaignRow
from ratingd.store.store import Store, open_store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def campaign(number: int, status: str = "Active", last_ms: int = 2000) -> CampaignRow:
    return CampaignRow(f"CMP-2026-{number}", status, 1000, last_ms, last_ms, '{"name":"Wangiri +371"}')


def caller(campaign: int, number: str) -> CampaignMember:
    return CampaignMember(f"CMP-2026-{campaign}", "caller", number)


def test_run_replaces_what_it_found_before(store: Store) -> None:
    store.campaigns.save([campaign(1, "Emerging"), campaign(2)], joined=[caller(1, "+3711"), caller(1, "+3712")])
    store.campaigns.save([campaign(1, "Active", 3000)], joined=[caller(1, "+3713")], left=[caller(1, "+3711")])
    assert store.campaigns.one("CMP-2026-1") == campaign(1, "Active", 3000)
    assert [found.id for found in store.campaigns.all()] == ["CMP-2026-1", "CMP-2026-2"]
    assert [found.id for found in store.campaigns.all(since_ms=2500)] == ["CMP-2026-1"]
    assert [found.id for found in store.campaigns.all(status=["Dormant"])] == []
    assert [member.number for member in store.campaigns.members("CMP-2026-1", "caller")] == ["+3712", "+3713"]
    assert store.campaigns.of_number("+3712") == [caller(1, "+3712")]
    assert store.campaigns.one("CMP-2026-3") is None


def test_number_of_the_newest_is_found_where_it_has_more_digits(store: Store) -> None:
    assert store.campaigns.last_number("CMP-2026-") == 0
    store.campaigns.save([campaign(number) for number in (9, 10, 2)])
    assert store.campaigns.last_number("CMP-2026-") == 10
    assert store.campaigns.last_number("CMP-2027-") == 0
