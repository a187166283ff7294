"""Supply Sources 2020-07-01: the stores and warehouses an account ships from."""

from dataclasses import replace
from typing import Any

from .core import parameters
from .core.account import Account
from .core.errors import not_found
from .core.routes import Call, Routes
from .core.times import DAY_MS, iso

ROUTES = Routes()

ROLE = "Selling Partner Insights"
BASE = "/supplySources/2020-07-01/supplySources"


class SupplySourceStore:
    """The supply sources of an account."""

    def __init__(self, account: Account) -> None:
        self.sources = [_source(account, number) for number in range(12)]


def _source(account: Account, number: int) -> dict[str, Any]:
    created = account.first_day * DAY_MS + number * 3_600_000
    hours = [{"startTime": "09:00", "endTime": "17:30"}]
    operation = {
        "contactDetails": {"primary": {"email": "store@example.com", "phone": "0206000000"}},
        "throughputConfig": {
            "throughputCap": {"value": 200, "timeUnit": "Days"},
            "throughputUnit": "Order",
        },
        "operatingHoursByDay": {"monday": hours, "friday": hours},
        "handlingTime": {"value": 4, "timeUnit": "Hours"},
    }
    return {
        "supplySourceId": f"000{account.hash64(number, 800):016x}",
        "supplySourceCode": f"00{number}",
        "alias": f"Store „{number}“",
        "status": "Active" if number else "Inactive",
        "address": {
            "name": account.store_name,
            "addressLine1": f"{number + 1} Main St",
            "city": "Boston",
            "stateOrRegion": "MA",
            "postalCode": "02108",
            "countryCode": "US",
            "phone": "0206000000",
        },
        "configuration": {"operationalConfiguration": operation, "timezone": "America/New_York"},
        "capabilities": {
            "outbound": {
                "isSupported": True,
                "pickupChannel": {"isSupported": False},
                "deliveryChannel": {"isSupported": True, "operationalConfiguration": operation},
            },
            "services": {"isSupported": False},
        },
        "createdAt": iso(created),
        "updatedAt": iso(created + DAY_MS),
    }


@ROUTES.add(
    "getSupplySources",
    "GET",
    BASE,
    role=ROLE,
    parameters=(
        parameters.text("nextPageToken"),
        replace(parameters.number("pageSize", default=10), kind="number"),
    ),
)
def get_supply_sources(call: Call) -> dict[str, Any]:
    """A page of the sources, with a part of their fields."""
    sources = call.account.store(SupplySourceStore).sources
    page, token = call.page(sources, call.values["pageSize"], "nextPageToken")
    names = ("alias", "supplySourceId", "supplySourceCode", "address")
    body: dict[str, Any] = {
        "supplySources": [{name: source[name] for name in names} for source in page]
    }
    if token:
        body["nextPageToken"] = token
    return body


@ROUTES.add("getSupplySource", "GET", f"{BASE}/{{supplySourceId}}", role=ROLE)
def get_supply_source(call: Call) -> dict[str, Any]:
    """A source."""
    for source in call.account.store(SupplySourceStore).sources:
        if source["supplySourceId"] == call.path["supplySourceId"]:
            found: dict[str, Any] = source
            return found
    raise not_found()
