"""FBA Inventory v1."""

from collections import Counter
from typing import Any

from ..core import parameters
from ..core.account import Account
from ..core.errors import invalid
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, floor_ms, iso
from .stock_store import StockStore

ROUTES = Routes()

PAGE_SIZE = 50
TOKEN_LIFETIME = 30.0
MAX_AGE = 548 * DAY_MS
"""18 months, of `startDateTime`."""


@ROUTES.add(
    "getInventorySummaries",
    "GET",
    "/fba/inventory/v1/summaries",
    rate=2,
    burst=2,
    role="Product Listing",
    parameters=(
        parameters.flag("details", default=False),
        parameters.text("granularityType", required=True, one_of=("Marketplace",)),
        parameters.text("granularityId", required=True),
        parameters.time("startDateTime"),
        parameters.string_list("sellerSkus", maximum=50),
        parameters.text("sellerSku"),
        parameters.text("nextToken"),
        parameters.string_list("marketplaceIds", required=True, maximum=1),
    ),
)
def get_inventory_summaries(call: Call) -> dict[str, Any]:
    """A page of summaries: all, those changed since a time, or those of the given SKUs."""
    values = call.values
    call.check_marketplaces()
    if values["granularityId"] != values["marketplaceIds"][0]:
        raise invalid("granularityId must be the marketplace.")
    position = call.page_position("nextToken") or {"at": call.now}
    since, skus = values["startDateTime"], values["sellerSkus"]
    if since is not None and floor_ms(since) < call.now - MAX_AGE:
        raise invalid("Query startDateTime cannot not be earlier than 18 months.")
    if skus is None and values["sellerSku"] is not None:
        skus = [values["sellerSku"]]
    found = []
    skipped = call.account.store(StockStore).changes.skipped
    for summary in summaries(call.account, values["granularityId"], position["at"]):
        if since is not None:
            shown = summary["lastUpdatedTime"] >= iso(floor_ms(since), fraction=True)
        else:
            shown = skus is None or summary["sellerSku"] in skus
        if shown and (skus is not None or summary["sellerSku"] not in skipped):
            found.append(summary)
    page, token = call.page(
        found, PAGE_SIZE, "nextToken", lifetime=TOKEN_LIFETIME, position=position
    )
    if not values["details"]:
        for summary in page:
            del summary["inventoryDetails"]
    body: dict[str, Any] = {
        "payload": {
            "granularity": {
                "granularityType": "Marketplace",
                "granularityId": values["granularityId"],
            },
            "inventorySummaries": page,
        }
    }
    if token:
        body["pagination"] = {"nextToken": token}
    return body


def summaries(account: Account, marketplace_id: str, at: int) -> list[dict[str, Any]]:
    """The `InventorySummary` objects of a time with details, in the order of their SKUs.

    One SKU has two summaries: some of its units came without Amazon's label, under the ASIN.
    """
    store = account.store(StockStore)
    found = []
    for marketplace in account.marketplaces:
        for product in store.products(at) if marketplace.id == marketplace_id else ():
            holding = store.holding(marketplace, product, at)
            summary = {
                "asin": product.asin,
                "fnSku": product.fnsku,
                "sellerSku": product.sku,
                "condition": "NewItem" if product.condition == "NEW" else "UsedGood",
                "lastUpdatedTime": iso(holding.updated, fraction=True),
                "productName": product.title_in(marketplace),
                **_quantities(holding.units, holding.searched),
            }
            if product.number % 20 == 0:
                summary["stores"] = ["ATVPDKIKX0DER", "ÄÖ-Store"]
            found.append(summary)
            if product is store.stored[-1] and product.fnsku != product.asin:
                found.append(
                    {
                        **summary,
                        "fnSku": product.asin,
                        "lastUpdatedTime": iso(store.start, fraction=True),
                        **_quantities(Counter(fulfillable=7), {}),
                    }
                )
    return sorted(found, key=lambda summary: (summary["sellerSku"], summary["fnSku"]))


def _quantities(units: "Counter[str]", searched: dict[str, int]) -> dict[str, Any]:
    reserved = units["pending"] + units["transferring"] + units["processing"]
    damaged = units["customer_damaged"] + units["warehouse_damaged"]
    return {
        "totalQuantity": sum(units.values()),
        "inventoryDetails": {
            "fulfillableQuantity": units["fulfillable"],
            "inboundWorkingQuantity": units["working"],
            "inboundShippedQuantity": units["shipped"],
            "inboundReceivingQuantity": units["receiving"],
            "reservedQuantity": {
                "totalReservedQuantity": reserved,
                "pendingCustomerOrderQuantity": units["pending"],
                "pendingTransshipmentQuantity": units["transferring"],
                "fcProcessingQuantity": units["processing"],
            },
            "researchingQuantity": {
                "totalResearchingQuantity": units["researching"],
                "researchingQuantityBreakdown": [
                    {
                        "name": f"researchingQuantityIn{age}Term",
                        "quantity": searched.get(age, 0),
                    }
                    for age in ("Short", "Mid", "Long")
                ],
            },
            "unfulfillableQuantity": {
                "totalUnfulfillableQuantity": damaged,
                "customerDamagedQuantity": units["customer_damaged"],
                "warehouseDamagedQuantity": units["warehouse_damaged"],
                "distributorDamagedQuantity": 0,
                "carrierDamagedQuantity": 0,
                "defectiveQuantity": 0,
                "expiredQuantity": 0,
            },
        },
    }
