"""How many calls a first sync and a daily one need, and how long Amazon's quota makes them take.

The size of the account is asked of Amazon in a few calls; what follows from it is an estimate, and
each line says what it was reckoned from.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.configuration import with_config

from . import connect
from .catalog import SEARCH_CATALOG_ITEMS
from .client import Clock, Operation, SellingPartnerClient
from .client.client import SYSTEM_CLOCK
from .client.errors import Refused
from .credentials import SellingPartnerCredentials
from .fba_inbound import GET_SHIPMENT_ITEMS, GET_SHIPMENTS
from .fba_inventory import GET_INVENTORY_SUMMARIES
from .finance.events import LOOKBACK_DAYS
from .finance.groups import LIST_GROUPS, LONGEST_WINDOW
from .finance.reading import LIST_EVENTS
from .finance.transactions import LIST_TRANSACTIONS
from .listing_search import SEARCH_LISTINGS_ITEMS
from .orders import SEARCH_ORDERS
from .pricing.features import (
    GET_COMPETITIVE_SUMMARY,
    GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH,
)
from .pricing.offers import GET_COMPETITIVE_PRICING, GET_ITEM_OFFERS_BATCH
from .reports.calls import CREATE_REPORT, GET_DOCUMENT, GET_REPORT
from .reports.definitions import reports_of
from .reports.periods import due, loaded
from .reports.report import Period, Report
from .sales import GET_ORDER_METRICS
from .sellers import GET_PARTICIPATIONS, account_marketplaces
from .settings import (
    ALL_TIME,
    checked_marketplaces,
    checked_modules,
    checked_region,
    history_start,
)

DAY = 86_400.0
MEASURED_DAYS = 30
"""Days whose orders tell how many an account has."""

CHANGES = 3
"""Days on which a usual order changes: it is placed, shipped, and delivered or returned."""

EVENTS = 1.3
"""Financial events an order has, with refunds and fees."""

A_CALL = 100
"""Orders, events or transactions of a call."""

BATCH = 20
"""Products of a call."""


@dataclass
class Size:
    """How large an account is.

    Attributes:
        marketplaces: Its marketplaces.
        orders_a_day: Orders placed on a day, in all of them.
        products: ASINs of all marketplaces together.
        currencies: Groups of financial events that are open at the same time.
        history_days: Days of history to load.
    """

    marketplaces: List[str]
    orders_a_day: float
    products: int
    currencies: int
    history_days: float


class Need(NamedTuple):
    """What one operation needs.

    Attributes:
        module: Module that calls it.
        operation: What is called.
        first: Calls of the first sync.
        daily: Calls of a sync a day later.
        basis: What this was reckoned from.
    """

    module: str
    operation: Operation
    first: int
    daily: int
    basis: str

    @property
    def first_seconds(self) -> float:
        """Seconds the quota needs for the first sync, from a full burst."""
        return _seconds(self.operation, self.first)

    @property
    def daily_seconds(self) -> float:
        """Seconds the quota needs for the daily sync."""
        return _seconds(self.operation, self.daily)


class Estimate(NamedTuple):
    """All of it.

    Attributes:
        size: Of the account.
        needs: By operation.
        first_seconds: The first sync; operations have quotas of their own, so the slowest decides.
        daily_seconds: A daily one.
    """

    size: Size
    needs: List[Need]
    first_seconds: float
    daily_seconds: float


@with_config(sections=("sources", "amazon_selling_partner"))
def estimate_of_settings(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    region: str = "NORTH_AMERICA",
    marketplace_ids: Optional[List[str]] = None,
    merchant_id: Optional[str] = None,
    is_vendor: bool = False,
    modules: Optional[List[str]] = None,
    historical_sync_time_frame: str = ALL_TIME,
    sandbox: bool = False,
    api_url: Optional[str] = None,
    token_url: Optional[str] = None,
    products: Optional[int] = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Estimate:
    """The estimate for the account and the tables of the settings.

    Args:
        credentials (SellingPartnerCredentials): As for `amazon_selling_partner`, like all others.
        region (str): Where the account is.
        marketplace_ids (Optional[List[str]]): Marketplaces to load.
        merchant_id (Optional[str]): To count the listings with.
        is_vendor (bool): A vendor's account.
        modules (Optional[List[str]]): Modules to load.
        historical_sync_time_frame (str): First day of history, or `ALL_TIME`.
        sandbox (bool): Use Amazon's sandbox host.
        api_url (Optional[str]): Another address of the API.
        token_url (Optional[str]): Another address of the token endpoint.
        products (Optional[int]): How many ASINs the account has, if they cannot be counted.
        clock (Clock): Where time comes from.

    Returns:
        Estimate: Calls and times.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    ids = checked_marketplaces(marketplace_ids, checked_region(region), is_vendor) or []
    chosen = checked_modules(modules, is_vendor)
    now = pendulum.from_timestamp(clock.time())
    start = history_start(historical_sync_time_frame, checked_region(region), now)
    client = connect(credentials, region, sandbox, api_url, token_url, clock=clock)
    return estimate(client, chosen, ids, start, is_vendor, merchant_id, products)


def estimate(
    client: SellingPartnerClient,
    modules: Sequence[str],
    marketplace_ids: Sequence[str],
    history_start: pendulum.DateTime,
    is_vendor: bool = False,
    merchant_id: Optional[str] = None,
    products: Optional[int] = None,
) -> Estimate:
    """Reckons the calls of a first and of a daily sync.

    Args:
        client (SellingPartnerClient): The account; a few calls are made.
        modules (Sequence[str]): Modules to load.
        marketplace_ids (Sequence[str]): Of the settings, empty for all of a seller's.
        history_start (pendulum.DateTime): First moment of history, UTC.
        is_vendor (bool): A vendor's account.
        merchant_id (Optional[str]): To count the listings with.
        products (Optional[int]): How many ASINs it has; by default its listings are counted.

    Returns:
        Estimate: Calls and times.

    Raises:
        SellingPartnerError: When Amazon does not accept the credentials, or settings are wrong.
    """
    now = client.now()
    ids = list(marketplace_ids) or account_marketplaces(client, ())
    days = (now - history_start).total_seconds() / DAY
    size = Size(ids, 0.0, products or 0, 1, days)
    if not is_vendor:
        size.orders_a_day = _orders_a_day(client, ids, now)
        size.currencies = _open_groups(client, now)
        if products is None and merchant_id:
            size.products = sum(_listings(client, merchant_id, id) for id in ids)
    needs = [need for need in _needs(size, is_vendor) if need.module in modules]
    first, daily = 0.0, 0.0
    if "REPORTS" in modules:
        chosen = [report for report in reports_of(is_vendor).values() if report.selected]
        found, first, daily = _reports(chosen, len(ids), history_start, now)
        needs += found
    return Estimate(
        size,
        needs,
        max([first, *(need.first_seconds for need in needs)]),
        max([daily, *(need.daily_seconds for need in needs)]),
    )


def _seconds(operation: Operation, calls: int) -> float:
    return max(0.0, (calls - operation.burst) / operation.rate)


def _orders_a_day(
    client: SellingPartnerClient, ids: Sequence[str], now: pendulum.DateTime
) -> float:
    end = now.start_of("day")
    start = end.subtract(days=MEASURED_DAYS)
    orders = 0
    for id in ids:
        params = {
            "marketplaceIds": [id],
            "interval": f"{start.isoformat()}--{end.isoformat()}",
            "granularity": "Total",
        }
        for total in _tried(client, GET_ORDER_METRICS, params).get("payload") or []:
            orders += int(total.get("orderCount") or 0)
    return orders / MEASURED_DAYS


def _open_groups(client: SellingPartnerClient, now: pendulum.DateTime) -> int:
    params = {"FinancialEventGroupStartedAfter": now.subtract(days=MEASURED_DAYS)}
    payload = _tried(client, LIST_GROUPS, params).get("payload") or {}
    groups = payload.get("FinancialEventGroupList") or []
    return max(1, sum(1 for group in groups if not group.get("FinancialEventGroupEnd")))


def _listings(client: SellingPartnerClient, merchant_id: str, marketplace_id: str) -> int:
    params = {"marketplaceIds": [marketplace_id], "pageSize": 1}
    path = {"sellerId": merchant_id}
    return int(_tried(client, SEARCH_LISTINGS_ITEMS, params, path).get("numberOfResults") or 0)


def _tried(
    client: SellingPartnerClient,
    operation: Operation,
    params: Dict[str, Any],
    path: Optional[Dict[str, str]] = None,
) -> Dict[str, Any]:
    """An answer, empty where the account may not ask."""
    try:
        answer: Dict[str, Any] = client.call(operation, path=path, params=params)
        return answer
    except Refused as error:
        logger.warning(f"The size of the account is not known: {error}")
        return {}


def _needs(size: Size, is_vendor: bool) -> Iterator[Need]:
    """What each operation needs whose calls follow from the size of the account."""
    places = len(size.marketplaces)
    if not is_vendor:
        yield Need("ORDERS", GET_PARTICIPATIONS, 1, 1, "once a run")
        orders = size.orders_a_day * size.history_days
        windows = math.ceil(size.history_days / 60)
        yield Need(
            "ORDERS",
            SEARCH_ORDERS,
            math.ceil(orders / A_CALL) + windows,
            math.ceil(size.orders_a_day * CHANGES / A_CALL) + 1,
            f"{size.orders_a_day:.0f} orders a day, {A_CALL} a call",
        )
        yield Need("ORDERS", GET_ORDER_METRICS, places, places, "one a marketplace")
        events = size.orders_a_day * EVENTS
        reread = size.currencies * (LOOKBACK_DAYS + 2)
        groups = math.ceil(size.history_days / LONGEST_WINDOW.total_days()) + 1
        yield Need("FINANCE", LIST_GROUPS, groups, 1, "windows of 180 days")
        yield Need(
            "FINANCE",
            LIST_EVENTS,
            math.ceil(size.history_days / 14) * size.currencies
            + math.ceil(events * size.history_days / A_CALL),
            reread + math.ceil(events * (LOOKBACK_DAYS + 1) / A_CALL),
            f"{events:.0f} events a day, {A_CALL} a call, {size.currencies} open groups",
        )
        yield Need(
            "FINANCE",
            LIST_TRANSACTIONS,
            math.ceil(events * size.history_days / A_CALL) + math.ceil(size.history_days / 30),
            math.ceil(events * 4 / A_CALL) + 1,
            f"{events:.0f} transactions a day",
        )
        stock = math.ceil(size.products / 50) + places
        yield Need("FBA", GET_INVENTORY_SUMMARIES, stock, stock, "50 SKUs a call, all once a day")
        shipments = places * math.ceil(size.history_days / 365)
        for operation in (GET_SHIPMENTS, GET_SHIPMENT_ITEMS):
            yield Need("FBA", operation, shipments, places, "windows, if few shipments")
        listed = math.ceil(size.products / BATCH)
        yield Need(
            "LISTED_ITEM",
            SEARCH_LISTINGS_ITEMS,
            listed + places,
            math.ceil(listed / 7) + places,
            f"{size.products} listings, all once a week",
        )
        for operation, at_once in (
            (GET_COMPETITIVE_PRICING, BATCH),
            (GET_ITEM_OFFERS_BATCH, BATCH),
            (GET_COMPETITIVE_SUMMARY, BATCH),
            (GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH, 40),
        ):
            calls = math.ceil(size.products / at_once)
            basis = f"{size.products} products, {at_once} a call, once a day"
            yield Need("PRODUCT_PRICING", operation, calls, calls, basis)
    items = math.ceil(size.products / BATCH)
    basis = f"{size.products} ASINs, {BATCH} a call, once a week"
    yield Need("CATALOG", SEARCH_CATALOG_ITEMS, items, math.ceil(items / 7), basis)


def _reports(
    reports: Sequence[Report], places: int, since: pendulum.DateTime, now: pendulum.DateTime
) -> Tuple[List[Need], float, float]:
    """What the reports need, and how long createReport or a type's own quota makes them take."""
    since = max(since, now.subtract(years=2))
    numbers = [_requests(report, since, now) for report in reports]
    seconds = []
    totals = []
    for turn in (0, 1):
        total, slowest = 0, 0.0
        for report, pair in zip(reports, numbers):
            calls = pair[turn] * (1 if report.regional else places)
            total += calls
            for quota in report.quotas:
                rounds = math.ceil(calls / places / quota.requests)
                slowest = max(slowest, (rounds - 1) * float(quota.seconds))
        totals.append(total)
        seconds.append(max(slowest, _seconds(CREATE_REPORT, total)))
    basis = f"{len(reports)} reports, by their periods and quotas"
    needs = [
        Need("REPORTS", operation, totals[0], totals[1], basis)
        for operation in (CREATE_REPORT, GET_REPORT, GET_DOCUMENT)
    ]
    return needs, seconds[0], seconds[1]


def _requests(report: Report, since: pendulum.DateTime, now: pendulum.DateTime) -> Tuple[int, int]:
    """Requests of a first sync and of one a day later."""
    if report.period is Period.LISTED:
        return 0, 0
    progress: Dict[str, Any] = {}
    first = due(report, since, now, progress)
    for window in first:
        loaded(report, window, now, progress)
    return len(first), len(due(report, since, now + timedelta(days=1), progress))


def in_words(seconds: float) -> str:
    """A time as people say it, such as `3 hours 20 minutes`."""
    if seconds < 60:
        return "under a minute"
    return pendulum.duration(minutes=round(seconds / 60)).in_words()
