"""Every table and column that resources, reports, queries and events declare."""

from functools import lru_cache
from typing import Any, Dict

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.loading.rows import REJECTED_ROW_HINTS, REJECTED_TABLE
from amazon_selling_partner.modules.finance import reconciliation
from amazon_selling_partner.modules.finance.event_hints import table_hints
from amazon_selling_partner.modules.finance.event_tables import REJECTED_EVENTS, TABLES
from amazon_selling_partner.modules.reports.report_tables import hints
from docs.generate import CREDENTIALS, MARKETPLACE, all_queries, all_reports
from tests.support import MODULES, OPT_IN_MODULES, VENDOR_MODULES


@lru_cache
def full_schema() -> Dict[str, Dict[str, Any]]:
    """Hints by column, by table; of sellers and vendors, buyer PII included."""
    found: Dict[str, Dict[str, Any]] = {}
    for vendor, modules in ((False, [*MODULES, *OPT_IN_MODULES]), (True, list(VENDOR_MODULES))):
        source = amazon_selling_partner(
            credentials=CREDENTIALS,
            is_vendor=vendor,
            marketplace_ids=[MARKETPLACE],
            merchant_id="A1",
            modules=modules,
            include_pii=True,
        )
        for table in source.discover_schema().data_tables():
            found.setdefault(str(table["name"]), {}).update(table["columns"])
    for report in (*all_reports().values(), *all_queries().values()):
        for report_table in report.tables:
            found.setdefault(report_table.name, {}).update(hints(report, report_table))
    rejected: Any = REJECTED_ROW_HINTS
    found[REJECTED_TABLE] = rejected["columns"]
    for name in (*TABLES, reconciliation.TABLE, REJECTED_EVENTS):
        declared: Any = table_hints(name)
        found.setdefault(name, {}).update(declared["columns"])
    return found
