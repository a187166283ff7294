"""Explodes FinancialEvents objects into the rows of the tables of `event_tables.py`."""

import json
from collections import defaultdict
from functools import lru_cache
from typing import Any, Dict, List, Optional, Tuple

from dlt.common import Decimal, pendulum

from ...common.column_values import TEXT_SUFFIX, fit_value
from ...common.content_hash import DuplicateCounter, canonical_json, hash_content
from ...common.json_access import as_list
from ...common.timestamps import parse_timestamp
from .duplicate_keys import Ordinals, UndatedDuplicateCounter
from .event_tables import (
    CHARGES,
    DEBT_OF_EARLIER_GROUPS,
    EVENTS,
    FEES,
    REJECTED_EVENTS,
    TABLES,
    TAXES,
    UNKNOWN_LISTS,
)
from .field_names import (
    column_of_field,
    event_list_name,
    list_field,
    read_field,
    shorten,
    unknown_list_table,
)
from .table_spec import ListSpec, TableSpec

Row = Dict[str, Any]
RowsByTable = Dict[str, List[Row]]

CONTENT = "content"
TYPE_AND_POSTED_DATE = "type_and_posted_date"

ADJUSTMENTS = "AdjustmentEventList"
DIRECT_PAYMENTS = "financial_shipment_direct_payment"


class Exploder:
    """Explodes the pages of a group, or of one of its days.

    Args:
        group_id: FinancialEventGroupId.
        first_day: UTC day on which the group began.
        last_day: UTC day on which it ended, or the present day.
        day: The day that is read; None for the complete group.
        adjustment_event_key: `content`, or `type_and_posted_date` for one row where type and
            posted date are equal.
        ordinals: Those of the group's undated records, updated by `finish`.
        skip_undated: Undated records are left to another day of the group.

    Attributes:
        sums: Amounts by (column of the reconciliation, currency).
        unknown_lists: Lists that Amazon's model did not have in 2026, with their tables.
        rejected: Number of rejected elements.
        undated: Number of records without a date.
        skip_undated: As given.
    """

    def __init__(
        self,
        group_id: str,
        first_day: pendulum.Date,
        last_day: pendulum.Date,
        day: Optional[pendulum.Date] = None,
        adjustment_event_key: str = CONTENT,
        ordinals: Optional[Ordinals] = None,
        skip_undated: bool = False,
    ) -> None:
        self.group_id = group_id
        self.sums: Dict[Tuple[str, str], Decimal] = defaultdict(Decimal)
        self.unknown_lists: Dict[str, str] = {}
        self.rejected = 0
        self.undated = 0
        self._first_day = first_day
        self._last_day = max(first_day, last_day)
        self._day = day
        self.skip_undated = skip_undated
        self._duplicates = DuplicateCounter()
        self._undated_duplicates = UndatedDuplicateCounter(
            {} if ordinals is None else ordinals, str(day) if day else ""
        )
        self._texts: Dict[int, str] = {}
        self._key_by_type_and_date = adjustment_event_key == TYPE_AND_POSTED_DATE
        self._adjustments: Dict[str, Tuple[str, Row, Row]] = {}

    def explode(self, events: Any) -> RowsByTable:
        """The rows of one page.

        Args:
            events: A FinancialEvents object, lists of events by name.
        """
        rows: RowsByTable = defaultdict(list)
        if not isinstance(events, dict):
            if events is not None:
                self._reject("FinancialEvents", events, "it is not an object", rows)
            return rows
        for field, elements in events.items():
            if elements is None:
                continue
            list_name = event_list_name(field)
            if not isinstance(elements, list):
                self._reject(list_name, elements, "it is not a list", rows)
                continue
            spec = EVENTS.get(list_name) or self._unknown_list(list_name)
            for event in elements:
                if isinstance(event, dict):
                    self._explode_event(list_name, spec, event, rows)
                else:
                    self._reject(list_name, event, "it is not an object", rows)
        return rows

    def finish(self) -> RowsByTable:
        """The rows that could not be chosen before the last page; stores the ordinals."""
        rows: RowsByTable = defaultdict(list)
        self._texts.clear()
        for id, (_, event, base) in sorted(self._adjustments.items()):
            self._add_row(ADJUSTMENTS, EVENTS[ADJUSTMENTS], event, {**base, "id": id}, rows)
        self._adjustments.clear()
        self._undated_duplicates.save()
        return rows

    def _unknown_list(self, list_name: str) -> ListSpec:
        spec = ListSpec(unknown_list_table(list_name))
        self.unknown_lists[list_name] = spec.table
        return spec

    def _explode_event(
        self, list_name: str, spec: ListSpec, event: Dict[str, Any], rows: RowsByTable
    ) -> None:
        table = TABLES.get(spec.table)
        posted_day = _utc_day(read_field(event, table.date if table else "PostedDate"))
        base = {
            "financial_event_group_id": self.group_id,
            "posted_day": posted_day or self._first_day,
            "group_day": self._group_day(posted_day),
        }
        if list_name == ADJUSTMENTS and self._key_by_type_and_date:
            id = hash_content(
                *(canonical_json(read_field(event, f)) for f in ("AdjustmentType", "PostedDate"))
            )
            content = canonical_json(event)
            # the least content wins, so that the result does not depend on the order of the page
            if id not in self._adjustments or content < self._adjustments[id][0]:
                self._adjustments[id] = (content, event, base)
            return
        if posted_day is None:
            self.undated += 1
            if self.skip_undated:
                return
        self._texts.clear()
        text = canonical_json(event, self._texts)
        # equal events of one posted day are on one day of the group, undated ones on any
        duplicates = self._duplicates if posted_day else self._undated_duplicates
        base["id"] = duplicates.key(list_name, self.group_id, text)
        self._add_row(list_name, spec, event, base, rows)

    def _group_day(self, posted_day: Optional[pendulum.Date]) -> str:
        day = self._day or min(max(posted_day or self._first_day, self._first_day), self._last_day)
        return group_day_key(self.group_id, day)

    def _add_row(
        self, list_name: str, spec: ListSpec, content: Dict[str, Any], row: Row, rows: RowsByTable
    ) -> None:
        """Adds one row, and the rows of its lists to their tables.

        Args:
            list_name: The list that has the record.
            spec: Its table and kind.
            content: The record.
            row: Its id, group, days and the link to its parent; becomes the row.
            rows: All rows of the page.
        """
        table = TABLES.get(spec.table)
        if table and table.kind_column:
            row[table.kind_column] = spec.kind
        lists = _add_fields(spec.table, "", content, row)
        rows[spec.table].append(row)
        if table is None:
            self._sum_unknown(row)
            return
        self._add_up(spec, table, row)
        for name, child in table.lists.items():
            if name in lists:
                self._explode_list(f"{list_name}.{name}", table, child, lists[name], row, rows)

    def _explode_list(
        self,
        list_name: str,
        parent_table: TableSpec,
        spec: ListSpec,
        elements: List[Any],
        parent: Row,
        rows: RowsByTable,
    ) -> None:
        table = TABLES[spec.table]
        duplicates = DuplicateCounter()
        for index, element in enumerate(elements):
            if not isinstance(element, dict):
                self._reject(list_name, element, "it is not an object", rows, parent)
                continue
            records = _split_taxes(element) if spec.table == TAXES else [element]
            for tax_index, content in enumerate(records):
                text = self._texts.get(id(content)) or canonical_json(content)
                row: Row = {
                    "id": duplicates.key(parent["id"], list_name, text),
                    "financial_event_group_id": self.group_id,
                    "posted_day": parent["posted_day"],
                    "group_day": parent["group_day"],
                    str(table.parent): parent["id"],
                    "index": index,
                }
                if spec.table in (CHARGES, FEES, TAXES):
                    row["linked_to"] = parent_table.link
                if spec.table == TAXES:
                    row["tax_index"] = tax_index
                if spec.table == DIRECT_PAYMENTS:
                    row["shipment_event_type"] = parent["event_type"]
                self._add_row(list_name, spec, content, row, rows)

    def _add_up(self, spec: ListSpec, table: TableSpec, row: Row) -> None:
        for money in table.adds_up if spec.adds_up else ():
            self._add_to_sum(spec.table, row, money)
            if spec.shown_apart:
                self._add_to_sum(spec.shown_apart, row, money)
        for money, column in table.not_counted.items():
            end = _utc_day(row.get("group_end_date"))
            if column != DEBT_OF_EARLIER_GROUPS or (end and end <= self._first_day):
                self._add_to_sum(column, row, money)

    def _sum_unknown(self, row: Row) -> None:
        """Adds the amounts at the top of an event of an unknown list."""
        for column in list(row):
            money, _, inner = column.partition("__")
            if inner == "currency_amount":
                amount, _ = fit_value(row[column], "decimal")
                self._add_to_sum(UNKNOWN_LISTS, {**row, column: amount}, money)

    def _add_to_sum(self, column: str, row: Row, money: str) -> None:
        amount = row.get(f"{money}__currency_amount")
        if amount is not None:
            currency = str(row.get(f"{money}__currency_code") or "")
            self.sums[(column, currency)] += amount

    def _reject(
        self,
        list_name: str,
        value: Any,
        reason: str,
        rows: RowsByTable,
        parent: Optional[Row] = None,
    ) -> None:
        if not parent:
            self.undated += 1
            if self.skip_undated:
                return
        self.rejected += 1
        parent_id = parent["id"] if parent else ""
        content = canonical_json(value)
        rows[REJECTED_EVENTS].append(
            {
                "id": self._undated_duplicates.key(list_name, self.group_id, parent_id, content),
                "financial_event_group_id": self.group_id,
                "posted_day": parent["posted_day"] if parent else self._first_day,
                "group_day": parent["group_day"] if parent else self._group_day(None),
                "list_name": list_name,
                "reason": reason,
                "content": json.dumps(value, default=str, ensure_ascii=False),
            }
        )


@lru_cache(maxsize=10_000)
def group_day_key(group_id: str, day: pendulum.Date) -> str:
    """The value of `group_day` in all rows that are replaced with a day of a group."""
    return f"{group_id}/{day}"


def _split_taxes(component: Dict[str, Any]) -> List[Dict[str, Any]]:
    """A TaxWithheldComponent once per tax; once without a tax if it has none."""
    taxes = read_field(component, "TaxesWithheld") or [{}]
    if not isinstance(taxes, list) or not all(isinstance(tax, dict) for tax in taxes):
        return [component]
    model = {name: part for name, part in component.items() if name.lower() != "taxeswithheld"}
    return [{**model, **tax} for tax in taxes]


def _add_fields(table: str, prefix: str, record: Dict[str, Any], row: Row) -> Dict[str, List[Any]]:
    """Adds the fields of a record to its row; those of an object become columns `outer__inner`.

    Args:
        table: Table of the row.
        prefix: Column prefix of the fields.
        record: The record, or an object in it.
        row: The row.

    Returns:
        The elements of the lists that have tables of their own, by field.
    """
    lists: Dict[str, List[Any]] = {}
    for field, value in record.items():
        if value is None:
            continue
        if not prefix and (name := list_field(table, field)):
            lists.setdefault(name, []).extend(as_list(value))
            continue
        column, data_type = column_of_field(table, prefix, field)
        if isinstance(value, dict):
            _add_fields(table, column + "__", value, row)
            continue
        text = None
        if data_type != "text" or type(value) is not str:
            value, text = fit_value(value, data_type)
        while row.get(column, value) != value:
            # a field that comes in two spellings with two values
            column = shorten(f"amazon_{column}")
        if value is not None:
            row[column] = value
        if text is not None:
            row[shorten(column + TEXT_SUFFIX)] = text
    return lists


@lru_cache(maxsize=100_000)
def _day_of(timestamp: str) -> Optional[pendulum.Date]:
    parsed = parse_timestamp(timestamp)
    return parsed.date() if parsed else None


def _utc_day(timestamp: Any) -> Optional[pendulum.Date]:
    """The UTC day of an ISO 8601 timestamp, None for anything else."""
    if not isinstance(timestamp, str):
        return None
    # timestamps of a day differ in their seconds, so the cache has days
    is_utc = timestamp.endswith("Z") and timestamp[10:11] == "T"
    return _day_of(timestamp[:10] if is_utc else timestamp)
