"""Sales API v1: order metrics of each marketplace, day by day.

Cost: one call per marketplace (0.5 per second, burst 15), however many days; none when no day has
ended since the last run.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems

from ...client import Operation, Probe
from ...common.column_hints import columns
from ...loading import (
    RunContext,
    disable_row_filter,
    isolate_failures,
    last_position,
    local_days,
    rows,
)
from ...loading.backfill import backfill_start, extends_history, mark_history_loaded
from ...loading.marketplaces import MarketplaceFailures, account_marketplaces
from ...settings import MARKETPLACES

GET_ORDER_METRICS = Operation(
    "getOrderMetrics",
    "GET",
    "/sales/v1/orderMetrics",
    rate=0.5,
    burst=15,
    items_path="payload",
    role="Inventory and Order Tracking",
)

RESTATEMENT_SECONDS = 35 * 24 * 3600
"""Seconds back that are re-read: orders are cancelled and metrics restated for weeks."""


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "day"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner marketplace_id interval time_zone average_unit_price__currency_code
            total_sales__currency_code""",
        date="day",
        timestamp="interval_start interval_end",
        bigint="unit_count order_item_count order_count",
        decimal="average_unit_price__amount total_sales__amount",
    ),
)
@isolate_failures
def order_metrics(
    context: RunContext,
    through: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "interval_end", lag=RESTATEMENT_SECONDS
    ),
) -> Iterator[TDataItems]:
    """Orders, units and sales of each complete day of each marketplace, in its own time zone.

    Source: getOrderMetrics with granularity Day. Amazon goes two years back.

    Args:
        through: Cursor: the time of the last run, UTC.

    Yields:
        The days of one marketplace.
    """
    disable_row_filter(through)
    assert through.start_value is not None
    history_start = context.settings.history_start
    is_backfill = through.end_value is not None
    now = min(context.now(), through.end_value or context.now())
    start = backfill_start(through, history_start)
    read_all = extends_history(through, history_start) or is_backfill
    oldest = context.now().subtract(years=2).add(days=1)
    state = {} if is_backfill else dlt.current.resource_state()
    known: Optional[List[str]] = state.get("marketplace_ids")
    ids = account_marketplaces(context)

    def read(id: str) -> Iterator[TDataItems]:
        zone = MARKETPLACES[id].time_zone
        first = start
        if known is not None and id not in known:
            first = history_start
        elif not (read_all or local_days(last_position(through), now, zone)):
            return
        if days := local_days(max(first, oldest), now, zone):
            yield from _metrics(context, id, zone, *days)

    failures = MarketplaceFailures()
    for id in ids:
        with failures.isolate(id):
            yield from read(id)
    if not is_backfill:
        # a marketplace that failed is read from the beginning next time
        state["marketplace_ids"] = [id for id in ids if id not in failures.ids]
        through.advance(now)
    mark_history_loaded(through, history_start)
    failures.report(ids)


def _metrics(
    context: RunContext,
    id: str,
    zone: str,
    start: pendulum.DateTime,
    end: pendulum.DateTime,
) -> Iterator[TDataItems]:
    """The days of a marketplace from `start` to `end`, both midnights there."""
    pages = context.pages(
        GET_ORDER_METRICS,
        params={
            "marketplaceIds": [id],
            "interval": f"{start.isoformat()}--{end.isoformat()}",
            "granularity": "Day",
            "granularityTimeZone": zone,
        },
    )

    def to_row(item: Dict[str, Any]) -> Dict[str, Any]:
        first, last = (ensure_pendulum_datetime(end) for end in str(item["interval"]).split("--"))
        return {
            **context.keys(id),
            "day": first.in_timezone(zone).date(),
            "interval_start": first,
            "interval_end": last,
            "time_zone": zone,
            **item,
        }

    yield from rows(pages, "order_metrics", "interval", to_row)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read order metrics."""
    day = pendulum.instance(now).start_of("day")
    yield Probe(
        "order_metrics",
        GET_ORDER_METRICS,
        params={
            "marketplaceIds": list(marketplace_ids)[:1],
            "interval": f"{day.subtract(days=1).isoformat()}--{day.isoformat()}",
            "granularity": "Day",
            "granularityTimeZone": "UTC",
        },
    )
