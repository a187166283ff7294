"""Product Fees API v0: what Amazon would take of the account's own prices.

Cost: for 20 ASINs of a marketplace one call for the account's prices (0.5 a second) and one for
each 20 of its offers (0.5 a second). The prices are asked for because no table knows all of them:
listings tell theirs only when they change, and not who ships.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from .asking import Said, asked_about, inside, objects
from .client import Operation, Probe, SellingPartnerClient
from .pricing.batches import said_of_product, without
from .products import Batch
from .sellers import account_marketplaces
from .sync import isolated, note
from .tables import carry_ids, columns, money

GET_PRICING = Operation(
    "getPricing",
    "GET",
    "/products/pricing/v0/price",
    rate=0.5,
    burst=1,
    records="payload",
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

AT_ONCE = 20
"""Most ASINs of a call for prices, and most offers of a call for estimates."""

KEY = columns(text="selling_partner marketplace_id seller_sku asin")
FEE = {
    **KEY,
    **columns(text="fee_type"),
    **money("fee_amount fee_promotion tax_amount final_fee"),
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
        **money("listing_price shipping points__points_monetary_value total_fees_estimate"),
    },
    nested_hints={
        "fee_detail_list": make_nested_hints(columns=FEE),
        ("fee_detail_list", "included_fee_detail_list"): make_nested_hints(columns=FEE),
    },
)
@isolated
def fees_estimate(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """Fees that Amazon estimates for each of the account's offers at its present price.

    Source: getMyFeesEstimates, for the prices of getPricing. An offer for which Amazon has no
    estimate has a row with its error.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN's offers are asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.

    Yields:
        TDataItems: The rows of 20 ASINs.
    """
    unpriced: List[str] = []

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        params = {
            "MarketplaceId": batch.marketplace_id,
            "Asins": batch.ids,
            "ItemType": "Asin",
        }
        elements = next(client.pages(GET_PRICING, params=params))

        def requests(element: Dict[str, Any]) -> List[Dict[str, Any]]:
            """Those for the own offers of an ASIN, kept where its rows will be."""
            return [
                request
                for offer in objects(inside(element, "Product").get("Offers"))
                for request in _request(batch.marketplace_id, offer)
            ]

        said = [said_of_product(element, requests) for element in elements]
        unpriced.extend(one.id for one in said if one.status == 200 and not one.rows)
        return _estimated(client, said)

    ids = account_marketplaces(client, marketplace_ids)
    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    yield from asked_about(client, "fees_estimate", batches, ask, as_json=("Error",))
    if unpriced:
        note(
            f"{len(unpriced)} ASINs, such as {unpriced[0]}, have no price of the account's own, so"
            " there is no estimate of their fees"
        )


def _estimated(client: SellingPartnerClient, said: Sequence[Said]) -> List[Said]:
    """The same with estimates in place of requests for them."""
    requests = [request for one in said for request in one.rows]
    found: Dict[str, Dict[str, Any]] = {}
    for at in range(0, len(requests), AT_ONCE):
        answer = next(client.pages(GET_MY_FEES_ESTIMATES, body=requests[at : at + AT_ONCE]))
        for result in objects(answer):
            identifier = inside(result, "FeesEstimateIdentifier")
            sku = identifier.get("SellerInputIdentifier") or identifier.get("IdValue")
            if sku and result.get("Status") in ("Success", "ClientError"):
                found[str(sku)] = _row(result, str(sku))
    estimated = []
    for one in said:
        skus = [request["IdValue"] for request in one.rows]
        rows = [found[sku] for sku in skus if sku in found]
        # an offer that is missing or failed at Amazon's side is asked about again with its ASIN
        status = one.status if len(rows) == len(skus) else 500
        estimated.append(one._replace(rows=rows, status=status))
    return estimated


def _request(place: str, offer: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The request for the fees of an own offer; none where its price cannot be read."""
    buying = inside(offer, "BuyingPrice")
    listing = inside(buying, "ListingPrice") or inside(offer, "RegularPrice")
    prices = {"ListingPrice": listing, "Shipping": inside(buying, "Shipping")}
    sku, amounts = offer.get("SellerSKU"), {}
    for name, price in prices.items():
        currency = price.get("CurrencyCode")
        if currency and isinstance(price.get("Amount"), (int, Decimal)):
            # no more than these: what else a price may have, Amazon may not take
            amounts[name] = {"CurrencyCode": currency, "Amount": float(price["Amount"])}
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
    identifier = inside(result, "FeesEstimateIdentifier")
    row = {
        **without(result, "FeesEstimateIdentifier", "FeesEstimate"),
        **without(
            identifier, "MarketplaceId", "IdValue", "SellerInputIdentifier", "PriceToEstimateFees"
        ),
        **inside(identifier, "PriceToEstimateFees"),
        **inside(result, "FeesEstimate"),
        "seller_sku": sku,
    }
    carry_ids(row, {"seller_sku": sku}, as_json=("Error",))
    return row


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read estimates of fees."""
    place = marketplace_ids[0]
    price = {"ListingPrice": {"CurrencyCode": "USD", "Amount": 10}}
    about = {"MarketplaceId": place, "PriceToEstimateFees": price, "Identifier": "probe"}
    request = {"FeesEstimateRequest": about, "IdType": "ASIN", "IdValue": "B000000000"}
    yield Probe("fees_estimate", GET_MY_FEES_ESTIMATES, body=[request])
