"""What a table of financial events consists of: its columns, and the lists that have own tables."""

from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple

from dlt.common.schema.typing import TTableSchemaColumns

from ...common.column_hints import columns as column_hints
from ...loading.replacement import window_columns

GROUP_DAY = "group_day"
"""Column that names a day of a group, the unit that is replaced."""


@dataclass(frozen=True)
class ListSpec:
    """Where the elements of a list (or a single object) of the FinancialEvents model go.

    Attributes:
        table: Key of `TABLES`.
        kind: Value of the table's `kind_column`; None where it has none.
        adds_up: False where the amounts are already part of an amount of the event.
        shown_apart: Column of the reconciliation that shows the amounts once more, by themselves.
    """

    table: str
    kind: Optional[str] = None
    adds_up: bool = True
    shown_apart: Optional[str] = None


@dataclass(frozen=True)
class TableSpec:
    """A table of financial events, or of a list inside them.

    Attributes:
        doc: What a row is.
        text: Text columns, separated by white space.
        timestamp: Timestamp columns.
        bigint: Integer columns.
        money: Objects with CurrencyAmount and CurrencyCode; each makes two columns.
        adds_up: Those of `money` that are part of the payout; the others repeat or explain it.
        not_counted: Those of `money` of which no source says that they are part of the payout, with
            the column of the reconciliation that shows them.
        date: SP-API field with the time at which an event was posted.
        parent: Column with the `id` of the row that this one belongs to.
        kind_column: Column that distinguishes lists which share the table.
        link: Value of `linked_to` in the charges, fees and taxes of this table's rows.
        lists: SP-API fields whose elements have a table of their own.
    """

    doc: str
    text: str = ""
    timestamp: str = ""
    bigint: str = ""
    money: str = ""
    adds_up: Tuple[str, ...] = ()
    not_counted: Mapping[str, str] = field(default_factory=dict)
    date: str = "PostedDate"
    parent: Optional[str] = None
    kind_column: Optional[str] = None
    link: str = ""
    lists: Mapping[str, ListSpec] = field(default_factory=dict)

    def columns(self) -> TTableSchemaColumns:
        """Hints for all columns, so that they exist with their type even when empty."""
        keys = " ".join(name for name in (self.parent, self.kind_column) if name)
        columns = column_hints(
            text=f"id financial_event_group_id {GROUP_DAY} {keys} {self.text}"
            + "".join(f" {name}__currency_code" for name in self.money.split()),
            date="posted_day",
            timestamp=self.timestamp,
            bigint=self.bigint,
            decimal=" ".join(f"{name}__currency_amount" for name in self.money.split()),
        )
        for name in ("id", "financial_event_group_id", "posted_day"):
            columns[name]["nullable"] = False
        return window_columns(GROUP_DAY, columns)
