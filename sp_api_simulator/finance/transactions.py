"""Finances API 2024-06-19, with the facts of Finances v0."""

from collections import defaultdict
from datetime import timedelta
from typing import Any, Iterator, NamedTuple, Optional, Sequence, TypeVar

from ..core import parameters
from ..core.account import Account
from ..core.errors import invalid
from ..core.lru_cache import LruCache
from ..core.routes import Call, Routes
from ..core.times import ceil_ms, iso
from ..orders.order_days import CANCELLED, CLOSED, REFUNDED
from ..orders.order_ids import parse_order_id, to_ref
from ..orders.order_store import OrderStore
from .finance_store import LATEST_STAGE, FinanceStore
from .finances_v0 import MAX_WINDOW, ROLE
from .order_events import commission, number

ROUTES = Routes()

Row = TypeVar("Row")

PAGE_SIZE = 50
TOKEN_LIFETIME = 300.0
CACHED_LISTS = 4
_PREFIXES = {"Shipment": "S", "Refund": "R", "Release": "L"}


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
    """Transactions posted in a window.

    A deferred one becomes DEFERRED_RELEASED when it is released, and a RELEASED one is added.
    """
    values = call.values
    if values["postedAfter"] is None and values["relatedIdentifierName"] is None:
        raise invalid("postedAfter is required without a related identifier.")
    call.window("postedAfter", "postedBefore")
    call.check_marketplaces("marketplaceId")
    position = page_position(call)
    at = position["at"]
    start = ceil_ms(values["postedAfter"]) if values["postedAfter"] else 0
    end = ceil_ms(values["postedBefore"]) if values["postedBefore"] else at - 120_000
    filters = tuple(
        values[name]
        for name in (
            "transactionStatus",
            "marketplaceId",
            "relatedIdentifierName",
            "relatedIdentifierValue",
        )
    )
    found = call.account.store(TransactionStore).find(start, end, at, filters)
    page, token = page_of(call, found, position)
    rows = [transaction_to_json(call.account, posting, at) for posting in page]
    return {"payload": {"transactions": rows, **token}}


class Posting(NamedTuple):
    """The facts of a transaction. Times are milliseconds since 1970.

    Attributes:
        ref: Ref of its order.
        kind: `Shipment`, `Refund`, or `Release` of deferred money.
        deferral: How long its money is deferred, in milliseconds.
    """

    ref: int
    marketplace_id: str
    kind: str
    posted: int
    deferral: int = 0

    @property
    def id(self) -> str:
        """The `transactionId`."""
        return f"{_PREFIXES[self.kind]}{self.ref:022d}"

    def status(self, at: int) -> str:
        """The `transactionStatus` at a time."""
        if not self.deferral:
            return "RELEASED"
        return "DEFERRED" if at < self.posted + self.deferral else "DEFERRED_RELEASED"

    def related(self, at: int) -> dict[str, str]:
        """The related transactions at a time: a deferred one, and its release."""
        if self.kind == "Release":
            return {"DEFERRED_TRANSACTION_ID": self._replace(kind="Shipment").id}
        if self.status(at) == "DEFERRED_RELEASED":
            return {"RELEASE_TRANSACTION_ID": self._replace(kind="Release").id}
        return {}


class TransactionStore:
    """The transactions of an account, with the latest lists for the later pages of each."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lists: LruCache[list[Posting]] = LruCache(CACHED_LISTS)

    def find(
        self, start: int, end: int, at: int, filters: tuple[Optional[str], ...]
    ) -> list[Posting]:
        """The transactions posted in a window, as they are at a time, oldest order first.

        Args:
            start: Milliseconds since 1970, included.
            end: Milliseconds since 1970, excluded.
            filters: Status, marketplace id, name and value of a related identifier; None for any.
        """
        if start and timedelta(milliseconds=end - start) > MAX_WINDOW:
            return []
        status, marketplace_id, name, value = filters

        def compute() -> list[Posting]:
            return [
                posting
                for posting in postings(self._account, start, end, at)
                if status in (None, posting.status(at))
                and marketplace_id in (None, posting.marketplace_id)
                and (value is None or self._is_related(posting, name, value, at))
            ]

        return self._lists.get((start, end, at, filters), compute)

    def _is_related(self, posting: Posting, name: Optional[str], value: str, at: int) -> bool:
        if name != "ORDER_ID":
            return name is not None and posting.related(at).get(name) == value
        # the ref alone does not decide: it leaves out the first digits of the id
        if posting.ref != parse_order_id(self._account, value):
            return False
        return self._account.store(OrderStore).sale(posting.ref).order_id == value


def postings(account: Account, start: int, end: int, at: int) -> Iterator[Posting]:
    """Yields the transactions posted in a window and by `at`, oldest order first."""
    finance = account.store(FinanceStore)
    ids = [marketplace.id for marketplace in account.marketplaces]
    until = min(end, at)
    for day in account.store(OrderStore).days(end, start - LATEST_STAGE):
        closed, refunded = day.stages[CLOSED], day.stages[REFUNDED]
        for index in range(len(day)):
            ref, marketplace_id = to_ref(day.number, index), ids[day.marketplace[index]]
            if closed[index] and not day.traits[index] & CANCELLED:
                posted, deferral = day.start + closed[index], finance.deferral(ref)
                if deferral and start <= posted + deferral < until:
                    yield Posting(ref, marketplace_id, "Release", posted + deferral)
                if start <= posted < until:
                    yield Posting(ref, marketplace_id, "Shipment", posted, deferral)
            posted = day.start + refunded[index]
            if refunded[index] and start <= posted < until:
                yield Posting(ref, marketplace_id, "Refund", posted)


def transactions(account: Account, start: int, end: int, at: int) -> Iterator[dict[str, Any]]:
    """Yields the `Transaction`s posted in a window, as they are at a time, oldest order first."""
    for posting in postings(account, start, end, at):
        yield transaction_to_json(account, posting, at)


def transaction_to_json(account: Account, posting: Posting, at: int) -> dict[str, Any]:
    """The `Transaction` of a posting at a time."""
    sale = account.store(OrderStore).sale(posting.ref)
    marketplace, status = sale.marketplace, posting.status(at)
    refunded = posting.kind == "Refund"
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
                "description": line.product.title_in(marketplace),
                "relatedIdentifiers": [
                    {
                        "itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID",
                        "itemRelatedIdentifierValue": line.item_id,
                    }
                ],
                "totalAmount": money(goods + fee, marketplace.currency),
                "breakdowns": [
                    _breakdown("ProductCharges", goods, marketplace.currency),
                    _breakdown("AmazonFees", fee, marketplace.currency, "Commission"),
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
            "marketplaceId": marketplace.id,
        },
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in {"ORDER_ID": sale.order_id, **posting.related(at)}.items()
        ],
        "transactionType": "Refund" if refunded else "Shipment",
        "transactionId": posting.id,
        "transactionStatus": status,
        "description": "Refund Order" if refunded else "Order Payment",
        "postedDate": iso(posting.posted),
        "totalAmount": money(total, marketplace.currency),
        "marketplaceDetails": {
            "marketplaceId": marketplace.id,
            "marketplaceName": marketplace.name,
        },
        "items": items,
        "breakdowns": [_breakdown("Sales", total, marketplace.currency, "Sum")],
    }
    if status == "DEFERRED":
        transaction["contexts"] = [
            {
                "contextType": "DeferredContext",
                "deferralReason": "DD7",
                "maturityDate": iso(posting.posted + posting.deferral),
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
        parameters.string_list("marketplaceIds"),
        parameters.text("balanceType"),
        parameters.text("accountType"),
        parameters.day("asOfDate"),
        parameters.text("nextToken"),
    ),
)
def list_balances(call: Call) -> dict[str, Any]:
    """The balance of each marketplace's open group, and the balances it consists of."""
    call.check_marketplaces()
    store = call.account.store(FinanceStore)
    totals: dict[str, int] = defaultdict(int)
    updated: dict[str, int] = defaultdict(int)
    for group in store.groups(call.now):
        if group.end > call.now:
            totals[group.currency] += store.total(group, call.now)
            times = [group.start, *(entry.shown for entry in store.entries(group, call.now))]
            updated[group.currency] = max(updated[group.currency], *times)
    balances = []
    for owner, currency in _partners(call):
        total = totals.get(currency, 0)
        parts = [
            _balance("AVAILABLE", total - 500, currency),
            _balance("RESERVED", 500, currency, [_balance("DEFERRED", 500, currency)]),
        ]
        balance = _balance("TOTAL", total, currency, parts)
        balances.append(
            {"partnerMetadata": owner, **balance, "lastUpdatedTime": iso(updated[currency])}
        )
    page, token = page_of(call, balances, page_position(call))
    return {"balances": page, **token}


@ROUTES.add(
    "listSummary",
    "GET",
    "/finances/2024-06-19/summary",
    rate=0.5,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.string_list("marketplaceIds"),
        parameters.text("accountType"),
        parameters.text("relatedIdentifierName", one_of=("SETTLEMENT_ID",)),
        parameters.text("relatedIdentifierValue"),
        parameters.day("periodStart"),
        parameters.day("periodEnd"),
        parameters.text("nextToken"),
    ),
)
def list_summary(call: Call) -> dict[str, Any]:
    """The sum of each marketplace's transactions in a period."""
    call.check_marketplaces()
    first, last = call.values["periodStart"], call.values["periodEnd"]
    if first is None or last is None or last < first:
        raise invalid("periodStart and periodEnd must be given, in this order.")
    days = timedelta(days=first.toordinal() - 719_163), timedelta(days=last.toordinal() - 719_162)
    start, end = (int(day.total_seconds() * 1000) for day in days)
    net: dict[str, int] = defaultdict(int)
    for transaction in transactions(call.account, start, end, call.now):
        if transaction["transactionStatus"] != "RELEASED":
            continue
        total = transaction["totalAmount"]
        marketplace_id = transaction["marketplaceDetails"]["marketplaceId"]
        net[marketplace_id] += round(
            total["currencyAmount"] * (1 if total["currencyCode"] == "JPY" else 100)
        )
    summaries = [
        {
            "partnerMetadata": owner,
            "netProceeds": money(net[owner["marketplaceId"]], currency),
            "relatedIdentifiers": [],
            "breakdowns": [_breakdown("Sales", net[owner["marketplaceId"]], currency, "Charges")],
            "periodStart": iso(start),
            "periodEnd": iso(end - 1000),
        }
        for owner, currency in _partners(call)
    ]
    page, token = page_of(call, summaries, page_position(call))
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


def _partners(call: Call) -> list[tuple[dict[str, str], str]]:
    """The PartnerMetadata and currency of each marketplace of the call."""
    ids = call.values["marketplaceIds"]
    return [
        (partner(call, marketplace.currency, marketplace.id), marketplace.currency)
        for marketplace in call.account.marketplaces
        if ids is None or marketplace.id in ids
    ]


def partner(call: Call, currency: str, marketplace_id: str = "") -> dict[str, str]:
    """The PartnerMetadata of a marketplace, by default the first one with a currency."""
    first = next(known.id for known in call.account.marketplaces if known.currency == currency)
    return {
        "partnerId": call.account.seller_id,
        "accountType": "Standard Orders",
        "marketplaceId": marketplace_id or first,
    }


def page_position(call: Call) -> dict[str, Any]:
    """Where a page starts; all pages show the state at the time of the first page."""
    return call.page_position("nextToken") or {"at": call.now}


def page_of(
    call: Call, rows: Sequence[Row], position: dict[str, Any]
) -> tuple[Sequence[Row], dict[str, str]]:
    """A page of `rows`, and the token of the next page if there is one."""
    page, token = call.page(
        rows, PAGE_SIZE, "nextToken", lifetime=TOKEN_LIFETIME, position=position, can_be_empty=True
    )
    return page, {"nextToken": token} if token else {}
