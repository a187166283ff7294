"""Inbound plans and shipments in the shape of Fulfillment Inbound 2024-03-20."""

from typing import Any, Sequence

from ..core.account import Account
from ..core.times import DAY_MS, iso
from .stock_store import HOUR, Delivery, DeliveryLine, StockStore, identifier

PLACEMENT_DELAY = 6 * HOUR
"""Time until the placement of a plan is accepted; its shipments show from then on."""

_MAX_BOXES = 10_000
"""Per shipment."""


class Plan:
    """The deliveries of one cycle to one marketplace.

    Args:
        deliveries: Oldest first.
    """

    def __init__(self, account: Account, deliveries: Sequence[Delivery]) -> None:
        self.account = account
        self.deliveries = deliveries
        self.created = deliveries[0].created
        self.number = deliveries[0].number
        self.id = identifier(account, "wf", self.number)

    def updated(self, at: int) -> int:
        """When it last changed; the receipt of its shipments is no change."""
        steps = [self.created, self.created + PLACEMENT_DELAY]
        for delivery in self.deliveries:
            steps += [
                since
                for since, status in delivery.stages
                if status in ("SHIPPED", "CANCELLED", "DELETED")
            ]
        return max(step for step in steps if step <= at)

    def status(self, at: int) -> str:
        """Its status at a time."""
        statuses = {delivery.status(at) for delivery in self.deliveries}
        if statuses <= {"CANCELLED", "DELETED"}:
            return "VOIDED"
        return "ACTIVE" if "WORKING" in statuses else "SHIPPED"

    def placed(self, at: int) -> bool:
        """Whether its placement is accepted."""
        return at >= self.created + PLACEMENT_DELAY


def plans(account: Account, at: int) -> list[Plan]:
    """The plans of a time, last changed first."""
    grouped: dict[tuple[str, int], list[Delivery]] = {}
    for delivery in account.store(StockStore).deliveries(at):
        grouped.setdefault((delivery.marketplace.id, delivery.cycle), []).append(delivery)
    found = [Plan(account, deliveries) for deliveries in grouped.values()]
    return sorted(found, key=lambda plan: (-plan.updated(at), plan.id))


def summary(plan: Plan, at: int) -> dict[str, Any]:
    """An `InboundPlanSummary`."""
    return {
        "inboundPlanId": plan.id,
        "name": f"FBA ({iso(plan.created)[:10]})",
        "status": plan.status(at),
        "createdAt": iso(plan.created),
        "lastUpdatedAt": iso(plan.updated(at)),
        "marketplaceIds": [plan.deliveries[0].marketplace.id],
        "sourceAddress": address(plan.account),
    }


def details(plan: Plan, at: int) -> dict[str, Any]:
    """An `InboundPlan`."""
    placed = plan.placed(at)
    return {
        **summary(plan, at),
        "packingOptions": [
            {
                "packingOptionId": identifier(plan.account, "po", plan.number),
                "status": "ACCEPTED" if placed else "OFFERED",
            }
        ],
        "placementOptions": [
            {key: option[key] for key in ("placementOptionId", "status")}
            for option in placement_options(plan, at)
        ],
        "shipments": [
            {"shipmentId": shipment_id(plan, delivery), "status": delivery.status(at)}
            for delivery in (plan.deliveries if placed else ())
        ],
    }


def placement_options(plan: Plan, at: int) -> list[dict[str, Any]]:
    """The `PlacementOption`s: two offers, then the accepted one."""
    fee = sum(line.quantity for delivery in plan.deliveries for line in delivery.lines) * 0.27
    offers = []
    for position, share in enumerate((1.0, 0.0)):
        status = "ACCEPTED" if plan.placed(at) else "OFFERED"
        offers.append(
            {
                "placementOptionId": identifier(plan.account, "pl", plan.number * 10 + position),
                "status": status,
                "expiration": iso(plan.created + 7 * DAY_MS),
                "fees": [
                    {
                        "description": "Placement service fee represents service to inbound",
                        "target": "Placement Services",
                        "type": "FEE",
                        "value": {"amount": round(fee * share, 2), "code": "USD"},
                    }
                ],
                "discounts": [],
                "shipmentIds": [shipment_id(plan, delivery) for delivery in plan.deliveries],
            }
        )
    return offers[:1] if plan.placed(at) else offers


def shipment_id(plan: Plan, delivery: Delivery) -> str:
    """The id of a shipment in this API; labels show `Delivery.id`."""
    return identifier(plan.account, "sh", delivery.number)


def shipment(plan: Plan, delivery: Delivery, at: int) -> dict[str, Any]:
    """A `Shipment`."""
    marketplace = delivery.marketplace
    fields: dict[str, Any] = {
        "shipmentId": shipment_id(plan, delivery),
        "shipmentConfirmationId": delivery.id,
        "name": f"Shipment {delivery.number}",
        "status": delivery.status(at),
        "placementOptionId": placement_options(plan, at)[0]["placementOptionId"],
        "source": {"sourceType": "SELLER_FACILITY", "address": address(plan.account)},
        "destination": {
            "destinationType": "AMAZON_WAREHOUSE",
            "warehouseId": f"{marketplace.country}{delivery.number % 9 + 1}",
        },
        "contactInformation": {
            "name": "Zoë Packer",
            "phoneNumber": "0206000000",
            "email": "dock@example.com",
        },
    }
    if delivery.status(at) != "WORKING":
        fields["selectedTransportationOptionId"] = transportation_id(plan, delivery)
        fields["dates"] = {
            "readyToShipWindow": {
                "start": iso(delivery.created + 12 * HOUR),
                "end": iso(delivery.created + 36 * HOUR),
            }
        }
        fields["selectedDeliveryWindow"] = {
            "availabilityType": "AVAILABLE",
            "deliveryWindowOptionId": identifier(plan.account, "dw", delivery.number),
            "startDate": iso(delivery.created + 5 * DAY_MS),
            "endDate": iso(delivery.created + 12 * DAY_MS),
        }
        fields["trackingDetails"] = {
            "spdTrackingDetail": {
                "spdTrackingItems": [
                    {
                        "boxId": box["boxId"],
                        "trackingId": f"00{delivery.number:05d}{position:03d}",
                        "trackingNumberValidationStatus": "VALIDATED",
                    }
                    for position, box in enumerate(boxes(plan, delivery, at))
                ]
            }
        }
    if on_pallets(delivery):
        fields["freightInformation"] = {
            "freightClass": "FC_70",
            "declaredValue": {"amount": 1250.5, "code": marketplace.currency},
        }
        fields["trackingDetails"] = {
            "ltlTrackingDetail": {
                "billOfLadingNumber": f"0{delivery.number:08d}",
                "freightBillNumber": [f"00{delivery.number}"],
            }
        }
    return fields


def on_pallets(delivery: Delivery) -> bool:
    """Whether the shipment goes by truck."""
    return delivery.number % 3 == 0


def items(plan: Plan, lines: Sequence[DeliveryLine], at: int) -> list[dict[str, Any]]:
    """`Item`s; groceries have two expiration dates."""
    found = []
    for line in lines:
        item: dict[str, Any] = {
            "msku": line.product.sku,
            "asin": line.product.asin,
            "fnsku": line.product.fnsku,
            "labelOwner": "SELLER",
            "quantity": line.quantity,
            "prepInstructions": [
                {
                    "prepType": "ITEM_POLYBAGGING",
                    "prepOwner": "SELLER",
                    "fee": {"amount": 0.0, "code": "USD"},
                }
            ],
        }
        if line.product.group == "Grocery":
            half = line.quantity // 2
            for quantity, days in ((half, 200), (line.quantity - half, 300)):
                expires = iso(plan.created + days * DAY_MS)[:10]
                found.append(
                    {
                        **item,
                        "quantity": quantity,
                        "expiration": expires,
                        "manufacturingLotCode": f"00{days}",
                    }
                )
        else:
            found.append(item)
    return found


def boxes(plan: Plan, delivery: Delivery, at: int) -> list[dict[str, Any]]:
    """The `Box`es of a shipment, each with a single product."""
    found: list[dict[str, Any]] = []
    for line in delivery.lines:
        for item in items(plan, [line], at):
            number = len(found) + 1
            found.append(
                {
                    "packageId": identifier(
                        plan.account, "pk", delivery.number * _MAX_BOXES + number
                    ),
                    "boxId": f"{delivery.id}U{number:06d}",
                    "templateName": f"P1 - B{number}",
                    "quantity": 1,
                    "contentInformationSource": "BOX_CONTENT_PROVIDED",
                    "dimensions": {
                        "unitOfMeasurement": "IN", "length": 20, "width": 16.5, "height": 14,
                    },
                    "weight": {"unit": "LB", "value": item["quantity"] * 1.25},
                    "items": [item],
                }
            )  # fmt: skip
    return found


def pallets(plan: Plan, delivery: Delivery, at: int) -> list[dict[str, Any]]:
    """The `Pallet`s of a shipment."""
    return [
        {
            "packageId": identifier(plan.account, "pt", delivery.number),
            "quantity": 1,
            "stackability": "STACKABLE",
            "dimensions": {"unitOfMeasurement": "IN", "length": 48, "width": 40, "height": 50.5},
            "weight": {"unit": "LB", "value": 812.5},
        }
    ][: int(on_pallets(delivery))]


def transportation_id(plan: Plan, delivery: Delivery) -> str:
    """The id of the selected transportation option, the second one."""
    return identifier(plan.account, "to", delivery.number * 100 + 1)


def transportation_options(plan: Plan, delivery: Delivery, at: int) -> list[dict[str, Any]]:
    """The `TransportationOption`s of a shipment."""
    return [
        {
            "transportationOptionId": identifier(plan.account, "to", delivery.number * 100 + n),
            "shipmentId": shipment_id(plan, delivery),
            "shippingMode": "FREIGHT_LTL" if on_pallets(delivery) else "GROUND_SMALL_PARCEL",
            "shippingSolution": "AMAZON_PARTNERED_CARRIER",
            "carrier": {"name": "United Parcel Service", "alphaCode": "UPSN"},
            "preconditions": ["CONFIRMED_DELIVERY_WINDOW"],
            "quote": {
                "cost": {"amount": 25.5 + n, "code": "USD"},
                "expiration": iso(delivery.created + 2 * DAY_MS),
            },
        }
        for n in range(3)
    ]


def address(account: Account) -> dict[str, str]:
    """The source address of an account."""
    return {
        "name": "Zoë Packer",
        "companyName": "Müller & Sons",
        "addressLine1": "12 Harbour Street, Gate 3",
        "city": "Seattle",
        "stateOrProvinceCode": "WA",
        "postalCode": "02108",
        "countryCode": "US",
        "phoneNumber": "0206000000",
        "email": "dock@example.com",
    }
