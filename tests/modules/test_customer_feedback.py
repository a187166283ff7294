"""Customer feedback: Amazon's fullest answers, the simulator's truth, products without reviews."""

from typing import Any, Dict, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client import VirtualClock
from amazon_selling_partner.customer_feedback import (
    COUNTRIES,
    GET_ITEM_BROWSE_NODE,
    GET_ITEM_REVIEW_TOPICS,
    GET_ITEM_REVIEW_TRENDS,
    SORTED_BY,
)
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.feedback import FeedbackBook
from amazon_selling_partner.simulator.marketplaces import MARKETPLACES
from amazon_selling_partner.simulator.offer_book import OfferBook, Refusal
from amazon_selling_partner.sync.summary import metrics, problems
from tests.truth import source_of
from tests.utils import dataset, rows

from .support import assert_rows, fullest_answer, load_instead, missing_values

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
TABLES = ("item_browse_node", "item_review_topic", "item_review_trend")
OPERATIONS = ("getItemBrowseNode", "getItemReviewTopics", "getItemReviewTrends")
WEEK = 7 * 24 * 3600


@pytest.fixture
def sim() -> Iterator[Simulator]:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=0, days=1, products=12) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    asins = [product.asin for product in sim.account.catalogue]
    source = source_of(sim, **{"modules": ["CUSTOMER_FEEDBACK"], "asins": asins, **settings})
    return source.with_resources(*TABLES)


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    book, at, place = sim.account.part(FeedbackBook), sim.account.now(), MARKETPLACES[US]
    truth: Dict[str, List[Dict[str, Any]]] = {}
    for product in sim.account.catalogue:
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
        for sort_by in SORTED_BY:
            if told := book.topics(product.asin, place, sort_by, at):
                by = {**key, "sort_by": sort_by}
                truth.setdefault("item_review_topic", []).append(
                    {**by, "date_range__start_date": told["dateRange"]["startDate"]}
                )
                for sentiment in ("positive", "negative"):
                    for topic in told["topics"][f"{sentiment}Topics"]:
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
        if told := book.trends(product.asin, place, at):
            truth.setdefault("item_review_trend", []).append({**key, "item_name": told["itemName"]})
            for sentiment in ("positive", "negative"):
                for trend in told["reviewTrends"][f"{sentiment}Topics"]:
                    for month in trend["trendMetrics"]:
                        share = month["asinMetrics"]["occurrencePercentage"]
                        truth.setdefault("item_review_trend__trends__trend_metrics", []).append(
                            {
                                **key,
                                "date_range__end_date": month["dateRange"]["endDate"],
                                "asin_metrics__occurrence_percentage": share,
                            }
                        )
    for table, expected in truth.items():
        assert_rows(rows(pipeline, table), expected)


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
    # again within the week: nothing is asked; then all is new
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert not sim.requests.of(*OPERATIONS) and dataset(pipeline) == before
    sim.clock.advance(WEEK + 60)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    assert len(sim.requests.of(*OPERATIONS)) == 4 * 12
    # where there is none anywhere, the summary says so
    pipeline.run(source(sim, marketplace_ids=[CA]))
    assert "customer feedback in US, GB" in " ".join(problems(pipeline))


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    answers = {
        operation: fullest_answer(operation)
        for operation in (GET_ITEM_BROWSE_NODE, GET_ITEM_REVIEW_TOPICS, GET_ITEM_REVIEW_TRENDS)
    }
    asin = sim.account.catalogue.products[0].asin
    for operation in (GET_ITEM_REVIEW_TOPICS, GET_ITEM_REVIEW_TRENDS):
        answers[operation].update(asin=asin, marketplaceId=US)
    pipeline = make_pipeline("duckdb")
    load_instead(sim, pipeline, source(sim, asins=[asin], marketplace_ids=[US]), answers)
    for answer in answers.values():
        assert missing_values(pipeline, answer) == []


def test_refused_asins_and_a_missing_role(make_pipeline: Any, sim: Simulator) -> None:
    parent, foreign = (product.asin for product in sim.account.catalogue.products[:2])
    book = sim.account.part(OfferBook)
    book.refusals[parent] = Refusal(400, "InvalidInput", "Invalid input.")
    denied = "Access to requested resource is denied."
    book.refusals[foreign] = Refusal(403, "Unauthorized", denied)
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
