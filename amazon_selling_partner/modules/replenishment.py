"""Replenishment API 2022-11-07: offers of Subscribe & Save, and how they do, by marketplace.

Cost: one call for every 100 offers (1 per second), and one per week of metrics and table (1 per
second; one for every 500 offers): all weeks of two years at first, then the last four once per day.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, Probe
from ..client.metrics import add_note
from ..common.column_hints import columns, propagate_keys
from ..common.json_access import get_object, get_path
from ..common.scalars import has_ids
from ..common.timestamps import format_timestamp, parse_timestamp
from ..loading import for_each_marketplace, isolate_failures, rows
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.marketplaces import account_marketplaces
from ..loading.rows import reject_row
from ..loading.tombstones import deleted_column, existing_rows, tombstones
from ..loading.windows import report_remaining
from ..settings import MARKETPLACES
from .module import Module

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
    items_path="metrics",
    role=ROLE,
)

COUNTRIES = frozenset(("US", "CA", "ES", "GB", "FR", "IT", "IN", "DE", "JP"))
"""Where Amazon shows sellers; other marketplaces are left out."""

PROGRAM = "SUBSCRIBE_AND_SAVE"
"""The only program there is."""

PAGE_SIZES = {LIST_OFFERS: 100, LIST_OFFER_METRICS: 500}
"""Rows of a page, the most Amazon gives."""

MAX_OFFSET = 9_000
"""Largest offset."""

MAX_HISTORY = pendulum.duration(years=2)

RESTATED_WEEKS = 4
"""Weeks back that are re-read, once per day: Amazon completes and corrects them."""

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
@isolate_failures
def replenishment_offer(
    context: RunContext, marketplace_ids: Sequence[str] = (), deletes: str = "off"
) -> Iterator[TDataItems]:
    """Offers of Subscribe & Save as they are now, with discounts, stock and expected deliveries.

    Source: listOffers, read completely.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        deletes: What becomes of offers that are no more: `soft`, `hard` or `off`.

    Yields:
        A page of offers.
    """
    yield from _for_each_marketplace(
        context, marketplace_ids, lambda id: _offers(context, id, deletes)
    )


def _offers(context: RunContext, id: str, deletes: str) -> Iterator[TDataItems]:
    """The offers of a marketplace, and the tombstones of those that are no more."""
    now = context.now()
    ids = {**context.keys(id), "program_type": PROGRAM}
    body = {
        "filters": {"marketplaceId": id, "programTypes": [PROGRAM]},
        "sort": {"key": "ASIN", "order": "ASC"},
    }
    found: Set[str] = set()
    size = ListSize()

    def to_row(offer: Dict[str, Any]) -> Dict[str, Any]:
        found.add(str(offer["sku"]))
        return _offer(offer, {**ids, "sku": str(offer["sku"])})

    yield from rows(_pages(context, LIST_OFFERS, body, size), "replenishment_offer", "sku", to_row)
    if len(found) < size.total:
        add_note(f"{size.total - len(found)} offers are left out of Amazon's pages")
    elif found and deletes != "off":
        known = {str(sku) for (sku,) in existing_rows("replenishment_offer", ids, ("sku",))}
        missing = sorted(known - found)
        yield from tombstones("replenishment_offer", ids, "sku", missing, now, deletes)


def _offer(offer: Dict[str, Any], ids: Dict[str, str]) -> Dict[str, Any]:
    """An offer as it is loaded: its program's settings beside the rest, so that names are short."""
    for name in ("offerProgramConfiguration", "promotions"):
        if isinstance(offer.get(name), dict):
            offer = {**offer.pop(name), **offer}
    propagate_keys(offer, ids)
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
@isolate_failures
def replenishment_offer_metric(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
) -> Iterator[TDataItems]:
    """What Subscribe & Save sold of each offer in each week, Monday to Sunday.

    Source: listOfferMetrics with timePeriodType PERFORMANCE. Amazon goes two years back.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        history_start: Start of the history, UTC.

    Yields:
        A page of offers of one week.
    """
    yield from _for_each_marketplace(
        context, marketplace_ids, lambda id: _offer_metrics(context, id, history_start)
    )


def _offer_metrics(
    context: RunContext, id: str, history_start: pendulum.DateTime
) -> Iterator[TDataItems]:
    """The weeks of a marketplace that are due, offer by offer."""
    sort = {"key": "TOTAL_SUBSCRIPTIONS_REVENUE", "order": "DESC"}
    for week in _weeks(context, id, history_start):
        body = {"filters": _filters(id, week), "sort": sort}
        for page in _pages(context, LIST_OFFER_METRICS, body, ListSize()):
            readable: List[Dict[str, Any]] = []
            for row in page:
                if has_ids(row, "asin") or has_ids(row, "sku"):
                    for name in ("asin", "sku", "fulfillmentChannelType"):
                        row[name] = row.get(name) or ""
                    readable.append({**row, **_week_keys(context, id, week)})
                else:
                    yield reject_row("replenishment_offer_metric", row, "it has no asin and no sku")
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
@isolate_failures
def replenishment_metric(
    context: RunContext,
    marketplace_ids: Sequence[str] = (),
    history_start: pendulum.DateTime = pendulum.datetime(2016, 1, 1),
) -> Iterator[TDataItems]:
    """How Subscribe & Save does in each week, Monday to Sunday.

    Some metrics are of the one or two years before; they are separate rows, identified by `period`.

    Source: getSellingPartnerMetrics with timePeriodType PERFORMANCE. Amazon goes two years back.

    Args:
        marketplace_ids: Marketplaces to load, empty for all of the account.
        history_start: Start of the history, UTC.

    Yields:
        The metrics of one week.
    """
    yield from _for_each_marketplace(
        context, marketplace_ids, lambda id: _metrics(context, id, history_start)
    )


def _metrics(
    context: RunContext, id: str, history_start: pendulum.DateTime
) -> Iterator[TDataItems]:
    """The weeks of a marketplace that are due."""
    for week in _weeks(context, id, history_start):
        response = context.call(GET_METRICS, body=_filters(id, week))

        keys = _week_keys(context, id, week)

        def to_row(item: Dict[str, Any], keys: Dict[str, Any] = keys) -> Dict[str, Any]:
            return {**item, **keys, "period": _period(get_object(item, "timeInterval"))}

        items = get_path(response, GET_METRICS.items_path)
        yield from rows([items], "replenishment_metric", (), to_row)


def _for_each_marketplace(
    context: RunContext,
    marketplace_ids: Sequence[str],
    read: Callable[[str], Iterator[TDataItems]],
) -> Iterator[TDataItems]:
    """Reads the marketplaces that have Subscribe & Save."""
    ids = [id for id in account_marketplaces(context) if MARKETPLACES[id].country in COUNTRIES]
    yield from for_each_marketplace(context, read, ids)


def _weeks(
    context: RunContext, id: str, history_start: pendulum.DateTime
) -> Iterator[pendulum.DateTime]:
    """The Mondays of the weeks of a marketplace that are due; each is done when the next is taken.

    The cursor is a week, and no column that only ever grows.
    """
    kept: Dict[str, str] = dlt.current.resource_state().setdefault("read", {}).setdefault(id, {})
    now = context.now()
    this_week = pendulum.instance(now).in_timezone("UTC").start_of("week")
    oldest = (now - MAX_HISTORY).start_of("week").add(weeks=1)
    goal = max(history_start.start_of("week"), oldest)
    if not kept or goal.to_date_string() < kept["goal"]:
        kept.update(goal=goal.to_date_string(), next=goal.to_date_string(), on="")
    if kept["on"] == now.to_date_string():
        return
    week = ensure_pendulum_datetime(kept["next"])
    if kept["on"]:
        week = week.subtract(weeks=RESTATED_WEEKS)
        kept.update(next=week.to_date_string(), on="")
    week = max(goal, week)
    while week < this_week:
        yield week
        week = week.add(weeks=1)
        kept["next"] = week.to_date_string()
        if week < this_week and context.deadline_passed():
            report_remaining(f"weeks since {kept['next']}")
            return
    kept["on"] = now.to_date_string()


def _filters(id: str, week: pendulum.DateTime) -> Dict[str, Any]:
    """The request for a week; Amazon takes any time of its last day for its end."""
    return {
        "marketplaceId": id,
        "programTypes": [PROGRAM],
        "timePeriodType": "PERFORMANCE",
        "aggregationFrequency": "WEEK",
        "timeInterval": {
            "startDate": format_timestamp(week),
            "endDate": format_timestamp(week.add(days=6)),
        },
    }


def _week_keys(context: RunContext, id: str, week: pendulum.DateTime) -> Dict[str, Any]:
    return {**context.keys(id), "program_type": PROGRAM, "week": week.date()}


def _period(interval: Dict[str, Any]) -> str:
    """How long the time of a row is: `WEEK`, `YEAR` or `YEARS`."""
    start, end = (parse_timestamp(interval.get(name)) for name in ("startDate", "endDate"))
    if not (start and end):
        return "WEEK"
    days = (end - start).days
    return "WEEK" if days <= 8 else "YEAR" if days <= 400 else "YEARS"


@dataclass
class ListSize:
    """What an answer of several pages is part of.

    Attributes:
        total: Rows there are, as Amazon counts them.
    """

    total: int = 0


def _pages(
    context: RunContext, operation: Operation, body: Dict[str, Any], whole: ListSize
) -> Iterator[List[Any]]:
    """Pages through rows; as offsets end at 9,000, what lies farther is read from the other end."""
    size = PAGE_SIZES[operation]
    reach = MAX_OFFSET + size
    order = body["sort"]["order"]
    for direction in (order, "DESC" if order == "ASC" else "ASC"):
        wanted = reach if direction == order else whole.total - reach
        for offset in range(0, min(wanted, reach), size):
            body = {
                **body,
                "sort": {**body["sort"], "order": direction},
                "pagination": {"limit": size, "offset": offset},
            }
            answer = context.call(operation, body=body)
            page = get_path(answer, operation.items_path) or []
            total = get_path(answer, "pagination.totalResults")
            whole.total = total if isinstance(total, int) else 0
            yield page
            if not page or (whole.total and offset + size >= whole.total):
                return
    if whole.total > 2 * reach:
        add_note(f"{whole.total - 2 * reach} rows are beyond what Amazon's pages reach")


def resources(context: RunContext) -> Iterator[DltResource]:
    """Offers of Subscribe & Save, their metrics, and the metrics of all together."""
    settings = context.settings
    offers = replenishment_offer(context, (), settings.capture_deletes)
    offers.apply_hints(columns=deleted_column(settings.capture_deletes))
    yield offers
    yield replenishment_offer_metric(context, (), settings.history_start)
    yield replenishment_metric(context, (), settings.history_start)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read Subscribe & Save."""
    id = list(marketplace_ids)[0]
    yield Probe(
        "replenishment_offer, replenishment_offer_metric, replenishment_metric",
        LIST_OFFERS,
        body={
            "pagination": {"limit": 1, "offset": 0},
            "filters": {"marketplaceId": id, "programTypes": [PROGRAM]},
        },
    )


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    weeks, count = size.windows(7), len(size.marketplaces)
    offers = count + size.batches(PAGE_SIZES[LIST_OFFERS])
    yield OperationEstimate(LIST_OFFERS, offers, offers, "100 offers per call, all per run")
    for operation in (LIST_OFFER_METRICS, GET_METRICS):
        basis = f"one per week and marketplace, the last {RESTATED_WEEKS} once per day"
        yield OperationEstimate(operation, weeks * count, RESTATED_WEEKS * count, basis)


MODULE = Module(
    "REPLENISHMENT",
    tables=("replenishment_offer", "replenishment_offer_metric", "replenishment_metric"),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
