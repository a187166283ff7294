"""Sales API v1: order metrics of each marketplace, day by day.

Cost: one call a marketplace (0.5 a second, burst 15), however many days; none when no day has ended
since the last run.
"""

from typing import Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems

from .client import Operation, Probe, SellingPartnerClient
from .sellers import account_marketplaces
from .settings import MARKETPLACES
from .sync import isolated, local_days, moved_to, rejected, unfiltered
from .sync.history import came_to, from_goal, reaches_further
from .tables import columns

GET_ORDER_METRICS = Operation(
    "getOrderMetrics",
    "GET",
    "/sales/v1/orderMetrics",
    rate=0.5,
    burst=15,
    records="payload",
    role="Inventory and Order Tracking",
)

RESTATED = 35 * 24 * 3600
"""Seconds back that are read again: orders are cancelled and metrics restated for weeks."""


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
@isolated
def order_metrics(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    through: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "interval_end", lag=RESTATED
    ),
) -> Iterator[TDataItems]:
    """Orders, units and sales of each complete day of each marketplace, in its own time zone.

    Source: getOrderMetrics with granularity Day. Amazon goes two years back.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First day of history.
        through (dlt.sources.incremental[pendulum.DateTime]): Cursor: the time of the last run, UTC.

    Yields:
        TDataItems: The days of one marketplace.
    """
    unfiltered(through)
    assert through.start_value is not None
    now = min(client.now(), through.end_value or client.now())
    began = from_goal(through, history_start)
    further = reaches_further(through, history_start) or through.end_value is not None
    oldest = client.now().subtract(years=2).add(days=1)
    state = dlt.current.resource_state()
    read = state.get("marketplace_ids") if through.end_value is None else None
    ids = account_marketplaces(client, marketplace_ids)
    for id in ids:
        zone = MARKETPLACES[id].time_zone
        start = began
        if read is not None and id not in read:
            start = history_start
        elif not (further or local_days(moved_to(through), now, zone)):
            continue
        if days := local_days(max(start, oldest), now, zone):
            yield from _metrics(client, id, zone, *days)
    if through.end_value is None:
        state["marketplace_ids"] = ids
        through.advance(now)
    came_to(through, history_start)


def _metrics(
    client: SellingPartnerClient,
    id: str,
    zone: str,
    start: pendulum.DateTime,
    end: pendulum.DateTime,
) -> Iterator[TDataItems]:
    """The days of a marketplace from `start` to `end`, both midnights there."""
    pages = client.pages(
        GET_ORDER_METRICS,
        params={
            "marketplaceIds": [id],
            "interval": f"{start.isoformat()}--{end.isoformat()}",
            "granularity": "Day",
            "granularityTimeZone": zone,
        },
    )
    for page in pages:
        readable = []
        for row in page:
            ends = str(row.get("interval")).split("--") if isinstance(row, dict) else []
            try:
                first, last = (ensure_pendulum_datetime(moment) for moment in ends)
            except ValueError:
                yield rejected("order_metrics", row, "it has no interval of two times")
                continue
            readable.append(
                {
                    "selling_partner": client.selling_partner,
                    "marketplace_id": id,
                    "day": first.in_timezone(zone).date(),
                    "interval_start": first,
                    "interval_end": last,
                    "time_zone": zone,
                    **row,
                }
            )
        yield readable


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read order metrics."""
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
