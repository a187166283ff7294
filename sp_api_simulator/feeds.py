"""Feeds API 2021-06-30: a listings feed every day, a feed of shipped orders on most days."""

import random
from dataclasses import dataclass, field, replace
from typing import Any, Iterator

from .core import parameters
from .core.account import Account
from .core.errors import invalid
from .core.routes import Call, Routes
from .core.times import DAY_MS, floor_ms, iso

ROUTES = Routes()

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
LISTED_MS = 90 * DAY_MS
MINUTE = 60_000


@dataclass
class Feed:
    """One feed. Times are milliseconds since 1970.

    Attributes:
        marketplaces: Marketplace ids.
        queue_ms: Milliseconds in the queue.
        processing_ms: Milliseconds of processing.
        outcome: Last status: `DONE`, `FATAL` or `CANCELLED` (which is never processed).
    """

    id: str
    type: str
    marketplaces: list[str]
    created: int
    queue_ms: int = 5 * MINUTE
    processing_ms: int = 20 * MINUTE
    outcome: str = "DONE"

    def to_json(self, at: int) -> dict[str, Any]:
        """The `Feed` as it shows at a time."""
        started = self.created + self.queue_ms
        ended = started + self.processing_ms
        feed: dict[str, Any] = {
            "feedId": self.id,
            "feedType": self.type,
            "marketplaceIds": list(self.marketplaces),
            "createdTime": iso(self.created),
            "processingStatus": "IN_QUEUE",
        }
        if at >= started and self.outcome == "CANCELLED":
            feed["processingStatus"] = "CANCELLED"
        elif at >= started:
            feed.update(processingStatus="IN_PROGRESS", processingStartTime=iso(started))
            if at >= ended:
                feed.update(
                    processingStatus=self.outcome,
                    processingEndTime=iso(ended),
                    resultFeedDocumentId=f"amzn1.tortuga.4.eu.0{self.id}",
                )
        return feed


@dataclass
class FeedStore:
    """The feeds of an account.

    Attributes:
        sent: Feeds sent by hand, see `send`.
    """

    account: Account
    sent: list[Feed] = field(default_factory=list)

    def send(self, feed_type: str, at: int, **changes: Any) -> Feed:
        """Sends a feed.

        Args:
            at: When, milliseconds since 1970.
            **changes: Other attributes of `Feed`.
        """
        marketplace_ids = [self.account.marketplaces[0].id]
        feed = Feed(f"0{len(self.sent):011d}", feed_type, marketplace_ids, at)
        self.sent.append(replace(feed, **changes))
        return self.sent[-1]

    def feeds(self, at: int) -> list[Feed]:
        """The feeds sent in the last 90 days, newest first."""
        recent = [
            feed for feed in (*self._daily(at), *self.sent) if at - LISTED_MS <= feed.created <= at
        ]
        return sorted(recent, key=lambda feed: (-feed.created, feed.id))

    def _daily(self, at: int) -> Iterator[Feed]:
        account = self.account
        for number in range(max(account.first_day, (at - LISTED_MS) // DAY_MS), at // DAY_MS + 1):
            rng = random.Random(f"feeds {account.seed} {number}")
            ids = [marketplace.id for marketplace in account.marketplaces]
            created = number * DAY_MS + rng.randrange(DAY_MS - 40 * MINUTE) // 1000 * 1000
            outcome = rng.choice(("DONE",) * 8 + ("FATAL", "CANCELLED"))
            yield Feed(f"{number}018", "JSON_LISTINGS_FEED", ids, created, outcome=outcome)
            if account.orders_per_day and rng.random() < 0.8:
                yield Feed(
                    f"{number}019", "POST_ORDER_FULFILLMENT_DATA", ids[:1], created + 30 * MINUTE
                )


@ROUTES.add(
    "getFeeds",
    "GET",
    "/feeds/2021-06-30/feeds",
    rate=0.0222,
    burst=10,
    role="Product Listing",
    parameters=(
        parameters.string_list("feedTypes", maximum=10),
        parameters.string_list("marketplaceIds", maximum=10),
        parameters.number("pageSize", 1, 100, default=10),
        parameters.string_list("processingStatuses", one_of=STATUSES),
        parameters.time("createdSince"),
        parameters.time("createdUntil"),
        parameters.text("nextToken"),
    ),
)
def get_feeds(call: Call) -> dict[str, Any]:
    """The feeds of the last 90 days; a page token excludes all other parameters."""
    values = call.values
    if values["nextToken"]:
        if set(call.sent) != {"nextToken"}:
            raise invalid("nextToken must not be used with other parameters.")
        query = call.page_position("nextToken", tuple(values))
    else:
        query = _query(call)
    found = [
        body
        for feed in call.account.store(FeedStore).feeds(call.now)
        for body in [feed.to_json(call.now)]
        if feed.type in query["types"]
        and query["since"] <= feed.created <= query["until"]
        and (not query["marketplaces"] or set(query["marketplaces"]) & set(feed.marketplaces))
        and (not query["statuses"] or body["processingStatus"] in query["statuses"])
    ]
    page, token = call.page(
        found, query["size"], "nextToken", tuple(values), 3600, query, can_be_empty=True
    )
    return {"feeds": page, "nextToken": token} if token else {"feeds": page}


def _query(call: Call) -> dict[str, Any]:
    """The query of a first page, which its page tokens keep."""
    values = call.values
    if not values["feedTypes"]:
        raise invalid("Either feedTypes or nextToken must be given.")
    call.check_marketplaces()
    oldest = call.now - LISTED_MS
    since = floor_ms(values["createdSince"]) if values["createdSince"] else oldest
    if since < oldest:
        raise invalid("createdSince must be within the last 90 days.")
    return {
        "types": values["feedTypes"],
        "marketplaces": values["marketplaceIds"],
        "statuses": values["processingStatuses"],
        "since": since,
        "until": floor_ms(values["createdUntil"]) if values["createdUntil"] else call.now,
        "size": values["pageSize"],
    }
