"""Messages as plain JSON: what scripts read and write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.cli.plain import NotPlain, amount_of, message, money_nano, plain, read_json, snake
from ratingd.v1.accounts_pb2 import AddBalanceRequest
from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import GetMaxSessionTimeResponse, RefundRequest
from ratingd.v1.rating_pb2 import Cost
from tests.table import table

WRONG = """
    given                                        | said
    {"destinaton": "49"}                         | destinaton: there is no such field; the nearest is destination
    {"destination": 49}                          | destination: a text is wanted, found 49
    {"usage": "soon"}                            | usage: 'soon' is not a duration
    {"usage": "x"}                               | usage: a whole number is wanted, found "x"
    {"usage": "1s30"}                            | usage: '1s30' is not a duration
    {"usage": 1.5}                               | usage: a whole number is wanted, found "1.5"
    {"time_start": "tomorrow"}                   | time_start: 'tomorrow' is not an instant
    {"time_start": ""}                           | time_start: an instant is wanted, such as 2026-11-21T10:00:00Z, found ''
    {"max_cost_so_far": "1.0000000001"}          | max_cost_so_far: a number of at most nine decimals is wanted, found '1.0000000001'
    {"max_cost_so_far": "a"}                     | max_cost_so_far: a decimal number is wanted, found 'a'
    {"extra_fields": ["a"]}                      | extra_fields: an object is wanted, found ["a"]
    {"loop_index": true}                         | loop_index: a whole number is wanted, found true
    ["destination"]                              | an object is wanted, found ["destination"]
"""  # noqa: E501


@table(WRONG)
def test_what_no_message_can_be_made_of_is_named(given: str, said: str) -> None:
    with pytest.raises(NotPlain) as refused:
        message(Call, read_json(given))
    assert str(refused.value).startswith(said)


def test_a_call_is_written_as_people_would() -> None:
    call = message(
        Call,
        {
            "account": "1001",
            "destination": "4917012345",
            "usage": "1m30s",
            "timeStart": "2026-11-21 10:00:00",
            "duration_index": "90s",
            "max_cost_so_far": "0.05",
            "extra_fields": {"channel": "7"},
        },
    )
    assert plain(call)["usage"] == "90s"
    assert plain(call)["time_start"] == "2026-11-21T10:00:00Z"
    assert plain(call)["max_cost_so_far"] == "0.05"
    assert plain(call)["extra_fields"] == {"channel": "7"}
    assert "time_end" not in plain(call)


def test_sets_of_names_are_lists_and_exclude_with_an_exclamation_mark() -> None:
    request = message(AddBalanceRequest, {"balance": {"destinations": ["DST_49", "!DST_4915"], "categories": []}})
    assert dict(request.balance.destinations.names) == {"DST_49": True, "DST_4915": False}
    assert request.balance.HasField("categories")
    assert plain(request)["balance"]["destinations"] == ["DST_49", "!DST_4915"]


def test_absent_and_empty_quantities_are_told_apart() -> None:
    assert plain(GetMaxSessionTimeResponse(unlimited=True)) == {"unlimited": True}
    assert plain(message(GetMaxSessionTimeResponse, {"usage": "0s"})) == {"usage": "0s"}
    assert plain(GetMaxSessionTimeResponse()) == {}


def test_a_list_of_messages_is_a_list_of_objects() -> None:
    request = message(RefundRequest, {"charge_id": "c", "runs": [{"run": 0, "count": "3"}]})
    assert plain(request)["runs"] == [{"run": 0, "count": 3}]


@table("""
    kind     | value | plain
    *monetary | 5.5 | {"money": "5.5"}
    *voice    | 10m | {"duration": "10m"}
    *sms      |   3 | {"units": "3"}
    *generic  | 2.5 | {"units": "2.5"}
""")
def test_an_amount_is_written_as_its_kind_is_counted(kind: str, value: str, plain: str) -> None:
    assert amount_of(kind, value) == read_json(plain)


def test_an_amount_of_no_kind_is_asked_for_its_kind() -> None:
    with pytest.raises(NotPlain, match="which kind of balance"):
        amount_of("", "5")


@given(st.integers(-(10**18), 10**18))
def test_money_survives_text(nano: int) -> None:
    cost = message(Cost, {"cost": plain(message(Cost, {"cost": _decimal(nano)}))["cost"]})
    assert money_nano(cost.cost) == nano


def _decimal(nano: int) -> str:
    return f"{'-' if nano < 0 else ''}{abs(nano) // 10**9}.{abs(nano) % 10**9:09d}"


@pytest.mark.parametrize("name", ["MaxDebit", "maxDebit", "max_debit"])
def test_names_may_be_spelt_as_in_any_language(name: str) -> None:
    assert snake(name) == "max_debit"
