"""Call records in as few bytes as possible: ten million calls with their indexes are 1.3 GB.

+49 30 1234567 calls +49 171 7654321 over the trunk wholesale-1, it rings after 2 s, is answered after 6 s and lasts
3 minutes. As text that is 300 bytes. Here it is 79 where the call id is a UUID, and 52 for what finds it by call id,
caller and called number:

- a number is its digits as an integer, 49301234567. What is no such number (a short code, a pseudonym, "anonymous") is
  a negative hash of its text, which finds it as well, and the text stands in `more`;
- as it was dialled it is mostly one of three things: the same, its digits alone, or 00 and its digits;
- a call id that is a UUID or hexadecimal is half as long in bytes. `call_key`, a hash of 64 bits, finds it and sees to
  it that a call has one record. Of a thousand million calls two may meet in one key, with a chance of one in forty: the
  record of the first then gives way;
- tenant, trunk and switch are one word that many calls share, a region is another, and a word is a number of two bytes;
- times are milliseconds after the start, the end after the answer, and nothing where they are unknown;
- `scored` is what the neighbours said and, as a word that many calls share, which versions of models scored the call;
- what few calls have is JSON in `more`. What is usual is NULL and takes nothing, or a byte on SQLite.

A probability is kept to 0.0001 and a risk to 0.01.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from ratingd.store.database import Row
from triggers.calls.call_record import CallRecord

COLUMNS: Final = (
    "call_key", "call_id", "a", "b", "account", "place", "origin", "target", "start_ms", "ring_after", "answer_after",
    "end_after", "outcome", "probability", "risk", "more", "scored",
)  # fmt: skip
DISPOSITIONS: Final = (*("", "ANSWERED", "NO_ANSWER", "BUSY", "CANCEL", "FAILED", "REJECTED", "DISCONNECTED_FRAUD"),)
ATTESTATIONS: Final = ("", "A", "B", "C")
RARE: Final = ("cli", "pai", "flags", "incident_id", "label")
DIGITS_MAX: Final = 18
SMALLINT_MAX: Final = 32_767

# How a text relates to a number.
NONE: Final = 0
SAME: Final = 1
DIGITS: Final = 2
ZEROS: Final = 3
OTHER: Final = 4

# Where these three, the disposition and the attestation stand in `outcome`: 4, 2 and thrice 3 bits.
ATTESTATION: Final = 4
A_FORM: Final = 6
B_FORM: Final = 9
ACCOUNT_FORM: Final = 12

# Where the word of the models stands in `scored`. Before it is one more than 10,000 times what the neighbours said.
MODELS: Final = 14
KNN_MASK: Final = (1 << MODELS) - 1


def row(record: CallRecord, words: Mapping[str, int]) -> Row:
    """The columns of a record. `words` are numbers for `words_of(record)`; one without stands in it itself."""
    more: dict[str, Any] = {name: value for name in RARE if (value := getattr(record, name))}
    outcome = _outcome(record, more)
    place, origin, target, _ = words_of(record)
    if record.pdd_ms != _pdd_ms(record.start_ms, record.ring_ms, record.answer_ms):
        more["pdd_ms"] = record.pdd_ms
    scored = _scored(record, words, more)
    return (
        call_key(record.call_id), packed(record.call_id),
        _number(record.a, "a", more), _number(record.b, "b", more),
        record.account if outcome >> ACCOUNT_FORM == OTHER and "account" not in more else None,
        _shared(place, "place", words, more), _shared(origin, "origin", words, more),
        _shared(target, "target", words, more),
        record.start_ms, _after(record.ring_ms, record.start_ms), _after(record.answer_ms, record.start_ms),
        _after(record.end_ms, record.answer_ms or record.start_ms), outcome,
        _scaled(record.probability, 10_000), _scaled(record.risk, 100),
        json.dumps(more, separators=(",", ":")) if more else None, scored,
    )  # fmt: skip


def record(columns: Any, words: Mapping[int, str]) -> CallRecord:
    """The record of a row that was read. `words` are the texts of `numbers_of_words`."""
    more: dict[str, Any] = json.loads(columns.more) if columns.more else {}
    a, b = more.get("a") or number_text(columns.a), more.get("b") or number_text(columns.b)
    outcome, start_ms = columns.outcome, columns.start_ms
    ring_ms = _instant(columns.ring_after, start_ms)
    answer_ms = _instant(columns.answer_after, start_ms)
    tenant, trunk, switch_id = texts(_word(columns.place, "place", words, more))
    scored = columns.scored or 0
    return CallRecord(
        unpacked(bytes(columns.call_id)),
        a,
        b,
        start_ms,
        a_raw=more.get("a_raw") or spelled(outcome >> A_FORM & 7, a),
        b_raw=more.get("b_raw") or spelled(outcome >> B_FORM & 7, b),
        tenant=tenant,
        account=columns.account or more.get("account") or spelled(outcome >> ACCOUNT_FORM & 7, a),
        cli=more.get("cli", ""),
        pai=more.get("pai", ""),
        attestation=ATTESTATIONS[outcome >> ATTESTATION & 3],
        trunk=trunk,
        switch_id=switch_id,
        ring_ms=ring_ms,
        answer_ms=answer_ms,
        end_ms=_instant(columns.end_after, answer_ms or start_ms),
        pdd_ms=more.get("pdd_ms", _pdd_ms(start_ms, ring_ms, answer_ms)),
        disposition=more.get("disposition") or DISPOSITIONS[outcome & 15],
        origin_region=texts(_word(columns.origin, "origin", words, more))[0],
        target_region=texts(_word(columns.target, "target", words, more))[0],
        probability=(columns.probability or 0) / 10_000,
        risk=(columns.risk or 0) / 100,
        knn=((scored & KNN_MASK) - 1) / 10_000 if scored & KNN_MASK else -1.0,
        models=texts(_word(scored >> MODELS or None, "models", words, more))[0],
        flags=more.get("flags", ""),
        incident_id=more.get("incident_id", ""),
        label=more.get("label", ""),
    )


# Words that calls share.


def words_of(record: CallRecord) -> tuple[str, str, str, str]:
    """Those that are worth a number; "" is none."""
    place = word(record.tenant, record.trunk, record.switch_id)
    return place, word(record.origin_region), word(record.target_region), word(record.models)


def numbers_of_words(columns: Any) -> list[int]:
    """Those that a row which was read has instead of words."""
    numbers = (columns.place, columns.origin, columns.target, (columns.scored or 0) >> MODELS or None)
    return [number for number in numbers if number is not None]


@lru_cache(maxsize=8192)
def word(*texts: str) -> str:
    """JSON in plain letters, so that no text is one that a database refuses."""
    return json.dumps(texts, separators=(",", ":")) if any(texts) else ""


@lru_cache(maxsize=8192)
def texts(word: str) -> tuple[str, ...]:
    return tuple(json.loads(word)) if word else ("", "", "")


def _shared(word: str, name: str, words: Mapping[str, int], more: dict[str, Any]) -> int | None:
    if not word:
        return None
    number = words.get(word)
    if number is None:
        more[name] = word
    return number


def _word(number: int | None, name: str, words: Mapping[int, str], more: Mapping[str, Any]) -> str:
    return str(more.get(name, "")) if number is None else words[number]


# Numbers.


def number_key(number: str) -> int:
    """What finds a number: its digits where it is an international one, else a negative hash; 0 for none."""
    if not number:
        return 0
    if international(number):
        return int(number[1:])
    return -(hash64(number.encode("utf-8", "surrogatepass")) & 0x7FFFFFFFFFFFFFFF) or -1


def number_text(key: int) -> str:
    return f"+{key}" if key > 0 else ""


def international(number: str) -> bool:
    digits = number[1:]
    return number[0] == "+" and digits.isascii() and digits.isdigit() and digits[0] != "0" and len(digits) <= DIGITS_MAX


def _number(number: str, name: str, more: dict[str, Any]) -> int:
    key = number_key(number)
    if key < 0:
        more[name] = number
    return key


def form(text: str, number: str) -> int:
    """How a text relates to a number: `spelled` writes it again."""
    if not text:
        return NONE
    if text == number:
        return SAME
    if len(number) > 1 and number[0] == "+" and text.endswith(number[1:]):
        match text[: 1 - len(number)]:
            case "":
                return DIGITS
            case "00":
                return ZEROS
    return OTHER


def spelled(form: int, number: str) -> str:
    match form:
        case 1:
            return number
        case 2:
            return number[1:]
        case 3:
            return f"00{number[1:]}"
    return ""


def _outcome(record: CallRecord, more: dict[str, Any]) -> int:
    """Disposition, attestation and how the texts relate to the numbers; what it has no room for goes to `more`."""
    a_form, b_form = form(record.a_raw, record.a), form(record.b_raw, record.b)
    if a_form == OTHER:
        more["a_raw"] = record.a_raw
    if b_form == OTHER:
        more["b_raw"] = record.b_raw
    if (account_form := form(record.account, record.a)) == OTHER and not record.account.isprintable():
        more["account"] = record.account  # with a NUL in it, say, which not every database takes
    outcome = a_form << A_FORM | b_form << B_FORM | account_form << ACCOUNT_FORM
    if record.attestation in ATTESTATIONS:
        outcome |= ATTESTATIONS.index(record.attestation) << ATTESTATION
    if record.disposition in DISPOSITIONS:
        return outcome | DISPOSITIONS.index(record.disposition)
    more["disposition"] = record.disposition
    return outcome


# Call ids.


def call_key(call_id: str) -> int:
    return hash64(call_id.encode("utf-8", "surrogatepass"))


def hash64(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def packed(call_id: str) -> bytes:
    """0 and the text, 1 and the bytes of a UUID, or 2 and those of hexadecimal."""
    kind, digits = b"\2", call_id
    if len(call_id) == 36 and call_id[8] == "-":
        kind, digits = b"\1", call_id.replace("-", "")
    try:
        short = kind + bytes.fromhex(digits)
        if unpacked(short) == call_id:
            return short
    except ValueError:
        pass
    return b"\0" + call_id.encode("utf-8", "surrogatepass")


def unpacked(call_id: bytes) -> str:
    match call_id[0]:
        case 0:
            return call_id[1:].decode("utf-8", "surrogatepass")
        case 1:
            h = call_id[1:].hex()
            return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
    return call_id[1:].hex()


# Times and scores.


def _after(at_ms: int, start_ms: int) -> int | None:
    return at_ms - start_ms if at_ms else None


def _instant(after: int | None, start_ms: int) -> int:
    return 0 if after is None else start_ms + after


def _pdd_ms(start_ms: int, ring_ms: int, answer_ms: int) -> int:
    """The delay that the times of a call say."""
    heard_ms = ring_ms or answer_ms
    return heard_ms - start_ms if heard_ms else -1


def _scored(record: CallRecord, words: Mapping[str, int], more: dict[str, Any]) -> int | None:
    """None where no model scored it."""
    number = _shared(word(record.models), "models", words, more) or 0
    knn = 1 + round(min(record.knn, 1.0) * 10_000) if record.knn >= 0 else 0
    return number << MODELS | knn or None


def _scaled(score: float, by: int) -> int | None:
    return max(0, min(round(score * by), SMALLINT_MAX)) or None
