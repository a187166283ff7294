"""Feeds: loaded once, and looked up until they have ended."""

from typing import Any, Iterator

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.feeds import (
    FEED_TYPES,
    GET_FEEDS,
    TYPES_PER_CALL,
)
from amazon_selling_partner.settings import validate_feed_types
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.feeds import FeedStore
from tests.amazon_models import fullest_answer, in_models, model, strict
from tests.simulator.conftest import Caller
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
MS = int(NOW.timestamp() * 1000)
MINUTE = 60_000


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=2, days=80, products=4
    ) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    return source_of(sim, modules=["FEEDS"], **settings).with_resources("feed")


def truth(sim: Simulator) -> list[Any]:
    """The feeds of Amazon, as rows."""
    names = {
        "feedId": "feed_id",
        "feedType": "feed_type",
        "createdTime": "created_time",
        "processingStatus": "processing_status",
        "processingStartTime": "processing_start_time",
        "processingEndTime": "processing_end_time",
        "resultFeedDocumentId": "result_feed_document_id",
    }
    now = sim.account.now()
    shown = [feed.to_json(now) for feed in sim.account.store(FeedStore).feeds(now)]
    account = {"selling_partner": "amazon_selling_partner"}
    return [{**account, **{name: one.get(key) for key, name in names.items()}} for one in shown]


def test_feeds_load_are_loaded_once_and_followed_to_their_end(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    book = sim.account.store(FeedStore)
    # two that last for days, one of them in the queue, and one whose id has leading zeros
    book.send("POST_FLAT_FILE_FULFILLMENT_DATA", MS - 60 * MINUTE, processing_ms=3000 * MINUTE)
    book.send("UPLOAD_VAT_INVOICE", MS - 600 * MINUTE, queue_ms=3000 * MINUTE, outcome="FATAL")
    for hours in range(24, 54):
        book.send("JSON_LISTINGS_FEED", MS - hours * 60 * MINUTE)
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    assert_rows(rows(pipeline, "feed"), truth(sim))
    assert len(truth(sim)) > 120
    calls = sim.requests.of("getFeeds")
    # 21 types: three calls, and a second page of the listings feeds
    assert len(calls) == -(-len(FEED_TYPES) // TYPES_PER_CALL) + 1
    _, printed = in_models(GET_FEEDS)
    for call in calls:
        assert set(call.query) <= {parameter["name"] for parameter in printed["parameters"]}
        assert len(call.query.get("feedTypes", "").split(",")) <= 10
    columns = pipeline.default_schema.tables["feed"]["columns"]
    assert {columns[name]["data_type"] for name in columns if name.endswith("_time")} == {
        "timestamp"
    }
    assert columns["marketplace_ids"]["data_type"] == "json"
    assert columns["feed_id"]["data_type"] == "text"
    before = dataset(pipeline)

    sim.requests.clear()
    pipeline.run(source(sim))
    assert dataset(pipeline) == before
    again = sim.requests.of("getFeeds")
    assert len(again) == 3
    # back to the oldest feed that had not ended
    assert {call.query["createdSince"] for call in again} == {"2026-06-15T02:00:00Z"}

    sim.clock.advance(30 * 3600)
    pipeline.run(source(sim))
    assert_rows(rows(pipeline, "feed"), truth(sim))
    sim.clock.advance(40 * 3600)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert_rows(rows(pipeline, "feed"), truth(sim))
    assert {row["processing_status"] for row in rows(pipeline, "feed")} == {
        "DONE",
        "FATAL",
        "CANCELLED",
    }
    sim.requests.clear()
    pipeline.run(source(sim))
    (since,) = {call.query["createdSince"] for call in sim.requests.of("getFeeds")}
    assert since == NOW.add(hours=70, minutes=-15).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert not problems(pipeline)


def test_a_type_that_joins_later_brings_its_history_and_old_feeds_stay(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    listings = ["JSON_LISTINGS_FEED"]
    pipeline.run(source(sim, feed_types=listings, historical_sync_time_frame="2026-06-01"))
    assert {row["feed_type"] for row in rows(pipeline, "feed")} == set(listings)
    assert min(row["created_time"] for row in rows(pipeline, "feed")) >= pendulum.datetime(
        2026, 6, 1
    )
    sim.clock.advance(3600)
    types = [*listings, "POST_ORDER_FULFILLMENT_DATA"]
    pipeline.run(source(sim, feed_types=types, historical_sync_time_frame="2026-06-01"))
    since_june = [row for row in truth(sim) if row["created_time"] >= "2026-06-01"]
    assert_rows(rows(pipeline, "feed"), since_june)
    sim.clock.advance(100 * 24 * 3600)
    pipeline.run(source(sim, feed_types=types, historical_sync_time_frame="2026-06-01"))
    loaded = rows(pipeline, "feed")
    kept = {row["feed_id"] for row in truth(sim)}
    # Amazon takes no createdSince older than 90 days
    assert {call.status for call in sim.requests.of("getFeeds")} == {200}
    assert {row["feed_id"] for row in loaded} - kept
    # the ones of the first day are older than 89 days
    assert len(kept - {row["feed_id"] for row in loaded}) <= 2 and not failed(pipeline)


def test_every_field_of_amazons_model_reaches_a_column(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    answer = fullest_answer(GET_FEEDS)
    unreadable = [{"feedType": "JSON_LISTINGS_FEED"}, None, ["00012"]]
    answer["feeds"] += unreadable
    answer["feeds"].append({"feedId": "00012", "createdTime": "", "processingStatus": 7})
    pipeline = make_pipeline(destination)
    load_instead(sim, pipeline, source(sim), {GET_FEEDS: answer})
    assert missing_values(pipeline, answer["feeds"][0]) == []
    assert {row["table_name"] for row in rows(pipeline, "rejected_row")} == {"feed"}
    assert len(rows(pipeline, "rejected_row")) == len(unreadable)
    assert "00012" in {row["feed_id"] for row in rows(pipeline, "feed")}


def test_a_failed_call_leaves_the_cursor_and_a_missing_role_only_the_table(
    make_pipeline: Any, sim: Simulator
) -> None:
    for hours in range(24, 54):
        sim.account.store(FeedStore).send("JSON_LISTINGS_FEED", MS - hours * 60 * MINUTE)
    pipeline = make_pipeline("duckdb")
    sim.faults.add("status", "getFeeds", skip=2, status=503)
    pipeline.run(source(sim))
    assert failed(pipeline)
    sim.faults.clear()
    sim.faults.add("expired_token", "getFeeds", times=1)
    # of the second page: its token has expired
    expired = sim.faults.add("bad_request", "getFeeds", skip=2, times=1)
    sim.clock.advance(3600)
    pipeline.run(source(sim))
    assert_rows(rows(pipeline, "feed"), truth(sim))
    assert not failed(pipeline) and expired.hits
    sim.account.roles.discard("Product Listing")
    pipeline.run(source_of(sim, modules=["FEEDS"]))
    (sentence,) = problems(pipeline)
    assert sentence.startswith("feed was skipped") and "Product Listing" in sentence


def test_a_wrong_feed_type_is_named() -> None:
    assert validate_feed_types(None) == ()
    assert validate_feed_types("POST_A, JSON_B,POST_A") == ("POST_A", "JSON_B")
    for wrong in ("listings", "A-B", "_POST_Ä_"):
        with pytest.raises(ConfigurationError, match="feed_types") as caught:
            validate_feed_types([wrong])
        assert repr(wrong) in str(caught.value) and "JSON_LISTINGS_FEED" in str(caught.value)


def test_the_simulators_feeds_are_as_the_model_says(sim: Simulator) -> None:
    caller = Caller(sim)
    whole = strict(model("feeds_v2021_06_30"), "GetFeedsResponse")
    path = "/feeds/2021-06-30/feeds"
    heard = caller.get(path, feedTypes="JSON_LISTINGS_FEED", pageSize=50)
    whole.validate(heard.json)
    token = heard.json["nextToken"]
    assert caller.get(path, nextToken=token, pageSize=50).status == 400
    following = caller.get(path, nextToken=token).json
    whole.validate(following)
    found = heard.json["feeds"] + following["feeds"]
    assert len({feed["feedId"] for feed in found}) == len(found) == 80
    assert {feed["processingStatus"] for feed in found} >= {"DONE", "FATAL", "CANCELLED"}
    done = caller.get(
        path, feedTypes="JSON_LISTINGS_FEED", processingStatuses="FATAL", pageSize=100
    ).json["feeds"]
    assert done and len(done) < 20
    for wrong in ({}, {"feedTypes": "A", "createdSince": "2026-01-01T00:00:00Z"}):
        assert caller.get(path, **wrong).status == 400
    caller.connection.close()
