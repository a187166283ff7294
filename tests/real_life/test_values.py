"""Values that Amazon's models do not promise: the row is there, and nothing else suffers.

Each situation is one item of a list; its id is the name of the situation. The number behind it is
that of a public issue: M of selling-partner-api-models, D of -docs, SDK of -sdk, others by name.
"""

import zlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Tuple

import pytest

from sp_api_simulator import Simulator

from .support import US, Load, Loaded, simulator, source

Cases = Dict[str, Tuple[Dict[str, Any], Dict[str, Any]]]
"""Name -> what an item has, and what its row has."""

Put = Callable[[Simulator, List[Dict[str, Any]]], Dict[str, Any]]
"""Lets the simulator answer items; returns further settings."""


def answer(operation: str, *above: str, **beside: Any) -> Put:
    """Puts the items into one operation's answer, below these names."""

    def put(sim: Simulator, items: List[Dict[str, Any]]) -> Dict[str, Any]:
        body: Any = items
        for name in reversed(above):
            body = {name: body}
        sim.faults.add("answer", operation, body={**body, **beside})
        return {}

    return put


@dataclass
class Family:
    """Items of one list.

    Attributes:
        module: Of the source.
        table: Where they go.
        key: Amazon's name of their id, and the column of it.
        put: Makes the simulator answer them.
        cases: The situations.
        id_of: The id of the item of a situation.
    """

    module: str
    table: str
    key: Tuple[str, str]
    put: Put
    cases: Cases
    id_of: Callable[[str], str] = str


def asin_of(situation: str) -> str:
    """An ASIN for a situation."""
    return f"B{zlib.crc32(situation.encode()) % 10**9:09d}"


ORDERS: Cases = {
    "an unknown enum (J660)": (
        {"fulfillment": {"fulfillmentStatus": "SOMETHING_NEW"}},
        {"fulfillment__fulfillment_status": "SOMETHING_NEW"},
    ),
    "an empty enum (SDK242)": (
        {"fulfillment": {"fulfillmentStatus": ""}},
        {"fulfillment__fulfillment_status": ""},
    ),
    "a number for a text (M1285)": (
        {"salesChannel": {"channelName": 12345}},
        {"sales_channel__channel_name": "12345"},
    ),
    "null for each part (D1275)": (
        dict.fromkeys(["buyer", "recipient", "packages", "proceeds", "fulfillment", "orderItems"]),
        {"fulfillment__fulfillment_status": None, "proceeds__grand_total__amount": None},
    ),
    "an empty object for each part (D1275)": (
        {"buyer": {}, "recipient": {}, "packages": {}, "proceeds": {}, "orderItems": {}},
        {"proceeds__grand_total__amount": None},
    ),
    "an empty list for each part": (
        {"buyer": [], "recipient": [], "packages": [], "proceeds": [], "orderItems": []},
        {"proceeds__grand_total__amount": None},
    ),
    "aliases as numbers (ScaleLeap#232)": (
        {"orderAliases": [{"aliasType": "SELLER_ORDER_ID", "aliasId": 12345}]},
        {},
    ),
    "an empty object for an amount (M1304)": (
        {"proceeds": {"grandTotal": {"amount": {}, "currencyCode": "EUR"}}},
        {"proceeds__grand_total__amount": None, "proceeds__grand_total__currency_code": "EUR"},
    ),
    "a date as milliseconds of the epoch": (
        {"createdTime": 1781344800000},
        {"created_time": None},
    ),
}
INVENTORY: Cases = {
    "an empty date (M291)": ({"lastUpdatedTime": ""}, {"last_updated_time": None}),
    "an empty number (M127)": ({"totalQuantity": ""}, {"total_quantity": None}),
    "a number as text": ({"totalQuantity": "7"}, {"total_quantity": 7}),
    "a whole number with a point": ({"totalQuantity": 7.0}, {"total_quantity": 7}),
    "details null": ({"inventoryDetails": None}, {"fulfillable_quantity": None}),
    "details as a text": ({"inventoryDetails": "none"}, {"fulfillable_quantity": None}),
    "no asin (M1051)": ({"asin": None}, {"asin": None}),
    "a numeric asin": ({"asin": 131103628}, {"asin": "131103628"}),
    "a breakdown of null": (
        {"inventoryDetails": {"researchingQuantity": {"researchingQuantityBreakdown": [None]}}},
        {"total_researching_quantity": None},
    ),
    "stores as a text": ({"stores": "x"}, {}),
}
LISTINGS: Cases = {
    "a null inside an attribute (SDK332)": (
        {"attributes": {"purchasable_offer": [{"end_at": {"value": None}}]}},
        {"attributes": '{"purchasable_offer":[{"end_at":{"value":null}}]}'},
    ),
    "an unknown category of an issue (CS953)": (
        {"issues": [{"code": "1", "categories": ["LISTING"]}]},
        {},
    ),
    "summaries of another marketplace alone (D2362)": (
        {"summaries": [{"marketplaceId": "A2EUQ1WTGCTBG2", "asin": "B1"}]},
        {"summary__asin": None},
    ),
    "summaries null (M4821)": ({"summaries": None}, {"summary__asin": None}),
    "each part null (M4821)": (
        dict.fromkeys(["attributes", "issues", "offers", "procurement", "productTypes"]),
        {"attributes": None},
    ),
    "each part an empty list (M4821)": (
        {"attributes": [], "issues": [], "offers": [], "procurement": [], "productTypes": []},
        {},
    ),
    "a size of an image as text": (
        {"summaries": [{"marketplaceId": US, "mainImage": {"height": "500", "width": "x"}}]},
        {"summary__main_image__height": 500, "summary__main_image__width": None},
    ),
    "an offer without a price (D2362)": ({"offers": [{"marketplaceId": US, "price": None}]}, {}),
}
CATALOG: Cases = {
    "each part null (M4821)": (
        dict.fromkeys(["attributes", "identifiers", "images", "dimensions", "salesRanks"]),
        {"attributes": None},
    ),
    "no identifiers in a marketplace (M4821)": (
        {"identifiers": [{"marketplaceId": US, "identifiers": []}]},
        {},
    ),
    "a year for a date (nager#99)": (
        {"summaries": [{"marketplaceId": US, "releaseDate": "1997"}]},
        {},
    ),
    "a year and a T for a date (nager#99)": (
        {"summaries": [{"marketplaceId": US, "releaseDate": "1997T"}]},
        {"summary__release_date": None},
    ),
    "a time for a date": (
        {"summaries": [{"marketplaceId": US, "releaseDate": "2026-06-01T07:00:00Z"}]},
        {},
    ),
    "an empty date": (
        {"summaries": [{"marketplaceId": US, "releaseDate": ""}]},
        {"summary__release_date": None},
    ),
    "a flag as text": (
        {"summaries": [{"marketplaceId": US, "adultProduct": "true"}]},
        {"summary__adult_product": True},
    ),
    "a flag as a number": (
        {"summaries": [{"marketplaceId": US, "adultProduct": 1}]},
        {"summary__adult_product": True},
    ),
    "a size of many digits": (
        {"dimensions": [{"marketplaceId": US, "item": {"height": {"value": 3.937007874015748}}}]},
        {},
    ),
    "a size as text": (
        {"dimensions": [{"marketplaceId": US, "item": {"height": {"value": "3.9"}}}]},
        {},
    ),
    "a size in words": (
        {"dimensions": [{"marketplaceId": US, "item": {"height": {"value": "tall"}}}]},
        {"dimensions__item__height__value": None},
    ),
}
SHIPMENTS: Cases = {
    "a status of null (M2051)": ({"ShipmentStatus": None}, {"shipment_status": None}),
    "an unknown status": ({"ShipmentStatus": "LOST"}, {"shipment_status": "LOST"}),
    "flags as text": ({"AreCasesRequired": "false"}, {"are_cases_required": False}),
    "an address of null": ({"ShipFromAddress": None}, {}),
    "a name of 500 characters": ({"ShipmentName": "x" * 500}, {"shipment_name": "x" * 500}),
}
VENDOR: Cases = {
    "a negative quantity (M2968)": (
        {
            "orderDetails": {
                "items": [{"itemSequenceNumber": "1", "orderedQuantity": {"amount": -3}}]
            }
        },
        {},
    ),
    "details null": ({"orderDetails": None}, {}),
    "an unknown state": ({"purchaseOrderState": "Paused"}, {"purchase_order_state": "Paused"}),
    "items null": ({"orderDetails": {"items": None}}, {}),
    "a window of one date": ({"orderDetails": {"shipWindow": "2026-06-13"}}, {}),
    "an empty window": ({"orderDetails": {"shipWindow": ""}}, {}),
    "a window of two dashes": ({"orderDetails": {"shipWindow": "--"}}, {}),
    "a date with milliseconds and an offset": (
        {"orderDetails": {"purchaseOrderDate": "2026-06-13T10:00:00.123+02:00"}},
        {},
    ),
}
JOBS: Cases = {
    "each part null": (
        dict.fromkeys(["buyer", "appointments", "associatedItems", "serviceLocation"]),
        {},
    ),
    "a quantity in words": ({"scopeOfWork": {"quantity": "two"}}, {}),
}
STOCK: Cases = {
    "quantities null": ({"totalOnhandQuantity": None}, {"total_onhand_quantity": None}),
    "a quantity beyond 64 bits": ({"totalOnhandQuantity": 10**30}, {"total_onhand_quantity": None}),
    "a date in the list of expiries null": ({"expirationDetails": None}, {}),
}


def catalogue(sim: Simulator, items: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Catalog items: looked up by the ASINs of the settings, 20 per call."""
    put = answer("searchCatalogItems", "items", numberOfResults=len(items))
    return {**put(sim, items), "asins": [item["asin"] for item in items]}


def stock(sim: Simulator, items: List[Dict[str, Any]]) -> Dict[str, Any]:
    return answer("listInventory", "inventory")(sim, items)


FAMILIES = {
    "orders": Family(
        "ORDERS", "orders", ("orderId", "order_id"), answer("searchOrders", "orders"), ORDERS
    ),
    "inventory": Family(
        "FBA",
        "fba_inventory_summary",
        ("sellerSku", "seller_sku"),
        answer("getInventorySummaries", "payload", "inventorySummaries"),
        INVENTORY,
    ),
    "listings": Family(
        "LISTED_ITEM",
        "listed_item",
        ("sku", "sku"),
        answer("searchListingsItems", "items", numberOfResults=len(LISTINGS)),
        LISTINGS,
    ),
    "catalog": Family("CATALOG", "catalog", ("asin", "asin"), catalogue, CATALOG, asin_of),
    "shipments": Family(
        "FBA",
        "inbound_shipment_info",
        ("ShipmentId", "shipment_id"),
        answer("getShipments", "payload", "ShipmentData"),
        SHIPMENTS,
    ),
    "vendor": Family(
        "VENDOR",
        "vendor_retail_procurement_order",
        ("purchaseOrderNumber", "purchase_order_number"),
        answer("getPurchaseOrders", "payload", "orders"),
        VENDOR,
    ),
    "jobs": Family(
        "SERVICES",
        "service_job",
        ("serviceJobId", "service_job_id"),
        answer("getServiceJobs", "payload", "jobs"),
        JOBS,
    ),
    "stock": Family("AWD", "awd_inventory", ("sku", "sku"), stock, STOCK),
}


@pytest.fixture(scope="module")
def loaded(load: Load) -> Callable[[str], Loaded]:
    """Loads a family once."""
    done: Dict[str, Loaded] = {}

    def once(name: str) -> Loaded:
        if name not in done:
            family = FAMILIES[name]
            items = [
                {family.key[0]: family.id_of(id), **item} for id, (item, _) in family.cases.items()
            ]
            with simulator() as sim:
                settings = family.put(sim, items)
                if family.module == "VENDOR":
                    settings |= {"is_vendor": True, "marketplace_ids": [US]}
                done[name] = load(source(sim, family.module, [family.table], **settings))
        return done[name]

    return once


@pytest.mark.parametrize(
    "family, situation", [(name, id) for name, family in FAMILIES.items() for id in family.cases]
)
def test_an_odd_value_leaves_its_row_and_all_others(
    loaded: Callable[[str], Loaded], family: str, situation: str
) -> None:
    described = FAMILIES[family]
    found = loaded(family)
    (row,) = found.rows(described.table, **{described.key[1]: described.id_of(situation)})
    expected = described.cases[situation][1]
    assert {name: row.get(name) for name in expected} == expected
    assert len(found.rows(described.table)) == len(described.cases)
    assert not found.summary.failed
