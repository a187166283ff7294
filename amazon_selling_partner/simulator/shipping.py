"""Amazon Shipping API v2: the packages of orders that a test lets Amazon carry."""

import base64
from dataclasses import dataclass, field
from typing import Any, Optional

from . import parameters
from .account import Account
from .errors import invalid, not_found
from .parameters import Parameter
from .routes import Call, Routes
from .times import DAY_MS, floor_ms, iso, parse

ROUTES = Routes()

ROLE = "Direct-to-Consumer Shipping (Restricted)"
BUSINESS = "x-amzn-shipping-business-id"
KEPT_MS = 45 * DAY_MS
"""Events of an older shipment are not told any more."""
HOUR = 3_600_000
TOKEN_LIFE_MS = 600_000

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
        tracking_id (str): As the order shows it.
        carrier_id (str): Amazon's own.
        shipment_id (str): Of its shipment, which has no other package.
        reference (str): packageClientReferenceId.
        business (str): Amazon Shipping of which country.
        created (int): When the label was bought.
        left (int): When it left.
        arrives (int): When it arrives, 0 for never.
        address (dict[str, Any]): Of the recipient.
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
        """`Event`s by a moment."""
        home = {
            name: self.address[name]
            for name in ("stateOrRegion", "city", "countryCode", "postalCode")
            if self.address.get(name)
        }
        depot = {"city": "Bellevue", "countryCode": self.address["countryCode"]}
        told = [(self.left, "PickupDone", depot), (self.left + HOUR, "Departed", depot)]
        if self.arrives:
            # two attempts: the same event code twice
            for hours in (9, 5):
                told.append((self.arrives - hours * HOUR, "DeliveryAttempted", home))
            told.append((self.arrives, "Delivered", home))
        return [
            {
                "eventCode": code,
                "eventTime": iso(moment),
                "location": place,
                "shipmentType": "FORWARD",
            }
            for moment, code, place in told
            if moment <= at
        ]

    def tell(self, at: int) -> dict[str, Any]:
        """`GetTrackingResult` at a moment."""
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
            "eventHistory": events if at < self.created + KEPT_MS else [],
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
class ShippingBook:
    """What Amazon carries for an account.

    Args:
        account (Account): Whose.

    Attributes:
        packages (dict[str, Package]): By tracking id.
        tokens (dict[str, tuple[str, int]]): Request token of each rate, and until when it is good.
    """

    account: Account
    packages: dict[str, Package] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int]] = field(default_factory=dict)

    def carry(self, order_id: str) -> list[Package]:
        """Lets Amazon carry the packages of an order, as the order says from now on.

        Args:
            order_id (str): An order that has packages.

        Returns:
            list[Package]: They.
        """
        at = self.account.now()
        ref = self.account.ref_of(order_id, at)
        assert ref is not None, order_id
        sale, order = self.account.sale(ref), self.account.order(ref, at)
        country = sale.marketplace.country
        carried = [
            Package(
                tracking_id=package["trackingNumber"],
                carrier_id="AMZN_UK" if country == "GB" else f"AMZN_{country}",
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
        self.account.change_order(order_id, {"packages": packages}, at)
        return carried

    def quote(self, rate_id: str) -> str:
        """Offers a rate; returns its request token."""
        self.tokens[rate_id] = (f"amzn1.rq.{rate_id}", self.account.now() + TOKEN_LIFE_MS)
        return self.tokens[rate_id][0]


def documents(package: Package) -> list[dict[str, Any]]:
    """`PackageDocument`s of a package: its label shows where it goes."""
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
    """Where a package is; 404 for one that another carrier has."""
    package = _visible(
        call, call.account.part(ShippingBook).packages.get(call.values["trackingId"])
    )
    if package.carrier_id != call.values["carrierId"]:
        raise not_found("The requested resource is invalid or doesn't exist")
    return {"payload": package.tell(call.now)}


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
    """The documents of a package, in the formats it was bought with."""
    reference = call.values["packageClientReferenceId"]
    found = [
        package
        for package in call.account.part(ShippingBook).packages.values()
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
    """The JSON schema of what a rate asks for, as long as its request token lives."""
    token, until = call.account.part(ShippingBook).tokens.get(call.values["rateId"], ("", 0))
    if token != call.values["requestToken"] or call.now >= until:
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
    """A package of the business that the request is for, the United Kingdom's unless it says.

    Raises:
        ApiError: 404 when there is none.
    """
    business = call.headers.get(BUSINESS, "AmazonShipping_UK")
    if package is None or package.business != business:
        raise not_found("The requested resource is invalid or doesn't exist")
    return package
