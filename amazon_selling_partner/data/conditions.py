"""Conditions as they stand in toml, read into comparisons."""

import re
from typing import List, NamedTuple, Optional, Tuple, Union

from dlt.common import Decimal

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
        constants: What it is compared with.
    """

    column: str
    sign: str
    constants: Tuple[Constant, ...] = ()


class Wrong(ValueError):
    """What is wrong with a condition, as the end of a sentence."""


def parsed(condition: str) -> List[Comparison]:
    """Reads a condition.

    Args:
        condition (str): As in the settings.

    Returns:
        List[Comparison]: All of them have to hold.

    Raises:
        Wrong: It cannot be read.
    """
    tokens = _Tokens(condition)
    comparisons = [_comparison(tokens)]
    while tokens.more():
        if not tokens.taken("and"):
            either = tokens.next_word() == "or"
            raise Wrong(
                "it has `or`: write a Python function for that"
                if either
                else f"`and` has to come before {tokens.rest()!r}"
            )
        comparisons.append(_comparison(tokens))
    return comparisons


class _Tokens:
    """A condition cut into words, constants and signs."""

    def __init__(self, condition: str) -> None:
        self._condition = condition
        self._at = 0

    def rest(self) -> str:
        return self._condition[self._at :].strip()

    def more(self) -> bool:
        return bool(self.rest())

    def _next(self) -> Optional["re.Match[str]"]:
        return TOKEN.match(self._condition, self._at)

    def next_word(self) -> str:
        found = self._next()
        return str(found["word"]).lower() if found and found["word"] else ""

    def taken(self, *words: str) -> bool:
        """Goes past these words or signs if they come next, all of them."""
        start = self._at
        for word in words:
            found = self._next()
            if not found or (found["word"] or found["sign"] or "").lower() != word:
                self._at = start
                return False
            self._at = found.end()
        return True

    def name(self) -> str:
        found = self._next()
        if not found or not found["word"]:
            raise Wrong(f"a column has to come {self._where()}")
        self._at = found.end()
        return str(found["word"])

    def constant(self) -> Constant:
        found = self._next()
        word = self.next_word()
        if not found or found["sign"] or (found["word"] and word not in ("true", "false")):
            raise Wrong(f"text in quotes, a number, true or false has to come {self._where()}")
        self._at = found.end()
        if found["text"]:
            quote = found["text"][0]
            return str(found["text"][1:-1].replace(quote * 2, quote))
        return Decimal(found["number"]) if found["number"] else word == "true"

    def _where(self) -> str:
        return f"before {self.rest()!r}" if self.more() else "at its end"


def _comparison(tokens: _Tokens) -> Comparison:
    column = tokens.name()
    if tokens.taken("is", "not", "null"):
        return Comparison(column, "is not null")
    if tokens.taken("is", "null"):
        return Comparison(column, "is null")
    if tokens.taken("like"):
        pattern = tokens.constant()
        if not isinstance(pattern, str):
            raise Wrong("`like` takes text in quotes")
        return Comparison(column, "like", (pattern,))
    for sign in ("not in", "in"):
        if tokens.taken(*sign.split()):
            return Comparison(column, sign, _listed(tokens))
    for sign in SIGNS:
        if tokens.taken(sign):
            return Comparison(column, sign, (tokens.constant(),))
    signs = ", ".join((*SIGNS, "in", "not in", "like", "is null", "is not null"))
    raise Wrong(f"one of {signs} has to come after {column}")


def _listed(tokens: _Tokens) -> Tuple[Constant, ...]:
    if not tokens.taken("("):
        raise Wrong("`in` takes a list such as ('a', 'b')")
    constants = [tokens.constant()]
    while tokens.taken(","):
        constants.append(tokens.constant())
    if not tokens.taken(")"):
        raise Wrong("the list after `in` has to end with a parenthesis")
    return tuple(constants)
