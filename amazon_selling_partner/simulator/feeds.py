"""Feeds API 2021-06-30: a listings feed each day, a feed of shipped orders on most, and by hand."""

import random
from dataclasses import dataclass, field, replace
from typing import Any, Iterator

from . import parameters
from .account import Account
from .errors import invalid
from .routes import Call, Routes
from .times import DAY_MS, floor_ms, iso

ROUTES = Routes()

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
LISTED_MS = 90 * DAY_MS
MINUTE = 60_000


@dataclass
class Feed:
    """One feed. Times are milliseconds since 1970.

    Attributes:
        id (str): feedId.
        type (str): Feed type.
        marketplaces (list[str]): Marketplace ids.
        created (int): When it was sent.
        waits (int): Milliseconds in the queue.
        takes (int): Milliseconds it is processed.
        ends (str): Last status: `DONE`, `FATAL` or `CANCELLED` (which is never processed).
    """

    id: str
    type: str
    marketplaces: list[str]
    created: int
    waits: int = 5 * MINUTE
    takes: int = 20 * MINUTE
    ends: str = "DONE"

    def tell(self, at: int) -> dict[str, Any]:
        """The `Feed` as it shows at a moment."""
        started = self.created + self.waits
        ended = started + self.takes
        told: dict[str, Any] = {
            "feedId": self.id,
            "feedType": self.type,
            "marketplaceIds": list(self.marketplaces),
            "createdTime": iso(self.created),
            "processingStatus": "IN_QUEUE",
        }
        if at >= started and self.ends == "CANCELLED":
            told["processingStatus"] = "CANCELLED"
        elif at >= started:
            told.update(processingStatus="IN_PROGRESS", processingStartTime=iso(started))
            if at >= ended:
                told.update(
                    processingStatus=self.ends,
                    processingEndTime=iso(ended),
                    resultFeedDocumentId=f"amzn1.tortuga.4.eu.0{self.id}",
                )
        return told


@dataclass
class FeedBook:
    """The feeds of an account.

    Args:
        account (Account): Whose.

    Attributes:
        sent (list[Feed]): Feeds sent by hand, see `send`.
    """

    account: Account
    sent: list[Feed] = field(default_factory=list)

    def send(self, feed_type: str, at: int, **changes: Any) -> Feed:
        """Sends a feed.

        Args:
            feed_type (str): Its type.
            at (int): When, milliseconds since 1970.
            **changes (Any): Other attributes of `Feed`.

        Returns:
            Feed: As it is kept.
        """
        places = [self.account.marketplaces[0].id]
        feed = Feed(f"0{len(self.sent):011d}", feed_type, places, at)
        self.sent.append(replace(feed, **changes))
        return self.sent[-1]

    def feeds(self, at: int) -> list[Feed]:
        """All feeds sent by a moment that Amazon still keeps, newest first."""
        kept = [
            feed for feed in (*self._daily(at), *self.sent) if at - LISTED_MS <= feed.created <= at
        ]
        return sorted(kept, key=lambda feed: (-feed.created, feed.id))

    def _daily(self, at: int) -> Iterator[Feed]:
        account = self.account
        for number in range(max(account.first_day, (at - LISTED_MS) // DAY_MS), at // DAY_MS + 1):
            rng = random.Random(f"feeds {account.seed} {number}")
            places = [place.id for place in account.marketplaces]
            created = number * DAY_MS + rng.randrange(DAY_MS - 40 * MINUTE) // 1000 * 1000
            ends = rng.choice(("DONE",) * 8 + ("FATAL", "CANCELLED"))
            yield Feed(f"{number}018", "JSON_LISTINGS_FEED", places, created, ends=ends)
            if account.orders_per_day and rng.random() < 0.8:
                yield Feed(
                    f"{number}019", "POST_ORDER_FULFILLMENT_DATA", places[:1], created + 30 * MINUTE
                )


@ROUTES.add(
    "getFeeds",
    "GET",
    "/feeds/2021-06-30/feeds",
    rate=0.0222,
    burst=10,
    role="Product Listing",
    parameters=(
        parameters.several("feedTypes", maximum=10),
        parameters.several("marketplaceIds", maximum=10),
        parameters.number("pageSize", 1, 100, default=10),
        parameters.several("processingStatuses", one_of=STATUSES),
        parameters.time("createdSince"),
        parameters.time("createdUntil"),
        parameters.text("nextToken"),
    ),
)
def get_feeds(call: Call) -> dict[str, Any]:
    """The feeds of the last 90 days; a page token must come alone."""
    values = call.values
    if values["nextToken"]:
        if set(call.sent) != {"nextToken"}:
            raise invalid("nextToken must not be used with other parameters.")
        place = call.simulator.pages.read(call, values["nextToken"], ignoring=tuple(values))
    else:
        place = _asked_for(call)
    found = [
        told
        for feed in call.account.part(FeedBook).feeds(call.now)
        for told in [feed.tell(call.now)]
        if feed.type in place["types"]
        and place["since"] <= feed.created <= place["until"]
        and (not place["places"] or set(place["places"]) & set(feed.marketplaces))
        and (not place["statuses"] or told["processingStatus"] in place["statuses"])
    ]
    first, size = place["from"], place["size"]
    page, following = found[first : first + size], {**place, "from": first + size, "empty": False}
    if call.simulator.empty_pages and not place["empty"]:
        page, following = [], {**place, "empty": True}
    elif first + size >= len(found):
        return {"feeds": page}
    token = call.simulator.pages.make(call, following, life=3600, ignoring=tuple(values))
    return {"feeds": page, "nextToken": token}


def _asked_for(call: Call) -> dict[str, Any]:
    """What a first page asks for, and all that follow it with a token alone."""
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
        "places": values["marketplaceIds"],
        "statuses": values["processingStatuses"],
        "since": since,
        "until": floor_ms(values["createdUntil"]) if values["createdUntil"] else call.now,
        "size": values["pageSize"],
        "from": 0,
        "empty": False,
    }
