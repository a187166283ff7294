"""Loads Amazon's Selling Partner API (SP-API): orders, finance and reports of a seller."""

import inspect
from typing import Any, Dict, Iterator, List, Optional, Tuple

import dlt
from dlt.common import logger, pendulum
from dlt.common.configuration import with_config
from dlt.common.schema.typing import TSimpleRegex
from dlt.common.typing import TSecretStrValue
from dlt.extract import DltResource

from .aplus import aplus_resources
from .awd import awd_resources
from .catalog import catalog_resources
from .client import Clock, SellingPartnerClient
from .client.client import SYSTEM_CLOCK
from .client.http import checked_url
from .credentials import SellingPartnerCredentials
from .customer_feedback import customer_feedback_resources
from .data import shaped
from .easyship import easyship_package
from .fba_inbound import inbound_resources
from .fba_inbound_plans import inbound_plan
from .fba_inventory import inventory_resources
from .feeds import checked_feed_types, feed
from .finance import finance_resources
from .listings import listing_resources
from .orders import PII_COLUMNS, orders
from .outbound import outbound_resources
from .pricing import pricing_resources
from .product_fees import fees_estimate
from .regulated import checked_regulated_info, order_regulated_info
from .replenishment import replenishment_resources
from .reports import BUDGET, report, report_resources
from .restrictions import checked_merchant_id, listing_restriction
from .sales import RESTATED, order_metrics
from .sellers import marketplace_participation
from .services import service_job
from .settings import (
    ALL_TIME,
    EPOCH,
    HOSTS,
    TOKEN_URL,
    checked_marketplaces,
    checked_modules,
    checked_names,
    checked_numbers,
    checked_region,
    history_start,
    start_of,
)
from .shipping import checked_shipments, shipping_resources
from .supply_sources import supply_source
from .sync.deletes import checked_capture_deletes
from .sync.windows import OVERLAP
from .tables import MONEY
from .vendor import vendor_resources

DAY = 24 * 3600.0


@dlt.source(name="amazon_selling_partner")
@shaped
def amazon_selling_partner(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    region: str = "NORTH_AMERICA",
    marketplace_ids: Optional[List[str]] = None,
    merchant_id: Optional[str] = None,
    is_vendor: bool = False,
    modules: Optional[List[str]] = None,
    historical_sync_time_frame: str = ALL_TIME,
    priority_days: int = 7,
    package_time: Optional[float] = None,
    regulated_info: str = "learn",
    adjustment_event_key: str = "content",
    sales_and_traffic_by: Optional[List[str]] = None,
    asins: Optional[List[str]] = None,
    catalog_max_age: float = 7 * DAY,
    pricing_max_age: float = DAY,
    item_conditions: Optional[List[str]] = None,
    capture_deletes: str = "soft",
    feed_types: Optional[List[str]] = None,
    shipments: Optional[List[Dict[str, str]]] = None,
    report_options: Optional[Dict[str, Any]] = None,
    custom_reports: Optional[List[Any]] = None,
    reports_time_budget: float = BUDGET,
    create_report_schedules: bool = False,
    include_pii: bool = False,
    blocked: Optional[List[str]] = None,
    hashed: Optional[List[str]] = None,
    hash_salt: Optional[TSecretStrValue] = None,
    row_filters: Optional[Dict[str, Any]] = None,
    history_mode: Optional[List[str]] = None,
    sandbox: bool = False,
    api_url: Optional[str] = None,
    token_url: Optional[str] = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[DltResource]:
    """Everything this source loads of one account; settings are checked, nothing is asked yet.

    Each argument can stand in toml under `[sources.amazon_selling_partner]` or in the environment.
    Make a new source for each run.

    Args:
        credentials (SellingPartnerCredentials): Of the application and the account.
        region (str): `NORTH_AMERICA`, `EUROPE` or `FAR_EAST`: where the account is.
        marketplace_ids (Optional[List[str]]): Marketplaces to load; by default all retail ones of
            the region in which the account takes part. A vendor names its one.
        merchant_id (Optional[str]): The seller's id (merchant token); listings need it.
        is_vendor (bool): The account is a vendor's.
        modules (Optional[List[str]]): Modules to load; by default all of that kind of account.
        historical_sync_time_frame (str): `ALL_TIME` (two years, more in the Far East), or the date
            from which history is loaded, such as 2026-01-31.
        priority_days (int): The newest days, which are loaded before the rest of the history.
        package_time (Optional[float]): Seconds after which a run begins no further window and
            leaves the rest to the next one; its first run loads the newest days only. By default
            a run loads everything at once.
        regulated_info (str): Which orders are asked for regulated information: `learn`, `all`,
            `off`.
        adjustment_event_key (str): How adjustment events are told apart: `content`, or
            `type_and_posted_date`, which makes one row of equal pairs.
        sales_and_traffic_by (Optional[List[str]]): Granularities of the sales and traffic report:
            `PARENT`, `CHILD`, `SKU` (default).
        asins (Optional[List[str]]): ASINs of the search query performance reports, and ASINs that
            catalog and pricing load besides those the account's tables name.
        catalog_max_age (float): Seconds after which an ASIN's catalog data is asked for again.
        pricing_max_age (float): The same for prices and offers.
        item_conditions (Optional[List[str]]): Conditions whose offers are loaded: `New` (default),
            `Used`, `Collectible`, `Refurbished`, `Club`.
        capture_deletes (str): What becomes of catalog, pricing, listing and inventory rows that are
            gone at Amazon: `soft` marks them in `deleted_at`, `hard` deletes them, `off` leaves
            them.
        feed_types (Optional[List[str]]): Feed types to load; by default all that Amazon names.
        shipments (Optional[List[Dict[str, str]]]): What no operation lists, by its ids: packages
            (`tracking_id` with `carrier_id`, such as AMZN_UK), documents (`shipment_id` with
            `package_client_reference_id`), inputs of a rate (`rate_id` with `request_token`).
        report_options (Optional[Dict[str, Any]]): More `reportOptions`, by report table.
        custom_reports (Optional[List[Any]]): Reports of your own: results or arguments of `report`.
        reports_time_budget (float): Seconds a run gives to reports; the next run goes on.
        create_report_schedules (bool): Create at Amazon the schedules that selected reports need
            and do not have (those that Amazon makes on a schedule only).
        include_pii (bool): Load what tells who bought: buyers, recipients, tax registrations, gift
            messages.
        blocked (Optional[List[str]]): Tables, and columns as `table.column`, that are never loaded;
            both may have wildcards.
        hashed (Optional[List[str]]): Columns as `table.column` of which only a hash is loaded.
        hash_salt (Optional[TSecretStrValue]): Secret text that is hashed with each value.
        row_filters (Optional[Dict[str, Any]]): By table, a condition such as `quantity > 1`, or a
            Python function of a row that is true for those to load.
        history_mode (Optional[List[str]]): Tables of which every version of a row is kept.
        sandbox (bool): Use Amazon's sandbox host.
        api_url (Optional[str]): Another address of the API, for a proxy or the simulator.
        token_url (Optional[str]): Another address of the token endpoint.
        clock (Clock): Where time comes from; tests bring their own.

    Yields:
        DltResource: The tables of the chosen modules.

    Raises:
        ConfigurationError: When a setting is wrong: one sentence that names it and the mend.
    """
    schema = dlt.current.source_schema()
    checked_names(schema.name, SETTINGS)
    checked_numbers(
        priority_days=priority_days,
        catalog_max_age=catalog_max_age,
        pricing_max_age=pricing_max_age,
        reports_time_budget=reports_time_budget,
    )
    region = checked_region(region)
    ids = checked_marketplaces(marketplace_ids, region, is_vendor) or []
    chosen = checked_modules(modules, is_vendor)
    now = pendulum.from_timestamp(clock.time())
    start = history_start(historical_sync_time_frame, region, now)
    days = min(priority_days, (now - start).in_days() + 1)
    recent = max(start, now.start_of("day").subtract(days=days))
    deletes = checked_capture_deletes(capture_deletes)
    types = checked_feed_types(feed_types)
    packages = checked_shipments(shipments)
    schema.update_preferred_types({TSimpleRegex(MONEY): "decimal"})
    client = connect(
        credentials, region, sandbox, api_url, token_url, schema.name, clock, package_time
    )
    if not is_vendor:
        yield marketplace_participation(client, merchant_id)
    all_orders = None
    if "ORDERS" in chosen or "EASYSHIP" in chosen:
        updated = dlt.sources.incremental("lastUpdatedTime", initial_value=recent, lag=OVERLAP)
        all_orders = orders(client, ids, start, include_pii, updated)
        if include_pii:
            all_orders.apply_hints(columns=PII_COLUMNS)
        # loaded for Easy Ship alone too: the cursor moves past them, and what fails must be told
        yield all_orders
        if "EASYSHIP" in chosen:
            yield all_orders | easyship_package(client)
    if all_orders is not None and "ORDERS" in chosen:
        yield all_orders | order_regulated_info(client, checked_regulated_info(regulated_info))
        through = dlt.sources.incremental("interval_end", initial_value=recent, lag=RESTATED)
        yield order_metrics(client, ids, start, through)
    if "SHIPPING" in chosen:
        yield from shipping_resources(client, all_orders, packages, include_pii)
    if "FULFILLMENT_OUTBOUND" in chosen:
        yield from outbound_resources(client, ids, start, include_pii)
    if "SERVICES" in chosen:
        changed = dlt.sources.incremental("createTime", initial_value=recent, lag=OVERLAP)
        yield service_job(client, ids, start, include_pii, changed)
    if "A_PLUS_CONTENT_MANAGEMENT" in chosen:
        yield from aplus_resources(client, ids)
    if "FEEDS" in chosen:
        created = dlt.sources.incremental("createdTime", initial_value=start, lag=OVERLAP)
        yield feed(client, types, start, created)
    if "FBA" in chosen:
        yield from inventory_resources(client, ids, deletes)
        yield from inbound_resources(client, ids, start, deletes)
        changes = dlt.sources.incremental("lastUpdatedAt", initial_value=start, lag=OVERLAP)
        yield inbound_plan(client, start, changes)
    if "AWD" in chosen:
        yield from awd_resources(client, start, recent, include_pii, deletes)
    if "REPLENISHMENT" in chosen:
        yield from replenishment_resources(client, ids, start, deletes)
    if "SUPPLY_SOURCES" in chosen:
        yield supply_source(client)
    if "LISTED_ITEM" in chosen:
        yield from listing_resources(client, merchant_id, ids, deletes)
    if "CATALOG" in chosen:
        max_age = catalog_max_age
        yield from catalog_resources(client, ids, is_vendor, max_age, asins or (), deletes)
    if "PRODUCT_PRICING" in chosen:
        yield from pricing_resources(
            client, ids, pricing_max_age, asins or (), deletes, item_conditions or ("New",)
        )
    if "PRODUCT_FEES" in chosen:
        yield fees_estimate(client, ids, pricing_max_age, asins or ())
    if "LISTINGS_RESTRICTIONS" in chosen:
        seller = checked_merchant_id(merchant_id, "LISTINGS_RESTRICTIONS")
        yield listing_restriction(client, seller, ids, catalog_max_age, asins or ())
    if "CUSTOMER_FEEDBACK" in chosen:
        yield from customer_feedback_resources(client, ids, catalog_max_age, asins or ())
    if "FINANCE" in chosen:
        yield from finance_resources(client, start, adjustment_event_key, recent=recent)
    if "VENDOR" in chosen:
        yield from vendor_resources(client, ids[0], start, include_pii)
    if "REPORTS" in chosen:
        yield from report_resources(
            client,
            ids,
            start_of(historical_sync_time_frame, EPOCH),
            is_vendor,
            include_pii,
            sales_and_traffic_by or ("SKU",),
            asins or (),
            report_options,
            custom_reports or (),
            min(reports_time_budget, package_time or reports_time_budget),
            recent,
            create_report_schedules,
        )


SETTINGS = [
    name for name in inspect.signature(amazon_selling_partner).parameters if name != "clock"
]
"""Names of all settings."""


@with_config(sections=("sources", "amazon_selling_partner"))
def connect(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    region: str = "NORTH_AMERICA",
    sandbox: bool = False,
    api_url: Optional[str] = None,
    token_url: Optional[str] = None,
    selling_partner: str = "amazon_selling_partner",
    clock: Clock = SYSTEM_CLOCK,
    package_time: Optional[float] = None,
) -> SellingPartnerClient:
    """A client for the account of the settings; nothing is asked yet.

    Args:
        credentials (SellingPartnerCredentials): As for `amazon_selling_partner`, like all others.
        region (str): Where the account is.
        sandbox (bool): Use Amazon's sandbox host.
        api_url (Optional[str]): Another address of the API.
        token_url (Optional[str]): Another address of the token endpoint.
        selling_partner (str): Name of the account in its rows.
        clock (Clock): Where time comes from.
        package_time (Optional[float]): Seconds a run may take before it leaves the rest.

    Returns:
        SellingPartnerClient: Shared by all tables of a run.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    credentials.check()
    if warning := credentials.warning(pendulum.from_timestamp(clock.time())):
        logger.warning(warning)
    region = checked_region(region)
    host = f"https://{'sandbox.' if sandbox else ''}{HOSTS[region]}"
    return SellingPartnerClient(
        credentials,
        checked_url(api_url or host, "api_url"),
        checked_url(token_url or TOKEN_URL, "token_url"),
        region=region,
        selling_partner=selling_partner,
        clock=clock,
        package_time=package_time,
    )


@with_config(sections=("sources", "amazon_selling_partner"))
def application(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    token_url: Optional[str] = None,
) -> Tuple[SellingPartnerCredentials, str]:
    """The application of the settings, which may have no refresh token yet.

    Args:
        credentials (SellingPartnerCredentials): As for `amazon_selling_partner`.
        token_url (Optional[str]): Another address of the token endpoint.

    Returns:
        Tuple[SellingPartnerCredentials, str]: Its credentials, and the token endpoint.

    Raises:
        ConfigurationError: When client id or secret are missing.
    """
    credentials.check("client_id", "client_secret")
    return credentials, checked_url(token_url or TOKEN_URL, "token_url")


@with_config(sections=("sources", "amazon_selling_partner"))
def account_of_settings(
    marketplace_ids: Optional[List[str]] = None,
    region: str = "NORTH_AMERICA",
    is_vendor: bool = False,
) -> Tuple[List[str], bool]:
    """The marketplaces the settings name, and whether the account is a vendor's.

    Args:
        marketplace_ids (Optional[List[str]]): As for `amazon_selling_partner`, like all others.
        region (str): Where the account is.
        is_vendor (bool): The account is a vendor's.

    Returns:
        Tuple[List[str], bool]: Marketplace ids, none where the account's own are to be found, and
            `is_vendor`.

    Raises:
        ConfigurationError: When one is unknown or of another region.
    """
    ids = checked_marketplaces(marketplace_ids, checked_region(region), is_vendor) or []
    return ids, is_vendor


__all__ = [
    "SellingPartnerCredentials",
    "account_of_settings",
    "amazon_selling_partner",
    "connect",
    "report",
]
