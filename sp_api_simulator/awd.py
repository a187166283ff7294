"""Amazon Warehousing and Distribution 2024-05-09: the warehouses before FBA."""

from typing import Any, Iterator, Optional

from .core import parameters
from .core.account import Account
from .core.errors import not_found
from .core.products import Product
from .core.routes import Call, Routes
from .core.times import DAY_MS, ceil_ms, floor_ms, iso
from .fba.stock_store import HOUR

ROUTES = Routes()

ROLE = "Amazon Warehousing and Distribution"
BASE = "/awd/2024-05-09"
INTERVAL = 6 * DAY_MS
"""Time between two shipments; each has a replenishment order, every third an outbound order."""

CASES, CASE = 4, 12
"""Cases per shipment, units per case."""

STAGES = ((0, "CREATED"), (20, "SHIPPED"), (40, "IN_TRANSIT"), (90, "RECEIVING"), (130, "CLOSED"))
_ORDERS = ((0, "VALIDATING"), (2, "ELIGIBLE"), (5, "CONFIRMED"), (30, "EXECUTING"), (70, "SUCCESS"))
_SORTED = parameters.text("sortOrder", one_of=("ASCENDING", "DESCENDING"))


class AwdStore:
    """The goods of an account in AWD. Everything happens at fixed times after its first day."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.start = account.first_day * DAY_MS
        self.removed: set[str] = set()
        """SKUs deleted from AWD."""
        self.page_size = 200
        """Maximum number of rows per page."""

    @property
    def products(self) -> list[Product]:
        """The products in AWD."""
        return self.account.products.fulfilled(by_amazon=True)[:5]

    def numbers(self, at: int) -> range:
        """Numbers of the shipments and orders by a time."""
        return range((at - self.start) // INTERVAL + 1)

    def created(self, number: int) -> int:
        """When a shipment and its orders are created."""
        return self.start + number * INTERVAL + self.account.hash64(number, 700) % (9 * HOUR)

    def product(self, number: int) -> Product:
        """The product of a shipment and its orders."""
        return self.products[number % len(self.products)]

    def received(self, number: int, at: int) -> int:
        """Units of a shipment received by a time; some shipments lack half a case."""
        if at < self.created(number) + 90 * HOUR:
            return 0
        return CASES * CASE - (6 if number % 4 == 3 else 0)

    def ordered(self, number: int) -> int:
        """Units of an order."""
        return CASE * (1 + number % 2)


def stage(created: int, at: int, stages: tuple[tuple[int, str], ...]) -> tuple[str, int]:
    """The status at a time, and since when."""
    return (
        [(name, created + hours * HOUR) for hours, name in stages if created + hours * HOUR <= at][
            -1
        ]
        if at >= created
        else ("", created)
    )


def shipments(account: Account, at: int) -> list[dict[str, Any]]:
    """The `InboundShipment`s of a time, oldest first."""
    store = account.store(AwdStore)
    found = []
    for number in store.numbers(at):
        created = store.created(number)
        if created > at:
            continue
        product = store.product(number)
        status, since = stage(created, at, STAGES)
        shipment: dict[str, Any] = {
            "shipmentId": f"STAR-{number:08X}",
            "orderId": f"00{number:06d}-order",
            "shipmentStatus": status,
            "createdAt": iso(created),
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
                    "receivedQuantity": _units(store.received(number, at)),
                }
            ],
        }
        if status != "CREATED":
            shipment["carrierCode"] = {"carrierCodeType": "SCAC", "carrierCodeValue": "UPSN"}
            shipment["trackingId"] = f"0001Z{number:05d}"
            shipment["shipBy"] = iso(created + 24 * HOUR)
        if store.received(number, at):
            shipment["receivedQuantity"] = [
                {"quantity": store.received(number, at) / CASE, "unitOfMeasurement": "CASES"}
            ]
        found.append(shipment)
    return found


def inventory(account: Account, at: int) -> list[dict[str, Any]]:
    """The `InventorySummary`s of a time, with details."""
    store = account.store(AwdStore)
    found = []
    for product in store.products:
        if product.sku in store.removed:
            continue
        numbers = [
            n for n in store.numbers(at) if store.product(n) is product and store.created(n) <= at
        ]
        status = {n: stage(store.created(n), at, _ORDERS)[0] for n in numbers}
        received = sum(store.received(n, at) for n in numbers)
        sent = sum(store.ordered(n) for n in numbers if status[n] in ("EXECUTING", "SUCCESS"))
        reserved = sum(store.ordered(n) for n in numbers if status[n] == "CONFIRMED")
        on_hand = max(0, received - sent)
        summary: dict[str, Any] = {
            "sku": product.sku,
            "totalInboundQuantity": sum(CASES * CASE for n in numbers if not store.received(n, at)),
            "totalOnhandQuantity": on_hand,
            "inventoryDetails": {
                "availableDistributableQuantity": max(0, on_hand - reserved),
                "reservedDistributableQuantity": min(on_hand, reserved),
                "replenishmentQuantity": sum(
                    store.ordered(n) for n in numbers if status[n] == "EXECUTING"
                ),
            },
        }
        if product.group == "Grocery" or product is store.products[0]:
            expires = iso(store.start + 400 * DAY_MS)
            summary["expirationDetails"] = [{"expiration": expires, "onhandQuantity": on_hand}]
        found.append(summary)
    return sorted(found, key=lambda summary: str(summary["sku"]))


def replenishment_orders(account: Account, at: int) -> list[dict[str, Any]]:
    """The `ReplenishmentOrder`s of a time, oldest first."""
    return [_order(account, number, at, fba=True) for number in _numbers(account, at)]


def outbound_orders(account: Account, at: int) -> list[dict[str, Any]]:
    """The `OutboundOrder`s of a time, oldest first."""
    return [
        _order(account, number, at, fba=False)
        for number in _numbers(account, at)
        if number % 3 == 0
    ]


def _numbers(account: Account, at: int) -> Iterator[int]:
    store = account.store(AwdStore)
    return (number for number in store.numbers(at) if store.created(number) <= at)


def _order(account: Account, number: int, at: int, fba: bool) -> dict[str, Any]:
    store = account.store(AwdStore)
    created, product = store.created(number), store.product(number)
    status, since = stage(created, at, _ORDERS)
    id = f"{'RO' if fba else 'OO'}-{number:06d}"
    units: dict[str, Any] = {"sku": product.sku, "quantity": store.ordered(number)}
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
        "createdAt": iso(created + 30 * HOUR),
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
        "createdAt": iso(created),
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
        order["confirmedOn"] = iso(created + 5 * HOUR)
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


def _paged(max_results: int) -> tuple[parameters.Parameter, ...]:
    return (
        parameters.number("maxResults", 1, max_results, default=25),
        parameters.text("nextToken"),
        _SORTED,
    )


_UPDATED = (parameters.time("updatedAfter"), parameters.time("updatedBefore"))


def _page(
    call: Call, name: str, found: list[dict[str, Any]], by: Optional[str] = "updatedAt"
) -> dict[str, Any]:
    """A page of the rows updated in the window of the call."""
    after, before = call.values.get("updatedAfter"), call.values.get("updatedBefore")
    earliest = iso(ceil_ms(after)) if after else ""
    latest = iso(floor_ms(before)) if before else "9"
    if by:
        found = [row for row in found if earliest <= row["updatedAt"] <= latest]
        found.sort(key=lambda row: str(row[by]))
    if call.values["sortOrder"] != "ASCENDING":
        found.reverse()
    size = min(call.values["maxResults"], call.account.store(AwdStore).page_size)
    page, token = call.page(found, size, "nextToken")
    return {name: page, "nextToken": token} if token else {name: page}


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
    """Summaries of shipments."""
    names = (
        "shipmentId", "orderId", "shipmentStatus", "createdAt", "updatedAt", "externalReferenceId",
    )  # fmt: skip
    status = call.values["shipmentStatus"]
    found = [
        {name: shipment[name] for name in names}
        for shipment in shipments(call.account, call.now)
        if status in (None, shipment["shipmentStatus"])
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
    """The goods in AWD."""
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
    """Orders that ship goods to other places than FBA."""
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
    """Orders that ship goods to FBA."""
    return _page(call, "orders", replenishment_orders(call.account, call.now))
