"""Turns the lists of a FinancialEvents object into rows of the tables of `tables.py`."""

import json
from collections import defaultdict
from functools import cache, lru_cache
from typing import Any, Container, Dict, FrozenSet, List, Mapping, Optional, Set, Tuple

from dlt.common import Decimal, pendulum
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.common.time import ensure_pendulum_datetime

from .keys import Ordinals, Twins, UndatedTwins, canonical, digest
from .shape import Part, Table
from .tables import CHARGES, EVENTS, FEES, REJECTED, TABLES, TAXES

Row = Dict[str, Any]
Rows = Dict[str, List[Row]]

CONTENT = "content"
TYPE_AND_POSTED_DATE = "type_and_posted_date"
LONGEST_NAME = 63
"""Characters of an identifier that PostgreSQL keeps."""

OURS = frozenset(("id", "financial_event_group_id", "posted_day", "group_day", "cleared"))
"""Columns that every table has besides Amazon's."""

ADJUSTMENTS = "AdjustmentEventList"
PAIR = ("AdjustmentType", "PostedDate")

_naming = NamingConvention()


class Exploder:
    """Rows of one reading of a group: of the whole group, or of one of its days.

    Args:
        group_id (str): FinancialEventGroupId.
        first_day (pendulum.Date): UTC day on which the group began.
        last_day (pendulum.Date): UTC day on which it ended, or the present day.
        day (Optional[pendulum.Date]): The day that was read; None for the whole group.
        adjustment_event_key (str): `content`, or `type_and_posted_date` for one row where type and
            posted date are equal.
        ordinals (Optional[Ordinals]): Those of the group's things without a date, changed by
            `rest`.
        leave_undated (bool): Things without a date are left to another day of the group.

    Attributes:
        sums: Amounts that are part of the payout, by (table, currency).
        unknown: Lists that Amazon's model did not have when this was written, with their tables.
        rejected: How many things were kept aside.
        undated: How many things without a date were seen.
    """

    def __init__(
        self,
        group_id: str,
        first_day: pendulum.Date,
        last_day: pendulum.Date,
        day: Optional[pendulum.Date] = None,
        adjustment_event_key: str = CONTENT,
        ordinals: Optional[Ordinals] = None,
        leave_undated: bool = False,
    ) -> None:
        self.group_id = group_id
        self.sums: Dict[Tuple[str, str], Decimal] = defaultdict(Decimal)
        self.unknown: Dict[str, str] = {}
        self.rejected = 0
        self._first_day = first_day
        self._last_day = max(first_day, last_day)
        self._day = day
        self.undated = 0
        self._leave_undated = leave_undated
        self._twins = Twins()
        self._undated_twins = UndatedTwins(
            {} if ordinals is None else ordinals, str(day) if day else ""
        )
        self._texts: Dict[int, str] = {}
        self._one_a_pair = adjustment_event_key == TYPE_AND_POSTED_DATE
        self._pairs: Dict[str, Tuple[str, Row, Row]] = {}

    def explode(self, events: Any) -> Rows:
        """The rows of one page.

        Args:
            events (Any): A FinancialEvents object, lists of events by name.

        Returns:
            Rows: Rows by table.
        """
        rows: Rows = defaultdict(list)
        if not isinstance(events, dict):
            if events is not None:
                self._reject("FinancialEvents", events, "it is not an object", rows)
            return rows
        for list_name, listed in events.items():
            if listed is None:
                continue
            if not isinstance(listed, list):
                self._reject(list_name, listed, "it is not a list", rows)
                continue
            part = EVENTS.get(list_name) or self._part_of_unknown(list_name)
            for event in listed:
                if isinstance(event, dict):
                    self._event(list_name, part, event, rows)
                else:
                    self._reject(list_name, event, "it is not an object", rows)
        return rows

    def rest(self) -> Rows:
        """The rows that could not be decided on before the last page was seen."""
        rows: Rows = defaultdict(list)
        self._texts.clear()
        for id, (_, event, base) in sorted(self._pairs.items()):
            self._add(ADJUSTMENTS, EVENTS[ADJUSTMENTS], event, {**base, "id": id}, rows)
        self._pairs.clear()
        self._undated_twins.done()
        return rows

    def _part_of_unknown(self, list_name: str) -> Part:
        part = Part(table_of_unknown(list_name))
        self.unknown[list_name] = part.table
        return part

    def _event(self, list_name: str, part: Part, event: Dict[str, Any], rows: Rows) -> None:
        table = TABLES.get(part.table)
        posted_day = _utc_day(event.get(table.date if table else _date_field(event)))
        group_day = self._group_day(posted_day)
        base = {
            "financial_event_group_id": self.group_id,
            "posted_day": posted_day or self._first_day,
            "group_day": group_day,
        }
        if list_name == ADJUSTMENTS and self._one_a_pair:
            pair = digest(
                canonical(event.get("AdjustmentType")), canonical(event.get("PostedDate"))
            )
            content = canonical(event)
            # the least content wins, so that it does not depend on the order of the answer
            if pair not in self._pairs or content < self._pairs[pair][0]:
                self._pairs[pair] = (content, event, base)
            return
        if posted_day is None:
            self.undated += 1
            if self._leave_undated:
                return
        self._texts.clear()
        text = canonical(event, self._texts)
        # equal events of one posted day are on one day of the group, without it on any
        twins = self._twins if posted_day else self._undated_twins
        base["id"] = twins.key(list_name, self.group_id, text)
        self._add(list_name, part, event, base, rows)

    def _group_day(self, posted_day: Optional[pendulum.Date]) -> str:
        day = self._day or min(max(posted_day or self._first_day, self._first_day), self._last_day)
        return name_of_day(self.group_id, day)

    def _add(
        self, list_name: str, part: Part, content: Dict[str, Any], row: Row, rows: Rows
    ) -> None:
        """Adds one row, and the rows of its parts in their tables.

        Args:
            list_name (str): Where it was listed.
            part (Part): Its table and kind.
            content (Dict[str, Any]): What Amazon says.
            row (Row): Its id, group, days and what links it to its parent; becomes the row.
            rows (Rows): Where to add.
        """
        table = TABLES.get(part.table)
        if table and table.kind_column:
            row[table.kind_column] = part.kind
        parts: Mapping[str, Part] = table.parts if table else {}
        _flatten(part.table, "", content, row, parts)
        rows[part.table].append(row)
        if table and part.adds_up:
            self._add_up(part.table, table, row)
        for field, below in parts.items():
            listed = content.get(field)
            if listed is None:
                continue
            if isinstance(listed, dict):
                listed = [listed]
            if not isinstance(listed, list):
                self._reject(f"{list_name}.{field}", listed, "it is not a list", rows, row)
                continue
            self._parts(f"{list_name}.{field}", table, below, listed, row, rows)

    def _parts(
        self,
        list_name: str,
        table: Optional[Table],
        part: Part,
        listed: List[Any],
        parent: Row,
        rows: Rows,
    ) -> None:
        child = TABLES[part.table]
        twins = Twins()
        for index, element in enumerate(listed):
            if not isinstance(element, dict):
                self._reject(list_name, element, "it is not an object", rows, parent)
                continue
            for tax_index, content in enumerate(
                _taxes(element) if part.table == TAXES else [element]
            ):
                text = self._texts.get(id(content)) or canonical(content)
                row: Row = {
                    "id": twins.key(parent["id"], list_name, text),
                    "financial_event_group_id": self.group_id,
                    "posted_day": parent["posted_day"],
                    "group_day": parent["group_day"],
                    str(child.parent): parent["id"],
                    "index": index,
                }
                if part.table in (CHARGES, FEES, TAXES):
                    row["linked_to"] = table.link if table else ""
                if part.table == TAXES:
                    row["tax_index"] = tax_index
                if part.table == "financial_shipment_direct_payment":
                    row["shipment_event_type"] = parent["event_type"]
                self._add(list_name, part, content, row, rows)

    def _add_up(self, name: str, table: Table, row: Row) -> None:
        for money in table.adds_up:
            amount = row.get(f"{money}__currency_amount")
            if amount is None:
                continue
            try:
                value = Decimal(str(amount))
            except ArithmeticError:
                continue
            currency = str(row.get(f"{money}__currency_code") or "")
            self.sums[(name, currency)] += value

    def _reject(
        self, list_name: str, value: Any, reason: str, rows: Rows, parent: Optional[Row] = None
    ) -> None:
        if not parent:
            self.undated += 1
            if self._leave_undated:
                return
        self.rejected += 1
        group_day = parent["group_day"] if parent else self._group_day(None)
        within = parent["id"] if parent else ""
        rows[REJECTED].append(
            {
                "id": self._undated_twins.key(list_name, self.group_id, within, canonical(value)),
                "financial_event_group_id": self.group_id,
                "posted_day": parent["posted_day"] if parent else self._first_day,
                "group_day": group_day,
                "list_name": list_name,
                "reason": reason,
                "content": json.dumps(value, default=str, ensure_ascii=False),
            }
        )


def name_of_day(group_id: str, day: pendulum.Date) -> str:
    """The value of `group_day` in rows that a day of a group has, and is replaced with."""
    return f"{group_id}/{day}"


def table_of_unknown(list_name: str) -> str:
    """The table of a list that is not in `EVENTS`, named as the known ones are.

    Args:
        list_name (str): Such as `NewThingEventList`.

    Returns:
        str: Such as `financial_new_thing_event`, at most 63 characters.
    """
    return _short("financial_" + _naming.normalize_identifier(list_name.removesuffix("List")))


def _taxes(component: Dict[str, Any]) -> List[Dict[str, Any]]:
    """A TaxWithheldComponent once for each of its taxes; once without, if it has none."""
    model = {name: value for name, value in component.items() if name != "TaxesWithheld"}
    taxes = component.get("TaxesWithheld") or [{}]
    if not isinstance(taxes, list) or not all(isinstance(tax, dict) for tax in taxes):
        return [component]
    return [{**model, **tax} for tax in taxes]


def _flatten(
    table: str, prefix: str, content: Dict[str, Any], row: Row, elsewhere: Container[str] = ()
) -> None:
    """Writes the fields of an object into a row; objects inside objects become `outer__inner`."""
    for field, value in content.items():
        if field in elsewhere or value is None:
            continue
        column = _column(table, prefix, field)
        if isinstance(value, dict):
            _flatten(table, column + "__", value, row)
        else:
            row[column] = value


@lru_cache(maxsize=10_000)
def _column(table: str, prefix: str, field: str) -> str:
    """The column of a field; one that is named as a column of ours gets `amazon_` before it."""
    name = prefix + _naming.normalize_identifier(field)
    return _short(f"amazon_{name}" if name in _reserved(table) else name)


@cache
def _reserved(table_name: str) -> FrozenSet[str]:
    """The columns of a table that are ours."""
    table = TABLES.get(table_name)
    if not table:
        return OURS
    ours: Set[str] = {name for name in (table.parent, table.kind_column) if name}
    if table.parent:
        ours |= {"index", "tax_index", "linked_to", "shipment_event_type"}
    return OURS | ours


def _short(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}_{digest(name)[:8]}"


def _date_field(event: Dict[str, Any]) -> str:
    """The field of an event of an unknown list that says when it was posted."""
    return "postedDate" if "postedDate" in event else "PostedDate"


@lru_cache(maxsize=100_000)
def _day_of(moment: str) -> Optional[pendulum.Date]:
    try:
        return ensure_pendulum_datetime(moment).in_timezone("UTC").date()
    except (TypeError, ValueError):
        return None


def _utc_day(moment: Any) -> Optional[pendulum.Date]:
    """The UTC day of an ISO 8601 time, None for what is none."""
    if not isinstance(moment, str):
        return None
    # a day's times differ in their seconds, so the cache is asked for the day
    return _day_of(moment[:10] if moment.endswith("Z") and moment[10:11] == "T" else moment)
