"""Product Fees API v0: what Amazon would take of the account's own prices.

Cost: for 20 ASINs of a marketplace one call for the account's prices (0.5 per second) and one for
each 20 of its offers (0.5 per second). The prices are requested because no table knows all of them:
listings show theirs only when they change, and not who ships.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ...client import Operation, Probe
from ...client.metrics import add_note
from ...common.column_hints import columns, money_columns, propagate_keys
from ...common.json_access import get_object, get_objects
from ...common.scalars import as_decimal
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.marketplaces import account_marketplaces
from ...lookups.batch_lookup import ProductResponse, lookup_products
from ...lookups.product_registry import Batch, products_of
from ..module import Module
from .batches import response_of_product, without_fields

GET_PRICING = Operation(
    "getPricing",
    "GET",
    "/products/pricing/v0/price",
    rate=0.5,
    burst=1,
    items_path="payload",
    role="Pricing",
)

GET_MY_FEES_ESTIMATES = Operation(
    "getMyFeesEstimates",
    "POST",
    "/products/fees/v0/feesEstimate",
    rate=0.5,
    burst=1,
    role="Pricing",
)

BATCH_SIZE = 20
"""Most ASINs of a call for prices, and most offers of a call for estimates."""

KEY = columns(text="selling_partner marketplace_id seller_sku asin")
FEE = {
    **KEY,
    **columns(text="fee_type"),
    **money_columns("fee_amount fee_promotion tax_amount final_fee"),
}


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "seller_sku"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **KEY,
        **columns(
            text="""status seller_id id_type optional_fulfillment_program error__type error__code
                error__message""",
            timestamp="retrieved_at time_of_fees_estimation",
            bool="is_amazon_fulfilled",
            bigint="points__points_number",
            json="error__detail",
        ),
        **money_columns("listing_price shipping points__points_monetary_value total_fees_estimate"),
    },
    nested_hints={
        "fee_detail_list": make_nested_hints(columns=FEE),
        ("fee_detail_list", "included_fee_detail_list"): make_nested_hints(columns=FEE),
    },
)
@isolate_failures
def fees_estimate(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """Fees that Amazon estimates for each of the account's offers at its present price.

    Source: getMyFeesEstimates, for the prices of getPricing. An offer for which Amazon has no
    estimate has a row with its error.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        max_age: Seconds after which an ASIN's offers are looked up again.
        asins: ASINs besides those the account's tables name.

    Yields:
        The rows of 20 ASINs.
    """
    unpriced: List[str] = []

    def ask(batch: Batch, _: Dict[str, str]) -> List[ProductResponse]:
        params = {
            "MarketplaceId": batch.marketplace_id,
            "Asins": batch.ids,
            "ItemType": "Asin",
        }
        elements = next(context.pages(GET_PRICING, params=params))

        def requests(element: Dict[str, Any]) -> List[Dict[str, Any]]:
            """Those for the own offers of an ASIN, kept where its rows will be."""
            return [
                request
                for offer in get_objects(get_object(element, "Product").get("Offers"))
                for request in _request(batch.marketplace_id, offer)
            ]

        prices = [response_of_product(element, requests) for element in elements]
        unpriced.extend(one.id for one in prices if one.id and one.status == 200 and not one.rows)
        return _fetch_estimates(context, prices)

    ids = account_marketplaces(context)
    batches = products_of(context).due_batches(
        "asins", ids, BATCH_SIZE, max_age, context.now(), asins
    )
    yield from lookup_products(context, "fees_estimate", batches, ask, as_json=("Error",))
    if unpriced:
        add_note(
            f"{len(unpriced)} ASINs, such as {unpriced[0]}, have no price of the account's own, so"
            " there is no estimate of their fees"
        )


def _fetch_estimates(
    context: RunContext, prices: Sequence[ProductResponse]
) -> List[ProductResponse]:
    """The same with estimates in place of requests for them."""
    requests = [request for one in prices for request in one.rows]
    found: Dict[str, Dict[str, Any]] = {}
    for at in range(0, len(requests), BATCH_SIZE):
        answer = next(context.pages(GET_MY_FEES_ESTIMATES, body=requests[at : at + BATCH_SIZE]))
        for result in get_objects(answer):
            identifier = get_object(result, "FeesEstimateIdentifier")
            sku = identifier.get("SellerInputIdentifier") or identifier.get("IdValue")
            if sku and result.get("Status") in ("Success", "ClientError"):
                found[str(sku)] = _row(result, str(sku))
    estimated = []
    for one in prices:
        skus = [request["IdValue"] for request in one.rows]
        rows = [found[sku] for sku in skus if sku in found]
        # an offer that is missing or failed at Amazon's side is looked up again with its ASIN
        status = one.status if len(rows) == len(skus) else 500
        estimated.append(one._replace(rows=rows, status=status))
    return estimated


def _request(place: str, offer: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The request for the fees of an own offer; none where its price cannot be read."""
    buying = get_object(offer, "BuyingPrice")
    listing = get_object(buying, "ListingPrice") or get_object(offer, "RegularPrice")
    prices = {"ListingPrice": listing, "Shipping": get_object(buying, "Shipping")}
    sku, amounts = offer.get("SellerSKU"), {}
    for name, price in prices.items():
        currency = price.get("CurrencyCode")
        amount = as_decimal(price.get("Amount"))
        if currency and amount is not None:
            # no more than these: what else a price may have, Amazon may not take
            amounts[name] = {"CurrencyCode": currency, "Amount": float(amount)}
    if not sku or "ListingPrice" not in amounts:
        return []
    about = {
        "MarketplaceId": place,
        "IsAmazonFulfilled": str(offer.get("FulfillmentChannel")).upper().startswith("AMAZON"),
        "PriceToEstimateFees": amounts,
        "Identifier": sku,
    }
    return [{"FeesEstimateRequest": about, "IdType": "SellerSKU", "IdValue": sku}]


def _row(result: Dict[str, Any], sku: str) -> Dict[str, Any]:
    """The row of an estimate, its parts side by side."""
    identifier = get_object(result, "FeesEstimateIdentifier")
    row = {
        **without_fields(result, "FeesEstimateIdentifier", "FeesEstimate"),
        **without_fields(
            identifier, "MarketplaceId", "IdValue", "SellerInputIdentifier", "PriceToEstimateFees"
        ),
        **get_object(identifier, "PriceToEstimateFees"),
        **get_object(result, "FeesEstimate"),
        "seller_sku": sku,
    }
    propagate_keys(row, {"seller_sku": sku}, as_json=("Error",))
    return row


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read estimates of fees."""
    place = marketplace_ids[0]
    price = {"ListingPrice": {"CurrencyCode": "USD", "Amount": 10}}
    about = {"MarketplaceId": place, "PriceToEstimateFees": price, "Identifier": "probe"}
    request = {"FeesEstimateRequest": about, "IdType": "ASIN", "IdValue": "B000000000"}
    yield Probe("fees_estimate", GET_MY_FEES_ESTIMATES, body=[request])


def resources(context: RunContext) -> Iterator[DltResource]:
    """Fee estimates of the offers of the account."""
    settings = context.settings
    yield fees_estimate(context, (), settings.pricing_max_age, settings.asins)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    calls = size.batches(BATCH_SIZE)
    basis = f"{size.products} products, {BATCH_SIZE} per call, once per day"
    yield OperationEstimate(GET_MY_FEES_ESTIMATES, calls, calls, basis)


MODULE = Module(
    "PRODUCT_FEES",
    tables=("fees_estimate",),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
