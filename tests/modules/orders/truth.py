"""What the simulator knows, as the rows that should be loaded."""

import json
from collections import Counter
from typing import Any, Dict, Iterator, List, Tuple

import dlt
from dlt.common import Decimal, pendulum

from amazon_selling_partner import NAME
from sp_api_simulator import Simulator
from tests.support import NAMING, comparable, rows

JSON_PATHS = (
    "fulfillment__shipping",
    "fulfillment__picking",
    "fulfillment__packing__serial_number_requirement",
    "fulfillment__promise_calculation_inputs",
    "recipient__delivery_preference",
)


def assert_orders_equal_truth(pipeline: dlt.Pipeline, sim: Simulator, until: float) -> None:
    """Every order last changed by `until` is loaded as it is now, every value of it, once."""
    end = pendulum.from_timestamp(until)
    expected: Dict[str, List[Dict[str, Any]]] = {}
    settled = set()
    for order in sim.orders.all(pii=False):
        if pendulum.parse(order["lastUpdatedTime"]) <= end:
            settled.add(order["orderId"])
            for table, row in flat(order):
                expected.setdefault(table, []).append(row)
    loaded_ids = [row["order_id"] for row in rows(pipeline, "orders")]
    assert len(loaded_ids) == len(set(loaded_ids)) and settled <= set(loaded_ids)
    tables = [t["name"] for t in pipeline.default_schema.data_tables(seen_data_only=True)]
    found = {name: rows(pipeline, name) for name in tables if name.split("__")[0] == "orders"}
    for table in {*expected, *found}:
        mine = [
            {name: comparable(value) for name, value in row.items() if value is not None}
            for row in found.get(table, [])
            if row.get("parent_order_id", row["order_id"]) in settled
        ]
        assert Counter(map(_frozen, mine)) == Counter(
            map(_frozen, expected.get(table, []))
        ), f"{table} differs"


def flat(order: Dict[str, Any]) -> Iterator[Tuple[str, Dict[str, Any]]]:
    """The rows an order should become, worked out without dlt."""
    order = json.loads(json.dumps(order))
    (order.get("tax") or {}).pop("taxRegistrations", None)
    for item in order["orderItems"]:
        item.get("product", {}).pop("customization", None)
        item.get("fulfillment", {}).get("packing", {}).get("giftOption", {}).pop(
            "giftMessage", None
        )
        if points := item.get("expense", {}).get("pointsCost", {}).pop("pointsGranted", None):
            item["expense"]["pointsGranted"] = points
    yield from _rows("orders", order, {"order_id": order["orderId"]})


def _rows(table: str, node: Dict[str, Any], ids: Dict[str, str]) -> Iterator[Tuple[str, Any]]:
    row = dict(ids)
    if table == "orders":
        row["selling_partner"] = NAME
    if table.endswith(("associated_orders", "associated_order_items")):
        row = {f"parent_{name}": value for name, value in ids.items()}
    if "orderItemId" in node and table == "orders__order_items":
        ids = {**ids, "order_item_id": node["orderItemId"]}
    if "packageReferenceId" in node:
        ids = {**ids, "package_reference_id": node["packageReferenceId"]}

    def walk(value: Any, path: str) -> Iterator[Tuple[str, Any]]:
        if path in JSON_PATHS or (
            isinstance(value, list) and not any(isinstance(part, dict) for part in value)
        ):
            if value or path in JSON_PATHS:
                row[path] = comparable(value)
            elif path == "programs" or path.endswith(("serial_numbers", "transparency_codes")):
                row[path] = "[]"
        elif isinstance(value, dict):
            for name, part in value.items():
                name = NAMING.normalize_identifier(name)
                yield from walk(part, f"{path}__{name}" if path else name)
        elif isinstance(value, list):
            for part in value:
                yield from _rows(f"{table}__{path}", part, ids)
        elif value is not None:
            row[path] = comparable(Decimal(value) if path.endswith("amount") else value)

    yield from walk(node, "")
    yield table, row


def _frozen(row: Dict[str, Any]) -> Tuple[Any, ...]:
    return tuple(sorted((name, str(value)) for name, value in row.items()))
