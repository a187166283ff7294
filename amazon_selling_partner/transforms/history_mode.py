"""History mode: every version of a row is kept, with the times from which and until it was valid.

dlt's `scd2` keeps versions in `_dlt_valid_from` and `_dlt_valid_to`, which is NULL in the valid
version. It identifies a version by a hash of the row, takes a row that is absent from a load as
deleted, and loads all rows of a load as different versions. Here a load has only the rows that
changed, some of them twice, and some with the time at which they were retrieved. So versions get
their hash here, a load closes only versions of keys it has, and of a key that comes twice the last
version wins.
"""

from typing import Any, Dict, List, Optional, Sequence, Set

import dlt
from dlt.common import pendulum
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import has_table_seen_data

from ..client.errors import ConfigurationError
from ..common.content_hash import hash_ordered
from ..dlt_internals import active_pipeline
from ..loading.tombstones import VALID_TO

VALID_FROM = "_dlt_valid_from"

IGNORED_COLUMNS = ("retrieved_at",)
"""Times of requests: a row that differs in them alone is no new version."""

SEQUENCE_START = pendulum.datetime(2000, 1, 1)
"""In staged rows `_dlt_valid_from` only counts them; the destination never has these values."""


class Versions:
    """The versions of one table's rows in one run."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._last: Dict[bytes, str] = {}
        self._ids: Set[str] = set()
        self._count = 0

    def new_version(self, row: Dict[str, Any], key: Sequence[Any]) -> Optional[Dict[str, Any]]:
        """A row, with what is nested in it, as a version.

        Returns:
            The row with its hash as `_dlt_id`; None if the same version came last in this run.
        """
        content = {name: value for name, value in row.items() if name not in IGNORED_COLUMNS}
        id = hash_ordered([self._table, content]).hex()
        hashed_key = hash_ordered(list(key))
        if self._last.get(hashed_key) == id:
            return None
        self._last[hashed_key] = id
        if id in self._ids:
            # the same content as an earlier version of this run: its nested rows need other ids
            id = hash_ordered([id, self._count]).hex()
        self._ids.add(id)
        return {**row, "_dlt_id": id, VALID_FROM: self._next_in_sequence()}

    def close_version(self, row: Dict[str, Any], key: Sequence[Any]) -> Dict[str, Any]:
        """The row that ends the validity of a key's version without a new one.

        Args:
            row: The key columns.
            key: Their values.
        """
        self._last.pop(hash_ordered(list(key)), None)
        position = self._next_in_sequence()
        id = hash_ordered([self._table, self._count, *key]).hex()
        return {**row, "_dlt_id": id, VALID_FROM: position, VALID_TO: position}

    def _next_in_sequence(self) -> pendulum.DateTime:
        self._count += 1
        return SEQUENCE_START.add(microseconds=self._count)


def write_disposition(table: str, key: Sequence[str]) -> Any:
    """How dlt keeps versions of a table of which a load has only some rows.

    Args:
        table: As it is named in the destination.
        key: Columns that identify its rows.

    Raises:
        ConfigurationError: The destination cannot keep versions.
    """
    pipeline = active_pipeline()
    if pipeline is None or not pipeline.destination:
        return "merge"
    destination = pipeline.destination
    strategies = destination.capabilities().supported_merge_strategies or ()
    # in ClickHouse a filter of dlt's SQL has the new value of a column, and finds no row
    if "scd2" not in strategies or isinstance(destination, dlt.destinations.clickhouse):
        raise ConfigurationError(
            f"history_mode names {table!r}, but {destination.destination_name} cannot keep"
            " versions: use another destination, such as postgres."
        )
    schema = dlt.current.source_schema()
    schema_name = (schema.name,) if schema.name in pipeline.schemas else ()
    with pipeline.sql_client(*schema_name) as client:
        staging = client.get_qualified_table_names(table)[1]
        escape = client.escape_column_name
    columns: List[str] = [escape(column) for column in key]
    same_key = " AND ".join(f"s.{column} = {{table}}.{column}" for column in columns)
    newest = f"SELECT MAX({escape(VALID_FROM)}) FROM {staging} GROUP BY {', '.join(columns)}"
    source_filter = f"{escape(VALID_TO)} IS NULL AND {escape(VALID_FROM)} IN ({newest})"
    return {
        "disposition": "merge",
        "strategy": "scd2",
        # braces are dlt's placeholders
        "source_filter": source_filter.replace("{", "{{").replace("}", "}}"),
        "destination_scope": f"EXISTS (SELECT 1 FROM {{staging_table}} AS s WHERE {same_key})",
    }


def validate_loaded(table: Optional[TTableSchema]) -> None:
    """Checks that a table was not loaded without history before.

    Raises:
        ConfigurationError: It was, so its rows would stay valid beside their new versions.
    """
    if table and has_table_seen_data(table) and VALID_FROM not in table["columns"]:
        raise ConfigurationError(
            f"history_mode names {table['name']!r}, which is already loaded without history:"
            " reload it with refresh = 'drop_resources'."
        )
