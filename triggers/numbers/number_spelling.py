"""Spellings of numbers: what switches, proxies and people write around the digits, taken off.

"Alice" <sip:+4930123456@10.0.0.1;user=phone>    +4930123456
tel:0123456;phone-context=+4930                  +49300123456, as RFC 3966 joins them
sip:%2B4930123456@example.org                    +4930123456
+49 (30) 123–456                                 +4930123456
٠٣٠/١٢٣٤                                         0301234
sip:alice@example.org                            alice
<urn:service:sos.police;user=phone>              urn:service:sos.police, whose dots part its words
"""

import unicodedata
from typing import Final

_CONTEXT: Final = ";phone-context=+"
_SCHEMES: Final = ("sip:", "sips:", "tel:")
_URN: Final = ("urn:", "urn%3a")
_VISUAL: Final = dict.fromkeys(
    [
        *[ord(char) for char in " \t\r\n-.()/[]~\u00ad\u2212\ufeff"],
        *range(0x2010, 0x2016),  # dashes
        *range(0x200B, 0x2010),  # what has no width, and marks of direction
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
    ]
)


def bare(raw: str) -> str:
    """Digits behind one "+" at most, or whatever else it is, in small letters."""
    user = _user(_plain(raw))
    if user.startswith(_URN):
        return user.replace("%3a", ":")
    text = user.translate(_VISUAL)
    return "+" + text.lstrip("+") if text.startswith("+") else text


def all_digits(text: str) -> bool:
    """Whether there is nothing but the digits 0 to 9, and at least one."""
    return text.isascii() and text.isdigit()


def _plain(raw: str) -> str:
    """Small letters, and Western digits whatever the script."""
    if raw.isascii():
        return raw.strip().lower()
    folded = unicodedata.normalize("NFKC", raw)
    return "".join([str(unicodedata.digit(char)) if char.isdigit() else char for char in folded]).strip().lower()


def _user(text: str) -> str:
    """What is between a name, <>, a scheme, a host and parameters."""
    if "<" in text:
        text = text.partition("<")[2].partition(">")[0].strip()
    for scheme in _SCHEMES:
        if text.startswith(scheme):
            return _unwrapped(text[len(scheme) :])
    return _unwrapped(text) if "@" in text or ";" in text or text.startswith(_URN) else text


def _unwrapped(text: str) -> str:
    if text.startswith(_URN):  # its colons part neither host nor password
        return text.partition("@")[0].partition(";")[0].partition("?")[0].strip()
    context = text.partition(_CONTEXT)[2].partition(";")[0].partition("@")[0]
    user = text.partition("@")[0].partition(";")[0].partition(":")[0].replace("%2b", "+")
    return f"+{context}{user}" if context and context[0].isdigit() and not user.startswith("+") else user
