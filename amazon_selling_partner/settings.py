"""Regions, marketplaces, modules and their settings: checked before any request is made."""

import difflib
import re
from typing import Any, Collection, Dict, List, NamedTuple, Optional, Sequence, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

from .client.errors import ConfigurationError

TOKEN_URL = "https://api.amazon.com/auth/o2/token"
"""One token endpoint serves all regions."""

HOSTS: Dict[str, str] = {
    "NORTH_AMERICA": "sellingpartnerapi-na.amazon.com",
    "EUROPE": "sellingpartnerapi-eu.amazon.com",
    "FAR_EAST": "sellingpartnerapi-fe.amazon.com",
}

MODULES: Tuple[str, ...] = (
    "A_PLUS_CONTENT_MANAGEMENT",
    "CATALOG",
    "EASYSHIP",
    "FBA",
    "FEEDS",
    "FINANCE",
    "FULFILLMENT_OUTBOUND",
    "LISTED_ITEM",
    "ORDERS",
    "PRODUCT_PRICING",
    "REPORTS",
    "SERVICES",
    "SHIPPING",
)
"""Modules of a seller's account, by the names of the documentation."""

MORE_MODULES: Tuple[str, ...] = (
    "AWD",
    "CUSTOMER_FEEDBACK",
    "LISTINGS_RESTRICTIONS",
    "PRODUCT_FEES",
    "REPLENISHMENT",
    "SUPPLY_SOURCES",
)
"""Modules of a seller's account that load only when `modules` names them."""

VENDOR_MODULES: Tuple[str, ...] = ("A_PLUS_CONTENT_MANAGEMENT", "CATALOG", "REPORTS", "VENDOR")
"""Modules of a vendor's account."""


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

OF_DLT = ("max_table_nesting", "root_key", "schema_contract", "loader_file_format", "products")
"""Settings of the same section that others read: dlt, and the estimate."""

LARGEST = 1e9
"""Days or seconds that a setting may ask for."""

ALL_TIME = "ALL_TIME"

HISTORY = pendulum.duration(years=2)
"""How far back Amazon shows orders and their metrics."""

EPOCH = pendulum.datetime(2016, 1, 1)
"""How far back Amazon shows anything: orders of Japan, Australia and Singapore."""


def checked_region(region: str) -> str:
    """The name of a region.

    Raises:
        ConfigurationError: For an unknown one.
    """
    name = str(region).strip().upper().replace(" ", "_")
    if name not in HOSTS:
        raise ConfigurationError(
            f"region = {region!r} is unknown: write one of {', '.join(HOSTS)}."
        )
    return name


def checked_marketplaces(
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
            " account belongs to one, and no operation tells which."
        )
    return ids or None


def checked_modules(modules: Optional[Sequence[str]], is_vendor: bool) -> List[str]:
    """The modules to load, all of that kind of account by default.

    Raises:
        ConfigurationError: For an unknown one.
    """
    default = VENDOR_MODULES if is_vendor else MODULES
    available = default if is_vendor else sorted((*MODULES, *MORE_MODULES))
    if isinstance(modules, str):
        modules = modules.split(",")
    names = [_module_name(module) for module in modules or default]
    for name in names:
        if name not in available:
            raise ConfigurationError(
                f"modules names {name!r}, which is not a module of a"
                f" {'vendor' if is_vendor else 'seller'} account: choose from"
                f" {', '.join(available)}."
            )
    return names


def checked_numbers(**settings: float) -> None:
    """Settings that count days or seconds.

    Raises:
        ConfigurationError: For one that is negative, or no number.
    """
    for name, value in settings.items():
        if not 0 <= value < LARGEST:
            raise ConfigurationError(
                f"{name} = {value!r} is out of range: write a number from 0 to {LARGEST:.0e}."
            )


def checked_names(section: str, names: Collection[str]) -> None:
    """The names of the settings in config.toml.

    Args:
        section (str): Section below `sources`.
        names (Collection[str]): All there are.

    Raises:
        ConfigurationError: For one that this source would not read.
    """
    found: Any = dlt.config.get(f"sources.{section}")
    for name, value in (found if isinstance(found, dict) else {}).items():
        # tables are dlt's own settings, or those of a resource
        if name not in names and name not in OF_DLT and not isinstance(value, dict):
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(names)}."
            raise ConfigurationError(f"[sources.{section}] has {name}, which is no setting: {hint}")


def _module_name(module: str) -> str:
    return str(module).strip().upper().replace("A+", "A_PLUS").replace(" ", "_")


def history_start(time_frame: str, region: str, now: pendulum.DateTime) -> pendulum.DateTime:
    """The moment from which orders and finance are loaded.

    Args:
        time_frame (str): `ALL_TIME`, or a date such as 2026-01-31.
        region (str): Decides how far back Amazon goes.
        now (pendulum.DateTime): The present, UTC.

    Returns:
        pendulum.DateTime: Midnight UTC.

    Raises:
        ConfigurationError: For what is neither, or lies in the future.
    """
    start = start_of(time_frame, EPOCH)
    if start > now:
        raise ConfigurationError(
            f"historical_sync_time_frame = {str(time_frame)!r} lies in the future: write the day"
            " from which data is wanted."
        )
    return max(start, EPOCH if region == "FAR_EAST" else (now - HISTORY).start_of("day"))


def start_of(time_frame: str, oldest: pendulum.DateTime) -> pendulum.DateTime:
    """The day a time frame begins with.

    Args:
        time_frame (str): `ALL_TIME`, or a date.
        oldest (pendulum.DateTime): What `ALL_TIME` means.

    Returns:
        pendulum.DateTime: Midnight UTC.

    Raises:
        ConfigurationError: For what is neither.
    """
    if str(time_frame).strip().upper() == ALL_TIME:
        return oldest
    try:
        if re.fullmatch(r"[-+.\d]{1,7}", str(time_frame).strip()):
            raise ValueError("a number, which would be seconds since 1970")
        return ensure_pendulum_datetime(time_frame).in_timezone("UTC").start_of("day")
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"historical_sync_time_frame = {str(time_frame)!r} is neither ALL_TIME nor a date:"
            " write a date such as '2026-01-31'."
        ) from None
