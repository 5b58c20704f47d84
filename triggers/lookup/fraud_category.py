"""Categories: kinds of fraud in the words of somebody who is asked whether he should pick up.

What a user reports and what a rule finds are one thing under two names: both `irs` and `authority_impersonation` are
"Authority impersonation".
"""

from typing import Final

LEGITIMATE: Final = "Legitimate"
SUSPECT: Final = "Suspicious calls"
REFUSED: Final = "Blacklisted"
_CATEGORIES: Final[dict[str, str]] = {
    "masking": "Call masking",
    "cli_spoofing": "CLI spoofing",
    "wangiri": "Wangiri",
    "irsf": "Revenue share fraud",
    "pbx_hacking": "PBX hacking",
    "sim_box": "SIM box",
    "fas": "False answer",
    "traffic_pumping": "Traffic pumping",
    "robocall": "Robocall",
    "tcpa": "Unsolicited call",
    "authority_impersonation": "Authority impersonation",
    "irs": "Authority impersonation",
    "lottery": "Lottery scam",
    "kyc_phishing": "KYC phishing",
    "kyc": "KYC phishing",
    "scam": "Scam",
    "blacklist": REFUSED,
    "other": "Nuisance",
}
_REPORTED: Final[dict[str, str]] = {"irs": "authority_impersonation", "kyc": "kyc_phishing"}


def category_of(fraud_type: str) -> str:
    """In words; a type that a rule of the operator's own names is told as it is."""
    if not fraud_type:
        return SUSPECT
    return _CATEGORIES.get(fraud_type, fraud_type.replace("_", " ").capitalize())


def type_reported(category: str) -> str:
    """The fraud type that a report means."""
    return _REPORTED.get(category, category)
