"""Orders API 2026-01-01, and getOrderRegulatedInfo of Orders v0."""

from collections import OrderedDict
from typing import Any, Optional

from ..core import parameters
from ..core.account import Account
from ..core.errors import not_found
from ..core.routes import Call, Routes
from ..core.times import ceil_ms, floor_ms, iso
from .order_json import BUYER_TAX, DATASETS
from .order_search import Criteria, Rows, matches
from .order_store import OrderStore
from .regulated_info import regulated_info

ROUTES = Routes()

ROLE = "Inventory and Order Tracking"
"""Amazon accepts any of a dozen roles here; the simulator requires the one meant for it."""
SHIPPING_ROLE = "Direct-to-Consumer Shipping (Restricted)"
TAX_ROLES = frozenset({"Tax Invoicing (Restricted)", "Tax Remittance (Restricted)"})
STATUSES = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED",
    "UNFULFILLABLE",
)  # fmt: skip
DEFAULT_LAG_MS = 120_000
"""A window without an end ends two minutes before the request."""

# may differ from page to page
_UNBOUND = ("maxResultsPerPage", "includedData")
_CACHED_SEARCHES = 8


@ROUTES.add(
    "searchOrders",
    "GET",
    "/orders/2026-01-01/orders",
    rate=0.0056,
    burst=20,
    role=ROLE,
    parameters=(
        parameters.time("createdAfter"),
        parameters.time("createdBefore"),
        parameters.time("lastUpdatedAfter"),
        parameters.time("lastUpdatedBefore"),
        parameters.string_list("fulfillmentStatuses", one_of=STATUSES),
        parameters.string_list("marketplaceIds", maximum=50),
        parameters.string_list("fulfilledBy", one_of=("MERCHANT", "AMAZON")),
        parameters.number("maxResultsPerPage", 1, 100, default=100),
        parameters.text("paginationToken"),
        parameters.string_list("includedData", one_of=DATASETS),
    ),
)
def search_orders(call: Call) -> dict[str, Any]:
    """One page of the orders of a window, in order of the time searched on."""
    values = call.values
    parameters.exactly_one(values, "createdAfter", "lastUpdatedAfter")
    parameters.not_together(values, "createdAfter", "lastUpdatedAfter", "lastUpdatedBefore")
    parameters.not_together(values, "lastUpdatedAfter", "createdAfter", "createdBefore")
    by_update = values["lastUpdatedAfter"] is not None
    name = "lastUpdated" if by_update else "created"
    call.window(f"{name}After", f"{name}Before")
    call.check_marketplaces()

    position = call.page_position("paginationToken", _UNBOUND)
    end = values[f"{name}Before"]
    before = position.get("before", floor_ms(end) if end else call.now - DEFAULT_LAG_MS)
    criteria = Criteria(
        by_update=by_update,
        after=ceil_ms(values[f"{name}After"]),
        before=before,
        marketplaces=frozenset(values["marketplaceIds"]) if values["marketplaceIds"] else None,
        statuses=frozenset(values["fulfillmentStatuses"] or ()),
        fulfilled_by=frozenset(values["fulfilledBy"] or ()),
    )
    body: dict[str, Any] = {"orders": [], f"{name}Before": iso(before)}
    following: Optional[dict[str, Any]]
    if call.services.pages.empty_pages and not position.get("empty"):
        following = {**position, "before": before, "empty": True}
    else:
        rows = call.account.store(SearchCache).rows(criteria, call.now, use_cached=bool(position))
        body["orders"], following = _page(call, criteria, rows, position.get("last"))
    if following:
        token = call.page_token(following, "paginationToken", _UNBOUND)
        body["pagination"] = {"nextToken": token}
    return body


@ROUTES.add(
    "getOrder",
    "GET",
    "/orders/2026-01-01/orders/{orderId}",
    rate=0.5,
    burst=30,
    role=ROLE,
    parameters=(parameters.string_list("includedData", one_of=DATASETS),),
)
def get_order(call: Call) -> dict[str, Any]:
    """One order."""
    ref = _existing(call)
    order = call.account.store(OrderStore).to_json(ref, call.now, shown_data(call))
    return {"order": order}


@ROUTES.add(
    "getOrderRegulatedInfo",
    "GET",
    "/orders/v0/orders/{orderId}/regulatedInfo",
    rate=0.5,
    burst=30,
    role=SHIPPING_ROLE,
)
def get_order_regulated_info(call: Call) -> dict[str, Any]:
    """The prescription of an order; 404 for an order without regulated products."""
    info = regulated_info(call.account, _existing(call), call.now)
    if info is None:
        raise not_found()
    return {"payload": info}


def shown_data(call: Call) -> frozenset[str]:
    """The datasets of `includedData` that the seller's roles let the application see."""
    data = set(call.values["includedData"] or ())
    roles = call.account.roles
    if SHIPPING_ROLE not in roles:
        data.discard("RECIPIENT")
    if roles & TAX_ROLES:
        data |= {BUYER_TAX}
    else:
        data.discard("BUYER")
    return frozenset(data)


class SearchCache:
    """The latest searches of an account, for the later pages of each."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._rows: OrderedDict[tuple[Criteria, int], Rows] = OrderedDict()

    def rows(self, criteria: Criteria, now: int, use_cached: bool) -> Rows:
        """The orders of a search; cached ones may no longer match if they changed since."""
        with self._account.lock:
            orders = self._account.store(OrderStore)
            key = (criteria, orders.edits.version)
            if not use_cached or key not in self._rows:
                self._rows[key] = orders.search(criteria, now)
            self._rows.move_to_end(key)
            while len(self._rows) > _CACHED_SEARCHES:
                self._rows.popitem(last=False)
            return self._rows[key]


def _page(
    call: Call, criteria: Criteria, rows: Rows, last: Optional[list[int]]
) -> tuple[list[dict[str, Any]], Optional[dict[str, Any]]]:
    """The orders after the last one shown, and where the next page starts (None: no more)."""
    store, now, data = call.account.store(OrderStore), call.now, shown_data(call)
    position = rows.position_after(*last) if last else 0
    orders: list[dict[str, Any]] = []
    while position < len(rows.refs):
        time, ref = rows.times[position], rows.refs[position]
        # an order changed since the first page has left the window; a later window shows it
        row = store.row(ref, now)
        unchanged = row and time == (row.updated if criteria.by_update else row.created)
        if row and unchanged and matches(row, criteria):
            if len(orders) == call.values["maxResultsPerPage"]:
                return orders, {"before": criteria.before, "last": last}
            orders.append(store.to_json(ref, now, data))
            last = [time, ref]
        position += 1
    return orders, None


def _existing(call: Call) -> int:
    """The ref of the order named in the path.

    Raises:
        ApiError: 404 when there is no such order.
    """
    ref = call.account.store(OrderStore).ref_of(call.path["orderId"], call.now)
    if ref is None:
        raise not_found()
    return ref
