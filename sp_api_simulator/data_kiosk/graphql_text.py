"""GraphQL queries as Data Kiosk takes them: one query field with arguments and selected fields."""

import re
from dataclasses import dataclass
from typing import Any, Mapping, Optional

from ..core.errors import invalid

MAX_LENGTH = 8000
"""Characters of a query without unnecessary white space."""

_TOKEN = re.compile(
    r'[\s,]*(?:#[^\n]*[\s,]*)*("(?:[^"\\]|\\.)*"|[_A-Za-z]\w*|-?\d+(?:\.\d+)?|[{}()\[\]:])?'
)

Selection = Mapping[str, Optional[Mapping[str, Any]]]
"""Selected fields: None for a value, another selection for an object or a list of objects."""


class EnumValue(str):
    """A name that stands without quotes."""


@dataclass(frozen=True)
class ParsedQuery:
    """One query field.

    Attributes:
        domain: Its versioned root.
        name: The query field.
        arguments: Text, numbers, lists, objects, and `EnumValue`.
    """

    domain: str
    name: str
    arguments: Mapping[str, Any]
    selection: Selection


def parse_query(text: str) -> ParsedQuery:
    """Parses a query.

    Raises:
        ApiError: 400 InvalidInput as Data Kiosk answers.
    """
    parser = _Parser(text)
    if parser.length > MAX_LENGTH:
        raise invalid(f"The query is longer than {MAX_LENGTH} characters.")
    if parser.peek() == "query":
        parser.take()
        if parser.peek() not in ("{", "("):
            parser.take()
    domains = parser.fields(with_arguments=True)
    if parser.peek():
        raise invalid("Invalid syntax after the end of the query.")
    if len(domains) != 1:
        raise invalid("Query did not have a versioned domain field")
    domain, (_, found) = next(iter(domains.items()))
    if not re.search(r"_\d{4}_\d\d_\d\d$", domain) or found is None:
        raise invalid("Query did not have a versioned domain field")
    if len(found) != 1:
        raise invalid("Versioned domain cannot select multiple query fields")
    name, (arguments, selection) = next(iter(found.items()))
    return ParsedQuery(domain, name, arguments, _plain(selection))


def project(row: Any, selection: Optional[Selection]) -> Any:
    """What a selection shows of a value."""
    if selection is None or row is None:
        return row
    if isinstance(row, list):
        return [project(item, selection) for item in row]
    return {name: project(row.get(name), inner) for name, inner in selection.items()}


def check_selection(selection: Optional[Selection], schema: Optional[Mapping[str, Any]]) -> None:
    """Rejects fields that a schema does not have.

    Args:
        schema: None for a value, fields by name for an object.

    Raises:
        ApiError: 400 naming the field.
    """
    if (selection is None) != (schema is None):
        raise invalid("Validation error: a field lacks a selection, or is a value.")
    for name, inner in (selection or {}).items():
        if name not in (schema or {}):
            raise invalid(f"Validation error: Field '{name}' is undefined.")
        check_selection(inner, (schema or {})[name])


def _plain(fields: Optional[Mapping[str, Any]]) -> Any:
    return None if fields is None else {name: _plain(inner) for name, (_, inner) in fields.items()}


class _Parser:
    """A text token by token."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        position = 0
        while position < len(text):
            found = _TOKEN.match(text, position)
            assert found is not None
            if found.group(1) is None:
                if found.end() < len(text):
                    raise invalid(f"Invalid syntax at character {found.end()}.")
                break
            self._tokens.append(found.group(1))
            position = found.end()
        # a space only where two names or numbers would run together
        self.length = sum(map(len, self._tokens)) + sum(
            bool(re.match(r"[\w-]", right) and re.search(r"\w$", left))
            for left, right in zip(self._tokens, self._tokens[1:], strict=False)
        )
        self._next = 0

    def peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise invalid(
                f"Invalid syntax: {expected or 'more'} was expected, not {token or 'the end'}."
            )
        self._next += 1
        return token

    def fields(self, with_arguments: bool) -> dict[str, tuple[dict[str, Any], Any]]:
        found: dict[str, tuple[dict[str, Any], Any]] = {}
        self.take("{")
        while self.peek() != "}":
            name = self._name()
            arguments: dict[str, Any] = {}
            if with_arguments and self.peek() == "(":
                self.take("(")
                arguments = self._object(")")
            inner = self.fields(with_arguments) if self.peek() == "{" else None
            found[name] = (arguments, inner)
        self.take("}")
        if not found:
            raise invalid("Invalid syntax: nothing is selected.")
        return found

    def _name(self) -> str:
        name = self.take()
        if not re.fullmatch(r"[_A-Za-z]\w*", name):
            raise invalid(f"Invalid syntax: a name was expected, not {name}.")
        return name

    def _object(self, end: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.peek() != end:
            name = self._name()
            self.take(":")
            found[name] = self._value()
        self.take(end)
        return found

    def _value(self) -> Any:
        token = self.take()
        if token == "{":
            return self._object("}")
        if token == "[":
            values = []
            while self.peek() != "]":
                values.append(self._value())
            self.take("]")
            return values
        if token.startswith('"'):
            return token[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        return EnumValue(token)
