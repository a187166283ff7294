"""Amazon's models: operations, answers made from them, and validators.

They come from Amazon's Python SDK, so that tests have them in every clone. Where Amazon's own
files lie beside the repository (or at `SP_API_MODELS`), they add what the SDK leaves out: the
enums of query parameters and the static answers of the sandbox.
"""

import copy
import functools
import itertools
import json
import os
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import jsonschema
import pytest

from amazon_selling_partner.client import Operation
from sp_api_simulator.core.times import parse

from .models.instances import parts
from .sdk_models import api_document, api_names, api_of
from .support import ROOT

MODELS = Path(os.environ.get("SP_API_MODELS", ROOT.parent / "shared" / "sp-api-models"))

needs_amazons_files = pytest.mark.skipif(
    not MODELS.exists(), reason=f"Amazon's own models are not at {MODELS}; set SP_API_MODELS"
)
"""For tests of what only Amazon's own files have."""


@functools.cache
def model(api: str) -> Dict[str, Any]:
    """The model of an API such as `orders_v2026_01_01`; tests share it and must not change it."""
    loaded = copy.deepcopy(api_document(api))
    for method, path, operation in operations(loaded).values():
        printed = printed_operations().get((method, path), {}).get("parameters", ())
        enums = {parameter.get("name"): enum_of(parameter) for parameter in printed}
        for parameter in operation["parameters"]:
            if parameter["in"] == "query" and enums.get(parameter["name"]):
                parameter.get("items", parameter)["enum"] = enums[parameter["name"]]
    return loaded


def enum_of(parameter: Dict[str, Any]) -> List[str]:
    """The values that a parameter, or each of its items, may have; empty where any is allowed."""
    found: List[str] = parameter.get("items", parameter).get("enum", [])
    return found


def all_models() -> Iterator[Dict[str, Any]]:
    """The models of all APIs."""
    return map(model, api_names())


@functools.cache
def printed_operations() -> Dict[Tuple[str, str], Dict[str, Any]]:
    """(method, path) -> operation of all of Amazon's own files, empty where they are absent."""
    files = sorted((MODELS / "models").glob("*.json"))
    return {
        (method, path): operation
        for file in files
        for method, path, operation in operations(json.loads(file.read_text())).values()
    }


def operations(loaded: Dict[str, Any]) -> Dict[str, Tuple[str, str, Dict[str, Any]]]:
    """operationId -> (method, path, operation) of a model."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, methods in loaded["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


USAGE_PLAN = re.compile(r"\|\s*([\d.]+)\s*\|\s*(\d+)\s*\|")


def prints_usage_plan(operation: Dict[str, Any]) -> bool:
    """False for the few operations whose usage plan stands in Amazon's documentation only."""
    return bool(USAGE_PLAN.search(operation["description"]))


def usage_plan(operation: Dict[str, Any]) -> Tuple[float, int]:
    """Rate and burst as the description of an operation prints them."""
    found = USAGE_PLAN.search(operation["description"])
    assert found, f"{operation['operationId']} has no usage plan"
    return float(found.group(1)), int(found.group(2))


def in_models(operation: Operation) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The model of an operation and the operation in it."""
    loaded = model(api_of(operation.method, operation.path))
    return loaded, loaded["paths"][operation.path][operation.method.lower()]


def has_path(loaded: Dict[str, Any], printed: Dict[str, Any], path: str) -> bool:
    """True when the model's success answer has a field at a dotted path."""
    schema = success(printed)
    for name in path.split("."):
        schema = properties(loaded, schema).get(name)
        if schema is None:
            return False
    return True


def success(printed: Dict[str, Any]) -> Dict[str, Any]:
    """The schema of the answer to a call that succeeds."""
    codes = (code for code in ("200", "202") if code in printed["responses"])
    schema: Dict[str, Any] = printed["responses"][next(codes)]["schema"]
    return schema


def properties(loaded: Dict[str, Any], schema: Dict[str, Any]) -> Dict[str, Any]:
    """The properties of a schema, those of what it refers to and is made of among them."""
    while "$ref" in schema:
        schema = loaded["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found.update(properties(loaded, part))
    return found


def field_paths(
    loaded: Dict[str, Any], schema: Dict[str, Any], path: str = "", within: Tuple[str, ...] = ()
) -> Iterator[Tuple[str, bool]]:
    """The paths of all fields below a schema, and whether each is required."""
    reference = schema.get("$ref", "")
    if within.count(reference) > 1:
        return
    if reference:
        within = (*within, reference)
        schema = loaded["definitions"][reference.rsplit("/", 1)[1]]
        yield from field_paths(loaded, schema, path, within)
    elif schema.get("type") == "array":
        yield from field_paths(loaded, schema["items"], f"{path}[]", within)
    else:
        properties, required = parts(loaded, schema)
        for name, part in properties.items():
            yield f"{path}.{name}", name in required
            yield from field_paths(loaded, part, f"{path}.{name}", within)


def sandbox_answers(operation: Operation) -> List[Any]:
    """Amazon's static sandbox answers to an operation, for tests that need its own files."""
    answer = printed_operations()[operation.method, operation.path]["responses"]["200"]
    return [case["response"] for case in answer["x-amzn-api-sandbox"]["static"]]


def strict(loaded: Dict[str, Any], definition: str) -> jsonschema.Draft4Validator:
    """A validator that refuses fields the model does not name, and times that are none."""
    definitions = copy.deepcopy(loaded["definitions"])
    for schema in definitions.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    checker = jsonschema.FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(lambda value: bool(parse(value)))
    checker.checks("date", raises=ValueError)(lambda value: len(value) == 10 and bool(parse(value)))
    return jsonschema.Draft4Validator(
        {"$ref": f"#/definitions/{definition}", "definitions": definitions},
        format_checker=checker,
    )


def fullest_answer(operation: Operation) -> Any:
    """An answer with every field of Amazon's model, each leaf with a value of its own, one page."""
    loaded, printed = in_models(operation)
    success = next(
        printed["responses"][code] for code in ("200", "202") if code in printed["responses"]
    )
    answer = maximal(loaded, success["schema"])
    if isinstance(answer, dict):
        answer.pop("errors", None)
    if operation.paginator:
        *above, last = operation.paginator.token_path.split(".")
        place = answer
        for name in above:
            place = place[name]
        place.pop(last, None)
    return answer


def maximal(loaded: Dict[str, Any], schema: Dict[str, Any]) -> Any:
    """An instance of `schema` with every field, and a value of its own in every leaf."""
    return _instance(loaded, schema, itertools.count(1), ())


def _instance(
    loaded: Dict[str, Any], schema: Dict[str, Any], numbers: Iterator[int], within: Tuple[str, ...]
) -> Any:
    """An instance; a definition that contains itself does so twice (`within` has those above)."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        target = loaded["definitions"][name]
        if name == "Decimal":
            return f"{next(numbers)}.25"
        return _instance(loaded, target, numbers, (*within, name))
    if "allOf" in schema:
        parts = [_instance(loaded, part, numbers, within) for part in schema["allOf"]]
        return {name: value for part in parts for name, value in part.items()}
    number = next(numbers)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        return {
            name: _instance(loaded, part, numbers, within)
            for name, part in schema.get("properties", {}).items()
            if within.count(str(part.get("$ref")).rsplit("/", 1)[-1]) < 2
        }
    if kind == "array":
        items = str(schema["items"].get("$ref")).rsplit("/", 1)[-1]
        return (
            [_instance(loaded, schema["items"], numbers, within)] if within.count(items) < 2 else []
        )
    if kind == "integer":
        return number
    if kind == "number":
        return number + 0.5
    if kind == "boolean":
        return True
    if schema.get("format") == "date-time":
        return f"2026-01-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    if schema.get("format") == "date":
        return "2026-01-02"
    if "enum" in schema:
        return schema["enum"][0]
    return f"text-{number}"
