"""Orders API 2026-01-01, and getOrderRegulatedInfo of Orders v0."""

from collections import OrderedDict
from typing import Any, Optional

from . import parameters
from .account import Account
from .errors import not_found
from .order_json import BUYER_TAX, DATASETS
from .regulated import regulated_info
from .routes import Call, Routes
from .search import Criteria, Rows, matches
from .times import ceil_ms, floor_ms, iso

ROUTES = Routes()

ROLE = "Inventory and Order Tracking"
"""Amazon accepts any of a dozen roles here; the simulator asks for the one made for the purpose."""
SHIPPING_ROLE = "Direct-to-Consumer Shipping (Restricted)"
TAX_ROLES = frozenset({"Tax Invoicing (Restricted)", "Tax Remittance (Restricted)"})
STATUSES = (
    "PENDING_AVAILABILITY", "PENDING", "UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED",
    "UNFULFILLABLE",
)  # fmt: skip
DEFAULT_LAG_MS = 120_000
"""A window without an end ends two minutes before the request."""

# may differ from page to page
_FREE = ("paginationToken", "maxResultsPerPage", "includedData")
_REMEMBERED_SEARCHES = 8


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
        parameters.several("fulfillmentStatuses", one_of=STATUSES),
        parameters.several("marketplaceIds", maximum=50),
        parameters.several("fulfilledBy", one_of=("MERCHANT", "AMAZON")),
        parameters.number("maxResultsPerPage", 1, 100, default=100),
        parameters.text("paginationToken"),
        parameters.several("includedData", one_of=DATASETS),
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

    pages = call.simulator.pages
    token = values["paginationToken"]
    place = pages.read(call, token, _FREE) if token else {}
    end = values[f"{name}Before"]
    before = place.get("before", floor_ms(end) if end else call.now - DEFAULT_LAG_MS)
    criteria = Criteria(
        by_update=by_update,
        after=ceil_ms(values[f"{name}After"]),
        before=before,
        marketplaces=frozenset(values["marketplaceIds"]) if values["marketplaceIds"] else None,
        statuses=frozenset(values["fulfillmentStatuses"] or ()),
        fulfilled_by=frozenset(values["fulfilledBy"] or ()),
    )
    answer: dict[str, Any] = {"orders": [], f"{name}Before": iso(before)}
    following: Optional[dict[str, Any]]
    if call.simulator.empty_pages and not place.get("empty"):
        following = {**place, "before": before, "empty": True}
    else:
        rows = call.account.part(Searches).rows(criteria, call.now, again=bool(token))
        answer["orders"], following = _page(call, criteria, rows, place.get("last"))
    if following:
        life = call.simulator.page_token_life
        answer["pagination"] = {"nextToken": pages.make(call, following, life, _FREE)}
    return answer


@ROUTES.add(
    "getOrder",
    "GET",
    "/orders/2026-01-01/orders/{orderId}",
    rate=0.5,
    burst=30,
    role=ROLE,
    parameters=(parameters.several("includedData", one_of=DATASETS),),
)
def get_order(call: Call) -> dict[str, Any]:
    """One order."""
    ref = _existing(call)
    return {"order": call.account.order(ref, call.now, shown_data(call))}


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


class Searches:
    """The last searches of an account: later pages of a search need not look for its orders again.

    Args:
        account (Account): Whose orders.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._found: OrderedDict[tuple[Criteria, int], Rows] = OrderedDict()

    def rows(self, criteria: Criteria, now: int, again: bool) -> Rows:
        """The orders of a search.

        Args:
            criteria (Criteria): What is searched for.
            now (int): Time of the request, milliseconds since 1970.
            again (bool): A later page of the search: what its first page found will do.

        Returns:
            Rows: In order; orders changed since may no longer fit, see `matches`.
        """
        account = self._account
        with account.lock:
            key = (criteria, account.edits.version)
            if not again or key not in self._found:
                self._found[key] = account.search(criteria, now)
            self._found.move_to_end(key)
            while len(self._found) > _REMEMBERED_SEARCHES:
                self._found.popitem(last=False)
            return self._found[key]


def _page(
    call: Call, criteria: Criteria, rows: Rows, last: Optional[list[int]]
) -> tuple[list[dict[str, Any]], Optional[dict[str, Any]]]:
    """The orders after the last one shown, and where the next page starts (None: no more)."""
    account, now, data = call.account, call.now, shown_data(call)
    position = rows.position_after(*last) if last else 0
    orders: list[dict[str, Any]] = []
    while position < len(rows.refs):
        time, ref = rows.times[position], rows.refs[position]
        # an order changed since the first page has left the window: a later window will show it
        row = account.row(ref, now)
        unchanged = row and time == (row.updated if criteria.by_update else row.created)
        if row and unchanged and matches(row, criteria):
            if len(orders) == call.values["maxResultsPerPage"]:
                return orders, {"before": criteria.before, "last": last}
            orders.append(account.order(ref, now, data))
            last = [time, ref]
        position += 1
    return orders, None


def _existing(call: Call) -> int:
    """The order named in the path.

    Raises:
        ApiError: 404 when there is none.
    """
    ref = call.account.ref_of(call.path["orderId"], call.now)
    if ref is None:
        raise not_found()
    return ref
