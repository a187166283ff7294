"""The fewest calls that tell all there is: from the simulator's facts and Amazon's batch sizes.

Nothing here is taken from the code that asks. Where Amazon has a list or a filter for changes it is
one call for as many as a page holds, and one to see that there is nothing; where it has none, one
for each thing that can have changed. Times are milliseconds since 1970; `since` is 0 for all.
"""

import math
from collections import Counter
from typing import Any, Callable, Dict, Iterable, List

from amazon_selling_partner.simulator import Account, awd, replenishment
from amazon_selling_partner.simulator.aplus import AplusBook
from amazon_selling_partner.simulator.easyship import easyship_package
from amazon_selling_partner.simulator.fba_inbound import item_updated
from amazon_selling_partner.simulator.fba_inventory import summaries
from amazon_selling_partner.simulator.fba_plan_json import details, pallets, plans, shipment
from amazon_selling_partner.simulator.feeds import FeedBook
from amazon_selling_partner.simulator.listings import ListingBook
from amazon_selling_partner.simulator.outbound_book import OutboundBook
from amazon_selling_partner.simulator.outbound_json import feature_skus
from amazon_selling_partner.simulator.services import service_jobs
from amazon_selling_partner.simulator.shipping import ShippingBook
from amazon_selling_partner.simulator.stock import StockBook
from amazon_selling_partner.simulator.supply_sources import SourceBook
from amazon_selling_partner.simulator.times import DAY_MS, floor_ms, parse
from amazon_selling_partner.simulator.vendor_book import PurchaseOrder, VendorBook
from amazon_selling_partner.simulator.vendor_invoice_json import invoice_updates

Calls = Dict[str, int]
Fewest = Callable[[Account, int, int], Calls]

FEED_GROUPS = 3
"""27 feed types, 10 of them a call."""

WEEK = 7 * DAY_MS
RESTATED_WEEKS = 4
"""Weeks whose metrics Amazon may still correct."""

OVER = ("CLOSED", "CANCELLED", "DELETED")
AGES = (10 * DAY_MS, 40 * DAY_MS)
"""When returns of an order and what became of them are there; no change tells of them."""


def batches(number: int, size: int) -> int:
    """Calls for so many things whose ids are known."""
    return math.ceil(number / size)


def pages(number: int, size: int) -> int:
    """Calls of a list: one tells that there is nothing."""
    return max(1, batches(number, size))


def listed_item(account: Account, since: int, now: int) -> Calls:
    book = account.part(ListingBook)
    return {
        "searchListingsItems": sum(
            pages(sum(since < one.updated <= now for one in book.listed(place.id).values()), 20)
            for place in account.marketplaces
        )
    }


def catalog(account: Account, since: int, now: int) -> Calls:
    book = account.part(ListingBook)
    return {
        "searchCatalogItems": sum(
            batches(sum(since < one.updated <= now for one in book.listed(place.id).values()), 20)
            for place in account.marketplaces
        )
    }


def pricing(account: Account, since: int, now: int) -> Calls:
    # all of them every day: nothing tells that a price changed
    number, places = len(account.catalogue), len(account.marketplaces)
    return {
        "getCompetitivePricing": places * batches(number, 20),
        "getItemOffersBatch": places * batches(number, 20),
        "getCompetitiveSummary": places * batches(number, 20),
        "getFeaturedOfferExpectedPriceBatch": places * batches(number, 40),
    }


def fba(account: Account, since: int, now: int) -> Calls:
    calls: Counter[str] = Counter()
    deliveries = account.part(StockBook).deliveries(now)
    for place in account.marketplaces:
        mine = [one for one in deliveries if one.marketplace is place]
        lines = [(one, line) for one in mine for line in one.lines]
        stock = summaries(account, place.id, now)
        # all once a day: nothing tells what is on its way
        calls["getInventorySummaries"] += pages(len(stock), 50)
        changed = sum(since < one.updated(now) <= now for one in mine)
        calls["getShipments"] += pages(changed, 50)
        changed = sum(since < item_updated(one, line, now) <= now for one, line in lines)
        calls["getShipmentItems"] += pages(changed, 50)
        if not since:
            calls["getPrepInstructions"] += batches(len({s["sellerSku"] for s in stock}), 50)
    calls += _inbound_plans(account, since, now)
    return calls


def _inbound_plans(account: Account, since: int, now: int) -> Counter[str]:
    changed = [plan for plan in plans(account, now) if plan.updated(now) > since]
    calls = Counter(listInboundPlans=pages(len(changed), 30))
    for plan in changed:
        calls.update(("getInboundPlan", "listInboundPlanItems", "listPlacementOptions"))
        for delivery in plan.deliveries if details(plan, now)["shipments"] else ():
            calls.update(("getShipment", "listShipmentItems", "listShipmentBoxes"))
            calls["listShipmentPallets"] += bool(pallets(plan, delivery, now))
            chosen = shipment(plan, delivery, now).get("selectedTransportationOptionId")
            calls["listTransportationOptions"] += chosen is not None
    return calls


def outbound(account: Account, since: int, now: int) -> Calls:
    book, places = account.part(OutboundBook), len(account.marketplaces)
    orders = list(book.orders(now))
    by_hand = {id for id, (moment, _) in book.changes.items() if moment > since}
    changed = [one for one in orders if one.stage(now)[0] > since or one.id in by_hand]
    again, watched = [], changed
    if since:
        watched = [one for one in orders if one.stage(now)[0] > since - AGES[-1]]
        for one in watched:
            began, status = one.stage(now)
            of_age = any(since - began < age <= now - began for age in AGES) and one.shipments
            under_way = status in ("New", "Received", "Planning", "Processing")
            again += [one] if one not in changed and (of_age or under_way) else []
    left = [p for o in orders for s in o.shipments for p in s.parcels if p.shipped <= now]
    return {
        "listAllFulfillmentOrders": pages(len(watched), book.page),
        "getFulfillmentOrder": len(changed) + len(again),
        "getPackageTrackingDetails": sum(one.ends > since for one in left),
        "getFeatures": places,
        "getFeatureInventory": sum(
            pages(len(feature_skus(account, name, place.id, now, since)), book.page)
            for name in ("BLANK_BOX", "BLOCK_AMZL")
            for place in account.marketplaces
        ),
        "listReturnReasonCodes": 0 if since else len({one.place.id for one in orders}),
    }


def easyship(account: Account, since: int, now: int) -> Calls:
    due = 0
    for order in account.orders(now, pii=False):
        if "AMAZON_EASY_SHIP" not in order.get("programs", ()):
            continue
        status = order["fulfillment"]["fulfillmentStatus"]
        package = easyship_package(account, order["orderId"], since) if since else None
        over = package and package["packageStatus"] == "Delivered" or status == "CANCELLED"
        if status != "PENDING" and (_ms(order["lastUpdatedTime"]) > since or not over):
            due += 1
    return {"getScheduledPackage": due}


def services(account: Account, since: int, now: int) -> Calls:
    changed = Counter(
        job["marketplaceId"] for _, updated, job in service_jobs(account, now) if updated > since
    )
    return {"getServiceJobs": sum(pages(changed[p.id], 20) for p in account.marketplaces)}


def shipping(account: Account, since: int, now: int) -> Calls:
    carried = account.part(ShippingBook).packages.values()
    return {"getTracking": sum(not 0 < one.arrives <= since for one in carried)}


def aplus(account: Account, since: int, now: int) -> Calls:
    book, calls = account.part(AplusBook), Counter[str]()
    for place in account.marketplaces:
        documents = book.of(place.id)
        calls["searchContentDocuments"] += pages(len(documents), book.page_size)
        changed = [one for one in documents if one.updated > since]
        calls["getContentDocument"] += len(changed)
        for one in changed:
            calls["listContentDocumentAsinRelations"] += pages(len(one.asins), book.page_size)
        calls["searchContentPublishRecords"] += len({a for one in changed for a in one.asins})
    return calls


def feeds(account: Account, since: int, now: int) -> Calls:
    found = [
        one
        for one in account.part(FeedBook).feeds(now)
        if one.created > since or one.tell(since)["processingStatus"] in ("IN_QUEUE", "IN_PROGRESS")
    ]
    return {"getFeeds": FEED_GROUPS - 1 + pages(len(found), 100)}


def warehousing(account: Account, since: int, now: int) -> Calls:
    def changed(rows: Iterable[Dict[str, Any]]) -> int:
        return sum(_ms(row["updatedAt"]) > since for row in rows)

    shipped = changed(awd.shipments(account, now))
    return {
        "listInboundShipments": pages(shipped, 200),
        "getInboundShipment": shipped,
        "listInventory": pages(len(awd.inventory(account, now)), 200),
        "listOutbounds": pages(changed(awd.outbound_orders(account, now)), 100),
        "listReplenishmentOrders": pages(changed(awd.replenishment_orders(account, now)), 100),
    }


def subscriptions(account: Account, since: int, now: int) -> Calls:
    weeks = (now - 4 * DAY_MS) // WEEK - (account.first_day * DAY_MS - 4 * DAY_MS) // WEEK
    weeks = min(weeks, RESTATED_WEEKS) if since else weeks
    offers = [len(replenishment.offers(account, p.id, now)) for p in account.marketplaces]
    return {
        "listOffers": sum(pages(number, 100) for number in offers),
        "listOfferMetrics": sum(weeks * pages(number, 500) for number in offers),
        "getSellingPartnerMetrics": weeks * len(offers),
    }


def sources(account: Account, since: int, now: int) -> Calls:
    number = len(account.part(SourceBook).sources)
    return {"getSupplySources": pages(number, 10), "getSupplySource": number}


def restrictions(account: Account, since: int, now: int) -> Calls:
    return {"getListingsRestrictions": 0 if since else len(account.catalogue)}


def fees(account: Account, since: int, now: int) -> Calls:
    calls = len(account.marketplaces) * batches(len(account.catalogue), 20)
    return {"getPricing": calls, "getMyFeesEstimates": calls}


def feedback(account: Account, since: int, now: int) -> Calls:
    having = sum(place.country in ("US", "GB", "DE") for place in account.marketplaces)
    asked = 0 if since else having * len(account.catalogue)
    return {
        "getItemBrowseNode": asked,
        # by mentions, and by their weight in the rating
        "getItemReviewTopics": 2 * asked,
        "getItemReviewTrends": asked,
    }


def spans(moments: Iterable[int], longest: int) -> int:
    """The fewest spans of time that hold all moments."""
    number, end = 0, -1
    for moment in sorted(moments):
        if moment > end:
            number, end = number + 1, moment + longest
    return number


def vendor(account: Account, since: int, now: int) -> Calls:
    book, start = account.part(VendorBook), account.first_day * DAY_MS
    # nothing there tells that a time has no orders but a call for it
    every = batches(now - max(since, start), WEEK)

    def created(orders: List[PurchaseOrder], over: Callable[[PurchaseOrder], int]) -> int:
        return spans((one.placed for one in orders if over(one) > since), WEEK)

    customers = list(book.customer_orders(now))
    invoices = [one for one in book.invoices(now) if _last(invoice_updates(one), now) > since]
    orders = created(list(book.orders(now)), lambda one: one.closed)
    shipments = created(list(book.shipments(now)), lambda one: one.delivered)
    direct = spans((one.placed for one in customers if one.ended > since), WEEK)
    return {
        "getPurchaseOrders": max(orders, every) + every,
        "getPurchaseOrdersStatus": 2 * every,
        "GetShipmentDetails": max(shipments, every),
        "GetShipmentLabels": every,
        "getInvoiceHeaders": batches(now - start, 90 * DAY_MS),
        "getInvoice": len(invoices),
        "getOrders": max(direct, every),
        "getShippingLabels": every,
        "getCustomerInvoices": every,
        "getPackingSlips": every,
        "createRestrictedDataToken": 1,
    }


def _ms(text: str) -> int:
    return floor_ms(parse(text))


def _last(moments: Iterable[int], now: int) -> int:
    return max((moment for moment in moments if moment <= now), default=0)
