"""Amazon's models as its Python SDK has them (`amzn-sp-api`): the newest, at hand in every clone.

The SDK's classes are generated from the models, so their source can be turned back into documents
of the same shape: `paths` and `definitions` with fields, types, enums, patterns and limits. What
the SDK has not: sandbox examples, the enums of query parameters, and names of lists and plain
texts, which stand where they are used.
"""

import ast
import functools
import importlib.util
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

Schema = Dict[str, Any]

DECIMAL: Schema = {"$ref": "#/definitions/Decimal"}
"""A number that is sent as text."""

SCALARS: Dict[str, Schema] = {
    "str": {"type": "string"},
    "bytes": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "object": {"type": "object"},
}

LIMITS = {
    "number of items must be less than or equal to": "maxItems",
    "number of items must be greater than or equal to": "minItems",
    "must be a value less than or equal to": "maximum",
    "must be a value greater than or equal to": "minimum",
    "length must be less than or equal to": "maxLength",
    "length must be greater than or equal to": "minLength",
}
"""What the SDK says of a value that it does not send, and the limit behind it."""

INVALID = r"Invalid values? for (?:parameter )?`(\w+)`"
LIMIT = re.compile(rf"{INVALID}.*?({'|'.join(LIMITS)}) `([^`]+)`")
PATTERN = re.compile(
    rf"{INVALID}.*?(?:equal to|conform to the pattern) `/(.*)/\w*`\"", re.IGNORECASE
)
REQUIRED = re.compile(rf"{INVALID}, must not be `None`")
ALLOWED = re.compile(
    r"allowed_values = (\[.*?\])  #[^\]]*?(?:not set\((\w+)\)|(\w+) not in allowed_values)", re.S
)
ENUM_MEMBER = re.compile(r"^    [A-Z_0-9]+ = (['\"].*['\"]|-?[\d.]+)$", re.M)


@functools.cache
def sdk_folder() -> Path:
    """Where the SDK is installed."""
    found = importlib.util.find_spec("spapi")
    assert found and found.origin, "amzn-sp-api is not installed"
    return Path(found.origin).parent


def api_names() -> List[str]:
    """All APIs, such as `orders_v2026_01_01`."""
    return sorted(path.parent.name for path in (sdk_folder() / "api").glob("*/__init__.py"))


@functools.cache
def api_document(api: str) -> Dict[str, Any]:
    """An API in the shape of its model. Callers share the document and must not change it."""
    paths: Dict[str, Dict[str, Any]] = {}
    for path, method, operation in _operations(api):
        paths.setdefault(path, {})[method.lower()] = operation
    return {"paths": paths, "definitions": {"Decimal": {"type": "string"}, **_definitions(api)}}


@functools.cache
def api_of(method: str, path: str) -> str:
    """The API that has an operation.

    Raises:
        LookupError: When none has it.
    """
    for api in api_names():
        if path in (document := api_document(api))["paths"]:
            if method.lower() in document["paths"][path]:
                return api
    raise LookupError(f"{method} {path} is in no API of Amazon's SDK")


def _definitions(api: str) -> Dict[str, Schema]:
    files = (sdk_folder() / "models" / api).glob("*.py")
    return dict(_definition(path.read_text()) for path in files if path.name != "__init__.py")


def _definition(text: str) -> Tuple[str, Schema]:
    """The name and the schema of the class in a file."""
    (name,) = re.findall(r"^class (\w+)\(", text, re.M)
    types, names = (_dictionary(text, variable) for variable in ("swagger_types", "attribute_map"))
    if not types and (members := ENUM_MEMBER.findall(text)):
        return name, {"type": "string", "enum": [ast.literal_eval(member) for member in members]}
    schemas = {attribute: _schema(spelt) for attribute, spelt in types.items()}
    _add_limits(text, schemas)
    for attribute, description in re.findall(r"Gets the (\w+) of this .*\n\n +(.*)", text):
        if "decimal number with no loss of precision" in description:
            schemas[attribute] = DECIMAL
    return name, {
        "type": "object",
        "properties": {names[attribute]: schema for attribute, schema in schemas.items()},
        "required": [names[attribute] for attribute in dict.fromkeys(REQUIRED.findall(text))],
    }


def _dictionary(text: str, variable: str) -> Dict[str, str]:
    (found,) = re.findall(rf"^    {variable} = (\{{.*?^    \}})", text, re.M | re.S)
    read: Dict[str, str] = ast.literal_eval(found)
    return read


def _schema(spelt: str) -> Schema:
    """The schema of a type as the SDK spells it: `str`, `List[Money]`, `Dict[str, object]`."""
    if outer := re.fullmatch(r"List\[(.*)\]", spelt):
        return {"type": "array", "items": _schema(outer.group(1))}
    if outer := re.fullmatch(r"Dict\[str, (.*)\]", spelt):
        # an `object` among the values of a dictionary may be anything
        values = {} if outer.group(1) == "object" else _schema(outer.group(1))
        return {"type": "object", "additionalProperties": values}
    return dict(SCALARS[spelt]) if spelt in SCALARS else {"$ref": f"#/definitions/{spelt}"}


def _add_limits(text: str, schemas: Dict[str, Schema]) -> None:
    """Adds the enums, patterns and limits that the SDK checks before it sends, by attribute."""
    for attribute, sentence, number in LIMIT.findall(text):
        schemas[attribute][LIMITS[sentence]] = ast.literal_eval(number)
    for attribute, pattern in PATTERN.findall(text):
        schemas[attribute]["pattern"] = pattern.replace(r"\/", "/")
    for members, of_a_list, of_a_value in ALLOWED.findall(text):
        schema = schemas[of_a_list or of_a_value]
        schema.get("items", schema)["enum"] = ast.literal_eval(members)


def _operations(api: str) -> Iterator[Tuple[str, str, Dict[str, Any]]]:
    """Path, method and operation of each method of the classes of an API."""
    for file in sorted((sdk_folder() / "api" / api).glob("*_api.py")):
        for text in re.split(r"\n(?=    def )", file.read_text()):
            if "self.api_client.call_api(" in text:
                yield _operation(text)


def _operation(text: str) -> Tuple[str, str, Dict[str, Any]]:
    (name,) = re.findall(r"def (\w+?)0?_with_http_info\(", text)
    description, code = text.split('"""')[1:3]
    ((path, method),) = re.findall(r"call_api\(\s*'(.*?)', '(\w+)'", code)
    params = re.findall(r":param (\S+(?: \S+\])?) (\w+)(?::|$)", description, re.M)
    schemas = {attribute: _schema(spelt) for spelt, attribute in params if spelt != "async_req"}
    _add_limits(code, schemas)
    for attribute in re.findall(
        r"params\['(\w+)'\]\)\)\s.*\s+collection_formats.* = 'multi'", code
    ):
        schemas[attribute]["collectionFormat"] = "multi"
    required = re.findall(r"Missing the required parameter `(\w+)`", code)
    sent = re.findall(
        r"(path|query|header)_params(?:\.append\(\(|\[)'(.*?)'(?:, |\] = )params\['(\w+)'\]", code
    )
    parameters = [
        {"in": where, "name": name, "required": attribute in required, **schemas[attribute]}
        for where, name, attribute in sent
    ]
    for attribute in re.findall(r"body_params = params\['(\w+)'\]", code):
        parameters.append(
            {
                "in": "body",
                "name": attribute,
                "required": attribute in required,
                "schema": schemas[attribute],
            }
        )
    answer = re.search(r"response_type='(.*?)'", code)
    return (
        path,
        method,
        {
            "operationId": re.sub(r"_(\w)", lambda found: found.group(1).upper(), name),
            "description": description,
            "parameters": parameters,
            "responses": {"200": {"schema": _schema(answer.group(1))}} if answer else {},
        },
    )
