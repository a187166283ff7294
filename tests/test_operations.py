"""Each Operation is as Amazon's models print it, and what is sent is allowed by them."""

import importlib
import json
import pkgutil
from typing import Any, Dict, Iterator, List, Tuple

import pytest

import amazon_selling_partner
from amazon_selling_partner import access
from amazon_selling_partner.client import Operation, Probe, at
from amazon_selling_partner.orders import INCLUDED_DATA, PII_DATA, SEARCH_ORDERS, shape

from .models.instances import parts
from .test_client import NOW
from .utils import MODELS, model, operations, usage_plan

ROLE_BY_CALL = ("/reports/", "/tokens/")
"""Paths of operations whose role depends on what is asked for."""


def all_operations() -> Iterator[Operation]:
    """Every Operation of every module of the source, the simulator left out."""
    seen = set()
    for info in pkgutil.walk_packages(amazon_selling_partner.__path__, "amazon_selling_partner."):
        if ".simulator" in info.name:
            continue
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Operation) and value.id not in seen:
                seen.add(value.id)
                yield value


OPERATIONS = sorted(all_operations(), key=lambda operation: operation.id)


def in_models(operation: Operation) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The model of an operation and the operation in it."""
    if not MODELS.exists():
        pytest.skip(f"Amazon's models are not at {MODELS}; set SP_API_MODELS")
    for path in sorted((MODELS / "models").glob("*.json")):
        text = path.read_text()
        if f'"{operation.path}"' not in text:
            continue
        loaded = json.loads(text)
        methods = loaded["paths"].get(operation.path, {})
        if operation.method.lower() in methods:
            return loaded, methods[operation.method.lower()]
    raise AssertionError(f"{operation.id} is in no model")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_operation_is_as_amazon_prints_it(operation: Operation) -> None:
    loaded, printed = in_models(operation)
    assert printed["operationId"] == operation.name
    if "| Rate" in printed["description"]:
        assert usage_plan(printed) == (operation.rate, operation.burst)
    assert operation.role or operation.path.startswith(ROLE_BY_CALL)
    assert operation.rate > 0 and operation.burst >= 1
    names = {parameter.get("name") for parameter in printed.get("parameters", [])}
    if operation.paging:
        if operation.method == "GET":
            assert operation.paging.parameter in names
        assert has_path(loaded, printed, operation.paging.token)
    if operation.records:
        assert has_path(loaded, printed, operation.records)
    if operation.paging and "." not in operation.records and operation.records != "payload":
        _, required = parts(loaded, success(printed))
        assert operation.sparse == (operation.records not in required and bool(operation.records))
    else:
        assert not operation.sparse


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


def test_datasets_asked_for_are_all_that_amazon_offers() -> None:
    _, printed = in_models(SEARCH_ORDERS)
    (data,) = [p for p in printed["parameters"] if p["name"] == "includedData"]
    assert {*INCLUDED_DATA, *PII_DATA} == set(data["items"]["enum"])


def sandbox_answers(name: str, operation: Operation) -> List[Any]:
    """Amazon's own static sandbox answers to an operation."""
    _, _, printed = operations(model(name))[operation.name]
    return [
        case["response"] for case in printed["responses"]["200"]["x-amzn-api-sandbox"]["static"]
    ]


def test_amazons_sandbox_orders_are_shaped() -> None:
    answers = sandbox_answers("orders_2026-01-01.json", SEARCH_ORDERS)
    found = [order for answer in answers for order in at(answer, SEARCH_ORDERS.records)]
    assert found
    for order in found:
        shaped = shape(json.loads(json.dumps(order)), include_pii=False)
        assert "buyer" not in shaped and "recipient" not in shaped
        assert all(item["order_id"] == order["orderId"] for item in shaped["orderItems"])


PROBES = [
    probe
    for several in (*access.PROBES.values(), *access.VENDOR_PROBES.values())
    for probes in several
    for probe in probes(["ATVPDKIKX0DER"], NOW)
]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.table)
def test_checks_send_only_parameters_amazon_knows(probe: Probe) -> None:
    _, printed = in_models(probe.operation)
    assert set(probe.params) <= {p["name"] for p in printed.get("parameters", [])}
