"""Requests, each with the model of its operation, and what that does not allow of them."""

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import unquote

import jsonschema
from dlt.common import pendulum

from tests.amazon_models import all_models, operations

from .instances import parts


@dataclass(frozen=True)
class Call:
    """A request that was understood.

    Attributes:
        path: Of its operation, with placeholders.
        loaded: The model.
        printed: The operation in it.
        ids: Values of the placeholders.
        query: Parameters.
        body: JSON.
    """

    path: str
    loaded: Dict[str, Any]
    printed: Dict[str, Any]
    ids: Dict[str, str]
    query: Dict[str, str]
    body: Any

    @property
    def schema(self) -> Dict[str, Any]:
        """Of the answer."""
        codes = (code for code in ("200", "202", "201") if code in self.printed["responses"])
        schema: Dict[str, Any] = self.printed["responses"][next(codes)]["schema"]
        return schema


class Models:
    """All operations of all models, by what a request looks like."""

    def __init__(self) -> None:
        self.found: List[Tuple[str, str, Any, Dict[str, Any], Dict[str, Any]]] = []
        for loaded in all_models():
            for method, path, printed in operations(loaded).values():
                pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
                self.found.append((method, path, re.compile(pattern), loaded, printed))
        # what is written out goes before a placeholder
        self.found.sort(key=lambda one: one[1].count("{"))

    def call(self, method: str, path: str, query: Dict[str, str], body: Any) -> Optional[Call]:
        for verb, template, pattern, loaded, printed in self.found:
            if verb == method and (match := pattern.fullmatch(path)):
                ids = {name: unquote(value) for name, value in match.groupdict().items()}
                return Call(template, loaded, printed, ids, query, body)
        return None


READS: Dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date-time": lambda text: moment(text),
    "date": lambda text: pendulum.from_format(text, "YYYY-MM-DD"),
}


def moment(text: str) -> pendulum.DateTime:
    """A time with its offset.

    Raises:
        ValueError: When it is a date, or has none.
    """
    found = pendulum.parse(text, exact=True)
    if not isinstance(found, pendulum.DateTime) or not re.search(r"(Z|[+-]\d\d:?\d\d)$", text):
        raise ValueError(text)
    return found


def faults_of(call: Call) -> Iterator[str]:
    """What the model does not allow of a request."""
    documented = {one["name"]: one for one in call.printed.get("parameters", []) if "name" in one}
    query = {name: one for name, one in documented.items() if one.get("in") == "query"}
    for name, one in query.items():
        if one.get("required") and name not in call.query:
            yield f"{name} is missing"
    for name, text in call.query.items():
        if name not in query:
            yield f"{name} is unknown"
            continue
        yield from _value_faults(call, query[name], text)
    for name, value in call.ids.items():
        yield from _value_faults(
            call, documented.get(name, {"name": name, "type": "string"}), value
        )
    for one in call.printed.get("parameters", []):
        if one.get("in") == "body":
            for error in validator(call, one["schema"]).iter_errors(call.body):
                yield f"{list(error.path)}: {error.message}"


def _value_faults(call: Call, one: Dict[str, Any], text: str) -> Iterator[str]:
    several = one.get("type") == "array"
    values = text.split(",") if several else [text]
    if several and not one.get("minItems", 0) <= len(values) <= one.get("maxItems", len(values)):
        yield f"{one['name']} has {len(values)} values"
    if several:
        one = {"name": one["name"], **one["items"]}
    if "$ref" in one:
        one = {"name": one["name"], **call.loaded["definitions"][one["$ref"].rsplit("/", 1)[1]]}
    read = READS.get(one.get("format", ""), READS.get(one.get("type", ""), str))
    for value in values:
        try:
            number = read(value)
        except (ValueError, KeyError):
            yield f"{one['name']} is {value}"
            continue
        if value not in one.get("enum", [value]) or not value:
            yield f"{one['name']} is {value}"
        if one.get("type") in ("integer", "number"):
            if not one.get("minimum", number) <= number <= one.get("maximum", number):
                yield f"{one['name']} is {value}"
        elif not one.get("minLength", 0) <= len(value) <= one.get("maxLength", len(value)):
            yield f"{one['name']} has {len(value)} characters"
        elif "pattern" in one and not re.search(one["pattern"], value):
            yield f"{one['name']} is {value}"


_VALIDATORS: Dict[Tuple[str, str], Any] = {}


def validator(call: Call, schema: Dict[str, Any]) -> Any:
    """A validator that refuses fields the model does not name."""
    name = (call.path, json.dumps(schema))
    if name not in _VALIDATORS:
        definitions = {}
        for title, definition in call.loaded["definitions"].items():
            definitions[title] = dict(definition)
            if "properties" in definition or "allOf" in definition:
                properties, required = parts(call.loaded, definition)
                closed = {"type": "object", "properties": properties, "required": sorted(required)}
                if not required:
                    del closed["required"]
                if "additionalProperties" not in definition:
                    closed["additionalProperties"] = False
                definitions[title] = closed
        checker = jsonschema.FormatChecker(formats=())
        for form in ("date-time", "date"):
            checker.checks(form, raises=ValueError)(lambda text, read=READS[form]: bool(read(text)))
        _VALIDATORS[name] = jsonschema.Draft4Validator(
            {**schema, "definitions": definitions}, format_checker=checker
        )
    return _VALIDATORS[name]
