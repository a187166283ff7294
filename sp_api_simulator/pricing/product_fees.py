"""Product Fees v0: estimates at the rates of the account's financial events."""

from typing import Any, Union

from ..core.account import Account
from ..core.errors import invalid
from ..core.marketplaces import MARKETPLACES, Marketplace
from ..core.routes import Call, Routes
from ..core.times import iso
from .offer_json import money
from .offer_store import OfferStore

ROUTES = Routes()

MAX_REQUESTS = 20
Json = dict[str, Any]


@ROUTES.add(
    "getMyFeesEstimates",
    "POST",
    "/products/fees/v0/feesEstimate",
    rate=0.5,
    burst=1,
    role="Pricing",
    body=True,
    array=True,
)
def get_my_fees_estimates(call: Call) -> list[Json]:
    """Estimates for up to 20 products; the bodies of request and response are lists."""
    if not 1 <= len(call.body) <= MAX_REQUESTS:
        raise invalid(f"The list must have 1 to {MAX_REQUESTS} requests.")
    marketplaces = [_validate(call, request) for request in call.body]
    store = call.account.store(OfferStore)
    for request in call.body:
        store.check_rejection(request["IdValue"], only_failing=True)
    return [
        estimate(call.account, request, marketplace, call.now)
        for request, marketplace in zip(call.body, marketplaces)
        if request["IdValue"] not in store.omitted
    ]


def _validate(call: Call, request: Any) -> Marketplace:
    """The marketplace of a request.

    Raises:
        ApiError: 400 when a field is missing, unknown or wrong.
    """
    try:
        inner = request["FeesEstimateRequest"]
        price = inner["PriceToEstimateFees"]
        needed = {"MarketplaceId", "PriceToEstimateFees", "Identifier"}
        known = needed | {"IsAmazonFulfilled", "OptionalFulfillmentProgram"}
        if (
            set(request) != {"FeesEstimateRequest", "IdType", "IdValue"}
            or not needed <= set(inner) <= known
            or not set(price) <= {"ListingPrice", "Shipping", "Points"}
            or request["IdType"] not in ("ASIN", "SellerSKU")
            or not isinstance(inner.get("IsAmazonFulfilled", False), bool)
            or not isinstance(price["ListingPrice"]["Amount"], (int, float))
        ):
            raise ValueError(request)
        marketplace = MARKETPLACES[inner["MarketplaceId"]]
    except (KeyError, TypeError, ValueError):
        raise invalid("Invalid Input") from None
    if marketplace not in call.account.marketplaces:
        raise invalid("Incorrect Marketplace identifier.")
    return marketplace


def estimate(account: Account, request: Json, marketplace: Marketplace, at: int) -> Json:
    """The `FeesEstimateResult` of a `FeesEstimateByIdRequest`."""
    store = account.store(OfferStore)
    inner = request["FeesEstimateRequest"]
    by_amazon = inner.get("IsAmazonFulfilled", False)
    identifier = {
        "MarketplaceId": marketplace.id,
        "SellerId": account.seller_id,
        "IdType": request["IdType"],
        "IdValue": request["IdValue"],
        "IsAmazonFulfilled": by_amazon,
        "PriceToEstimateFees": inner["PriceToEstimateFees"],
        "SellerInputIdentifier": inner["Identifier"],
    }
    rejection = store.rejections.get(request["IdValue"])
    products = account.products.by_sku if request["IdType"] == "SellerSKU" else None
    product = (products or account.products.by_asin).get(request["IdValue"])
    if rejection or not product or not store.product(product.asin):
        server = rejection is not None and rejection.status >= 500
        error: Json = {
            "Type": "Receiver" if server else "Sender",
            "Code": rejection.code if rejection else "InvalidParameterValue",
            "Message": "There is an client-side error. Please verify your inputs.",
            "Detail": [],
        }
        status = "ServiceError" if server else "ClientError"
        return {"Status": status, "FeesEstimateIdentifier": identifier, "Error": error}
    listing, shipping = (
        _minor((inner["PriceToEstimateFees"].get(name) or {}).get("Amount", 0), marketplace)
        for name in ("ListingPrice", "Shipping")
    )
    fees = [_fee("ReferralFee", (listing + shipping) * 15 // 100, marketplace)]
    if by_amazon:
        pick = listing // 20 + 30
        included = [_fee("FBAPickAndPack", pick, marketplace)]
        fees.append({**_fee("FBAFees", pick, marketplace), "IncludedFeeDetailList": included})
    total = (listing + shipping) * 15 // 100 + (listing // 20 + 30 if by_amazon else 0)
    fields = {
        "TimeOfFeesEstimation": iso(at, fraction=True),
        "TotalFeesEstimate": money(total, marketplace),
        "FeeDetailList": fees,
    }
    return {"Status": "Success", "FeesEstimateIdentifier": identifier, "FeesEstimate": fields}


def _fee(kind: str, minor: int, marketplace: Marketplace) -> Json:
    return {
        "FeeType": kind,
        "FeeAmount": money(minor, marketplace),
        "FeePromotion": money(0, marketplace),
        "FinalFee": money(minor, marketplace),
    }


def _minor(number: Union[int, float], marketplace: Marketplace) -> int:
    """An amount in the smallest unit of the currency."""
    return round(number * (1 if marketplace.currency == "JPY" else 100))
