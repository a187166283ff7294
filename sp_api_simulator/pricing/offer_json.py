"""Offers and prices in the shape of Product Pricing v0 and 2022-05-01, and of Product Fees v0."""

from typing import Any, Union

from ..core.marketplaces import Marketplace, amount
from ..core.products import Product
from .offer_store import Offer, OfferStore, Rejection

Json = dict[str, Any]


def number(minor: int, marketplace: Marketplace) -> Union[int, float]:
    """An amount as a JSON number."""
    text = amount(minor, marketplace.currency)
    return float(text) if "." in text else int(text)


def money(minor: int, marketplace: Marketplace) -> Json:
    """v0's MoneyType."""
    return {"CurrencyCode": marketplace.currency, "Amount": number(minor, marketplace)}


def price(offer: Offer, marketplace: Marketplace) -> Json:
    """The prices of an offer in v0."""
    prices = {
        "LandedPrice": money(offer.landed, marketplace),
        "ListingPrice": money(offer.price, marketplace),
        "Shipping": money(offer.shipping, marketplace),
    }
    return {**prices, **points(offer, marketplace)}


def points(offer: Offer, marketplace: Marketplace) -> Json:
    """The Amazon Points of an offer in v0, if any."""
    if not offer.points:
        return {}
    worth = money(offer.points, marketplace)
    return {"Points": {"PointsNumber": offer.points, "PointsMonetaryValue": worth}}


def competitive_price(store: OfferStore, asin: str, marketplace: Marketplace, at: int) -> Json:
    """An element of getCompetitivePricing."""
    product = store.product(asin)
    rejection = store.rejections.get(asin)
    if rejection or not product:
        server = rejection is not None and rejection.status >= 500
        return {"status": "ServerError" if server else "ClientError", "ASIN": asin}
    new, used = (store.offers(product, marketplace, condition, at) for condition in ("New", "Used"))
    pricing: Json = {
        "CompetitivePrices": [
            {
                "CompetitivePriceId": str(number),
                "Price": price(offers[0], marketplace),
                "condition": offers[0].condition,
                "subcondition": offers[0].sub_condition,
                "offerType": "B2C",
                "sellerId": offers[0].seller_id,
                "belongsToRequester": offers[0].is_seller,
            }
            for number, offers in ((1, new), (2, used))
            if offers
        ],
        "NumberOfOfferListings": [
            {"Count": len(offers), "condition": condition}
            for condition, offers in (("New", new), ("Used", used), ("Any", new + used))
            if offers
        ],
    }
    if product.group == "Electronics":
        pricing["TradeInValue"] = money(product.price(marketplace) // 4, marketplace)
    return {
        "status": "Success",
        "ASIN": asin,
        "Product": {
            **identifiers(asin, marketplace),
            "CompetitivePricing": pricing,
            "SalesRankings": rankings(store, product, marketplace, at),
        },
    }


def seller_price(store: OfferStore, asin: str, marketplace: Marketplace) -> Json:
    """An element of getPricing."""
    product = store.product(asin)
    if asin in store.rejections or not product:
        return {"status": "ClientError", "ASIN": asin}
    offer = store.seller_offer(product, marketplace)
    fields = {
        "offerType": "B2C",
        "BuyingPrice": price(offer, marketplace),
        "RegularPrice": money(offer.price, marketplace),
        "FulfillmentChannel": "AMAZON" if offer.by_amazon else "MERCHANT",
        "ItemCondition": offer.condition,
        "ItemSubCondition": offer.sub_condition.capitalize(),
        "SellerSKU": product.sku,
    }
    return {
        "status": "Success",
        "ASIN": asin,
        "Product": {**identifiers(asin, marketplace), "Offers": [fields]},
    }


def identifiers(asin: str, marketplace: Marketplace) -> Json:
    """The identifiers of a product in v0, when it is requested by ASIN."""
    empty = {"MarketplaceId": "", "SellerId": "", "SellerSKU": ""}
    by_asin = {"MarketplaceId": marketplace.id, "ASIN": asin}
    return {"Identifiers": {"MarketplaceASIN": by_asin, "SKUIdentifier": empty}}


def rankings(store: OfferStore, product: Product, marketplace: Marketplace, at: int) -> list[Json]:
    """The sales ranks of a product in v0."""
    ranks = store.ranks(product, marketplace, at)
    return [{"ProductCategoryId": category, "Rank": rank} for category, rank in ranks]


def item_offers(
    store: OfferStore, asin: str, marketplace: Marketplace, condition: str, at: int
) -> tuple[int, Json]:
    """Status and body of an element of getItemOffersBatch."""
    product = store.product(asin)
    if rejection := store.rejections.get(asin):
        return rejected(rejection)
    if not product:
        text = f"{asin} is an invalid ASIN for marketplace {marketplace.id}"
        return rejected(Rejection(400, "InvalidInput", text))
    offers = [
        offer for kind in ("New", "Used") for offer in store.offers(product, marketplace, kind, at)
    ]
    shown = [offer for offer in offers if offer.condition == condition]
    payload = {
        "ASIN": asin,
        "status": "Success" if shown else "NoBuyableOffers",
        "ItemCondition": condition,
        "marketplaceId": marketplace.id,
        "Identifier": {"MarketplaceId": marketplace.id, "ItemCondition": condition, "ASIN": asin},
        "Summary": {
            **offer_summary(offers, shown, marketplace),
            "SalesRankings": rankings(store, product, marketplace, at),
            "ListPrice": money(product.price(marketplace) * 12 // 10, marketplace),
        },
        "Offers": [detail(offer, marketplace, offer is shown[0]) for offer in shown[:20]],
    }
    return 200, {"payload": payload}


def offer_summary(all_offers: list[Offer], shown: list[Offer], marketplace: Marketplace) -> Json:
    """The counts and prices of the offers of a product in v0."""
    groups: dict[tuple[str, str], list[Offer]] = {}
    for offer in all_offers:
        channel = "Amazon" if offer.by_amazon else "Merchant"
        groups.setdefault((offer.condition.lower(), channel), []).append(offer)
    counts = [
        {"condition": kind, "fulfillmentChannel": channel, "OfferCount": len(offers)}
        for (kind, channel), offers in groups.items()
    ]
    summary: Json = {
        "TotalOfferCount": len(all_offers),
        "NumberOfOffers": counts,
        "BuyBoxEligibleOffers": [dict(count) for count in counts if count["condition"] == "new"],
        "LowestPrices": [
            {
                "condition": kind,
                "fulfillmentChannel": channel,
                "offerType": "B2C",
                **price(offers[0], marketplace),
            }
            for (kind, channel), offers in groups.items()
        ],
    }
    if shown:
        winner = {"condition": shown[0].condition.lower(), "sellerId": shown[0].seller_id}
        summary["BuyBoxPrices"] = [{**winner, "offerType": "B2C", **price(shown[0], marketplace)}]
        summary["SuggestedLowerPricePlusShipping"] = money(shown[0].landed, marketplace)
    return summary


def detail(offer: Offer, marketplace: Marketplace, is_winner: bool) -> Json:
    """An OfferDetail of v0."""
    fields: Json = {
        "MyOffer": offer.is_seller,
        "offerType": "B2C",
        "SubCondition": offer.sub_condition,
        "SellerId": offer.seller_id,
        "SellerFeedbackRating": {
            "FeedbackCount": offer.ratings,
            "SellerPositiveFeedbackRating": offer.positive,
        },
        "ShippingTime": {
            "minimumHours": offer.hours,
            "maximumHours": offer.hours + 24,
            "availabilityType": "NOW",
        },
        "ListingPrice": money(offer.price, marketplace),
        "Shipping": money(offer.shipping, marketplace),
        "ShipsFrom": {"Country": marketplace.country},
        "IsFulfilledByAmazon": offer.by_amazon,
        "PrimeInformation": {"IsPrime": offer.by_amazon, "IsNationalPrime": offer.by_amazon},
        "IsBuyBoxWinner": is_winner,
        "IsFeaturedMerchant": offer.positive > 80,
        **points(offer, marketplace),
    }
    if offer.condition != "New":
        fields["ConditionNotes"] = 'Slight wear – "as new"'
    if offer.tiers:
        fields["quantityDiscountPrices"] = [
            {
                "quantityTier": quantity,
                "quantityDiscountType": "QUANTITY_DISCOUNT",
                "listingPrice": money(unit, marketplace),
            }
            for quantity, unit in offer.tiers
        ]
    return fields


def rejected(rejection: Rejection) -> tuple[int, Json]:
    """Status and body of an element that is rejected."""
    error = {"code": rejection.code, "message": rejection.message}
    return rejection.status, {"errors": [error]}


# 2022-05-01


def money_2022(minor: int, marketplace: Marketplace) -> Json:
    """MoneyType of 2022-05-01."""
    return {"currencyCode": marketplace.currency, "amount": number(minor, marketplace)}


def points_2022(offer: Offer, marketplace: Marketplace) -> Json:
    """The Amazon Points of an offer in 2022-05-01, if any."""
    if not offer.points:
        return {}
    worth = money_2022(offer.points, marketplace)
    return {"points": {"pointsNumber": offer.points, "pointsMonetaryValue": worth}}


def offer_2022(offer: Offer, marketplace: Marketplace) -> Json:
    """An Offer of 2022-05-01."""
    fields: Json = {
        "sellerId": offer.seller_id,
        "condition": offer.condition,
        "subCondition": offer.sub_condition.title().replace("_", ""),
        "fulfillmentType": "AFN" if offer.by_amazon else "MFN",
        "listingPrice": money_2022(offer.price, marketplace),
        "shippingOptions": [
            {"shippingOptionType": "DEFAULT", "price": money_2022(offer.shipping, marketplace)}
        ],
        "primeDetails": {"eligibility": "NATIONAL" if offer.by_amazon else "NONE"},
        **points_2022(offer, marketplace),
    }
    if offer.tiers:
        quantity, unit = offer.tiers[0]
        fields["promotions"] = [
            {
                "promotionType": "BASKET_BUILDING",
                "promotionSavings": {
                    "discount": {"type": "PERCENTAGE_OFF", "percentOff": 12.5},
                    "discountedPrice": money_2022(unit, marketplace),
                },
                "purchaseRequirements": {
                    "condition": {"quantityThreshold": {"type": "AT_LEAST", "quantity": quantity}}
                },
            }
        ]
    return fields


def competitive_summary(
    store: OfferStore, request: Json, marketplace: Marketplace, at: int
) -> tuple[int, Json]:
    """Status and body of an element of getCompetitiveSummary."""
    asin = request["asin"]
    subject = {"asin": asin, "marketplaceId": marketplace.id}
    product = store.product(asin)
    rejection = store.rejections.get(asin)
    if rejection or not product:
        rejection = rejection or Rejection(400, "INVALID_ASIN", f"{asin} is not a valid ASIN")
        status, body = rejected(rejection)
        return status, {**subject, **body}
    new = store.offers(product, marketplace, "New", at)
    inputs = request.get("lowestPricedOffersInputs") or [
        {"itemCondition": "New", "offerType": "Consumer"}
    ]
    featured = [
        {
            **offer_2022(offer, marketplace),
            "featuredOfferSegments": [
                {
                    "customerMembership": membership,
                    "segmentDetails": {
                        "glanceViewWeightPercentage": 62.5,
                        "sampleLocation": {
                            "postalCode": {"countryCode": marketplace.country, "value": "01234"}
                        },
                    },
                }
            ],
        }
        for offer, membership in zip(new, ("PRIME", "NON_PRIME"))
    ]
    options = [{"buyingOptionType": "New", "segmentedFeaturedOffers": featured}]
    similar = [
        {"asin": other.asin}
        for other in store.account.products
        if other.group == product.group and other is not product and store.product(other.asin)
    ]
    datasets = {
        "featuredBuyingOptions": options if featured else [],
        "referencePrices": [
            {
                "name": name,
                "price": money_2022(product.price(marketplace) * share // 100, marketplace),
            }
            for name, share in (("CompetitivePrice", 98), ("WasPrice", 110))
        ],
        "lowestPricedOffers": [
            {
                "lowestPricedOffersInput": item,
                "offers": [offer_2022(o, marketplace) for o in offers[:20]],
            }
            for item in inputs
            if (offers := store.offers(product, marketplace, item["itemCondition"], at))
        ],
        "similarItems": [{"items": similar}],
    }
    return 200, {**subject, **{name: datasets[name] for name in request["includedData"]}}


def expected_price(
    store: OfferStore, sku: str, marketplace: Marketplace, at: int
) -> tuple[int, Json]:
    """Status and body of an element of getFeaturedOfferExpectedPriceBatch."""
    product = store.account.products.by_sku.get(sku)
    if rejection := store.rejections.get(sku):
        return rejected(rejection)
    if not product or not store.product(product.asin):
        text = "The requested SKU does not exist for the seller in the requested Amazon store."
        return rejected(Rejection(400, "INVALID_SKU", text))
    offer = store.seller_offer(product, marketplace)
    new = store.offers(product, marketplace, "New", at)
    others = [other for other in new if not other.is_seller]
    result: Json = {"resultStatus": "NO_COMPETING_OFFER"}
    if offer.condition != "New":
        result = {"resultStatus": "OFFER_NOT_ELIGIBLE"}
    elif others:
        expected = max(1, others[0].landed - offer.shipping - 1)
        result = {
            "resultStatus": "VALID_FOEP",
            "featuredOfferExpectedPrice": {
                "listingPrice": money_2022(expected, marketplace),
                **points_2022(offer, marketplace),
            },
            "competingFeaturedOffer": featured_offer(others[0], product, marketplace),
        }
    if new:
        result["currentFeaturedOffer"] = featured_offer(new[0], product, marketplace)
    identifier = {
        "asin": product.asin,
        "sku": sku,
        "marketplaceId": marketplace.id,
        "fulfillmentType": "AFN" if product.by_amazon else "MFN",
        "sellerId": store.account.seller_id,
    }
    return 200, {"offerIdentifier": identifier, "featuredOfferExpectedPriceResults": [result]}


def featured_offer(offer: Offer, product: Product, marketplace: Marketplace) -> Json:
    """A FeaturedOffer of 2022-05-01."""
    return {
        "offerIdentifier": {
            "asin": product.asin,
            "marketplaceId": marketplace.id,
            "fulfillmentType": "AFN" if offer.by_amazon else "MFN",
            "sellerId": offer.seller_id,
        },
        "condition": offer.condition,
        "price": {
            "listingPrice": money_2022(offer.price, marketplace),
            "shippingPrice": money_2022(offer.shipping, marketplace),
            **points_2022(offer, marketplace),
        },
    }
