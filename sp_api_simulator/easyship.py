"""Easy Ship API 2022-03-23: packages of merchant-fulfilled orders that Amazon collects."""

import random
from typing import Any, Optional

from .core import parameters
from .core.account import Account
from .core.errors import ApiError
from .core.routes import Call, Routes
from .core.times import DAY_MS, iso
from .orders.order_edits import FIRST_NEW_REF
from .orders.order_facts import Sale
from .orders.order_json import EASY_SHIP
from .orders.order_store import OrderStore

ROUTES = Routes()

ROLE = "Direct-to-Consumer Shipping (Restricted)"
HOUR = 3_600_000


@ROUTES.add(
    "getScheduledPackage",
    "GET",
    "/easyShip/2022-03-23/package",
    rate=1,
    burst=5,
    role=ROLE,
    parameters=(
        parameters.text("amazonOrderId", required=True),
        parameters.text("marketplaceId", required=True),
    ),
)
def get_scheduled_package(call: Call) -> dict[str, Any]:
    """The package of an order; there is no package before the seller has scheduled it."""
    call.check_marketplaces("marketplaceId")
    order_id, marketplace_id = call.values["amazonOrderId"], call.values["marketplaceId"]
    package = easyship_package(call.account, order_id, call.now)
    if package is None or package.pop("marketplaceId") != marketplace_id:
        # the code, message and status of Amazon's own example
        raise ApiError(
            400,
            "ResourceNotFound",
            "The specified resource (for example, `AmazonOrderId` or `MarketplaceId`) does not"
            " exist.",
        )
    return package


def easyship_package(account: Account, order_id: str, at: int) -> Optional[dict[str, Any]]:
    """The `Package` of an order created from the seed, with its `marketplaceId`, or None."""
    orders = account.store(OrderStore)
    ref = orders.ref_of(order_id, at)
    if ref is None or ref >= FIRST_NEW_REF:
        return None
    sale = orders.sale(ref)
    scheduled = sale.accepted + 2 * HOUR
    if sale.by_amazon or sale.marketplace.country not in EASY_SHIP or not sale.accepted:
        return None
    if at < scheduled or 0 < sale.cancelled < scheduled:
        return None
    rng = random.Random(account.hash64(ref, 62))
    slot = (scheduled // DAY_MS + 1) * DAY_MS + 4 * HOUR
    package: dict[str, Any] = {
        "marketplaceId": sale.marketplace.id,
        "scheduledPackageId": {
            "amazonOrderId": order_id,
            "packageId": f"0{account.hash64(ref, 63):016x}",
        },
        "packageDimensions": {
            "length": rng.randrange(50, 400) / 10,
            "width": rng.randrange(50, 300) / 10,
            "height": rng.randrange(20, 200) / 10,
            "unit": "cm",
        },
        "packageWeight": {"value": float(rng.randrange(11, 5000)), "unit": "g"},
        "packageItems": [_item(sale, line) for line in range(len(sale.lines))],
        "packageTimeSlot": {
            "slotId": f"AQc48yxS{ref % 10**8:08d}=",
            "startTime": iso(slot)[:-1] + "+00:00",
            "endTime": iso(slot + 3 * HOUR)[:-1] + "+00:00",
            "handoverMethod": "DROPOFF" if rng.random() < 0.2 else "PICKUP",
        },
        "packageIdentifier": f"00{ref % 10**6:06d}",
        "packageStatus": _status(sale, at),
        "trackingDetails": {"trackingId": f"0{ref % 10**11:011d}"},
    }
    if 0 < sale.shipped <= at:
        invoice = {"invoiceNumber": f"IN-00{ref % 10**6:06d}", "invoiceDate": iso(sale.shipped)}
        package["invoice"] = invoice
    return package


def _item(sale: Sale, position: int) -> dict[str, Any]:
    line = sale.lines[position]
    item: dict[str, Any] = {"orderItemId": line.item_id}
    if line.product.serial_numbers:
        first = int(line.item_id)
        item["orderItemSerialNumbers"] = [f"{first + n:016d}" for n in range(line.quantity)]
    return item


def _status(sale: Sale, at: int) -> str:
    """The status, of five from pickup to delivery."""
    if sale.cancelled_by(at):
        return "LabelCanceled"
    if not 0 < sale.shipped <= at:
        return "ReadyForPickup"
    duration = max(1, sale.delivered - sale.shipped)
    progress = (at - sale.shipped) / duration
    for status, until in (
        ("PickedUp", 0.2),
        ("AtOriginFC", 0.5),
        ("AtDestinationFC", 0.9),
        ("OutForDelivery", 1.0),
    ):
        if progress < until:
            return status
    return "Delivered"
