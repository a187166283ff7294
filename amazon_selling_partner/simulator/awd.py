"""Amazon Warehousing and Distribution 2024-05-09: what lies there before it goes on to FBA."""

from typing import Any, Iterator, Optional

from . import parameters
from .account import Account
from .catalogue import Product
from .errors import not_found
from .routes import Call, Routes
from .stock import HOUR
from .times import DAY_MS, ceil_ms, floor_ms, iso

ROUTES = Routes()

ROLE = "Amazon Warehousing and Distribution"
BASE = "/awd/2024-05-09"
EVERY = 6 * DAY_MS
"""How often a shipment is sent, and an order to send goods on to FBA, and one elsewhere."""

CASES, CASE = 4, 12
"""Cases of a shipment, and units of a case."""

STAGES = ((0, "CREATED"), (20, "SHIPPED"), (40, "IN_TRANSIT"), (90, "RECEIVING"), (130, "CLOSED"))
_ORDERS = ((0, "VALIDATING"), (2, "ELIGIBLE"), (5, "CONFIRMED"), (30, "EXECUTING"), (70, "SUCCESS"))
_SORTED = parameters.text("sortOrder", one_of=("ASCENDING", "DESCENDING"))


class AwdBook:
    """What an account has in AWD. Everything happens at fixed times after its first day.

    Args:
        account (Account): Whose.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.start = account.first_day * DAY_MS
        self.removed: set[str] = set()
        """SKUs that are taken out of AWD."""
        self.page_size = 200
        """Rows of a page at most, whatever is asked for."""

    @property
    def products(self) -> list[Product]:
        """What is kept there: some of what Amazon ships."""
        return self.account.catalogue.fulfilled(by_amazon=True)[:5]

    def numbers(self, at: int) -> range:
        """The shipments, and orders, made by a moment."""
        return range((at - self.start) // EVERY + 1)

    def made(self, number: int) -> int:
        """When one was made."""
        return self.start + number * EVERY + self.account.mixed(number, 700) % (9 * HOUR)

    def product(self, number: int) -> Product:
        """What is in a shipment, or order."""
        return self.products[number % len(self.products)]

    def received(self, number: int, at: int) -> int:
        """Units of a shipment that have arrived: half a case less than were sent, at times."""
        if at < self.made(number) + 90 * HOUR:
            return 0
        return CASES * CASE - (6 if number % 4 == 3 else 0)

    def sent_on(self, number: int) -> int:
        """Units of an order to FBA."""
        return CASE * (1 + number % 2)


def stage(made: int, at: int, stages: tuple[tuple[int, str], ...]) -> tuple[str, int]:
    """The status at a moment, and since when."""
    return (
        [(name, made + hours * HOUR) for hours, name in stages if made + hours * HOUR <= at][-1]
        if at >= made
        else ("", made)
    )


def shipments(account: Account, at: int) -> list[dict[str, Any]]:
    """The truth: `InboundShipment`s of a moment, oldest first."""
    book = account.part(AwdBook)
    found = []
    for number in book.numbers(at):
        made = book.made(number)
        if made > at:
            continue
        product = book.product(number)
        status, since = stage(made, at, STAGES)
        shipment: dict[str, Any] = {
            "shipmentId": f"STAR-{number:08X}",
            "orderId": f"00{number:06d}-order",
            "shipmentStatus": status,
            "createdAt": iso(made),
            "updatedAt": iso(since),
            "externalReferenceId": f"000{number}",
            "destinationRegion": "us-east",
            "originAddress": _address("Müller & Sons"),
            "destinationAddress": _address("IUSQ"),
            "shipmentContainerQuantities": [
                {"count": CASES, "distributionPackage": _case(product)}
            ],
            "shipmentSkuQuantities": [
                {
                    "sku": product.sku,
                    "expectedQuantity": _units(CASES * CASE),
                    "receivedQuantity": _units(book.received(number, at)),
                }
            ],
        }
        if status != "CREATED":
            shipment["carrierCode"] = {"carrierCodeType": "SCAC", "carrierCodeValue": "UPSN"}
            shipment["trackingId"] = f"0001Z{number:05d}"
            shipment["shipBy"] = iso(made + 24 * HOUR)
        if book.received(number, at):
            shipment["receivedQuantity"] = [
                {"quantity": book.received(number, at) / CASE, "unitOfMeasurement": "CASES"}
            ]
        found.append(shipment)
    return found


def inventory(account: Account, at: int) -> list[dict[str, Any]]:
    """The truth: `InventorySummary`s of a moment with details."""
    book = account.part(AwdBook)
    found = []
    for product in book.products:
        if product.sku in book.removed:
            continue
        mine = [n for n in book.numbers(at) if book.product(n) is product and book.made(n) <= at]
        status = {n: stage(book.made(n), at, _ORDERS)[0] for n in mine}
        arrived = sum(book.received(n, at) for n in mine)
        gone = sum(book.sent_on(n) for n in mine if status[n] in ("EXECUTING", "SUCCESS"))
        reserved = sum(book.sent_on(n) for n in mine if status[n] == "CONFIRMED")
        there = max(0, arrived - gone)
        summary: dict[str, Any] = {
            "sku": product.sku,
            "totalInboundQuantity": sum(CASES * CASE for n in mine if not book.received(n, at)),
            "totalOnhandQuantity": there,
            "inventoryDetails": {
                "availableDistributableQuantity": max(0, there - reserved),
                "reservedDistributableQuantity": min(there, reserved),
                "replenishmentQuantity": sum(
                    book.sent_on(n) for n in mine if status[n] == "EXECUTING"
                ),
            },
        }
        if product.group == "Grocery" or product is book.products[0]:
            expires = iso(book.start + 400 * DAY_MS)
            summary["expirationDetails"] = [{"expiration": expires, "onhandQuantity": there}]
        found.append(summary)
    return sorted(found, key=lambda summary: str(summary["sku"]))


def replenishment_orders(account: Account, at: int) -> list[dict[str, Any]]:
    """The truth: `ReplenishmentOrder`s of a moment, oldest first."""
    return [_order(account, number, at, fba=True) for number in _made(account, at)]


def outbound_orders(account: Account, at: int) -> list[dict[str, Any]]:
    """The truth: `OutboundOrder`s of a moment, oldest first; every third shipment has one."""
    return [
        _order(account, number, at, fba=False) for number in _made(account, at) if number % 3 == 0
    ]


def _made(account: Account, at: int) -> Iterator[int]:
    book = account.part(AwdBook)
    return (number for number in book.numbers(at) if book.made(number) <= at)


def _order(account: Account, number: int, at: int, fba: bool) -> dict[str, Any]:
    book = account.part(AwdBook)
    made, product = book.made(number), book.product(number)
    status, since = stage(made, at, _ORDERS)
    id = f"{'RO' if fba else 'OO'}-{number:06d}"
    units: dict[str, Any] = {"sku": product.sku, "quantity": book.sent_on(number)}
    if not fba:
        units["prepDetails"] = {
            "labelOwner": "SELF",
            "prepOwner": "SELF",
            "prepCategory": "NO_PREP",
        }
    shipment: dict[str, Any] = {
        "orderId": id,
        "shipmentId": f"{id}-S1",
        "shipmentStatus": "DELIVERED" if status == "SUCCESS" else "IN_TRANSIT",
        "createdAt": iso(made + 30 * HOUR),
        "updatedAt": iso(since),
    }
    if not fba:
        shipment.update(
            originAddress=_address("IUSQ"),
            destinationAddress=_address("Jane Retailer"),
            shipmentProductQuantities=[units],
        )
    order: dict[str, Any] = {
        "orderId": id,
        "createdAt": iso(made),
        "updatedAt": iso(since),
        "outboundShipments": [shipment] if status in ("EXECUTING", "SUCCESS") else [],
    }
    names = ("products", "eligibleProducts", "shippedProducts") if fba else (
        "productsToOutbound", "eligibleProductsToOutbound", "shippedOutboundProducts"
    )  # fmt: skip
    order["status" if fba else "orderStatus"] = status
    order[names[0]] = [units]
    if status != "VALIDATING":
        order[names[1]] = [units]
    if status in ("CONFIRMED", "EXECUTING", "SUCCESS"):
        order["confirmedOn"] = iso(made + 5 * HOUR)
    if status == "SUCCESS":
        order[names[2]] = [units]
    if not fba:
        order["orderPreferences"] = [
            {"orderPreference": "PARTIAL_ORDER", "orderPreferenceValue": "SET"}
        ]
    return order


def _address(name: str) -> dict[str, str]:
    return {
        "name": name,
        "addressLine1": "12 Harbour Street, Gate 3",
        "city": "Boston",
        "stateOrRegion": "MA",
        "postalCode": "02108",
        "countryCode": "US",
        "phoneNumber": "0206000000",
    }


def _case(product: Product) -> dict[str, Any]:
    return {
        "type": "CASE",
        "contents": {"products": [{"sku": product.sku, "quantity": CASE}]},
        "measurements": {
            "weight": {"unitOfMeasurement": "POUNDS", "weight": 12.5},
            "dimensions": {
                "unitOfMeasurement": "INCHES", "length": 20.0, "width": 16.5, "height": 14.0,
            },
        },
    }  # fmt: skip


def _units(quantity: int) -> dict[str, Any]:
    return {"quantity": quantity, "unitOfMeasurement": "PRODUCT_UNITS"}


def _paged(largest: int) -> tuple[parameters.Parameter, ...]:
    return (
        parameters.number("maxResults", 1, largest, default=25),
        parameters.text("nextToken"),
        _SORTED,
    )


_UPDATED = (parameters.time("updatedAfter"), parameters.time("updatedBefore"))


def _page(
    call: Call, name: str, found: list[dict[str, Any]], by: Optional[str] = "updatedAt"
) -> dict[str, Any]:
    """A page of what was updated in the time asked for."""
    after, before = call.values.get("updatedAfter"), call.values.get("updatedBefore")
    earliest = iso(ceil_ms(after)) if after else ""
    latest = iso(floor_ms(before)) if before else "9"
    if by:
        found = [row for row in found if earliest <= row["updatedAt"] <= latest]
        found.sort(key=lambda row: str(row[by]))
    if call.values["sortOrder"] != "ASCENDING":
        found.reverse()
    token = call.values["nextToken"]
    ignoring = ("nextToken",)
    start = call.simulator.pages.read(call, token, ignoring)["from"] if token else 0
    end = start + min(call.values["maxResults"], call.account.part(AwdBook).page_size)
    answer: dict[str, Any] = {name: found[start:end]}
    if end < len(found):
        life = call.simulator.page_token_life
        answer["nextToken"] = call.simulator.pages.make(call, {"from": end}, life, ignoring)
    return answer


@ROUTES.add(
    "listInboundShipments",
    "GET",
    f"{BASE}/inboundShipments",
    rate=1,
    burst=1,
    role=ROLE,
    parameters=(
        *_paged(200),
        *_UPDATED,
        parameters.text("sortBy", one_of=("UPDATED_AT", "CREATED_AT")),
        parameters.text(
            "shipmentStatus",
            one_of=(
                "CREATED", "SHIPPED", "IN_TRANSIT", "RECEIVING", "DELIVERED", "CLOSED", "CANCELLED",
            ),
        ),
    ),
)  # fmt: skip
def list_inbound_shipments(call: Call) -> dict[str, Any]:
    """Shipments without their goods."""
    names = (
        "shipmentId", "orderId", "shipmentStatus", "createdAt", "updatedAt", "externalReferenceId",
    )  # fmt: skip
    wanted = call.values["shipmentStatus"]
    found = [
        {name: shipment[name] for name in names}
        for shipment in shipments(call.account, call.now)
        if wanted in (None, shipment["shipmentStatus"])
    ]
    by = "createdAt" if call.values["sortBy"] == "CREATED_AT" else "updatedAt"
    return _page(call, "shipments", found, by)


@ROUTES.add(
    "getInboundShipment",
    "GET",
    f"{BASE}/inboundShipments/{{shipmentId}}",
    rate=2,
    burst=2,
    role=ROLE,
    parameters=(parameters.text("skuQuantities", one_of=("SHOW", "HIDE")),),
)
def get_inbound_shipment(call: Call) -> dict[str, Any]:
    """A shipment."""
    for shipment in shipments(call.account, call.now):
        if shipment["shipmentId"] == call.path["shipmentId"]:
            if call.values["skuQuantities"] != "SHOW":
                del shipment["shipmentSkuQuantities"]
            return shipment
    raise not_found()


@ROUTES.add(
    "listInventory",
    "GET",
    f"{BASE}/inventory",
    rate=2,
    burst=2,
    role=ROLE,
    parameters=(
        *_paged(200),
        parameters.text("sku"),
        parameters.text("details", one_of=("SHOW", "HIDE")),
    ),
)
def list_inventory(call: Call) -> dict[str, Any]:
    """What lies in AWD."""
    sku = call.values["sku"]
    found = [row for row in inventory(call.account, call.now) if sku in (None, row["sku"])]
    for row in found if call.values["details"] != "SHOW" else ():
        row.pop("inventoryDetails")
        row.pop("expirationDetails", None)
    return _page(call, "inventory", found, by=None)


@ROUTES.add(
    "listOutbounds",
    "GET",
    f"{BASE}/outboundOrders",
    rate=1,
    burst=1,
    role=ROLE,
    parameters=(*_paged(100), *_UPDATED),
)
def list_outbounds(call: Call) -> dict[str, Any]:
    """Orders to send goods elsewhere."""
    return _page(call, "outboundOrders", outbound_orders(call.account, call.now))


@ROUTES.add(
    "listReplenishmentOrders",
    "GET",
    f"{BASE}/replenishmentOrders",
    rate=1,
    burst=1,
    role=ROLE,
    parameters=(*_paged(100), *_UPDATED),
)
def list_replenishment_orders(call: Call) -> dict[str, Any]:
    """Orders to send goods to FBA."""
    return _page(call, "orders", replenishment_orders(call.account, call.now))
