"""The head of a mail holds the headers it should and no others, whatever an account is called."""

from email import message_from_bytes, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ratingd.delivery.mail_message import ADDRESS, Mail, checked_address, message

HEADERS = [
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
]


@given(subject=st.text(), id=st.text(), text=st.text(st.characters(exclude_categories=["Cs"])))
@example(subject="hit =?utf-8?q?x=0d=0aBcc:_b=40y.org?= end", id="=?utf-8?q?=0a?=", text="")
@example(subject="x\r\nBcc: b@y.org\r\n\r\n", id="a\r\nBcc: b@y.org", text="\r\n.\r\n")
@example(subject="=?=?utf-8?q?=0aBcc:?=", id="", text="")
def test_head_holds_its_headers_and_no_others(subject: str, id: str, text: str) -> None:
    try:
        made = message(Mail(id, "a@x.org", ("a@x.org", "b@x.org"), subject, text, 0), "ratingd@x.org").as_bytes()
    except UnicodeEncodeError:
        assert any("\ud800" <= sign <= "\udfff" for sign in subject)
        return
    read = message_from_bytes(made, policy=policy.default)
    assert sorted(read.keys()) == sorted(HEADERS)
    assert (read["From"], read["To"]) == ("ratingd@x.org", "a@x.org, b@x.org")


@pytest.mark.parametrize("address", ["noc@example.org", "a.b+c=d@x", "o'neil@x.example", "größe@straße.example"])
def test_plain_address_is_one(address: str) -> None:
    assert checked_address(address) == address


@pytest.mark.parametrize(
    "text",
    ["", "noc", "@x", "a@", "a@b@c", "a b@x", "a@x\n", "<a@x>", "N <a@x>", "a@x,b@x", "a:b@x", "=?utf-8?q?a?=@x"],
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not a mail address, such as"):
        checked_address(text)


@given(st.from_regex(ADDRESS, fullmatch=True))
def test_address_that_is_one_stands_in_the_head_as_it_is(address: str) -> None:
    try:
        checked_address(address)
    except ValueError:
        return
    made = message(Mail("id", address, (address,), "s", "t", 0), "ratingd@x.org")
    assert sorted(made.keys()) == sorted(HEADERS)
    assert made.as_bytes(policy=policy.SMTPUTF8)
