"""Accounts that have something for every table of the modules, and the settings to load them."""

from typing import Any, Dict, List

from dlt.common import pendulum

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.registry import ROUTES
from sp_api_simulator.shipping import ShippingStore
from sp_api_simulator.vendor.vendor_store import VendorStore
from tests.support import MODULES, OPT_IN_MODULES, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, GB, INDIA = "ATVPDKIKX0DER", "A1F83G8C2ARO7P", "A21TJRUUN4KGV"

ELSEWHERE = ("DATA_KIOSK", "FINANCE", "ORDERS", "REPORTS")
"""Modules whose tests are in folders of their own."""

GROUPS: Dict[str, List[str]] = {
    "seller": [name for name in MODULES if name not in ELSEWHERE],
    "more": list(OPT_IN_MODULES),
    "vendor": ["VENDOR"],
}
"""Modules that are loaded together."""


def account_of(group: str) -> Simulator:
    """The account of a group of modules, whose clock stands still whatever is requested."""
    simulator = Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=4 if group == "seller" else 1,
        # an invoice is paid four weeks after its purchase order
        days=40 if group == "vendor" else 12,
        products=8,
        marketplaces=[US] if group == "vendor" else [GB, INDIA],
    )
    for route in ROUTES:
        simulator.quota.rates[route.operation] = (1.0, 10**6)
    book = simulator.account.store(VendorStore)
    book.orders_per_day = book.customers_per_day = 1
    return simulator


def source(sim: Simulator, group: str) -> Any:
    """The source of a group, on a clock of its own."""
    return source_of(sim, **settings(sim, group), clock=VirtualClock(sim.clock.time()))


def settings(sim: Simulator, group: str) -> Dict[str, Any]:
    """What loads all tables of a group."""
    account = sim.account
    own: Dict[str, Any] = {"merchant_id": account.seller_id, "region": "EUROPE"}
    if group == "vendor":
        own = {"is_vendor": True, "marketplace_ids": [US], "include_pii": True}
    elif group == "more":
        own["asins"] = [product.asin for product in account.products][:3]
    else:
        own["shipping_lookups"] = _shipments(sim)
    return {
        "modules": GROUPS[group],
        "historical_sync_time_frame": "2026-06-04",
        "credentials": sim.credentials,
        "api_url": sim.url,
        "token_url": sim.token_url,
        **own,
    }


def _shipments(sim: Simulator) -> List[Dict[str, str]]:
    """A package, its documents and a rate of Amazon Shipping."""
    book = sim.account.store(ShippingStore)
    orders = sim.orders.all(sim.account.now() - 3_600_000, pii=False)
    british = (o for o in orders if o["salesChannel"]["marketplaceId"] == GB)
    order = next(order for order in british if order.get("packages"))
    # once: each call would change the order again
    if not book.packages:
        book.carry(order["orderId"])
    package = next(iter(book.packages.values()))
    return [
        {"tracking_id": package.tracking_id, "carrier_id": package.carrier_id},
        {"shipment_id": package.shipment_id, "package_client_reference_id": package.reference},
        {"rate_id": "0042", "request_token": book.quote("0042")},
    ]
