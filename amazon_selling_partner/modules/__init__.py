"""The registry: every module the source can load. A new module is one file and one line here."""

from typing import Any, Dict, Iterator, List, Set, Tuple

from ..client.errors import ConfigurationError, suggest
from ..lookups.product_registry import PRODUCERS
from ..settings import validate_names
from .aplus_content import MODULE as APLUS_CONTENT
from .awd import MODULE as AWD
from .catalog.catalog_items import MODULE as CATALOG
from .customer_feedback import MODULE as CUSTOMER_FEEDBACK
from .data_kiosk import MODULE as DATA_KIOSK
from .easyship import MODULE as EASYSHIP
from .fba import MODULE as FBA
from .feeds import MODULE as FEEDS
from .finance import MODULE as FINANCE
from .fulfillment_outbound import MODULE as FULFILLMENT_OUTBOUND
from .listings.listings import MODULE as LISTINGS
from .listings.listings_restrictions import MODULE as LISTINGS_RESTRICTIONS
from .module import Module
from .orders import MODULE as ORDERS
from .pricing import MODULE as PRICING
from .pricing.product_fees import MODULE as PRODUCT_FEES
from .promotions import MODULE as PROMOTIONS
from .replenishment import MODULE as REPLENISHMENT
from .reports import MODULE as REPORTS
from .seller_wallet import MODULE as SELLER_WALLET
from .sellers import MODULE as SELLERS
from .service_jobs import MODULE as SERVICE_JOBS
from .shipping import MODULE as SHIPPING
from .supply_sources import MODULE as SUPPLY_SOURCES
from .vendor import MODULE as VENDOR

ALWAYS = (SELLERS,)
"""Loaded whatever `modules` names: other modules need what they request anyway."""

REGISTRY: Tuple[Module, ...] = (
    FINANCE,
    ORDERS,
    EASYSHIP,
    SHIPPING,
    FULFILLMENT_OUTBOUND,
    SERVICE_JOBS,
    APLUS_CONTENT,
    FEEDS,
    FBA,
    AWD,
    REPLENISHMENT,
    SUPPLY_SOURCES,
    LISTINGS,
    CATALOG,
    PRICING,
    PRODUCT_FEES,
    PROMOTIONS,
    LISTINGS_RESTRICTIONS,
    CUSTOMER_FEEDBACK,
    SELLER_WALLET,
    VENDOR,
    REPORTS,
    DATA_KIOSK,
)
"""In the order in which they begin to load: what takes longest first."""


def modules_of(account_kind: str, only_default: bool = False) -> Dict[str, Module]:
    """The modules of a kind of account by name.

    Args:
        account_kind: `seller` or `vendor`.
        only_default: Without those that load only when `modules` names them.
    """
    return {
        module.name: module
        for module in REGISTRY
        if account_kind in module.account_kinds and (module.is_default or not only_default)
    }


def split_into_runs(account_kind: str) -> Tuple[List[Tuple[str, ...]], List[Tuple[str, ...]]]:
    """The default modules of a kind of account, apart where they can be loaded in different runs.

    Returns:
        Those whose rows name products, and all others, which may look up those products.
    """
    modules = modules_of(account_kind, only_default=True)
    runs = [
        (name, *(other.name for other in modules.values() if other.loads_with == name))
        for name, module in modules.items()
        if not module.loads_with
    ]
    first = [run for run in runs if not set(PRODUCERS).isdisjoint(modules[run[0]].tables)]
    return first, [run for run in runs if run not in first]


def choose_modules(names: Any, account_kind: str) -> List[Module]:
    """The modules to load: those of the setting `modules`, or the default ones.

    Raises:
        ConfigurationError: For a name that is no module of that kind of account.
    """
    available = modules_of(account_kind)
    chosen: Set[str] = set()
    for given in validate_names("modules", names):
        name = given.upper().replace("A+", "A_PLUS").replace(" ", "_")
        if name not in available:
            raise ConfigurationError(
                f"modules names {given!r}, which is not a module of a {account_kind} account:"
                f" {suggest(name, available)}"
            )
        chosen.add(name)
    chosen = chosen or set(modules_of(account_kind, only_default=True))
    always = [module for module in ALWAYS if account_kind in module.account_kinds]
    return [*always, *(module for name, module in available.items() if name in chosen)]


def all_tables() -> Iterator[str]:
    """Names of the tables of all modules, of any kind of account."""
    for module in (*ALWAYS, *REGISTRY):
        yield from module.tables


__all__ = ["REGISTRY", "Module", "all_tables", "choose_modules", "modules_of", "split_into_runs"]
