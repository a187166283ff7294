"""FBA Inventory v1: summaries of what Amazon has of each SKU, from the stock book."""

from collections import Counter
from typing import Any

from . import parameters
from .account import Account
from .errors import invalid
from .routes import Call, Routes
from .stock import StockBook
from .times import DAY_MS, floor_ms, iso

ROUTES = Routes()

PAGE = 50
TOKEN_LIFE = 30.0
OLDEST = 548 * DAY_MS
"""18 months: the earliest `startDateTime`."""

_IGNORED = ("nextToken",)


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
        parameters.several("sellerSkus", maximum=50),
        parameters.text("sellerSku"),
        parameters.text("nextToken"),
        parameters.several("marketplaceIds", required=True, maximum=1),
    ),
)
def get_inventory_summaries(call: Call) -> dict[str, Any]:
    """A page of summaries: all, those changed since a moment, or those of some SKUs."""
    values = call.values
    call.check_marketplaces()
    if values["granularityId"] != values["marketplaceIds"][0]:
        raise invalid("granularityId must be the marketplace.")
    token = values["nextToken"]
    place = {"from": 0, "at": call.now}
    if token:
        place = call.simulator.pages.read(call, token, ignoring=_IGNORED)
    since, wanted = values["startDateTime"], values["sellerSkus"]
    if since is not None and floor_ms(since) < call.now - OLDEST:
        raise invalid("Query startDateTime cannot not be earlier than 18 months.")
    if wanted is None and values["sellerSku"] is not None:
        wanted = [values["sellerSku"]]
    found = []
    skipped = call.account.part(StockBook).changes.skipped
    for summary in summaries(call.account, values["granularityId"], place["at"]):
        if since is not None:
            shown = summary["lastUpdatedTime"] >= iso(floor_ms(since), fraction=True)
        else:
            shown = summary["sellerSku"] in (
                wanted if wanted is not None else {summary["sellerSku"]}
            )
        if shown and (wanted is not None or summary["sellerSku"] not in skipped):
            found.append(summary)
    end = place["from"] + PAGE
    page = found[place["from"] : end]
    if not values["details"]:
        for summary in page:
            del summary["inventoryDetails"]
    answer: dict[str, Any] = {
        "payload": {
            "granularity": {
                "granularityType": "Marketplace",
                "granularityId": values["granularityId"],
            },
            "inventorySummaries": page,
        }
    }
    if end < len(found):
        following = {"from": end, "at": place["at"]}
        answer["pagination"] = {
            "nextToken": call.simulator.pages.make(call, following, TOKEN_LIFE, ignoring=_IGNORED)
        }
    return answer


def summaries(account: Account, marketplace_id: str, at: int) -> list[dict[str, Any]]:
    """The truth: what Amazon has at a moment, by SKU.

    One SKU has two summaries: some of its units came without Amazon's label, under the ASIN.

    Args:
        account (Account): Whose.
        marketplace_id (str): Where it can be sold.
        at (int): Moment, milliseconds since 1970.

    Returns:
        list[dict[str, Any]]: `InventorySummary` objects with details, in the order of their SKUs.
    """
    book = account.part(StockBook)
    found = []
    for place in account.marketplaces:
        for product in book.products(at) if place.id == marketplace_id else ():
            holding = book.holding(place, product, at)
            summary = {
                "asin": product.asin,
                "fnSku": product.fnsku,
                "sellerSku": product.sku,
                "condition": "NewItem" if product.condition == "NEW" else "UsedGood",
                "lastUpdatedTime": iso(holding.updated, fraction=True),
                "productName": product.title_in(place),
                **_quantities(holding.units, holding.searched),
            }
            if product.number % 20 == 0:
                summary["stores"] = ["ATVPDKIKX0DER", "ÄÖ-Store"]
            found.append(summary)
            if product is book.shelf[-1] and product.fnsku != product.asin:
                found.append(
                    {
                        **summary,
                        "fnSku": product.asin,
                        "lastUpdatedTime": iso(book.start, fraction=True),
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
