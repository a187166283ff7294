"""Loads Amazon's Selling Partner API (SP-API): orders, finance and reports of a seller."""

from typing import Any, Dict, Iterator, List, Optional, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.configuration import with_config
from dlt.common.schema.typing import TSimpleRegex
from dlt.extract import DltResource

from .client import Clock, SellingPartnerClient
from .client.client import SYSTEM_CLOCK
from .client.http import checked_url
from .credentials import SellingPartnerCredentials
from .finance import finance_resources
from .orders import PII_COLUMNS, orders
from .regulated import checked_regulated_info, order_regulated_info
from .reports import BUDGET, report, report_resources
from .sales import RESTATED, order_metrics
from .sellers import marketplace_participation
from .settings import (
    ALL_TIME,
    EPOCH,
    HOSTS,
    TOKEN_URL,
    checked_marketplaces,
    checked_modules,
    checked_region,
    history_start,
    start_of,
)
from .sync.deletes import checked_capture_deletes
from .sync.windows import OVERLAP
from .tables import MONEY


DAY = 24 * 3600.0


@dlt.source(name="amazon_selling_partner")
def amazon_selling_partner(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    region: str = "NORTH_AMERICA",
    marketplace_ids: Optional[List[str]] = None,
    merchant_id: Optional[str] = None,
    is_vendor: bool = False,
    modules: Optional[List[str]] = None,
    historical_sync_time_frame: str = ALL_TIME,
    regulated_info: str = "learn",
    adjustment_event_key: str = "content",
    sales_and_traffic_by: Optional[List[str]] = None,
    asins: Optional[List[str]] = None,
    catalog_max_age: float = 7 * DAY,
    pricing_max_age: float = DAY,
    capture_deletes: str = "soft",
    report_options: Optional[Dict[str, Any]] = None,
    custom_reports: Optional[List[Any]] = None,
    reports_time_budget: float = BUDGET,
    include_pii: bool = False,
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
        merchant_id (Optional[str]): The seller's id (merchant token).
        is_vendor (bool): The account is a vendor's.
        modules (Optional[List[str]]): Modules to load; by default all of that kind of account.
        historical_sync_time_frame (str): `ALL_TIME` (two years, more in the Far East), or the date
            from which history is loaded, such as 2026-01-31.
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
        capture_deletes (str): What becomes of catalog, pricing and listing rows that are gone at
            Amazon: `soft` marks them in `deleted_at`, `hard` deletes them, `off` leaves them.
        report_options (Optional[Dict[str, Any]]): More `reportOptions`, by report table.
        custom_reports (Optional[List[Any]]): Reports of your own: results or arguments of `report`.
        reports_time_budget (float): Seconds a run gives to reports; the next run goes on.
        include_pii (bool): Load what tells who bought: buyers, recipients, tax registrations, gift
            messages.
        sandbox (bool): Use Amazon's sandbox host.
        api_url (Optional[str]): Another address of the API, for a proxy or the simulator.
        token_url (Optional[str]): Another address of the token endpoint.
        clock (Clock): Where time comes from; tests bring their own.

    Yields:
        DltResource: The tables of the chosen modules.

    Raises:
        ConfigurationError: When a setting is wrong: one sentence that names it and the mend.
    """
    region = checked_region(region)
    ids = checked_marketplaces(marketplace_ids, region, is_vendor) or []
    chosen = checked_modules(modules, is_vendor)
    start = history_start(historical_sync_time_frame, region, pendulum.from_timestamp(clock.time()))
    deletes = checked_capture_deletes(capture_deletes)
    schema = dlt.current.source_schema()
    schema.update_preferred_types({TSimpleRegex(MONEY): "decimal"})
    client = connect(credentials, region, sandbox, api_url, token_url, schema.name, clock)
    if not is_vendor:
        yield marketplace_participation(client, merchant_id)
    if "ORDERS" in chosen:
        updated = dlt.sources.incremental("lastUpdatedTime", initial_value=start, lag=OVERLAP)
        all_orders = orders(client, ids, start, include_pii, updated)
        if include_pii:
            all_orders.apply_hints(columns=PII_COLUMNS)
        yield all_orders
        yield all_orders | order_regulated_info(client, checked_regulated_info(regulated_info))
        through = dlt.sources.incremental("interval_end", initial_value=start, lag=RESTATED)
        yield order_metrics(client, ids, start, through)
    if "FINANCE" in chosen:
        yield from finance_resources(client, start, adjustment_event_key)
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
            reports_time_budget,
        )


@with_config(sections=("sources", "amazon_selling_partner"))
def connect(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    region: str = "NORTH_AMERICA",
    sandbox: bool = False,
    api_url: Optional[str] = None,
    token_url: Optional[str] = None,
    selling_partner: str = "amazon_selling_partner",
    clock: Clock = SYSTEM_CLOCK,
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

    Returns:
        SellingPartnerClient: Shared by all tables of a run.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    credentials.check()
    region = checked_region(region)
    host = f"https://{'sandbox.' if sandbox else ''}{HOSTS[region]}"
    return SellingPartnerClient(
        credentials,
        checked_url(api_url or host, "api_url"),
        checked_url(token_url or TOKEN_URL, "token_url"),
        region=region,
        selling_partner=selling_partner,
        clock=clock,
    )


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
