"""Compares what was loaded of a group with what Amazon says it comes to."""

from typing import Any, Dict, List, Mapping, Tuple

from dlt.common import Decimal
from dlt.common.schema.typing import TTableSchemaColumns

from ..tables import columns as columns_of
from .groups import Group
from .tables import TABLES

TABLE = "financial_group_reconciliation"
KEY = ("financial_event_group_id", "currency_code")
DOC = "What was loaded of a group, what Amazon says it comes to, and whether both agree."

OPEN = "open"
MATCHES = "matches"
DIFFERS = "differs"
NO_TOTAL = "no_total"

Sums = Mapping[Tuple[str, str], Decimal]
"""Loaded amounts by (table, currency)."""


def columns() -> TTableSchemaColumns:
    """Hints for the columns: one for the amounts of each table that adds to a payout."""
    found = columns_of(
        text="financial_event_group_id currency_code status processing_status unknown_lists",
        timestamp="financial_event_group_start financial_event_group_end",
        decimal="original_total beginning_balance loaded_total difference "
        + " ".join(name for name, table in TABLES.items() if table.adds_up),
    )
    for name in KEY:
        found[name]["nullable"] = False
    return found


def reconcile(group: Group, sums: Sums, unknown: Mapping[str, str]) -> List[Dict[str, Any]]:
    """The rows of a group, one a currency.

    A group matches when its beginning balance and all loaded amounts add up to its original total.

    Args:
        group (Group): The group.
        sums (Sums): What was loaded of it.
        unknown (Mapping[str, str]): Lists whose amounts are not among `sums`, with their tables.

    Returns:
        List[Dict[str, Any]]: Rows of `financial_group_reconciliation`.
    """
    total_currency, total = _money(group.content.get("OriginalTotal"))
    balance_currency, balance = _money(group.content.get("BeginningBalance"))
    by_currency: Dict[str, Dict[str, Decimal]] = {}
    for (table, currency), amount in sums.items():
        by_currency.setdefault(currency, {})[table] = amount
    for currency, stated in ((total_currency, total), (balance_currency, balance)):
        if stated or (not by_currency and currency == total_currency):
            by_currency.setdefault(currency, {})
    rows = []
    for currency, amounts in sorted(by_currency.items()):
        of_total = total if currency == total_currency else None
        of_balance = balance if currency == balance_currency else None
        loaded = sum(amounts.values(), Decimal(0))
        expected = (of_total or Decimal(0)) - (of_balance or Decimal(0))
        difference = expected - loaded
        if not group.closed:
            status = OPEN
        elif total is None:
            status = NO_TOTAL
        else:
            status = DIFFERS if difference else MATCHES
        rows.append(
            {
                "financial_event_group_id": group.id,
                "currency_code": currency,
                "status": status,
                "processing_status": group.content.get("ProcessingStatus"),
                "financial_event_group_start": group.start,
                "financial_event_group_end": group.end,
                "original_total": of_total,
                "beginning_balance": of_balance,
                "loaded_total": loaded,
                "difference": difference,
                "unknown_lists": ", ".join(sorted(unknown)) or None,
                **amounts,
            }
        )
    return rows


def sentence(row: Mapping[str, Any], again: bool) -> str:
    """What to tell about a row that does not match.

    Args:
        row (Mapping[str, Any]): Row of `financial_group_reconciliation`.
        again (bool): The group will be read again.

    Returns:
        str: Without a full stop.
    """
    told = (
        f"event group {row['financial_event_group_id']}"
        f" ({str(row['financial_event_group_start'])[:10]} to"
        f" {str(row['financial_event_group_end'])[:10]}) comes to {row['original_total']}"
        f" {row['currency_code']} at Amazon, with {row['beginning_balance'] or 0} from before, but"
        f" the loaded events to {row['loaded_total']}, so {row['difference']} are missing"
    )
    return told + ("; the next run reads it again, as events may come late" if again else "")


def _money(value: Any) -> Tuple[str, Any]:
    """Currency and amount of a Currency object; an amount of None where there is none."""
    if not isinstance(value, dict) or value.get("CurrencyAmount") is None:
        return "", None
    try:
        return str(value.get("CurrencyCode") or ""), Decimal(str(value["CurrencyAmount"]))
    except ArithmeticError:
        return "", None
