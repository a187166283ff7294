"""Restrictions of listings: Amazon's fullest answer, the simulator's truth, lifted restrictions."""

from typing import Any, Iterator

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.listings.listings_restrictions import GET_LISTINGS_RESTRICTIONS
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.listings.listings_restrictions import RestrictionStore
from sp_api_simulator.pricing.offer_store import OfferStore, Rejection
from tests.amazon_models import fullest_answer
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US = "ATVPDKIKX0DER"
WEEK = 7 * 24 * 3600


@pytest.fixture
def sim() -> Iterator[Simulator]:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=0, days=1, products=12) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    asins = [product.asin for product in sim.account.products]
    return source_of(
        sim,
        **{
            "modules": ["LISTINGS_RESTRICTIONS"],
            "asins": asins,
            "merchant_id": sim.account.seller_id,
            **settings,
        },
    ).with_resources("listing_restriction")


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    book = sim.account.store(RestrictionStore)
    roots, restrictions, reasons = [], [], []
    for place in sim.account.marketplaces:
        for product in sim.account.products:
            key = {
                "selling_partner": "amazon_selling_partner",
                "marketplace_id": place.id,
                "asin": product.asin,
            }
            found = book.restrictions(product.asin, place)
            roots.append({**key, "is_restricted": bool(found)})
            for one in found:
                restrictions.append({**key, "condition_type": one.get("conditionType")})
                for reason in one["reasons"]:
                    shown = {"message": reason["message"], "reason_code": reason["reasonCode"]}
                    reasons.append({**key, **shown})
    assert_rows(rows(pipeline, "listing_restriction"), roots)
    assert_rows(rows(pipeline, "listing_restriction__restrictions"), restrictions)
    assert_rows(rows(pipeline, "listing_restriction__restrictions__reasons"), reasons)


def test_restrictions_of_all_marketplaces_take_one_call(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    sim.faults.add("expired_token", "getListingsRestrictions", times=1, skip=3)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    calls = [r for r in sim.requests.of("getListingsRestrictions") if r.status == 200]
    assert len(calls) == len({call.query["asin"] for call in calls}) == 12
    links = [r["links"] for r in rows(pipeline, "listing_restriction__restrictions__reasons")]
    assert any(
        "approvalrequest" in str(link) and "selling_partner" not in str(link) for link in links
    )
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert not sim.requests.of("getListingsRestrictions") and dataset(pipeline) == before
    # restrictions that are lifted leave nothing behind; an ASIN that is deleted has a reason
    products = sim.account.products
    sim.account.store(RestrictionStore).lifted.add(products[0].asin)
    sim.account.store(CatalogStore).removed.add(products[1].asin)
    sim.clock.advance(WEEK + 60)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    assert dataset(pipeline) != before


def test_every_field_of_amazons_fullest_answer_is_loaded(
    make_pipeline: Any, sim: Simulator
) -> None:
    answer = fullest_answer(GET_LISTINGS_RESTRICTIONS)
    answer["restrictions"][0]["marketplaceId"] = US
    pipeline = make_pipeline("duckdb")
    chosen = source(sim, asins=["0262510871"], marketplace_ids=[US])
    load_instead(sim, pipeline, chosen, {GET_LISTINGS_RESTRICTIONS: answer})
    assert missing_values(pipeline, answer) == []
    (row,) = rows(pipeline, "listing_restriction")
    assert row["asin"] == "0262510871" and row["is_restricted"]


def test_a_refused_asin_a_missing_role_and_a_missing_setting(
    make_pipeline: Any, sim: Simulator
) -> None:
    with pytest.raises(ConfigurationError, match="merchant_id is not set, but module LISTINGS"):
        source(sim, merchant_id=None)
    bad = sim.account.products[3].asin
    sim.account.store(OfferStore).rejections[bad] = Rejection(400, "BAD_REQUEST", "Invalid 'asin'.")
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    assert len(rows(pipeline, "listing_restriction")) == 2 * 11
    assert f"Amazon has nothing on 1 products, such as {bad}: 400" in " ".join(problems(pipeline))
    sim.account.roles.discard("Product Listing")
    sim.clock.advance(WEEK + 60)
    pipeline.run(source(sim))
    assert "role 'Product Listing'" in metrics(pipeline)["listing_restriction"]["skipped"]
