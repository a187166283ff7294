"""Purchase orders, their status, shipments and labels in the shape of the vendor APIs."""

import base64
from typing import Any

from ..core.account import Account
from ..core.marketplaces import amount
from ..core.times import DAY_MS, iso
from .vendor_store import Line, PurchaseOrder

VENDOR_CODE = "LUMAR"


def purchase_order(account: Account, order: PurchaseOrder, at: int) -> dict[str, Any]:
    """An `Order` of the Vendor Orders API."""
    state, since = "New", order.placed
    if order.closed <= at:
        state, since = "Closed", order.closed
    elif order.acknowledged <= at:
        state, since = "Acknowledged", order.acknowledged
    details: dict[str, Any] = {
        "purchaseOrderDate": iso(order.placed),
        "purchaseOrderStateChangedDate": iso(since),
        "purchaseOrderType": "RegularOrder",
        "paymentMethod": "Invoice",
        "buyingParty": {"partyId": order.warehouse},
        "sellingParty": _party(account, VENDOR_CODE),
        "shipToParty": _party(account, order.warehouse),
        "billToParty": _party(account, "AMAZON"),
        "shipWindow": window(order),
        "items": [_item(account, order, index, at) for index in range(len(order.lines))],
    }
    if order.changed is not None and order.changed <= at:
        details["purchaseOrderChangedDate"] = iso(order.changed)
    if order.imported:
        details["importDetails"] = {
            "methodOfPayment": "PaidByBuyer",
            "internationalCommercialTerms": "FreeOnBoard",
            "portOfDelivery": "Oakland",
            "importContainers": "2-40',1-40'HC",
            "shippingInstructions": 'Keep "dry"; this side up',
        }
    else:
        details["deliveryWindow"] = window(order)
    return {
        "purchaseOrderNumber": order.number,
        "purchaseOrderState": state,
        "orderDetails": details,
    }


def window(order: PurchaseOrder) -> str:
    """The ship window of an order, as an interval."""
    return f"{iso(order.placed + DAY_MS)}--{iso(order.placed + 12 * DAY_MS)}"


def _item(account: Account, order: PurchaseOrder, index: int, at: int) -> dict[str, Any]:
    line = order.lines[index]
    return {
        "itemSequenceNumber": str(index + 1),
        "amazonProductIdentifier": line.product.asin,
        "vendorProductIdentifier": line.product.sku,
        "orderedQuantity": quantity(line, order.ordered(index, at)),
        "isBackOrderAllowed": index == 0,
        "netCost": _money(account, line.cost),
        "listPrice": _money(account, line.product.price(account.marketplaces[0])),
    }


def order_status(account: Account, order: PurchaseOrder, at: int) -> dict[str, Any]:
    """An `OrderStatus`; it has no `lastUpdatedDate` before the first update."""
    body: dict[str, Any] = {
        "purchaseOrderNumber": order.number,
        "purchaseOrderStatus": "CLOSED" if order.closed <= at else "OPEN",
        "purchaseOrderDate": iso(order.placed),
        "sellingParty": {"partyId": VENDOR_CODE},
        "shipToParty": {"partyId": order.warehouse},
        "itemStatus": [_item_status(account, order, i, at) for i in range(len(order.lines))],
    }
    if updates := [update for update in order.updates() if update <= at]:
        body["lastUpdatedDate"] = iso(max(updates))
    return body


def _item_status(account: Account, order: PurchaseOrder, index: int, at: int) -> dict[str, Any]:
    line = order.lines[index]
    ordered = order.ordered(index, at)
    quantities = [
        {"updatedDate": iso(order.placed), "orderedQuantity": quantity(line, line.ordered)}
    ]
    if index == 0 and order.changed is not None and order.changed <= at:
        changed = {"updatedDate": iso(order.changed), "orderedQuantity": quantity(line, ordered)}
        quantities.append({**changed, "cancelledQuantity": quantity(line, 0)})
    body: dict[str, Any] = {
        "itemSequenceNumber": str(index + 1),
        "buyerProductIdentifier": line.product.asin,
        "vendorProductIdentifier": line.product.sku,
        "netCost": _money(account, line.cost),
        "listPrice": _money(account, line.product.price(account.marketplaces[0])),
        "orderedQuantity": {
            "orderedQuantity": quantity(line, ordered),
            "orderedQuantityDetails": quantities,
        },
        "acknowledgementStatus": {"confirmationStatus": "UNCONFIRMED"},
        "receivingStatus": {"receiveStatus": "NOT_RECEIVED"},
    }
    if order.acknowledged <= at:
        acknowledged = {
            "acceptedQuantity": quantity(line, line.accepted),
            "rejectedQuantity": quantity(line, line.ordered - line.accepted),
        }
        status = "PARTIALLY_ACCEPTED" if line.accepted else "REJECTED"
        body["acknowledgementStatus"] = {
            "confirmationStatus": "ACCEPTED" if line.accepted == line.ordered else status,
            **acknowledged,
            "acknowledgementStatusDetails": [
                {"acknowledgementDate": iso(order.acknowledged), **acknowledged}
            ],
        }
    if line.accepted and not order.rejected and order.received <= at:
        is_complete = order.closed <= at
        body["receivingStatus"] = {
            "receiveStatus": "RECEIVED" if is_complete else "PARTIALLY_RECEIVED",
            "receivedQuantity": quantity(
                line, line.accepted if is_complete else line.accepted // 2
            ),
            "lastReceiveDate": iso(order.closed if is_complete else order.received),
        }
    return body


def shipment(account: Account, order: PurchaseOrder, at: int) -> dict[str, Any]:
    """A `Shipment` of the Vendor Shipments API, with a pallet that holds a carton for each line."""
    steps = [
        (status, since)
        for status, since in (
            ("Created", order.requested),
            ("CarrierAssigned", order.assigned),
            ("Shipped", order.shipped),
        )
        if since <= at
    ]
    transport: dict[str, Any] = {
        "shipMode": "SmallParcel" if order.is_parcel else "TruckLoad",
        "transportationMode": "Ocean" if order.imported else "Road",
        "estimatedDeliveryDate": iso(order.shipped + 5 * DAY_MS),
        "carrierDetails": {"name": "Östra Frakt & Co", "code": "0SFC", "phone": "+1 0555 0100"},
        "billOfLadingNumber": f"00{order.number}",
    }
    if order.shipped <= at:
        transport["shippedDate"] = iso(order.shipped)
    if order.delivered <= at:
        transport["shipmentDeliveryDate"] = iso(order.delivered)
    lines = [(index, line) for index, line in enumerate(order.lines) if line.accepted]
    body: dict[str, Any] = {
        "vendorShipmentIdentifier": shipment_id(order),
        "transactionType": "New",
        "buyerReferenceNumber": f"0{int(order.placed / 1000):011d}",
        "transactionDate": iso(order.requested),
        "currentShipmentStatus": steps[-1][0],
        "currentshipmentStatusDate": iso(steps[-1][1]),
        "shipmentStatusDetails": [
            {"shipmentStatus": status, "shipmentStatusDate": iso(since)} for status, since in steps
        ],
        "shipmentCreateDate": iso(order.requested),
        "shipmentFreightTerm": "Collect",
        "sellingParty": _shipping_party(account, VENDOR_CODE),
        "shipFromParty": _shipping_party(account, f"{VENDOR_CODE}1"),
        "shipToParty": _shipping_party(account, order.warehouse, registered=False),
        "shipmentMeasurements": {
            "totalCartonCount": len(lines),
            "totalPalletStackable": 1,
            "shipmentWeight": {"unitOfMeasure": "Kg", "value": f"{len(lines) * 9.5}"},
            "shipmentVolume": {"unitOfMeasure": "CuM", "value": "1.250"},
        },
        "collectFreightPickupDetails": {
            "requestedPickUp": iso(order.requested + DAY_MS),
            "scheduledPickUp": iso(order.shipped),
            "carrierAssignmentDate": iso(order.assigned),
        },
        "purchaseOrders": [
            {
                "purchaseOrderNumber": order.number,
                "purchaseOrderDate": iso(order.placed),
                "shipWindow": window(order),
                "items": [
                    {**_names(index, line), "shippedQuantity": quantity(line, line.accepted, True)}
                    for index, line in lines
                ],
            }
        ],
        "containers": [_pallet(order, len(lines)), *(_carton(order, i, line) for i, line in lines)],
        "transportationDetails": transport,
    }
    if order.imported:
        body["importDetails"] = {
            "methodOfPayment": "PaidByBuyer",
            "sealNumber": "000123",
            "route": {
                "stops": [
                    {
                        "functionCode": "PortOfLoading",
                        "locationIdentification": {"type": "UN", "countryCode": "CN"},
                        "departureTime": iso(order.shipped),
                    },
                    {"functionCode": "PortOfDischarge", "arrivalTime": iso(order.delivered)},
                ]
            },
            "billableWeight": {"unitOfMeasure": "Kg", "value": "120.5"},
            "estimatedShipByDate": iso(order.shipped),
            "handlingInstructions": "Fragile",
        }
    return body


def shipment_id(order: PurchaseOrder) -> str:
    """The vendor's id of a shipment."""
    return f"00S{order.number}"


def _pallet(order: PurchaseOrder, cartons: int) -> dict[str, Any]:
    return {
        "containerType": "pallet",
        "containerSequenceNumber": "0001",
        "containerIdentifiers": [_identifier("SSCC", order, 0), _identifier("AMZNCC", order, 0)],
        "dimensions": {"length": "1.2", "width": "0.80", "height": "1.5", "unitOfMeasure": "Meter"},
        "weight": {"unitOfMeasure": "Kg", "value": "38.5"},
        "tier": 2,
        "block": 3,
        "innerContainersDetails": {
            "containerCount": cartons,
            "containerSequenceNumbers": [
                {"containerSequenceNumber": f"{number + 2:04d}"} for number in range(cartons)
            ],
        },
        "packedItems": [],
    }


def _carton(order: PurchaseOrder, index: int, line: Line) -> dict[str, Any]:
    return {
        "containerType": "carton",
        "containerSequenceNumber": f"{index + 2:04d}",
        "containerIdentifiers": [_identifier("SSCC", order, index + 1)],
        "trackingNumber": tracking(order, index),
        "packedItems": [
            {
                **_names(index, line),
                "packedQuantity": quantity(line, line.accepted, True),
                "itemDetails": {
                    "purchaseOrderNumber": order.number,
                    "lotNumber": f"00{index}",
                    "expiry": {
                        "manufacturerDate": iso(order.placed),
                        "expiryAfterDuration": {"durationUnit": "Months", "durationValue": 18},
                    },
                },
            }
        ],
    }


def tracking(order: PurchaseOrder, index: int) -> str:
    """The tracking number of a parcel."""
    return f"000{int(order.shipped / 1000)}{index}"


def transport_label(account: Account, order: PurchaseOrder) -> dict[str, Any]:
    """A `TransportLabel` with a label per carton."""
    cartons = [index for index, line in enumerate(order.lines) if line.accepted]
    return {
        "labelCreateDateTime": iso(order.assigned),
        "shipmentInformation": {
            "vendorDetails": {
                "sellingParty": _shipping_party(account, VENDOR_CODE),
                "vendorShipmentIdentifier": shipment_id(order),
            },
            "buyerReferenceNumber": f"0{int(order.placed / 1000):011d}",
            "shipToParty": _shipping_party(account, order.warehouse, registered=False),
            "shipFromParty": _shipping_party(account, f"{VENDOR_CODE}1"),
            "warehouseId": order.warehouse,
            "masterTrackingId": tracking(order, 0),
            "totalLabelCount": len(cartons),
            "shipMode": "SmallParcel",
        },
        "labelData": [
            {
                "labelSequenceNumber": number + 1,
                "labelFormat": "PDF",
                "carrierCode": "0SFC",
                "trackingId": tracking(order, index),
                "label": document(f"label {tracking(order, index)}"),
            }
            for number, index in enumerate(cartons)
        ],
    }


def document(text: str) -> str:
    """A document as base64."""
    return base64.b64encode(f"%PDF {text}".encode()).decode()


def quantity(line: Line, units: int, is_shipment: bool = False) -> dict[str, Any]:
    """An `ItemQuantity`, in cases if the item is ordered in cases."""
    if line.case:
        cases = {"amount": units // line.case, "unitOfMeasure": "Cases", "unitSize": line.case}
        if is_shipment:
            cases["totalWeight"] = {"unitOfMeasure": "KILOGRAMS", "amount": f"{units * 0.25:.2f}"}
        return cases
    return {"amount": units, "unitOfMeasure": "Eaches", **({"unitSize": 1} if is_shipment else {})}


def _names(index: int, line: Line) -> dict[str, str]:
    return {
        "itemSequenceNumber": str(index + 1),
        "buyerProductIdentifier": line.product.asin,
        "vendorProductIdentifier": line.product.sku,
    }


def _identifier(kind: str, order: PurchaseOrder, number: int) -> dict[str, str]:
    value = f"00{int(order.placed / 1000):012d}{number:06d}"
    return {"containerIdentificationType": kind, "containerIdentificationNumber": value}


def _party(account: Account, party: str) -> dict[str, Any]:
    registration = {"taxRegistrationType": "VAT", "taxRegistrationNumber": f"00{len(party)}12345"}
    return {"partyId": party, "address": address(account, party), "taxInfo": registration}


def _shipping_party(account: Account, party: str, registered: bool = True) -> dict[str, Any]:
    fields = _party(account, party)
    registration = fields.pop("taxInfo")
    if registered:
        fields["taxRegistrationDetails"] = [registration]
    return fields


def address(account: Account, party: str) -> dict[str, str]:
    """The address of a party."""
    return {
        "name": f"{party} – {account.store_name}",
        "addressLine1": "1 Dock Road",
        "city": "Østby",
        "stateOrRegion": "PA",
        "postalCode": "01067",
        "countryCode": account.marketplaces[0].country,
        "phone": "0555 0100",
    }


def _money(account: Account, minor: int) -> dict[str, str]:
    currency = account.marketplaces[0].currency
    return {"currencyCode": currency, "amount": amount(minor, currency)}
