"""Customer Feedback 2024-06-01: what reviews say of a product, and the browse node it is in."""

import random
from datetime import date, timedelta
from typing import Any, Optional

from . import parameters
from .account import Account
from .catalog import CatalogBook
from .catalogue import Product
from .errors import ApiError, invalid
from .marketplaces import MARKETPLACES, Marketplace
from .offer_book import OfferBook
from .routes import Answer, Call, Routes
from .times import DAY_MS, EPOCH

ROUTES = Routes()

ROLE = "Selling Partner Insights"
COUNTRIES = ("US", "GB", "DE", "ES", "JP", "FR", "IT")
TOPICS = ("Quality-Overall", "Assembly/Installation", "Strong", "Value for Money", "Fit & Size")
_PLACE = parameters.text("marketplaceId", required=True)


class FeedbackBook:
    """What reviews say of an account's products; it changes once a week.

    Args:
        account (Account): Whose products.

    Attributes:
        unreviewed (set[str]): ASINs without enough reviews: the answer is 204.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.unreviewed = {product.asin for product in account.catalogue if product.number % 5 == 4}

    def browse_node(self, asin: str, place: Marketplace, at: int) -> Optional[dict[str, Any]]:
        """The truth of getItemBrowseNode, None where it has none."""
        item = self._account.part(CatalogBook).item(asin, place.id, at)
        summary = item["summaries"][0] if item else {}
        node = summary.get("browseClassification")
        return node and {
            "browseNodeId": node["classificationId"],
            "displayName": node["displayName"],
        }

    def topics(
        self, asin: str, place: Marketplace, sort_by: str, at: int
    ) -> Optional[dict[str, Any]]:
        """The truth of getItemReviewTopics, None where there are too few reviews."""
        about = self._about(asin, place, at)
        if about is None:
            return None
        rng = self._dice(asin, place, at)
        positive = [self._topic(topic, asin, rng) for topic in rng.sample(TOPICS, 3)]
        negative = [self._topic(topic, asin, rng) for topic in rng.sample(TOPICS, 2)]
        if sort_by == "STAR_RATING_IMPACT":
            positive, negative = positive[:2], negative[:1]
        return {**about, "topics": {"positiveTopics": positive, "negativeTopics": negative}}

    def trends(self, asin: str, place: Marketplace, at: int) -> Optional[dict[str, Any]]:
        """The truth of getItemReviewTrends, None where there are too few reviews."""
        about = self._about(asin, place, at)
        if about is None:
            return None
        rng = self._dice(asin, place, at)
        end = (EPOCH + timedelta(milliseconds=at)).date().replace(day=1)
        months = []
        for _ in range(6):
            last = end - timedelta(days=1)
            end = last.replace(day=1)
            months.append((end, last))

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
            **about,
            "reviewTrends": {
                "positiveTopics": [trend(topic) for topic in rng.sample(TOPICS, 2)],
                "negativeTopics": [trend(topic) for topic in rng.sample(TOPICS, 1)],
            },
        }

    def _about(self, asin: str, place: Marketplace, at: int) -> Optional[dict[str, Any]]:
        product = self._product(asin)
        if product is None or asin in self.unreviewed:
            return None
        week = (EPOCH + timedelta(days=at // DAY_MS // 7 * 7)).date()
        return {
            "asin": asin,
            "itemName": product.title_in(place),
            "marketplaceId": place.id,
            "countryCode": place.country,
            "dateRange": _dates(week - timedelta(days=182), week),
        }

    def _product(self, asin: str) -> Optional[Product]:
        return self._account.part(OfferBook).product(asin)

    def _dice(self, asin: str, place: Marketplace, at: int) -> random.Random:
        week = at // DAY_MS // 7
        return random.Random(f"feedback {self._account.seed} {asin} {place.id} {week}")

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
    parameters=(_PLACE,),
)
def get_item_browse_node(call: Call) -> Any:
    """The browse node of an ASIN."""
    asin, place, book = _asked_for(call)
    return _told(book.browse_node(asin, place, call.now))


@ROUTES.add(
    "getItemReviewTopics",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/reviews/topics",
    role=ROLE,
    parameters=(
        _PLACE,
        parameters.text("sortBy", required=True, one_of=("MENTIONS", "STAR_RATING_IMPACT")),
    ),
)
def get_item_review_topics(call: Call) -> Any:
    """The review topics of an ASIN."""
    asin, place, book = _asked_for(call)
    return _told(book.topics(asin, place, call.values["sortBy"], call.now))


@ROUTES.add(
    "getItemReviewTrends",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/reviews/trends",
    role=ROLE,
    parameters=(_PLACE,),
)
def get_item_review_trends(call: Call) -> Any:
    """The review trends of an ASIN."""
    asin, place, book = _asked_for(call)
    return _told(book.trends(asin, place, call.now))


def _asked_for(call: Call) -> tuple[str, Marketplace, FeedbackBook]:
    """ASIN, marketplace and book.

    Raises:
        ApiError: 400 for a marketplace without feedback, or what the book of offers says.
    """
    place = MARKETPLACES.get(call.values["marketplaceId"])
    if place is None or place.country not in COUNTRIES:
        raise invalid("Invalid input.")
    call.check_marketplaces("marketplaceId")
    if refusal := call.account.part(OfferBook).refusals.get(call.path["asin"]):
        raise ApiError(refusal.status, refusal.code, refusal.message)
    return call.path["asin"], place, call.account.part(FeedbackBook)


def _told(answer: Optional[dict[str, Any]]) -> Any:
    return answer if answer is not None else Answer(204, content=b"")


def _dates(first: date, last: date) -> dict[str, str]:
    return {"startDate": f"{first}T00:00:00.000Z", "endDate": f"{last}T23:59:59.999Z"}
