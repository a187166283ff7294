"""The documents made of Amazon's SDK: what they hold, and that Amazon's own models agree."""

import json
from typing import Any

import pytest

from .amazon_models import (
    MODELS,
    field_paths,
    maximal,
    needs_amazons_files,
    operations,
    success,
    usage_plan,
)
from .sdk_models import api_document, api_names, api_of

FILES = sorted((MODELS / "models").glob("*.json"))


@pytest.mark.parametrize("api", api_names())
def test_every_operation_of_the_sdk_is_complete(api: str) -> None:
    document = api_document(api)
    for method, path, operation in operations(document).values():
        placeholders = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        of_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert placeholders == of_path, (method, path)
        for answer in operation["responses"].values():
            maximal(document, answer["schema"])


def test_a_model_has_fields_limits_and_usage_plans() -> None:
    document = api_document("orders_v2026_01_01")
    method, path, operation = operations(document)["searchOrders"]
    assert (method, path, usage_plan(operation)) == (
        "GET",
        "/orders/2026-01-01/orders",
        (0.0056, 20),
    )
    described = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert described["marketplaceIds"] == {
        "in": "query", "name": "marketplaceIds", "required": False,
        "type": "array", "items": {"type": "string"}, "maxItems": 50,
    }  # fmt: skip
    assert described["createdAfter"]["format"] == "date-time"
    order = document["definitions"]["Order"]
    assert {"orderId", "createdTime", "salesChannel"} <= set(order["required"])
    assert order["properties"]["orderItems"]["items"] == {"$ref": "#/definitions/OrderItem"}
    amount = document["definitions"]["Money"]["properties"]["amount"]
    assert amount == {"$ref": "#/definitions/Decimal"}
    assert "UNSHIPPED" in document["definitions"]["FulfillmentStatus"]["enum"]


@needs_amazons_files
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_sdk_lacks_no_field_of_amazons_models(file: Any) -> None:
    """It may have more, as it is newer; old versions of an API that it left out are passed over."""
    printed = json.loads(file.read_text())
    for method, path, operation in operations(printed).values():
        try:
            document = api_document(api_of(method, path))
        except LookupError:
            continue
        mine = document["paths"][path][method.lower()]
        names = {(p["in"], p["name"]) for p in mine["parameters"] if p["in"] != "body"}
        for parameter in operation.get("parameters", ()):
            assert parameter.get("in") != "query" or ("query", parameter["name"]) in names
        if mine["responses"] and {"200", "202"} & set(operation["responses"]):
            theirs = set(field_paths(printed, success(operation)))
            assert theirs <= set(field_paths(document, success(mine))), path
