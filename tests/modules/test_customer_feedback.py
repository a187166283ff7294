"""Customer feedback: Amazon's fullest answers, the simulator's truth, products without reviews."""

from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.customer_feedback import (
    COUNTRIES,
    GET_ITEM_BROWSE_NODE,
    GET_ITEM_REVIEW_TOPICS,
    GET_ITEM_REVIEW_TRENDS,
    GET_NODE_RETURN_TOPICS,
    GET_NODE_RETURN_TRENDS,
    GET_NODE_REVIEW_TOPICS,
    GET_NODE_REVIEW_TRENDS,
    SORT_ORDERS,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.marketplaces import MARKETPLACES
from sp_api_simulator.customer_feedback import FeedbackStore
from sp_api_simulator.pricing.offer_store import OfferStore, Rejection
from tests.amazon_models import fullest_answer
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
TABLES = ("item_browse_node", "item_review_topic", "item_review_trend")
NODE_OPERATIONS = (
    GET_NODE_REVIEW_TOPICS,
    GET_NODE_REVIEW_TRENDS,
    GET_NODE_RETURN_TOPICS,
    GET_NODE_RETURN_TRENDS,
)
NODE_TABLES = (
    "browse_node_review_topic",
    "browse_node_review_trend",
    "browse_node_return_topic",
    "browse_node_return_trend",
)
OPERATIONS = ("getItemBrowseNode", "getItemReviewTopics", "getItemReviewTrends")
WEEK = 7 * 24 * 3600


@pytest.fixture
def sim() -> Iterator[Simulator]:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=0, days=1, products=12) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    asins = [product.asin for product in sim.account.products]
    source = source_of(sim, **{"modules": ["CUSTOMER_FEEDBACK"], "asins": asins, **settings})
    return source.with_resources(*TABLES, *NODE_TABLES)


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    book, at, place = sim.account.store(FeedbackStore), sim.account.now(), MARKETPLACES[US]
    truth: Dict[str, List[Dict[str, Any]]] = {}
    for product in sim.account.products:
        key = {
            "selling_partner": "amazon_selling_partner",
            "marketplace_id": US,
            "asin": product.asin,
        }
        node = book.browse_node(product.asin, place, at)
        assert node
        truth.setdefault("item_browse_node", []).append(
            {**key, "browse_node_id": node["browseNodeId"], "display_name": node["displayName"]}
        )
        for sort_by in SORT_ORDERS:
            if shown := book.topics(product.asin, place, sort_by, at):
                by = {**key, "sort_by": sort_by}
                truth.setdefault("item_review_topic", []).append(
                    {**by, "date_range__start_date": shown["dateRange"]["startDate"]}
                )
                for sentiment in ("positive", "negative"):
                    for topic in shown["topics"][f"{sentiment}Topics"]:
                        measured = topic["asinMetrics"]
                        truth.setdefault("item_review_topic__topics", []).append(
                            {
                                **by,
                                "sentiment": sentiment,
                                "topic": topic["topic"],
                                "asin_metrics__number_of_mentions": measured["numberOfMentions"],
                                "asin_metrics__star_rating_impact": measured["starRatingImpact"],
                            }
                        )
        if shown := book.trends(product.asin, place, at):
            truth.setdefault("item_review_trend", []).append(
                {**key, "item_name": shown["itemName"]}
            )
            for sentiment in ("positive", "negative"):
                for trend in shown["reviewTrends"][f"{sentiment}Topics"]:
                    for month in trend["trendMetrics"]:
                        share = month["asinMetrics"]["occurrencePercentage"]
                        truth.setdefault("item_review_trend__trends__trend_metrics", []).append(
                            {
                                **key,
                                "date_range__end_date": month["dateRange"]["endDate"],
                                "asin_metrics__occurrence_percentage": share,
                            }
                        )
    nodes = {row["browse_node_id"] for row in truth["item_browse_node"]}
    for node in nodes:
        key = {"marketplace_id": US, "browse_node_id": node}
        for sort_by in SORT_ORDERS:
            shown = book.node_reviews(node, place, sort_by, at)
            assert shown
            by = {**key, "sort_by": sort_by, "display_name": shown["displayName"]}
            truth.setdefault("browse_node_review_topic", []).append(by)
            for sentiment in ("positive", "negative"):
                truth.setdefault("browse_node_review_topic__topics", []).extend(
                    _topic({**key, "sort_by": sort_by, "sentiment": sentiment}, topic, True)
                    for topic in shown["topics"][f"{sentiment}Topics"]
                )
        shown = book.node_returns(node, place, at)
        assert shown
        truth.setdefault("browse_node_return_topic", []).append(key)
        truth.setdefault("browse_node_return_topic__topics", []).extend(
            _topic(key, topic, False) for topic in shown["topics"]
        )
        shown = book.node_return_trends(node, place, at)
        assert shown
        truth.setdefault("browse_node_return_trend__trends__trend_metrics", []).extend(
            {**_topic(key, point, False), "date_range__start_date": point["dateRange"]["startDate"]}
            for trend in shown["returnTrends"]
            for point in trend["trendMetrics"]
        )
    for table, expected in truth.items():
        assert_rows(rows(pipeline, table), expected)


def _topic(key: Dict[str, Any], shown: Dict[str, Any], top: bool) -> Dict[str, Any]:
    """A topic of a browse node, or a point of its trend, as it is loaded."""
    share = shown["browseNodeMetrics"]["occurrencePercentage"]
    row = {**key, "occurrence_percentage__all_products": share["allProducts"]}
    if "topic" in shown:
        row["topic"] = shown["topic"]
    if top:
        name = "occurrence_percentage__top_twenty_five_percent_products"
        row[name] = share["topTwentyFivePercentProducts"]
    return row


def test_feedback_of_the_marketplaces_that_have_any(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    assert "CA" not in COUNTRIES
    pipeline = make_pipeline(destination)
    sim.faults.add("expired_token", "getItemReviewTopics", times=1, skip=5)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    assert {r.query["marketplaceId"] for r in sim.requests.of(*OPERATIONS)} == {US}
    assert len(rows(pipeline, "item_review_trend")) < 12
    for table in pipeline.default_schema.data_tables():
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name, (table["name"], name)
            if name.endswith(("_percentage", "__all_products", "_impact")):
                assert column["data_type"] == "decimal", (table["name"], name)
    # again within the week: nothing is requested; then all is new
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert not sim.requests.of(*OPERATIONS, *(operation.name for operation in NODE_OPERATIONS))
    assert dataset(pipeline) == before
    sim.clock.advance(WEEK + 60)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    assert count_successes(sim, *OPERATIONS) == 4 * 12
    # one call per node, however many products it has, and two for topics of reviews
    nodes = {row["browse_node_id"] for row in rows(pipeline, "item_browse_node")}
    counts = [count_successes(sim, operation.name) for operation in NODE_OPERATIONS]
    assert len(nodes) < 12 and counts == [2 * len(nodes), *[len(nodes)] * 3]
    # where there is none anywhere, the summary says so
    pipeline.run(source(sim, marketplace_ids=[CA]))
    assert "customer feedback in US, GB" in " ".join(problems(pipeline))


def count_successes(sim: Simulator, *operations: str) -> int:
    """Calls of operations, without those that were throttled."""
    return sum(request.status != 429 for request in sim.requests.of(*operations))


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    answers = {
        operation: fullest_answer(operation)
        for operation in (GET_ITEM_BROWSE_NODE, GET_ITEM_REVIEW_TOPICS, GET_ITEM_REVIEW_TRENDS)
    }
    asin = sim.account.products[0].asin
    for operation in (GET_ITEM_REVIEW_TOPICS, GET_ITEM_REVIEW_TRENDS):
        answers[operation].update(asin=asin, marketplaceId=US)
    node = answers[GET_ITEM_BROWSE_NODE]["browseNodeId"]
    for operation in NODE_OPERATIONS:
        answers[operation] = fullest_answer(operation)
        answers[operation].update(browseNodeId=node, marketplaceId=US)
    pipeline = make_pipeline("duckdb")
    load_instead(sim, pipeline, source(sim, asins=[asin], marketplace_ids=[US]), answers)
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []


def test_refused_asins_and_a_missing_role(make_pipeline: Any, sim: Simulator) -> None:
    parent, foreign = (product.asin for product in sim.account.products[:2])
    book = sim.account.store(OfferStore)
    book.rejections[parent] = Rejection(400, "InvalidInput", "Invalid input.")
    denied = "Access to requested resource is denied."
    book.rejections[foreign] = Rejection(403, "Unauthorized", denied)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, marketplace_ids=[US]))
    for table in TABLES:
        assert not {parent, foreign} & {row["asin"] for row in rows(pipeline, table)}
        assert "skipped" not in metrics(pipeline)[table]
    assert len(rows(pipeline, "item_browse_node")) == 10
    assert "item_browse_node: Amazon has nothing on 2 products" in " ".join(problems(pipeline))
    sim.account.roles.discard("Selling Partner Insights")
    sim.clock.advance(WEEK + 60)
    sim.requests.clear()
    pipeline.run(source(sim, marketplace_ids=[US]))
    assert all("Selling Partner Insights" in metrics(pipeline)[t]["skipped"] for t in TABLES)
    assert len(sim.requests.of("getItemBrowseNode")) == 5
