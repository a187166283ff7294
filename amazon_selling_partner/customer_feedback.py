"""Customer Feedback API 2024-06-01: what reviews say of products, and their browse nodes.

Cost: four calls an ASIN of a marketplace, at 1 a second each (Amazon prints no rate). Amazon makes
the answers anew once a week, in English and for seven marketplaces only.
"""

from typing import Any, Callable, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from .asking import ENOUGH, Said, asked_about, inside, objects, one_by_one
from .client import Operation, Probe, SellingPartnerClient
from .client.errors import BadRequest, MissingRole
from .products import Batch
from .sellers import account_marketplaces
from .settings import MARKETPLACES
from .sync import isolated, note
from .tables import columns

GET_ITEM_BROWSE_NODE = Operation(
    "getItemBrowseNode",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/browseNode",
    rate=1,
    burst=1,
    role="Selling Partner Insights",
)

GET_ITEM_REVIEW_TOPICS = Operation(
    "getItemReviewTopics",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/reviews/topics",
    rate=1,
    burst=1,
    role="Selling Partner Insights",
)

GET_ITEM_REVIEW_TRENDS = Operation(
    "getItemReviewTrends",
    "GET",
    "/customerFeedback/2024-06-01/items/{asin}/reviews/trends",
    rate=1,
    burst=1,
    role="Selling Partner Insights",
)

COUNTRIES = ("US", "GB", "FR", "IT", "DE", "ES", "JP")
"""Countries whose marketplaces have customer feedback."""

SORTED_BY = ("MENTIONS", "STAR_RATING_IMPACT")
"""Which topics come first, and so which there are: Amazon tells ten of each sentiment."""

AT_ONCE = 10
"""ASINs whose rows are yielded together."""

KEY = columns(text="selling_partner marketplace_id asin")
TOPIC_KEY = {**KEY, **columns(text="sort_by")}
ABOUT = columns(
    text="item_name country_code",
    timestamp="retrieved_at date_range__start_date date_range__end_date",
)


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={**KEY, **columns(text="browse_node_id display_name", timestamp="retrieved_at")},
)
@isolated
def item_browse_node(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """The browse node of each ASIN, with its name.

    Source: getItemBrowseNode.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.

    Yields:
        TDataItems: The rows of some ASINs.
    """
    ask = _asking(client, GET_ITEM_BROWSE_NODE, lambda answer: [answer])
    ids = _with_feedback(client, marketplace_ids)
    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    yield from asked_about(client, "item_browse_node", batches, ask)


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin", "sort_by"),
    write_disposition="merge",
    parallelized=True,
    columns={**TOPIC_KEY, **ABOUT},
    nested_hints={
        "topics": make_nested_hints(
            columns={
                **TOPIC_KEY,
                **columns(
                    text="""sentiment topic child_asin_metrics__most_mentions__asin
                        child_asin_metrics__least_mentions__asin""",
                    bigint="""asin_metrics__number_of_mentions
                        parent_asin_metrics__number_of_mentions
                        child_asin_metrics__most_mentions__number_of_mentions
                        child_asin_metrics__least_mentions__number_of_mentions""",
                    decimal="""asin_metrics__occurrence_percentage asin_metrics__star_rating_impact
                        parent_asin_metrics__occurrence_percentage
                        parent_asin_metrics__star_rating_impact
                        browse_node_metrics__occurrence_percentage__all_products
                        browse_node_metrics__star_rating_impact__all_products""",
                    json="review_snippets",
                ),
            }
        ),
        ("topics", "subtopics"): make_nested_hints(
            columns={
                **TOPIC_KEY,
                **columns(
                    text="subtopic",
                    bigint="metrics__number_of_mentions",
                    decimal="metrics__occurrence_percentage",
                    json="review_snippets",
                ),
            }
        ),
    },
)
@isolated
def item_review_topic(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """What the reviews of each ASIN praise and blame: ten topics each, twice.

    Source: getItemReviewTopics, by mentions and by impact on the stars. `sentiment` is `positive`
    or `negative`.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.

    Yields:
        TDataItems: The rows of some ASINs.
    """

    def rows(answer: Dict[str, Any]) -> List[Dict[str, Any]]:
        return [_both_sentiments(answer, "topics", "topics")]

    ids = _with_feedback(client, marketplace_ids)
    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    ask = _asking(client, GET_ITEM_REVIEW_TOPICS, rows)
    variants = [{"sort_by": sort_by} for sort_by in SORTED_BY]
    yield from asked_about(client, "item_review_topic", batches, ask, variants=variants)


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={**KEY, **ABOUT},
    nested_hints={
        "trends": make_nested_hints(columns={**KEY, **columns(text="sentiment topic")}),
        ("trends", "trend_metrics"): make_nested_hints(
            columns={
                **KEY,
                **columns(
                    timestamp="date_range__start_date date_range__end_date",
                    decimal="""asin_metrics__occurrence_percentage
                        parent_asin_metrics__occurrence_percentage
                        browse_node_metrics__occurrence_percentage__all_products""",
                ),
            }
        ),
    },
)
@isolated
def item_review_trend(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """How often the reviews of each ASIN mentioned its topics in the last six months.

    Source: getItemReviewTrends. `sentiment` is `positive` or `negative`.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.

    Yields:
        TDataItems: The rows of some ASINs.
    """

    def rows(answer: Dict[str, Any]) -> List[Dict[str, Any]]:
        return [_both_sentiments(answer, "reviewTrends", "trends")]

    ids = _with_feedback(client, marketplace_ids)
    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    ask = _asking(client, GET_ITEM_REVIEW_TRENDS, rows)
    yield from asked_about(client, "item_review_trend", batches, ask)


def _with_feedback(client: SellingPartnerClient, marketplace_ids: Sequence[str]) -> List[str]:
    """The marketplaces of the account that have customer feedback."""
    ids = account_marketplaces(client, marketplace_ids)
    having = [id for id in ids if MARKETPLACES[id].country in COUNTRIES]
    if not having:
        note(
            f"Amazon has customer feedback in {', '.join(COUNTRIES)} only, where the account does"
            " not sell"
        )
    return having


def _asking(
    client: SellingPartnerClient,
    operation: Operation,
    rows: Callable[[Dict[str, Any]], List[Dict[str, Any]]],
) -> Callable[[Batch, Dict[str, str]], List[Said]]:
    """What asks about the ASINs of a batch, one by one."""
    answered: List[str] = []
    refused: List[str] = []

    def ask(batch: Batch, variant: Dict[str, str]) -> List[Said]:
        def call(asin: str) -> Any:
            params = {"marketplaceId": batch.marketplace_id, "sortBy": variant.get("sort_by")}
            try:
                answer = client.call(operation, {"asin": asin}, params, remember=False)
            except MissingRole as error:
                # the products of another's brand are refused so too, so one says little
                refused.append(asin)
                if not answered and len(refused) >= ENOUGH:
                    raise
                raise BadRequest(
                    str(error), error.operation, error.status, error.code, error.message
                ) from None
            answered.append(asin)
            return answer

        def readable(answer: Any) -> List[Dict[str, Any]]:
            """None where there are too few reviews: then Amazon answers 204."""
            names = ("asin", "marketplaceId")
            kept = {name: value for name, value in inside(answer).items() if name not in names}
            return rows(kept) if kept else []

        return one_by_one(batch.ids, call, readable)

    return ask


def _both_sentiments(answer: Dict[str, Any], field: str, name: str) -> Dict[str, Any]:
    """An answer with its positive and negative topics in one list."""
    topics = [
        {"sentiment": sentiment, **topic}
        for sentiment in ("positive", "negative")
        for topic in objects(inside(answer, field).get(f"{sentiment}Topics"))
    ]
    return {**{key: value for key, value in answer.items() if key != field}, name: topics}


def customer_feedback_resources(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[DltResource]:
    """The tables of the CUSTOMER_FEEDBACK module.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.

    Yields:
        DltResource: Resources, each named as its table.
    """
    yield item_browse_node(client, marketplace_ids, max_age, asins)
    yield item_review_topic(client, marketplace_ids, max_age, asins)
    yield item_review_trend(client, marketplace_ids, max_age, asins)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read customer feedback, where it sells with any."""
    for place in [id for id in marketplace_ids if MARKETPLACES[id].country in COUNTRIES][:1]:
        asked = ({"asin": "B000000000"}, {"marketplaceId": place})
        yield Probe("item_browse_node", GET_ITEM_BROWSE_NODE, *asked)
        topics = {**asked[1], "sortBy": SORTED_BY[0]}
        yield Probe("item_review_topic", GET_ITEM_REVIEW_TOPICS, asked[0], topics)
        yield Probe("item_review_trend", GET_ITEM_REVIEW_TRENDS, *asked)
