"""Transfers API 2024-06-01: a payout for each event group."""

from typing import Any

from . import parameters
from .finance_book import HOUR, FinanceBook, Statement
from .finances import ROLE
from .routes import Call, Routes
from .times import DAY_MS, ceil_ms, iso
from .transactions import money, owner, page_of, place_of

ROUTES = Routes()


@ROUTES.add(
    "listPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.several("marketplaceIds"),
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
    place = place_of(call)
    book = call.account.part(FinanceBook)
    after, before = call.values["createdAfter"], call.values["createdBefore"]
    found = []
    for group in book.groups(place["at"]):
        created = group.end + 2 * HOUR
        if created > place["at"]:
            continue
        if (after and created < ceil_ms(after)) or (before and created >= ceil_ms(before)):
            continue
        if call.values["payoutId"] in (None, group.id):
            found.append(_payout(call, book, group, created, place["at"]))
    page, token = page_of(call, found, place)
    return {"payouts": page, **token}


def _payout(
    call: Call, book: FinanceBook, group: Statement, created: int, at: int
) -> dict[str, Any]:
    steps = (("STARTED", 0), ("IN_TRANSIT", 6 * HOUR), ("PAID", int(book.payout_takes * 1000)))
    history = [
        {"status": status, "lastUpdatedDate": iso(created + later)}
        for status, later in steps
        if created + later <= at
    ]
    return {
        "id": group.id,
        "partnerMetadata": owner(call, group.currency),
        "currentStatus": history[-1]["status"],
        "statusHistory": history,
        "type": "SCHEDULED",
        "amount": money(book.total(group, at), group.currency),
        "accountTail": "042",
        "paymentMethod": "BANK_ACCOUNT",
        "creationDate": iso(created),
        "paymentRail": "ACH",
        "traceId": f"0{group.number:07d}{group.currency}",
        "period": {"startDate": iso(group.start), "endDate": iso(group.end)},
        "relatedIdentifiers": [_settlement(group)],
    }


@ROUTES.add(
    "listExpectedPayouts",
    "GET",
    "/finances/transfers/2024-06-01/payouts/expected",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.several("marketplaceIds"),
        parameters.text("accountType"),
        parameters.text("nextToken"),
    ),
)
def list_expected_payouts(call: Call) -> dict[str, Any]:
    """The payout of each open group."""
    call.check_marketplaces()
    book = call.account.part(FinanceBook)
    expected = [
        {
            "partnerMetadata": owner(call, group.currency),
            "amount": money(book.total(group, call.now), group.currency),
            "status": "SCHEDULED",
            "period": {"startDate": iso(group.start), "endDate": iso(group.end)},
            "scheduledDate": iso(group.end + 2 * HOUR),
            "accountTail": "042",
            "paymentMethod": "BANK_ACCOUNT",
            "relatedIdentifiers": [_settlement(group)],
        }
        for group in book.groups(call.now)
        if group.end > call.now
    ]
    page, token = page_of(call, expected, place_of(call))
    return {"expectedPayouts": page, **token}


def _settlement(group: Statement) -> dict[str, str]:
    return {
        "relatedIdentifierName": "SETTLEMENT_ID",
        "relatedIdentifierValue": f"{11_000_000_000 + group.start // DAY_MS}",
    }
