"""Every report this source knows: one entry per report, by family."""

from dataclasses import replace
from typing import Dict, Iterable, List, Sequence, Union

from ....client.errors import ConfigurationError
from ..report import Report
from .brand import BRAND_REPORTS, GRANULARITIES, sales_and_traffic
from .fba import FBA_REPORTS
from .orders import ORDER_REPORTS
from .sales_and_traffic_queries import with_queries
from .seller import LISTING_REPORTS, PERFORMANCE_REPORTS, SETTLEMENT_REPORTS
from .tax import TAX_REPORTS
from .vendor import VENDOR_REPORTS

__all__ = ["GRANULARITIES", "known_reports", "reports_of"]


def known_reports(asin_granularities: Union[str, Sequence[str]] = ("SKU",)) -> List[Report]:
    """All reports.

    Args:
        asin_granularities: Of sales and traffic: `PARENT`, `CHILD`, `SKU`.

    Returns:
        Each name once.

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
    levels = list(dict.fromkeys(name.strip().upper() for name in names))
    for name in levels:
        if name not in GRANULARITIES:
            raise ConfigurationError(
                f"asin_granularity names {name!r}: choose from {', '.join(GRANULARITIES)}."
            )
    for index, name in enumerate(levels):
        for report in sales_and_traffic(name):
            # the rows by date are the same at every level: the first fills their table
            first, *others = report.tables
            if index:
                report = replace(report, tables=tuple(others), ignored=(first.records,))
            yield with_queries(report, name)


def reports_of(
    is_vendor: bool,
    include_pii: bool = False,
    asin_granularities: Union[str, Sequence[str]] = ("SKU",),
    custom: Iterable[Report] = (),
) -> Dict[str, Report]:
    """The reports of one kind of account by name; restricted ones only with `include_pii`.

    Args:
        is_vendor: The account is a vendor's.
        include_pii: Restricted reports too.
        asin_granularities: Of sales and traffic.
        custom: Reports the user describes; a known name is replaced.

    Returns:
        By name.
    """
    account = "vendor" if is_vendor else "seller"
    chosen = {
        report.name: report
        for report in (*known_reports(asin_granularities), *custom)
        if report.account in (account, "both")
    }
    return {name: report for name, report in chosen.items() if include_pii or not report.restricted}
