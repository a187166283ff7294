"""Replenishment API 2022-11-07: offers of Subscribe & Save, and how they do, by marketplace.

Cost: one call for every 100 offers (1 a second), and one a week of metrics and table (1 a second;
one for every 500 offers): all weeks of two years at first, then the last four once a day.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from .asking import inside
from .client import Operation, Probe, SellingPartnerClient, at, iso
from .client.errors import BadRequest
from .sellers import account_marketplaces
from .settings import MARKETPLACES
from .sync import isolated, note, rejected
from .sync.deletes import deleted_column, gone, loaded
from .sync.windows import left
from .tables import carry_ids, columns

ROLE = "Brand Analytics"
BASE = "/replenishment/2022-11-07"

LIST_OFFERS = Operation("listOffers", "POST", f"{BASE}/offers/search", 1, 1, "offers", role=ROLE)
LIST_OFFER_METRICS = Operation(
    "listOfferMetrics", "POST", f"{BASE}/offers/metrics/search", 1, 1, "offers", role=ROLE
)
GET_METRICS = Operation(
    "getSellingPartnerMetrics",
    "POST",
    f"{BASE}/sellingPartners/metrics/search",
    rate=1,
    burst=1,
    records="metrics",
    role=ROLE,
)

COUNTRIES = frozenset(("US", "CA", "ES", "GB", "FR", "IT", "IN", "DE", "JP"))
"""Where Amazon tells sellers; other marketplaces are left out."""

PROGRAM = "SUBSCRIBE_AND_SAVE"
"""The only program there is."""

SIZES = {LIST_OFFERS: 100, LIST_OFFER_METRICS: 500}
"""Rows of a page, the most Amazon gives."""

FARTHEST = 9_000
"""Largest offset."""

HISTORY = pendulum.duration(years=2)

RESTATED = 4
"""Weeks back that are read again, once a day: Amazon completes and corrects them."""

METRICS = """not_delivered_due_to_oos total_subscriptions_revenue revenue_penetration
    lost_revenue_due_to_oos coupons_revenue_penetration share_of_coupon_subscriptions"""
UNITS = "shipped_subscription_units active_subscriptions"
WEEK_IDS = "selling_partner marketplace_id program_type"


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "program_type", "sku"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{WEEK_IDS} sku asin eligibility price_currency_code stock_risk
            fulfillment_network_id_type enrollment_method preferences__auto_enrollment""",
        bigint="""inventory subscriptions forecast_deliveries__next15_days_deliveries
            forecast_deliveries__next30_days_deliveries forecast_deliveries__next60_days_deliveries
            forecast_deliveries__next90_days_deliveries""",
        decimal="""price selling_partner_funded_base_discount__percentage
            selling_partner_funded_tiered_discount__percentage
            amazon_funded_base_discount__percentage amazon_funded_tiered_discount__percentage""",
        json="vendor_codes",
    ),
    nested_hints={
        "deliveries_conditions": make_nested_hints(
            columns=columns(text=f"{WEEK_IDS} sku condition", bigint="next30_days_deliveries")
        )
    },
)
@isolated
def replenishment_offer(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = (), deletes: str = "off"
) -> Iterator[TDataItems]:
    """Offers of Subscribe & Save as they are now, with discounts, stock and expected deliveries.

    Source: listOffers, read whole.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        deletes (str): What becomes of offers that are no more: `soft`, `hard` or `off`.

    Yields:
        TDataItems: A page of offers.
    """
    yield from _everywhere(client, marketplace_ids, lambda id: _offers(client, id, deletes))


def _offers(client: SellingPartnerClient, id: str, deletes: str) -> Iterator[TDataItems]:
    """The offers of a marketplace, and the marks of those that are no more."""
    now = client.now()
    ids = {**_where(client, id), "program_type": PROGRAM}
    body = {
        "filters": {"marketplaceId": id, "programTypes": [PROGRAM]},
        "sort": {"key": "ASIN", "order": "ASC"},
    }
    found: Set[str] = set()
    whole = Whole()
    for page in _pages(client, LIST_OFFERS, body, whole):
        readable: List[Dict[str, Any]] = []
        for offer in page:
            if isinstance(offer, dict) and offer.get("sku"):
                found.add(str(offer["sku"]))
                readable.append(_offer(offer, {**ids, "sku": str(offer["sku"])}))
            else:
                yield rejected("replenishment_offer", offer, "it has no sku")
        yield readable
    if len(found) < whole.total:
        note(f"{whole.total - len(found)} offers are left out of Amazon's pages")
    elif found and deletes != "off":
        there = {str(sku) for (sku,) in loaded("replenishment_offer", ids, ("sku",))}
        yield from gone("replenishment_offer", ids, "sku", sorted(there - found), now, deletes)


def _offer(offer: Dict[str, Any], ids: Dict[str, str]) -> Dict[str, Any]:
    """An offer as it is loaded: its program's settings beside the rest, so that names are short."""
    for name in ("offerProgramConfiguration", "promotions"):
        if isinstance(offer.get(name), dict):
            offer = {**offer.pop(name), **offer}
    carry_ids(offer, ids)
    for name in ("marketplaceId", "programType"):
        offer.pop(name, None)
    return {**offer, **ids}


@dlt.resource(
    primary_key=(
        "selling_partner",
        "marketplace_id",
        "program_type",
        "week",
        "asin",
        "sku",
        "fulfillment_channel_type",
    ),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{WEEK_IDS} asin sku fulfillment_channel_type brand_name product_group
            currency_code""",
        date="week",
        timestamp="time_interval__start_date time_interval__end_date",
        bigint=f"""{UNITS} next30_day_shipped_subscription_units
            next60_day_shipped_subscription_units next90_day_shipped_subscription_units""",
        decimal=f"""{METRICS} next30_day_total_subscriptions_revenue
            next60_day_total_subscriptions_revenue next90_day_total_subscriptions_revenue""",
    ),
)
@isolated
def replenishment_offer_metric(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
) -> Iterator[TDataItems]:
    """What Subscribe & Save sold of each offer in each week, Monday to Sunday.

    Source: listOfferMetrics with timePeriodType PERFORMANCE. Amazon goes two years back.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history, UTC.

    Yields:
        TDataItems: A page of offers of one week.
    """
    yield from _everywhere(
        client, marketplace_ids, lambda id: _offer_metrics(client, id, history_start)
    )


def _offer_metrics(
    client: SellingPartnerClient, id: str, history_start: pendulum.DateTime
) -> Iterator[TDataItems]:
    """The weeks of a marketplace that are due, offer by offer."""
    sort = {"key": "TOTAL_SUBSCRIPTIONS_REVENUE", "order": "DESC"}
    for week in _weeks(client, id, history_start):
        body = {"filters": _asked(id, week), "sort": sort}
        for page in _pages(client, LIST_OFFER_METRICS, body, Whole()):
            readable: List[Dict[str, Any]] = []
            for row in page:
                if isinstance(row, dict) and (row.get("asin") or row.get("sku")):
                    for name in ("asin", "sku", "fulfillmentChannelType"):
                        row[name] = row.get(name) or ""
                    readable.append({**row, **_of_week(client, id, week)})
                else:
                    yield rejected("replenishment_offer_metric", row, "it has no asin and no sku")
            yield readable


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "program_type", "week", "period"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"{WEEK_IDS} period currency_code",
        date="week",
        timestamp="time_interval__start_date time_interval__end_date",
        bigint=UNITS,
        decimal=f"""{METRICS} subscriber_average_revenue non_subscriber_average_revenue
            subscriber_average_reorders non_subscriber_average_reorders
            revenue_from_subscriptions_with_multiple_deliveries
            revenue_from_active_subscriptions_with_single_delivery
            revenue_from_cancelled_subscriptions_after_single_delivery
            subscriber_retention_for30_days subscriber_retention_for90_days
            revenue_penetration_for0_percent_seller_funding
            revenue_penetration_for5_percent_seller_funding
            revenue_penetration_for10_percent_seller_funding
            revenue_penetration_for5_plus_percent_seller_funding
            non_subscriber_life_time_value_from_otp lost_subscriber_life_time_value_from_otp
            lost_subscriber_life_time_value_from_sns growing_subscriber_life_time_value_from_otp
            growing_subscriber_life_time_value_from_sns
            established_subscriber_life_time_value_from_otp
            established_subscriber_life_time_value_from_sns
            signup_conversion_for0_percent_seller_funding
            signup_conversion_for5_percent_seller_funding
            signup_conversion_for10_percent_seller_funding
            signup_conversion_for5_plus_percent_seller_funding""",
    ),
)
@isolated
def replenishment_metric(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
) -> Iterator[TDataItems]:
    """How Subscribe & Save does in each week, Monday to Sunday.

    Some metrics are of the one or two years before; they are a row of their own, told by `period`.

    Source: getSellingPartnerMetrics with timePeriodType PERFORMANCE. Amazon goes two years back.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history, UTC.

    Yields:
        TDataItems: The metrics of one week.
    """
    yield from _everywhere(client, marketplace_ids, lambda id: _metrics(client, id, history_start))


def _metrics(
    client: SellingPartnerClient, id: str, history_start: pendulum.DateTime
) -> Iterator[TDataItems]:
    """The weeks of a marketplace that are due."""
    for week in _weeks(client, id, history_start):
        answer = client.call(GET_METRICS, body=_asked(id, week))
        readable: List[Dict[str, Any]] = []
        for row in at(answer, GET_METRICS.records) or []:
            if isinstance(row, dict):
                period = _period(inside(row, "timeInterval"))
                readable.append({**row, **_of_week(client, id, week), "period": period})
            else:
                yield rejected("replenishment_metric", row, "it is not an object")
        yield readable


def _everywhere(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str],
    read: Callable[[str], Iterator[TDataItems]],
) -> Iterator[TDataItems]:
    """Reads the marketplaces for which Amazon tells sellers; one that it refuses holds up none."""
    refusals: List[BadRequest] = []
    for id in account_marketplaces(client, marketplace_ids):
        if MARKETPLACES[id].country in COUNTRIES:
            try:
                yield from read(id)
            except BadRequest as error:
                refusals.append(error)
    for refusal in refusals:
        raise refusal


def _weeks(
    client: SellingPartnerClient, id: str, history_start: pendulum.DateTime
) -> Iterator[pendulum.DateTime]:
    """The Mondays of the weeks of a marketplace that are due; each is done when the next is asked.

    The cursor is a week, and no column that only ever grows.
    """
    kept: Dict[str, str] = dlt.current.resource_state().setdefault("read", {}).setdefault(id, {})
    now = client.now()
    this_week = pendulum.instance(now).in_timezone("UTC").start_of("week")
    oldest = (now - HISTORY).start_of("week").add(weeks=1)
    goal = max(history_start.start_of("week"), oldest)
    if not kept or goal.to_date_string() < kept["goal"]:
        kept.update(goal=goal.to_date_string(), next=goal.to_date_string(), on="")
    if kept["on"] == now.to_date_string():
        return
    week = ensure_pendulum_datetime(kept["next"])
    if kept["on"]:
        week = week.subtract(weeks=RESTATED)
        kept.update(next=week.to_date_string(), on="")
    week = max(goal, week)
    while week < this_week:
        yield week
        week = week.add(weeks=1)
        kept["next"] = week.to_date_string()
        if week < this_week and client.time_is_up():
            left(f"weeks since {kept['next']}")
            return
    kept["on"] = now.to_date_string()


def _asked(id: str, week: pendulum.DateTime) -> Dict[str, Any]:
    """What is asked of a week; Amazon takes any moment of its last day for its end."""
    return {
        "marketplaceId": id,
        "programTypes": [PROGRAM],
        "timePeriodType": "PERFORMANCE",
        "aggregationFrequency": "WEEK",
        "timeInterval": {"startDate": iso(week), "endDate": iso(week.add(days=6))},
    }


def _of_week(client: SellingPartnerClient, id: str, week: pendulum.DateTime) -> Dict[str, Any]:
    return {**_where(client, id), "program_type": PROGRAM, "week": week.date()}


def _where(client: SellingPartnerClient, id: str) -> Dict[str, str]:
    return {"selling_partner": client.selling_partner, "marketplace_id": id}


def _period(interval: Dict[str, Any]) -> str:
    """How long the time of a row is: `WEEK`, `YEAR` or `YEARS`."""
    try:
        start, end = (ensure_pendulum_datetime(interval[name]) for name in ("startDate", "endDate"))
    except (KeyError, TypeError, ValueError):
        return "WEEK"
    days = (end - start).days
    return "WEEK" if days <= 8 else "YEAR" if days <= 400 else "YEARS"


@dataclass
class Whole:
    """What an answer of several pages is part of.

    Attributes:
        total: Rows there are, as Amazon counts them.
    """

    total: int = 0


def _pages(
    client: SellingPartnerClient, operation: Operation, body: Dict[str, Any], whole: Whole
) -> Iterator[List[Any]]:
    """Pages through rows; as offsets end at 9,000, what lies farther is read from the other end."""
    size = SIZES[operation]
    reach = FARTHEST + size
    order = body["sort"]["order"]
    for direction in (order, "DESC" if order == "ASC" else "ASC"):
        wanted = reach if direction == order else whole.total - reach
        for offset in range(0, min(wanted, reach), size):
            asked = {
                **body,
                "sort": {**body["sort"], "order": direction},
                "pagination": {"limit": size, "offset": offset},
            }
            answer = client.call(operation, body=asked)
            page = at(answer, operation.records) or []
            total = at(answer, "pagination.totalResults")
            whole.total = total if isinstance(total, int) else 0
            yield page
            if not page or (whole.total and offset + size >= whole.total):
                return
    if whole.total > 2 * reach:
        note(f"{whole.total - 2 * reach} rows are beyond what Amazon's pages reach")


def replenishment_resources(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str],
    history_start: pendulum.DateTime,
    deletes: str,
) -> Iterator[DltResource]:
    """The tables of Subscribe & Save.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        deletes (str): `soft`, `hard` or `off`.

    Yields:
        DltResource: Offers, their metrics, and the metrics of all together.
    """
    offers = replenishment_offer(client, marketplace_ids, deletes)
    offers.apply_hints(columns=deleted_column(deletes))
    yield offers
    yield replenishment_offer_metric(client, marketplace_ids, history_start)
    yield replenishment_metric(client, marketplace_ids, history_start)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read Subscribe & Save."""
    id = list(marketplace_ids)[0]
    yield Probe(
        "replenishment_offer, replenishment_offer_metric, replenishment_metric",
        LIST_OFFERS,
        body={
            "pagination": {"limit": 1, "offset": 0},
            "filters": {"marketplaceId": id, "programTypes": [PROGRAM]},
        },
    )
