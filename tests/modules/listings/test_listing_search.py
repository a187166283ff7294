"""More listings than Amazon shows in one search: cut by time of update, of creation, then by SKU."""

import json
from typing import Any, Iterator, List

import pytest

from amazon_selling_partner.loading.summary import problems
from amazon_selling_partner.modules.listings.listing_search import OLDEST_LISTING, ListingSearch
from amazon_selling_partner.modules.reports import RUN_COLUMNS
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.listings.listings import Listing
from sp_api_simulator.reports.report_store import ReportStore
from tests.support import context_of, rows

from .test_listings import DAY, NOW, SEARCH, US, book_of, load, source


@pytest.fixture
def crowd() -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=1,
        days=2,
        products=1040,
        marketplaces=[US],
    ) as simulator:
        yield simulator


def test_more_than_a_thousand_of_one_second_are_found_by_their_creation(crowd: Simulator) -> None:
    moment = int(NOW.subtract(days=1).timestamp() * 1000)
    for listing in list(book_of(crowd).listed(US).values())[30:]:
        listing.updated = moment
    listings = ListingSearch(context_of(crowd), crowd.account.seller_id, US)
    end = NOW.subtract(minutes=2)
    parts = list(listings.updated_in(OLDEST_LISTING, end))
    found = {item["sku"] for part in parts for item in part.items}
    assert found == listings.seen == set(book_of(crowd).listed(US))
    # each part ends later than the one before, and the last where it was to end
    through = [part.through for part in parts if part.through]
    assert through == sorted(set(through)) and through[-1] == end
    # twenty a call, and some that cut the crowd
    assert len(crowd.requests.of(SEARCH)) < 60 + 130


def test_time_that_is_up_leaves_the_rest_to_the_next_run(
    make_pipeline: Any, crowd: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    crowd.clock.advance(DAY)
    moment = int(NOW.timestamp() * 1000)
    for number, listing in enumerate(book_of(crowd).listed(US).values()):
        listing.updated = moment - (500 * DAY * 1000 if number < 30 else number * 1000)
    load(pipeline, crowd, package_time=0.1)
    (sentence,) = problems(pipeline)
    assert "more to load: listings of" in sentence
    assert len(rows(pipeline, "listed_item")) == 30
    crowd.requests.clear()
    # what is requested is enough to see: the rows are as everywhere
    pipeline.extract(source(crowd).with_resources("listed_item"))
    requested = crowd.requests.of(SEARCH)
    assert 51 <= len(requested) < 51 + 40
    assert min(call.query["lastUpdatedAfter"] for call in requested) > "2025"


def recreate_at_once(crowd: Simulator, pipeline: Any) -> List[str]:
    """Loads 60 listings, then creates 1,040 in one second; all SKUs."""
    book = book_of(crowd)
    skus = sorted(book.listed(US))
    book.by_marketplace[US] = {sku: book.listed(US)[sku] for sku in skus[960:1020]}
    load(pipeline, crowd)
    assert len(rows(pipeline, "listed_item")) == 60
    moment = int(NOW.add(hours=1).timestamp() * 1000)
    for sku in skus:
        listing = Listing(crowd.account.products.by_sku[sku], moment, moment)
        listing.changes["itemName"] = "New"
        book.listed(US)[sku] = listing
    crowd.clock.advance(2 * 3600)
    crowd.requests.clear()
    return skus


@pytest.mark.slow
def test_those_of_one_second_and_one_creation_are_read_by_the_skus_of_the_listings_report(
    make_pipeline: Any, crowd: Simulator
) -> None:
    pipeline = make_pipeline("duckdb")
    skus = recreate_at_once(crowd, pipeline)
    load(pipeline, crowd)
    assert {row["sku"]: row["summary__item_name"] for row in rows(pipeline, "listed_item")} == (
        dict.fromkeys(skus, "New")
    )
    assert not problems(pipeline)
    (run,) = rows(pipeline, "report_run")
    assert (run["status"], run["row_count"]) == ("DONE", 1040) and run["report_id"]
    assert set(run) == {"selling_partner", *RUN_COLUMNS}
    (requested,) = crowd.requests.of("createReport")
    body = json.loads(requested.body)
    assert body["reportType"] == "GET_MERCHANT_LISTINGS_ALL_DATA"
    assert body["marketplaceIds"] == [US]
    # the pages that are shown, two calls for the 40 that are not, and what it took to see that
    # nothing can be cut
    assert len(crowd.requests.of(SEARCH)) < 50 + 2 + 100
    # all are read again in a week: the report made then does, and is not requested once more
    crowd.clock.advance(8 * DAY)
    crowd.requests.clear()
    pipeline.extract(source(crowd).with_resources("listed_item"))
    assert not crowd.requests.of("createReport")
    assert len(crowd.requests.of("getReportDocument")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["createReport", "FATAL", "CANCELLED"])
def test_without_the_listings_report_those_are_read_that_other_tables_name(
    make_pipeline: Any, crowd: Simulator, fault: str
) -> None:
    pipeline = make_pipeline("duckdb")
    skus = recreate_at_once(crowd, pipeline)
    if fault == "createReport":
        crowd.faults.add("forbidden", fault)
    else:
        crowd.account.store(ReportStore).fail("GET_MERCHANT_LISTINGS_ALL_DATA", fault, "None.", 9)
    load(pipeline, crowd)
    found = rows(pipeline, "listed_item")
    # Amazon shows the first 1,000, and 20 more are known by name
    assert sorted(row["sku"] for row in found) == skus[:1020]
    assert {row["summary__item_name"] for row in found} == {"New"}
    reported = "".join(problems(pipeline))
    assert (
        "1040 listings" in reported
        and "the report of all listings is missing or incomplete: " in reported
    )
