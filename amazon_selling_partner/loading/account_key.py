"""Whose a row is: every root table has the account's name, in every key by which rows are replaced.

Accounts that share a dataset share marketplaces, SKUs, windows, even order numbers. A resource
declares the keys that Amazon gives; the account is added here, for all resources alike.
"""

from typing import Any, Dict, List, Mapping, Sequence, Set, Union, cast

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema, TTableSchemaColumns
from dlt.extract import DltResource

from ..dlt_internals import (
    ItemStep,
    TResourceHints,
    declared_hints,
    hints_meta,
    meta_hints,
    meta_variant,
    normalized_column_name,
    table_variants,
    with_meta,
)

ACCOUNT = "selling_partner"
"""Column with the name of the account, which is that of its schema."""

AMAZONS = f"amazon_{ACCOUNT}"
"""Where a field of Amazon's would be loaded that has the name of `ACCOUNT`; none has it today."""

COLUMN: TColumnSchema = {"name": ACCOUNT, "data_type": "text", "nullable": False}

Row = Dict[str, Any]


def current_account() -> str:
    """The name of the account that is being loaded."""
    return str(dlt.current.source_schema().name)


def add_account_key(resource: DltResource, account: str) -> None:
    """Adds the account's name to all rows of a resource, and to the keys of all its tables.

    Args:
        resource: With static hints; those that it yields with its rows are changed as they come.
        account: Name of the account.
    """
    for table in ("", *table_variants(resource)):
        hints = add_to_hints(declared_hints(resource, table) or {}, account)
        target: Dict[str, Any] = {"create_table_variant": bool(table)}
        if table:
            target["table_name"] = table
        # removed first, because columns are added to those that are there
        resource.apply_hints(columns={}, **target)
        resource.apply_hints(
            columns=hints["columns"],
            primary_key=hints.get("primary_key"),
            merge_key=hints.get("merge_key"),
            write_disposition=hints.get("write_disposition"),
            **target,
        )
    resource.add_step(AccountStep(account))


def add_to_hints(hints: TResourceHints, account: str) -> TResourceHints:
    """A copy of a root table's hints with the account as first column, in every key it has."""
    changed: Any = dict(hints)
    columns = cast(TTableSchemaColumns, hints.get("columns") or {})
    changed["columns"] = changed["original_columns"] = {
        ACCOUNT: {**columns.get(ACCOUNT, {}), **COLUMN},
        **{name: column for name, column in columns.items() if name != ACCOUNT},
    }
    for kind in ("primary_key", "merge_key"):
        if key := _names(changed.get(kind)):
            changed[kind] = [ACCOUNT, *(name for name in key if name != ACCOUNT)]
    disposition = changed.get("write_disposition")
    if isinstance(disposition, Mapping) and (scope := disposition.get("destination_scope")):
        # the name of a schema has no quotes
        narrowed = f"{ACCOUNT} = '{account}' AND {scope}"
        changed["write_disposition"] = {**disposition, "destination_scope": narrowed}
    return cast(TResourceHints, changed)


def _names(key: Union[None, str, Sequence[str]]) -> List[str]:
    return [key] if isinstance(key, str) and key else list(key or ())


class AccountStep(ItemStep):
    """Adds the account's name to the rows that a resource yields: dicts and Arrow tables.

    Args:
        account: Name of the account.
    """

    def __init__(self, account: str) -> None:
        super().__init__()
        self._account = account
        self._known: Set[str] = set()

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """A page of rows, or an Arrow table, with the account's name.

        Args:
            items: As the resource yields them.
            meta: Their table or its hints.
        """
        if hints := meta_hints(meta):
            changed = add_to_hints(hints, self._account)
            meta = hints_meta(changed, meta_variant(meta) is not None)
        if isinstance(items, list):
            # an empty one may be one of dlt's that creates a table
            items = [self._add(item) for item in items] if items else items
        else:
            items = self._add(items)
        return with_meta(meta, items)

    def _add(self, item: Any) -> Any:
        if isinstance(item, dict):
            return self._add_to_row(item)
        if isinstance(item, pa.RecordBatch):
            item = pa.Table.from_batches([item])
        return self._add_to_table(item) if isinstance(item, pa.Table) else item

    def _add_to_row(self, row: Row) -> Row:
        for name in self._taken(row):
            if row[name] != self._account:
                row = {AMAZONS if key == name else key: value for key, value in row.items()}
        return {ACCOUNT: self._account, **row}

    def _add_to_table(self, data: pa.Table) -> pa.Table:
        if taken := self._taken(data.column_names):
            names = [AMAZONS if name in taken else name for name in data.column_names]
            data = data.rename_columns(names)
        names = pa.repeat(pa.scalar(self._account, pa.string()), data.num_rows)
        return data.add_column(0, pa.field(ACCOUNT, pa.string(), nullable=False), names)

    def _taken(self, names: Any) -> Set[str]:
        """Fields that would be loaded as `ACCOUNT`."""
        if self._known.issuperset(names):
            return set()
        new = set(names) - self._known
        schema = dlt.current.source_schema()
        taken = {name for name in new if normalized_column_name(schema, name) == ACCOUNT}
        self._known |= new - taken
        return taken
