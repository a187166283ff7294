"""Prices, fees, restrictions and feedback of the simulator: Amazon's models, rules of the calls."""

from typing import Any, Dict, Iterator, List

import jsonschema
import pytest

from sp_api_simulator import MARKETPLACES, Simulator, VirtualClock
from sp_api_simulator.catalog.catalog_items import CatalogStore
from sp_api_simulator.pricing.offer_store import OfferStore
from tests.amazon_models import model, strict

from .conftest import NOW, US, Caller, Heard

V0 = "product_pricing_v0"
V2022 = "product_pricing_v2022_05_01"
COMPETITIVE = "/products/pricing/v0/competitivePrice"
OFFERS = "/batches/products/pricing/v0/itemOffers"
SUMMARY = "/products/pricing/2022-05-01/items/competitiveSummary"
EXPECTED = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
FEES = "/products/fees/v0/feesEstimate"
FEEDBACK = "/customerFeedback/2024-06-01/items"


class Patient(Caller):
    """Waits for the slowest quota before each call."""

    def send(self, *args: Any, **headers: Any) -> Heard:
        self.simulator.clock.sleep(31)
        return super().send(*args, **headers)


@pytest.fixture
def patient(simulator: Simulator) -> Patient:
    return Patient(simulator)


@pytest.fixture(params=[[US], ["A1F83G8C2ARO7P"], ["A1VC38T7YXB528"]], ids=["NA", "EU", "FE"])
def region(request: pytest.FixtureRequest) -> Iterator[Patient]:
    with Simulator(
        clock=VirtualClock(NOW),
        orders_per_day=0,
        days=1,
        products=20,
        marketplaces=request.param,
    ) as simulator:
        yield Patient(simulator)


def offers_of(asin: str, place: str, **more: str) -> Dict[str, str]:
    uri = f"/products/pricing/v0/items/{asin}/offers"
    return {"uri": uri, "method": "GET", "MarketplaceId": place, "ItemCondition": "New", **more}


def fees_of(sku: str, place: str, price: float) -> Dict[str, Any]:
    currency = MARKETPLACES[place].currency
    about = {
        "MarketplaceId": place,
        "IsAmazonFulfilled": True,
        "PriceToEstimateFees": {"ListingPrice": {"CurrencyCode": currency, "Amount": price}},
        "Identifier": sku,
    }
    return {"FeesEstimateRequest": about, "IdType": "SellerSKU", "IdValue": sku}


def lenient(loaded: Dict[str, Any], definition: str) -> jsonschema.Draft4Validator:
    """For definitions made of several, which would each refuse the fields of the others."""
    schema = {"$ref": f"#/definitions/{definition}", "definitions": loaded["definitions"]}
    return jsonschema.Draft4Validator(schema)


def test_answers_are_as_the_models_say(region: Patient) -> None:
    subject = region.simulator.account
    place = subject.marketplaces[0].id
    asins = [product.asin for product in subject.products]
    skus = [product.sku for product in subject.products]
    subject.store(CatalogStore).removed.add(asins[-1])
    old, new = model(V0), model(V2022)

    prices = strict(old, "GetPricingResponse")
    query = {"MarketplaceId": place, "Asins": ",".join(asins), "ItemType": "Asin"}
    for path in (COMPETITIVE, "/products/pricing/v0/price"):
        answer = region.get(path, **query).json
        prices.validate(answer)
        assert [one["status"] for one in answer["payload"]] == ["Success"] * 19 + ["ClientError"]

    answer = region.post(OFFERS, {"requests": [offers_of(asin, place) for asin in asins]}).json
    lenient(old, "GetItemOffersBatchResponse").validate(answer)
    statuses = {}
    for one in answer["responses"]:
        statuses[one["request"]["Asin"]] = one["status"]["statusCode"]
        strict(old, "GetOffersResponse").validate(one["body"])
    assert statuses == {**dict.fromkeys(asins, 200), asins[-1]: 400}

    included = ["featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems"]
    requests = [
        {
            "asin": asin,
            "marketplaceId": place,
            "includedData": included,
            "uri": SUMMARY,
            "method": "GET",
        }
        for asin in asins
    ]
    answer = region.post("/batches" + SUMMARY, {"requests": requests}).json
    lenient(new, "CompetitiveSummaryBatchResponse").validate(answer)
    for one in answer["responses"]:
        for lowest in one["body"].get("lowestPricedOffers", ()):
            strict(new, "LowestPricedOffer").validate(lowest)

    requests = [
        {"marketplaceId": place, "sku": sku, "uri": EXPECTED, "method": "GET"} for sku in skus
    ]
    answer = region.post("/batches" + EXPECTED, {"requests": requests}).json
    lenient(new, "GetFeaturedOfferExpectedPriceBatchResponse").validate(answer)
    for one in answer["responses"]:
        strict(new, "FeaturedOfferExpectedPriceResponseBody").validate(one["body"])

    answer = region.post(FEES, [fees_of(sku, place, 12.5) for sku in skus]).json
    for one in answer:
        strict(model("product_fees_v0"), "FeesEstimateResult").validate(one)
    assert [one["Status"] for one in answer] == ["Success"] * 19 + ["ClientError"]

    restrictions = strict(model("listings_restrictions_v2021_08_01"), "RestrictionList")
    feedback = model("customer_feedback_2024_06_01")
    for asin in asins:
        query = {"asin": asin, "sellerId": subject.seller_id, "marketplaceIds": place}
        restrictions.validate(region.get("/listings/2021-08-01/restrictions", **query).json)
        for path, definition, more in (
            ("browseNode", "BrowseNodeResponse", {}),
            ("reviews/topics", "ItemReviewTopicsResponse", {"sortBy": "MENTIONS"}),
            ("reviews/trends", "ItemReviewTrendsResponse", {}),
        ):
            heard = region.get(f"{FEEDBACK}/{asin}/{path}", marketplaceId=place, **more)
            assert heard.status in (200, 204)
            if heard.status == 200:
                strict(feedback, definition).validate(heard.json)


def test_the_accounts_price_is_that_of_its_orders(region: Patient) -> None:
    subject = region.simulator.account
    place = subject.marketplaces[0]
    answer = region.get(
        "/products/pricing/v0/price",
        MarketplaceId=place.id,
        Asins=subject.products[0].asin,
        ItemType="Asin",
    ).json
    offer = answer["payload"][0]["Product"]["Offers"][0]
    minor = subject.products[0].price(place)
    digits = 1 if place.currency == "JPY" else 100
    assert round(offer["RegularPrice"]["Amount"] * digits) == minor
    book = subject.store(OfferStore)
    for product in subject.products:
        kinds = [
            offers
            for condition in ("New", "Used")
            if (offers := book.offers(product, place, condition, subject.now()))
        ]
        assert sum(offer.is_seller for offers in kinds for offer in offers) == 1


def test_calls_that_break_the_rules_are_refused(patient: Patient) -> None:
    asins = [product.asin for product in patient.simulator.account.products]
    good = offers_of(asins[0], US)
    bodies: List[Any] = [
        {},
        {"requests": []},
        {"requests": [offers_of(asin, US) for asin in asins[:21]]},
        {"requests": [good, good]},
        {"requests": [{**good, "MarketplaceId": "A1VC38T7YXB528"}]},
        {"requests": [{**good, "ItemCondition": "Mint"}]},
        {"requests": [{**good, "queryParams": {}}]},
        {"requests": [{name: value for name, value in good.items() if name != "ItemCondition"}]},
        {"requests": [{**good, "uri": f"/products/pricing/v0/items/{asins[0]}"}]},
        [good],
    ]
    for body in bodies:
        assert patient.post(OFFERS, body).status == 400, body
    assert patient.post(OFFERS, {"requests": [good]}).status == 200
    sku = patient.simulator.account.products[0].sku
    fees = fees_of(sku, US, 10)
    for wrong in ({}, [], [fees] * 21, [{**fees, "IdType": "SKU"}], [{"IdValue": sku}]):
        assert patient.post(FEES, wrong).status == 400, wrong
    expected = {"marketplaceId": US, "sku": sku, "uri": EXPECTED, "method": "GET"}
    for wrong in ([{**expected, "sku": f"{n}"} for n in range(41)], [{**expected, "uri": "/"}]):
        assert patient.post("/batches" + EXPECTED, {"requests": wrong}).status == 400
    query = {"MarketplaceId": US, "Asins": ",".join(asins[:21]), "ItemType": "Asin"}
    assert patient.get(COMPETITIVE, **query).status == 400
    node = f"{FEEDBACK}/{asins[0]}/browseNode"
    assert patient.get(node, marketplaceId="A2EUQ1WTGCTBG2").status == 400
    restrictions = {"asin": asins[0], "sellerId": "A1", "marketplaceIds": US}
    assert patient.get("/listings/2021-08-01/restrictions", **restrictions).status == 403
