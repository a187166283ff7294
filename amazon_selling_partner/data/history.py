"""History mode: every version of a row stays, with the time from which and until which it was so.

dlt's `scd2` keeps versions in `_dlt_valid_from` and `_dlt_valid_to`, which is NULL in the version
that is valid. It knows a version by a hash of the row, takes what a load does not have as deleted,
and takes all rows of a load as different. Here a load has the rows that changed, some of them
twice, and some with a time at which they were asked for. So versions get their hash here, only
rows whose key a load has can be retired by it, and of a key that comes twice the last version wins.
"""

import hashlib
from typing import Any, Dict, List, Optional, Sequence, Set

import dlt
from dlt.common import json, pendulum
from dlt.common.schema.typing import TTableSchema
from dlt.common.schema.utils import has_table_seen_data
from dlt.pipeline.exceptions import PipelineNotActive

from ..client.errors import ConfigurationError
from ..sync.deletes import VALID_TO

VALID_FROM = "_dlt_valid_from"

ASIDE = ("retrieved_at",)
"""Columns that say when Amazon was asked: a row that differs in them alone is no new version."""

BEGINNING = pendulum.datetime(2000, 1, 1)
"""In rows on their way `_dlt_valid_from` only counts them, and is never in the destination."""


class Versions:
    """The versions of the rows of one table that a run loads.

    Args:
        table (str): The table.
    """

    def __init__(self, table: str) -> None:
        self._table = table
        self._last: Dict[bytes, str] = {}
        self._seen: Set[str] = set()
        self._count = 0

    def version(self, row: Dict[str, Any], key: Sequence[Any]) -> Optional[Dict[str, Any]]:
        """A row as a version of its own.

        Args:
            row (Dict[str, Any]): As it is loaded, with what is nested in it.
            key (Sequence[Any]): Its key.

        Returns:
            Optional[Dict[str, Any]]: The row with its hash as `_dlt_id`; None if this version has
                come last in this run too.
        """
        content = {name: value for name, value in row.items() if name not in ASIDE}
        id = _digest([self._table, content]).hex()
        hashed_key = _digest(list(key))
        if self._last.get(hashed_key) == id:
            return None
        self._last[hashed_key] = id
        if id in self._seen:
            # back to what it was within one run: rows nested in it must not come twice
            id = _digest([id, self._count]).hex()
        self._seen.add(id)
        return {**row, "_dlt_id": id, VALID_FROM: self._next()}

    def retired(self, row: Dict[str, Any], key: Sequence[Any]) -> Dict[str, Any]:
        """What ends the validity of a row without a new version.

        Args:
            row (Dict[str, Any]): Its key columns.
            key (Sequence[Any]): Their values.
        """
        self._last.pop(_digest(list(key)), None)
        at = self._next()
        return {**row, "_dlt_id": _digest([self._table, self._count, *key]).hex(), **_both(at)}

    def _next(self) -> pendulum.DateTime:
        self._count += 1
        return BEGINNING.add(microseconds=self._count)


def _both(at: pendulum.DateTime) -> Dict[str, Any]:
    return {VALID_FROM: at, VALID_TO: at}


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(json.dumpb(value, sort_keys=True), digest_size=16).digest()


def write_disposition(table: str, key: Sequence[str]) -> Any:
    """How dlt keeps versions of a table of which a load has only some rows.

    Args:
        table (str): As it is named in the destination.
        key (Sequence[str]): Columns that tell its rows apart.

    Raises:
        ConfigurationError: The destination cannot keep versions.
    """
    try:
        pipeline = dlt.current.pipeline()
    except PipelineNotActive:
        return "merge"
    strategies = pipeline.destination.capabilities().supported_merge_strategies or ()
    if "scd2" not in strategies:
        raise ConfigurationError(
            f"history_mode names {table!r}, but {pipeline.destination.destination_name} cannot keep"
            " versions: use another destination, such as postgres."
        )
    schema = dlt.current.source_schema()
    named = (schema.name,) if schema.name in pipeline.schemas else ()
    with pipeline.sql_client(*named) as client:
        staging = client.get_qualified_table_names(table)[1]
        name = client.escape_column_name
    columns: List[str] = [name(column) for column in key]
    same = " AND ".join(f"s.{column} = {{table}}.{column}" for column in columns)
    newest = f"SELECT MAX({name(VALID_FROM)}) FROM {staging} GROUP BY {', '.join(columns)}"
    return {
        "disposition": "merge",
        "strategy": "scd2",
        # braces are dlt's placeholders
        "source_filter": f"{name(VALID_TO)} IS NULL AND {name(VALID_FROM)} IN ({newest})".replace(
            "{", "{{"
        ).replace("}", "}}"),
        "destination_scope": f"EXISTS (SELECT 1 FROM {{staging_table}} AS s WHERE {same})",
    }


def check_loaded(table: Optional[TTableSchema]) -> None:
    """Says when a table was loaded without history before.

    Raises:
        ConfigurationError: Its rows would stay valid beside their new versions.
    """
    if table and has_table_seen_data(table) and VALID_FROM not in table["columns"]:
        raise ConfigurationError(
            f"history_mode names {table['name']!r}, which is loaded without history already: load"
            " it anew with refresh = 'drop_resources'."
        )
