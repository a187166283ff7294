"""The queries of an account: how they are checked, when they are done, and what they give."""

import itertools
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Union

from ..core.account import Account
from ..core.errors import denied, invalid, throttled
from ..core.times import DAY_MS, EPOCH, iso
from . import analytics, economics, sales_and_traffic
from .dataset import Window
from .graphql_text import ParsedQuery, check_selection, parse_query, project

Rows = Iterable[dict[str, Any]]
Content = Union[bytes, Callable[[], Iterable[bytes]]]
"""The bytes of a document, or a function that yields its pieces for each download."""

SAME_DAY = "The same start and end dates must be requested for Daily Inventory metrics."
MAX_PREVIEW = timedelta(days=120)
OLDEST = timedelta(days=731)


@dataclass(frozen=True)
class QueryField:
    """A query field of a schema.

    Attributes:
        schema: Its fields: None for a value.
        rows: Its rows as of a time, milliseconds since 1970.
        required: Arguments that must be given.
        optional: Others.
        vendor: For vendors; otherwise for sellers.
        is_future: The window is not of the past.
    """

    schema: Mapping[str, Any]
    rows: Callable[[Account, Window, int], Rows]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    vendor: bool = False
    is_future: bool = False


_RANGE = ("startDate", "endDate")
_ECONOMICS = "analytics_economics_2024_03_15"
_TRAFFIC = "analytics_salesAndTraffic_2024_04_24"
_SELLER = "analytics_sellerAnalytics_2025_03_31"
_VENDOR = "analytics_vendorAnalytics_2024_09_30"

QUERY_FIELDS: dict[str, dict[str, QueryField]] = {
    _ECONOMICS: {
        "economics": QueryField(
            economics.SCHEMA,
            economics.economics,
            (*_RANGE, "marketplaceIds"),
            ("aggregateBy", "includeComponentsForFeeTypes"),
        ),
        "economicsPreview": QueryField(
            economics.SCHEMA,
            economics.preview,
            (*_RANGE, "marketplaceIds", "feeTypes"),
            ("aggregateBy",),
            is_future=True,
        ),
    },
    _TRAFFIC: {
        "salesAndTrafficByDate": QueryField(
            sales_and_traffic.BY_DATE,
            sales_and_traffic.by_date,
            (*_RANGE, "marketplaceIds", "aggregateBy"),
        ),
        "salesAndTrafficByAsin": QueryField(
            sales_and_traffic.BY_ASIN,
            sales_and_traffic.by_asin,
            (*_RANGE, "marketplaceIds", "aggregateBy"),
        ),
        "salesAndTrafficTrends": QueryField(
            sales_and_traffic.TRENDS,
            sales_and_traffic.trends,
            (*_RANGE, "asinAggregation", "dateAggregation", "filters"),
        ),
    },
    _SELLER: {
        "sellerAnalyticsView": QueryField(
            analytics.SELLER_VIEW,
            analytics.seller_view,
            (*_RANGE, "aggregateBy", "marketplaceId"),
            ("currencyCode",),
        ),
    },
    _VENDOR: {
        name: QueryField(
            schema, analytics.vendor_view, (*_RANGE, "aggregateBy"), ("currencyCode",), vendor=True
        )
        for name, schema in (
            ("manufacturingView", analytics.MANUFACTURING_VIEW),
            ("sourcingView", analytics.SOURCING_VIEW),
        )
    },
}
"""Query fields by domain and name."""


@dataclass
class StoredQuery:
    """One query, or one page of it. Times are milliseconds since 1970.

    Attributes:
        at: Its numbers are as of this time.
        first: Position of its first row.
        outcome: `DONE`, `CANCELLED` or `FATAL`, from `ended` on.
        reason: Why it is FATAL.
        has_data: Whether it has a document; found out when it is done.
        next_token: Token of the next page.
    """

    id: str
    text: str
    parsed: ParsedQuery
    created: int
    started: int
    ended: int
    at: int
    first: int = 0
    outcome: str = "DONE"
    reason: str = ""
    has_data: bool = False
    next_token: str = ""

    @property
    def document(self) -> str:
        """Id of its document."""
        return f"amzn1.tortuga.4.na.{self.id}"

    def status(self, now: int) -> str:
        """Its processing status at a time."""
        if now < self.started:
            return "IN_QUEUE"
        return "IN_PROGRESS" if now < self.ended else self.outcome


@dataclass
class QueryStore:
    """The queries of an account.

    Attributes:
        queue_seconds: How long a query is IN_QUEUE.
        processing_seconds: How long it is IN_PROGRESS.
        page_rows: Rows of a page; 0 for all in one.
        max_open: Queries of one query field that may be in progress at once.
        retention_days: How long queries and documents are kept.
        gzip: Documents are compressed, with a Content-Encoding.
        roles: Roles of which one is needed, by domain.
        documents: Content by query field, instead of the simulated one.
        zeros: Days (ISO 8601) on which all numbers are zero, by marketplace.
        refused: Reasons by query field and marketplace with which queries end in FATAL.
        queries: By id.
    """

    account: Account
    queue_seconds: float = 10
    processing_seconds: float = 40
    page_rows: int = 0
    max_open: int = 2
    retention_days: int = 30
    gzip: bool = False
    roles: dict[str, str] = field(default_factory=dict)
    documents: dict[str, Content] = field(default_factory=dict)
    zeros: dict[str, set[str]] = field(default_factory=dict)
    refused: dict[tuple[str, str], str] = field(default_factory=dict)
    queries: dict[str, StoredQuery] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self._failures: dict[str, deque[tuple[str, str]]] = {}
        self._numbers = itertools.count(1)

    def fail(self, name: str, outcome: str, reason: str = "", times: int = 1) -> None:
        """Ends the next queries `FATAL`, with a reason or without, or `CANCELLED`."""
        self._failures.setdefault(name, deque()).extend([(outcome, reason)] * times)

    def request(self, body: Mapping[str, Any], now: int) -> StoredQuery:
        """The query that a createQuery body requests.

        Raises:
            ApiError: 400, 403 or 429 with Amazon's message.
        """
        text = body.get("query")
        if not isinstance(text, str) or not text:
            raise invalid("Missing required 'query'.")
        parsed = parse_query(text)
        known = QUERY_FIELDS.get(parsed.domain, {}).get(parsed.name)
        if known is None:
            raise invalid(f"Validation error: Field '{parsed.domain}.{parsed.name}' is undefined.")
        check_selection(parsed.selection, known.schema)
        self._check_arguments(parsed, known)
        if self.roles.get(parsed.domain, "Brand Analytics") not in self.account.roles:
            raise denied("Unauthorized to access requested fields")
        with self.lock:
            first, at = 0, now
            if token := body.get("paginationToken"):
                first, at = self._page(token, text)
            is_open = [
                query.status(now) in ("IN_QUEUE", "IN_PROGRESS")
                and query.parsed.name == parsed.name
                for query in self.queries.values()
            ]
            if sum(is_open) >= self.max_open:
                raise throttled()
            started = now + int(self.queue_seconds * 1000)
            ended = started + int(self.processing_seconds * 1000)
            number = self.account.hash64(next(self._numbers), 72) % 10**12
            query = StoredQuery(str(number), text, parsed, now, started, ended, at, first)
            query.outcome, query.reason = self._outcome(query, now)
            if query.outcome == "DONE":
                self._find_pages(query)
            self.queries[query.id] = query
            return query

    def cancel(self, query: StoredQuery, now: int) -> None:
        """Cancels a query that is not done.

        Raises:
            ApiError: 400 for one that is.
        """
        if query.status(now) not in ("IN_QUEUE", "IN_PROGRESS"):
            raise invalid("Only queries that are IN_QUEUE or IN_PROGRESS can be cancelled.")
        query.outcome, query.ended = "CANCELLED", now

    def to_json(self, query: StoredQuery, now: int) -> dict[str, Any]:
        """The `Query` at a time."""
        status = query.status(now)
        found: dict[str, Any] = {
            "queryId": query.id,
            "query": query.text,
            "createdTime": iso(query.created),
            "processingStatus": status,
        }
        if status != "IN_QUEUE":
            found["processingStartTime"] = iso(query.started)
        if now >= query.ended:
            found["processingEndTime"] = iso(query.ended)
            if status == "DONE" and query.has_data:
                found["dataDocumentId"] = query.document
            if status == "FATAL" and query.reason:
                found["errorDocumentId"] = query.document
            if status == "DONE" and query.next_token:
                found["pagination"] = {"nextToken": query.next_token}
        return found

    def pieces(self, query: StoredQuery) -> Iterator[bytes]:
        """The uncompressed document of a query in pieces, which are computed lazily."""
        if query.outcome == "FATAL":
            error = {
                "message": query.reason,
                "extensions": {"classification": "DataFetchingException"},
            }
            yield json.dumps([error]).encode()
            return
        content = self.documents.get(query.parsed.name)
        if content is not None:
            yield from [content] if isinstance(content, bytes) else content()
            return
        rows = self._rows(query)
        last = query.first + self.page_rows if query.next_token else None
        for row in itertools.islice(rows, query.first, last):
            line = json.dumps(
                project(row, query.parsed.selection), ensure_ascii=False, default=float
            )
            yield line.encode() + b"\n"

    def _rows(self, query: StoredQuery) -> Iterator[dict[str, Any]]:
        known = QUERY_FIELDS[query.parsed.domain][query.parsed.name]
        for row in known.rows(self.account, window_of(query.parsed), query.at):
            zeros = self.zeros.get(row.get("marketplaceId", ""), ())
            yield _zeroed(row) if row["startDate"] in zeros else row

    def _find_pages(self, query: StoredQuery) -> None:
        if query.parsed.name in self.documents:
            query.has_data = True
            return
        size = self.page_rows
        rows = itertools.islice(self._rows(query), query.first, query.first + size + 1)
        number = sum(1 for _ in rows) if size else int(next(rows, None) is not None)
        query.has_data = number > 0
        if size and number > size:
            query.next_token = f"{query.at}.{query.first + size}.{query.id}"

    def _page(self, token: Any, text: str) -> tuple[int, int]:
        """First row and time of the page of a token."""
        for query in self.queries.values():
            if query.next_token == token and query.text == text:
                return query.first + self.page_rows, query.at
        raise invalid("paginationToken does not belong to this query.")

    def _check_arguments(self, parsed: ParsedQuery, known: QueryField) -> None:
        given = set(parsed.arguments)
        if missing := set(known.required) - given:
            raise invalid(f"Validation error: Missing field argument '{sorted(missing)[0]}'.")
        if unknown := given - {*known.required, *known.optional}:
            raise invalid(f"Validation error: Unknown field argument '{sorted(unknown)[0]}'.")
        if known.vendor != self.account.is_vendor:
            raise denied("Unauthorized to access requested fields")
        try:
            window = window_of(parsed)
        except (TypeError, ValueError):
            raise invalid("Validation error: startDate and endDate must be dates.") from None
        if window.end < window.start:
            raise invalid("endDate must not be before startDate.")

    def _outcome(self, query: StoredQuery, now: int) -> tuple[str, str]:
        """How a query will end, and why."""
        name = query.parsed.name
        if planned := self._failures.get(name):
            return planned.popleft()
        window = window_of(query.parsed)
        for marketplace_id in window.marketplace_ids:
            reason = self.refused.get((name, marketplace_id))
            if not reason and not self.account.participates_in(marketplace_id):
                reason = f"Marketplace {marketplace_id} is not one of the seller's."
            if reason:
                return "FATAL", _fetching(query.parsed, reason)
        today = (EPOCH + timedelta(milliseconds=now)).date()
        is_future = QUERY_FIELDS[query.parsed.domain][name].is_future
        if is_future and (window.start < today or window.end > today + MAX_PREVIEW):
            return "FATAL", _fetching(query.parsed, "The date range must begin today or later.")
        is_inventory = "productAvailability" in query.text
        if is_inventory and window.arguments.get("aggregateBy") == "DAY":
            if window.start != window.end:
                return "FATAL", _fetching(query.parsed, SAME_DAY)
        if not is_future and window.start < today - OLDEST:
            return "FATAL", _fetching(query.parsed, "startDate is more than two years ago.")
        return "DONE", ""

    def kept(self, query_id: str, now: int) -> Optional[StoredQuery]:
        """A query that is still kept, or None."""
        query = self.queries.get(query_id)
        if query is None or now > query.created + self.retention_days * DAY_MS:
            return None
        return query


def window_of(parsed: ParsedQuery) -> Window:
    """The window of a query."""
    arguments = parsed.arguments
    ids = arguments.get("marketplaceIds") or arguments.get("marketplaceId") or []
    filters = arguments.get("filters") or ()
    return Window(
        date.fromisoformat(arguments["startDate"]),
        date.fromisoformat(arguments["endDate"]),
        [*ids, *(choice["marketplaceId"] for choice in filters)],
        arguments,
        ((parsed.selection.get("metrics") or {}).get("groupByKey")) or {},
    )


def _fetching(parsed: ParsedQuery, reason: str) -> str:
    path = f"/{parsed.domain}/{parsed.name}"
    return f"Exception while fetching data ({path}) : {reason}"


def _zeroed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _zeroed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_zeroed(item) for item in value]
    return value if value is None or isinstance(value, str) else 0
