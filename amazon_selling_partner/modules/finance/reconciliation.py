"""Compares the loaded amounts of a group with the totals that Amazon states.

Public sources disagree on what OriginalTotal contains: for accounts with a reserve the events add
up to it (the reserve is two adjustments), elsewhere it contains the beginning balance as well. Both
are computed, and which one holds is learned per account.
"""

from typing import Any, Dict, List, Mapping, Optional, Tuple

from dlt.common import Decimal
from dlt.common.schema.typing import TTableSchemaColumns

from ...common.column_hints import columns as column_hints
from ...common.column_values import fit_value
from .event_tables import NOT_COUNTED, PART_OF_OTHERS, TABLES, UNCONFIRMED
from .field_names import read_field
from .groups import EventGroup

TABLE = "financial_group_reconciliation"
KEY = ("financial_event_group_id", "currency_code")
DOC = "The loaded amounts of a group, the totals Amazon states, and whether both agree."

OPEN = "open"
MATCHES = "matches"
MATCHES_WITH_BALANCE = "matches_with_balance"
DIFFERS = "differs"
NO_TOTAL = "no_total"

RECONCILED = (MATCHES, MATCHES_WITH_BALANCE)

HALF_CENT = Decimal("0.005")

Sums = Mapping[Tuple[str, str], Decimal]
"""Loaded amounts by (column of the reconciliation, currency)."""

Row = Dict[str, Any]


def columns() -> TTableSchemaColumns:
    """Hints for the columns: one per table that adds to the total, then the amounts set apart."""
    found = column_hints(
        text="""financial_event_group_id currency_code status processing_status unknown_lists
            explained_by""",
        timestamp="financial_event_group_start financial_event_group_end",
        decimal="""original_total beginning_balance loaded_total difference
            difference_with_balance """ + " ".join([*_counted(), *PART_OF_OTHERS, *NOT_COUNTED]),
    )
    for name in KEY:
        found[name]["nullable"] = False
    return found


def reconcile(
    group: EventGroup,
    sums: Sums,
    unknown: Mapping[str, str],
    carried: Mapping[str, Mapping[str, Decimal]] = {},  # noqa: B006
) -> List[Row]:
    """The rows of `financial_group_reconciliation` of a group, one per currency.

    Args:
        group: The group.
        sums: Its loaded amounts.
        unknown: Lists that are not in `EVENTS`, with their tables.
        carried: Totals of groups whose transfer failed, by currency and group.
    """
    total_currency, total = money(read_field(group.content, "OriginalTotal"))
    balance_currency, balance = money(read_field(group.content, "BeginningBalance"))
    by_currency: Dict[str, Dict[str, Decimal]] = {}
    for (column, currency), amount in sums.items():
        by_currency.setdefault(currency, {})[column] = amount
    for currency, stated in ((total_currency, total), (balance_currency, balance)):
        if stated or (not by_currency and currency == total_currency):
            by_currency.setdefault(currency, {})
    rows = []
    for currency, amounts in sorted(by_currency.items()):
        row: Row = {
            "financial_event_group_id": group.id,
            "currency_code": currency,
            "status": OPEN,
            "processing_status": read_field(group.content, "ProcessingStatus"),
            "financial_event_group_start": group.start,
            "financial_event_group_end": group.end,
            "original_total": total if currency == total_currency else None,
            "beginning_balance": balance if currency == balance_currency else None,
            "loaded_total": sum((amounts.get(name, Decimal(0)) for name in _counted()), Decimal(0)),
            "unknown_lists": ", ".join(sorted(unknown)) or None,
            **amounts,
        }
        if total is not None:
            difference = (row["original_total"] or Decimal(0)) - row["loaded_total"]
            row["difference"] = difference
            row["difference_with_balance"] = difference - (row["beginning_balance"] or Decimal(0))
        if group.closed:
            row["status"] = _closed_status(row)
        if row["status"] == DIFFERS:
            row["explained_by"] = _explanation(row, amounts, carried.get(currency, {}))
        rows.append(row)
    return rows


def learn_formula(learned: Dict[str, int], rows: List[Row]) -> None:
    """Counts which formula holds, where the beginning balance makes a difference.

    Args:
        learned: Number of groups by status; part of the state.
        rows: Of a group.
    """
    for row in rows:
        if row["status"] in RECONCILED and row["beginning_balance"]:
            learned[row["status"]] = learned.get(row["status"], 0) + 1


def describe_difference(row: Row, is_reloaded: bool, learned: Mapping[str, int]) -> str:
    """The note about a group that fits neither formula, without a full stop.

    Args:
        row: Of `financial_group_reconciliation`.
        is_reloaded: The next run re-reads the group.
        learned: Of `learn_formula`.
    """
    has_balance = learned.get(MATCHES_WITH_BALANCE, 0) > learned.get(MATCHES, 0)
    currency, balance = row["currency_code"], row["beginning_balance"]
    differences = [f"a difference of {row['difference']}"]
    if balance:
        with_balance = f"{row['difference_with_balance']} with the beginning balance of {balance}"
        differences.append(with_balance)
    if has_balance and balance:
        # the account's other groups contain it
        differences = [f"a difference of {with_balance}"]
    elif learned:
        del differences[1:]
    note = (
        f"event group {row['financial_event_group_id']}"
        f" ({str(row['financial_event_group_start'])[:10]} to"
        f" {str(row['financial_event_group_end'])[:10]}) has a total of {row['original_total']}"
        f" {currency}, but its events add up to {row['loaded_total']}: {', or '.join(differences)}"
    )
    if row["explained_by"]:
        note += f", the amount of {row['explained_by']}"
    return note + ("; the next run re-reads it, as events may be late" if is_reloaded else "")


def money(value: Any) -> Tuple[str, Optional[Decimal]]:
    """Currency and amount of a Currency object; an amount of None where there is none."""
    if not isinstance(value, dict):
        return "", None
    amount, _ = fit_value(read_field(value, "CurrencyAmount"), "decimal")
    return str(read_field(value, "CurrencyCode") or ""), amount


def _counted() -> List[str]:
    return [name for name, table in TABLES.items() if table.adds_up]


def _closed_status(row: Row) -> str:
    if "difference" not in row:
        return NO_TOTAL
    if abs(row["difference"]) < HALF_CENT:
        return MATCHES
    return MATCHES_WITH_BALANCE if abs(row["difference_with_balance"]) < HALF_CENT else DIFFERS


def _explanation(
    row: Row, amounts: Mapping[str, Decimal], carried: Mapping[str, Decimal]
) -> Optional[str]:
    """The columns, or groups with a failed transfer, whose amount is the difference."""
    differences = (row["difference"], row["difference_with_balance"])
    candidates = {
        name: -amounts[name] for name in (*UNCONFIRMED, *PART_OF_OTHERS) if name in amounts
    }
    candidates.update({name: amounts[name] for name in NOT_COUNTED if name in amounts})
    failed = {
        f"the failed transfer of group {id}": total
        for id, total in carried.items()
        if id != row["financial_event_group_id"]
    }
    names = [
        name
        for name, amount in {**candidates, **failed}.items()
        if amount and any(abs(difference - amount) < HALF_CENT for difference in differences)
    ]
    return ", ".join(names) or None
