"""Subscribe & Save in a dataset, as the simulator has it."""

from typing import Any, Dict, Iterator, List, Tuple

import pytest
from dlt.common import json, pendulum

from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.replenishment import (
    GET_METRICS,
    LIST_OFFER_METRICS,
    LIST_OFFERS,
    ListSize,
    _pages,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.times import DAY_MS
from sp_api_simulator.replenishment import SubscriptionStore, offer_metrics, offers
from sp_api_simulator.replenishment import metrics as metrics_of
from tests.amazon_models import fullest_answer
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 17, 12)
"""A Wednesday."""
US, CA, BR = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A2Q3Y263D00KWC"
OFFER, OF_OFFERS, OF_ALL = (
    "replenishment_offer",
    "replenishment_offer_metric",
    "replenishment_metric",
)
OPERATIONS = (LIST_OFFERS, LIST_OFFER_METRICS, GET_METRICS)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=8,
        days=40,
        products=30,
        marketplaces=[US, CA, BR],
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, *tables: str, **settings: Any) -> None:
    settings = {"historical_sync_time_frame": "2026-05-13", **settings}
    source = source_of(sim, modules=["REPLENISHMENT"], **settings)
    pipeline.run(source.with_resources(*(tables or (OFFER, OF_OFFERS, OF_ALL))))


def weeks(sim: Simulator, first: str = "2026-05-11") -> List[Tuple[pendulum.Date, int, int]]:
    """The weeks that are over: their Monday, start and end."""
    found = []
    monday = pendulum.parse(first)
    while monday.add(weeks=1).timestamp() <= sim.clock.time():
        start = int(monday.timestamp() * 1000)
        found.append((monday.date(), start, start + 7 * DAY_MS))
        monday = monday.add(weeks=1)
    return found


def assert_equals_truth(pipeline: Any, sim: Simulator, first: str = "2026-05-11") -> None:
    account = sim.account
    assert_rows(
        rows(pipeline, OFFER),
        [
            {
                "marketplace_id": place,
                "sku": one["sku"],
                "asin": one["asin"],
                "price": one["price"],
                "inventory": one["inventory"],
                "subscriptions": one["subscriptions"],
                "amazon_funded_tiered_discount__percentage": 5,
                "forecast_deliveries__next90_days_deliveries": one["forecastDeliveries"][
                    "next90DaysDeliveries"
                ],
            }
            for place in (US, CA)
            for one in offers(account, place, account.now())
        ],
    )
    names = {
        "shipped_subscription_units": "shippedSubscriptionUnits",
        "total_subscriptions_revenue": "totalSubscriptionsRevenue",
        "currency_code": "currencyCode",
    }
    assert_rows(
        rows(pipeline, OF_OFFERS),
        [
            {
                "marketplace_id": place,
                "week": week,
                "sku": one["sku"],
                "asin": one["asin"],
                "fulfillment_channel_type": "AMAZON",
                **{name: one[field] for name, field in names.items()},
            }
            for place in (US, CA)
            for week, start, end in weeks(sim, first)
            for one in offer_metrics(account, place, start, end)
        ],
    )
    assert_rows(
        rows(pipeline, OF_ALL),
        [
            {
                "marketplace_id": place,
                "week": week,
                "period": "WEEK" if "shippedSubscriptionUnits" in one else "YEARS",
                "lost_subscriber_life_time_value_from_sns": one.get(
                    "lostSubscriberLifeTimeValueFromSNS"
                ),
                **{name: one.get(field) for name, field in names.items()},
            }
            for place in (US, CA)
            for week, start, end in weeks(sim, first)
            for one in metrics_of(account, place, start, end)
        ],
    )


def bodies(sim: Simulator, operation: str) -> List[Dict[str, Any]]:
    return [json.loads(request.body) for request in sim.requests.of(operation)]


def test_offers_and_weeks_are_loaded_and_followed(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    for body in bodies(sim, "getSellingPartnerMetrics"):
        start, end = (pendulum.parse(moment) for moment in body["timeInterval"].values())
        assert (start.weekday(), end.weekday(), (end - start).days) == (0, 6, 6)
    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before
    assert [len(bodies(sim, o.name)) for o in OPERATIONS] == [2, 0, 0]
    for days, read in ((1, 4), (6, 5)):
        sim.clock.advance(days * 86_400)
        sim.requests.clear()
        load(pipeline, sim)
        assert_equals_truth(pipeline, sim)
        assert len(bodies(sim, "listOfferMetrics")) == 2 * read
    # a start of history that is set to be earlier
    load(pipeline, sim, historical_sync_time_frame="2026-05-05")
    assert_equals_truth(pipeline, sim, "2026-05-04")
    types = pipeline.default_schema.tables[OF_ALL]["columns"]
    assert types["week"]["data_type"] == "date"
    assert types["total_subscriptions_revenue"]["data_type"] == "decimal"
    assert types["shipped_subscription_units"]["data_type"] == "bigint"


def test_history_goes_two_years_back_and_a_limited_run_goes_on(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, OF_ALL, historical_sync_time_frame="2020-01-01", package_time=30.0)
    assert any("weeks since" in sentence for sentence in problems(pipeline))
    load(pipeline, sim, OF_ALL, historical_sync_time_frame="2020-01-01")
    found = {str(row["week"]) for row in rows(pipeline, OF_ALL)}
    # the week that began two years and half a day ago is not whole any more
    assert len(found) == 103 and min(found) == "2024-06-24"
    assert metrics(pipeline)[OF_ALL].get("failed") is None
    sim.clock.advance(86_400)
    sim.requests.clear()
    for _ in range(4):
        load(pipeline, sim, OF_ALL, marketplace_ids=[US], package_time=0.0)
    read = [body["timeInterval"]["startDate"][:10] for body in bodies(sim, GET_METRICS.name)]
    assert read == ["2026-05-18", "2026-05-25", "2026-06-01", "2026-06-08"], "run by run"
    assert not problems(pipeline)


@pytest.mark.parametrize("choice", ["soft", "hard"])
def test_an_offer_that_left_the_program(make_pipeline: Any, sim: Simulator, choice: str) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, OFFER, capture_deletes=choice)
    book = sim.account.store(SubscriptionStore)
    removed = book.products[0].sku
    book.ended.add(removed)
    load(pipeline, sim, OFFER, capture_deletes=choice)
    there = [row for row in rows(pipeline, OFFER) if row["sku"] == removed]
    assert len(there) == (2 if choice == "soft" else 0)
    assert all(row["deleted_at"] for row in there)
    assert not any(row["deleted_at"] for row in rows(pipeline, OFFER) if row["sku"] != removed)


class ManyOffers:
    """Answers as a client does, with offers that are numbered."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.requested: List[int] = []

    def call(self, operation: Any, body: Dict[str, Any]) -> Any:
        offset, limit = body["pagination"]["offset"], body["pagination"]["limit"]
        assert 0 <= offset <= 9_000 and limit == 100
        numbers = range(self.total)
        if body["sort"]["order"] == "DESC":
            numbers = range(self.total - 1, -1, -1)
        self.requested.append(offset)
        page = [{"sku": str(number)} for number in numbers[offset : offset + limit]]
        return {"offers": page, "pagination": {"totalResults": self.total}}


@pytest.mark.parametrize(
    "total, calls", [(0, 1), (100, 1), (9_100, 91), (9_150, 92), (18_200, 182)]
)
def test_more_offers_than_offsets_reach_are_read_from_both_ends(total: int, calls: int) -> None:
    client: Any = ManyOffers(total)
    whole = ListSize()
    body = {"sort": {"key": "ASIN", "order": "ASC"}}
    pages = list(_pages(client, LIST_OFFERS, body, whole))
    found = {offer["sku"] for page in pages for offer in page}
    assert found == {str(number) for number in range(total)} and whole.total == total
    assert len(client.requested) == calls


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    answers = {operation: fullest_answer(operation) for operation in OPERATIONS}
    # the key has these as they were requested
    answers[LIST_OFFERS]["offers"][0].update(marketplaceId=US, programType="SUBSCRIBE_AND_SAVE")
    for operation in (LIST_OFFERS, LIST_OFFER_METRICS):
        answers[operation]["pagination"]["totalResults"] = 1
    source = source_of(
        sim,
        modules=["REPLENISHMENT"],
        marketplace_ids=[US],
        historical_sync_time_frame="2026-06-01",
    )
    load_instead(sim, pipeline, source, answers)
    for answer in answers.values():
        answer.pop("pagination", None)
        assert missing_values(pipeline, answer) == []
    tables = pipeline.default_schema.tables
    names = [name for table in tables.values() for name in table["columns"]]
    assert not [name for name in [*names, *tables] if len(name) > 63]


def test_a_marketplace_that_amazon_refuses_holds_up_none(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    for operation in OPERATIONS:
        sim.faults.add("bad_request", operation.name, times=1)
    load(pipeline, sim)
    for table in (OFFER, OF_OFFERS, OF_ALL):
        assert {row["marketplace_id"] for row in rows(pipeline, table)} == {CA}
        assert "failed" in metrics(pipeline)[table]
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim)
    odd: Dict[str, Any] = {"offers": [{"asin": "a"}, None], "pagination": {"totalResults": 2}}
    sim.faults.add("answer", "listOffers", body=odd)
    sim.account.roles.discard("Brand Analytics")
    sim.clock.advance(86_400)
    load(pipeline, sim, OFFER, OF_ALL)
    assert len(rows(pipeline, "rejected_row")) == 2
    assert not any(row["deleted_at"] for row in rows(pipeline, OFFER))
    assert "Brand Analytics" in metrics(pipeline)[OF_ALL]["skipped"]
