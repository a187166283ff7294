"""Prices and offers: Amazon's fullest answers, the simulator's truth, products refused and deleted."""

import json
from typing import Any, Iterator, List

import jsonschema
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.pricing.featured_offers import (
    GET_COMPETITIVE_SUMMARY,
    GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH,
)
from amazon_selling_partner.modules.pricing.offers import (
    GET_COMPETITIVE_PRICING,
    GET_ITEM_OFFERS_BATCH,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.pricing.offer_store import OfferStore, Rejection
from tests.amazon_models import fullest_answer, model
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

from .truth import assert_equals_truth, shown_products

NOW = pendulum.datetime(2026, 6, 15, 12)
US, JP = "ATVPDKIKX0DER", "A1VC38T7YXB528"
BY_ASIN = ("competitive_price", "item_offer_summary", "competitive_summary")
TABLES = (*BY_ASIN, "featured_offer_expected_price")
OPERATIONS = (
    "getCompetitivePricing",
    "getItemOffersBatch",
    "getCompetitiveSummary",
    "getFeaturedOfferExpectedPriceBatch",
)


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=3,
        days=4,
        products=8,
        marketplaces=[US],
    ) as simulator:
        yield simulator


def load(pipeline: Any, sim: Simulator, *tables: str, **settings: Any) -> str:
    """Runs the source; returns the end of the window of its orders."""
    until = pendulum.from_timestamp(sim.clock.time() - 150).isoformat()
    source = source_of(
        sim,
        **{
            "modules": ["ORDERS", "PRODUCT_PRICING"],
            "historical_sync_time_frame": "2026-06-11",
            **settings,
        },
    )
    pipeline.run(source.with_resources("orders", *(tables or TABLES)))
    return until


def requested_ids(sim: Simulator, operation: str) -> List[str]:
    """The ASINs or SKUs that the calls of an operation named."""
    found: List[str] = []
    for request in sim.requests.of(operation):
        if operation == "getCompetitivePricing":
            found += request.query["Asins"].split(",")
            continue
        for one in json.loads(request.body)["requests"]:
            found.append(one.get("asin") or one.get("sku") or one["uri"].split("/")[-2])
    return found


def test_prices_are_as_they_were_requested(make_pipeline: Any, destination: str) -> None:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=4,
        days=4,
        products=8,
        marketplaces=[JP, "A39IBJ37TRP1C6"],
    ) as sim:
        pipeline = make_pipeline(destination)
        until = load(pipeline, sim, region="FAR_EAST")
        assert_equals_truth(pipeline, sim, until)
        assert_typed(pipeline)
        assert any(r["points__points_number"] for r in rows(pipeline, "item_offer_summary__offers"))
        end = pendulum.from_timestamp(sim.clock.time())
        for table in TABLES:
            assert all(NOW <= row["retrieved_at"] <= end for row in rows(pipeline, table))
        # again at once: nothing is requested
        before = dataset(pipeline)
        sim.requests.clear()
        load(pipeline, sim, region="FAR_EAST")
        assert not sim.requests.of(*OPERATIONS)
        assert dataset(pipeline) == before
        # a day later all is new
        place, product = shown_products(sim, until)[0]
        sim.account.store(OfferStore).prices[place.id, product.asin] = 123_400
        sim.clock.advance(25 * 3600)
        until = load(pipeline, sim, region="FAR_EAST")
        assert_equals_truth(pipeline, sim, until)
        assert dataset(pipeline) != before
        assert len(sim.requests.of(*OPERATIONS)) == 8


def assert_typed(pipeline: Any) -> None:
    """Ids are text, money and shares decimal, times timestamps; names fit PostgreSQL."""
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63, (table["name"], name)
            assert "__v_" not in name, (table["name"], name)
            if name.endswith(("amount", "percentage", "rating", "percent_off")):
                assert column["data_type"] == "decimal", (table["name"], name)
            if name.endswith(("asin", "sku", "_id", "code")) and not name.startswith("_dlt"):
                assert column["data_type"] == "text", (table["name"], name)
            if name in ("retrieved_at", "deleted_at", "offers_available_time"):
                assert column["data_type"] == "timestamp", (table["name"], name)


def test_offers_of_several_conditions(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")
    until = load(pipeline, sim, item_conditions=["new", "Used"])
    assert_equals_truth(pipeline, sim, until, ["New", "Used"])
    assert len(sim.requests.of("getItemOffersBatch")) == 2
    assert len(sim.requests.of("getCompetitiveSummary")) == 1
    with pytest.raises(
        ConfigurationError, match="item_conditions = 'Nwe' is unknown: did you mean New"
    ):
        load(pipeline, sim, item_conditions=["Nwe"])


def test_requests_name_what_amazon_knows(make_pipeline: Any, sim: Simulator) -> None:
    load(make_pipeline("duckdb"), sim)
    for operation, file, definition in (
        ("getItemOffersBatch", "product_pricing_v0", "GetItemOffersBatchRequest"),
        (
            "getCompetitiveSummary",
            "product_pricing_v2022_05_01",
            "CompetitiveSummaryBatchRequest",
        ),
        (
            "getFeaturedOfferExpectedPriceBatch",
            "product_pricing_v2022_05_01",
            "GetFeaturedOfferExpectedPriceBatchRequest",
        ),
    ):
        definitions = model(file)["definitions"]
        schema = {"$ref": f"#/definitions/{definition}", "definitions": definitions}
        (request,) = sim.requests.of(operation)
        jsonschema.Draft4Validator(schema).validate(json.loads(request.body))
    (request,) = sim.requests.of("getCompetitivePricing")
    assert set(request.query) == {"MarketplaceId", "Asins", "ItemType"}


def test_every_field_of_amazons_fullest_answers_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    until = NOW.subtract(seconds=150).isoformat()
    product = shown_products(sim, until)[0][1]
    prices, offers, summary, expected = (
        fullest_answer(operation)
        for operation in (
            GET_COMPETITIVE_PRICING,
            GET_ITEM_OFFERS_BATCH,
            GET_COMPETITIVE_SUMMARY,
            GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH,
        )
    )
    price = prices["payload"][0]
    price.update(ASIN=product.asin, status="Success")
    offer = offers["responses"][0]
    offer["status"]["statusCode"] = 200
    offer["request"]["Asin"] = product.asin
    offer["body"]["payload"].update(ASIN=product.asin, ItemCondition="New", marketplaceId=US)
    of_asin = summary["responses"][0]
    of_asin["status"]["statusCode"] = 200
    of_asin["body"].update(asin=product.asin, marketplaceId=US)
    of_sku = expected["responses"][0]
    of_sku["status"]["statusCode"] = 200
    of_sku["request"]["sku"] = product.sku
    pipeline = make_pipeline("duckdb")
    source = source_of(
        sim, modules=["ORDERS", "PRODUCT_PRICING"], historical_sync_time_frame="2026-06-11"
    ).with_resources("orders", *TABLES)
    load_instead(
        sim,
        pipeline,
        source,
        {
            GET_COMPETITIVE_PRICING: prices,
            GET_ITEM_OFFERS_BATCH: offers,
            GET_COMPETITIVE_SUMMARY: summary,
            GET_FEATURED_OFFER_EXPECTED_PRICE_BATCH: expected,
        },
    )
    for table in TABLES:
        assert len(rows(pipeline, table)) == 1, table
    for answer in (price, offer["body"]["payload"], of_asin["body"], of_sku["body"]):
        assert missing_values(pipeline, answer) == []
    # the products that the answers leave out are looked up again
    assert all("which the next run looks up" in metrics(pipeline)[t]["left"] for t in TABLES)


@pytest.mark.slow
def test_one_product_does_not_spoil_the_others(make_pipeline: Any, sim: Simulator) -> None:
    book = sim.account.store(OfferStore)
    pipeline = make_pipeline("duckdb")
    products = [p for _, p in shown_products(sim, NOW.subtract(seconds=150).isoformat())]
    throttled, failing, silent, refused, *good = products
    for id in (throttled.asin, throttled.sku):
        book.rejections[id] = Rejection(429, "QuotaExceeded")
    for id in (failing.asin, failing.sku):
        book.rejections[id] = Rejection(500)
    for id in (refused.asin, refused.sku):
        book.rejections[id] = Rejection(400, "InvalidInput", "Offers of this brand are not shown.")
    book.omitted |= {silent.asin, silent.sku}
    load(pipeline, sim)
    for table in TABLES[1:]:
        key = "sku" if table == TABLES[3] else "asin"
        assert_rows(rows(pipeline, table), [{key: getattr(product, key)} for product in good])
        assert metrics(pipeline)[table]["left"].startswith("3 products"), table
    assert any(
        f"Amazon has nothing on 1 products, such as {refused.asin}: 400 InvalidInput Offers of"
        in problem
        for problem in problems(pipeline)
    )
    # the next run looks up those that had no answer, and no others
    book.rejections = {
        id: refusal for id, refusal in book.rejections.items() if refusal.status == 400
    }
    book.omitted.clear()
    sim.requests.clear()
    load(pipeline, sim)
    again = {product.asin for product in (throttled, failing, silent)}
    assert set(requested_ids(sim, "getItemOffersBatch")) == again
    assert set(requested_ids(sim, "getCompetitiveSummary")) == again
    assert len(rows(pipeline, "item_offer_summary")) == len(good) + 3


def test_answers_that_cannot_be_read_are_kept_aside(make_pipeline: Any, sim: Simulator) -> None:
    until = NOW.subtract(seconds=150).isoformat()
    first, second, *others = [product for _, product in shown_products(sim, until)]
    good = {"status": "Success", "ASIN": first.asin, "Product": {"SalesRankings": "none"}}
    odd = {"status": "Success", "ASIN": second.asin, "Product": None}
    payload = [good, odd, {"status": "Success"}, None, "what", {"status": "Busy", "ASIN": "X"}]
    element = {"status": {"statusCode": 200}, "body": {}, "request": {"Asin": first.asin}}
    responses = [
        {**element, "headers": {"Date": "Tue, 28 Jun 2022 14:21:22 GMT"}},
        {"body": {"errors": [{"code": "X", "message": "Y"}]}, "request": {"Asin": second.asin}},
        {"status": 200, "body": [], "request": None},
        None,
    ]
    sim.faults.add("answer", "getCompetitivePricing", body={"payload": payload})
    sim.faults.add("answer", "getItemOffersBatch", body={"responses": responses})
    pipeline = make_pipeline("duckdb")
    for _ in range(2):
        load(pipeline, sim, "competitive_price", "item_offer_summary")
        assert_rows(rows(pipeline, "competitive_price"), [{"asin": first.asin}])
        aside = [row["table_name"] for row in rows(pipeline, "rejected_row")]
        assert sorted(aside) == ["competitive_price"] * 4 + ["item_offer_summary"] * 3
    left = metrics(pipeline)["item_offer_summary"]["left"]
    assert left.startswith(f"{len(others) + 1} products")


@pytest.mark.parametrize("named", [True, False])
def test_a_product_that_makes_amazon_refuse_the_whole_call(
    make_pipeline: Any, sim: Simulator, named: bool
) -> None:
    book = sim.account.store(OfferStore)
    products = [p for _, p in shown_products(sim, NOW.subtract(seconds=150).isoformat())]
    bad, *good = products[2:] + products[:2]
    for id in (bad.asin, bad.sku):
        message = f"{id} is an invalid ASIN for marketplace {US}" if named else "Invalid Input"
        book.rejections[id] = Rejection(400, "InvalidInput", message, fails_call=True)
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    for table in TABLES:
        key = "sku" if table == TABLES[3] else "asin"
        assert_rows(rows(pipeline, table), [{key: getattr(product, key)} for product in good])
        assert "failed" not in metrics(pipeline)[table]
    calls = len(sim.requests.of("getItemOffersBatch"))
    assert calls == 2 if named else 4 <= calls <= 7
    sim.requests.clear()
    load(pipeline, sim)
    assert not sim.requests.of(*OPERATIONS)


def test_calls_that_are_refused_whatever_the_product(make_pipeline: Any, sim: Simulator) -> None:
    sim.faults.add("bad_request", "getCompetitiveSummary")
    pipeline = make_pipeline("duckdb")
    until = load(pipeline, sim)
    assert "400 InvalidInput" in metrics(pipeline)["competitive_summary"]["failed"]
    assert not rows(pipeline, "competitive_summary")
    assert len(sim.requests.of("getCompetitiveSummary")) < 2 * 8
    assert rows(pipeline, "competitive_price") and rows(pipeline, TABLES[3])
    sim.faults.clear()
    load(pipeline, sim)
    assert_equals_truth(pipeline, sim, until)


@pytest.mark.slow
@pytest.mark.parametrize("capture_deletes", ["soft", "hard", "off"])
def test_a_product_that_is_not_found(
    make_pipeline: Any, destination: str, sim: Simulator, capture_deletes: str
) -> None:
    pipeline = make_pipeline(destination)
    settings = {"capture_deletes": capture_deletes}
    tables = TABLES if capture_deletes == "soft" else TABLES[1:2]
    until = load(pipeline, sim, *tables, **settings)
    products = [product for _, product in shown_products(sim, until)]
    lost = products[0]
    before = dataset(pipeline)
    sim.account.store(CatalogStore).removed.add(lost.asin)
    sim.clock.advance(25 * 3600)
    now = pendulum.from_timestamp(sim.clock.time())
    load(pipeline, sim, *tables, **settings)
    for table in tables:
        key = "sku" if table == TABLES[3] else "asin"
        mine = [row for row in rows(pipeline, table) if row[key] == getattr(lost, key)]
        others = [row for row in rows(pipeline, table) if row[key] != getattr(lost, key)]
        assert len(others) >= len(products) - 1
        if capture_deletes == "hard":
            assert mine == []
            continue
        (row,) = mine
        (old,) = (row for row in before[table] if row[key] == getattr(lost, key))
        if capture_deletes == "off":
            assert row == old and "deleted_at" not in row
        else:
            assert row.pop("deleted_at") >= now and old.pop("deleted_at", None) is None
            assert row == old
            assert not any(row["deleted_at"] for row in others)
    children = [
        row for row in rows(pipeline, "item_offer_summary__offers") if row["asin"] == lost.asin
    ]
    kept = [r for r in before["item_offer_summary__offers"] if r["asin"] == lost.asin]
    assert_rows(children, [] if capture_deletes == "hard" else kept, list(kept[0]))
    # it is back
    sim.account.store(CatalogStore).removed.clear()
    sim.clock.advance(25 * 3600)
    until = load(pipeline, sim, *tables, **settings)
    assert_equals_truth(pipeline, sim, until, tables=tables)
    assert not any(row.get("deleted_at") for row in rows(pipeline, tables[0]))


@pytest.mark.slow
def test_a_missing_role_an_expired_token_and_the_time_budget(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.account.roles.discard("Pricing")
    load(pipeline, sim)
    assert all("role 'Pricing'" in metrics(pipeline)[table]["skipped"] for table in TABLES)
    assert rows(pipeline, "orders") and not rows(pipeline, "competitive_price")
    sim.account.roles.add("Pricing")
    sim.faults.add("expired_token", "getCompetitivePricing", times=1)
    until = load(pipeline, sim, "competitive_price")
    known = {product.asin for _, product in shown_products(sim, until)}
    assert_rows(rows(pipeline, "competitive_price"), [{"asin": asin} for asin in known])
    # ASINs of the settings are looked up too; the second call would be after the time is up
    more = [f"B0000000{number:02}" for number in range(25)]
    sim.requests.clear()
    sim.faults.add("slow", "getItemOffersBatch", times=1, seconds=3 * 3600.0)
    load(pipeline, sim, "item_offer_summary", asins=more)
    left = metrics(pipeline)["item_offer_summary"]["left"]
    assert left.startswith(f"{len(known) + 5} products")
    first = set(requested_ids(sim, "getItemOffersBatch"))
    sim.requests.clear()
    load(pipeline, sim, "item_offer_summary", asins=more)
    rest = requested_ids(sim, "getItemOffersBatch")
    assert (len(first), len(rest)) == (20, len(known) + 5) and not first & set(rest)
    assert_rows(rows(pipeline, "item_offer_summary"), [{"asin": asin} for asin in known])
