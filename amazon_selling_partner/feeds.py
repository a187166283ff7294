"""Feeds API 2021-06-30: what was sent to Amazon in bulk, and what became of it.

Cost: one call for every ten feed types and every 100 feeds (0.0222 a second, burst 10): three in a
run without new feeds. Documents of feeds and of their results are not loaded.
"""

import re
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems

from .client import Operation, Paging, Probe, SellingPartnerClient
from .client.errors import ConfigurationError
from .sync import isolated, rejected, unfiltered
from .sync.windows import OVERLAP, whole_seconds
from .tables import columns

GET_FEEDS = Operation(
    "getFeeds",
    "GET",
    "/feeds/2021-06-30/feeds",
    rate=0.0222,
    burst=10,
    records="feeds",
    paging=Paging("nextToken", "nextToken", alone=True),
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
"""The types of Amazon's page "Feed Type Values"; getFeeds lists only the types it is told."""

TYPES_AT_ONCE = 10
"""Feed types one getFeeds call may name."""

LISTED_DAYS = 89
"""Amazon keeps feeds for 90 days; a slow call must not cross that line."""

ENDED = ("CANCELLED", "DONE", "FATAL")
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
@isolated
def feed(
    client: SellingPartnerClient,
    feed_types: Sequence[str] = FEED_TYPES,
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
    created: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "createdTime", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Feeds sent since the last run; one that is being processed is asked for until it has ended.

    Source: getFeeds, for all marketplaces of the account. Amazon keeps feeds for 90 days.

    Args:
        client (SellingPartnerClient): The account.
        feed_types (Sequence[str]): Types to load.
        history_start (pendulum.DateTime): First moment of history, for a type that joins later.
        created (dlt.sources.incremental[pendulum.DateTime]): Cursor on `createdTime`, UTC.

    Yields:
        TDataItems: A page of at most 100 feeds.
    """
    unfiltered(created)
    backfill = created.end_value is not None
    state = {} if backfill else dlt.current.resource_state()
    now = client.now()
    end = whole_seconds(min(now, created.end_value or now))
    start = whole_seconds(created.start_value)
    start = min(start, _moment(state.get("open_since")) or start)
    joined = sorted(set(feed_types) - set(state.get("feed_types", feed_types)))
    known = sorted(set(feed_types) - set(joined))
    open_since: List[pendulum.DateTime] = []
    for types, since in ((known, start), (joined, min(start, history_start))):
        since = max(since, whole_seconds(now.subtract(days=LISTED_DAYS)))
        for first in range(0, len(types) if since < end else 0, TYPES_AT_ONCE):
            params = {
                "feedTypes": types[first : first + TYPES_AT_ONCE],
                "createdSince": since,
                "createdUntil": end,
                "pageSize": 100,
            }
            for page in client.pages(GET_FEEDS, params=params):
                readable: List[Dict[str, Any]] = []
                for row in page:
                    if not isinstance(row, dict) or not row.get("feedId"):
                        yield rejected("feed", row, "it has no feedId")
                        continue
                    when = _moment(row.get("createdTime"))
                    if when and row.get("processingStatus") not in ENDED:
                        open_since.append(when)
                    readable.append({**row, "selling_partner": client.selling_partner})
                yield readable
    if not backfill:
        oldest = min(open_since, default=None)
        state["open_since"] = oldest.isoformat() if oldest else None
        state["feed_types"] = sorted(feed_types)
        created.advance(end)


def _moment(value: Any) -> Optional[pendulum.DateTime]:
    """A time in UTC without its fraction of a second, None where there is none to be read."""
    try:
        return whole_seconds(ensure_pendulum_datetime(value)) if value else None
    except (TypeError, ValueError):
        return None


def checked_feed_types(feed_types: Optional[Sequence[str]]) -> Tuple[str, ...]:
    """The setting `feed_types`, all types Amazon names by default.

    Raises:
        ConfigurationError: For what cannot be a feed type.
    """
    if isinstance(feed_types, str):
        feed_types = feed_types.split(",")
    names = [str(name).strip() for name in feed_types or FEED_TYPES]
    for name in names:
        if not re.fullmatch("[A-Z0-9_]+", name):
            raise ConfigurationError(
                f"feed_types names {name!r}, which is no feed type: write names of Amazon's page"
                " 'Feed Type Values', such as JSON_LISTINGS_FEED."
            )
    return tuple(dict.fromkeys(names))


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account's feeds can be read."""
    yield Probe(
        "feed",
        GET_FEEDS,
        params={
            "feedTypes": ["JSON_LISTINGS_FEED"],
            "createdSince": now.subtract(hours=1),
            "pageSize": 1,
        },
    )
