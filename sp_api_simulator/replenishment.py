"""Replenishment 2022-11-07: Subscribe & Save, a third of the sales of some products."""

from datetime import timedelta
from typing import Any, Iterator

from .core.account import Account
from .core.errors import invalid
from .core.marketplaces import Marketplace
from .core.products import Product
from .core.routes import Call, Routes
from .core.times import DAY_MS, EPOCH, floor_ms, iso, parse
from .fba.stock_store import StockStore

ROUTES = Routes()

ROLE = "Brand Analytics"
BASE = "/replenishment/2022-11-07"
COUNTRIES = ("US", "CA", "ES", "GB", "FR", "IT", "IN", "DE", "JP")
PROGRAM = "SUBSCRIBE_AND_SAVE"
MAX_OFFSET = 9_000
_FREQUENCIES = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


class SubscriptionStore:
    """The offers of an account that are in the program."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.ended: set[str] = set()
        """SKUs that have left the program."""

    @property
    def products(self) -> list[Product]:
        """The products in the program."""
        products = self.account.products.fulfilled(by_amazon=True)
        return [p for p in products if p.number % 4 == 0 and p.sku not in self.ended]


def offers(account: Account, marketplace_id: str, at: int) -> list[dict[str, Any]]:
    """The `ListOffersResponseOffer`s of a time, by ASIN."""
    store = account.store(SubscriptionStore)
    stock = account.store(StockStore)
    found = []
    for marketplace in account.marketplaces:
        for product in store.products if marketplace.id == marketplace_id else ():
            units = stock.sold(marketplace, product, at - 30 * DAY_MS, at) // 3
            found.append(
                {
                    "sku": product.sku,
                    "asin": product.asin,
                    "marketplaceId": marketplace.id,
                    "eligibility": "ELIGIBLE",
                    "programType": PROGRAM,
                    "price": product.price(marketplace) / 100,
                    "priceCurrencyCode": marketplace.currency,
                    "inventory": stock.holding(marketplace, product, at).units["fulfillable"],
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
    """The `ListOfferMetricsResponseOffer`s of a time range."""
    stock = account.store(StockStore)
    found = []
    for marketplace, product in _subscribed(account, marketplace_id):
        sold = stock.sold(marketplace, product, start, end)
        found.append(
            {
                "sku": product.sku,
                "asin": product.asin,
                "fulfillmentChannelType": "AMAZON",
                "brandName": product.brand,
                **_performance(sold // 3, sold, sold // 3 * product.price(marketplace) / 100),
                "currencyCode": marketplace.currency,
                "timeInterval": {"startDate": iso(start), "endDate": iso(end - DAY_MS)},
            }
        )
    return found


def metrics(account: Account, marketplace_id: str, start: int, end: int) -> list[dict[str, Any]]:
    """The `GetSellingPartnerMetricsResponseMetric`s of a time range."""
    stock = account.store(StockStore)
    units = total = 0
    revenue = 0.0
    currency = ""
    for marketplace, product in _subscribed(account, marketplace_id):
        sold = stock.sold(marketplace, product, start, end)
        units, total = units + sold // 3, total + sold
        revenue += sold // 3 * product.price(marketplace) / 100
        currency = marketplace.currency
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
    for marketplace in account.marketplaces:
        for product in account.store(SubscriptionStore).products:
            if marketplace.id == marketplace_id:
                yield marketplace, product


@ROUTES.add("listOffers", "POST", f"{BASE}/offers/search", rate=1, burst=1, role=ROLE, body=True)
def list_offers(call: Call) -> dict[str, Any]:
    """The offers in the program."""
    filters = _filters(call, _validate(call.body, "pagination", "filters", "sort")["filters"])
    return _page(call, offers(call.account, filters["marketplaceId"], call.now), 100)


@ROUTES.add(
    "listOfferMetrics", "POST", f"{BASE}/offers/metrics/search", rate=1, burst=1, role=ROLE,
    body=True,
)  # fmt: skip
def list_offer_metrics(call: Call) -> dict[str, Any]:
    """The metrics of each offer in a unit of the aggregation."""
    filters = _filters(call, _validate(call.body, "pagination", "filters", "sort")["filters"])
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
    """The metrics of all offers together."""
    body = _filters(call, call.body)
    start, end = _interval(call, body)
    return {"metrics": metrics(call.account, body["marketplaceId"], start, end)}


def _validate(body: Any, *names: str) -> dict[str, Any]:
    """A part of the body with known fields only.

    Raises:
        ApiError: 400 naming what is wrong.
    """
    if not isinstance(body, dict) or set(body) - set(names):
        raise invalid(f"Only {', '.join(names)} are known.")
    if "filters" in names and not isinstance(body.get("filters"), dict):
        raise invalid("filters are missing.")
    return body


def _filters(call: Call, filters: dict[str, Any]) -> dict[str, Any]:
    _validate(
        filters, "marketplaceId", "programTypes", "timePeriodType", "aggregationFrequency",
        "timeInterval", "metrics", "asins", "skus",
    )  # fmt: skip
    if filters.get("programTypes") != [PROGRAM]:
        raise invalid("programTypes is missing or unknown.")
    for marketplace in call.account.marketplaces:
        if marketplace.id == filters.get("marketplaceId") and marketplace.country in COUNTRIES:
            return filters
    raise invalid("The marketplace is not supported.")


def _interval(call: Call, filters: dict[str, Any]) -> tuple[int, int]:
    """Start and end of the time interval, widened to the aggregation."""
    if filters.get("timePeriodType") != "PERFORMANCE":
        raise invalid("timePeriodType must be PERFORMANCE or FORECAST.")
    if filters.get("aggregationFrequency") not in _FREQUENCIES:
        raise invalid("aggregationFrequency is missing.")
    try:
        interval = filters["timeInterval"]
        start, end = (parse(interval[name]) for name in ("startDate", "endDate"))
    except (KeyError, TypeError, ValueError):
        raise invalid("timeInterval is missing or wrong.") from None
    first, last = floor_ms(start) // DAY_MS, floor_ms(end) // DAY_MS
    if filters["aggregationFrequency"] == "WEEK":
        first -= (EPOCH + timedelta(days=first)).weekday()
        last += 6 - (EPOCH + timedelta(days=last)).weekday()
    if first * DAY_MS < call.now - 731 * DAY_MS or first > last:
        raise invalid("Only data of the trailing two years is supported.")
    return first * DAY_MS, (last + 1) * DAY_MS


def _page(call: Call, found: list[dict[str, Any]], max_limit: int) -> dict[str, Any]:
    pagination = call.body.get("pagination")
    pagination = pagination if isinstance(pagination, dict) else {}
    limit, offset = pagination.get("limit"), pagination.get("offset")
    if not isinstance(limit, int) or not 1 <= limit <= max_limit:
        raise invalid(f"limit must be between 1 and {max_limit}.")
    if not isinstance(offset, int) or not 0 <= offset <= MAX_OFFSET:
        raise invalid(f"offset must be between 0 and {MAX_OFFSET}.")
    if call.body.get("sort", {}).get("order") == "DESC":
        found.reverse()
    return {"offers": found[offset : offset + limit], "pagination": {"totalResults": len(found)}}
