"""Orders: orders with their items and packages, regulated information, and order metrics.

Cost: see `orders.py`, `regulated_info.py` and `order_metrics.py`.
"""

import math
from typing import Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe
from ...loading import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.isolation import declare_table_variant
from ...loading.windows import OVERLAP
from ..module import Module
from ..reports.single_report import RUN_TABLE
from . import order_metrics as metrics
from . import orders as searched_orders
from . import regulated_info
from .order_metrics import GET_ORDER_METRICS, RESTATEMENT_SECONDS, order_metrics
from .orders import PII_COLUMNS, SEARCH_ORDERS, orders
from .orders_by_id import GET_ORDER, MIN_SECONDS, ORDERS_PER_PAGE
from .regulated_info import order_regulated_info

CHANGES_PER_ORDER = 3
"""Days on which a usual order changes: it is placed, shipped, and delivered or returned."""


def orders_resource(context: RunContext) -> DltResource:
    """The orders of a run, which other modules follow; one resource, whoever requests it."""
    settings = context.settings

    def make() -> DltResource:
        updated = dlt.sources.incremental(
            "lastUpdatedTime", initial_value=settings.recent, lag=OVERLAP
        )
        resource = orders(context, updated)
        if settings.include_pii:
            resource.apply_hints(columns=PII_COLUMNS)
        declare_table_variant(resource, RUN_TABLE)
        return resource

    return context.cached(orders_resource, make)


def resources(context: RunContext) -> Iterator[DltResource]:
    """Orders, their regulated information, and the metrics of each day."""
    all_orders = orders_resource(context)
    yield all_orders
    yield all_orders | order_regulated_info(context)
    through = dlt.sources.incremental(
        "interval_end", initial_value=context.settings.recent, lag=RESTATEMENT_SECONDS
    )
    yield order_metrics(context, through)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Show whether the account may read orders, regulated information and metrics."""
    for part in (searched_orders, regulated_info, metrics):
        yield from part.probes(marketplace_ids, now)


def count_by_id(count: float) -> int:
    """How many orders of a history are looked up by id while the others are searched."""
    search = ORDERS_PER_PAGE * SEARCH_ORDERS.rate
    if count / search <= MIN_SECONDS:
        return 0
    return math.floor(count * GET_ORDER.rate / (GET_ORDER.rate + search))


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    orders_count = size.orders_per_day * size.history_days
    by_id = count_by_id(orders_count)
    yield OperationEstimate(
        SEARCH_ORDERS,
        math.ceil((orders_count - by_id) / 100) + size.windows(60),
        math.ceil(size.orders_per_day * CHANGES_PER_ORDER / 100) + 1,
        f"{size.orders_per_day:.0f} orders per day, 100 per call",
    )
    if by_id:
        days = by_id / size.orders_per_day
        basis = f"the oldest {days:.0f} days of orders, one per call, at the same time"
        yield OperationEstimate(GET_ORDER, by_id, 0, basis)
    count = len(size.marketplaces)
    yield OperationEstimate(GET_ORDER_METRICS, count, count, "one per marketplace")


MODULE = Module(
    "ORDERS",
    tables=("orders", "order_regulated_info", "order_metrics"),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
