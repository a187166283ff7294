"""Feeds API 2021-06-30: what was sent to Amazon in bulk, and what became of it.

Cost: one call for every ten feed types and every 100 feeds (0.0222 per second, burst 10): three in
a run without new feeds. Documents of feeds and of their results are not loaded.
"""

import difflib
import math
from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import DltResource

from ..client import Operation, PageToken, Probe
from ..client.errors import ConfigurationError
from ..common.column_hints import columns
from ..common.timestamps import whole_seconds
from ..loading import disable_row_filter, isolate_failures
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.rows import rows
from ..loading.windows import OVERLAP
from .module import Module

GET_FEEDS = Operation(
    "getFeeds",
    "GET",
    "/feeds/2021-06-30/feeds",
    rate=0.0222,
    burst=10,
    items_path="feeds",
    paginator=PageToken("nextToken", "nextToken", token_only=True),
    # or another one that lets the application send feeds
    role="Product Listing",
)

FEED_TYPES = (
    "JSON_LISTINGS_FEED",
    "POST_EASYSHIP_DOCUMENTS",
    "POST_ENHANCED_CONTENT_DATA",
    "POST_EXPECTED_SHIP_DATE_SOD",
    "POST_EXPECTED_SHIP_DATE_SOD_FLAT_FILE",
    "POST_FBA_INBOUND_CARTON_CONTENTS",
    "POST_FLAT_FILE_FBA_CREATE_REMOVAL",
    "POST_FLAT_FILE_FULFILLMENT_DATA",
    "POST_FLAT_FILE_FULFILLMENT_ORDER_CANCELLATION_REQUEST_DATA",
    "POST_FLAT_FILE_FULFILLMENT_ORDER_REQUEST_DATA",
    "POST_FLAT_FILE_IL_ALLOCATION_REQUESTS_CONFIRMATION_FEED",
    "POST_FLAT_FILE_IL_SNAPSHOT_FEED",
    "POST_FLAT_FILE_ORDER_ACKNOWLEDGEMENT_DATA",
    "POST_FLAT_FILE_PAYMENT_ADJUSTMENT_DATA",
    "POST_FULFILLMENT_ORDER_CANCELLATION_REQUEST_DATA",
    "POST_FULFILLMENT_ORDER_REQUEST_DATA",
    "POST_INVOICE_CONFIRMATION_DATA",
    "POST_ORDER_ACKNOWLEDGEMENT_DATA",
    "POST_ORDER_FULFILLMENT_DATA",
    "POST_PAYMENT_ADJUSTMENT_DATA",
    "UPLOAD_VAT_INVOICE",
)
"""The types of Amazon's page "Feed Type Values"; getFeeds lists only the types it is given."""

TYPES_PER_CALL = 10
"""Feed types one getFeeds call may name."""

RETENTION_DAYS = 89
"""Amazon keeps feeds for 90 days; a slow call must not cross that line."""

TERMINAL_STATUSES = ("CANCELLED", "DONE", "FATAL")
"""Statuses that will not change."""


@dlt.resource(
    # Amazon's id is unique within an account only
    primary_key=("selling_partner", "feed_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner feed_id feed_type processing_status result_feed_document_id",
        # the first one named as the cursor is, which is the same column
        timestamp="createdTime processing_start_time processing_end_time",
        json="marketplace_ids",
    ),
)
@isolate_failures
def feed(
    context: RunContext,
    feed_types: Sequence[str] = FEED_TYPES,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "createdTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Feeds submitted since the last run; one in progress is requested until it has ended.

    Source: getFeeds, for all marketplaces of the account. Amazon keeps feeds for 90 days.

    Args:
        feed_types: Types to load.
        history_start: Start of the history, for a type that joins later.
        created: Cursor on `createdTime`, UTC.

    Yields:
        A page of at most 100 feeds.
    """
    disable_row_filter(created)
    backfill = created.end_value is not None
    state = {} if backfill else dlt.current.resource_state()
    now = context.now()
    end = whole_seconds(min(now, created.end_value or now))
    start = whole_seconds(created.start_value)
    start = min(start, _timestamp(state.get("open_since")) or start)
    joined = sorted(set(feed_types) - set(state.get("feed_types", feed_types)))
    known = sorted(set(feed_types) - set(joined))
    open_since: List[pendulum.DateTime] = []

    def to_row(item: Dict[str, Any]) -> Dict[str, Any]:
        created_at = _timestamp(item.get("createdTime"))
        if created_at and item.get("processingStatus") not in TERMINAL_STATUSES:
            open_since.append(created_at)
        return {**item, **context.keys()}

    for types, since in ((known, start), (joined, min(start, history_start))):
        since = max(since, whole_seconds(now.subtract(days=RETENTION_DAYS)))
        for first in range(0, len(types) if since < end else 0, TYPES_PER_CALL):
            params = {
                "feedTypes": types[first : first + TYPES_PER_CALL],
                "createdSince": since,
                "createdUntil": end,
                "pageSize": 100,
            }
            yield from rows(context.pages(GET_FEEDS, params=params), "feed", "feedId", to_row)
    if not backfill:
        oldest = min(open_since, default=None)
        state["open_since"] = oldest.isoformat() if oldest else None
        state["feed_types"] = sorted(feed_types)
        created.advance(end)


def _timestamp(value: Any) -> Optional[pendulum.DateTime]:
    """A time in UTC without its fraction of a second, None where there is none to be read."""
    try:
        return whole_seconds(ensure_pendulum_datetime(value)) if value else None
    except (TypeError, ValueError):
        return None


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account's feeds can be read."""
    yield Probe(
        "feed",
        GET_FEEDS,
        params={
            "feedTypes": ["JSON_LISTINGS_FEED"],
            "createdSince": now.subtract(hours=1),
            "pageSize": 1,
        },
    )


def resources(context: RunContext) -> Iterator[DltResource]:
    """Feeds of the account.

    Raises:
        ConfigurationError: For a misspelt type; one that Amazon adds is taken.
    """
    settings = context.settings
    for name in set(settings.feed_types) - set(FEED_TYPES):
        if near := difflib.get_close_matches(name, FEED_TYPES, 1, 0.93):
            raise ConfigurationError(
                f"feed_types names {name!r}, which is no feed type: did you mean {near[0]}?"
            )
    created = dlt.sources.incremental(
        "createdTime", initial_value=settings.history_start, lag=OVERLAP
    )
    yield feed(context, settings.feed_types or FEED_TYPES, settings.history_start, created)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    calls = math.ceil(len(FEED_TYPES) / TYPES_PER_CALL)
    yield OperationEstimate(GET_FEEDS, calls, calls, f"{TYPES_PER_CALL} feed types per call")


MODULE = Module(
    "FEEDS",
    tables=("feed",),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
