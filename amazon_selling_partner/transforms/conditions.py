"""Parses the conditions of row filters into comparisons."""

import re
from typing import List, NamedTuple, Optional, Tuple, Union

from dlt.common import Decimal

from ..common.content_hash import MAX_EXPONENT

Constant = Union[str, Decimal, bool]

SIGNS = ("=", "!=", "<", "<=", ">", ">=")

TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.:-])
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><=|>=|!=|<|>|=|\(|\)|,)
    )""",
    re.VERBOSE,
)


class Comparison(NamedTuple):
    """One comparison of a condition.

    Attributes:
        column: Name in the destination.
        sign: One of `SIGNS`, `in`, `not in`, `like`, `is null`, `is not null`.
        constants: The right-hand side; several for `in` and `not in`, none for `is null`.
    """

    column: str
    sign: str
    constants: Tuple[Constant, ...] = ()


class ConditionError(ValueError):
    """What is wrong with a condition, worded as the end of a sentence."""


def parse_condition(condition: str) -> List[Comparison]:
    """The comparisons of a condition, all of which a row has to satisfy.

    Raises:
        ConditionError: It cannot be parsed.
    """
    tokens = _Tokens(condition)
    comparisons = [_comparison(tokens)]
    while tokens.has_more():
        if not tokens.accept("and"):
            if tokens.peek_word() == "or":
                raise ConditionError("it has `or`: write a Python function for that")
            raise ConditionError(f"`and` has to come before {tokens.remaining()!r}")
        comparisons.append(_comparison(tokens))
    return comparisons


class _Tokens:
    """A condition, read token by token: words, constants and signs."""

    def __init__(self, condition: str) -> None:
        self._condition = condition
        self._position = 0

    def remaining(self) -> str:
        return self._condition[self._position :].strip()

    def has_more(self) -> bool:
        return bool(self.remaining())

    def _peek(self) -> Optional["re.Match[str]"]:
        return TOKEN.match(self._condition, self._position)

    def peek_word(self) -> str:
        token = self._peek()
        return str(token["word"]).lower() if token and token["word"] else ""

    def accept(self, *words: str) -> bool:
        """Moves past these words or signs if all of them come next."""
        start = self._position
        for word in words:
            token = self._peek()
            if not token or (token["word"] or token["sign"] or "").lower() != word:
                self._position = start
                return False
            self._position = token.end()
        return True

    def column(self) -> str:
        token = self._peek()
        if not token or not token["word"]:
            raise ConditionError(f"a column has to come {self._where()}")
        self._position = token.end()
        return str(token["word"])

    def constant(self) -> Constant:
        token = self._peek()
        word = self.peek_word()
        if not token or token["sign"] or (token["word"] and word not in ("true", "false")):
            raise ConditionError(
                f"text in quotes, a number, true or false has to come {self._where()}"
            )
        self._position = token.end()
        if token["text"]:
            quote = token["text"][0]
            return str(token["text"][1:-1].replace(quote * 2, quote))
        if not token["number"]:
            return word == "true"
        try:
            number = Decimal(token["number"])
        except ArithmeticError:
            number = Decimal("Infinity")
        if not number.is_finite() or abs(number.adjusted()) > MAX_EXPONENT:
            raise ConditionError(f"the number {token['number'][:40]} is out of range")
        return number

    def _where(self) -> str:
        return f"before {self.remaining()!r}" if self.has_more() else "at its end"


def _comparison(tokens: _Tokens) -> Comparison:
    column = tokens.column()
    if tokens.accept("is", "not", "null"):
        return Comparison(column, "is not null")
    if tokens.accept("is", "null"):
        return Comparison(column, "is null")
    if tokens.accept("like"):
        pattern = tokens.constant()
        if not isinstance(pattern, str):
            raise ConditionError("`like` takes text in quotes")
        return Comparison(column, "like", (pattern,))
    for sign in ("not in", "in"):
        if tokens.accept(*sign.split()):
            return Comparison(column, sign, _constant_list(tokens))
    for sign in SIGNS:
        if tokens.accept(sign):
            return Comparison(column, sign, (tokens.constant(),))
    signs = ", ".join((*SIGNS, "in", "not in", "like", "is null", "is not null"))
    raise ConditionError(f"one of {signs} has to come after {column}")


def _constant_list(tokens: _Tokens) -> Tuple[Constant, ...]:
    if not tokens.accept("("):
        raise ConditionError("`in` takes a list such as ('a', 'b')")
    constants = [tokens.constant()]
    while tokens.accept(","):
        constants.append(tokens.constant())
    if not tokens.accept(")"):
        raise ConditionError("the list after `in` has to end with a parenthesis")
    return tuple(constants)
