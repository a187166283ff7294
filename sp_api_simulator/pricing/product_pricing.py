"""Product Pricing v0 and 2022-05-01."""

from typing import Any, Callable, Sequence

from ..core import parameters
from ..core.errors import invalid
from ..core.marketplaces import MARKETPLACES
from ..core.routes import Call, Routes
from .offer_json import (
    competitive_price,
    competitive_summary,
    expected_price,
    item_offers,
    seller_price,
)
from .offer_store import OfferStore

ROUTES = Routes()

ROLE = "Pricing"
Fields = dict[str, Callable[[Any], Any]]
"""Parsers of the fields of a request, by name."""

CONDITIONS = ("New", "Used", "Collectible", "Refurbished", "Club")
INCLUDED = ("featuredBuyingOptions", "referencePrices", "lowestPricedOffers", "similarItems")

_OFFERS = ("/products/pricing/v0/items/", "/offers")
_SUMMARY = "/products/pricing/2022-05-01/items/competitiveSummary"
_EXPECTED = "/products/pricing/2022-05-01/offer/featuredOfferExpectedPrice"
_PRODUCTS = (
    parameters.text("MarketplaceId", required=True),
    parameters.string_list("Asins", maximum=20),
    parameters.string_list("Skus", maximum=20),
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
    store, asins = _asins(call)
    marketplace = MARKETPLACES[call.values["MarketplaceId"]]
    return {"payload": [competitive_price(store, asin, marketplace, call.now) for asin in asins]}


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
    """The account's offers of up to 20 ASINs."""
    store, asins = _asins(call)
    marketplace = MARKETPLACES[call.values["MarketplaceId"]]
    return {"payload": [seller_price(store, asin, marketplace) for asin in asins]}


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
    store = call.account.store(OfferStore)
    fields: Fields = {
        "uri": _asin_of,
        "method": _get,
        "MarketplaceId": _marketplace_id(call),
        "ItemCondition": _one_of(*CONDITIONS),
        "CustomerType": _one_of("Consumer", "Business"),
    }
    requests = _requests(call, fields, 20, optional=("CustomerType",))
    _check_rejections(store, [request["uri"] for request in requests])
    responses = []
    for request in requests:
        marketplace = MARKETPLACES[request["MarketplaceId"]]
        asin = request.pop("uri")
        request.pop("method")
        if asin not in store.omitted:
            element = item_offers(store, asin, marketplace, request["ItemCondition"], call.now)
            responses.append({**_element(*element), "request": {**request, "Asin": asin}})
    # the order of the responses differs from that of the requests
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
    store = call.account.store(OfferStore)
    fields: Fields = {
        "asin": str,
        "marketplaceId": _marketplace_id(call),
        "includedData": _all_of(INCLUDED),
        "lowestPricedOffersInputs": _inputs,
        "uri": _one_of(_SUMMARY),
        "method": _get,
    }
    requests = _requests(call, fields, 20, optional=("lowestPricedOffersInputs",))
    _check_rejections(store, [request["asin"] for request in requests])
    responses = [
        _element(
            *competitive_summary(store, request, MARKETPLACES[request["marketplaceId"]], call.now)
        )
        for request in requests
        if request["asin"] not in store.omitted
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
    store = call.account.store(OfferStore)
    fields: Fields = {
        "marketplaceId": _marketplace_id(call),
        "sku": str,
        "segment": dict,
        "uri": _one_of(_EXPECTED),
        "method": _get,
    }
    requests = _requests(call, fields, 40, optional=("segment",))
    _check_rejections(store, [request["sku"] for request in requests])
    responses = []
    for request in requests:
        requested = {
            name: request[name] for name in ("marketplaceId", "sku", "segment") if name in request
        }
        marketplace = MARKETPLACES[request["marketplaceId"]]
        if request["sku"] not in store.omitted:
            element = expected_price(store, request["sku"], marketplace, call.now)
            responses.append({**_element(*element), "request": requested})
    return {"responses": responses[::-1]}


def _asins(call: Call) -> tuple[OfferStore, list[str]]:
    """The ASINs of a call of v0, without omitted ones.

    Raises:
        ApiError: 400 for SKUs, which the simulator does not serve, or the rejection of a product.
    """
    call.check_marketplaces("MarketplaceId")
    parameters.exactly_one(call.values, "Asins", "Skus")
    if call.values["ItemType"] != "Asin" or not call.values["Asins"]:
        raise invalid("Invalid Input")
    store = call.account.store(OfferStore)
    _check_rejections(store, call.values["Asins"])
    return store, [asin for asin in call.values["Asins"] if asin not in store.omitted]


def _check_rejections(store: OfferStore, ids: Sequence[str]) -> None:
    """Fails a call that requests a product whose rejection fails the complete call."""
    for id in ids:
        store.check_rejection(id, only_failing=True)


def _requests(
    call: Call, fields: Fields, maximum: int, optional: Sequence[str]
) -> list[dict[str, Any]]:
    """The parsed requests of a batch.

    Raises:
        ApiError: 400 when there are none or too many, or a request is wrong or sent twice.
    """
    given = call.body.get("requests")
    if (
        not isinstance(given, list)
        or not 1 <= len(given) <= maximum
        or set(call.body) != {"requests"}
    ):
        raise invalid(f"requests must be a list of 1 to {maximum} requests.")
    if any(request in given[:index] for index, request in enumerate(given)):
        raise invalid("Duplicate requests submitted.  Cannot run batch request.")
    parsed = []
    for request in given:
        missing = set(fields) - set(optional) - set(request)
        unknown = set(request) - set(fields)
        if missing or unknown:
            raise invalid(f"Fields of a request are missing or unknown: {missing | unknown}.")
        try:
            parsed.append({name: fields[name](value) for name, value in request.items()})
        except (KeyError, TypeError, ValueError):
            raise invalid(f"A request is invalid: {request}.") from None
    return parsed


def _asin_of(uri: str) -> str:
    """The ASIN in the path of getItemOffers."""
    start, end = _OFFERS
    if not uri.startswith(start) or not uri.endswith(end):
        raise ValueError(uri)
    return uri[len(start) : -len(end)]


def _marketplace_id(call: Call) -> Callable[[str], str]:
    def parse(marketplace_id: str) -> str:
        if not any(known.id == marketplace_id for known in call.account.marketplaces):
            raise invalid("Requested MarketplaceId is invalid, unsupported, or does not exist.")
        return marketplace_id

    return parse


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return parse


_get = _one_of("GET")


def _all_of(allowed: Sequence[str]) -> Callable[[list[str]], list[str]]:
    def parse(values: list[str]) -> list[str]:
        if not values or not set(values) <= set(allowed):
            raise ValueError(values)
        return values

    return parse


def _inputs(values: list[dict[str, str]]) -> list[dict[str, str]]:
    for value in values:
        if value["itemCondition"] not in CONDITIONS or value["offerType"] != "Consumer":
            raise ValueError(value)
    if len(values) > 5:
        raise ValueError(values)
    return values


def _element(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """An element of the response to a batch."""
    reason = "Success" if status == 200 else "Client Error"
    return {"status": {"statusCode": status, "reasonPhrase": reason}, "body": body, "headers": {}}
