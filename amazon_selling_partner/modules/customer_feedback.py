"""Customer Feedback API 2024-06-01: what reviews say of products, and returns of their kind.

Cost: four calls per ASIN of a marketplace, and five per browse node that its ASINs have, at 1 per
second each (Amazon prints no rate). Amazon makes the answers again once per week, in English and
for seven marketplaces only.
"""

import math
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, Probe
from ..client.errors import BadRequest, MissingRole
from ..client.metrics import add_note
from ..common.column_hints import columns
from ..common.json_access import get_object, get_objects
from ..loading import isolate_failures
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.marketplaces import account_marketplaces
from ..lookups.batch_lookup import MAX_LONE_REFUSALS, ProductResponse, lookup_each, lookup_products
from ..lookups.product_registry import BROWSE_NODES, Batch, products_of
from ..settings import MARKETPLACES
from .module import Module


def _operation(name: str, path: str) -> Operation:
    path = f"/customerFeedback/2024-06-01/{path}"
    return Operation(name, "GET", path, rate=1, burst=1, role="Selling Partner Insights")


ITEM, NODE = "items/{asin}", "browseNodes/{browseNodeId}"
GET_ITEM_BROWSE_NODE = _operation("getItemBrowseNode", f"{ITEM}/browseNode")
GET_ITEM_REVIEW_TOPICS = _operation("getItemReviewTopics", f"{ITEM}/reviews/topics")
GET_ITEM_REVIEW_TRENDS = _operation("getItemReviewTrends", f"{ITEM}/reviews/trends")
GET_NODE_REVIEW_TOPICS = _operation("getBrowseNodeReviewTopics", f"{NODE}/reviews/topics")
GET_NODE_REVIEW_TRENDS = _operation("getBrowseNodeReviewTrends", f"{NODE}/reviews/trends")
GET_NODE_RETURN_TOPICS = _operation("getBrowseNodeReturnTopics", f"{NODE}/returns/topics")
GET_NODE_RETURN_TRENDS = _operation("getBrowseNodeReturnTrends", f"{NODE}/returns/trends")

COUNTRIES = ("US", "GB", "FR", "IT", "DE", "ES", "JP")
"""Countries whose marketplaces have customer feedback."""

SORT_ORDERS = ("MENTIONS", "STAR_RATING_IMPACT")
"""Which topics come first, and so which there are: Amazon shows ten of each sentiment."""

BATCH_SIZE = 10
"""ASINs whose rows are yielded together."""

KEY = columns(text="selling_partner marketplace_id asin")
TOPIC_KEY = {**KEY, **columns(text="sort_by")}
NODE_KEY = columns(text="selling_partner marketplace_id browse_node_id")
NODE_TOPIC_KEY = {**NODE_KEY, **columns(text="sort_by")}
ABOUT_NODE = columns(
    text="display_name country_code",
    timestamp="retrieved_at date_range__start_date date_range__end_date",
)
ALL_PRODUCTS = columns(decimal="occurrence_percentage__all_products")
TOP_PRODUCTS = columns(decimal="occurrence_percentage__top_twenty_five_percent_products")
POINT = columns(timestamp="date_range__start_date date_range__end_date")
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
@isolate_failures
def item_browse_node(
    context: RunContext, max_age: float, asins: Sequence[str]
) -> Iterator[TDataItems]:
    """The browse node of each ASIN, with its name.

    Source: getItemBrowseNode.

    Args:
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.

    Yields:
        The rows of some ASINs.
    """
    look_up = _lookup(context, GET_ITEM_BROWSE_NODE, lambda answer: [answer])
    registry = products_of(context)

    def look_up_and_register(batch: Batch, variant: Dict[str, str]) -> List[ProductResponse]:
        responses = look_up(batch, variant)
        for row in (row for response in responses for row in response.rows):
            registry.register_browse_node(batch.marketplace_id, str(row.get("browseNodeId") or ""))
        return responses

    with registry.producing("item_browse_node"):
        batches = _due_batches(context, "asins", max_age, asins)
        yield from lookup_products(context, "item_browse_node", batches, look_up_and_register)


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
@isolate_failures
def item_review_topic(
    context: RunContext, max_age: float, asins: Sequence[str]
) -> Iterator[TDataItems]:
    """What the reviews of each ASIN praise and blame: ten topics each, twice.

    Source: getItemReviewTopics, by mentions and by impact on the stars. `sentiment` is `positive`
    or `negative`.

    Args:
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.

    Yields:
        The rows of some ASINs.
    """

    def rows(answer: Dict[str, Any]) -> List[Dict[str, Any]]:
        return [_both_sentiments(answer, "topics", "topics")]

    batches = _due_batches(context, "asins", max_age, asins)
    look_up = _lookup(context, GET_ITEM_REVIEW_TOPICS, rows)
    variants = [{"sort_by": sort_by} for sort_by in SORT_ORDERS]
    yield from lookup_products(context, "item_review_topic", batches, look_up, variants=variants)


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
@isolate_failures
def item_review_trend(
    context: RunContext, max_age: float, asins: Sequence[str]
) -> Iterator[TDataItems]:
    """How often the reviews of each ASIN mentioned its topics in the last six months.

    Source: getItemReviewTrends. `sentiment` is `positive` or `negative`.

    Args:
        max_age: Seconds after which an ASIN is looked up again.
        asins: ASINs besides those the account's tables name.

    Yields:
        The rows of some ASINs.
    """

    def rows(answer: Dict[str, Any]) -> List[Dict[str, Any]]:
        return [_both_sentiments(answer, "reviewTrends", "trends")]

    batches = _due_batches(context, "asins", max_age, asins)
    look_up = _lookup(context, GET_ITEM_REVIEW_TRENDS, rows)
    yield from lookup_products(context, "item_review_trend", batches, look_up)


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "browse_node_id", "sort_by"),
    write_disposition="merge",
    parallelized=True,
    columns={**NODE_TOPIC_KEY, **ABOUT_NODE},
    nested_hints={
        "topics": make_nested_hints(
            columns={
                **NODE_TOPIC_KEY,
                **ALL_PRODUCTS,
                **TOP_PRODUCTS,
                **columns(
                    text="sentiment topic",
                    decimal="""star_rating_impact__all_products
                        star_rating_impact__top_twenty_five_percent_products""",
                    json="review_snippets",
                ),
            }
        ),
        ("topics", "subtopics"): make_nested_hints(
            columns={
                **NODE_TOPIC_KEY,
                **columns(
                    text="subtopic",
                    decimal="metrics__occurrence_percentage",
                    json="review_snippets",
                ),
            }
        ),
    },
)
@isolate_failures
def browse_node_review_topic(context: RunContext, max_age: float) -> Iterator[TDataItems]:
    """What reviews in each browse node praise and blame: ten topics each, twice.

    Source: getBrowseNodeReviewTopics, by mentions and by impact on the stars.

    Args:
        max_age: Seconds after which a browse node is looked up again.
    """
    variants = [{"sort_by": sort_by} for sort_by in SORT_ORDERS]
    yield from _lookup_nodes(
        context,
        "browse_node_review_topic",
        GET_NODE_REVIEW_TOPICS,
        lambda answer: _both_sentiments(answer, "topics", "topics"),
        max_age,
        variants,
    )


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "browse_node_id"),
    write_disposition="merge",
    parallelized=True,
    columns={**NODE_KEY, **ABOUT_NODE},
    nested_hints={
        "trends": make_nested_hints(columns={**NODE_KEY, **columns(text="sentiment topic")}),
        ("trends", "trend_metrics"): make_nested_hints(
            columns={**NODE_KEY, **POINT, **ALL_PRODUCTS, **TOP_PRODUCTS}
        ),
    },
)
@isolate_failures
def browse_node_review_trend(context: RunContext, max_age: float) -> Iterator[TDataItems]:
    """How often reviews in each browse node mentioned its topics in the last six months.

    Source: getBrowseNodeReviewTrends.

    Args:
        max_age: Seconds after which a browse node is looked up again.
    """
    yield from _lookup_nodes(
        context,
        "browse_node_review_trend",
        GET_NODE_REVIEW_TRENDS,
        lambda answer: _both_sentiments(answer, "reviewTrends", "trends"),
        max_age,
    )


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "browse_node_id"),
    write_disposition="merge",
    parallelized=True,
    columns={**NODE_KEY, **ABOUT_NODE},
    nested_hints={
        "topics": make_nested_hints(columns={**NODE_KEY, **ALL_PRODUCTS, **columns(text="topic")})
    },
)
@isolate_failures
def browse_node_return_topic(context: RunContext, max_age: float) -> Iterator[TDataItems]:
    """Why products of each browse node are returned: up to ten topics.

    Source: getBrowseNodeReturnTopics.

    Args:
        max_age: Seconds after which a browse node is looked up again.
    """
    yield from _lookup_nodes(
        context,
        "browse_node_return_topic",
        GET_NODE_RETURN_TOPICS,
        lambda answer: answer,
        max_age,
    )


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "browse_node_id"),
    write_disposition="merge",
    parallelized=True,
    columns={**NODE_KEY, **ABOUT_NODE},
    nested_hints={
        "trends": make_nested_hints(columns={**NODE_KEY, **columns(text="topic")}),
        ("trends", "trend_metrics"): make_nested_hints(
            columns={**NODE_KEY, **POINT, **ALL_PRODUCTS}
        ),
    },
)
@isolate_failures
def browse_node_return_trend(context: RunContext, max_age: float) -> Iterator[TDataItems]:
    """How often returns in each browse node had each topic in the last six months.

    Source: getBrowseNodeReturnTrends.

    Args:
        max_age: Seconds after which a browse node is looked up again.
    """

    def rename(answer: Dict[str, Any]) -> Dict[str, Any]:
        trends = answer.pop("returnTrends", None)
        return {**answer, "trends": trends}

    yield from _lookup_nodes(
        context, "browse_node_return_trend", GET_NODE_RETURN_TRENDS, rename, max_age
    )


def _lookup_nodes(
    context: RunContext,
    table: str,
    operation: Operation,
    to_row: Callable[[Dict[str, Any]], Dict[str, Any]],
    max_age: float,
    variants: Sequence[Dict[str, str]] = ({},),
) -> Iterator[TDataItems]:
    """The rows of a table of browse nodes, each of which is looked up once for all its products."""

    def rows(answer: Dict[str, Any]) -> List[Dict[str, Any]]:
        row = to_row(answer)
        for topic in (*get_objects(row, "topics"), *get_objects(row, "trends")):
            # with the name of the object that holds them the columns would pass 63 characters
            for place in (topic, *get_objects(topic, "trendMetrics")):
                place.update(get_object(place.pop("browseNodeMetrics", None)))
        return [row]

    batches = _due_batches(context, BROWSE_NODES, max_age)
    look_up = _lookup(context, operation, rows, "browseNodeId")
    yield from lookup_products(
        context, table, batches, look_up, key="browse_node_id", variants=variants
    )


def _due_batches(
    context: RunContext, kind: str, max_age: float, asins: Sequence[str] = ()
) -> Iterator[Optional[Batch]]:
    """The ASINs or browse nodes to look up, in the marketplaces that have customer feedback."""
    ids = [id for id in account_marketplaces(context) if has_feedback(id)]
    if not ids:
        add_note(
            f"Amazon has customer feedback in {', '.join(COUNTRIES)} only, where the account does"
            " not sell"
        )
    return products_of(context).due_batches(kind, ids, BATCH_SIZE, max_age, context.now(), asins)


def has_feedback(marketplace_id: str) -> bool:
    """True for a marketplace in which Amazon has customer feedback."""
    return MARKETPLACES[marketplace_id].country in COUNTRIES


def _lookup(
    context: RunContext,
    operation: Operation,
    rows: Callable[[Dict[str, Any]], List[Dict[str, Any]]],
    name: str = "asin",
) -> Callable[[Batch, Dict[str, str]], List[ProductResponse]]:
    """What looks up the ASINs, or the browse nodes, of a batch, one by one."""
    accepted: List[str] = []
    refused: List[str] = []

    def look_up(batch: Batch, variant: Dict[str, str]) -> List[ProductResponse]:
        def call(id: str) -> Any:
            params = {"marketplaceId": batch.marketplace_id, "sortBy": variant.get("sort_by")}
            try:
                answer = context.call(
                    operation,
                    path={name: id},
                    params=params,
                    cache_refusal=False,
                    confirm_rejection=False,
                )
            except MissingRole as error:
                # the products of another's brand are refused so too, so one says little
                refused.append(id)
                if not accepted and len(refused) >= MAX_LONE_REFUSALS:
                    raise
                raise BadRequest(
                    str(error), error.operation, error.status, error.code, error.message
                ) from None
            accepted.append(id)
            return answer

        def to_rows(answer: Any) -> List[Dict[str, Any]]:
            """None where there are too few reviews: then Amazon answers 204."""
            keys = (name, "marketplaceId")
            kept = {key: value for key, value in get_object(answer).items() if key not in keys}
            return rows(kept) if kept else []

        return lookup_each(batch.ids, call, to_rows)

    return look_up


def _both_sentiments(answer: Dict[str, Any], field: str, name: str) -> Dict[str, Any]:
    """An answer with its positive and negative topics in one list."""
    topics = [
        {"sentiment": sentiment, **topic}
        for sentiment in ("positive", "negative")
        for topic in get_objects(get_object(answer, field).get(f"{sentiment}Topics"))
    ]
    return {**{key: value for key, value in answer.items() if key != field}, name: topics}


def resources(context: RunContext) -> Iterator[DltResource]:
    """Browse nodes, topics and trends of reviews and returns."""
    settings = context.settings
    for resource in (item_browse_node, item_review_topic, item_review_trend):
        yield resource(context, settings.catalog_max_age, settings.asins)
    for node_resource in (
        browse_node_review_topic,
        browse_node_review_trend,
        browse_node_return_topic,
        browse_node_return_trend,
    ):
        yield node_resource(context, settings.catalog_max_age)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read customer feedback, where it sells with any."""
    for place in [id for id in marketplace_ids if has_feedback(id)][:1]:
        example = ({"asin": "B000000000"}, {"marketplaceId": place})
        yield Probe("item_browse_node", GET_ITEM_BROWSE_NODE, *example)
        topics = {**example[1], "sortBy": SORT_ORDERS[0]}
        yield Probe("item_review_topic", GET_ITEM_REVIEW_TOPICS, example[0], topics)
        yield Probe("item_review_trend", GET_ITEM_REVIEW_TRENDS, *example)
        node = {"browseNodeId": "0"}
        yield Probe("browse_node_review_topic", GET_NODE_REVIEW_TOPICS, node, topics)
        for table, operation in (
            ("browse_node_review_trend", GET_NODE_REVIEW_TRENDS),
            ("browse_node_return_topic", GET_NODE_RETURN_TOPICS),
            ("browse_node_return_trend", GET_NODE_RETURN_TRENDS),
        ):
            yield Probe(table, operation, node, example[1])


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    for operation in (GET_ITEM_BROWSE_NODE, GET_ITEM_REVIEW_TOPICS, GET_ITEM_REVIEW_TRENDS):
        yield OperationEstimate(
            operation, size.products, math.ceil(size.products / 7), "one per ASIN, each once a week"
        )
    nodes = math.ceil(size.products / 10)
    for operation in (
        GET_NODE_REVIEW_TOPICS,
        GET_NODE_REVIEW_TRENDS,
        GET_NODE_RETURN_TOPICS,
        GET_NODE_RETURN_TRENDS,
    ):
        yield OperationEstimate(
            operation, nodes, math.ceil(nodes / 7), "a browse node per ten ASINs, each once a week"
        )


MODULE = Module(
    "CUSTOMER_FEEDBACK",
    tables=(
        "item_browse_node",
        "item_review_topic",
        "item_review_trend",
        "browse_node_review_topic",
        "browse_node_review_trend",
        "browse_node_return_topic",
        "browse_node_return_trend",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
