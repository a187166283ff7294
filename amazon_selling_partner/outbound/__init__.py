"""Fulfillment Outbound: orders from other channels that Amazon ships (Multi-Channel Fulfillment).

`api_2020.py` is the only place that knows the version of the API.
"""

from typing import Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ..client import SellingPartnerClient
from ..sync.windows import OVERLAP
from .api_2020 import probes
from .features import inventory_feature, outbound_seller_feature
from .fulfillment_orders import PII_COLUMNS, fulfillment_order
from .packages import package_tracking_detail
from .returns import return_reason_code


def outbound_resources(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str],
    history_start: pendulum.DateTime,
    include_pii: bool = False,
) -> Iterator[DltResource]:
    """The tables of the FULFILLMENT_OUTBOUND module.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces whose features are loaded, empty for all.
        history_start (pendulum.DateTime): First moment of history, UTC.
        include_pii (bool): Load what tells of recipients.

    Yields:
        DltResource: Resources, each named as its table.
    """
    updated = dlt.sources.incremental("statusUpdatedDate", initial_value=history_start, lag=OVERLAP)
    all_orders = fulfillment_order(client, include_pii, updated)
    if include_pii:
        all_orders.apply_hints(columns=PII_COLUMNS)
    yield all_orders
    yield all_orders | package_tracking_detail(client, include_pii)
    yield all_orders | return_reason_code(client)
    all_features = outbound_seller_feature(client, marketplace_ids)
    yield all_features
    yield all_features | inventory_feature(client)


__all__ = ["outbound_resources", "probes"]
