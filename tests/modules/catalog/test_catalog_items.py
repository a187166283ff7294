"""The catalog: each ASIN as Amazon has it in each marketplace, requested in full batches."""

import copy
import json
from typing import Any, Iterator, List, Sequence, Tuple

import dlt
import pytest
from dlt.common import Decimal, pendulum

from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules.catalog.catalog_items import (
    INCLUDED_DATA,
    SEARCH_CATALOG_ITEMS,
    VENDOR_DATA,
    to_row,
)
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.listings.listings import ListingStore
from tests.amazon_models import (
    enum_of,
    fullest_answer,
    in_models,
    needs_amazons_files,
    sandbox_answers,
)
from tests.support import dataset, load_instead, missing_values, rows, source_of

from .truth import assert_equal, truth

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
DAY = 24 * 3600
SEARCH = "searchCatalogItems"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=2, products=24
    ) as simulator:
        yield simulator


def source(sim: Simulator, asins: Sequence[str] = (), **settings: Any) -> Any:
    """The catalog alone, of some ASINs or all."""
    asins = asins or [product.asin for product in sim.account.products]
    return source_of(sim, **{"modules": ["CATALOG"], "asins": list(asins), **settings})


def load(pipeline: dlt.Pipeline, sim: Simulator, asins: Sequence[str] = (), **more: Any) -> None:
    pipeline.run(source(sim, asins, **more).with_resources("catalog"))


def requested_batches(sim: Simulator) -> List[Tuple[str, List[str]]]:
    """Marketplace and ASINs of each call."""
    return [
        (call.query["marketplaceIds"], call.query["identifiers"].split(","))
        for call in sim.requests.of(SEARCH)
    ]


def test_a_load_equals_the_catalog_and_is_requested_again_when_it_is_old(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    book = sim.account.store(CatalogStore)
    asins = book.asins()
    assert len(asins) > 30 and "0131103628" in asins
    book.all_marketplaces = True
    pipeline = make_pipeline(destination)
    load(pipeline, sim, asins)
    assert_equal(pipeline, truth(sim, asins, [US, CA]))
    requested = requested_batches(sim)
    assert len(requested) == 2 * -(-len(asins) // 20)
    assert max(len(ids) for _, ids in requested) == 20
    assert not failed(pipeline) and not problems(pipeline)

    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim, asins)
    assert dataset(pipeline) == before and requested_batches(sim) == []

    # a week later the ranks are others, a name has changed, and two are new to the account
    sim.clock.advance(7 * DAY + 1)
    book.changes[asins[0]] = {"itemName": "New name"}
    load(pipeline, sim, asins)
    assert_equal(pipeline, truth(sim, asins, [US, CA]))
    assert len(requested_batches(sim)) == len(requested)
    assert "New name" in {row["summary__item_name"] for row in rows(pipeline, "catalog")}


def test_types_are_as_declared(make_pipeline: Any, destination: str, sim: Simulator) -> None:
    book = sim.account.store(CatalogStore)
    first, second = [product.asin for product in sim.account.products][:2]
    pipeline = make_pipeline(destination)
    # nothing is found: all columns are there with their type all the same
    book.removed |= {first, second}
    load(pipeline, sim, [first, second], marketplace_ids=[US])
    book.removed.clear()
    book.changes[first] = {"modelNumber": "007", "size": "2026-01-01", "releaseDate": "2026-01-02"}
    sim.clock.advance(7 * DAY + 1)
    load(pipeline, sim, [first, second], marketplace_ids=[US])
    tables = pipeline.default_schema.tables
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name, name
            if name.endswith(("asin", "_id", "identifier", "number", "_unit", "partner")):
                assert column["data_type"] == "text", (table["name"], name)
            assert column["data_type"] != "double", name
    types = {name: column["data_type"] for name, column in tables["catalog"]["columns"].items()}
    assert types["dimensions__item__weight__value"] == "decimal"
    assert types["attributes"] == "json" and types["deleted_at"] == "timestamp"
    row = next(row for row in rows(pipeline, "catalog") if row["asin"] == first)
    assert row["summary__model_number"] == "007" and row["summary__size"] == "2026-01-01"
    assert str(row["summary__release_date"]) == "2026-01-02"
    attributes = row["attributes"]
    attributes = json.loads(attributes) if isinstance(attributes, str) else attributes
    item = book.item(first, US, 0)
    assert item and attributes == item["attributes"]


def test_every_field_of_the_model_is_loaded(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    answer = fullest_answer(SEARCH_CATALOG_ITEMS)
    (item,) = answer["items"]
    item["asin"] = "B0FULLEST1"
    item["attributes"] = {"brand": [{"value": "attr-1", "weight": 1.5, "marketplace_id": US}]}
    answer["numberOfResults"] = 1
    for name in {*INCLUDED_DATA, *VENDOR_DATA} - {"attributes"}:
        for entry in item[name]:
            entry["marketplaceId"] = US
    pipeline = make_pipeline(destination)
    settings = {"marketplace_ids": [US], "is_vendor": True}
    load_instead(
        sim, pipeline, source(sim, [item["asin"]], **settings), {SEARCH_CATALOG_ITEMS: answer}
    )
    assert missing_values(pipeline, item) == []
    _, printed = in_models(SEARCH_CATALOG_ITEMS)
    names = {parameter["name"] for parameter in printed["parameters"]}
    (call,) = sim.requests.of(SEARCH)
    assert set(call.query) <= names


@needs_amazons_files
def test_included_data_is_all_that_amazon_offers() -> None:
    _, printed = in_models(SEARCH_CATALOG_ITEMS)
    (parameter,) = [p for p in printed["parameters"] if p["name"] == "includedData"]
    assert set(enum_of(parameter)) == {*INCLUDED_DATA, *VENDOR_DATA}


@needs_amazons_files
def test_amazons_sandbox_items_are_shaped() -> None:
    answers = sandbox_answers(SEARCH_CATALOG_ITEMS)
    found = [item for answer in answers for item in answer["items"]]
    assert found
    for item in found:
        row = to_row(copy.deepcopy(item), US)
        assert row["summary"]["itemName"] and row["images"]
        assert row["relationships"][0]["childAsin"] == item["asin"]


def test_a_vendor_has_vendor_details(make_pipeline: Any, sim: Simulator) -> None:
    sim.account.is_vendor = True
    pipeline = make_pipeline("duckdb")
    asins = [product.asin for product in sim.account.products][:3]
    load(pipeline, sim, asins, is_vendor=True, marketplace_ids=[US])
    assert_equal(pipeline, truth(sim, asins, [US]))
    assert {row["vendor_details__manufacturer_code"] for row in rows(pipeline, "catalog")} == {
        "00123"
    }


def test_what_is_deleted_is_marked_and_comes_back(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    book = sim.account.store(CatalogStore)
    asins = [product.asin for product in sim.account.products][:6]
    pipeline = make_pipeline(destination)
    load(pipeline, sim, asins)
    before = dataset(pipeline)
    sim.clock.advance(7 * DAY + 1)
    book.removed.add(asins[0])
    noticed = sim.clock.time()
    load(pipeline, sim, asins[:1])
    after = dataset(pipeline)
    for row in after["catalog"]:
        marked = row.pop("deleted_at")
        if row["asin"] == asins[0]:
            assert abs(marked.timestamp() - noticed) < 60
        else:
            assert marked is None
    for row in before["catalog"]:
        row.pop("deleted_at")
    assert after == before
    # a run without news leaves the mark, and one that finds it again takes it away
    load(pipeline, sim, asins[:1])
    sim.clock.advance(7 * DAY + 1)
    book.removed.clear()
    load(pipeline, sim, asins[:1])
    assert {row["deleted_at"] for row in rows(pipeline, "catalog")} == {None}


@pytest.mark.parametrize("choice, left", [("hard", 2), ("off", 4)])
def test_other_choices_delete_or_leave(
    make_pipeline: Any, sim: Simulator, choice: str, left: int
) -> None:
    book = sim.account.store(CatalogStore)
    asins = [product.asin for product in sim.account.products][:2]
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, asins, capture_deletes=choice)
    book.removed.add(asins[0])
    sim.clock.advance(7 * DAY + 1)
    load(pipeline, sim, asins, capture_deletes=choice)
    assert len(rows(pipeline, "catalog")) == left
    images = {row["asin"] for row in rows(pipeline, "catalog__images")}
    assert images == (set(asins) if choice == "off" else {asins[1]})


def test_what_was_never_there_is_no_row_and_is_counted(make_pipeline: Any, sim: Simulator) -> None:
    asins = [product.asin for product in sim.account.products][:3]
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, [*asins, "B0UNKNOWN1", "B0UNKNOWN2"], marketplace_ids=[US])
    assert {row["asin"] for row in rows(pipeline, "catalog")} == set(asins)
    (sentence,) = problems(pipeline)
    assert "2 products" in sentence and "unknown to Amazon's catalog" in sentence
    assert not failed(pipeline)
    sim.requests.clear()
    load(pipeline, sim, [*asins, "B0UNKNOWN1", "B0UNKNOWN2"], marketplace_ids=[US])
    assert requested_batches(sim) == [] and not problems(pipeline)


@pytest.mark.slow
def test_a_token_that_is_forgotten_deletes_nothing(make_pipeline: Any, sim: Simulator) -> None:
    """Amazon was seen to show 20 of 30 items without a token, with pageSize=20."""
    book = sim.account.store(CatalogStore)
    asins = [product.asin for product in sim.account.products][:20]
    parents = [asin for asin in book.asins() if asin not in sim.account.products.by_asin][:5]
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, asins, marketplace_ids=[US])
    book.also_found[asins[0]] = parents
    book.drops_token = True
    sim.clock.advance(7 * DAY + 1)
    sim.requests.clear()
    load(pipeline, sim, asins, marketplace_ids=[US])
    assert_equal(pipeline, truth(sim, [*asins, *parents], [US]))
    assert {row["deleted_at"] for row in rows(pipeline, "catalog")} == {None}
    pages = [
        (call.query["pageSize"], len(ids))
        for call, (_, ids) in zip(sim.requests.of(SEARCH), requested_batches(sim))
    ]
    # what the first answer did not show is requested with another page size, and what it showed
    # besides is known from now on
    assert pages == [("20", 20), ("10", 5), ("20", 5)]
    assert requested_batches(sim)[-1] == (US, sorted(parents, reverse=True))
    sim.requests.clear()
    load(pipeline, sim, asins, marketplace_ids=[US])
    assert requested_batches(sim) == []


def test_an_answer_that_is_not_whole_marks_nothing(make_pipeline: Any, sim: Simulator) -> None:
    asins = [product.asin for product in sim.account.products][:3]
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, asins, marketplace_ids=[US])
    sim.clock.advance(7 * DAY + 1)
    body: Any
    for body in (
        {"numberOfResults": 3, "items": []},
        {"items": []},
        {"numberOfResults": "0", "items": []},
        {"numberOfResults": 0},
        {"numberOfResults": 1, "items": [{"marketplaceId": US}]},
        [],
        None,
    ):
        sim.requests.clear()
        if body is not None:
            sim.faults.add("answer", SEARCH, body=body)
        load(pipeline, sim, asins, marketplace_ids=[US])
        sim.faults.clear()
        # those before left all of them due
        assert (
            requested_batches(sim)[0] == (US, requested_batches(sim)[-1][1])
            and len(requested_batches(sim)[0][1]) == 3
        )
        assert {row["deleted_at"] for row in rows(pipeline, "catalog")} == {None}, body
    assert len(requested_batches(sim)) == 1


def test_one_bad_asin_does_not_spoil_its_batch(make_pipeline: Any, sim: Simulator) -> None:
    asins = [product.asin for product in sim.account.products][:9]
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, [*asins, "B0BADBADBA"], marketplace_ids=[US])
    assert {row["asin"] for row in rows(pipeline, "catalog")} == set(asins)
    assert not failed(pipeline)
    (sentence,) = problems(pipeline)
    assert "B0BADBADBA" in sentence
    sim.requests.clear()
    load(pipeline, sim, [*asins, "B0BADBADBA"], marketplace_ids=[US])
    assert requested_batches(sim) == []


def test_an_item_without_asin_is_kept_aside(make_pipeline: Any, sim: Simulator) -> None:
    asin = sim.account.products[0].asin
    items: List[Any] = [{"summaries": []}, None, {"asin": asin, "images": "none", "summaries": [7]}]
    sim.faults.add("answer", SEARCH, body={"numberOfResults": 1, "items": items})
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, [asin], marketplace_ids=[US])
    assert [row["asin"] for row in rows(pipeline, "catalog")] == [asin]
    assert {row["table_name"] for row in rows(pipeline, "rejected_row")} == {"catalog"}
    assert len(rows(pipeline, "rejected_row")) == 2


def test_failures_end_the_table_alone(make_pipeline: Any, sim: Simulator) -> None:
    asins = [product.asin for product in sim.account.products]
    pipeline = make_pipeline("duckdb")
    sim.faults.add("expired_token", SEARCH, skip=1, times=1)
    load(pipeline, sim, asins, marketplace_ids=[US])
    assert len(rows(pipeline, "catalog")) == len(asins) and not problems(pipeline)

    sim.clock.advance(7 * DAY + 1)
    sim.faults.add("status", SEARCH, skip=1, status=503)
    pipeline.run(source(sim, asins, marketplace_ids=[US]))
    assert failed(pipeline) and rows(pipeline, "marketplace_participation")
    assert {row["deleted_at"] for row in rows(pipeline, "catalog")} == {None}
    sim.faults.clear()
    sim.requests.clear()
    load(pipeline, sim, asins, marketplace_ids=[US])
    # the batch with a response is not looked up again
    assert [len(ids) for _, ids in requested_batches(sim)] == [4]

    sim.clock.advance(7 * DAY + 1)
    sim.account.roles.discard("Product Listing")
    sim.requests.clear()
    pipeline.run(source(sim, asins))
    (sentence,) = problems(pipeline)
    assert sentence.startswith("catalog was skipped") and "'Product Listing'" in sentence
    # once per marketplace
    assert len(sim.requests.of(SEARCH)) == 2 and not failed(pipeline)


def test_a_listing_that_changed_is_looked_up_again(make_pipeline: Any, sim: Simulator) -> None:
    pipeline = make_pipeline("duckdb")

    def run() -> None:
        settings = {"modules": ["CATALOG", "LISTED_ITEM"], "merchant_id": sim.account.seller_id}
        pipeline.run(source_of(sim, **settings).with_resources("catalog", "listed_item"))

    run()
    asins = [product.asin for product in sim.account.products]
    assert {row["asin"] for row in rows(pipeline, "catalog")} == set(asins)
    assert len(requested_batches(sim)) == 4
    sim.clock.advance(3600)
    product = sim.account.products[5]
    sim.account.store(ListingStore).change(product.sku, itemName="Better name")
    sim.account.store(CatalogStore).changes[product.asin] = {"itemName": "Better name"}
    sim.clock.advance(3600)
    sim.requests.clear()
    run()
    assert sorted(requested_batches(sim)) == [(CA, [product.asin]), (US, [product.asin])]
    names = [row["summary__item_name"] for row in rows(pipeline, "catalog")]
    assert names.count("Better name") == 2
    sim.requests.clear()
    run()
    assert requested_batches(sim) == []


def test_wrong_types_do_not_stop_the_table() -> None:
    wrong: Any
    for wrong in (None, 7, "x", [7], {"a": 1}, [{"marketplaceId": US, "images": 7}], [[]]):
        item = {"asin": "A", **dict.fromkeys((*INCLUDED_DATA, *VENDOR_DATA), wrong)}
        row = to_row(item, US)
        assert row["asin"] == "A" and isinstance(row["images"], list)


def test_sizes_keep_all_digits_that_fit() -> None:
    value = Decimal("0.12345678901234567890123")
    item = {"asin": "A", "dimensions": [{"marketplaceId": US, "item": {"width": {"value": value}}}]}
    assert to_row(item, US)["dimensions"]["item"]["width"]["value"] == Decimal(
        "0.123456789012345679"
    )
