"""Compact JSON, as it is stored with every operation.

`json.JSONEncoder.encode` builds the encoder in C anew for each call, which takes as long as encoding what a debit
changed. Here it is built once. What is stored holds no circles, so none are looked for.
"""

import json
from _json import encode_basestring_ascii, make_encoder
from typing import Final

_ENCODE: Final = make_encoder(
    None, json.JSONEncoder().default, encode_basestring_ascii, None, ":", ",", False, False, False
)


quoted: Final = encode_basestring_ascii  # one text


def compact(document: object) -> str:
    return "".join(_ENCODE(document, 0))
