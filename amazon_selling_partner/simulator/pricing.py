"""Product Pricing v0 and 2022-05-01: prices of products, each element of a batch by itself."""

from typing import Any, Callable, Sequence

from . import parameters
from .errors import ApiError, invalid
from .marketplaces import MARKETPLACES
from .offer_book import OfferBook
from .offer_json import (
    competitive_price,
    competitive_summary,
    expected_price,
    item_offers,
    own_price,
)
from .routes import Call, Routes

ROUTES = Routes()

ROLE = "Pricing"
Fields = dict[str, Callable[[Any], Any]]
"""Reads the fields of a request, by name."""

CONDITIONS = ("New", "Used", "Collectible", "Refurbished", "Club")
INCLUDED = ("featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems")

_OFFERS = ("/products/pricing/v0/items/", "/offers")
_SUMMARY = "/products/pricing/2022-05-01/items/competitiveSummary"
_EXPECTED = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
_PRODUCTS = (
    parameters.text("MarketplaceId", required=True),
    parameters.several("Asins", maximum=20),
    parameters.several("Skus", maximum=20),
    parameters.text("ItemType", required=True, one_of=("Asin", "Sku")),
)


@ROUTES.add(
    "getCompetitivePricing",
    "GET",
    "/products/pricing/v0/competitivePrice",
    rate=0.5,
    burst=1,
    role=ROLE,
    parameters=(*_PRODUCTS, parameters.text("CustomerType", one_of=("Consumer", "Business"))),
)
def get_competitive_pricing(call: Call) -> dict[str, Any]:
    """The competitive prices of up to 20 ASINs."""
    book, asins = _asked_for(call)
    place = MARKETPLACES[call.values["MarketplaceId"]]
    return {"payload": [competitive_price(book, asin, place, call.now) for asin in asins]}


@ROUTES.add(
    "getPricing",
    "GET",
    "/products/pricing/v0/price",
    rate=0.5,
    burst=1,
    role=ROLE,
    parameters=(
        *_PRODUCTS,
        parameters.text("ItemCondition", one_of=CONDITIONS),
        parameters.text("OfferType", one_of=("B2C", "B2B")),
    ),
)
def get_pricing(call: Call) -> dict[str, Any]:
    """The account's own offers of up to 20 ASINs."""
    book, asins = _asked_for(call)
    place = MARKETPLACES[call.values["MarketplaceId"]]
    return {"payload": [own_price(book, asin, place) for asin in asins]}


@ROUTES.add(
    "getItemOffersBatch",
    "POST",
    "/batches/products/pricing/v0/itemOffers",
    rate=0.1,
    burst=1,
    role=ROLE,
    body=True,
)
def get_item_offers_batch(call: Call) -> dict[str, Any]:
    """The offers of up to 20 ASINs."""
    book = call.account.part(OfferBook)
    fields: Fields = {
        "uri": _offers_of,
        "method": _get,
        "MarketplaceId": _place_of(call),
        "ItemCondition": _one_of(*CONDITIONS),
        "CustomerType": _one_of("Consumer", "Business"),
    }
    requests = _requests(call, fields, 20, optional=("CustomerType",))
    _spoiled(book, [request["uri"] for request in requests])
    responses = []
    for request in requests:
        place = MARKETPLACES[request["MarketplaceId"]]
        asin = request.pop("uri")
        request.pop("method")
        if asin not in book.silent:
            told = item_offers(book, asin, place, request["ItemCondition"], call.now)
            responses.append({**_element(*told), "request": {**request, "Asin": asin}})
    # the order of the answers is not that of the questions
    return {"responses": responses[::-1]}


@ROUTES.add(
    "getCompetitiveSummary",
    "POST",
    _SUMMARY.replace("/products", "/batches/products", 1),
    rate=0.033,
    burst=1,
    role=ROLE,
    body=True,
)
def get_competitive_summary(call: Call) -> dict[str, Any]:
    """The competitive summaries of up to 20 ASINs."""
    book = call.account.part(OfferBook)
    fields: Fields = {
        "asin": str,
        "marketplaceId": _place_of(call),
        "includedData": _several_of(INCLUDED),
        "lowestPricedOffersInputs": _inputs,
        "uri": _one_of(_SUMMARY),
        "method": _get,
    }
    requests = _requests(call, fields, 20, optional=("lowestPricedOffersInputs",))
    _spoiled(book, [request["asin"] for request in requests])
    responses = [
        _element(
            *competitive_summary(book, request, MARKETPLACES[request["marketplaceId"]], call.now)
        )
        for request in requests
        if request["asin"] not in book.silent
    ]
    return {"responses": responses[::-1]}


@ROUTES.add(
    "getFeaturedOfferExpectedPriceBatch",
    "POST",
    _EXPECTED.replace("/products", "/batches/products", 1),
    rate=0.033,
    burst=1,
    role=ROLE,
    body=True,
)
def get_featured_offer_expected_price_batch(call: Call) -> dict[str, Any]:
    """The prices at which up to 40 SKUs can become the featured offer."""
    book = call.account.part(OfferBook)
    fields: Fields = {
        "marketplaceId": _place_of(call),
        "sku": str,
        "segment": dict,
        "uri": _one_of(_EXPECTED),
        "method": _get,
    }
    requests = _requests(call, fields, 40, optional=("segment",))
    _spoiled(book, [request["sku"] for request in requests])
    responses = []
    for request in requests:
        asked = {
            name: request[name] for name in ("marketplaceId", "sku", "segment") if name in request
        }
        place = MARKETPLACES[request["marketplaceId"]]
        if request["sku"] not in book.silent:
            told = expected_price(book, request["sku"], place, call.now)
            responses.append({**_element(*told), "request": asked})
    return {"responses": responses[::-1]}


def _asked_for(call: Call) -> tuple[OfferBook, list[str]]:
    """The ASINs of a call of v0 that are answered.

    Raises:
        ApiError: 400 for SKUs, which nothing here asks for, or a product that spoils the call.
    """
    call.check_marketplaces("MarketplaceId")
    parameters.exactly_one(call.values, "Asins", "Skus")
    if call.values["ItemType"] != "Asin" or not call.values["Asins"]:
        raise invalid("Invalid Input")
    book = call.account.part(OfferBook)
    _spoiled(book, call.values["Asins"])
    return book, [asin for asin in call.values["Asins"] if asin not in book.silent]


def _spoiled(book: OfferBook, ids: Sequence[str]) -> None:
    """Refuses a call that asks about a product which spoils it.

    Raises:
        ApiError: As the book says.
    """
    for id in ids:
        refusal = book.refusals.get(id)
        if refusal and refusal.whole:
            raise ApiError(refusal.status, refusal.code, refusal.message)


def _requests(
    call: Call, fields: Fields, most: int, optional: Sequence[str]
) -> list[dict[str, Any]]:
    """The requests of a batch, read.

    Raises:
        ApiError: 400 when there are none or too many, two are equal, or one is wrong.
    """
    given = call.body.get("requests")
    if not isinstance(given, list) or not 1 <= len(given) <= most or set(call.body) != {"requests"}:
        raise invalid(f"requests must be a list of 1 to {most} requests.")
    if any(one in given[:place] for place, one in enumerate(given)):
        raise invalid("Duplicate requests submitted.  Cannot run batch request.")
    read = []
    for one in given:
        missing = set(fields) - set(optional) - set(one)
        unknown = set(one) - set(fields)
        if missing or unknown:
            raise invalid(f"Fields of a request are missing or unknown: {missing | unknown}.")
        try:
            read.append({name: fields[name](value) for name, value in one.items()})
        except (KeyError, TypeError, ValueError):
            raise invalid(f"A request is invalid: {one}.") from None
    return read


def _offers_of(uri: str) -> str:
    """The ASIN in the path of getItemOffers."""
    start, end = _OFFERS
    if not uri.startswith(start) or not uri.endswith(end):
        raise ValueError(uri)
    return uri[len(start) : -len(end)]


def _place_of(call: Call) -> Callable[[str], str]:
    def read(place: str) -> str:
        if not any(own.id == place for own in call.account.marketplaces):
            raise invalid("Requested MarketplaceId is invalid, unsupported, or does not exist.")
        return place

    return read


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return read


_get = _one_of("GET")


def _several_of(allowed: Sequence[str]) -> Callable[[list[str]], list[str]]:
    def read(values: list[str]) -> list[str]:
        if not values or not set(values) <= set(allowed):
            raise ValueError(values)
        return values

    return read


def _inputs(values: list[dict[str, str]]) -> list[dict[str, str]]:
    for value in values:
        if value["itemCondition"] not in CONDITIONS or value["offerType"] != "Consumer":
            raise ValueError(value)
    if len(values) > 5:
        raise ValueError(values)
    return values


def _element(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """An element of the answer to a batch."""
    reason = "Success" if status == 200 else "Client Error"
    return {"status": {"statusCode": status, "reasonPhrase": reason}, "body": body, "headers": {}}
