"""Easy Ship API 2022-03-23: the packages of the merchant's orders that Amazon collects."""

import random
from typing import Any, Optional

from . import parameters
from .account import Account
from .edits import FIRST_NEW_REF
from .errors import ApiError
from .order_json import EASY_SHIP
from .routes import Call, Routes
from .sale import Sale
from .times import DAY_MS, iso

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
    """The package of an order; there is none before the seller has scheduled it."""
    call.check_marketplaces("marketplaceId")
    order_id, place = call.values["amazonOrderId"], call.values["marketplaceId"]
    package = easyship_package(call.account, order_id, call.now)
    if package is None or package.pop("marketplaceId") != place:
        # the code, message and status of Amazon's own example
        raise ApiError(
            400,
            "ResourceNotFound",
            "The specified resource (for example, `AmazonOrderId` or `MarketplaceId`) does not"
            " exist.",
        )
    return package


def easyship_package(account: Account, order_id: str, at: int) -> Optional[dict[str, Any]]:
    """The truth: the `Package` of an order with its marketplace, None while there is none.

    Args:
        account (Account): Whose.
        order_id (str): An order made from the seed.
        at (int): The moment, milliseconds since 1970.

    Returns:
        Optional[dict[str, Any]]: A `Package`, and `marketplaceId`.
    """
    ref = account.ref_of(order_id, at)
    if ref is None or ref >= FIRST_NEW_REF:
        return None
    sale = account.sale(ref)
    scheduled = sale.accepted + 2 * HOUR
    if sale.by_amazon or sale.marketplace.country not in EASY_SHIP or not sale.accepted:
        return None
    if at < scheduled or 0 < sale.cancelled < scheduled:
        return None
    rng = random.Random(account.mixed(ref, 62))
    slot = (scheduled // DAY_MS + 1) * DAY_MS + 4 * HOUR
    package: dict[str, Any] = {
        "marketplaceId": sale.marketplace.id,
        "scheduledPackageId": {
            "amazonOrderId": order_id,
            "packageId": f"0{account.mixed(ref, 63):016x}",
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
    """From the seller's door to the buyer's, in five steps."""
    if sale.cancelled_by(at):
        return "LabelCanceled"
    if not 0 < sale.shipped <= at:
        return "ReadyForPickup"
    way = max(1, sale.delivered - sale.shipped)
    part = (at - sale.shipped) / way
    for status, until in (
        ("PickedUp", 0.2),
        ("AtOriginFC", 0.5),
        ("AtDestinationFC", 0.9),
        ("OutForDelivery", 1.0),
    ):
        if part < until:
            return status
    return "Delivered"
