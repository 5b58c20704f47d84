"""One row of AccountActions.csv: which plan and which triggers an account has, and its two flags."""

from dataclasses import dataclass

from accounts.account import AccountKey


@dataclass(frozen=True, slots=True)
class AccountRow:
    key: AccountKey
    plan: str = ""  # "" is none
    triggers: str = ""
    allow_negative: bool = False
    disabled: bool = False

    @property
    def imported(self) -> tuple[str, str, str, str]:
        """The row as it is remembered with the account (accounts.account.Account.imported)."""
        return (self.plan, self.triggers, _word(self.allow_negative), _word(self.disabled))


def _word(flag: bool) -> str:
    return "true" if flag else "false"
