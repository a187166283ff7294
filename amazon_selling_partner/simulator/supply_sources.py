"""Supply Sources 2020-07-01: the stores and warehouses an account ships from."""

from dataclasses import replace
from typing import Any

from . import parameters
from .account import Account
from .errors import not_found
from .routes import Call, Routes
from .times import DAY_MS, iso

ROUTES = Routes()

ROLE = "Selling Partner Insights"
BASE = "/supplySources/2020-07-01/supplySources"
_IGNORED = ("nextPageToken",)


class SourceBook:
    """The supply sources of an account.

    Args:
        account (Account): Whose.
    """

    def __init__(self, account: Account) -> None:
        self.sources = [_source(account, number) for number in range(12)]


def _source(account: Account, number: int) -> dict[str, Any]:
    made = account.first_day * DAY_MS + number * 3_600_000
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
        "supplySourceId": f"000{account.mixed(number, 800):016x}",
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
        "createdAt": iso(made),
        "updatedAt": iso(made + DAY_MS),
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
    """All sources, with little of each."""
    token = call.values["nextPageToken"]
    start = call.simulator.pages.read(call, token, ignoring=_IGNORED)["from"] if token else 0
    end = start + call.values["pageSize"]
    sources = call.account.part(SourceBook).sources
    names = ("alias", "supplySourceId", "supplySourceCode", "address")
    answer: dict[str, Any] = {
        "supplySources": [{name: one[name] for name in names} for one in sources[start:end]]
    }
    if end < len(sources):
        answer["nextPageToken"] = call.simulator.pages.make(
            call, {"from": end}, call.simulator.page_token_life, ignoring=_IGNORED
        )
    return answer


@ROUTES.add("getSupplySource", "GET", f"{BASE}/{{supplySourceId}}", role=ROLE)
def get_supply_source(call: Call) -> dict[str, Any]:
    """One source."""
    for source in call.account.part(SourceBook).sources:
        if source["supplySourceId"] == call.path["supplySourceId"]:
            found: dict[str, Any] = source
            return found
    raise not_found()
