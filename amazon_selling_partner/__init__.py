"""Loads Amazon's Selling Partner API (SP-API): orders, finance, reports and more of an account."""

import inspect
from collections import Counter
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

import dlt
from dlt.common import logger, pendulum
from dlt.common.configuration import with_config
from dlt.common.schema.typing import TSimpleRegex
from dlt.extract import DltResource

from .client import SYSTEM_CLOCK, Clock, SellingPartnerClient
from .client.credentials import SellingPartnerCredentials
from .client.errors import ConfigurationError
from .client.http import validate_url
from .client.transfer import has_user
from .common.column_hints import MONEY
from .descriptions import handover
from .dlt_internals import forget_resolved_value
from .loading import RunContext
from .loading.account_key import add_account_key
from .loading.defaults import prepare_extraction
from .loading.destination import adapt_tables, prepare_active_destination, validate_naming
from .loading.item_store import sync_item
from .loading.json_columns import ArrowToRows, JsonColumns
from .loading.recovery import repair_before_loading
from .loading.sync_run import CountStep, sync_run
from .loading.unchanged import hash_settings
from .modules import all_tables, choose_modules
from .modules.reports import MODULE as REPORTS
from .modules.reports import TIME_BUDGET, report
from .settings import (
    ALL_TIME,
    HOSTS,
    TOKEN_URL,
    validate_flag,
    validate_region,
    validate_setting_names,
    validate_settings,
)
from .transforms import HashSalt, apply_transforms
from .views import renewal

NAME = "amazon_selling_partner"

DAY = 24 * 3600.0


@dlt.source(name="amazon_selling_partner")
@apply_transforms
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
    regulated_info: str = "auto",
    adjustment_event_key: str = "content",
    asin_granularity: Optional[List[str]] = None,
    sales_and_traffic_from: str = "auto",
    asins: Optional[List[str]] = None,
    catalog_max_age: float = 7 * DAY,
    pricing_max_age: float = DAY,
    item_conditions: Optional[List[str]] = None,
    capture_deletes: str = "soft",
    feed_types: Optional[List[str]] = None,
    shipping_lookups: Optional[List[Dict[str, str]]] = None,
    report_options: Optional[Dict[str, Any]] = None,
    custom_reports: Optional[List[Any]] = None,
    reports_time_budget: float = TIME_BUDGET,
    create_report_schedules: bool = False,
    include_pii: bool = False,
    blocked: Optional[List[str]] = None,
    hashed: Optional[List[str]] = None,
    hash_salt: Union[str, HashSalt, None] = None,
    row_filters: Optional[Dict[str, Any]] = None,
    history_mode: Optional[List[str]] = None,
    table_format: Optional[str] = None,
    append_only: bool = False,
    sandbox: bool = False,
    api_url: Optional[str] = None,
    token_url: Optional[str] = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Iterator[DltResource]:
    """Everything this source loads of one account; settings are validated, no request is made yet.

    Each argument can stand in toml under `[sources.amazon_selling_partner]` or in the environment.
    Make a new source for each run.

    Args:
        credentials: Of the application and the account.
        region: `NORTH_AMERICA`, `EUROPE` or `FAR_EAST`: where the account is.
        marketplace_ids: Marketplaces to load; by default all retail ones of
            the region in which the account takes part. A vendor names its one.
        merchant_id: The seller's id (merchant token); listings need it.
        is_vendor: The account is a vendor's.
        modules: Modules to load; by default all of that kind of account.
        historical_sync_time_frame: `ALL_TIME` (two years, more in the Far East), or the date
            from which history is loaded, such as 2026-01-31.
        priority_days: The newest days, which are loaded before the rest of the history.
        package_time: Seconds after which a run begins no further window and
            leaves the rest to the next one; its first run loads the newest days only. By default
            a run loads everything at once.
        regulated_info: For which orders regulated information is requested: `auto`, `all`,
            `off`.
        adjustment_event_key: How adjustment events are identified: `content`, or
            `type_and_posted_date`, which makes one row of equal pairs.
        asin_granularity: Granularities of the sales and traffic report:
            `PARENT`, `CHILD`, `SKU` (default).
        sales_and_traffic_from: What fills the tables of the sales and traffic report: `report`,
            `data_kiosk` (much faster), or `auto`, Data Kiosk where the account may use it.
        asins: ASINs of the search query performance reports, and ASINs that
            catalog and pricing load besides those the account's tables name.
        catalog_max_age: Seconds after which an ASIN's catalog data is requested again.
        pricing_max_age: The same for prices and offers.
        item_conditions: Conditions whose offers are loaded: `New` (default),
            `Used`, `Collectible`, `Refurbished`, `Club`.
        capture_deletes: What becomes of catalog, pricing, listing and inventory rows that were
            deleted upstream: `soft` marks them in `deleted_at`, `hard` deletes them, `off` leaves
            them.
        feed_types: Feed types to load; by default all that Amazon names.
        shipping_lookups: What no operation lists, by its ids: packages
            (`tracking_id` with `carrier_id`, such as AMZN_UK), documents (`shipment_id` with
            `package_client_reference_id`), inputs of a rate (`rate_id` with `request_token`).
        report_options: More `reportOptions`, by report table.
        custom_reports: Reports of your own: results or arguments of `report`.
        reports_time_budget: Seconds a run gives to reports; the next run goes on.
        create_report_schedules: Create at Amazon the schedules that selected reports need
            and do not have (those that Amazon makes on a schedule only).
        include_pii: Load buyer PII: buyers, recipients, tax registrations, gift
            messages.
        blocked: Tables, and columns as `table.column`, that are never loaded;
            both may have wildcards.
        hashed: Columns as `table.column` of which only a hash is loaded.
        hash_salt: Secret text that is hashed with each value.
        row_filters: By table, a condition such as `quantity > 1`, or a
            Python function of a row that is true for those to load.
        history_mode: Tables of which every version of a row is kept.
        table_format: Format of the tables in a folder or a bucket (destination filesystem):
            `delta` or `iceberg`.
        append_only: Never replace a row, keep all versions: for destinations that cannot replace.
        sandbox: Use Amazon's sandbox host.
        api_url: Another address of the API, for a proxy or the simulator.
        token_url: Another address of the token endpoint.
        clock: Where time comes from; tests bring their own.

    Yields:
        The tables of the chosen modules.

    Raises:
        ConfigurationError: When a setting is wrong: one sentence that names it and the fix.
    """
    values = dict(locals())
    schema = dlt.current.source_schema()
    prepare_extraction(schema.name)
    validate_naming(schema)
    handover.watch(schema.name)
    renewal.watch(schema.name)
    repair_before_loading(schema.name)
    schema.update_preferred_types({TSimpleRegex(MONEY): "decimal"})
    context = make_context(values, schema.name)
    prepare_active_destination(context.settings)
    made: Dict[str, DltResource] = {}
    others = set(all_tables()) - set(REPORTS.tables)
    for module in choose_modules(modules, context.settings.account_kind):
        for resource in module.resources(context):
            if module is REPORTS and resource.name in others:
                raise ConfigurationError(
                    f"custom_reports: the table {resource.name} is another one of this source: give"
                    " the report a table_name of its own."
                )
            made[resource.name] = resource
    rows: Counter[str] = Counter()
    for resource in (*made.values(), sync_item(context), sync_run(context, rows)):
        add_account_key(resource, context.selling_partner)
        resource.add_step(JsonColumns())
        resource.add_step(ArrowToRows())
        adapt_tables(resource, context.settings)
        if resource.name in made:
            resource.add_step(CountStep(rows))
        yield resource


SETTINGS = [
    name for name in inspect.signature(amazon_selling_partner).parameters if name != "clock"
]
"""Names of all settings."""


def make_context(values: Mapping[str, Any], selling_partner: str = NAME) -> RunContext:
    """The context of a run; no request is made yet.

    Args:
        values: Arguments of the source by name.
        selling_partner: Name of the account in its rows.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    clock = values["clock"]
    credentials = list(SellingPartnerCredentials.get_resolvable_fields())
    validate_setting_names(selling_partner, SETTINGS, credentials, list(all_tables()))
    settings = validate_settings(values, pendulum.from_timestamp(clock.time()))
    names = ("credentials", "region", "sandbox", "api_url", "token_url", "clock")
    values["credentials"].validate(section=selling_partner)
    client = create_client(**{name: values[name] for name in names})
    chosen = choose_modules(values["modules"], settings.account_kind)
    return RunContext(
        client,
        settings,
        selling_partner,
        frozenset(module.name for module in chosen),
        hash_settings({name: values[name] for name in SETTINGS}),
    )


@with_config(sections=("sources", NAME))
def create_client(
    credentials: SellingPartnerCredentials = dlt.secrets.value,
    region: str = "NORTH_AMERICA",
    sandbox: bool = False,
    api_url: Optional[str] = None,
    token_url: Optional[str] = None,
    clock: Clock = SYSTEM_CLOCK,
) -> SellingPartnerClient:
    """A client of an account; no request is made yet.

    Raises:
        ConfigurationError: When a setting is wrong.
    """
    credentials.validate()
    if warning := credentials.warning(pendulum.from_timestamp(clock.time())):
        logger.warning(warning)
    region = validate_region(region)
    host = f"https://{'sandbox.' if validate_flag('sandbox', sandbox) else ''}{HOSTS[region]}"
    for url in (api_url, token_url):
        if url and has_user(url):
            forget_resolved_value(url)
    return SellingPartnerClient(
        credentials,
        validate_url(api_url or host, "api_url"),
        validate_url(token_url or TOKEN_URL, "token_url"),
        region=region,
        clock=clock,
    )


def resolve_values(section: str = NAME, **given: Any) -> Dict[str, Any]:
    """The settings of an account by name, as the source would get them.

    Args:
        section: Of the configuration, below `sources`.
        **given: Settings that take the place of those of the configuration.
    """

    signature = inspect.Signature(
        list(inspect.signature(amazon_selling_partner).parameters.values())
    )

    def resolved(*args: Any, **kwargs: Any) -> Dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    resolved.__signature__ = signature  # type: ignore[attr-defined]
    return with_config(resolved, sections=("sources", section))(**given)


__all__ = [
    "SellingPartnerCredentials",
    "amazon_selling_partner",
    "create_client",
    "make_context",
    "report",
    "resolve_values",
]
