"""Transfers API 2024-06-01: a payout per event group."""

from typing import Any

from ..core import parameters
from ..core.routes import Call, Routes
from ..core.times import ceil_ms, iso
from .finance_store import HOUR, EventGroup, FinanceStore
from .finances_v0 import ROLE
from .transactions import money, page_of, page_position, partner

ROUTES = Routes()


@ROUTES.add(
    "listPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.string_list("marketplaceIds"),
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.text("payoutId"),
        parameters.text("accountType"),
        parameters.text("nextToken"),
    ),
)
def list_payouts(call: Call) -> dict[str, Any]:
    """The payout of each closed group; it takes a day to arrive."""
    call.check_marketplaces()
    position = page_position(call)
    store = call.account.store(FinanceStore)
    after, before = call.values["createdAfter"], call.values["createdBefore"]
    found = []
    for group in store.groups(position["at"]):
        created = store.deposited(group)
        if created > position["at"]:
            continue
        if (after and created < ceil_ms(after)) or (before and created >= ceil_ms(before)):
            continue
        if call.values["payoutId"] in (None, group.id):
            found.append(_payout(call, store, group, created, position["at"]))
    page, token = page_of(call, found, position)
    return {"payouts": page, **token}


def _payout(
    call: Call, store: FinanceStore, group: EventGroup, created: int, at: int
) -> dict[str, Any]:
    arrival = "FAILED" if store.has_failed(group) else "PAID"
    steps = (("STARTED", 0), ("IN_TRANSIT", 6 * HOUR), (arrival, int(store.payout_seconds * 1000)))
    history = [
        {"status": status, "lastUpdatedDate": iso(created + delay)}
        for status, delay in steps
        if created + delay <= at
    ]
    return {
        "id": group.id,
        "partnerMetadata": partner(call, group.currency),
        "currentStatus": history[-1]["status"],
        "statusHistory": history,
        "type": "SCHEDULED",
        "amount": money(store.total(group, at), group.currency),
        "accountTail": "042",
        "paymentMethod": "BANK_ACCOUNT",
        "creationDate": iso(created),
        "paymentRail": "ACH",
        "traceId": f"0{group.number:07d}{group.currency}",
        "period": {"startDate": iso(group.start), "endDate": iso(group.end)},
        "relatedIdentifiers": [_settlement(store, group)],
    }


@ROUTES.add(
    "listExpectedPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts/expected",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.string_list("marketplaceIds"),
        parameters.text("accountType"),
        parameters.text("nextToken"),
    ),
)
def list_expected_payouts(call: Call) -> dict[str, Any]:
    """The payout of each open group."""
    call.check_marketplaces()
    store = call.account.store(FinanceStore)
    expected = [
        {
            "partnerMetadata": partner(call, group.currency),
            "amount": money(store.total(group, call.now), group.currency),
            "status": "SCHEDULED",
            "period": {"startDate": iso(group.start), "endDate": iso(group.end)},
            "scheduledDate": iso(store.deposited(group)),
            "accountTail": "042",
            "paymentMethod": "BANK_ACCOUNT",
            "relatedIdentifiers": [_settlement(store, group)],
        }
        for group in store.groups(call.now)
        if group.end > call.now
    ]
    page, token = page_of(call, expected, page_position(call))
    return {"expectedPayouts": page, **token}


def _settlement(store: FinanceStore, group: EventGroup) -> dict[str, str]:
    return {
        "relatedIdentifierName": "SETTLEMENT_ID",
        "relatedIdentifierValue": store.settlement_id(group),
    }
