"""Finances API 2024-06-19, told from the same books as Finances v0."""

from collections import defaultdict
from datetime import timedelta
from typing import Any, Iterator, Optional

from . import parameters
from .account import Account
from .days import CLOSED, REFUNDED
from .errors import invalid
from .finance_book import LATEST_STAGE, FinanceBook
from .finance_events import commission, number
from .finances import LONGEST, ROLE
from .routes import Call, Routes
from .sale import Sale
from .times import ceil_ms, iso

ROUTES = Routes()

PAGE = 50
TOKEN_LIFE = 300.0
_IGNORED = ("nextToken",)


@ROUTES.add(
    "listTransactions",
    "GET",
    "/finances/2024-06-19/transactions",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.time("postedAfter"),
        parameters.time("postedBefore"),
        parameters.text("marketplaceId"),
        parameters.text("transactionStatus"),
        parameters.text("relatedIdentifierName"),
        parameters.text("relatedIdentifierValue"),
        parameters.text("nextToken"),
    ),
)
def list_transactions(call: Call) -> dict[str, Any]:
    """Transactions posted in a window; a deferred one changes its status when it is released."""
    values = call.values
    if values["postedAfter"] is None and values["relatedIdentifierName"] is None:
        raise invalid("postedAfter is required without a related identifier.")
    call.window("postedAfter", "postedBefore")
    call.check_marketplaces("marketplaceId")
    place = place_of(call)
    at = place["at"]
    start = ceil_ms(values["postedAfter"]) if values["postedAfter"] else 0
    end = ceil_ms(values["postedBefore"]) if values["postedBefore"] else at - 120_000
    found = []
    if not start or timedelta(milliseconds=end - start) <= LONGEST:
        for transaction in transactions(call.account, start, end, at):
            related = {
                entry["relatedIdentifierName"]: entry["relatedIdentifierValue"]
                for entry in transaction["relatedIdentifiers"]
            }
            wanted = (
                (values["transactionStatus"], transaction["transactionStatus"]),
                (values["marketplaceId"], transaction["marketplaceDetails"]["marketplaceId"]),
                (values["relatedIdentifierValue"], related.get(values["relatedIdentifierName"])),
            )
            if all(asked is None or asked == said for asked, said in wanted):
                found.append(transaction)
    page, token = page_of(call, found, place)
    return {"payload": {"transactions": page, **token}}


def transactions(account: Account, start: int, end: int, at: int) -> Iterator[dict[str, Any]]:
    """The truth: transactions posted in a window, as they show at a moment.

    Args:
        account (Account): Whose.
        start (int): First moment, milliseconds since 1970.
        end (int): Moment after the last one.
        at (int): When they are looked at.

    Yields:
        dict[str, Any]: Transactions, oldest order first.
    """
    book = account.part(FinanceBook)
    for day in account.days(end, start - LATEST_STAGE):
        for index in range(len(day)):
            ref = account.first_ref(day.number) + index
            for stage in (CLOSED, REFUNDED):
                posted = day.start + day.stages[stage][index]
                if not day.stages[stage][index] or not start <= posted < min(end, at):
                    continue
                sale = account.sale(ref)
                if stage == REFUNDED or sale.shipped:
                    held = book.held(ref) if stage == CLOSED else 0
                    yield _transaction(account, sale, stage == REFUNDED, posted, held, at)


def _transaction(
    account: Account, sale: Sale, refunded: bool, posted: int, held: int, at: int
) -> dict[str, Any]:
    place = sale.marketplace
    status = "RELEASED"
    if held:
        status = "DEFERRED" if at < posted + held else "DEFERRED_RELEASED"
    items, total = [], 0
    for line in sale.lines:
        if refunded and not line.refunded:
            continue
        sign, share = (-1, line.refunded) if refunded else (1, line.quantity)
        goods, fee = sign * line.unit_price * share, -sign * commission(line) * share
        fee = fee // line.quantity
        total += goods + fee
        items.append(
            {
                "description": line.product.title_in(place),
                "relatedIdentifiers": [
                    {
                        "itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID",
                        "itemRelatedIdentifierValue": line.item_id,
                    }
                ],
                "totalAmount": money(goods + fee, place.currency),
                "breakdowns": [
                    _breakdown("ProductCharges", goods, place.currency),
                    _breakdown("AmazonFees", fee, place.currency, "Commission"),
                ],
                "contexts": [
                    {
                        "contextType": "ProductContext",
                        "asin": line.product.asin,
                        "sku": line.product.sku,
                        "quantityShipped": share,
                        "fulfillmentNetwork": "AFN" if sale.by_amazon else "MFN",
                    }
                ],
            }
        )
    transaction: dict[str, Any] = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": account.seller_id,
            "accountType": "PAYABLE",
            "marketplaceId": place.id,
        },
        "relatedIdentifiers": [
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": sale.order_id}
        ],
        "transactionType": "Refund" if refunded else "Shipment",
        "transactionId": f"{'R' if refunded else 'S'}{sale.ref:022d}",
        "transactionStatus": status,
        "description": "Refund Order" if refunded else "Order Payment",
        "postedDate": iso(posted),
        "totalAmount": money(total, place.currency),
        "marketplaceDetails": {"marketplaceId": place.id, "marketplaceName": place.name},
        "items": items,
        "breakdowns": [_breakdown("Sales", total, place.currency, "Sum")],
    }
    if status == "DEFERRED":
        transaction["contexts"] = [
            {
                "contextType": "DeferredContext",
                "deferralReason": "DD7",
                "maturityDate": iso(posted + held),
            }
        ]
    return transaction


@ROUTES.add(
    "listBalances",
    "GET",
    "/finances/2024-06-19/balances",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.several("marketplaceIds"),
        parameters.text("balanceType"),
        parameters.text("accountType"),
        parameters.day("asOfDate"),
        parameters.text("nextToken"),
    ),
)
def list_balances(call: Call) -> dict[str, Any]:
    """The balance of each marketplace's open group, and what it is made of."""
    call.check_marketplaces()
    book = call.account.part(FinanceBook)
    totals = {
        group.currency: book.total(group, call.now)
        for group in book.groups(call.now)
        if group.end > call.now
    }
    balances = []
    for whose, currency in _owners(call):
        total = totals.get(currency, 0)
        parts = [
            _balance("AVAILABLE", total - 500, currency),
            _balance("RESERVED", 500, currency, [_balance("DEFERRED", 500, currency)]),
        ]
        balance = _balance("TOTAL", total, currency, parts)
        balances.append({"partnerMetadata": whose, **balance, "lastUpdatedTime": iso(call.now)})
    page, token = page_of(call, balances, place_of(call))
    return {"balances": page, **token}


@ROUTES.add(
    "listSummary",
    "GET",
    "/finances/2024-06-19/summary",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.several("marketplaceIds"),
        parameters.text("accountType"),
        parameters.text("relatedIdentifierName", one_of=("SETTLEMENT_ID",)),
        parameters.text("relatedIdentifierValue"),
        parameters.day("periodStart"),
        parameters.day("periodEnd"),
        parameters.text("nextToken"),
    ),
)
def list_summary(call: Call) -> dict[str, Any]:
    """What each marketplace's transactions of a period come to."""
    call.check_marketplaces()
    first, last = call.values["periodStart"], call.values["periodEnd"]
    if first is None or last is None or last < first:
        raise invalid("periodStart and periodEnd must be given, in this order.")
    days = timedelta(days=first.toordinal() - 719_163), timedelta(days=last.toordinal() - 719_162)
    start, end = (int(day.total_seconds() * 1000) for day in days)
    net: dict[str, int] = defaultdict(int)
    for transaction in transactions(call.account, start, end, call.now):
        total = transaction["totalAmount"]
        place = transaction["marketplaceDetails"]["marketplaceId"]
        net[place] += round(
            total["currencyAmount"] * (1 if total["currencyCode"] == "JPY" else 100)
        )
    summaries = [
        {
            "partnerMetadata": whose,
            "netProceeds": money(net[whose["marketplaceId"]], currency),
            "relatedIdentifiers": [],
            "breakdowns": [_breakdown("Sales", net[whose["marketplaceId"]], currency, "Charges")],
            "periodStart": iso(start),
            "periodEnd": iso(end - 1000),
        }
        for whose, currency in _owners(call)
    ]
    page, token = page_of(call, summaries, place_of(call))
    return {"summaries": page, **token}


def money(minor: int, currency: str) -> dict[str, Any]:
    """A Currency object of these APIs."""
    return {"currencyCode": currency, "currencyAmount": number(minor, currency)}


def _breakdown(kind: str, minor: int, currency: str, inner: Optional[str] = None) -> dict[str, Any]:
    parts = [_breakdown(inner, minor, currency)] if inner else []
    return {
        "breakdownType": kind,
        "breakdownAmount": money(minor, currency),
        "breakdowns": parts,
    }


def _balance(
    kind: str, minor: int, currency: str, parts: Optional[list[dict[str, Any]]] = None
) -> dict[str, Any]:
    balance: dict[str, Any] = {"balanceType": kind, "amount": money(minor, currency)}
    return {**balance, "balances": parts} if parts else balance


def _owners(call: Call) -> list[tuple[dict[str, str], str]]:
    """PartnerMetadata and currency of each marketplace that is asked for."""
    wanted = call.values["marketplaceIds"]
    return [
        (owner(call, place.currency, place.id), place.currency)
        for place in call.account.marketplaces
        if wanted is None or place.id in wanted
    ]


def owner(call: Call, currency: str, marketplace_id: str = "") -> dict[str, str]:
    """PartnerMetadata of a marketplace, by default the first one with a currency."""
    first = next(place.id for place in call.account.marketplaces if place.currency == currency)
    return {
        "partnerId": call.account.seller_id,
        "accountType": "Standard Orders",
        "marketplaceId": marketplace_id or first,
    }


def place_of(call: Call) -> dict[str, Any]:
    """Where a page begins; all pages of a chain show the moment of the first."""
    token = call.values["nextToken"]
    if token:
        return call.simulator.pages.read(call, token, ignoring=_IGNORED)
    return {"from": 0, "at": call.now, "empty": False}


def page_of(
    call: Call, rows: list[dict[str, Any]], place: dict[str, Any]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """A page of `rows`, and the token of the next one if there is one."""
    first = place["from"]
    page, following = rows[first : first + PAGE], {**place, "from": first + PAGE, "empty": False}
    if call.simulator.empty_pages and not place["empty"]:
        page, following = [], {**place, "empty": True}
    elif first + PAGE >= len(rows):
        return page, {}
    return page, {
        "nextToken": call.simulator.pages.make(call, following, TOKEN_LIFE, ignoring=_IGNORED)
    }
