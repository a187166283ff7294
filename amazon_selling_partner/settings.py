"""Every setting of the source, validated before any request is made; regions and marketplaces."""

import difflib
import os
import re
from dataclasses import dataclass
from typing import (
    Any,
    Collection,
    Dict,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

import dlt
from dlt.common import pendulum
from dlt.common.configuration.providers import VaultDocProvider
from dlt.common.time import ensure_pendulum_datetime

from .client.errors import ConfigurationError, suggest

TOKEN_URL = "https://api.amazon.com/auth/o2/token"
"""One token endpoint serves all regions."""

HOSTS: Dict[str, str] = {
    "NORTH_AMERICA": "sellingpartnerapi-na.amazon.com",
    "EUROPE": "sellingpartnerapi-eu.amazon.com",
    "FAR_EAST": "sellingpartnerapi-fe.amazon.com",
}


class Marketplace(NamedTuple):
    """A retail marketplace.

    Attributes:
        id: Amazon's id.
        country: ISO 3166 code, `GB` for the United Kingdom.
        region: Key of `HOSTS`.
        time_zone: IANA name of the zone whose days Amazon's seller tools use there.
    """

    id: str
    country: str
    region: str
    time_zone: str


MARKETPLACES: Dict[str, Marketplace] = {
    marketplace.id: marketplace
    for marketplace in (
        Marketplace("ATVPDKIKX0DER", "US", "NORTH_AMERICA", "America/Los_Angeles"),
        Marketplace("A2EUQ1WTGCTBG2", "CA", "NORTH_AMERICA", "America/Los_Angeles"),
        Marketplace("A1AM78C64UM0Y8", "MX", "NORTH_AMERICA", "America/Los_Angeles"),
        Marketplace("A2Q3Y263D00KWC", "BR", "NORTH_AMERICA", "America/Sao_Paulo"),
        Marketplace("A1F83G8C2ARO7P", "GB", "EUROPE", "Europe/London"),
        Marketplace("A1PA6795UKMFR9", "DE", "EUROPE", "Europe/Berlin"),
        Marketplace("A13V1IB3VIYZZH", "FR", "EUROPE", "Europe/Paris"),
        Marketplace("APJ6JRA9NG5V4", "IT", "EUROPE", "Europe/Rome"),
        Marketplace("A1RKKUPIHCS9HS", "ES", "EUROPE", "Europe/Madrid"),
        Marketplace("A1805IZSGTT6HS", "NL", "EUROPE", "Europe/Amsterdam"),
        Marketplace("AMEN7PMS3EDWL", "BE", "EUROPE", "Europe/Brussels"),
        Marketplace("A2NODRKZP88ZB9", "SE", "EUROPE", "Europe/Stockholm"),
        Marketplace("A1C3SOZRARQ6R3", "PL", "EUROPE", "Europe/Warsaw"),
        Marketplace("A28R8C7NBKEWEA", "IE", "EUROPE", "Europe/Dublin"),
        Marketplace("A33AVAJ2PDY3EV", "TR", "EUROPE", "Europe/Istanbul"),
        Marketplace("A2VIGQ35RCS4UG", "AE", "EUROPE", "Asia/Dubai"),
        Marketplace("A17E79C6D8DWNP", "SA", "EUROPE", "Asia/Riyadh"),
        Marketplace("ARBP9OOSHTCHU", "EG", "EUROPE", "Africa/Cairo"),
        Marketplace("A21TJRUUN4KGV", "IN", "EUROPE", "Asia/Kolkata"),
        Marketplace("AE08WJ6YKNBMC", "ZA", "EUROPE", "Africa/Johannesburg"),
        Marketplace("A1VC38T7YXB528", "JP", "FAR_EAST", "Asia/Tokyo"),
        Marketplace("A39IBJ37TRP1C6", "AU", "FAR_EAST", "Australia/Sydney"),
        Marketplace("A19VAU5U5O7RUS", "SG", "FAR_EAST", "Asia/Singapore"),
    )
}

DLT_SETTINGS = (
    "max_table_nesting",
    "root_key",
    "schema_contract",
    "loader_file_format",
)
"""Settings of the same section that dlt reads."""

DLT_SECTIONS = ("extract", "normalize", "load", "data_writer", "schema", "destination", "runtime")
"""Tables of settings that dlt reads."""

NUMBERS = ("priority_days", "catalog_max_age", "pricing_max_age", "reports_time_budget")
"""Settings that count days or seconds."""

MAX_NUMBER = 1e9
"""Days or seconds that a setting may request."""

ALL_TIME = "ALL_TIME"

MAX_HISTORY = pendulum.duration(years=2)
"""How far back Amazon shows orders and their metrics."""

OLDEST_HISTORY = pendulum.datetime(2016, 1, 1)
"""How far back Amazon shows anything: orders of Japan, Australia and Singapore."""


CAPTURE_DELETES = ("soft", "hard", "off")
REGULATED_INFO = ("auto", "all", "off")
ADJUSTMENT_EVENT_KEYS = ("content", "type_and_posted_date")
ASIN_GRANULARITIES = ("PARENT", "CHILD", "SKU")
SALES_AND_TRAFFIC_SOURCES = ("auto", "data_kiosk", "report")
ITEM_CONDITIONS = ("New", "Used", "Collectible", "Refurbished", "Club")

TABLE_FORMATS = ("delta", "iceberg")

SHIPPING_MARKETPLACE = "marketplace_id"
SHIPPING_PAIRS = (
    ("tracking_id", "carrier_id"),
    ("shipment_id", "package_client_reference_id"),
    ("rate_id", "request_token"),
)
"""Ids by which Amazon Shipping is looked up: a package, its documents, inputs of a rate."""


@dataclass(frozen=True)
class Settings:
    """The settings of a run, validated; what they mean stands in the docstring of the source.

    Attributes:
        marketplace_ids: Empty for all retail ones of the account.
        history_start: Where the history of orders and finance begins, UTC.
        reports_history_start: The same for reports, which know no limit of two years.
        recent: Where the newest days begin, which are loaded before the history, UTC.
        package_time: Seconds after which a run begins no further window; None for no limit.
    """

    region: str
    marketplace_ids: Tuple[str, ...]
    merchant_id: Optional[str]
    is_vendor: bool
    history_start: pendulum.DateTime
    reports_history_start: pendulum.DateTime
    recent: pendulum.DateTime
    package_time: Optional[float]
    regulated_info: str
    adjustment_event_key: str
    asin_granularity: Tuple[str, ...]
    sales_and_traffic_from: str
    asins: Tuple[str, ...]
    catalog_max_age: float
    pricing_max_age: float
    item_conditions: Tuple[str, ...]
    capture_deletes: str
    feed_types: Tuple[str, ...]
    shipping_lookups: Tuple[Dict[str, str], ...]
    report_options: Mapping[str, Mapping[str, Any]]
    custom_reports: Tuple[Any, ...]
    reports_time_budget: float
    create_report_schedules: bool
    include_pii: bool
    table_format: Optional[str]
    append_only: bool

    @property
    def account_kind(self) -> str:
        """`seller` or `vendor`."""
        return "vendor" if self.is_vendor else "seller"

    def require_merchant_id(self, module: str) -> str:
        """The seller's id, for a module that cannot load without.

        Raises:
            ConfigurationError: When it is not set.
        """
        if not self.merchant_id:
            raise ConfigurationError(
                f"merchant_id is not set, but module {module} needs it: write the merchant token,"
                " which Seller Central shows under Settings, Account Info, Your Merchant Token."
            )
        return self.merchant_id


def validate_settings(values: Mapping[str, Any], now: pendulum.DateTime) -> Settings:
    """The settings of a run.

    Args:
        values: Arguments of the source by name; those of other layers are passed over.
        now: The present, UTC.

    Raises:
        ConfigurationError: When a setting is wrong: one sentence that names it and the fix.
    """
    validate_numbers(
        **{name: values[name] for name in NUMBERS},
        **({"package_time": values["package_time"]} if values["package_time"] is not None else {}),
    )
    if values["append_only"] and values["history_mode"]:
        raise ConfigurationError(
            "append_only keeps all versions of all rows, so history_mode has nothing to add: remove"
            " one of them."
        )
    region = validate_region(values["region"])
    is_vendor = validate_flag("is_vendor", values["is_vendor"])
    time_frame = values["historical_sync_time_frame"]
    history_start = resolve_history_start(time_frame, region, now)
    days = min(values["priority_days"], (now - history_start).in_days() + 1)
    package_time, budget = values["package_time"], values["reports_time_budget"]
    return Settings(
        region=region,
        marketplace_ids=tuple(
            validate_marketplaces(values["marketplace_ids"], region, is_vendor) or ()
        ),
        merchant_id=validate_merchant_id(values["merchant_id"]),
        is_vendor=is_vendor,
        history_start=history_start,
        reports_history_start=parse_history_start(time_frame, OLDEST_HISTORY),
        recent=max(history_start, now.start_of("day").subtract(days=days)),
        package_time=package_time,
        regulated_info=validate_choice("regulated_info", values["regulated_info"], REGULATED_INFO),
        adjustment_event_key=validate_choice(
            "adjustment_event_key", values["adjustment_event_key"], ADJUSTMENT_EVENT_KEYS
        ),
        asin_granularity=validate_choices(
            "asin_granularity", values["asin_granularity"] or ("SKU",), ASIN_GRANULARITIES
        ),
        sales_and_traffic_from=validate_choice(
            "sales_and_traffic_from", values["sales_and_traffic_from"], SALES_AND_TRAFFIC_SOURCES
        ),
        asins=validate_asins(values["asins"]),
        catalog_max_age=values["catalog_max_age"],
        pricing_max_age=values["pricing_max_age"],
        item_conditions=validate_choices(
            "item_conditions", values["item_conditions"] or ("New",), ITEM_CONDITIONS
        ),
        capture_deletes=validate_choice(
            "capture_deletes", values["capture_deletes"], CAPTURE_DELETES
        ),
        feed_types=validate_feed_types(values["feed_types"]),
        shipping_lookups=validate_shipping_lookups(values["shipping_lookups"]),
        report_options=validate_table("report_options", values["report_options"]),
        custom_reports=_as_tuple(values["custom_reports"]),
        reports_time_budget=min(budget, package_time or budget),
        create_report_schedules=validate_flag(
            "create_report_schedules", values["create_report_schedules"]
        ),
        include_pii=validate_flag("include_pii", values["include_pii"]),
        table_format=values["table_format"]
        and validate_choice("table_format", values["table_format"], TABLE_FORMATS),
        append_only=validate_flag("append_only", values["append_only"]),
    )


def validate_flag(name: str, value: Any) -> bool:
    """A setting that is true or false.

    Raises:
        ConfigurationError: For anything else.
    """
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} = {value!r} is neither true nor false.")
    return value


def validate_table(name: str, value: Any) -> Dict[str, Any]:
    """A setting that is a table of names and values.

    Raises:
        ConfigurationError: For anything else.
    """
    if not isinstance(value or {}, Mapping):
        raise ConfigurationError(
            f"{name} = {value!r} is no table of names and values: write it below"
            f" [sources.amazon_selling_partner.{name}]."
        )
    return dict(value or {})


def _as_tuple(value: Any) -> Tuple[Any, ...]:
    """Several values, or one."""
    return tuple(value or ()) if isinstance(value, (list, tuple)) else (value,) * bool(value)


def validate_asins(asins: Any) -> Tuple[str, ...]:
    """The setting `asins`.

    Raises:
        ConfigurationError: For what is no ASIN.
    """
    names = validate_names("asins", asins)
    for name in names:
        if not re.fullmatch(r"[0-9A-Z]{10}", name):
            raise ConfigurationError(
                f"asins names {name!r}, which is no ASIN: write ten capital letters and digits,"
                " such as B000000001."
            )
    return tuple(names)


def validate_merchant_id(merchant_id: Any) -> Optional[str]:
    """The setting `merchant_id`.

    Raises:
        ConfigurationError: For what is no merchant token.
    """
    if merchant_id is None:
        return None
    text = str(merchant_id).strip()
    if not re.fullmatch(r"[0-9A-Za-z]+", text) or text in MARKETPLACES:
        raise ConfigurationError(
            f"merchant_id = {merchant_id!r} is no merchant token: write the one that Seller Central"
            " shows under Settings, Account Info, Your Merchant Token, such as A1B2C3D4E5F6G7."
        )
    return text


def validate_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """A setting that has one of a few values.

    Raises:
        ConfigurationError: For another one.
    """
    if value not in choices:
        raise ConfigurationError(f"{name} = {value!r} is unknown: {suggest(value, choices)}")
    return str(value)


def validate_choices(name: str, values: Any, choices: Sequence[str]) -> Tuple[str, ...]:
    """A setting that lists some of a few values, in any case.

    Raises:
        ConfigurationError: For another one.
    """
    spelled = {choice.upper(): choice for choice in choices}
    return tuple(
        validate_choice(name, spelled.get(value.upper(), value), choices)
        for value in validate_names(name, values)
    )


def validate_names(name: str, values: Any) -> List[str]:
    """A setting that is a list of names, or a text of names with commas; each once.

    Raises:
        ConfigurationError: For what is neither.
    """
    if isinstance(values, str):
        values = [part for part in values.split(",") if part.strip()]
    if not isinstance(values, (list, tuple, type(None))):
        raise ConfigurationError(f"{name} = {values!r} is no list: write a list of texts.")
    for value in values or ():
        if not isinstance(value, str) or not value.strip():
            raise ConfigurationError(f"{name} holds {value!r}, which is no text in quotes.")
    return list(dict.fromkeys(value.strip() for value in values or ()))


def validate_feed_types(feed_types: Any) -> Tuple[str, ...]:
    """The setting `feed_types`; empty for all that Amazon names.

    Raises:
        ConfigurationError: For what cannot be a feed type.
    """
    names = validate_names("feed_types", feed_types)
    for name in names:
        if not re.fullmatch("(JSON|POST|UPLOAD|RFQ)_[A-Z0-9_]+", name):
            raise ConfigurationError(
                f"feed_types names {name!r}, which is no feed type: write names of Amazon's page"
                " 'Feed Type Values', such as JSON_LISTINGS_FEED."
            )
    return tuple(names)


def validate_shipping_lookups(lookups: Any) -> Tuple[Dict[str, str], ...]:
    """The setting `shipping_lookups`.

    Raises:
        ConfigurationError: For an entry that names nothing, or half of a pair.
    """
    if not isinstance(lookups or [], (list, tuple)):
        raise ConfigurationError(
            "shipping_lookups must be a list of tables, such as [{tracking_id = '...', carrier_id ="
            " 'AMZN_UK'}]."
        )
    ways = " or ".join(" with ".join(pair) for pair in SHIPPING_PAIRS)
    names = {SHIPPING_MARKETPLACE, *(name for pair in SHIPPING_PAIRS for name in pair)}
    for number, lookup in enumerate(lookups or (), 1):
        given = lookup if isinstance(lookup, dict) else {}
        are_texts = all(value and isinstance(value, str) for value in given.values())
        are_pairs = all(len(set(pair) & set(given)) != 1 for pair in SHIPPING_PAIRS)
        has_ids = bool(set(given) - {SHIPPING_MARKETPLACE})
        if not (has_ids and are_texts and are_pairs) or set(given) - names:
            raise ConfigurationError(
                f"shipping_lookups has an entry (number {number}) that cannot be used: give it"
                f" {ways}, each a text in quotes."
            )
    return tuple(dict(lookup) for lookup in lookups or ())


def validate_region(region: str) -> str:
    """The name of a region.

    Raises:
        ConfigurationError: For an unknown one.
    """
    name = str(region).strip().upper().replace(" ", "_")
    if name not in HOSTS:
        raise ConfigurationError(f"region = {region!r} is unknown: {suggest(name, HOSTS)}")
    return name


def validate_marketplaces(
    marketplace_ids: Optional[Sequence[str]], region: str, is_vendor: bool
) -> Optional[List[str]]:
    """The marketplaces of the settings, None where the account's own are to be found.

    Raises:
        ConfigurationError: For an unknown one, one of another region, or a vendor's without one.
    """
    if isinstance(marketplace_ids, str):
        marketplace_ids = marketplace_ids.split(",")
    given = [str(id).strip() for id in marketplace_ids or ()]
    ids = list(dict.fromkeys(filter(None, given)))
    for id in ids:
        if id not in MARKETPLACES:
            known = ", ".join(f"{m.country} {m.id}" for m in MARKETPLACES.values())
            raise ConfigurationError(
                f"marketplace_ids names {id!r}, which is no Amazon marketplace: use ids such as"
                f" {known}."
            )
        if MARKETPLACES[id].region != region:
            raise ConfigurationError(
                f"marketplace_ids names {id} ({MARKETPLACES[id].country}), which belongs to region"
                f" {MARKETPLACES[id].region}, but region is {region}: set region ="
                f" {MARKETPLACES[id].region!r} or load it with a source of its own."
            )
    if is_vendor and len(ids) != 1:
        raise ConfigurationError(
            "marketplace_ids must name exactly one marketplace when is_vendor is true: a vendor"
            " account belongs to one, and no operation shows which."
        )
    return ids or None


def validate_numbers(**settings: float) -> None:
    """Settings that count days or seconds.

    Raises:
        ConfigurationError: For one that is negative, or no number.
    """
    for name, value in settings.items():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not 0 <= value < MAX_NUMBER:
            raise ConfigurationError(
                f"{name} = {value!r} is out of range: write a number from 0 to {MAX_NUMBER:.0e}."
            )


def validate_setting_names(
    section: str, names: Sequence[str], credentials: Sequence[str], tables: Collection[str]
) -> None:
    """The names of the settings in all toml files, and in the environment.

    Args:
        section: Section below `sources`.
        names: All there are.
        credentials: Those of the table `credentials`.
        tables: Names that may have a table of settings of their own, besides settings and dlt's.

    Raises:
        ConfigurationError: For one that this source would not read.
    """
    known = [*names, *DLT_SETTINGS]
    places: Dict[str, Sequence[str]] = {"": known, "credentials": credentials}
    for path in configured_names(section):
        where = ".".join(path[:-1])
        near: List[str] = []
        if len(path) == 1 or where == "credentials":
            if path[-1] in places[where]:
                continue
            near = difflib.get_close_matches(path[-1], places[where], 1)
        elif path[0] not in known:
            # other tables may be dlt's own, or those of a resource
            near = difflib.get_close_matches(path[0], {*known, *tables, *DLT_SECTIONS}, 1, 0.8)
            if not near or path[0] in near:
                continue
            where, path = "", path[:1]
        else:
            continue
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(places[where])}."
        place = f"sources.{section}{where and '.'}{where}"
        raise ConfigurationError(f"[{place}] has {path[-1]}, which is no setting: {hint}")


def configured_names(section: str) -> Iterator[Tuple[str, ...]]:
    """The settings of a section, as paths of names below it; no value is read.

    dlt writes what is read from `dlt.config` into the trace of the run, and a section has secrets.

    Args:
        section: Section below `sources`.
    """
    for provider in dlt.config.config_providers:
        # a vault would be queried over the network
        if not isinstance(provider, VaultDocProvider):
            yield from _paths(provider.get_value(section, dict, "", "sources")[0])
    prefix = f"SOURCES__{section}__".upper()
    for name in os.environ:
        if name.upper().startswith(prefix):
            yield tuple(name[len(prefix) :].lower().split("__"))


def _paths(table: Any) -> Iterator[Tuple[str, ...]]:
    for name, value in table.items() if isinstance(table, Mapping) else ():
        if isinstance(value, Mapping):
            yield from ((name, *path) for path in _paths(value))
        else:
            yield (name,)


def resolve_history_start(
    time_frame: str, region: str, now: pendulum.DateTime
) -> pendulum.DateTime:
    """The timestamp from which orders and finance are loaded.

    Args:
        time_frame: `ALL_TIME`, or a date such as 2026-01-31.
        region: Decides how far back Amazon goes.
        now: The present, UTC.

    Returns:
        Midnight UTC.

    Raises:
        ConfigurationError: For what is neither, or lies in the future.
    """
    start = parse_history_start(time_frame, OLDEST_HISTORY)
    if start > now:
        raise ConfigurationError(
            f"historical_sync_time_frame = {str(time_frame)!r} lies in the future: write the day"
            " from which data is wanted."
        )
    return max(
        start, OLDEST_HISTORY if region == "FAR_EAST" else (now - MAX_HISTORY).start_of("day")
    )


def parse_history_start(time_frame: str, oldest: pendulum.DateTime) -> pendulum.DateTime:
    """The day a time frame begins with.

    Args:
        time_frame: `ALL_TIME`, or a date.
        oldest: What `ALL_TIME` means.

    Returns:
        Midnight UTC.

    Raises:
        ConfigurationError: For what is neither.
    """
    if str(time_frame).strip().upper() == ALL_TIME:
        return oldest
    try:
        if re.fullmatch(r"[-+.\d]{1,7}", str(time_frame).strip()):
            raise ValueError("a number, which would be seconds since 1970")
        if isinstance(time_frame, (int, float)):
            time_frame = str(time_frame)
        return ensure_pendulum_datetime(time_frame).in_timezone("UTC").start_of("day")
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"historical_sync_time_frame = {str(time_frame)!r} is neither ALL_TIME nor a date:"
            " write a date such as '2026-01-31'."
        ) from None
