"""Reading numbers: spellings that are one number, what is none, and the quick way against libphonenumber."""

import hashlib

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.table import table
from triggers.numbers.calling_code import CallingCodes
from triggers.numbers.number import NO_NUMBER
from triggers.numbers.number_reading import NumberReader

READERS = {region: NumberReader(region) for region in ("", "DE", "IT", "US", "GB", "IN")}
CODES = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
QUICK = CallingCodes()


@table("""
    raw                                          | region | text
    +49301234567                                 |        | +49301234567
    0049 30 1234567                              |        | +49301234567
    4930/1234567                                 |        | +49301234567   # without a region all are international
    030/1234567                                  | DE     | +49301234567
    (030) 123 45-67                              | DE     | +49301234567
    sip:+49301234567@10.0.0.1;user=phone         | DE     | +49301234567
    "Alice" <sip:+49301234567@example.org>       | DE     | +49301234567
    sip:%2B49301234567@example.org:5060          | DE     | +49301234567
    tel:+49-30-1234567;isub=12                   | DE     | +49301234567
    tel:1234567;phone-context=+4930              | DE     | +49301234567
    +49 (0)30 1234567                            | DE     | +49301234567
    ++49301234567                                | DE     | +49301234567
    +0049301234567                               | DE     | +49301234567
    01149301234567                               | US     | +49301234567
    01149301234567                               | DE     | +49301234567   # no number of Germany's: a prefix
    0049301234567                                | US     | +49301234567
    011 4321000                                  | IT     | +390114321000  # of Turin
    01149301234567                               |        | +49301234567
    011 2345 6789                                | IN     | +911123456789  # of Delhi
    (202) 555-0123                               | US     | +12025550123
    1 202 555 0123                               | US     | +12025550123
    112                                          | DE     | 112
    1001                                         |        | 1001
    0800 1                                       | DE     | 08001          # six digits at most stay as they are
    +999123456789                                | DE     | raw:999123456789
    +44112                                       | DE     | raw:44112
    030/1234567                                  |        | raw:0301234567
    sip:Alice@example.org                        | DE     | raw:alice
    1-800-FLOWERS                                | US     | raw:1800flowers
    *31#                                         | DE     | raw:*31#
    <urn:service:SOS.police@x;user=phone>        | DE     | raw:urn:service:sos.police
    12345678901234567890                         | DE     | raw:12345678901234567890
    ٠٣٠ ١٢٣٤٥٦٧                                  | DE     | +49301234567
    ＋４９３０１２３４５６７                         | DE     | +49301234567
""")  # fmt: skip
def test_spellings(raw: str, region: str, text: str) -> None:
    assert READERS[region].read(raw).text == text


def test_params_behind_a_semicolon_are_no_part_of_a_number() -> None:
    assert READERS["DE"].read("+49301234567;npdi;rn=+4930999").text == "+49301234567"


@pytest.mark.parametrize("raw", ["", " ", "anonymous", "Restricted", "sip:anonymous@anonymous.invalid", "<>", "+"])
def test_a_withheld_number_is_none_and_its_caller_is_anonymous(raw: str) -> None:
    reader = NumberReader("DE")
    known = raw != "+"  # one sign alone is something, though no number
    assert (reader.read(raw) is NO_NUMBER) == known
    assert (reader.caller(raw).text == "anonymous") == known
    assert reader.caller(raw) is reader.caller(raw)


def test_anonymous_callers_are_told_apart_where_that_is_wanted() -> None:
    by_address = NumberReader(anonymous_distinct_by="source_ip")
    assert by_address.caller("", "10.0.0.1", "c-1").text == "anonymous:10.0.0.1"
    assert by_address.caller("anonymous", "", "c-1").text == "anonymous"
    assert NumberReader(anonymous_distinct_by="call_id").caller("", "10.0.0.1", "c-1").text == "anonymous:c-1"
    assert by_address.caller("+49301234567", "10.0.0.1", "c-1").text == "+49301234567"


def test_one_number_is_one_object() -> None:
    reader = NumberReader("DE")
    first = reader.read("+49301234567")
    assert reader.read("030 1234567") is first
    assert reader.caller("sip:0049301234567@x") is first
    assert (first.digits, first.country, first.region, first.range) == ("49301234567", 49, "DE", "+4930123")


def test_a_number_stays_one_object_as_long_as_one_spelling_is_remembered() -> None:
    reader = NumberReader("DE", remembered_max=20)
    first = reader.read("030 1234567")
    for other in range(500):
        reader.read(f"+4940{other:07d}")
        assert reader.read("030 1234567") is first
        assert reader.remembered <= 20
    assert reader.read("+49301234567") is first


def test_what_is_remembered_is_bounded() -> None:
    reader = NumberReader(remembered_max=100)
    for number in range(1_000):
        reader.read(f"+4930{number:07d}")
        assert reader.remembered <= 100
    reader.read("x" * 10_000)
    assert len(reader.read("x" * 10_000).text) == 128


@table("""
    raw       | region | emergency
    112       |        | yes
    112       | DE     | yes
    911       | DE     | yes         # everywhere
    110       | FR     | yes         # of Germany: spared everywhere
    0112      | DE     | yes
    sip:112@x | DE     | yes
    urn:service:sos                     | DE | yes
    urn:service:sos                     |    | yes
    URN:Service:SOS.police              | DE | yes
    urn:service:sos.ecall.automatic     | DE | yes
    <urn:service:sos.fire>              | DE | yes
    "Help" <urn:service:sos;user=phone> | DE | yes
    urn:service:sos@example.org         | DE | yes
    urn:service:sos.country-specific.cn.110;a=b?c=d | DE | yes
    sip:urn:service:sos@example.org     | DE | yes
    sip:urn%3Aservice%3Asos.marine@x:5060;user=phone | DE | yes
    urn:nena:service:sos.psap           | DE | yes
    urn:service:sosial                  | DE | no
    urn:service:test.sos                | DE | no
    urn:service:counseling.children     | DE | no
    sip:sos@example.org                 | DE | no          # somebody's name
    +49112    | DE     | yes
    +49110    | US     | yes
    0049110   | US     | yes
    +44999    | US     | yes
    49112     |        | yes         # all numbers are international
    +1911     | DE     | yes
    +4917     | DE     | no          # 17 is France's
    17        | DE     | yes
    1300      |        | yes         # Gabon's
    1300      | GA     | yes
    1300      | DE     | no          # an extension
    1001      |        | no
    +4930112  | DE     | no
    115       | DE     | yes         # spared anyway; the next two by the setting
    116117    | DE     | yes
    +49301234567 | DE  | yes
    030 1234567  | DE  | yes
    +49301234568 | DE  | no
""")
def test_emergency_numbers(raw: str, region: str, emergency: str) -> None:
    reader = NumberReader(region, emergency=("116117", "+49 30 1234567"))
    assert reader.read(raw).emergency == (emergency == "yes")


def test_pseudonyms_leave_range_region_and_digits_as_they_are() -> None:
    reader = NumberReader("DE", pseudonym=lambda text: "p:" + hashlib.sha256(text.encode()).hexdigest()[:8])
    number = reader.read("030 1234567")
    assert number.text.startswith("p:")
    assert number is reader.read("+49301234567")
    assert (number.digits, number.region, number.range) == ("49301234567", "DE", "+4930123")
    assert reader.read("112").emergency
    assert reader.caller("").text == "anonymous"


def test_a_region_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no country is called 'XX'"):
        NumberReader("XX")


@st.composite
def international(draw: st.DrawFn) -> str:
    """What begins as an international number does: any calling code, often a national prefix, any length."""
    code = draw(st.sampled_from(CODES) | st.text("0123456789", min_size=1, max_size=3))
    prefix = draw(st.sampled_from(["", "", "0", "00", "1", "8", "15", "01", "9", "20"]))
    return code + prefix + draw(st.text("0123456789", max_size=14))


def by_libphonenumber(digits: str, region: str | None) -> str:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@given(international())
def test_what_is_seen_at_once_is_what_libphonenumber_writes(digits: str) -> None:
    code = QUICK.of(digits)
    if code is not None and code.written(digits):
        assert by_libphonenumber("+" + digits, None) == "+" + digits


@given(international())
def test_an_international_number_reads_as_libphonenumber_does(digits: str) -> None:
    assume(not digits.startswith("0"))  # no calling code does: +0049 is 0049
    wanted = by_libphonenumber("+" + digits, None) or "raw:" + digits
    assert {reader.clear("+" + digits) for reader in READERS.values()} == {wanted}


@given(international())
def test_the_region_is_the_one_libphonenumber_names(digits: str) -> None:
    number = READERS[""].read("+" + digits)
    if number.digits:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number.text)) or ""
        assert number.region == region.replace("001", "")


SHARED = {code: regions for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) > 1}


@given(st.sampled_from(sorted(SHARED)), st.data())
def test_the_region_does_not_depend_on_the_last_three_digits(code: int, data: st.DataObject) -> None:
    region = data.draw(st.sampled_from(SHARED[code]))
    example = phonenumbers.example_number(region)
    assert example is not None
    digits = str(example.country_code) + phonenumbers.national_significant_number(example)
    for last in data.draw(st.lists(st.text("0123456789", min_size=3, max_size=3), max_size=5)):
        number = f"+{digits[:-3]}{last}"
        expected = phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
        assert READERS[""].read(number).region in (expected, "")


@given(st.text(), st.sampled_from(["", "DE", "US"]))
def test_whatever_comes_is_read(raw: str, region: str) -> None:
    reader = READERS[region]
    number = reader.read(raw)
    assert reader.read(raw) is number
    assert len(number.text) <= 128
    if number.text.startswith("+"):
        assert reader.read(number.text).text == number.text


@given(international(), st.sampled_from(["{}", " {} ", "sip:{}@x", "<sip:{};a=b@x>", "tel:{};ext=1", "{}@[::1]"]))
def test_wrapping_adds_no_caller(digits: str, wrapping: str) -> None:
    reader = READERS["DE"]
    assert reader.read(wrapping.format("+" + digits)) is reader.read("+" + digits)


def test_digits_are_international_where_a_plus_makes_a_number_of_them() -> None:
    numbers = NumberReader("DE")
    texts = ["4930123456", "4915112345678", "999123", "12", "4930123456"]
    assert [numbers.international(text) for text in texts] == [True, True, False, False, True]
