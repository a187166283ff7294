"""Every SKU of a marketplace, from the report of all listings: for what no search can show."""

from typing import Any, Dict, List, NamedTuple, Set

from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime

from ...loading.context import RunContext
from ..reports.single_report import SingleReport

REPORT = "merchant_listings_report"
SKU = "seller_sku"

TIME_BUDGET = 3600.0
"""Seconds the report is waited for; one that takes longer is taken up by the next run."""


class SkuReport(NamedTuple):
    """What the report says.

    Attributes:
        skus: Of all listings, also inactive ones.
        made: Listings created before that time are among them, UTC.
        reason: Why the list is not there or not whole; empty when it is.
        runs: Rows of `report_run`.
    """

    skus: Set[str]
    made: pendulum.DateTime
    reason: str
    runs: List[Dict[str, Any]]


def fetch_all_skus(context: RunContext, marketplace_id: str, since: pendulum.DateTime) -> SkuReport:
    """The SKUs of a marketplace.

    Source: GET_MERCHANT_LISTINGS_ALL_DATA; one call of getReports, and where it finds none that was
    made since, the calls that make and fetch one.

    Args:
        marketplace_id: Where.
        since: A report made earlier does not do, UTC.

    Returns:
        Without SKUs when Amazon makes no report.

    Raises:
        CredentialsError: The credentials are not accepted.
    """
    report = SingleReport(context, REPORT, [marketplace_id], TIME_BUDGET)
    made = context.now()
    found = report.find(since, lambda listed: listed.get("marketplaceIds") == [marketplace_id])
    if found:
        made = ensure_pendulum_datetime(found["createdTime"])
    skus: Set[str] = set()
    for table in report.read(made, made, found):
        if SKU in table.column_names:
            skus.update(sku for sku in table[SKU].to_pylist() if sku)
    reason = report.reason or ("" if skus else "it has no rows")
    return SkuReport(skus, made, reason, report.runs)
