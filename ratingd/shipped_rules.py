"""The fraud rules that come with ratingd, where an operator has written none: triggers/FraudRules.csv, as it is."""

from importlib.resources import files
from typing import Final

from triggers.fraud_rule_file import FILE

PLACE: Final = "triggers"


def shipped_rules() -> str:
    return files(PLACE).joinpath(FILE).read_text("utf-8")
