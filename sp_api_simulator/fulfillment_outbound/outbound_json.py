"""Fulfillment orders, packages and features in the shape of Fulfillment Outbound 2020-07-01."""

import random
from typing import Any

from ..core import people
from ..core.account import Account
from ..core.marketplaces import Marketplace, amount
from ..core.products import Product
from ..core.times import DAY_MS, iso
from .outbound_store import HOUR, PARTIAL, FulfillmentOrder, OutboundStore, Parcel, Shipment

_REASONS = (
    ("CR-UNWANTED_ITEM", "No longer needed/wanted"),
    ("CR-DEFECTIVE", "Defective/Does not work properly"),
    ("AMZ-PG-BAD-DESC", "Different from website description"),
)
_SHOE_REASON = ("CR-TOO_SMALL", "Too small")
_EVENTS = {
    "EVENT_102": "Shipment picked up from seller's facility.",
    "EVENT_201": "Arrival scan.",
    "EVENT_202": "Departure scan.",
    "EVENT_301": "Delivered.",
    "EVENT_302": "Out for delivery.",
    "EVENT_409": "Lost by carrier.",
}
_STATUSES = {
    "IN_TRANSIT": "In transit to the destination address.",
    "OUT_FOR_DELIVERY": "Out for Delivery.",
    "DELIVERED": "Delivered to the destination address.",
    "UNDELIVERABLE": "Undeliverable because package was lost or destroyed.",
}
_TOWN = {"city": "city", "state": "stateOrRegion", "country": "countryCode"}


def reasons(product: Product) -> list[tuple[str, str]]:
    """Codes and descriptions of the reasons to return a product."""
    return [*_REASONS, _SHOE_REASON] if product.group == "Shoes" else list(_REASONS)


def feature_skus(
    account: Account, feature: str, marketplace_id: str, at: int, since: int = 0
) -> list[dict[str, Any]]:
    """The SKUs of a feature at a time whose count changed since another time.

    The count of a SKU changes at about every fifth midnight (UTC).
    """
    found = []
    for product in account.products.fulfilled(True):
        day = at // DAY_MS
        while account.hash64(day * 4096 + product.number, 61) % 5 and day > account.first_day:
            day -= 1
        if day * DAY_MS < since:
            continue
        others = account.products.fulfilled(True)[:2] if product.number % 10 == 0 else []
        found.append(
            {
                "sellerSku": product.sku,
                "fnSku": product.fnsku,
                "asin": product.asin,
                "skuCount": account.hash64(
                    day * 4096 + product.number, len(feature + marketplace_id)
                )
                % 400,
                "overlappingSkus": [other.sku for other in others if other is not product],
            }
        )
    return found


def summary_to_json(store: OutboundStore, order: FulfillmentOrder, at: int) -> dict[str, Any]:
    """The `FulfillmentOrder` at a time."""
    since, status = order.stage(at)
    rng = random.Random(f"{store.account.seed} recipient {order.number}")
    address = people.address(rng, order.marketplace, False)
    for name in ("addressType", "extendedFields", "companyName"):
        address.pop(name, None)
    summary: dict[str, Any] = {
        "sellerFulfillmentOrderId": order.id,
        "marketplaceId": order.marketplace.id,
        "displayableOrderId": f"00{order.number}",
        "displayableOrderDate": iso(order.received - 60_000),
        "displayableOrderComment": 'Thank you for your "order"',
        "shippingSpeedCategory": ("Standard", "Expedited", "Priority")[order.serial % 3],
        "destinationAddress": address,
        "fulfillmentAction": "Ship",
        "fulfillmentPolicy": "FillAllAvailable" if order.fate == PARTIAL else "FillOrKill",
        "receivedDate": iso(order.received),
        "fulfillmentOrderStatus": status,
        "statusUpdatedDate": iso(since),
    }
    if order.marketplace.country == "JP":
        summary["shippingSpeedCategory"] = "ScheduledDelivery"
        summary["deliveryWindow"] = {
            "startDate": iso(order.received + 3 * DAY_MS),
            "endDate": iso(order.received + 3 * DAY_MS + 4 * HOUR),
        }
    if order.serial % 5 == 2:
        summary["codSettings"] = {
            "isCodRequired": True,
            "codCharge": _money(order.marketplace, 250),
            "codChargeTax": _money(order.marketplace, 25),
            "shippingCharge": _money(order.marketplace, 499),
            "shippingChargeTax": _money(order.marketplace, 0),
        }
    if order.serial % 2:
        emails = ["shop@example.com", f"buyer{order.number}@example.com"]
        summary["notificationEmails"] = emails
        summary["featureConstraints"] = [
            {"featureName": name, "featureFulfillmentPolicy": policy}
            for name, policy in (("BLANK_BOX", "Required"), ("BLOCK_AMZL", "NotRequired"))
        ]
    changed, fields = store.changes.get(order.id, (at + 1, {}))
    if changed <= at:
        summary.update(
            {"statusUpdatedDate": max(iso(changed), summary["statusUpdatedDate"]), **fields}
        )
    return summary


def order_to_json(store: OutboundStore, order: FulfillmentOrder, at: int) -> dict[str, Any]:
    """The `GetFulfillmentOrderResult` at a time."""
    status = order.stage(at)[1]
    returns, authorizations = _returns(order, at)
    result = {
        "fulfillmentOrder": summary_to_json(store, order, at),
        "fulfillmentOrderItems": [
            _item(order, position, status) for position in range(len(order.lines))
        ],
        "fulfillmentShipments": [
            _shipment(order, shipment, at) for shipment in order.shipments if shipment.planned <= at
        ],
        "returnItems": returns,
        "returnAuthorizations": authorizations,
    }
    if order.marketplace.country == "IN" or order.serial % 5 == 2:
        payment = {
            "paymentTransactionId": f"0{order.number:09d}",
            "paymentMode": "COD",
            "paymentDate": iso(order.received),
        }
        result["paymentInformation"] = [payment]
    return result


def tracking_to_json(
    store: OutboundStore, order: FulfillmentOrder, parcel: Parcel, at: int
) -> dict[str, Any]:
    """The `PackageTrackingDetails` at a time."""
    address = summary_to_json(store, order, at)["destinationAddress"]
    town = {name: address.get(old, "") for name, old in _TOWN.items()}
    duration = parcel.ends - parcel.shipped
    steps = [
        (0, "EVENT_102", "IN_TRANSIT"),
        (duration // 8, "EVENT_201", "IN_TRANSIT"),
        (duration // 7, "EVENT_202", "IN_TRANSIT"),
        (duration // 2, "EVENT_201", "IN_TRANSIT"),
    ]
    if parcel.lost:
        steps.append((duration, "EVENT_409", "UNDELIVERABLE"))
    else:
        steps += [
            (duration * 9 // 10, "EVENT_302", "OUT_FOR_DELIVERY"),
            (duration, "EVENT_301", "DELIVERED"),
        ]
    seen = [step for step in steps if parcel.shipped + step[0] <= at]
    status = seen[-1][2]
    details: dict[str, Any] = {
        "packageNumber": parcel.number,
        "trackingNumber": f"0{parcel.number}",
        "customerTrackingLink": f"https://www.swiship.com/track?id=0{parcel.number}",
        "carrierCode": "UPS",
        "carrierPhoneNumber": "0800 742 5877",
        "carrierURL": "https://www.ups.com",
        "shipDate": iso(parcel.shipped),
        "estimatedArrivalDate": iso(parcel.shipped + 3 * DAY_MS),
        "shipToAddress": town,
        "currentStatus": status,
        "currentStatusDescription": _STATUSES[status],
        "trackingEvents": [
            {
                "eventDate": iso(parcel.shipped + after),
                "eventAddress": town,
                "eventCode": code,
                "eventDescription": _EVENTS[code],
            }
            for after, code, _ in reversed(seen)
        ],
    }
    if status == "DELIVERED":
        details.update(signedForBy=address["name"], additionalLocationInfo="FRONT_DOOR")
    return details


def _item(order: FulfillmentOrder, position: int, status: str) -> dict[str, Any]:
    product, quantity = order.lines[position]
    missing = status == "Unfulfillable" or (status == PARTIAL and position == 1)
    item_json: dict[str, Any] = {
        "sellerSku": product.sku,
        "sellerFulfillmentOrderItemId": f"00{position}-{order.number}",
        "quantity": quantity,
        "displayableComment": "Handle with care",
        "fulfillmentNetworkSku": product.fnsku,
        "orderItemDisposition": "Sellable",
        "cancelledQuantity": quantity if status == "Cancelled" else 0,
        "unfulfillableQuantity": quantity if missing else 0,
        "perUnitDeclaredValue": _money(order.marketplace, product.price(order.marketplace)),
    }
    if order.serial % 4 == 3:
        item_json["giftMessage"] = "Happy birthday, Mum! 🎂"
    if status not in ("Cancelled", "Invalid"):
        item_json["estimatedShipDate"] = iso(order.received + DAY_MS)
        item_json["estimatedArrivalDate"] = iso(order.received + 4 * DAY_MS)
    if order.serial % 5 == 2:
        item_json["perUnitPrice"] = _money(order.marketplace, product.price(order.marketplace))
        item_json["perUnitTax"] = _money(order.marketplace, 10)
    return item_json


def _shipment(order: FulfillmentOrder, shipment: Shipment, at: int) -> dict[str, Any]:
    left = shipment.shipped <= at
    items = []
    for position in shipment.lines:
        product, quantity = order.lines[position]
        item: dict[str, Any] = {
            "sellerSku": product.sku,
            "sellerFulfillmentOrderItemId": f"00{position}-{order.number}",
            "quantity": quantity,
            # the items of a shipment are in no package until it has left
            "packageNumber": shipment.parcels[0].number if left else 0,
        }
        if product.serial_numbers:
            item["serialNumber"] = f"00{order.number}-{position}"
        if product.group == "Grocery":
            item["manufacturerLotCodes"] = ["LOT0822-1234", "LOT1030-5678"]
        items.append(item)
    shipment_json: dict[str, Any] = {
        "amazonShipmentId": shipment.id,
        "fulfillmentCenterId": "RNO1",
        "fulfillmentShipmentStatus": "SHIPPED" if left else "PENDING",
        "shippingDate": iso(shipment.shipped),
        "estimatedArrivalDate": iso(shipment.shipped + 3 * DAY_MS),
        "fulfillmentShipmentItem": items,
    }
    if left:
        shipment_json["fulfillmentShipmentPackage"] = [
            _parcel(parcel, at) for parcel in shipment.parcels
        ]
    if order.serial % 7 == 0:
        shipment_json["shippingNotes"] = ["Actual delivery dates aren't available."]
    return shipment_json


def _parcel(parcel: Parcel, at: int) -> dict[str, Any]:
    package: dict[str, Any] = {
        "packageNumber": parcel.number,
        "carrierCode": "UPS",
        "trackingNumber": f"0{parcel.number}",
        "amazonFulfillmentTrackingNumber": f"TBA0{parcel.number}",
        "estimatedArrivalDate": iso(parcel.shipped + 3 * DAY_MS),
    }
    if parcel.number % 3 == 0:
        package["lockerDetails"] = {"lockerNumber": "007", "lockerAccessCode": "0421"}
    if not parcel.lost and parcel.ends <= at:
        location: dict[str, Any] = {"type": "FRONT_DOOR"}
        if parcel.number % 2:
            neighbour = {"neighborName": "Änne Müller", "houseNumber": "7b"}
            location = {"type": "FALLBACK_NEIGHBOR_DELIVERY", "attributes": neighbour}
        photo = f"https://photos.example.com/{parcel.number}?expires={at}"
        package["deliveryInformation"] = {
            "deliveryDocumentList": [{"documentType": "DELIVERY_IMAGE", "url": photo}],
            "dropOffLocation": location,
        }
    return package


def _returns(order: FulfillmentOrder, at: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The return items and authorizations: a return of the first line."""
    if not 0 < order.returned <= at:
        return [], []
    done = order.returned + 6 * DAY_MS
    shoes = order.lines[0][0].group == "Shoes"
    item: dict[str, Any] = {
        "sellerReturnItemId": f"R-{order.number}",
        "sellerFulfillmentOrderItemId": f"000-{order.number}",
        "amazonShipmentId": order.shipments[0].id,
        "sellerReturnReasonCode": _SHOE_REASON[0] if shoes else "CR-DEFECTIVE",
        "returnComment": "Does not fit" if shoes else "Broken",
        "status": "Processed" if done <= at else "New",
        "statusChangedDate": iso(done if done <= at else order.returned),
        "returnAuthorizationId": f"0A-{order.number}",
    }
    if done <= at:
        item["amazonReturnReasonCode"] = "CR-DEFECTIVE"
        item["returnReceivedCondition"] = "Defective"
        item["fulfillmentCenterId"] = "LEX1"
    address = {
        "name": "Amazon.com",
        "addressLine1": "1850 Mercer Rd",
        "city": "Lexington",
        "stateOrRegion": "KY",
        "postalCode": "01511",
        "countryCode": "US",
        "phone": "0800 123",
    }
    authorization = {
        "returnAuthorizationId": f"0A-{order.number}",
        "fulfillmentCenterId": "LEX1",
        "returnToAddress": address,
        "amazonRmaId": f"00{order.number}",
        "rmaPageURL": f"https://www.amazon.com/returns/{order.number}",
    }
    return [item], [authorization]


def _money(marketplace: Marketplace, minor: int) -> dict[str, str]:
    return {"currencyCode": marketplace.currency, "value": amount(minor, marketplace.currency)}
