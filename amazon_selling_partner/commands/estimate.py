"""How many requests a first sync and a daily one need, and how long Amazon's quota makes them take.

The size of the account is requested from Amazon in a few calls; what follows from it is an
estimate, and each line says what it is based on.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from dlt.common import logger, pendulum

from ..client import Operation
from ..client.errors import RequestRejected
from ..common.json_access import get_list, get_objects
from ..loading import RunContext, account_marketplaces
from ..loading.estimates import AccountSize, OperationEstimate
from ..modules import Module
from ..modules.finance.groups import LIST_GROUPS
from ..modules.listings.listing_search import SEARCH_LISTINGS_ITEMS
from ..modules.orders.order_metrics import GET_ORDER_METRICS

DAY = 86_400.0
MEASURED_DAYS = 30
"""Days whose orders show how many an account has."""


class Estimate(NamedTuple):
    """All of it.

    Attributes:
        operations: By module name.
        first_seconds: The first sync; operations have quotas of their own, so the slowest decides.
        daily_seconds: A sync one day later.
    """

    size: AccountSize
    operations: List[Tuple[str, OperationEstimate]]
    first_seconds: float
    daily_seconds: float


def estimate(
    context: RunContext, modules: Sequence[Module], products: Optional[int] = None
) -> Estimate:
    """Estimates the requests of a first and of a daily sync; a few calls are made.

    Args:
        modules: To be loaded.
        products: How many ASINs the account has; by default its listings are counted.

    Raises:
        SellingPartnerError: When Amazon does not accept the credentials, or settings are wrong.
    """
    size = measure_account(context, products)
    operations = [
        (module.name, operation) for module in modules for operation in module.estimate(size)
    ]
    seconds = [operation.seconds() for _, operation in operations]
    return Estimate(
        size,
        operations,
        max((first for first, _ in seconds), default=0.0),
        max((daily for _, daily in seconds), default=0.0),
    )


def measure_account(context: RunContext, products: Optional[int] = None) -> AccountSize:
    """The size of an account, as far as Amazon shows it in a few calls."""
    settings = context.settings
    now = context.now()
    ids = account_marketplaces(context)
    size = AccountSize(
        marketplaces=ids,
        products=products or 0,
        history_days=(now - settings.history_start).total_seconds() / DAY,
        report_days=(now - settings.reports_history_start).total_seconds() / DAY,
        is_vendor=settings.is_vendor,
        now=now,
    )
    if not settings.is_vendor:
        size.orders_per_day = _orders_per_day(context, ids, now)
        size.open_groups = _open_groups(context, now)
        if products is None and settings.merchant_id:
            size.products = sum(_listings(context, settings.merchant_id, id) for id in ids)
    return size


def _orders_per_day(context: RunContext, ids: Sequence[str], now: pendulum.DateTime) -> float:
    end = now.start_of("day")
    start = end.subtract(days=MEASURED_DAYS)
    orders = 0
    for id in ids:
        params = {
            "marketplaceIds": [id],
            "interval": f"{start.isoformat()}--{end.isoformat()}",
            "granularity": "Total",
        }
        for total in get_objects(_call_or_empty(context, GET_ORDER_METRICS, params), "payload"):
            orders += int(total.get("orderCount") or 0)
    return orders / MEASURED_DAYS


def _open_groups(context: RunContext, now: pendulum.DateTime) -> int:
    params = {"FinancialEventGroupStartedAfter": now.subtract(days=MEASURED_DAYS)}
    response = _call_or_empty(context, LIST_GROUPS, params)
    groups = get_list(response, "payload", "FinancialEventGroupList")
    return max(
        1, sum(1 for group in get_objects(groups) if not group.get("FinancialEventGroupEnd"))
    )


def _listings(context: RunContext, merchant_id: str, marketplace_id: str) -> int:
    params = {"marketplaceIds": [marketplace_id], "pageSize": 1}
    response = _call_or_empty(
        context, SEARCH_LISTINGS_ITEMS, params, path={"sellerId": merchant_id}
    )
    return int(response.get("numberOfResults") or 0)


def _call_or_empty(
    context: RunContext, operation: Operation, params: Dict[str, Any], **fields: Any
) -> Dict[str, Any]:
    """A response, empty where the account may not request it."""
    try:
        response: Dict[str, Any] = context.call(operation, params=params, **fields)
        return response
    except RequestRejected as error:
        logger.warning(f"The size of the account is not known: {error}")
        return {}


def format_duration(seconds: float) -> str:
    """A duration such as `3 hours 20 minutes`."""
    if seconds < 60:
        return "under a minute"
    return pendulum.duration(minutes=round(seconds / 60)).in_words()
