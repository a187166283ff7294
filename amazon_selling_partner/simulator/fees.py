"""Product Fees v0: what Amazon would take of a price, at the rates its financial events have."""

from typing import Any, Union

from .account import Account
from .errors import ApiError, invalid
from .marketplaces import MARKETPLACES, Marketplace
from .offer_book import OfferBook
from .offer_json import money
from .routes import Call, Routes
from .times import iso

ROUTES = Routes()

MOST = 20
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
    """Estimates for up to 20 products; the body of the call and of the answer is a list."""
    if not 1 <= len(call.body) <= MOST:
        raise invalid(f"The list must have 1 to {MOST} requests.")
    places = [_checked(call, request) for request in call.body]
    book = call.account.part(OfferBook)
    for request in call.body:
        refusal = book.refusals.get(request["IdValue"])
        if refusal and refusal.whole:
            raise ApiError(refusal.status, refusal.code, refusal.message)
    return [
        estimate(call.account, request, place, call.now)
        for request, place in zip(call.body, places)
        if request["IdValue"] not in book.silent
    ]


def _checked(call: Call, request: Any) -> Marketplace:
    """The marketplace of a request.

    Raises:
        ApiError: 400 when a field is missing, unknown or wrong.
    """
    try:
        about = request["FeesEstimateRequest"]
        price = about["PriceToEstimateFees"]
        needed = {"MarketplaceId", "PriceToEstimateFees", "Identifier"}
        known = needed | {"IsAmazonFulfilled", "OptionalFulfillmentProgram"}
        if (
            set(request) != {"FeesEstimateRequest", "IdType", "IdValue"}
            or not needed <= set(about) <= known
            or not set(price) <= {"ListingPrice", "Shipping", "Points"}
            or request["IdType"] not in ("ASIN", "SellerSKU")
            or not isinstance(about.get("IsAmazonFulfilled", False), bool)
            or not isinstance(price["ListingPrice"]["Amount"], (int, float))
        ):
            raise ValueError(request)
        place = MARKETPLACES[about["MarketplaceId"]]
    except (KeyError, TypeError, ValueError):
        raise invalid("Invalid Input") from None
    if place not in call.account.marketplaces:
        raise invalid("Incorrect Marketplace identifier.")
    return place


def estimate(account: Account, request: Json, place: Marketplace, at: int) -> Json:
    """An element of the answer.

    Args:
        account (Account): Who sells.
        request (Json): A `FeesEstimateByIdRequest`.
        place (Marketplace): Where.
        at (int): When, milliseconds since 1970.
    """
    book = account.part(OfferBook)
    about = request["FeesEstimateRequest"]
    by_amazon = about.get("IsAmazonFulfilled", False)
    identifier = {
        "MarketplaceId": place.id,
        "SellerId": account.seller_id,
        "IdType": request["IdType"],
        "IdValue": request["IdValue"],
        "IsAmazonFulfilled": by_amazon,
        "PriceToEstimateFees": about["PriceToEstimateFees"],
        "SellerInputIdentifier": about["Identifier"],
    }
    refusal = book.refusals.get(request["IdValue"])
    products = account.catalogue.by_sku if request["IdType"] == "SellerSKU" else None
    product = (products or account.catalogue.by_asin).get(request["IdValue"])
    if refusal or not product or not book.product(product.asin):
        server = refusal is not None and refusal.status >= 500
        error: Json = {
            "Type": "Receiver" if server else "Sender",
            "Code": refusal.code if refusal else "InvalidParameterValue",
            "Message": "There is an client-side error. Please verify your inputs.",
            "Detail": [],
        }
        status = "ServiceError" if server else "ClientError"
        return {"Status": status, "FeesEstimateIdentifier": identifier, "Error": error}
    listing, shipping = (
        _minor((about["PriceToEstimateFees"].get(name) or {}).get("Amount", 0), place)
        for name in ("ListingPrice", "Shipping")
    )
    fees = [_fee("ReferralFee", (listing + shipping) * 15 // 100, place)]
    if by_amazon:
        pick = listing // 20 + 30
        included = [_fee("FBAPickAndPack", pick, place)]
        fees.append({**_fee("FBAFees", pick, place), "IncludedFeeDetailList": included})
    total = (listing + shipping) * 15 // 100 + (listing // 20 + 30 if by_amazon else 0)
    told = {
        "TimeOfFeesEstimation": iso(at, fraction=True),
        "TotalFeesEstimate": money(total, place),
        "FeeDetailList": fees,
    }
    return {"Status": "Success", "FeesEstimateIdentifier": identifier, "FeesEstimate": told}


def _fee(kind: str, minor: int, place: Marketplace) -> Json:
    return {
        "FeeType": kind,
        "FeeAmount": money(minor, place),
        "FeePromotion": money(0, place),
        "FinalFee": money(minor, place),
    }


def _minor(number: Union[int, float], place: Marketplace) -> int:
    """An amount in the smallest unit of the currency."""
    return round(number * (1 if place.currency == "JPY" else 100))
