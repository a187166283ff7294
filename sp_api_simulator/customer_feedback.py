"""Customer Feedback 2024-06-01: topics and trends of reviews and returns, and browse nodes."""

import random
from datetime import date, timedelta
from typing import Any, Optional

from .catalog.catalog_items import CatalogStore
from .core import parameters
from .core.account import Account
from .core.errors import invalid, not_found
from .core.marketplaces import MARKETPLACES, Marketplace
from .core.products import Product
from .core.responses import Response
from .core.routes import Call, Routes
from .core.times import DAY_MS, EPOCH
from .pricing.offer_store import OfferStore

ROUTES = Routes()

ROLE = "Selling Partner Insights"
COUNTRIES = ("US", "GB", "DE", "ES", "JP", "FR", "IT")
RETURN_TOPICS = ("Too small", "Défectueux", "Item not as described", "Arrived late")
TOPICS = ("Quality-Overall", "Assembly/Installation", "Strong", "Value for Money", "Fit & Size")
_MARKETPLACE = parameters.text("marketplaceId", required=True)
_SORT_BY = parameters.text("sortBy", required=True, one_of=("MENTIONS", "STAR_RATING_IMPACT"))


class FeedbackStore:
    """The reviews of an account's products, which change once a week.

    Attributes:
        unreviewed: ASINs without enough reviews: the response is 204.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.unreviewed = {product.asin for product in account.products if product.number % 5 == 4}

    def browse_node(self, asin: str, marketplace: Marketplace, at: int) -> Optional[dict[str, Any]]:
        """The body of getItemBrowseNode, or None."""
        item = self._account.store(CatalogStore).item(asin, marketplace.id, at)
        summary = item["summaries"][0] if item else {}
        node = summary.get("browseClassification")
        return node and {
            "browseNodeId": node["classificationId"],
            "displayName": node["displayName"],
        }

    def topics(
        self, asin: str, marketplace: Marketplace, sort_by: str, at: int
    ) -> Optional[dict[str, Any]]:
        """The body of getItemReviewTopics, None where there are too few reviews."""
        header = self._header(asin, marketplace, at)
        if header is None:
            return None
        rng = self._rng(asin, marketplace, at)
        positive = [self._topic(topic, asin, rng) for topic in rng.sample(TOPICS, 3)]
        negative = [self._topic(topic, asin, rng) for topic in rng.sample(TOPICS, 2)]
        if sort_by == "STAR_RATING_IMPACT":
            positive, negative = positive[:2], negative[:1]
        return {**header, "topics": {"positiveTopics": positive, "negativeTopics": negative}}

    def trends(self, asin: str, marketplace: Marketplace, at: int) -> Optional[dict[str, Any]]:
        """The body of getItemReviewTrends, None where there are too few reviews."""
        header = self._header(asin, marketplace, at)
        if header is None:
            return None
        rng = self._rng(asin, marketplace, at)
        months = _months(at)

        def trend(topic: str) -> dict[str, Any]:
            return {
                "topic": topic,
                "trendMetrics": [
                    {
                        "dateRange": _dates(first, last),
                        "asinMetrics": {"occurrencePercentage": round(rng.uniform(1, 30), 2)},
                        "browseNodeMetrics": {
                            "occurrencePercentage": {"allProducts": round(rng.uniform(1, 30), 2)}
                        },
                    }
                    for first, last in months
                ],
            }

        return {
            **header,
            "reviewTrends": {
                "positiveTopics": [trend(topic) for topic in rng.sample(TOPICS, 2)],
                "negativeTopics": [trend(topic) for topic in rng.sample(TOPICS, 1)],
            },
        }

    def node_name(self, node: str, marketplace: Marketplace, at: int) -> Optional[str]:
        """The name of a browse node that products of the account have in a marketplace."""
        for product in self._account.products:
            found = self.browse_node(product.asin, marketplace, at)
            if found and found["browseNodeId"] == node:
                return str(found["displayName"])
        return None

    def node_reviews(
        self, node: str, marketplace: Marketplace, sort_by: str, at: int
    ) -> Optional[dict[str, Any]]:
        """The body of getBrowseNodeReviewTopics, None for an unknown node."""
        header = self._node_header(node, marketplace, at)
        if header is None:
            return None
        rng = self._rng(node, marketplace, at)
        several = 3 if sort_by == "MENTIONS" else 2

        def topic(name: str) -> dict[str, Any]:
            both = {"allProducts": _share(rng), "topTwentyFivePercentProducts": _share(rng)}
            return {
                "topic": name,
                "browseNodeMetrics": {"occurrencePercentage": both, "starRatingImpact": both},
                "reviewSnippets": ["Worth it – sí"],
                "subtopics": [
                    {
                        "subtopic": f"{name}: simple",
                        "metrics": {"occurrencePercentage": _share(rng)},
                        "reviewSnippets": ["Works."],
                    }
                ],
            }

        positive = [topic(name) for name in rng.sample(TOPICS, several)]
        negative = [topic(name) for name in rng.sample(TOPICS, several - 1)]
        return {**header, "topics": {"positiveTopics": positive, "negativeTopics": negative}}

    def node_review_trends(
        self, node: str, marketplace: Marketplace, at: int
    ) -> Optional[dict[str, Any]]:
        """The body of getBrowseNodeReviewTrends, None for an unknown node."""
        header = self._node_header(node, marketplace, at)
        if header is None:
            return None
        rng = self._rng(node, marketplace, at)
        positive = [self._node_trend(name, rng, at, True) for name in rng.sample(TOPICS, 2)]
        negative = [self._node_trend(name, rng, at, True) for name in rng.sample(TOPICS, 1)]
        trends = {"positiveTopics": positive, "negativeTopics": negative}
        return {**header, "reviewTrends": trends}

    def node_returns(
        self, node: str, marketplace: Marketplace, at: int
    ) -> Optional[dict[str, Any]]:
        """The body of getBrowseNodeReturnTopics, None for an unknown node."""
        header = self._node_header(node, marketplace, at)
        if header is None:
            return None
        rng = self._rng(node, marketplace, at)
        topics = [
            {
                "topic": name,
                "browseNodeMetrics": {"occurrencePercentage": {"allProducts": _share(rng)}},
            }
            for name in rng.sample(RETURN_TOPICS, 3)
        ]
        return {**header, "topics": topics}

    def node_return_trends(
        self, node: str, marketplace: Marketplace, at: int
    ) -> Optional[dict[str, Any]]:
        """The body of getBrowseNodeReturnTrends, None for an unknown node."""
        header = self._node_header(node, marketplace, at)
        if header is None:
            return None
        rng = self._rng(node, marketplace, at)
        names = rng.sample(RETURN_TOPICS, 2)
        trends = [self._node_trend(name, rng, at, False) for name in names]
        return {**header, "returnTrends": trends}

    def _node_trend(self, name: str, rng: random.Random, at: int, top: bool) -> dict[str, Any]:
        """A topic of a browse node in the last six months."""
        points = []
        for first, last in _months(at):
            shares = {"allProducts": _share(rng)}
            if top:
                shares["topTwentyFivePercentProducts"] = _share(rng)
            metrics = {"occurrencePercentage": shares}
            points.append({"dateRange": _dates(first, last), "browseNodeMetrics": metrics})
        return {"topic": name, "trendMetrics": points}

    def _node_header(
        self, node: str, marketplace: Marketplace, at: int
    ) -> Optional[dict[str, Any]]:
        name = self.node_name(node, marketplace, at)
        if name is None:
            return None
        week = (EPOCH + timedelta(days=at // DAY_MS // 7 * 7)).date()
        return {
            "browseNodeId": node,
            "displayName": name,
            "marketplaceId": marketplace.id,
            "countryCode": marketplace.country,
            "dateRange": _dates(week - timedelta(days=182), week),
        }

    def _header(self, asin: str, marketplace: Marketplace, at: int) -> Optional[dict[str, Any]]:
        product = self._product(asin)
        if product is None or asin in self.unreviewed:
            return None
        week = (EPOCH + timedelta(days=at // DAY_MS // 7 * 7)).date()
        return {
            "asin": asin,
            "itemName": product.title_in(marketplace),
            "marketplaceId": marketplace.id,
            "countryCode": marketplace.country,
            "dateRange": _dates(week - timedelta(days=182), week),
        }

    def _product(self, asin: str) -> Optional[Product]:
        return self._account.store(OfferStore).product(asin)

    def _rng(self, asin: str, marketplace: Marketplace, at: int) -> random.Random:
        week = at // DAY_MS // 7
        return random.Random(f"feedback {self._account.seed} {asin} {marketplace.id} {week}")

    def _topic(self, topic: str, asin: str, rng: random.Random) -> dict[str, Any]:
        mentions = rng.randrange(3, 90)
        return {
            "topic": topic,
            "asinMetrics": {
                "numberOfMentions": mentions,
                "occurrencePercentage": round(rng.uniform(1, 40), 2),
                "starRatingImpact": round(rng.uniform(-3, 3), 1),
            },
            "parentAsinMetrics": {
                "numberOfMentions": mentions * 2,
                "occurrencePercentage": round(rng.uniform(1, 40), 2),
            },
            "browseNodeMetrics": {
                "occurrencePercentage": {"allProducts": round(rng.uniform(1, 40), 2)},
                "starRatingImpact": {"allProducts": round(rng.uniform(-3, 3), 1)},
            },
            "childAsinMetrics": {
                "mostMentions": {"asin": asin, "numberOfMentions": mentions},
                "leastMentions": {"asin": asin[:9] + "X", "numberOfMentions": 1},
            },
            "reviewSnippets": ["Easy to “assemble”!", "Très bien"],
            "subtopics": [
                {
                    "subtopic": f"{topic}: simple",
                    "metrics": {
                        "numberOfMentions": mentions // 3,
                        "occurrencePercentage": round(rng.uniform(1, 10), 2),
                    },
                    "reviewSnippets": ["Easy to put together!!."],
                }
            ],
        }


@ROUTES.add(
    "getItemBrowseNode",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/browseNode",
    role=ROLE,
    parameters=(_MARKETPLACE,),
)
def get_item_browse_node(call: Call) -> Any:
    """The browse node of an ASIN."""
    asin, marketplace, store = _subject(call)
    return _response(store.browse_node(asin, marketplace, call.now))


@ROUTES.add(
    "getItemReviewTopics",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/reviews/topics",
    role=ROLE,
    parameters=(_MARKETPLACE, _SORT_BY),
)
def get_item_review_topics(call: Call) -> Any:
    """The review topics of an ASIN."""
    asin, marketplace, store = _subject(call)
    return _response(store.topics(asin, marketplace, call.values["sortBy"], call.now))


@ROUTES.add(
    "getItemReviewTrends",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/reviews/trends",
    role=ROLE,
    parameters=(_MARKETPLACE,),
)
def get_item_review_trends(call: Call) -> Any:
    """The review trends of an ASIN."""
    asin, marketplace, store = _subject(call)
    return _response(store.trends(asin, marketplace, call.now))


def _subject(call: Call) -> tuple[str, Marketplace, FeedbackStore]:
    """ASIN, marketplace and store.

    Raises:
        ApiError: 400 for a marketplace without feedback, or the rejection of the offer store.
    """
    marketplace = _marketplace(call)
    call.account.store(OfferStore).check_rejection(call.path["asin"])
    return call.path["asin"], marketplace, call.account.store(FeedbackStore)


_NODE = "/customerFeedback/2024-06-01/browseNodes/{browseNodeId}"


@ROUTES.add(
    "getBrowseNodeReviewTopics",
    "GET",
    f"{_NODE}/reviews/topics",
    role=ROLE,
    parameters=(_MARKETPLACE, _SORT_BY),
)
def get_browse_node_review_topics(call: Call) -> Any:
    """The review topics of a browse node."""
    node, marketplace, store = _node_subject(call)
    return _known(store.node_reviews(node, marketplace, call.values["sortBy"], call.now))


@ROUTES.add(
    "getBrowseNodeReviewTrends",
    "GET",
    f"{_NODE}/reviews/trends",
    role=ROLE,
    parameters=(_MARKETPLACE,),
)
def get_browse_node_review_trends(call: Call) -> Any:
    """The review trends of a browse node."""
    node, marketplace, store = _node_subject(call)
    return _known(store.node_review_trends(node, marketplace, call.now))


@ROUTES.add(
    "getBrowseNodeReturnTopics",
    "GET",
    f"{_NODE}/returns/topics",
    role=ROLE,
    parameters=(_MARKETPLACE,),
)
def get_browse_node_return_topics(call: Call) -> Any:
    """The return topics of a browse node."""
    node, marketplace, store = _node_subject(call)
    return _known(store.node_returns(node, marketplace, call.now))


@ROUTES.add(
    "getBrowseNodeReturnTrends",
    "GET",
    f"{_NODE}/returns/trends",
    role=ROLE,
    parameters=(_MARKETPLACE,),
)
def get_browse_node_return_trends(call: Call) -> Any:
    """The return trends of a browse node."""
    node, marketplace, store = _node_subject(call)
    return _known(store.node_return_trends(node, marketplace, call.now))


def _node_subject(call: Call) -> tuple[str, Marketplace, FeedbackStore]:
    """Browse node, marketplace and store.

    Raises:
        ApiError: 400 for a marketplace without feedback.
    """
    return call.path["browseNodeId"], _marketplace(call), call.account.store(FeedbackStore)


def _marketplace(call: Call) -> Marketplace:
    marketplace = MARKETPLACES.get(call.values["marketplaceId"])
    if marketplace is None or marketplace.country not in COUNTRIES:
        raise invalid("Invalid input.")
    call.check_marketplaces("marketplaceId")
    return marketplace


def _known(body: Optional[dict[str, Any]]) -> dict[str, Any]:
    if body is None:
        raise not_found()
    return body


def _months(at: int) -> list[tuple[date, date]]:
    """First and last day of each of the last six months, the latest first."""
    end = (EPOCH + timedelta(milliseconds=at)).date().replace(day=1)
    months = []
    for _ in range(6):
        last = end - timedelta(days=1)
        end = last.replace(day=1)
        months.append((end, last))
    return months


def _share(rng: random.Random) -> float:
    return round(rng.uniform(1, 30), 2)


def _response(body: Optional[dict[str, Any]]) -> Any:
    return body if body is not None else Response(204, content=b"")


def _dates(first: date, last: date) -> dict[str, str]:
    return {"startDate": f"{first}T00:00:00.000Z", "endDate": f"{last}T23:59:59.999Z"}
