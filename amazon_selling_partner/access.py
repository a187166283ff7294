"""Tries the credentials and the role of each table, with one small call each."""

from collections import Counter
from typing import Callable, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from dlt.common import pendulum

from . import (
    aplus,
    awd,
    catalog,
    customer_feedback,
    easyship,
    fba_inbound,
    fba_inbound_plans,
    fba_inventory,
    feeds,
    finance,
    listings,
    outbound,
    pricing,
    product_fees,
    regulated,
    replenishment,
    sales,
    sellers,
    services,
    shipping,
    supply_sources,
    vendor,
)
from .client import Probe, RestrictedToken, SellingPartnerClient
from .client.errors import BadRequest, Refused
from .orders import probes as of_orders
from .reports.definitions import reports_of
from .sellers import account_marketplaces

Probes = Callable[[Sequence[str], pendulum.DateTime], Iterator[Probe]]

PROBES: Dict[str, Tuple[Probes, ...]] = {
    "SELLERS": (sellers.probes,),
    "ORDERS": (of_orders, regulated.probes, sales.probes),
    "FINANCE": (finance.probes,),
    "SHIPPING": (shipping.probes,),
    "A_PLUS_CONTENT_MANAGEMENT": (aplus.probes,),
    "FEEDS": (feeds.probes,),
    "EASYSHIP": (easyship.probes,),
    "FULFILLMENT_OUTBOUND": (outbound.probes,),
    "SERVICES": (services.probes,),
    "LISTED_ITEM": (listings.probes,),
    "CATALOG": (catalog.probes,),
    "PRODUCT_PRICING": (pricing.probes,),
    "PRODUCT_FEES": (product_fees.probes,),
    "CUSTOMER_FEEDBACK": (customer_feedback.probes,),
    "FBA": (fba_inventory.probes, fba_inbound.probes, fba_inbound_plans.probes),
    "AWD": (awd.probes,),
    "REPLENISHMENT": (replenishment.probes,),
    "SUPPLY_SOURCES": (supply_sources.probes,),
}
"""What tries the tables of each module of a seller's account."""

VENDOR_PROBES: Dict[str, Tuple[Probes, ...]] = {
    "A_PLUS_CONTENT_MANAGEMENT": (aplus.probes,),
    "CATALOG": (catalog.probes,),
    "VENDOR": (vendor.probes,),
}
"""The same of a vendor's account."""


class Access(NamedTuple):
    """Whether one table can be loaded.

    Attributes:
        module: Module of the table.
        table: Its name.
        role: Role of the application it needs.
        granted: The account has it; None where that was not tried.
        reason: Why not, in one sentence.
    """

    module: str
    table: str
    role: str
    granted: Optional[bool]
    reason: str


def check_access(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = (), is_vendor: bool = False
) -> Iterator[Access]:
    """Tries each table; of reports it tells the roles, as trying one costs a request a minute.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces of the settings, empty for all of the account.
        is_vendor (bool): The account is a vendor's.

    Yields:
        Access: One a table, as soon as it is known; for reports one a role.

    Raises:
        CredentialsError: When the credentials themselves are not accepted.
        Unavailable: When Amazon gives no usable answer.
    """
    # asks for a token, so wrong credentials are told before anything else
    now = client.now()
    ids = account_marketplaces(client, marketplace_ids)
    for module, several in (VENDOR_PROBES if is_vendor else PROBES).items():
        for probes in several:
            for probe in probes(ids, now):
                yield _tried(client, module, probe)
    roles = Counter(report.role for report in reports_of(is_vendor).values())
    for role, number in sorted(roles.items()):
        yield Access("REPORTS", f"{number} reports", role, None, "")


def _tried(client: SellingPartnerClient, module: str, probe: Probe) -> Access:
    reason = ""
    try:
        token = RestrictedToken(client, [probe.operation]) if probe.restricted else None
        client.call(probe.operation, probe.path, probe.params, probe.body, token)
    except BadRequest:
        # refused for what was asked, so not for who asked
        pass
    except Refused as error:
        reason = str(error)
    return Access(module, probe.table, probe.operation.role, not reason, reason)
