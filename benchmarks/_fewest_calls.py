"""The fewest calls that return all there is: from the simulator's facts and Amazon's batch sizes.

Nothing here is taken from the source's code. Where Amazon has a list or a filter for changes it is
one call for as many as a page holds, and one to see that there is nothing; where it has none, one
for each thing that can have changed. Times are milliseconds since 1970; `since` is 0 for all.
"""

import math
from collections import Counter
from typing import Any, Callable, Dict, Iterable, List, Set, Tuple

from sp_api_simulator import Account, awd, replenishment
from sp_api_simulator.aplus_content import AplusStore
from sp_api_simulator.core.promotions import promotions_of
from sp_api_simulator.core.times import DAY_MS, floor_ms, parse
from sp_api_simulator.customer_feedback import FeedbackStore
from sp_api_simulator.easyship import easyship_package
from sp_api_simulator.fba.inbound_plan_json import details, pallets, plans, shipment
from sp_api_simulator.fba.inbound_shipments import item_updated
from sp_api_simulator.fba.inventory import summaries
from sp_api_simulator.fba.stock_store import StockStore
from sp_api_simulator.feeds import FeedStore
from sp_api_simulator.fulfillment_outbound.outbound_json import feature_skus
from sp_api_simulator.fulfillment_outbound.outbound_store import OutboundStore
from sp_api_simulator.listings.listings import ListingStore
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.promotions import pending_revision, revision_of
from sp_api_simulator.service_jobs import ServiceJobStore
from sp_api_simulator.shipping import ShippingStore
from sp_api_simulator.supply_sources import SupplySourceStore
from sp_api_simulator.vendor.invoice_json import invoice_updates
from sp_api_simulator.vendor.remittances import remittances
from sp_api_simulator.vendor.vendor_store import PurchaseOrder, VendorStore

Calls = Dict[str, int]
Fewest = Callable[[Account, int, int], Calls]

FEED_GROUPS = 3
"""27 feed types, 10 of them a call."""

WEEK = 7 * DAY_MS
RESTATED_WEEKS = 4
"""Weeks whose metrics Amazon may still correct."""

OVER = ("CLOSED", "CANCELLED", "DELETED")
AGES = (10 * DAY_MS, 40 * DAY_MS)
"""When returns of an order and what became of them are there; no change shows them."""


def batches(number: int, size: int) -> int:
    """Calls for so many things whose ids are known."""
    return math.ceil(number / size)


def pages(number: int, size: int) -> int:
    """Calls of a list: one shows that there is nothing."""
    return max(1, batches(number, size))


def listed_item(account: Account, since: int, now: int) -> Calls:
    book = account.store(ListingStore)
    return {
        "searchListingsItems": sum(
            pages(sum(since < one.updated <= now for one in book.listed(place.id).values()), 20)
            for place in account.marketplaces
        )
    }


def catalog(account: Account, since: int, now: int) -> Calls:
    book = account.store(ListingStore)
    return {
        "searchCatalogItems": sum(
            batches(sum(since < one.updated <= now for one in book.listed(place.id).values()), 20)
            for place in account.marketplaces
        )
    }


def pricing(account: Account, since: int, now: int) -> Calls:
    # all of them every day: nothing shows that a price changed
    number, places = len(account.products), len(account.marketplaces)
    return {
        "getCompetitivePricing": places * batches(number, 20),
        "getItemOffersBatch": places * batches(number, 20),
        "getCompetitiveSummary": places * batches(number, 20),
        "getFeaturedOfferExpectedPriceBatch": places * batches(number, 40),
    }


def fba(account: Account, since: int, now: int) -> Calls:
    calls: Counter[str] = Counter()
    deliveries = account.store(StockStore).deliveries(now)
    for place in account.marketplaces:
        mine = [one for one in deliveries if one.marketplace is place]
        lines = [(one, line) for one in mine for line in one.lines]
        stock = summaries(account, place.id, now)
        # all once a day: nothing shows what is on its way
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
    book, places = account.store(OutboundStore), len(account.marketplaces)
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
        "listAllFulfillmentOrders": pages(len(watched), book.page_size),
        "getFulfillmentOrder": len(changed) + len(again),
        "getPackageTrackingDetails": sum(one.ends > since for one in left),
        "getFeatures": places,
        "getFeatureInventory": sum(
            pages(len(feature_skus(account, name, place.id, now, since)), book.page_size)
            for name in ("BLANK_BOX", "BLOCK_AMZL")
            for place in account.marketplaces
        ),
        "listReturnReasonCodes": 0 if since else len({one.marketplace.id for one in orders}),
    }


def easyship(account: Account, since: int, now: int) -> Calls:
    due = 0
    for order in account.store(OrderStore).all(now, pii=False):
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
        job["marketplaceId"]
        for _, updated, job in account.store(ServiceJobStore).all(now)
        if updated > since
    )
    return {"getServiceJobs": sum(pages(changed[p.id], 20) for p in account.marketplaces)}


def shipping(account: Account, since: int, now: int) -> Calls:
    carried = account.store(ShippingStore).packages.values()
    return {"getTracking": sum(not 0 < one.arrives <= since for one in carried)}


def aplus(account: Account, since: int, now: int) -> Calls:
    book, calls = account.store(AplusStore), Counter[str]()
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
        for one in account.store(FeedStore).feeds(now)
        if one.created > since
        or one.to_json(since)["processingStatus"] in ("IN_QUEUE", "IN_PROGRESS")
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
    number = len(account.store(SupplySourceStore).sources)
    return {"getSupplySources": pages(number, 10), "getSupplySource": number}


def restrictions(account: Account, since: int, now: int) -> Calls:
    return {"getListingsRestrictions": 0 if since else len(account.products)}


def fees(account: Account, since: int, now: int) -> Calls:
    calls = len(account.marketplaces) * batches(len(account.products), 20)
    return {"getPricing": calls, "getMyFeesEstimates": calls}


def feedback(account: Account, since: int, now: int) -> Calls:
    having = sum(place.country in ("US", "GB", "DE") for place in account.marketplaces)
    looked_up = 0 if since else having * len(account.products)
    store = account.store(FeedbackStore)
    nodes = {
        node["browseNodeId"]
        for product in account.products
        if (node := store.browse_node(product.asin, account.marketplaces[0], now))
    }
    each = 0 if since else having * len(nodes)
    return {
        "getBrowseNodeReviewTopics": 2 * each,
        "getBrowseNodeReviewTrends": each,
        "getBrowseNodeReturnTopics": each,
        "getBrowseNodeReturnTrends": each,
        "getItemBrowseNode": looked_up,
        # by mentions, and by their weight in the rating
        "getItemReviewTopics": 2 * looked_up,
        "getItemReviewTrends": looked_up,
    }


def promotions(account: Account, since: int, now: int) -> Calls:
    def revisions(at: int) -> Set[Tuple[str, int]]:
        return {
            (one.id, revision_of(one, at) + (pending_revision(one, at) is not None))
            for place in account.marketplaces
            for one in promotions_of(account, place, at)
        }

    new = revisions(now) - (revisions(since) if since else set())
    # what was updated, what began, what ended
    places = len(account.marketplaces) * (3 if since else 1)
    return {"searchPromotions": places, "getSelection": len(new)}


def spans(moments: Iterable[int], longest: int) -> int:
    """The fewest spans of time that hold all moments."""
    number, end = 0, -1
    for moment in sorted(moments):
        if moment > end:
            number, end = number + 1, moment + longest
    return number


def vendor(account: Account, since: int, now: int) -> Calls:
    book, start = account.store(VendorStore), account.first_day * DAY_MS
    # only a call for a time shows that it has no orders
    every = batches(now - max(since, start), WEEK)

    def created(orders: List[PurchaseOrder], over: Callable[[PurchaseOrder], int]) -> int:
        return spans((one.placed for one in orders if over(one) > since), WEEK)

    customers = list(book.customer_orders(now))
    invoices = [one for one in book.invoices(now) if _last(invoice_updates(one), now) > since]
    orders = created(list(book.orders(now)), lambda one: one.closed)
    shipments = created(list(book.shipments(now)), lambda one: one.delivered)
    shown = {one.number: one for one in remittances(account, now)}
    # in the first run nothing was seen
    seen = {one.number: one for one in remittances(account, since)} if since else {}
    direct = spans((one.placed for one in customers if one.ended > since), WEEK)
    return {
        "getPurchaseOrders": max(orders, every) + every,
        "getPurchaseOrdersStatus": 2 * every,
        "GetShipmentDetails": max(shipments, every),
        "GetShipmentLabels": every,
        "getInvoiceHeaders": batches(now - start, 90 * DAY_MS),
        "getInvoice": len(invoices),
        "getRemittanceHeaders": batches(now - max(since, start), 90 * DAY_MS),
        "getRemittance": sum(one != seen.get(number) for number, one in shown.items()),
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
