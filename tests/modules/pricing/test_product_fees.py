"""Estimates of fees: Amazon's fullest answer, the simulator's truth, offers without an estimate."""

import json
from typing import Any, Dict, Iterator, List

import jsonschema
import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics, problems
from amazon_selling_partner.modules.pricing.product_fees import GET_MY_FEES_ESTIMATES, GET_PRICING
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.marketplaces import MARKETPLACES, amount
from sp_api_simulator.pricing.offer_json import seller_price
from sp_api_simulator.pricing.offer_store import OfferStore, Rejection
from sp_api_simulator.pricing.product_fees import estimate
from tests.amazon_models import fullest_answer, model
from tests.support import assert_rows, dataset, load_instead, missing_values, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"


@pytest.fixture
def sim() -> Iterator[Simulator]:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=0, days=1, products=8) as simulator:
        yield simulator


def source(sim: Simulator, **settings: Any) -> Any:
    asins = [product.asin for product in sim.account.products]
    source = source_of(sim, **{"modules": ["PRODUCT_FEES"], "asins": asins, **settings})
    return source.with_resources("fees_estimate")


def truth(sim: Simulator) -> List[Dict[str, Any]]:
    """The estimates for the account's offers, with their fees."""
    book, found = sim.account.store(OfferStore), []
    for place in sim.account.marketplaces:
        for product in sim.account.products:
            offer = book.seller_offer(product, place)
            referral = (offer.price + offer.shipping) * 15 // 100
            fees = {"ReferralFee": referral}
            if offer.by_amazon:
                fees["FBAFees"] = offer.price // 20 + 30
            found.append(
                {
                    "selling_partner": "amazon_selling_partner",
                    "marketplace_id": place.id,
                    "seller_sku": product.sku,
                    "asin": product.asin,
                    "status": "Success",
                    "is_amazon_fulfilled": product.by_amazon,
                    "listing_price__amount": amount(offer.price, place.currency),
                    "shipping__amount": amount(offer.shipping, place.currency),
                    "total_fees_estimate__amount": amount(sum(fees.values()), place.currency),
                    "total_fees_estimate__currency_code": place.currency,
                    "fees": {kind: amount(fee, place.currency) for kind, fee in fees.items()},
                }
            )
    return found


def assert_equals_truth(pipeline: Any, sim: Simulator) -> None:
    expected = truth(sim)
    key = ("selling_partner", "marketplace_id", "seller_sku", "asin")
    fees = [
        {**{name: row[name] for name in key}, "fee_type": kind, "final_fee__amount": fee}
        for row in expected
        for kind, fee in row.pop("fees").items()
    ]
    assert_rows(rows(pipeline, "fees_estimate"), expected)
    assert_rows(rows(pipeline, "fees_estimate__fee_detail_list"), fees)
    included = rows(pipeline, "fees_estimate__fee_detail_list__included_fee_detail_list")
    assert len(included) == sum(row["is_amazon_fulfilled"] for row in expected)


def test_estimates_are_for_the_accounts_prices(
    make_pipeline: Any, destination: str, sim: Simulator
) -> None:
    pipeline = make_pipeline(destination)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)
    assert len(sim.requests.of("getPricing", "getMyFeesEstimates")) == 4
    for table in pipeline.default_schema.data_tables():
        assert len(table["name"]) <= 63
        for name, column in table["columns"].items():
            assert len(name) <= 63 and "__v_" not in name
            if name in ("seller_sku", "asin", "marketplace_id", "seller_id"):
                assert column["data_type"] == "text"
            if name.endswith("__amount"):
                assert column["data_type"] == "decimal"
    (times,) = {type(row["time_of_fees_estimation"]) for row in rows(pipeline, "fees_estimate")}
    assert hasattr(times, "astimezone")
    # again at once: nothing is requested; a day later the price is another
    before = dataset(pipeline)
    sim.requests.clear()
    pipeline.run(source(sim))
    assert not sim.requests.of("getPricing", "getMyFeesEstimates")
    assert dataset(pipeline) == before
    product = sim.account.products[0]
    sim.account.store(OfferStore).prices[US, product.asin] = 7_777
    sim.clock.advance(25 * 3600)
    pipeline.run(source(sim))
    assert_equals_truth(pipeline, sim)


def test_offers_without_an_estimate(make_pipeline: Any, sim: Simulator) -> None:
    book = sim.account.store(OfferStore)
    refused, failing, silent, not_found, unpriced, *good = sim.account.products
    book.rejections[refused.sku] = Rejection(400, "InvalidParameterValue")
    book.rejections[failing.sku] = Rejection(500)
    book.omitted.add(silent.sku)
    book.rejections[not_found.asin] = Rejection(400)
    elements = [seller_price(book, p.asin, MARKETPLACES[US]) for p in sim.account.products]
    del elements[4]["Product"]["Offers"]
    sim.faults.add("answer", "getPricing", body={"payload": elements}, times=1)
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim, marketplace_ids=[US]))
    found = {row["seller_sku"]: row for row in rows(pipeline, "fees_estimate")}
    assert set(found) == {refused.sku, *(product.sku for product in good)}
    row = found[refused.sku]
    assert (row["status"], row["error__code"]) == ("ClientError", "InvalidParameterValue")
    assert row["total_fees_estimate__amount"] is None
    reported = " ".join(problems(pipeline))
    assert f"1 ASINs, such as {unpriced.asin}, have no price of the account's own" in reported
    assert f"Amazon has nothing on 1 products, such as {not_found.asin}" in reported
    assert metrics(pipeline)["fees_estimate"]["left"].startswith("2 products")
    # those that failed at Amazon's side are looked up again, and they alone
    book.rejections.clear()
    book.omitted.clear()
    sim.requests.clear()
    pipeline.run(source(sim, marketplace_ids=[US]))
    (request,) = sim.requests.of("getPricing")
    assert set(request.query["Asins"].split(",")) == {failing.asin, silent.asin}
    assert len(rows(pipeline, "fees_estimate")) == len(good) + 3


def test_requests_and_responses_are_as_amazon_documents(make_pipeline: Any, sim: Simulator) -> None:
    product = sim.account.products[0]
    prices, answer = fullest_answer(GET_PRICING), fullest_answer(GET_MY_FEES_ESTIMATES)
    (element,) = prices["payload"]
    element.update(ASIN=product.asin, status="Success")
    element["Product"]["Offers"][0]["SellerSKU"] = product.sku
    (result,) = answer
    result["Status"] = "Success"
    identifier = result["FeesEstimateIdentifier"]
    identifier.update(MarketplaceId=US, IdValue=product.sku, SellerInputIdentifier=product.sku)
    pipeline = make_pipeline("duckdb")
    chosen = source(sim, marketplace_ids=[US], asins=[product.asin])
    load_instead(sim, pipeline, chosen, {GET_PRICING: prices, GET_MY_FEES_ESTIMATES: answer})
    assert missing_values(pipeline, answer) == []
    (row,) = rows(pipeline, "fees_estimate")
    assert row["seller_sku"] == product.sku
    (request,) = sim.requests.of("getMyFeesEstimates")
    definitions = model("product_fees_v0")["definitions"]
    schema = {"$ref": "#/definitions/FeesEstimateByIdRequest", "definitions": definitions}
    (sent,) = json.loads(request.body)
    jsonschema.Draft4Validator(schema).validate(sent)
    sent_price = sent["FeesEstimateRequest"]["PriceToEstimateFees"]["ListingPrice"]
    assert sent_price == element["Product"]["Offers"][0]["BuyingPrice"]["ListingPrice"]
    # the simulator answers what the source requests
    assert estimate(sim.account, sent, MARKETPLACES[US], 0)["Status"] == "Success"


def test_a_missing_role_skips_it(make_pipeline: Any, sim: Simulator) -> None:
    sim.account.roles.discard("Pricing")
    pipeline = make_pipeline("duckdb")
    pipeline.run(source(sim))
    assert "role 'Pricing'" in metrics(pipeline)["fees_estimate"]["skipped"]
