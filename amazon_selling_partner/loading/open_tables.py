"""Delta and Iceberg tables in a folder or a bucket, whose rows are replaced as in a database.

dlt itself merges such tables with `upsert` only: it deletes no window, keeps the rows of a list
that became shorter, inserts the delete markers of the first load, and deletes nothing in Iceberg.
Here one job loads a table with all tables nested in it: it deletes what is replaced and inserts the
new rows, in one transaction per table. It may be repeated: nested tables come before their root
table, which knows until then which rows are replaced.
"""

import warnings
from collections import defaultdict
from functools import reduce
from importlib import import_module
from operator import and_
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Type

import dlt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from dlt.common.destination.exceptions import DestinationUndefinedEntity
from dlt.common.schema.utils import get_columns_names_with_prop, get_nested_tables
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations.impl.filesystem.filesystem import FilesystemClient, ReferenceFollowupJob
from dlt.destinations.job_impl import ReferenceFollowupJobRequest

from .account_key import ACCOUNT
from .replacement import WINDOW

# pyiceberg's, where no row is replaced
warnings.filterwarnings("ignore", "Delete operation did not match any records")

FORMATS = ("delta", "iceberg")

ROW_ID = "_dlt_id"

REPLACED = "_replaced"
"""Column of what is merged: the row names what is deleted, and is not inserted."""


def use_open_tables(destination: dlt.destinations.filesystem, table_format: str) -> None:
    """Lets a filesystem destination load all tables in a format.

    Args:
        destination: Of the pipeline; it is changed.
        table_format: One of `FORMATS`.
    """
    destination.__class__ = _DESTINATIONS[table_format]
    destination.caps_params["supported_merge_strategies"] = ["delete-insert"]
    destination.caps_params["merge_strategies_selector"] = _select_strategies


def _select_strategies(strategies: Sequence[Any], /, *, table_schema: Any) -> Sequence[Any]:
    return strategies


class _Job(ReferenceFollowupJob):
    """Replaces the rows of a root table and of those nested in it."""

    def run(self) -> None:
        """Called by dlt in a worker."""
        files: Dict[str, List[str]] = defaultdict(list)
        for path in self.file_paths:
            files[ParsedLoadJobFileName.parse(Path(path).name).table_name].append(path)
        client: Any = self._job_client
        root: Any = self._load_table
        staged = _read(files[root["name"]])
        key = get_columns_names_with_prop(root, "primary_key")
        window = get_columns_names_with_prop(root, WINDOW)
        names = [ACCOUNT, *window] if window else key
        rows = _live_rows(root, _deduplicated(staged, key))
        replaced = _distinct(staged, names)
        store = client.open_table(root["name"])
        for table in get_nested_tables(client.schema.tables, root["name"])[1:]:
            name = str(table["name"])
            # a table that is declared and has no rows yet has no columns that link it
            if name in files or client.has_table(name):
                link = _link(table)
                # the children of rows that are replaced, and those of a try before this one
                ids = {*store.values_of(ROW_ID, replaced), *staged[ROW_ID].to_pylist()}
                new = _read(files[name]) if name in files else None
                if new is not None:
                    new = new.filter(pc.is_in(new[link], value_set=rows[ROW_ID].combine_chunks()))
                client.open_table(name).replace(pa.table({link: pa.array(sorted(ids))}), new)
        store.replace(replaced, rows)


def _replaces(table: Any) -> bool:
    """False for a root table of others whose rows are only added."""
    is_open = table.get("table_format") and table["write_disposition"] == "merge"
    return bool(is_open and get_columns_names_with_prop(table, "primary_key"))


def _link(table: Any) -> str:
    """The column of a nested table with the id of its root row."""
    names = [
        name
        for hint in ("root_key", "parent_key")
        for name in get_columns_names_with_prop(table, hint)
    ]
    return str(names[0])


def _read(paths: Sequence[str]) -> pa.Table:
    """The rows of files, of which later ones may have more columns."""
    return pa.concat_tables(map(pq.read_table, paths), promote_options="permissive")


def _distinct(data: pa.Table, names: Sequence[str]) -> pa.Table:
    return data.select(list(names)).group_by(list(names)).aggregate([])


def _deduplicated(data: pa.Table, key: Sequence[str]) -> pa.Table:
    """The last row of each key."""
    indexed = data.select(key).append_column("_row", pa.array(range(data.num_rows), pa.int64()))
    last = indexed.group_by(list(key)).aggregate([("_row", "max")])["_row_max"]
    return data.take(last.take(pc.sort_indices(last)))


def _live_rows(table: Any, data: pa.Table) -> pa.Table:
    """The rows without delete markers."""
    for name in get_columns_names_with_prop(table, "hard_delete"):
        if name in data.column_names:
            column = data[name]
            is_marker = column if pa.types.is_boolean(column.type) else pc.is_valid(column)
            data = data.filter(pc.invert(pc.fill_null(is_marker, False)))
    return data


class _Table:
    """A table in a format.

    Args:
        client: Of the destination.
        name: The table, which may not exist yet.
    """

    table_format = ""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name
        self.table: Any = None
        try:
            self.table = client.load_open_table(self.table_format, name)
        except DestinationUndefinedEntity:
            pass

    def values_of(self, column: str, keys: pa.Table) -> List[Any]:
        """The values of a text in the rows that have the values of one of the keys."""
        raise NotImplementedError

    def columns(self) -> List[str]:
        """The names of its columns."""
        raise NotImplementedError

    def read(self, wanted: Mapping[str, Sequence[Any]], columns: Sequence[str]) -> pa.Table:
        """The columns of the rows that have one of the wanted values each."""
        raise NotImplementedError

    def replace(self, keys: pa.Table, rows: Optional[pa.Table]) -> None:
        """Deletes the rows that have the values of one of the keys, and inserts others."""
        raise NotImplementedError


class _Delta(_Table):
    table_format = "delta"

    def values_of(self, column: str, keys: pa.Table) -> List[Any]:
        if self.table is None:
            return []
        names = keys.column_names
        columns = list(dict.fromkeys([column, *names]))
        values: List[Any] = []
        keys = pa.table({name: keys[name].cast(pa.string()) for name in names})
        for batch in self.table.to_pyarrow_dataset().to_batches(columns=columns):
            found = pa.table({name: batch[name].cast(pa.string()) for name in columns})
            values += found.join(keys, names, join_type="left semi")[column].to_pylist()
        return values

    def columns(self) -> List[str]:
        return list(self.table.to_pyarrow_dataset().schema.names)

    def read(self, wanted: Mapping[str, Sequence[Any]], columns: Sequence[str]) -> pa.Table:
        # deltalake's own text type, which it has in its statistics, cannot be compared
        texts = {name: pc.field(name).cast(pa.string()) for name in wanted}
        condition = reduce(and_, (texts[name].isin(wanted[name]) for name in wanted))
        return self.table.to_pyarrow_dataset().to_table(columns=list(columns), filter=condition)

    def replace(self, keys: pa.Table, rows: Optional[pa.Table]) -> None:
        # only here, as others have no deltalake
        from dlt.common.libs.deltalake import (  # noqa: PLC0415
            deltalake_storage_options,
            ensure_delta_compatible_arrow_data,
            evolve_delta_table_schema,
            write_delta_table,
        )

        config = self.client.config
        if self.table is None:
            if rows is not None:
                write_delta_table(
                    self.client.get_open_table_location("delta", self.name),
                    rows,
                    "append",
                    storage_options=deltalake_storage_options(
                        config.credentials, config.deltalake_storage_options
                    ),
                    configuration=config.deltalake_configuration,
                )
            return
        names = keys.column_names
        changes = keys.append_column(REPLACED, pa.array([True] * keys.num_rows, pa.bool_()))
        if rows is not None:
            rows = ensure_delta_compatible_arrow_data(rows)
            evolve_delta_table_schema(self.table, rows.schema)
            new = rows.append_column(REPLACED, pa.array([False] * rows.num_rows, pa.bool_()))
            changes = pa.concat_tables([new, changes], promote_options="permissive")
            # rows that name what is deleted lack the other columns
            changes = changes.cast(pa.schema([f.with_nullable(True) for f in changes.schema]))
        same = " AND ".join(f"target.{name} = source.{name}" for name in names)
        merge = self.table.merge(changes, f"source.{REPLACED} AND {same}", "source", "target")
        merge = merge.when_matched_delete()
        if rows is not None:
            columns = {name: f"source.{name}" for name in rows.column_names}
            merge = merge.when_not_matched_insert(columns, predicate=f"NOT source.{REPLACED}")
        merge.execute()


class _Iceberg(_Table):
    table_format = "iceberg"

    def values_of(self, column: str, keys: pa.Table) -> List[Any]:
        if self.table is None:
            return []
        scan = self.table.scan(row_filter=_filter(keys), selected_fields=(column,))
        values: List[Any] = scan.to_arrow()[column].to_pylist()
        return values

    def columns(self) -> List[str]:
        return [field.name for field in self.table.schema().fields]

    def read(self, wanted: Mapping[str, Sequence[Any]], columns: Sequence[str]) -> pa.Table:
        made: Any = import_module("pyiceberg.expressions")
        condition = reduce(made.And, (made.In(name, set(wanted[name])) for name in wanted))
        return self.table.scan(row_filter=condition, selected_fields=tuple(columns)).to_arrow()

    def replace(self, keys: pa.Table, rows: Optional[pa.Table]) -> None:
        # only here, as others have no pyiceberg
        from dlt.common.libs.pyiceberg import (  # noqa: PLC0415
            create_table,
            ensure_iceberg_compatible_arrow_data,
        )

        if rows is not None:
            rows = ensure_iceberg_compatible_arrow_data(rows)
        if self.table is None:
            if rows is None:
                return
            create_table(
                self.client.get_open_table_catalog("iceberg"),
                f"{self.client.dataset_name}.{self.name}",
                table_location=self.client.get_open_table_location("iceberg", self.name),
                schema=rows.schema,
                properties=self.client.config.iceberg_table_properties,
            )
            self.table = self.client.load_open_table("iceberg", self.name, schema=rows.schema)
        if rows is not None:
            with self.table.update_schema() as update:
                update.union_by_name(rows.schema)
        with self.table.transaction() as transaction:
            if keys.num_rows:
                transaction.delete(_filter(keys))
            if rows is not None and rows.num_rows:
                transaction.append(rows)


def _filter(keys: pa.Table) -> Any:
    """A condition for rows that have the values of one of the keys."""
    made: Any = import_module("pyiceberg.expressions")
    # most keys differ in one column: it makes one list for each value of the others
    *others, last = sorted(keys.column_names, key=lambda name: len(pc.unique(keys[name])))
    values: Dict[Tuple[Any, ...], Set[Any]] = defaultdict(set)
    for row in keys.to_pylist():
        values[tuple(row[name] for name in others)].add(row[last])
    conditions = []
    for key, found in values.items():
        condition = made.In(last, found)
        for name, value in zip(others, key):
            condition = made.And(made.EqualTo(name, value), condition)
        conditions.append(condition)
    return made.Or(*conditions) if len(conditions) > 1 else [*conditions, made.AlwaysFalse()][0]


class _Client(FilesystemClient):
    """dlt's client, with a job of its own for each root table."""

    table_class: Type[_Table]

    def prepare_load_table(self, table_name: str) -> Any:
        """The table as it is loaded."""
        table: Any = super().prepare_load_table(table_name)
        table.pop("x-merge-source-filter", None)
        if not self.is_dlt_table(table_name):
            table["table_format"] = self.table_class.table_format
        return table

    def get_load_job_class(self, table: Any, file_path: str) -> Any:
        """The class of a job."""
        found = super().get_load_job_class(table, file_path)
        is_reference = ReferenceFollowupJobRequest.is_reference_job(file_path)
        return _Job if is_reference and _replaces(table) else found

    def get_reference_followup_job_requests(self, table_chain: Any, completed: Any) -> Any:
        """One job for a root table and those nested in it, with the name of the root table."""
        if not _replaces(table_chain[0]):
            return super().get_reference_followup_job_requests(table_chain, completed)
        names = [table["name"] for table in table_chain]
        jobs = [job for job in completed if job.job_file_info.table_name in names]
        jobs.sort(key=lambda job: names.index(job.job_file_info.table_name))
        paths = [job.file_path for job in jobs]
        return [ReferenceFollowupJobRequest(Path(paths[0]).name, paths)]

    def open_table(self, name: str) -> _Table:
        """A table to be changed."""
        return self.table_class(self, name)

    def has_table(self, name: str) -> bool:
        """True for a table that exists."""
        return self.open_table(name).table is not None


class _DeltaClient(_Client):
    table_class = _Delta


class _IcebergClient(_Client):
    table_class = _Iceberg


class _DeltaFiles(dlt.destinations.filesystem):
    client_class = _DeltaClient
    destination_type = "dlt.destinations.filesystem"


class _IcebergFiles(dlt.destinations.filesystem):
    client_class = _IcebergClient
    destination_type = "dlt.destinations.filesystem"


_DESTINATIONS: Dict[str, Any] = {"delta": _DeltaFiles, "iceberg": _IcebergFiles}
