"""Amazon Shipping API v2: the packages that Amazon carries, see `ShippingStore.carry`."""

import base64
from dataclasses import dataclass, field
from typing import Any, Optional

from .core import parameters
from .core.account import Account
from .core.errors import invalid, not_found
from .core.parameters import Parameter
from .core.routes import Call, Routes
from .core.times import DAY_MS, floor_ms, iso, parse
from .orders.order_store import OrderStore

ROUTES = Routes()

ROLE = "Direct-to-Consumer Shipping (Restricted)"
BUSINESS = "x-amzn-shipping-business-id"
RETENTION_MS = 45 * DAY_MS
"""The events of an older shipment are no longer shown."""
HOUR = 3_600_000
TOKEN_LIFETIME_MS = 600_000

CARRIERS = {"GB": "AMZN_UK", "IN": "ATS"}
"""Amazon's own carriers that are not named after their country."""

_BUSINESSES = {
    "US": "AmazonShipping_US",
    "GB": "AmazonShipping_UK",
    "IN": "AmazonShipping_IN",
    "IT": "AmazonShipping_IT",
    "ES": "AmazonShipping_ES",
    "FR": "AmazonShipping_FR",
    "JP": "AmazonShipping_JP",
    "AE": "AmazonShipping_UAE",
    "SA": "AmazonShipping_SA",
    "EG": "AmazonShipping_EG",
}


@dataclass
class Package:
    """A package that Amazon carries. Times are milliseconds since 1970.

    Attributes:
        shipment_id: Id of its shipment, which has no other package.
        reference: packageClientReferenceId.
        business: Id of Amazon Shipping in a country.
        arrives: 0 for never.
        address: Address of the recipient.
    """

    tracking_id: str
    carrier_id: str
    shipment_id: str
    reference: str
    business: str
    created: int
    left: int
    arrives: int
    address: dict[str, Any]

    def events(self, at: int) -> list[dict[str, Any]]:
        """The `Event`s by a time."""
        home = {
            name: self.address[name]
            for name in ("stateOrRegion", "city", "countryCode", "postalCode")
            if self.address.get(name)
        }
        depot = {"city": "Bellevue", "countryCode": self.address["countryCode"]}
        steps = [(self.left, "PickupDone", depot), (self.left + HOUR, "Departed", depot)]
        if self.arrives:
            # two attempts: the same event code twice
            for hours in (9, 5):
                steps.append((self.arrives - hours * HOUR, "DeliveryAttempted", home))
            steps.append((self.arrives, "Delivered", home))
        return [
            {
                "eventCode": code,
                "eventTime": iso(happened),
                "location": location,
                "shipmentType": "FORWARD",
            }
            for happened, code, location in steps
            if happened <= at
        ]

    def to_json(self, at: int) -> dict[str, Any]:
        """The `GetTrackingResult` at a time."""
        events = self.events(at)
        last = events[-1]["eventCode"] if events else ""
        status = {
            "": "PreTransit",
            "Delivered": "Delivered",
            "DeliveryAttempted": "DeliveryAttempted",
        }
        return {
            "trackingId": self.tracking_id,
            "alternateLegTrackingId": f"R{self.tracking_id}",
            "eventHistory": events if at < self.created + RETENTION_MS else [],
            "promisedDeliveryDate": iso(self.left + 3 * DAY_MS),
            "summary": {
                "status": status.get(last, "InTransit"),
                "trackingDetailCodes": {
                    "forward": ["DeliveredToPorch"] if last == "Delivered" else [],
                    "returns": [],
                },
            },
        }


@dataclass
class ShippingStore:
    """The packages that Amazon carries for an account.

    Attributes:
        packages: By tracking id.
        tokens: Request token of each rate, and when it expires.
    """

    account: Account
    packages: dict[str, Package] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int]] = field(default_factory=dict)

    def carry(self, order_id: str) -> list[Package]:
        """Lets Amazon carry the packages of an order, which shows it from now on."""
        orders = self.account.store(OrderStore)
        at = self.account.now()
        ref = orders.ref_of(order_id, at)
        assert ref is not None, order_id
        sale, order = orders.sale(ref), orders.to_json(ref, at)
        country = sale.marketplace.country
        carried = [
            Package(
                tracking_id=package["trackingNumber"],
                carrier_id=CARRIERS.get(country, f"AMZN_{country}"),
                shipment_id=f"amzn1.shipment.0{package['trackingNumber']}",
                reference=f"00{package['packageReferenceId']}",
                business=_BUSINESSES[country],
                created=floor_ms(parse(package["createdTime"])),
                left=floor_ms(parse(package["shipTime"])),
                arrives=sale.delivered,
                address=order["recipient"]["deliveryAddress"],
            )
            for package in order["packages"]
        ]
        self.packages.update({package.tracking_id: package for package in carried})
        service = {"carrier": "Amazon Shipping", "shippingService": "Amazon Shipping Two Day"}
        packages = [{**package, **service} for package in order["packages"]]
        orders.change(order_id, {"packages": packages}, at)
        return carried

    def quote(self, rate_id: str) -> str:
        """Offers a rate; returns its request token."""
        self.tokens[rate_id] = (f"amzn1.rq.{rate_id}", self.account.now() + TOKEN_LIFETIME_MS)
        return self.tokens[rate_id][0]


def documents(package: Package) -> list[dict[str, Any]]:
    """The `PackageDocument`s of a package; the label shows the address."""
    address = ", ".join(str(part) for part in package.address.values())
    return [
        {
            "type": kind,
            "format": form,
            "contents": base64.b64encode(f"{kind} to {address}".encode()).decode(),
        }
        for kind, form in (("LABEL", "PNG"), ("CUSTOM_FORM", "PDF"), ("CUSTOM_FORM", "PDF"))
    ]


@ROUTES.add(
    "getTracking",
    "GET",
    "/shipping/v2/tracking",
    rate=80.0,
    burst=100,
    role=ROLE,
    parameters=(
        parameters.text("trackingId", required=True),
        parameters.text("carrierId", required=True),
    ),
)
def get_tracking(call: Call) -> dict[str, Any]:
    """The tracking of a package; 404 for a package of another carrier."""
    package = _visible(
        call, call.account.store(ShippingStore).packages.get(call.values["trackingId"])
    )
    if package.carrier_id != call.values["carrierId"]:
        raise not_found("The requested resource is invalid or doesn't exist")
    return {"payload": package.to_json(call.now)}


@ROUTES.add(
    "getShipmentDocuments",
    "GET",
    "/shipping/v2/shipments/{shipmentId}/documents",
    rate=80.0,
    burst=100,
    role=ROLE,
    parameters=(
        parameters.text("packageClientReferenceId", required=True),
        parameters.text("format"),
        Parameter("dpi", float, kind="number"),
    ),
)
def get_shipment_documents(call: Call) -> dict[str, Any]:
    """The documents of a package, in the formats of its purchase."""
    reference = call.values["packageClientReferenceId"]
    found = [
        package
        for package in call.account.store(ShippingStore).packages.values()
        if (package.shipment_id, package.reference) == (call.path["shipmentId"], reference)
    ]
    package = _visible(call, found[0] if found else None)
    detail = {
        "packageClientReferenceId": reference,
        "packageDocuments": documents(package),
        "trackingId": package.tracking_id,
    }
    benefits = {"includedBenefits": ["CLAIMS_PROTECTED"], "excludedBenefits": []}
    return {
        "payload": {
            "shipmentId": package.shipment_id,
            "packageDocumentDetail": detail,
            "benefits": benefits,
        }
    }


@ROUTES.add(
    "getAdditionalInputs",
    "GET",
    "/shipping/v2/shipments/additionalInputs/schema",
    rate=80.0,
    burst=100,
    role=ROLE,
    parameters=(
        parameters.text("requestToken", required=True),
        parameters.text("rateId", required=True),
    ),
)
def get_additional_inputs(call: Call) -> dict[str, Any]:
    """The JSON schema of the inputs of a rate, until its request token expires."""
    token, expires = call.account.store(ShippingStore).tokens.get(call.values["rateId"], ("", 0))
    if token != call.values["requestToken"] or call.now >= expires:
        raise invalid("Request is missing or has invalid parameters")
    code = {"type": "string", "description": "Harmonized System's commodity code for an item."}
    return {
        "payload": {
            "title": "Additional inputs for Shipping Offering",
            "type": "object",
            "properties": {"harmonizedSystemCode": code},
        }
    }


def _visible(call: Call, package: Optional[Package]) -> Package:
    """A package of the business in the request, by default that of the United Kingdom.

    Raises:
        ApiError: 404 when there is no such package.
    """
    business = call.headers.get(BUSINESS, "AmazonShipping_UK")
    if package is None or package.business != business:
        raise not_found("The requested resource is invalid or doesn't exist")
    return package
