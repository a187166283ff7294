"""Every SKU of a marketplace, from the report of all listings: for what no search can show."""

from typing import Any, Dict, List, NamedTuple, Set

import dlt
import pyarrow as pa
from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime
from dlt.extract.items import DataItemWithMeta

from .client import SellingPartnerClient
from .client.errors import CredentialsError, SellingPartnerError
from .reports import RUN_COLUMNS, calls
from .reports.definitions.seller import LISTING_REPORTS
from .reports.jobs import Job, Journal
from .reports.lifecycle import Desk
from .reports.outcomes import RUNS
from .reports.periods import Window
from .reports.planning import Plan
from .reports.scopes import scopes_of

TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
REPORT = next(report for report in LISTING_REPORTS if report.report_type == TYPE)
SKU = "seller_sku"

BUDGET = 3600.0
"""Seconds the report is waited for; one that takes longer is taken up by the next run."""


class FullList(NamedTuple):
    """What the report says.

    Attributes:
        skus: Of all listings, also inactive ones.
        made: Listings created before that moment are among them, UTC.
        reason: Why the list is not there or not whole; empty when it is.
        runs: Rows of `report_run`.
    """

    skus: Set[str]
    made: pendulum.DateTime
    reason: str
    runs: List[Dict[str, Any]]


def full_list(
    client: SellingPartnerClient, marketplace_id: str, since: pendulum.DateTime
) -> FullList:
    """The SKUs of a marketplace.

    Source: GET_MERCHANT_LISTINGS_ALL_DATA; one call of getReports, and where it finds none that was
    made since, the calls that make and fetch one.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_id (str): Where.
        since (pendulum.DateTime): A report made earlier does not do, UTC.

    Returns:
        FullList: Without SKUs when Amazon makes no report.

    Raises:
        CredentialsError: The credentials are not accepted.
    """
    (scope,) = scopes_of(REPORT, [marketplace_id], {}, ())
    made = client.now()
    waiting: List[Dict[str, Any]] = []
    if found := _made_since(client, marketplace_id, since):
        made = ensure_pendulum_datetime(found["createdTime"])
        job = Job(REPORT, scope, Window(made, made), report_id=found["reportId"], asked=made)
        waiting.append(job.remembered())
    state: Dict[str, Any] = {"scopes": {scope.key: {"waiting": waiting}}}
    plan = Plan([REPORT], [marketplace_id], made, BUDGET)
    desk = Desk(client, plan, lambda name: state, {}, Journal(None))
    skus: Set[str] = set()
    runs: List[Dict[str, Any]] = []
    for rows in desk.run():
        if rows.table == RUNS:
            runs += rows.data
        if isinstance(rows.data, pa.Table) and SKU in rows.data.column_names:
            skus.update(sku for sku in rows.data[SKU].to_pylist() if sku)
    told = desk.outcomes.metrics().get(REPORT.name, {})
    reason = told.get("skipped") or told.get("failed") or told.get("left")
    if not reason and (unread := told.get("kept_aside")):
        reason = f"{unread} of its lines cannot be read"
    return FullList(skus, made, reason or ("" if skus else "it has no rows"), runs)


def as_runs(rows: List[Dict[str, Any]]) -> DataItemWithMeta:
    """Rows of `report_run`, to be yielded by a resource of another table."""
    hints = dlt.mark.make_hints(
        table_name=RUNS, primary_key="report_id", write_disposition="merge", columns=RUN_COLUMNS
    )
    return dlt.mark.with_hints(rows, hints, create_table_variant=True)


def _made_since(
    client: SellingPartnerClient, marketplace_id: str, since: pendulum.DateTime
) -> Dict[str, Any]:
    """The newest report that is made or being made, empty where there is none."""
    statuses = ("DONE", "IN_PROGRESS", "IN_QUEUE")
    try:
        found = [
            made
            for made in calls.list_reports(client, [TYPE], since, statuses)
            if made.get("marketplaceIds") == [marketplace_id]
        ]
    except CredentialsError:
        raise
    except SellingPartnerError:
        # one can be asked for all the same
        return {}
    return max(found, key=lambda made: str(made["createdTime"]), default={})
