"""Calls and virtual time of each module, against the fewest calls that return all there is.

    python -m benchmarks.module_calls [MODULE ...]

Each module loads a reference account three times: everything, a day later what changed by itself
(packages arrive, Amazon's stock moves; most modules have nothing new), and a day after that what a
seller or Amazon changes on a usual day. The fewest calls come from the simulator's facts, see
`_fewest_calls.py`. The seller: two marketplaces, 24 orders a day, 260 products, 40 days; the
vendor: four purchase orders a day, 60 days.

More than the fewest are requested where a run must be able to stop and go on: history comes in
windows that begin with seven days and grow. Vendor windows have six days of the seven that Amazon
takes, and the shipments created in thirty days are requested each time, because they show late.
"""

import argparse
import tempfile
import time
from collections import Counter
from typing import Any, Dict, List, NamedTuple, Sequence

import dlt
from dlt.common import pendulum

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.aplus_content import AplusStore
from sp_api_simulator.fba.stock_store import StockStore
from sp_api_simulator.feeds import FeedStore
from sp_api_simulator.fulfillment_outbound.outbound_store import OutboundStore
from sp_api_simulator.listings.listings import ListingStore
from sp_api_simulator.orders.order_store import OrderStore
from sp_api_simulator.service_jobs import ServiceJobStore
from sp_api_simulator.shipping import ShippingStore
from sp_api_simulator.vendor.vendor_store import VendorStore

from . import _fewest_calls as fewest

NOW = pendulum.datetime(2026, 6, 15, 12)
GB, INDIA, US = "A1F83G8C2ARO7P", "A21TJRUUN4KGV", "ATVPDKIKX0DER"
DAY = 86_400.0
LATE = 300
"""Seconds after changes before the run that sees them: Amazon shows them two minutes late."""


class Part(NamedTuple):
    """What is measured together.

    Attributes:
        fewest: Returns the operations that count and their fewest calls.
        tables: Tables to load.
        modules: Modules they are of.
        few: Ask about 60 products only, where each is a call of its own.
    """

    fewest: fewest.Fewest
    tables: Sequence[str]
    modules: Sequence[str] = ()
    few: bool = False


PARTS: Dict[str, Part] = {
    "LISTED_ITEM": Part(fewest.listed_item, ["listed_item"]),
    "CATALOG": Part(fewest.catalog, ["catalog", "listed_item"], ["LISTED_ITEM"]),
    "PRODUCT_PRICING": Part(
        fewest.pricing,
        [
            "competitive_price",
            "item_offer_summary",
            "competitive_summary",
            "featured_offer_expected_price",
            "listed_item",
        ],
        ["LISTED_ITEM"],
    ),
    "FBA": Part(fewest.fba, []),
    "FULFILLMENT_OUTBOUND": Part(fewest.outbound, []),
    "EASYSHIP": Part(fewest.easyship, []),
    "SERVICES": Part(fewest.services, []),
    "SHIPPING": Part(fewest.shipping, ["orders", "tracking"], ["ORDERS"]),
    "A_PLUS_CONTENT_MANAGEMENT": Part(fewest.aplus, []),
    "FEEDS": Part(fewest.feeds, []),
    "AWD": Part(fewest.warehousing, []),
    "REPLENISHMENT": Part(fewest.subscriptions, []),
    "SUPPLY_SOURCES": Part(fewest.sources, []),
    "LISTINGS_RESTRICTIONS": Part(fewest.restrictions, [], few=True),
    "PRODUCT_FEES": Part(fewest.fees, []),
    "PROMOTIONS": Part(fewest.promotions, []),
    "CUSTOMER_FEEDBACK": Part(fewest.feedback, [], few=True),
    "VENDOR": Part(fewest.vendor, []),
}


def account_of(name: str, part: Part, clock: VirtualClock) -> Simulator:
    """The reference account of a module."""
    if name == "VENDOR":
        return Simulator(clock=clock, marketplaces=[US], orders_per_day=0, days=60, products=40)
    products = 60 if part.few else 260
    return Simulator(
        clock=clock, marketplaces=[GB, INDIA], orders_per_day=24, days=40, products=products
    )


def usual_changes(simulator: Simulator, name: str) -> None:
    """What a day brings besides what goes its way by itself."""
    account = simulator.account
    if name == "VENDOR":
        book = account.store(VendorStore)
        for order in list(book.orders(account.now()))[-10:-4]:
            book.change(order.number, 7)
        return
    for product in account.products[:30]:
        account.store(ListingStore).change(product.sku, itemName=f"New {product.sku}")
    documents = account.store(AplusStore)
    for key in list(documents.documents)[:4]:
        documents.change(key)
    for number in range(5):
        account.store(FeedStore).send("JSON_LISTINGS_FEED", account.now() - number * 60_000)
    outbound = account.store(OutboundStore)
    for order in list(outbound.orders(account.now()))[-6:]:
        outbound.change(order.id, displayableOrderId="007")
    jobs = [job["serviceJobId"] for _, _, job in account.store(ServiceJobStore).all(account.now())]
    for job in jobs[-25:]:
        account.store(ServiceJobStore).change(job, preferredAppointmentTimes=[])
    stock = account.store(StockStore)
    for product in stock.stored[:20]:
        stock.adjust(GB, product.sku, 5)


def carry(simulator: Simulator) -> None:
    """Lets Amazon Shipping carry the packages of the seller's own British orders."""
    account = simulator.account
    for order in list(account.store(OrderStore).all(pii=False)):
        if order["salesChannel"]["marketplaceId"] == GB and order.get("packages"):
            account.store(ShippingStore).carry(order["orderId"])


def measure(name: str) -> None:
    """Loads a module three times and prints what it took."""
    part, clock = PARTS[name], VirtualClock(NOW.timestamp())
    with account_of(name, part, clock) as simulator, tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline("module_calls", pipelines_dir=folder, destination="duckdb")
        if name == "SHIPPING":
            carry(simulator)
            clock.advance(LATE)
        since, real = 0, time.time()
        for run, began in enumerate((NOW, NOW.add(days=1), NOW.add(days=2))):
            clock.advance(max(0.0, began.timestamp() - clock.time()))
            if run == 2:
                usual_changes(simulator, name)
                clock.advance(LATE)
            simulator.requests.clear()
            seen = simulator.account.now()
            started = clock.time()
            # what is requested does not depend on the load: extraction alone shows it
            pipeline.extract(source(simulator, name, part))
            report(simulator, name, run, part.fewest(simulator.account, since, seen), started)
            since = seen
        print(f"{'':<12}{time.time() - real:.1f} s real")


def source(simulator: Simulator, name: str, part: Part) -> Any:
    """The tables of a module and those that name what they look up."""
    vendor = name == "VENDOR"
    settings: Dict[str, Any] = {"marketplace_ids": [US]} if vendor else {"region": "EUROPE"}
    if name in ("LISTINGS_RESTRICTIONS", "PRODUCT_FEES", "CUSTOMER_FEEDBACK"):
        settings["asins"] = [product.asin for product in simulator.account.products]
    days = 60 if vendor else 40
    made = amazon_selling_partner(
        credentials=simulator.credentials,
        api_url=simulator.url,
        token_url=simulator.token_url,
        clock=simulator.clock,
        modules=[name, *part.modules],
        is_vendor=vendor,
        include_pii=vendor,
        merchant_id=simulator.account.seller_id,
        historical_sync_time_frame=NOW.subtract(days=days).to_date_string(),
        **settings,
    )
    return made.with_resources(*part.tables) if part.tables else made


def report(
    simulator: Simulator, name: str, run: int, expected: fewest.Calls, started: float
) -> None:
    """Prints a line for each operation of a run, and one for the run."""
    counts = Counter(request.operation for request in simulator.requests if request.status != 429)
    refused = sum(request.status == 429 for request in simulator.requests)
    ended = max((r.time for r in simulator.requests if r.operation in expected), default=started)
    title = ("first load", "a day later", "usual changes")[run]
    lines: List[str] = []
    for operation in sorted(expected):
        made, least = counts[operation], expected[operation]
        if made != least:
            lines.append(f"  {operation:<40}{made:>6}{least:>8}")
    made, least = sum(counts[operation] for operation in expected), sum(expected.values())
    ratio = f"{made / least:.3f}" if least else "-" if not made else "more than none"
    print(
        f"{name if run == 0 else '':<26}{title:<16}{made:>6}{least:>8}{ratio:>8}"
        f"{(ended - started) / 60:>9.1f} min{refused:>5}"
    )
    for line in lines:
        print(line)


def main() -> None:
    """Measures the modules named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("modules", nargs="*", default=list(PARTS), metavar="MODULE")
    print(
        f"{'module':<26}{'run':<16}{'calls':>6}{'fewest':>8}{'ratio':>8}{'virtual':>13}{'429':>5}"
    )
    for name in parser.parse_args().modules:
        measure(name)


if __name__ == "__main__":
    main()
