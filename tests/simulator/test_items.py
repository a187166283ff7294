"""Catalog items and listings of the simulator: as Amazon's models say, filtered and paged."""

from typing import Any, Dict, Iterator, List

import pytest

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.catalog import catalog_items as catalog_area
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.listings import listings as listings_area
from sp_api_simulator.listings.listings import ListingStore
from tests.amazon_models import model, strict

from .conftest import NOW, Caller
from .test_models import REGIONS

CATALOG = "/catalog/2022-04-01/items"
LISTINGS = "/listings/2021-08-01/items"


@pytest.fixture(params=REGIONS, ids=["NA", "EU", "FE"])
def region(request: pytest.FixtureRequest) -> Iterator[Caller]:
    clock = VirtualClock(NOW)
    with Simulator(
        clock=clock, orders_per_day=1, days=2, marketplaces=request.param, products=26
    ) as sim:
        yield Caller(sim)


def pages(caller: Caller, path: str, **parameters: Any) -> Iterator[Dict[str, Any]]:
    token = None
    while True:
        query = {**parameters, "pageToken": token} if token else parameters
        heard = caller.get(path, **query)
        if heard.status == 429:
            caller.simulator.clock.sleep(1)
            continue
        assert heard.status == 200, heard.content
        yield heard.json
        token = heard.json.get("pagination", {}).get("nextToken")
        if token is None:
            return


def items(caller: Caller, path: str, **parameters: Any) -> List[Dict[str, Any]]:
    return [item for page in pages(caller, path, **parameters) for item in page["items"]]


def test_catalog_items_are_as_the_model_says(region: Caller) -> None:
    account = region.simulator.account
    book = account.store(CatalogStore)
    account.is_vendor = True
    page = strict(model("catalogitems_v2022_04_01"), "ItemSearchResults")
    one = strict(model("catalogitems_v2022_04_01"), "Item")
    for place in account.marketplaces:
        asins = [asin for asin in book.asins()]
        found = []
        for start in range(0, len(asins), 20):
            for answer in pages(
                region,
                CATALOG,
                identifiers=",".join(asins[start : start + 20]),
                identifiersType="ASIN",
                marketplaceIds=place.id,
                includedData=",".join(catalog_area.DATASETS),
                pageSize=7,
            ):
                page.validate(answer)
                found += answer["items"]
        assert found == [book.item(asin, place.id, account.now()) for asin in asins]
        region.simulator.clock.sleep(1)
        heard = region.get(f"{CATALOG}/{asins[0]}", marketplaceIds=place.id)
        one.validate(heard.json)
        assert list(heard.json) == ["asin", "summaries"]


def test_listings_are_as_the_model_says(region: Caller) -> None:
    account = region.simulator.account
    book = account.store(ListingStore)
    page = strict(model("listings_items_v2021_08_01"), "ItemSearchResults")
    path = f"{LISTINGS}/{account.seller_id}"
    for place in account.marketplaces:
        found = []
        for answer in pages(
            region,
            path,
            marketplaceIds=place.id,
            includedData=",".join(listings_area.DATASETS),
            sortBy="lastUpdatedDate",
            sortOrder="ASC",
            pageSize=20,
        ):
            page.validate(answer)
            found += answer["items"]
        times = [item["summaries"][0]["lastUpdatedDate"] for item in found]
        assert times == sorted(times)
        truth = [book.item(sku, place.id) for sku in book.listed(place.id)]
        assert sorted(found, key=lambda item: item["sku"]) == sorted(truth, key=lambda i: i["sku"])


@pytest.fixture
def caller() -> Iterator[Caller]:
    with Simulator(clock=VirtualClock(NOW), orders_per_day=1, days=2) as sim:
        yield Caller(sim)


US = "ATVPDKIKX0DER"


def test_what_the_catalog_refuses(caller: Caller) -> None:
    for query in (
        {"marketplaceIds": US},
        {"marketplaceIds": US, "identifiers": "B000000000"},
        {"marketplaceIds": US, "identifiers": "B00", "identifiersType": "ASIN"},
        {"marketplaceIds": US, "identifiers": "X", "identifiersType": "SKU"},
        {"marketplaceIds": US, "identifiers": "B000000000", "keywords": "tea"},
        {
            "marketplaceIds": US,
            "identifiers": "B000000000",
            "identifiersType": "ASIN",
            "includedData": "vendorDetails",
        },
        {"identifiers": "B000000000", "identifiersType": "ASIN"},
        {
            "marketplaceIds": US,
            "identifiers": ",".join(["B000000000"] * 21),
            "identifiersType": "ASIN",
        },
    ):
        caller.simulator.clock.sleep(1)
        assert caller.get(CATALOG, **query).status == 400, query
    assert caller.get(f"{CATALOG}/B000000000", marketplaceIds=US).status == 404


def test_what_the_book_of_the_catalog_does(caller: Caller) -> None:
    account = caller.simulator.account
    book = account.store(CatalogStore)
    asins = [product.asin for product in account.products][:20]
    query = {
        "identifiers": ",".join(asins),
        "identifiersType": "ASIN",
        "marketplaceIds": US,
        "pageSize": 20,
    }
    parents = [asin for asin in book.asins() if asin not in account.products.by_asin]
    book.removed.add(asins[0])
    book.changes[asins[1]] = {"itemName": "New name"}
    book.also_found[asins[2]] = parents[:2]
    found = {item["asin"]: item for item in items(caller, CATALOG, **query)}
    assert set(found) == {*asins[1:], *parents[:2]}
    assert found[asins[1]]["summaries"][0]["itemName"] == "New name"
    book.drops_token = True
    (page,) = pages(caller, CATALOG, **query)
    assert page["numberOfResults"] == 21 and len(page["items"]) == 20
    assert len(items(caller, CATALOG, **{**query, "pageSize": 10})) == 21
    book.all_marketplaces = True
    query["identifiers"] = asins[3]
    (item,) = items(caller, CATALOG, **query)
    assert [one["marketplaceId"] for one in item["summaries"]] == ["A2EUQ1WTGCTBG2", US]


def test_other_identifiers_and_keywords_find_catalog_items(caller: Caller) -> None:
    account = caller.simulator.account
    product = account.products[2]
    common = {"marketplaceIds": US, "includedData": "identifiers"}
    for kind, id, more in (
        ("SKU", product.sku, {"sellerId": account.seller_id}),
        ("ISBN", product.asin, {}),
        ("EAN", "0000000000002", {}),
    ):
        (item,) = items(caller, CATALOG, **common, identifiers=id, identifiersType=kind, **more)
        assert item["asin"] == product.asin
    found = items(caller, CATALOG, **common, keywords="language")
    assert [item["asin"] for item in found] == [product.asin]


def test_what_listings_can_be_searched_by(caller: Caller) -> None:
    account = caller.simulator.account
    path = f"{LISTINGS}/{account.seller_id}"
    book = account.store(ListingStore)
    listed = list(book.listed(US).values())
    common = {"marketplaceIds": US, "pageSize": 20}

    def found(**query: Any) -> List[str]:
        return [item["sku"] for item in items(caller, path, **common, **query)]

    one = listed[0].product
    for kind, id in (("SKU", one.sku), ("ASIN", one.asin), ("UPC", "000000000000")):
        assert found(identifiers=id, identifiersType=kind) == [one.sku]
    assert found(identifiers=one.fnsku, identifiersType="FNSKU") == [one.sku]
    assert len(found()) == len(listed) > 60
    unbuyable = found(withoutStatus="BUYABLE")
    assert unbuyable and set(unbuyable) | set(found(withStatus="BUYABLE")) == set(found())
    assert 0 < len(found(withIssueSeverity="ERROR")) < len(listed)
    assert found(variationParentSku=one.sku) == [listed[1].product.sku]
    assert found(sortBy="sku", sortOrder="ASC") == sorted(book.listed(US))
    book.change(one.sku)
    assert found(lastUpdatedAfter="2026-05-28T20:26:40Z") == [one.sku]
    book.remove(one.sku)
    assert found(lastUpdatedAfter="2026-05-28T20:26:40Z") == []
    assert caller.get(f"{path}/{one.sku}", marketplaceIds=US).status == 404
    caller.simulator.clock.sleep(1)
    assert caller.get(f"{LISTINGS}/OTHER", marketplaceIds=US).status == 403
    assert caller.get(path, marketplaceIds=US, identifiers="X").status == 400


def test_no_more_than_a_thousand_listings_can_be_paged_through() -> None:
    with Simulator(clock=VirtualClock(NOW), orders_per_day=1, days=2, products=1010) as sim:
        caller = Caller(sim)
        path = f"{LISTINGS}/{sim.account.seller_id}"
        answers = list(pages(caller, path, marketplaceIds=US, pageSize=20))
        assert {answer["numberOfResults"] for answer in answers} == {1010}
        assert sum(len(answer["items"]) for answer in answers) == 1000
