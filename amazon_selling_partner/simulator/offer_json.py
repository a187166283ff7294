"""Offers and prices in the words of Product Pricing v0, Product Pricing 2022-05-01 and Fees v0."""

from typing import Any, Union

from .catalogue import Product
from .marketplaces import Marketplace, amount
from .offer_book import Offer, OfferBook, Refusal

Json = dict[str, Any]


def number(minor: int, place: Marketplace) -> Union[int, float]:
    """An amount as a JSON number."""
    text = amount(minor, place.currency)
    return float(text) if "." in text else int(text)


def money(minor: int, place: Marketplace) -> Json:
    """v0's MoneyType."""
    return {"CurrencyCode": place.currency, "Amount": number(minor, place)}


def price(offer: Offer, place: Marketplace) -> Json:
    """v0's prices of an offer."""
    told = {
        "LandedPrice": money(offer.landed, place),
        "ListingPrice": money(offer.price, place),
        "Shipping": money(offer.shipping, place),
    }
    return {**told, **points(offer, place)}


def points(offer: Offer, place: Marketplace) -> Json:
    """v0's Amazon Points, where there are any."""
    if not offer.points:
        return {}
    worth = money(offer.points, place)
    return {"Points": {"PointsNumber": offer.points, "PointsMonetaryValue": worth}}


def competitive_price(book: OfferBook, asin: str, place: Marketplace, at: int) -> Json:
    """An element of getCompetitivePricing."""
    product = book.product(asin)
    refusal = book.refusals.get(asin)
    if refusal or not product:
        server = refusal is not None and refusal.status >= 500
        return {"status": "ServerError" if server else "ClientError", "ASIN": asin}
    new, used = (book.offers(product, place, condition, at) for condition in ("New", "Used"))
    pricing: Json = {
        "CompetitivePrices": [
            {
                "CompetitivePriceId": str(place_in_list),
                "Price": price(offers[0], place),
                "condition": offers[0].condition,
                "subcondition": offers[0].sub_condition,
                "offerType": "B2C",
                "sellerId": offers[0].seller_id,
                "belongsToRequester": offers[0].mine,
            }
            for place_in_list, offers in ((1, new), (2, used))
            if offers
        ],
        "NumberOfOfferListings": [
            {"Count": len(offers), "condition": condition}
            for condition, offers in (("New", new), ("Used", used), ("Any", new + used))
            if offers
        ],
    }
    if product.group == "Electronics":
        pricing["TradeInValue"] = money(product.price(place) // 4, place)
    told = {"CompetitivePricing": pricing, "SalesRankings": rankings(book, product, place, at)}
    return {"status": "Success", "ASIN": asin, "Product": {**identifiers(asin, place), **told}}


def own_price(book: OfferBook, asin: str, place: Marketplace) -> Json:
    """An element of getPricing."""
    product = book.product(asin)
    if asin in book.refusals or not product:
        return {"status": "ClientError", "ASIN": asin}
    offer = book.own_offer(product, place)
    told = {
        "offerType": "B2C",
        "BuyingPrice": price(offer, place),
        "RegularPrice": money(offer.price, place),
        "FulfillmentChannel": "AMAZON" if offer.by_amazon else "MERCHANT",
        "ItemCondition": offer.condition,
        "ItemSubCondition": offer.sub_condition.capitalize(),
        "SellerSKU": product.sku,
    }
    return {
        "status": "Success",
        "ASIN": asin,
        "Product": {**identifiers(asin, place), "Offers": [told]},
    }


def identifiers(asin: str, place: Marketplace) -> Json:
    """v0's identifiers of a product that was asked about by ASIN."""
    nobody = {"MarketplaceId": "", "SellerId": "", "SellerSKU": ""}
    told = {"MarketplaceId": place.id, "ASIN": asin}
    return {"Identifiers": {"MarketplaceASIN": told, "SKUIdentifier": nobody}}


def rankings(book: OfferBook, product: Product, place: Marketplace, at: int) -> list[Json]:
    """v0's sales ranks."""
    ranks = book.ranks(product, place, at)
    return [{"ProductCategoryId": category, "Rank": rank} for category, rank in ranks]


def item_offers(
    book: OfferBook, asin: str, place: Marketplace, condition: str, at: int
) -> tuple[int, Json]:
    """Status and body of an element of getItemOffersBatch."""
    product = book.product(asin)
    if refusal := book.refusals.get(asin):
        return refused(refusal)
    if not product:
        text = f"{asin} is an invalid ASIN for marketplace {place.id}"
        return refused(Refusal(400, "InvalidInput", text))
    every = [offer for kind in ("New", "Used") for offer in book.offers(product, place, kind, at)]
    shown = [offer for offer in every if offer.condition == condition]
    payload = {
        "ASIN": asin,
        "status": "Success" if shown else "NoBuyableOffers",
        "ItemCondition": condition,
        "marketplaceId": place.id,
        "Identifier": {"MarketplaceId": place.id, "ItemCondition": condition, "ASIN": asin},
        "Summary": {
            **offer_summary(every, shown, place),
            "SalesRankings": rankings(book, product, place, at),
            "ListPrice": money(product.price(place) * 12 // 10, place),
        },
        "Offers": [detail(offer, place, offer is shown[0]) for offer in shown[:20]],
    }
    return 200, {"payload": payload}


def offer_summary(every: list[Offer], shown: list[Offer], place: Marketplace) -> Json:
    """v0's counts and prices of the offers of a product."""
    groups: dict[tuple[str, str], list[Offer]] = {}
    for offer in every:
        channel = "Amazon" if offer.by_amazon else "Merchant"
        groups.setdefault((offer.condition.lower(), channel), []).append(offer)
    counts = [
        {"condition": kind, "fulfillmentChannel": channel, "OfferCount": len(offers)}
        for (kind, channel), offers in groups.items()
    ]
    summary: Json = {
        "TotalOfferCount": len(every),
        "NumberOfOffers": counts,
        "BuyBoxEligibleOffers": [dict(count) for count in counts if count["condition"] == "new"],
        "LowestPrices": [
            {
                "condition": kind,
                "fulfillmentChannel": channel,
                "offerType": "B2C",
                **price(offers[0], place),
            }
            for (kind, channel), offers in groups.items()
        ],
    }
    if shown:
        winner = {"condition": shown[0].condition.lower(), "sellerId": shown[0].seller_id}
        summary["BuyBoxPrices"] = [{**winner, "offerType": "B2C", **price(shown[0], place)}]
        summary["SuggestedLowerPricePlusShipping"] = money(shown[0].landed, place)
    return summary


def detail(offer: Offer, place: Marketplace, wins: bool) -> Json:
    """v0's OfferDetail."""
    told: Json = {
        "MyOffer": offer.mine,
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
        "ListingPrice": money(offer.price, place),
        "Shipping": money(offer.shipping, place),
        "ShipsFrom": {"Country": place.country},
        "IsFulfilledByAmazon": offer.by_amazon,
        "PrimeInformation": {"IsPrime": offer.by_amazon, "IsNationalPrime": offer.by_amazon},
        "IsBuyBoxWinner": wins,
        "IsFeaturedMerchant": offer.positive > 80,
        **points(offer, place),
    }
    if offer.condition != "New":
        told["ConditionNotes"] = 'Slight wear – "as new"'
    if offer.tiers:
        told["quantityDiscountPrices"] = [
            {
                "quantityTier": quantity,
                "quantityDiscountType": "QUANTITY_DISCOUNT",
                "listingPrice": money(unit, place),
            }
            for quantity, unit in offer.tiers
        ]
    return told


def refused(refusal: Refusal) -> tuple[int, Json]:
    """Status and body of an element that gets no answer."""
    error = {"code": refusal.code, "message": refusal.message}
    return refusal.status, {"errors": [error]}


# 2022-05-01


def money_2022(minor: int, place: Marketplace) -> Json:
    """MoneyType of 2022-05-01."""
    return {"currencyCode": place.currency, "amount": number(minor, place)}


def points_2022(offer: Offer, place: Marketplace) -> Json:
    """Amazon Points, where there are any."""
    if not offer.points:
        return {}
    worth = money_2022(offer.points, place)
    return {"points": {"pointsNumber": offer.points, "pointsMonetaryValue": worth}}


def offer_2022(offer: Offer, place: Marketplace) -> Json:
    """An Offer of 2022-05-01."""
    told: Json = {
        "sellerId": offer.seller_id,
        "condition": offer.condition,
        "subCondition": offer.sub_condition.title().replace("_", ""),
        "fulfillmentType": "AFN" if offer.by_amazon else "MFN",
        "listingPrice": money_2022(offer.price, place),
        "shippingOptions": [
            {"shippingOptionType": "DEFAULT", "price": money_2022(offer.shipping, place)}
        ],
        "primeDetails": {"eligibility": "NATIONAL" if offer.by_amazon else "NONE"},
        **points_2022(offer, place),
    }
    if offer.tiers:
        quantity, unit = offer.tiers[0]
        told["promotions"] = [
            {
                "promotionType": "BASKET_BUILDING",
                "promotionSavings": {
                    "discount": {"type": "PERCENTAGE_OFF", "percentOff": 12.5},
                    "discountedPrice": money_2022(unit, place),
                },
                "purchaseRequirements": {
                    "condition": {"quantityThreshold": {"type": "AT_LEAST", "quantity": quantity}}
                },
            }
        ]
    return told


def competitive_summary(
    book: OfferBook, request: Json, place: Marketplace, at: int
) -> tuple[int, Json]:
    """Status and body of an element of getCompetitiveSummary."""
    asin = request["asin"]
    about = {"asin": asin, "marketplaceId": place.id}
    product = book.product(asin)
    refusal = book.refusals.get(asin)
    if refusal or not product:
        refusal = refusal or Refusal(400, "INVALID_ASIN", f"{asin} is not a valid ASIN")
        status, body = refused(refusal)
        return status, {**about, **body}
    new = book.offers(product, place, "New", at)
    chosen = request.get("lowestPricedOffersInputs") or [
        {"itemCondition": "New", "offerType": "Consumer"}
    ]
    featured = [
        {
            **offer_2022(offer, place),
            "featuredOfferSegments": [
                {
                    "customerMembership": membership,
                    "segmentDetails": {
                        "glanceViewWeightPercentage": 62.5,
                        "sampleLocation": {
                            "postalCode": {"countryCode": place.country, "value": "01234"}
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
        for other in book.account.catalogue
        if other.group == product.group and other is not product and book.product(other.asin)
    ]
    told = {
        "featuredBuyingOptions": options if featured else [],
        "referencePrices": [
            {"name": name, "price": money_2022(product.price(place) * share // 100, place)}
            for name, share in (("CompetitivePrice", 98), ("WasPrice", 110))
        ],
        "lowestPricedOffers": [
            {"lowestPricedOffersInput": one, "offers": [offer_2022(o, place) for o in offers[:20]]}
            for one in chosen
            if (offers := book.offers(product, place, one["itemCondition"], at))
        ],
        "similarItems": [{"items": similar}],
    }
    return 200, {**about, **{name: told[name] for name in request["includedData"]}}


def expected_price(book: OfferBook, sku: str, place: Marketplace, at: int) -> tuple[int, Json]:
    """Status and body of an element of getFeaturedOfferExpectedPriceBatch."""
    product = book.account.catalogue.by_sku.get(sku)
    if refusal := book.refusals.get(sku):
        return refused(refusal)
    if not product or not book.product(product.asin):
        text = "The requested SKU does not exist for the seller in the requested Amazon store."
        return refused(Refusal(400, "INVALID_SKU", text))
    own = book.own_offer(product, place)
    new = book.offers(product, place, "New", at)
    others = [offer for offer in new if not offer.mine]
    result: Json = {"resultStatus": "NO_COMPETING_OFFER"}
    if own.condition != "New":
        result = {"resultStatus": "OFFER_NOT_ELIGIBLE"}
    elif others:
        expected = max(1, others[0].landed - own.shipping - 1)
        result = {
            "resultStatus": "VALID_FOEP",
            "featuredOfferExpectedPrice": {
                "listingPrice": money_2022(expected, place),
                **points_2022(own, place),
            },
            "competingFeaturedOffer": featured_offer(others[0], product, place),
        }
    if new:
        result["currentFeaturedOffer"] = featured_offer(new[0], product, place)
    identifier = {
        "asin": product.asin,
        "sku": sku,
        "marketplaceId": place.id,
        "fulfillmentType": "AFN" if product.by_amazon else "MFN",
        "sellerId": book.account.seller_id,
    }
    return 200, {"offerIdentifier": identifier, "featuredOfferExpectedPriceResults": [result]}


def featured_offer(offer: Offer, product: Product, place: Marketplace) -> Json:
    """A FeaturedOffer of 2022-05-01."""
    return {
        "offerIdentifier": {
            "asin": product.asin,
            "marketplaceId": place.id,
            "fulfillmentType": "AFN" if offer.by_amazon else "MFN",
            "sellerId": offer.seller_id,
        },
        "condition": offer.condition,
        "price": {
            "listingPrice": money_2022(offer.price, place),
            "shippingPrice": money_2022(offer.shipping, place),
            **points_2022(offer, place),
        },
    }
