"""Fulfillment Outbound: orders from other channels that Amazon ships (Multi-Channel Fulfillment).

`api_2020.py` is the only place that knows the version of the API.
"""

from typing import Iterator

import dlt
from dlt.extract import DltResource

from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.windows import OVERLAP
from ..module import Module
from .api import GET_FEATURES, LIST_ORDERS, probes
from .features import inventory_feature, outbound_seller_feature
from .fulfillment_orders import PII_COLUMNS, fulfillment_order
from .packages import package_tracking_detail
from .returns import return_reason_code


def resources(context: RunContext) -> Iterator[DltResource]:
    """Orders of other channels, their packages and returns, and features of the account."""
    settings = context.settings
    updated = dlt.sources.incremental(
        "statusUpdatedDate", initial_value=settings.history_start, lag=OVERLAP
    )
    orders = fulfillment_order(context, settings.include_pii, updated)
    if settings.include_pii:
        orders.apply_hints(columns=PII_COLUMNS)
    yield orders
    yield orders | package_tracking_detail(context, settings.include_pii)
    yield orders | return_reason_code(context)
    features = outbound_seller_feature(context)
    yield features
    yield features | inventory_feature(context)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    calls, count = size.windows(60), len(size.marketplaces)
    yield OperationEstimate(LIST_ORDERS, calls, 1, "windows of the history, if few orders")
    yield OperationEstimate(GET_FEATURES, count, count, "one per marketplace")


MODULE = Module(
    "FULFILLMENT_OUTBOUND",
    tables=(
        "fulfillment_order",
        "package_tracking_detail",
        "return_reason_code",
        "outbound_seller_feature",
        "inventory_feature",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
