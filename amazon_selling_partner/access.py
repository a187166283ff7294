"""Tries the credentials and the role of each table, with one small call each."""

import re
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

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
from .reports.calls import CREATE_REPORT, request_body
from .reports.definitions import reports_of
from .reports.periods import Window
from .reports.report import Report
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
    """Tries each table; of reports one a role, where no table before has told whether it is there.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces of the settings, empty for all of the account.
        is_vendor (bool): The account is a vendor's.

    Yields:
        Access: One a table, as soon as it is known.

    Raises:
        CredentialsError: When the credentials themselves are not accepted.
        Unavailable: When Amazon gives no usable answer.
    """
    # asks for a token, so wrong credentials are told before anything else
    now = client.now()
    ids = account_marketplaces(client, marketplace_ids)
    held: Dict[str, bool] = {}
    for module, several in (VENDOR_PROBES if is_vendor else PROBES).items():
        for probes in several:
            for probe in probes(ids, now):
                access = _tried(client, module, probe)
                held[access.role] = bool(access.granted) or held.get(access.role, False)
                yield access
    yield from _of_reports(client, ids, is_vendor, held, now)


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


def _of_reports(
    client: SellingPartnerClient,
    marketplace_ids: Sequence[str],
    is_vendor: bool,
    held: Dict[str, bool],
    now: pendulum.DateTime,
) -> Iterator[Access]:
    by_role: Dict[str, List[Report]] = {}
    for report in reports_of(is_vendor).values():
        by_role.setdefault(report.role, []).append(report)
    # a report that needs one of several roles comes after those that tell them
    for role, reports in sorted(by_role.items(), key=lambda item: (" or " in item[0], item[0])):
        known = [held.get(one) for one in re.split(", | or ", role)]
        granted, reason = any(known) or (None if None in known else False), ""
        if granted is None:
            granted, reason = _asked_for(client, reports, marketplace_ids, now)
        if granted is not None:
            held[role] = granted
        for report in reports:
            yield Access("REPORTS", report.name, role, granted, reason)
            reason = ""


def _asked_for(
    client: SellingPartnerClient,
    reports: Sequence[Report],
    marketplace_ids: Sequence[str],
    now: pendulum.DateTime,
) -> Tuple[Optional[bool], str]:
    """Whether Amazon takes a request for a report, one of tomorrow, so that none is made."""
    for report in reports:
        # requests are scarce: a role that only reports need which nobody chose is not worth one
        if report.selected and report.period.is_calendar and not report.restricted:
            window = Window(now.add(days=1), now.add(days=2))
            body = request_body(
                report, marketplace_ids[:1], window, report.options, now.add(days=3)
            )
            try:
                client.call(CREATE_REPORT, body=body, remember=False)
            except BadRequest:
                pass
            except Refused as error:
                return False, str(error)
            return True, ""
    return None, ""
