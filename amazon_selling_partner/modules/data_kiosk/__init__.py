"""Data Kiosk 2023-11-15: analytics by GraphQL query, each a table.

Cost: one createQuery and one getDocument (one a minute each, 15 at once) per query and page, a few
getQuery; a query covers all marketplaces of the region. Two years of economics by day are 8
queries, of sales and traffic by date one, by SKU and day one per day.
"""

from typing import Dict, Iterator, List, Sequence, Tuple

from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe
from ...loading import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.marketplaces import account_marketplaces
from ..module import Module
from ..reports import (
    Books,
    Plan,
    Report,
    estimate_requests,
    query_probe,
    resources_of,
)
from .economics import economics
from .sales_and_traffic import sales_and_traffic
from .seller_analytics import seller_analytics
from .vendor_analytics import vendor_analytics

BOOKS = Books(
    "data_kiosk",
    "query_runner",
    "data_kiosk_query",
    "data_kiosk_rejected_row",
    {"report_id": "query_id", "report_type": "query"},
)


def queries() -> List[Report]:
    """All queries."""
    return [*economics(), *sales_and_traffic(), *seller_analytics(), *vendor_analytics()]


def queries_of(is_vendor: bool) -> Dict[str, Report]:
    """The queries of one kind of account by name."""
    account = "vendor" if is_vendor else "seller"
    return {query.name: query for query in queries() if query.account == account}


def resources(context: RunContext) -> Iterator[DltResource]:
    """One resource per query, `data_kiosk_query` and `data_kiosk_rejected_row`."""
    settings = context.settings

    def plan(chosen: Sequence[Report], since: pendulum.DateTime) -> Plan:
        ids = list(settings.marketplace_ids) or account_marketplaces(context)
        budget, asins = settings.reports_time_budget, list(settings.asins)
        return Plan(chosen, ids, since, budget, asins=asins)

    yield from resources_of(
        context,
        queries_of(settings.is_vendor),
        plan,
        settings.reports_history_start,
        settings.recent,
        BOOKS,
    )


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """One getQueries: it shows whether the application has the role."""
    yield query_probe(", ".join(name for name in MODULE.tables))


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Queries of the selected tables, by their periods."""
    chosen = [query for query in queries_of(size.is_vendor).values() if query.selected]
    yield from estimate_requests(size, chosen)


def _tables() -> Tuple[str, ...]:
    names = (table.name for query in queries() for table in query.tables)
    return (*dict.fromkeys(names), BOOKS.run_table, BOOKS.rejected_table)


MODULE = Module(
    "DATA_KIOSK",
    tables=_tables(),
    resources=resources,
    probes=probes,
    estimate=estimate,
    account_kinds=("seller", "vendor"),
)
