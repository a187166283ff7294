"""Loads a random account and says what became of each value that was served."""

import json
import re
from collections import Counter
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import dlt
from dlt.common import Decimal, pendulum

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.credentials import SellingPartnerCredentials
from sp_api_simulator import VirtualClock
from tests.support import MODULES, OPT_IN_MODULES, tables

from .lists import ASINS, INBOUND, PROMOTIONS, REMITTANCES, SELECTION
from .requests import Models
from .server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Api, Server

NOW = pendulum.datetime(2026, 6, 15, 12)
SINCE = NOW.subtract(days=20)
ELSEWHERE = ("DATA_KIOSK", "REPORTS")
"""Modules whose documents the models do not describe."""

SELLER_MODULES = [name for name in (*MODULES, *OPT_IN_MODULES) if name not in ELSEWHERE]
VENDOR_MODULES = ["A_PLUS_CONTENT_MANAGEMENT", "CATALOG", "VENDOR"]
GB, DE, US = "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "ATVPDKIKX0DER"


def settings(vendor: bool) -> Dict[str, Any]:
    """What loads every table of an account."""
    if vendor:
        return {
            "is_vendor": True,
            "marketplace_ids": [US],
            "modules": VENDOR_MODULES,
            "asins": list(ASINS[:2]),
        }
    return {
        "region": "EUROPE",
        "modules": SELLER_MODULES,
        "merchant_id": "A1SELLER",
        "asins": list(ASINS[:2]),
        "item_conditions": ["New", "Used"],
        "regulated_info": "all",
        "shipping_lookups": [
            {"tracking_id": "00123", "carrier_id": "AMZN_UK"},
            {"shipment_id": "0042", "package_client_reference_id": "007"},
            {"rate_id": "0043", "request_token": "token+/="},
        ],
    }


def account(models: Models, seed: int, vendor: bool, kind: Optional[str] = None) -> Api:
    """An account of random instances."""
    places = (US,) if vendor else (GB, DE)
    return Api(models, seed, VirtualClock(NOW.timestamp()), places, SINCE.add(hours=1), kind)


def load(pipeline: dlt.Pipeline, api: Api, vendor: bool, include_pii: bool) -> None:
    """Loads an account, lets it change, and loads it again eight days later."""
    once(pipeline, api, vendor, include_pii)
    api.clock.advance(8 * 86_400)
    api.touch()
    once(pipeline, api, vendor, include_pii)


def once(
    pipeline: dlt.Pipeline,
    api: Api,
    vendor: bool,
    include_pii: bool,
    tables: Sequence[str] = (),
    **others: Any,
) -> None:
    """Loads an account as it is now, all tables or some."""
    with Server(api) as server:
        source = amazon_selling_partner(
            credentials=SellingPartnerCredentials(
                client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN
            ),
            api_url=server.url,
            token_url=f"{server.url}/auth/o2/token",
            historical_sync_time_frame=SINCE.to_date_string(),
            clock=api.clock,
            include_pii=include_pii,
            **{**settings(vendor), **others},
        )
        pipeline.run(source.with_resources(*tables) if tables else source)


def everything(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """All tables there are: dlt forgets of some that they have rows, after a run without any."""
    with pipeline.sql_client() as client:
        found = client.execute_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = %s",
            pipeline.dataset_name,
        )
    return tables(pipeline, [name for (name,) in found or () if not name.startswith("_dlt_")])


def placed(value: Any, path: str = "") -> Iterator[Tuple[str, Any]]:
    """Every leaf of a JSON value with the names that lead to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from placed(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for part in value:
            yield from placed(part, path)
    else:
        yield path, value


def comparable(value: Any) -> Any:
    """A value that is the same however it was written."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}" if value else "0"
    if hasattr(value, "astimezone"):
        return value.astimezone(pendulum.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    text = str(value)
    if text[4:5] == "-" and text[10:11] in ("T", " "):
        try:
            return comparable(pendulum.parse(text))
        except ValueError:
            return text
    try:
        return f"{Decimal(text).normalize():f}" if text[:1] in "-.0123456789" and text else text
    except ArithmeticError:
        return text


def loaded_values(found_in: Dict[str, List[Dict[str, Any]]]) -> Counter:
    """Every value of every column, those inside json columns too."""
    found: Counter = Counter()
    for rows in found_in.values():
        for row in rows:
            for value in row.values():
                found[comparable(value)] += 1
                if isinstance(value, str) and value[:1] in "[{":
                    try:
                        inner = json.loads(value)
                    except ValueError:
                        continue
                    for _, leaf in placed(inner):
                        found[comparable(leaf)] += 1
    return found


INVOICES = "/finances/invoices/2026-06-25/invoices"
PLAN = f"{INBOUND}/{{inboundPlanId}}"
OUTBOUND = "/fba/outbound/2020-07-01/fulfillmentOrders"
LOOKED_UP = (
    ("/awd/2024-05-09/inboundShipments", ""),
    ("/supplySources/2020-07-01/supplySources", ""),
    (OUTBOUND, ""),
    (INVOICES, ""),
    (REMITTANCES, ""),
    (SELECTION, "selection.type"),
    (INBOUND, ""),
    (PLAN, "placementOptions."),
    (PLAN, "shipments."),
)
"""Lists, and parts of answers, whose records are then requested one by one: that is what counts."""

IN_WRAPPERS = re.compile(
    r"^(images|classifications|salesRanks|identifiers|relationships|lowestPricedOffers|similarItems"
    r"|topics|featuredBuyingOptions)\.new"
)
"""Fields Amazon might add beside the list of an object that has nothing else of its own."""

UNUSED = {
    "/products/pricing/v0/price": "a price to estimate fees of, and no more",
    "/tokens/2021-03-01/restrictedDataToken": "a token",
    "/listings/2021-08-01/restrictions": "those of marketplaces where the ASIN is not sold are not",
    f"{PLAN}/transportationOptions": "only the one that was chosen is loaded",
}
"""Operations whose answers are not loaded, or not all of them."""


def lost(api: Api, loaded: Dict[str, List[Dict[str, Any]]]) -> Dict[Tuple[str, str], Any]:
    """Leaves that were served and are in no column, by operation and place, with an example."""
    found = loaded_values(loaded)
    missing: Dict[Tuple[str, str], Any] = {}
    for key, body in api.served.items():
        for path, leaf in placed(body):
            if (
                IN_WRAPPERS.search(path)
                or key[0] in UNUSED
                or leaf in (None, "")
                or path.startswith("warnings.")
            ):
                continue
            if any(key[0] == one and path.startswith(start) for one, start in LOOKED_UP):
                continue
            if comparable(leaf) not in found:
                missing.setdefault((key[0], path), []).append((key, leaf))
    return missing


def bad_columns(pipeline: dlt.Pipeline) -> List[str]:
    """Columns whose name or type is not as it should be."""
    wrong = []
    for table in pipeline.default_schema.data_tables(seen_data_only=False):
        if len(table["name"]) > 63 and "__new_" not in table["name"]:
            wrong.append(f"{table['name']} is too long")
        for name, column in table["columns"].items():
            full = f"{table['name']}.{name}"
            kind = column.get("data_type")
            if len(name) > 63 and "__new_" not in name:
                wrong.append(f"{full} is too long")
            if "__v_" in name or column.get("variant"):
                wrong.append(f"{full} is a variant")
            if name.startswith("_dlt"):
                continue
            if (name == "id" or name.endswith(("_id", "asin", "sku"))) and kind not in (
                "text",
                "json",
            ):
                wrong.append(f"{full} is {kind}, not text")
            if name.endswith("amount") and "quantit" not in name and kind != "decimal":
                wrong.append(f"{full} is {kind}, not decimal")
            if kind == "timestamp" and column.get("timezone") is False:
                wrong.append(f"{full} has no time zone")
            if kind == "double":
                wrong.append(f"{full} is double")
    return wrong


ROWS = {
    "/orders/2026-01-01/orders": ("orders", "order_id", "orderId"),
    "/finances/v0/financialEventGroups": (
        "financial_event_group",
        "financial_event_group_id",
        "FinancialEventGroupId",
    ),
    "/finances/2024-06-19/transactions": (
        "financial_transaction",
        "transaction_id",
        "transactionId",
    ),
    "/finances/transfers/2024-06-01/payouts": ("payout", "id", "id"),
    "/feeds/2021-06-30/feeds": ("feed", "feed_id", "feedId"),
    "/service/v1/serviceJobs": ("service_job", "service_job_id", "serviceJobId"),
    "/awd/2024-05-09/inboundShipments": ("awd_inbound_shipment", "shipment_id", "shipmentId"),
    "/awd/2024-05-09/inventory": ("awd_inventory", "sku", "sku"),
    "/awd/2024-05-09/outboundOrders": ("awd_outbound_order", "order_id", "orderId"),
    "/awd/2024-05-09/replenishmentOrders": ("awd_replenishment_order", "order_id", "orderId"),
    "/fba/inbound/v0/shipments": ("inbound_shipment_info", "shipment_id", "ShipmentId"),
    OUTBOUND: ("fulfillment_order", "seller_fulfillment_order_id", "sellerFulfillmentOrderId"),
    INBOUND: ("inbound_plan", "inbound_plan_id", "inboundPlanId"),
    PROMOTIONS: ("promotion", "promotion_id", "promotionId"),
    REMITTANCES: ("vendor_remittance", "unique_payment_id", "uniquePaymentId"),
    INVOICES: ("vendor_invoice", "invoice_identifier", "invoiceIdentifier"),
    "/supplySources/2020-07-01/supplySources": (
        "supply_source",
        "supply_source_id",
        "supplySourceId",
    ),
    "/vendor/orders/v1/purchaseOrders": (
        "vendor_retail_procurement_order",
        "purchase_order_number",
        "purchaseOrderNumber",
    ),
    "/vendor/orders/v1/purchaseOrdersStatus": (
        "vendor_retail_procurement_order_status",
        "purchase_order_number",
        "purchaseOrderNumber",
    ),
    "/vendor/shipping/v1/shipments": (
        "vendor_retail_procurement_shipment",
        "vendor_shipment_identifier",
        "vendorShipmentIdentifier",
    ),
}
"""Lists with their root table, its key column and Amazon's field of the key."""


def wrong_rows(api: Api, loaded: Dict[str, List[Dict[str, Any]]]) -> List[str]:
    """Records that are not exactly one row of their root table, and not kept aside either."""
    wrong = []
    aside = " ".join(row["content"] for row in loaded.get("rejected_row", []))
    for key, body in api.served.items():
        if key[0] in ROWS:
            table, column, field = ROWS[key[0]]
            many = sum(row[column] == body[field] for row in loaded.get(table, []))
            if many != 1 and body[field] not in aside:
                wrong.append(f"{table} has {many} rows of {body[field]}")
    return wrong
