"""The fraud rules that come with ratingd, for operators who have none of their own: triggers/rules/FraudRules.csv."""

from importlib.resources import files
from typing import Final

from triggers.rules.rule_file import FILE

PLACE: Final = "triggers.rules"


def shipped_rules() -> str:
    return files(PLACE).joinpath(FILE).read_text("utf-8")
