"""Conditions of fraud rules as an operator writes them, and what is wrong with one, to the character.

    attempts.3600 >= 50 and distinct_b_ratio.3600 >= 0.9 and (mean_ring_s.3600 <= 5 or very_short.3600 > 0.5)

    attempts.3600 >= 50 and distinct_b_ration.3600 >= 0.9
                            ^ at character 25: no metric is called 'distinct_b_ration'; did you mean distinct_b_ratio?

- A metric is `name.seconds`, `name` where it has no window, `kind.name.seconds` of another key of the same call.
- Comparisons are >= > <= < == !=, and a chain `1 <= x <= 5` means both; terms are joined by + - * /.
- `not` binds more than `and`, `and` more than `or`; brackets group.
"""

import re
from difflib import get_close_matches
from typing import Final

from triggers.rules.rule_condition import All, Any, Calculated, Compared, Condition, Constant, Measured, Not, Term
from triggers.traffic.metric_address import HALF_LIVES_S, WINDOWS_S, is_window
from triggers.traffic.metric_names import KINDS, METRICS, names_of

ANY_WINDOW_S: Final = 300  # of metrics that have none
COMPARISONS: Final = (">=", "<=", "==", "!=", ">", "<")
NESTED_MAX: Final = 50
SIZE_MAX: Final = 4_000  # characters of a condition
_TOKEN: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_.]*|[0-9]+(?:\.[0-9]+)?|>=|<=|==|!=|[-+*/()<>]|$)")
_WORD: Final = re.compile(r"[A-Za-z_]")
_RESERVED: Final = ("and", "or", "not")


class ConditionFault(ValueError):
    """`at` counts characters from 1."""

    def __init__(self, at: int, message: str, allowed: str) -> None:
        super().__init__(f"at character {at}: {message} ({allowed})")
        self.at: Final = at
        self.message: Final = message
        self.allowed: Final = allowed


class Token:
    __slots__ = ("at", "text")

    def __init__(self, at: int, text: str) -> None:
        self.at: Final = at
        self.text: Final = text  # "" is the end


def parse_condition(text: str, subject: str) -> Condition:
    """The condition of a rule about subjects of a kind. ConditionFault tells the first thing that is wrong."""
    if len(text) > SIZE_MAX:
        raise ConditionFault(SIZE_MAX, "the condition is too long", f"at most {SIZE_MAX} characters")
    return _Parser(_tokens(text), subject).whole()


def closest(wrong: str, known: tuple[str, ...]) -> str:
    """`did you mean …?`, or nothing."""
    near = get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _tokens(text: str) -> list[Token]:
    found, at = list[Token](), 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            wrong = text[at : at + 2] if text[at] == text[at + 1 : at + 2] else text[at]
            hints = {"=": "== compares", "&": "write and", "|": "write or", "!": "write not, or !="}
            allowed = hints.get(text[at], "names of metrics, numbers, and or not ( ) + - * / >= > <= < == !=")
            raise ConditionFault(at + 1, f"{wrong!r} means nothing here", allowed)
        found.append(Token(match.start(1) + 1, match[1]))
        if not match[1]:
            return found
        at = match.end()


class _Parser:
    def __init__(self, tokens: list[Token], subject: str) -> None:
        self._tokens: Final = tokens
        self._subject: Final = subject
        self._place = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._condition()
        token = self._token
        if token.text:
            raise ConditionFault(token.at, f"{token.text!r} is too much", "`and` or `or` between two comparisons")
        return found

    @property
    def _token(self) -> Token:
        return self._tokens[self._place]

    def _take(self, text: str) -> bool:
        """Step over a token where it is that."""
        if self._tokens[self._place].text != text:
            return False
        self._place += 1
        return True

    # -- what holds or does not

    def _condition(self) -> Condition:
        parts = [self._conjunction()]
        while self._take("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _conjunction(self) -> Condition:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negation(self) -> Condition:
        self._deeper()
        found = Not(self._negation()) if self._take("not") else self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Condition:
        grouped = self._grouped()
        if grouped is not None:
            return grouped
        left, compared = self._sum(), list[Condition]()
        while self._token.text in COMPARISONS:
            sign = self._token.text
            self._place += 1
            right = self._sum()
            compared.append(Compared(left, sign, right))
            left = right
        if not compared:
            found = f"{self._token.text!r} stands" if self._token.text else "the condition ends"
            raise ConditionFault(self._token.at, f"{found} where a comparison is wanted", ">= > <= < == or !=")
        return compared[0] if len(compared) == 1 else All(tuple(compared))

    def _grouped(self) -> Condition | None:
        """What is in brackets, where that is a condition; terms may be in brackets too."""
        opened = self._token
        if opened.text != "(" or not self._brackets_compare():
            return None
        self._place += 1
        found = self._condition()
        self._close(opened)
        return found

    def _brackets_compare(self) -> bool:
        """Whether there is a comparison in the brackets that open here."""
        depth = 0
        for token in self._tokens[self._place :]:
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return False
            if token.text in COMPARISONS or token.text in _RESERVED:
                return True
        return False

    # -- what has a value

    def _sum(self) -> Term:
        left = self._product()
        while self._token.text in ("+", "-"):
            sign = self._token.text
            self._place += 1
            left = Calculated(left, sign, self._product())
        return left

    def _product(self) -> Term:
        left = self._atom()
        while self._token.text in ("*", "/"):
            sign = self._token.text
            self._place += 1
            left = Calculated(left, sign, self._atom())
        return left

    def _atom(self) -> Term:
        token = self._token
        if token.text == "(":
            self._deeper()
            self._place += 1
            found = self._sum()
            self._close(token)
            self._depth -= 1
            return found
        self._place += 1
        if token.text[:1].isdigit():
            return Constant(float(token.text))
        if _WORD.match(token.text) and token.text not in _RESERVED:
            return self._measured(token)
        found_text = f"{token.text!r} stands" if token.text else "the condition ends"
        raise ConditionFault(
            token.at, f"{found_text} where a value is wanted", "a metric such as attempts.3600, or a number"
        )

    def _measured(self, token: Token) -> Measured:
        parts = token.text.split(".")
        own = parts[0] not in KINDS or len(parts) == 1
        kind = self._subject if own else parts.pop(0)
        name = parts.pop(0)
        self._check_name(token, kind, name, own)
        window = self._window(token, name, parts)
        return Measured(kind, name, window, own=own)

    def _check_name(self, token: Token, kind: str, name: str, own: bool) -> None:
        at = token.at if own else token.at + len(kind) + 1
        metric = METRICS.get(name)
        if metric is None:
            known = (*names_of(kind), *KINDS) if own else names_of(kind)
            raise ConditionFault(at, f"no metric is called {name!r}{closest(name, known)}", "see docs/fraud-rules.md")
        if kind not in metric.kinds:
            raise ConditionFault(at, f"{name} is not counted of {kind}", "of " + ", ".join(metric.kinds))

    def _window(self, token: Token, name: str, rest: list[str]) -> int:
        at = token.at + len(token.text) - len(".".join(rest))
        if not METRICS[name].windowed:
            if rest:
                raise ConditionFault(at, f"{name} has no windows", f"{name} alone")
            return ANY_WINDOW_S
        fades = name.endswith("_ewma")
        usual = HALF_LIVES_S if fades else WINDOWS_S
        if not rest:
            raise ConditionFault(token.at, f"{name} has no window", f"{name}.3600: seconds, such as {_listed(usual)}")
        text = ".".join(rest)
        window_s = int(text) if text.isdigit() and len(text) < 10 else 0
        if not is_window(window_s) or (fades and window_s not in HALF_LIVES_S):
            raise ConditionFault(at, f"{text!r} is no window", f"seconds, such as {_listed(usual)}")
        return window_s

    def _close(self, opened: Token) -> None:
        if not self._take(")"):
            raise ConditionFault(opened.at, "the bracket is not closed", "a ) behind what belongs together")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > NESTED_MAX:
            raise ConditionFault(self._token.at, "the condition is nested too deeply", f"at most {NESTED_MAX} levels")


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join([str(number) for number in numbers])
