"""Each Operation is as Amazon's models print it, and what is sent is allowed by them."""

import json

import pytest

from amazon_selling_partner.client import Operation, Probe
from amazon_selling_partner.common.json_access import get_path
from amazon_selling_partner.modules import ALWAYS, REGISTRY
from amazon_selling_partner.modules.orders.orders import (
    INCLUDED_DATA,
    PII_DATA,
    SEARCH_ORDERS,
    order_to_row,
)
from tests.amazon_models import (
    has_path,
    in_models,
    needs_amazons_files,
    sandbox_answers,
    success,
    usage_plan,
)
from tests.models.instances import parts
from tests.support import OPERATIONS

from .test_client import NOW

ROLE_BY_CALL = ("/reports/", "/tokens/")
"""Paths of operations whose role depends on what is requested."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_operation_is_as_amazon_prints_it(operation: Operation) -> None:
    loaded, printed = in_models(operation)
    # in the SDK all names begin in lower case
    assert printed["operationId"].lower() == operation.name.lower()
    if "| Rate" in printed["description"]:
        assert usage_plan(printed) == (operation.rate, operation.burst)
    assert operation.role or operation.path.startswith(ROLE_BY_CALL)
    assert operation.rate > 0 and operation.burst >= 1
    names = {parameter.get("name") for parameter in printed.get("parameters", [])}
    if operation.paginator:
        if operation.method == "GET":
            assert operation.paginator.parameter in names
        assert has_path(loaded, printed, operation.paginator.token_path)
    if operation.items_path:
        assert has_path(loaded, printed, operation.items_path)
    if (
        operation.paginator
        and "." not in operation.items_path
        and operation.items_path != "payload"
    ):
        _, required = parts(loaded, success(printed))
        assert operation.items_optional == (
            operation.items_path not in required and bool(operation.items_path)
        )
    else:
        assert not operation.items_optional


@needs_amazons_files
def test_datasets_requested_are_all_that_amazon_offers() -> None:
    _, printed = in_models(SEARCH_ORDERS)
    (data,) = [p for p in printed["parameters"] if p["name"] == "includedData"]
    assert {*INCLUDED_DATA, *PII_DATA} == set(data["items"]["enum"])


@needs_amazons_files
def test_amazons_sandbox_orders_are_shaped() -> None:
    answers = sandbox_answers(SEARCH_ORDERS)
    found = [order for answer in answers for order in get_path(answer, SEARCH_ORDERS.items_path)]
    assert found
    for order in found:
        shaped = order_to_row(json.loads(json.dumps(order)), include_pii=False)
        assert "buyer" not in shaped and "recipient" not in shaped
        assert all(item["order_id"] == order["orderId"] for item in shaped["orderItems"])


PROBES = [
    probe for module in (*ALWAYS, *REGISTRY) for probe in module.probes(["ATVPDKIKX0DER"], NOW)
]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.table)
def test_checks_send_only_parameters_amazon_knows(probe: Probe) -> None:
    _, printed = in_models(probe.operation)
    assert set(probe.params) <= {p["name"] for p in printed.get("parameters", [])}
