"""Listings: what changed since the last run, and every week all of them."""

import copy
from typing import Any, Dict, Iterator, List, Sequence

import dlt
import pytest
from dlt.common import Decimal, pendulum

from amazon_selling_partner.loading.summary import failed, problems
from amazon_selling_partner.modules import sellers
from amazon_selling_partner.modules.listings.listing_search import (
    INCLUDED_DATA,
    SEARCH_LISTINGS_ITEMS,
)
from amazon_selling_partner.modules.listings.listings import to_row
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.listings.listings import Listing, ListingStore
from tests.amazon_models import (
    enum_of,
    fullest_answer,
    in_models,
    needs_amazons_files,
    sandbox_answers,
)
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
DAY = 24 * 3600
SEARCH = "searchListingsItems"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=1, days=2, products=26
    ) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    return source_of(
        sim, **{"modules": ["LISTED_ITEM"], "merchant_id": sim.account.seller_id, **settings}
    )


def load(pipeline: dlt.Pipeline, sim: Simulator, **settings: Any) -> None:
    pipeline.run(source(sim, **settings).with_resources("listed_item"))


def book_of(sim: Simulator) -> ListingStore:
    return sim.account.store(ListingStore)


def assert_equal(
    pipeline: dlt.Pipeline, sim: Simulator, places: Sequence[str] = (US, CA), without: Any = ()
) -> None:
    """Every row of every table, worked out from the simulator's listings."""
    expected: Dict[str, List[Dict[str, Any]]] = {}

    def add(table: str, key: Dict[str, str], **columns: Any) -> None:
        expected.setdefault(table, []).append({**columns, **key})

    for place in places:
        for sku in book_of(sim).listed(place):
            if sku in without:
                continue
            item = book_of(sim).item(sku, place)
            assert item
            key = {
                "selling_partner": "amazon_selling_partner",
                "marketplace_id": place,
                "sku": sku,
            }
            (summary,) = (one for one in item["summaries"] if one["marketplaceId"] == place)
            add(
                "",
                key,
                summary__asin=summary["asin"],
                summary__item_name=summary["itemName"],
                summary__fn_sku=summary.get("fnSku"),
                summary__condition_type=summary["conditionType"],
                summary__created_date=summary["createdDate"],
                summary__last_updated_date=summary["lastUpdatedDate"],
                summary__main_image__height=summary["mainImage"]["height"],
                deleted_at=None,
            )
            for one in item["issues"]:
                if one["marketplaceIds"] == [place]:
                    end = one.get("enforcements", {}).get("exemption", {}).get("expiryDate")
                    add(
                        "__issues",
                        key,
                        code=one["code"],
                        severity=one["severity"],
                        enforcements__exemption__expiry_date=end,
                    )
            for one in item["offers"]:
                if one["marketplaceId"] == place:
                    add(
                        "__offers",
                        key,
                        offer_type=one["offerType"],
                        price__amount=Decimal(one["price"]["amount"]),
                        price__currency_code=one["price"]["currencyCode"],
                        audience__value=one["audience"]["value"],
                    )
            for one in item["fulfillmentAvailability"]:
                code = one["fulfillmentChannelCode"]
                add(
                    "__fulfillment_availability",
                    key,
                    fulfillment_channel_code=code,
                    quantity=one.get("quantity"),
                )
            (types,) = (one for one in item["productTypes"] if one["marketplaceId"] == place)
            add("__product_types", key, product_type=types["productType"])
            for one in item["relationships"]:
                for row in one["relationships"] if one["marketplaceId"] == place else ():
                    pairs = [(parent, sku) for parent in row.get("parentSkus", ())]
                    pairs += [(sku, child) for child in row.get("childSkus", ())]
                    for parent, child in pairs:
                        add("__relationships", key, parent_sku=parent, child_sku=child)
    found = {name for name in dataset(pipeline) if name.startswith("listed_item")}
    assert found == {f"listed_item{name}" for name in expected}
    for name, those in expected.items():
        assert_rows(rows(pipeline, f"listed_item{name}"), those)


def test_a_load_equals_the_listings_and_changes_come_with_one_call(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    book_of(sim).all_marketplaces = True
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    assert_equal(pipeline, sim)
    skus = {row["sku"] for row in rows(pipeline, "listed_item")}
    assert any(sku.startswith("0") for sku in skus) and any(" " in sku for sku in skus)
    assert not failed(pipeline) and not problems(pipeline)

    before = dataset(pipeline)
    sim.requests.clear()
    load(pipeline, sim)
    assert dataset(pipeline) == before and len(sim.requests.of(SEARCH)) == 2

    sim.clock.advance(DAY)
    book = book_of(sim)
    changed, new = list(book.listed(US))[:2]
    book.change(changed, itemName="Better name", status=[])
    product = copy.copy(book.listed(US)[new].product)
    object.__setattr__(product, "sku", "NEW SKU")
    moment = int(sim.clock.time() * 1000)
    book.listed(US)["NEW SKU"] = Listing(product, moment, moment)
    sim.clock.advance(600)
    sim.requests.clear()
    load(pipeline, sim)
    assert_equal(pipeline, sim)
    assert len(sim.requests.of(SEARCH)) == 2
    # an update that Amazon shows late
    late = book.listed(US)[new]
    late.updated = int(sim.clock.time() * 1000) - 600_000
    late.changes["itemName"] = "Late name"
    load(pipeline, sim)
    assert_equal(pipeline, sim)


def test_every_week_all_are_read_for_what_changed_without_a_date(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, sim)
    book = book_of(sim)
    quiet, removed, moved, comma = list(book.listed(US))[:4]
    book.change(quiet, quiet=True, itemName="Quietly better")
    book.listed(US)[removed].quantity = 77
    sim.clock.advance(DAY)
    book.remove(removed)
    load(pipeline, sim)
    names = [row["summary__item_name"] for row in rows(pipeline, "listed_item")]
    assert "Quietly better" not in names
    sim.clock.advance(7 * DAY)
    # one that was updated a moment ago: it is in no window, and not deleted
    book.change(moved)
    noticed = sim.clock.time()
    load(pipeline, sim)
    assert_marked(pipeline, sim, [removed], noticed)

    # it comes back, and another one goes whose SKU no list can hold
    listed = Listing(sim.account.products.by_sku[removed], 0, int(sim.clock.time() * 1000))
    for place in (US, CA):
        book.listed(place)[removed] = listed
        one = book.listed(place).pop(comma)
        object.__setattr__(one.product, "sku", "a,b")
        one.updated = int(sim.clock.time() * 1000)
        book.listed(place)["a,b"] = one
    sim.clock.advance(3600)
    load(pipeline, sim)
    assert {row["sku"] for row in rows(pipeline, "listed_item") if row["deleted_at"]} == set()
    sim.clock.advance(7 * DAY)
    book.change("a,b")
    load(pipeline, sim)
    assert_marked(pipeline, sim, [comma], sim.clock.time())
    book.remove("a,b")
    sim.clock.advance(7 * DAY)
    load(pipeline, sim)
    assert {row["sku"] for row in rows(pipeline, "listed_item") if row["deleted_at"]} == {
        comma,
        "a,b",
    }


def assert_marked(
    pipeline: dlt.Pipeline, sim: Simulator, skus: Sequence[str], noticed: float
) -> None:
    """Some listings are marked and have all their rows; the others equal the truth."""
    marked = [row for row in rows(pipeline, "listed_item") if row["deleted_at"]]
    assert {(row["marketplace_id"], row["sku"]) for row in marked} == {
        (place, sku) for place in (US, CA) for sku in skus
    }
    for row in marked:
        assert abs(row["deleted_at"].timestamp() - noticed) < 60
        assert row["summary__asin"] and row["attributes"]
    there = {sku for sku in book_of(sim).listed(US)}
    alive = {row["sku"] for row in rows(pipeline, "listed_item") if not row["deleted_at"]}
    assert alive == there
    offers = {row["sku"] for row in rows(pipeline, "listed_item__offers")}
    assert offers == there | set(skus)


@pytest.mark.parametrize("choice", ["hard", "off"])
def test_other_choices_delete_or_leave(make_pipeline: Any, sim: Simulator, choice: str) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, capture_deletes=choice)
    removed = next(iter(book_of(sim).listed(US)))
    book_of(sim).remove(removed)
    sim.clock.advance(8 * DAY)
    sim.requests.clear()
    load(pipeline, sim, capture_deletes=choice)
    for table in ("listed_item", "listed_item__offers"):
        left = {row["sku"] for row in rows(pipeline, table)}
        assert (removed in left) == (choice == "off")
    named = [call for call in sim.requests.of(SEARCH) if "identifiers" in call.query]
    assert len(named) == (2 if choice == "hard" else 0)


def test_an_answer_that_is_not_whole_marks_nothing(make_pipeline: Any, sim: Simulator) -> None:
    """Neither a read of all that is empty, nor searches by SKU that say nothing."""
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim)
    for body in ({"numberOfResults": 26, "items": []}, {"items": []}, {}):
        sim.clock.advance(8 * DAY)
        sim.faults.add("answer", SEARCH, body=body)
        load(pipeline, sim)
        sim.faults.clear()
        assert {row["deleted_at"] for row in rows(pipeline, "listed_item")} == {None}
    sim.clock.advance(8 * DAY)
    load(pipeline, sim)
    assert_equal(pipeline, sim)
    # the counts of a search that is empty are reported
    sim.clock.advance(600)
    sim.faults.add("answer", SEARCH, body={"numberOfResults": 3, "items": []})
    load(pipeline, sim)
    assert "3 more listings" in "".join(problems(pipeline))


def test_every_field_of_the_model_is_loaded(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    answer = fullest_answer(SEARCH_LISTINGS_ITEMS)
    (item,) = answer["items"]
    answer["numberOfResults"] = 1
    item["attributes"] = {"brand": [{"value": "attr-1", "weight": 1.5, "marketplace_id": US}]}
    for name in ("summaries", "offers", "relationships", "productTypes"):
        for entry in item[name]:
            entry["marketplaceId"] = US
    item["issues"][0]["marketplaceIds"] = [US]
    pipeline = make_pipeline(destination)
    load_instead(sim, pipeline, source(sim, marketplace_ids=[US]), {SEARCH_LISTINGS_ITEMS: answer})
    assert missing_values(pipeline, item) == []
    _, printed = in_models(SEARCH_LISTINGS_ITEMS)
    names = {parameter["name"] for parameter in printed["parameters"]}
    for call in sim.requests.of(SEARCH):
        assert set(call.query) <= names
        assert call.query["sortOrder"] == "ASC" and call.query["pageSize"] == "20"
        assert set(call.query["includedData"].split(",")) == set(INCLUDED_DATA)
    for table in pipeline.default_schema.data_tables():
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name, name
            assert column["data_type"] != "double", name
            if name.endswith(("sku", "asin", "_id", "code", "partner")):
                assert column["data_type"] == "text", name
            if name.endswith("_date"):
                assert column["data_type"] == "timestamp", name
            if name.endswith("amount"):
                assert column["data_type"] == "decimal", name


@needs_amazons_files
def test_included_data_is_all_that_amazon_offers() -> None:
    _, printed = in_models(SEARCH_LISTINGS_ITEMS)
    (parameter,) = [p for p in printed["parameters"] if p["name"] == "includedData"]
    assert set(enum_of(parameter)) == set(INCLUDED_DATA)


@needs_amazons_files
def test_amazons_sandbox_listings_are_shaped() -> None:
    answers = sandbox_answers(SEARCH_LISTINGS_ITEMS)
    found = [item for answer in answers for item in answer["items"]]
    assert found
    for item in found:
        for place, price in ((US, "100.00"), (CA, "130.00")):
            row = to_row(copy.deepcopy(item), place)
            assert [offer["price"]["amount"] for offer in row["offers"]] == [price]
            assert row["summary"]["asin"] == "B071VG5N9D"
            assert len(row["issues"]) == (5 if place == US else 2)


def test_without_merchant_id_the_table_is_skipped_in_one_sentence(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, merchant_id=None))
    assert rows(pipeline, "marketplace_participation") and not failed(pipeline)
    (sentence,) = problems(pipeline)
    assert sentence.startswith("listed_item was skipped") and "put the Merchant Token" in sentence
    assert not sim.requests.of(SEARCH)


def test_failures_end_the_table_alone_and_the_next_run_goes_on(
    make_pipeline: Any, sim: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    sim.faults.add("expired_token", SEARCH, skip=1, times=1)
    # the second marketplace's second page
    sim.faults.add("status", SEARCH, skip=6, status=503)
    pipeline.run(source(sim))
    assert failed(pipeline) and rows(pipeline, "marketplace_participation")
    sim.faults.clear()
    sim.requests.clear()
    load(pipeline, sim)
    assert_equal(pipeline, sim)
    # what was read whole before is not read again
    requested = [call.query["marketplaceIds"] for call in sim.requests.of(SEARCH)]
    assert requested == [US, CA, CA, CA]

    sim.account.roles.discard("Product Listing")
    sim.requests.clear()
    pipeline.run(source(sim))
    (sentence,) = problems(pipeline)
    assert sentence.startswith("listed_item was skipped") and "'Product Listing'" in sentence
    # once per marketplace
    assert len(sim.requests.of(SEARCH)) == 2 and not failed(pipeline)


def test_a_refused_table_that_read_the_marketplaces_is_not_every_table(
    make_pipeline: Any, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = sellers.participations
    page: List[Any] = []

    def read_once(context: Any) -> Any:
        page[:] = page or read(context)
        return page

    monkeypatch.setattr(sellers, "participations", read_once)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    # the other table makes the call, and the marketplaces are as they were
    sim.account.roles.discard("Product Listing")
    pipeline.run(source(sim))
    (sentence,) = problems(pipeline)
    assert sentence.startswith("listed_item was skipped")


def test_a_listing_without_sku_is_kept_aside(make_pipeline: Any, sim: Simulator) -> None:
    items: List[Any] = [
        {"summaries": []},
        None,
        {"sku": "1", "summaries": "none", "offers": [7], "issues": [{"enforcements": 3}]},
    ]
    sim.faults.add("answer", SEARCH, body={"numberOfResults": 3, "items": items})
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=[US])
    assert [row["sku"] for row in rows(pipeline, "listed_item")] == ["1"]
    assert {row["table_name"] for row in rows(pipeline, "rejected_row")} == {"listed_item"}
    assert len(rows(pipeline, "rejected_row")) == 2


def test_one_that_leaves_while_it_is_paged_does_not_hide_another(
    make_pipeline: Any, sim: Simulator
) -> None:
    """A page is a position in an order: when one before it goes, the next page skips one."""

    class Leaves(Dict[str, Listing]):
        """Listings of which the first is updated before the second page is shown."""

        def values(self) -> Any:
            if any("pageToken" in call.query for call in sim.requests.of(SEARCH)):
                return super().values()
            if len(sim.requests.of(SEARCH)) == 2:
                oldest = min(super().values(), key=lambda one: one.updated)
                oldest.updated = int(sim.clock.time() * 1000)
            return super().values()

    book_of(sim).by_marketplace[US] = Leaves(book_of(sim).listed(US))
    pipeline = make_pipeline("duckdb")
    load(pipeline, sim, marketplace_ids=[US])
    # the one that left was on the first page; of the second page nothing was skipped
    assert len(rows(pipeline, "listed_item")) == 26 and not problems(pipeline)
    sim.clock.advance(600)
    load(pipeline, sim, marketplace_ids=[US])
    assert_equal(pipeline, sim, [US])
