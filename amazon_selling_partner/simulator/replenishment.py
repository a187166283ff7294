"""Replenishment 2022-11-07: Subscribe & Save, a third of what Amazon ships of some products."""

from datetime import timedelta
from typing import Any, Iterator

from .account import Account
from .catalogue import Product
from .errors import invalid
from .marketplaces import Marketplace
from .routes import Call, Routes
from .stock import StockBook
from .times import DAY_MS, EPOCH, floor_ms, iso, parse

ROUTES = Routes()

ROLE = "Brand Analytics"
BASE = "/replenishment/2022-11-07"
COUNTRIES = ("US", "CA", "ES", "GB", "FR", "IT", "IN", "DE", "JP")
PROGRAM = "SUBSCRIBE_AND_SAVE"
FARTHEST = 9_000
_FREQUENCIES = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


class SubscriptionBook:
    """The offers of an account that are in the program.

    Args:
        account (Account): Whose.
    """

    def __init__(self, account: Account) -> None:
        self.account = account
        self.ended: set[str] = set()
        """SKUs that have left it."""

    @property
    def products(self) -> list[Product]:
        """What can be subscribed to."""
        shelf = self.account.catalogue.fulfilled(by_amazon=True)
        return [p for p in shelf if p.number % 4 == 0 and p.sku not in self.ended]


def offers(account: Account, marketplace_id: str, at: int) -> list[dict[str, Any]]:
    """The truth: `ListOffersResponseOffer`s of a moment, by ASIN."""
    book = account.part(SubscriptionBook)
    stock = account.part(StockBook)
    found = []
    for place in account.marketplaces:
        for product in book.products if place.id == marketplace_id else ():
            units = stock.sold(place, product, at - 30 * DAY_MS, at) // 3
            found.append(
                {
                    "sku": product.sku,
                    "asin": product.asin,
                    "marketplaceId": place.id,
                    "eligibility": "ELIGIBLE",
                    "programType": PROGRAM,
                    "price": product.price(place) / 100,
                    "priceCurrencyCode": place.currency,
                    "inventory": stock.holding(place, product, at).units["fulfillable"],
                    "stockRisk": "LOW",
                    "subscriptions": units + 2,
                    "fulfillmentNetworkIDType": "AMAZON",
                    "offerProgramConfiguration": {
                        "enrollmentMethod": "AUTOMATIC",
                        "preferences": {"autoEnrollment": "OPTED_IN"},
                        "promotions": {
                            "sellingPartnerFundedBaseDiscount": {"percentage": 5},
                            "sellingPartnerFundedTieredDiscount": {"percentage": 0},
                            "amazonFundedBaseDiscount": {"percentage": 0},
                            "amazonFundedTieredDiscount": {"percentage": 5},
                        },
                    },
                    "deliveriesConditions": [
                        {
                            "condition": "NO_ISSUES_FOR_NEXT_30_DAYS_DELIVERIES",
                            "next30DaysDeliveries": units + 1,
                        }
                    ],
                    "forecastDeliveries": {
                        f"next{days}DaysDeliveries": (units + 1) * days // 30
                        for days in (15, 30, 60, 90)
                    },
                }
            )
    return sorted(found, key=lambda offer: (str(offer["asin"]), str(offer["sku"])))


def offer_metrics(
    account: Account, marketplace_id: str, start: int, end: int
) -> list[dict[str, Any]]:
    """The truth: `ListOfferMetricsResponseOffer`s of the time between two moments."""
    stock = account.part(StockBook)
    found = []
    for place, product in _subscribed(account, marketplace_id):
        sold = stock.sold(place, product, start, end)
        found.append(
            {
                "sku": product.sku,
                "asin": product.asin,
                "fulfillmentChannelType": "AMAZON",
                "brandName": product.brand,
                **_performance(sold // 3, sold, sold // 3 * product.price(place) / 100),
                "currencyCode": place.currency,
                "timeInterval": {"startDate": iso(start), "endDate": iso(end - DAY_MS)},
            }
        )
    return found


def metrics(account: Account, marketplace_id: str, start: int, end: int) -> list[dict[str, Any]]:
    """The truth: `GetSellingPartnerMetricsResponseMetric`s of the time between two moments."""
    stock = account.part(StockBook)
    units = total = 0
    revenue = 0.0
    currency = ""
    for place, product in _subscribed(account, marketplace_id):
        sold = stock.sold(place, product, start, end)
        units, total = units + sold // 3, total + sold
        revenue += sold // 3 * product.price(place) / 100
        currency = place.currency
    return [
        {
            **_performance(units, total, round(revenue, 2)),
            "subscriberAverageRevenue": 125.93,
            "subscriberRetentionFor30Days": 94.43,
            "revenuePenetrationFor0PercentSellerFunding": 10.25,
            "currencyCode": currency,
            "timeInterval": {"startDate": iso(start), "endDate": iso(end - DAY_MS)},
        },
        {
            "lostSubscriberLifeTimeValueFromSNS": 76.56,
            "currencyCode": currency,
            "timeInterval": {
                "startDate": iso(end - 730 * DAY_MS),
                "endDate": iso(end - DAY_MS),
            },
        },
    ]


def _performance(units: int, total: int, revenue: float) -> dict[str, Any]:
    return {
        "shippedSubscriptionUnits": units,
        "totalSubscriptionsRevenue": revenue,
        "activeSubscriptions": units + 2,
        "notDeliveredDueToOOS": 0.0,
        "lostRevenueDueToOOS": 0.0,
        "revenuePenetration": round(100 * units / total, 2) if total else 0.0,
        "couponsRevenuePenetration": 12.5,
        "shareOfCouponSubscriptions": 17.32,
    }


def _subscribed(account: Account, marketplace_id: str) -> Iterator[tuple[Marketplace, Product]]:
    for place in account.marketplaces:
        for product in account.part(SubscriptionBook).products:
            if place.id == marketplace_id:
                yield place, product


@ROUTES.add("listOffers", "POST", f"{BASE}/offers/search", rate=1, burst=1, role=ROLE, body=True)
def list_offers(call: Call) -> dict[str, Any]:
    """Offers as they are."""
    filters = _filters(call, _known(call.body, "pagination", "filters", "sort")["filters"])
    return _page(call, offers(call.account, filters["marketplaceId"], call.now), 100)


@ROUTES.add(
    "listOfferMetrics", "POST", f"{BASE}/offers/metrics/search", rate=1, burst=1, role=ROLE,
    body=True,
)  # fmt: skip
def list_offer_metrics(call: Call) -> dict[str, Any]:
    """How each offer did in one unit of the aggregation."""
    filters = _filters(call, _known(call.body, "pagination", "filters", "sort")["filters"])
    start, end = _interval(call, filters)
    if filters["aggregationFrequency"] == "WEEK" and end - start > 7 * DAY_MS:
        raise invalid("The time interval must cover a single unit of the aggregation frequency.")
    found = offer_metrics(call.account, filters["marketplaceId"], start, end)
    found.sort(key=lambda row: (float(row["totalSubscriptionsRevenue"]), str(row["sku"])))
    return _page(call, found, 500)


@ROUTES.add(
    "getSellingPartnerMetrics", "POST", f"{BASE}/sellingPartners/metrics/search", rate=1, burst=1,
    role=ROLE, body=True,
)  # fmt: skip
def get_selling_partner_metrics(call: Call) -> dict[str, Any]:
    """How all offers did."""
    body = _filters(call, call.body)
    start, end = _interval(call, body)
    return {"metrics": metrics(call.account, body["marketplaceId"], start, end)}


def _known(body: Any, *names: str) -> dict[str, Any]:
    """A part of the body that has what it must, and nothing else.

    Raises:
        ApiError: 400 naming what is wrong.
    """
    if not isinstance(body, dict) or set(body) - set(names):
        raise invalid(f"Only {', '.join(names)} are known.")
    if "filters" in names and not isinstance(body.get("filters"), dict):
        raise invalid("filters are missing.")
    return body


def _filters(call: Call, filters: dict[str, Any]) -> dict[str, Any]:
    _known(
        filters, "marketplaceId", "programTypes", "timePeriodType", "aggregationFrequency",
        "timeInterval", "metrics", "asins", "skus",
    )  # fmt: skip
    if filters.get("programTypes") != [PROGRAM]:
        raise invalid("programTypes is missing or unknown.")
    for place in call.account.marketplaces:
        if place.id == filters.get("marketplaceId") and place.country in COUNTRIES:
            return filters
    raise invalid("The marketplace is not supported.")


def _interval(call: Call, filters: dict[str, Any]) -> tuple[int, int]:
    """Start and end of the time asked for, widened to the aggregation."""
    if filters.get("timePeriodType") != "PERFORMANCE":
        raise invalid("timePeriodType must be PERFORMANCE or FORECAST.")
    if filters.get("aggregationFrequency") not in _FREQUENCIES:
        raise invalid("aggregationFrequency is missing.")
    try:
        said = filters["timeInterval"]
        start, end = (parse(said[name]) for name in ("startDate", "endDate"))
    except (KeyError, TypeError, ValueError):
        raise invalid("timeInterval is missing or wrong.") from None
    first, last = floor_ms(start) // DAY_MS, floor_ms(end) // DAY_MS
    if filters["aggregationFrequency"] == "WEEK":
        first -= (EPOCH + timedelta(days=first)).weekday()
        last += 6 - (EPOCH + timedelta(days=last)).weekday()
    if first * DAY_MS < call.now - 731 * DAY_MS or first > last:
        raise invalid("Only data of the trailing two years is supported.")
    return first * DAY_MS, (last + 1) * DAY_MS


def _page(call: Call, found: list[dict[str, Any]], largest: int) -> dict[str, Any]:
    said = call.body.get("pagination")
    asked = said if isinstance(said, dict) else {}
    limit, offset = asked.get("limit"), asked.get("offset")
    if not isinstance(limit, int) or not 1 <= limit <= largest:
        raise invalid(f"limit must be between 1 and {largest}.")
    if not isinstance(offset, int) or not 0 <= offset <= FARTHEST:
        raise invalid(f"offset must be between 0 and {FARTHEST}.")
    if call.body.get("sort", {}).get("order") == "DESC":
        found.reverse()
    return {"offers": found[offset : offset + limit], "pagination": {"totalResults": len(found)}}
