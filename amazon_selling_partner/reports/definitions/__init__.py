"""Every report this source knows: one entry a report, a few lines each, by family."""

from dataclasses import replace
from typing import Dict, Iterable, List, Sequence, Union

from ...client.errors import ConfigurationError
from ..report import Report
from .brand import BRAND_REPORTS, GRANULARITIES, sales_and_traffic
from .fba import FBA_REPORTS
from .orders import ORDER_REPORTS, TAX_REPORTS
from .seller import LISTING_REPORTS, PERFORMANCE_REPORTS, SETTLEMENT_REPORTS
from .vendor import VENDOR_REPORTS

__all__ = ["GRANULARITIES", "known_reports", "reports_of"]


def known_reports(asin_granularities: Union[str, Sequence[str]] = ("SKU",)) -> List[Report]:
    """All reports.

    Args:
        asin_granularities (Sequence[str]): Of sales and traffic: `PARENT`, `CHILD`, `SKU`.

    Returns:
        List[Report]: Each name once.

    Raises:
        ConfigurationError: For an unknown granularity.
    """
    reports = [
        *BRAND_REPORTS,
        *_sales_and_traffic(asin_granularities),
        *SETTLEMENT_REPORTS,
        *ORDER_REPORTS,
        *FBA_REPORTS,
        *LISTING_REPORTS,
        *PERFORMANCE_REPORTS,
        *TAX_REPORTS,
        *VENDOR_REPORTS,
    ]
    return reports


def _sales_and_traffic(granularities: Union[str, Sequence[str]]) -> Iterable[Report]:
    names = [granularities] if isinstance(granularities, str) else list(granularities)
    wanted = list(dict.fromkeys(name.strip().upper() for name in names))
    for name in wanted:
        if name not in GRANULARITIES:
            raise ConfigurationError(
                f"sales_and_traffic_by names {name!r}: choose from {', '.join(GRANULARITIES)}."
            )
    for index, name in enumerate(wanted):
        for report in sales_and_traffic(name):
            # the rows by date are the same at every level: the first fills their table
            yield report if index == 0 else replace(report, tables=report.tables[1:])


def reports_of(
    is_vendor: bool,
    include_pii: bool = False,
    asin_granularities: Union[str, Sequence[str]] = ("SKU",),
    custom: Iterable[Report] = (),
) -> Dict[str, Report]:
    """The reports of one kind of account by name; restricted ones only with `include_pii`.

    Args:
        is_vendor (bool): The account is a vendor's.
        include_pii (bool): Restricted reports too.
        asin_granularities (Sequence[str]): Of sales and traffic.
        custom (Iterable[Report]): Reports the user describes; one of a known name takes its place.

    Returns:
        Dict[str, Report]: By name.
    """
    account = "vendor" if is_vendor else "seller"
    chosen = {
        report.name: report
        for report in (*known_reports(asin_granularities), *custom)
        if report.account in (account, "both")
    }
    return {name: report for name, report in chosen.items() if include_pii or not report.restricted}
