"""What a table of financial rows is: its columns, and the parts of its rows that go elsewhere."""

from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

from dlt.common.schema.typing import TTableSchemaColumns

from ..tables import columns as columns_of

CLEARED = "cleared"
"""Marks the rows that empty a day before it is written again; never in the destination."""

REPLACED = "group_day"
"""Names a day of a group, which is replaced as a whole."""


@dataclass(frozen=True)
class Part:
    """A list (or single object) inside an event or item that has a table of its own.

    Attributes:
        table: Key of `TABLES`.
        kind: Value of the table's `kind_column`; None where it has none.
        adds_up: False where the amounts are already part of an amount of the event.
    """

    table: str
    kind: Optional[str] = None
    adds_up: bool = True


@dataclass(frozen=True)
class Table:
    """A table of financial rows.

    Attributes:
        doc: What a row is.
        text: Columns of text, separated by white space.
        time: Columns of timestamps.
        whole: Columns of whole numbers.
        money: Objects with CurrencyAmount and CurrencyCode; each makes two columns.
        adds_up: Those of `money` that are part of the payout; the others repeat it or explain it.
        date: SP-API field that says when an event was posted.
        parent: Column with the `id` of the row that this one is a part of.
        kind_column: Column that tells lists apart which share the table.
        link: Value of `linked_to` in charges, fees and taxes of this table's rows.
        parts: SP-API field to where its elements go.
    """

    doc: str
    text: str = ""
    time: str = ""
    whole: str = ""
    money: str = ""
    adds_up: Tuple[str, ...] = ()
    date: str = "PostedDate"
    parent: Optional[str] = None
    kind_column: Optional[str] = None
    link: str = ""
    parts: Mapping[str, Part] = field(default_factory=dict)

    def columns(self) -> TTableSchemaColumns:
        """Hints for all columns, so that they exist with their type even when empty."""
        own = " ".join(name for name in (self.parent, self.kind_column) if name)
        columns = columns_of(
            text=f"id financial_event_group_id {REPLACED} {own} {self.text}"
            + "".join(f" {name}__currency_code" for name in self.money.split()),
            date="posted_day",
            timestamp=self.time,
            bigint=self.whole,
            decimal=" ".join(f"{name}__currency_amount" for name in self.money.split()),
            bool=CLEARED,
        )
        for name in ("id", "financial_event_group_id", REPLACED, "posted_day"):
            columns[name]["nullable"] = False
        columns[CLEARED]["hard_delete"] = True
        return columns
