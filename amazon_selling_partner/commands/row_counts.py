"""How many rows the tables of an account have, counted in the destination."""

from typing import Any, Dict, Iterable, List, Mapping, Set

import dlt
from dlt.common.schema.utils import is_nested_table
from dlt.destinations.job_client_impl import SqlJobClientBase

from ..dlt_internals import LOAD_ID, LoadListener
from ..loading.account_key import ACCOUNT
from ..loading.item_store import TABLE as SYNC_ITEM
from ..loading.summary import TableCount

_counters: Dict[str, "RowCounter"] = {}
"""By the name of the pipeline, those that count what it loads."""

TABLES_PER_QUERY = 50


class RowCounter:
    """Counts the rows of the tables that a pipeline loads, before and after it loads them.

    Args:
        account: Whose rows are counted.
    """

    def __init__(self, pipeline: dlt.Pipeline, account: str) -> None:
        self._pipeline = pipeline
        self._account = account
        self._before: Dict[str, int] = {}
        self._load_ids: Set[str] = set()
        _counters[pipeline.pipeline_name] = self
        LoadListener.add("row counts", account, _before_load, lambda pipeline: None)

    def before_load(self) -> None:
        """Counts the rows of the tables that are about to be loaded, each once."""
        tables: Set[str] = set()
        for load_id in self._pipeline.list_normalized_load_packages():
            self._load_ids.add(load_id)
            jobs = self._pipeline.get_load_package_info(load_id).jobs["new_jobs"]
            tables |= {job.job_file_info.table_name for job in jobs}
        unknown = tables & set(root_tables(self._pipeline)) - set(self._before)
        found = count_rows(self._pipeline, self._account, unknown)
        self._before.update({name: found[name].now if name in found else 0 for name in unknown})

    def take(self) -> Dict[str, TableCount]:
        """The tables that were loaded since the last call; none where rows cannot be counted."""
        before, load_ids = self._before, self._load_ids
        self._before, self._load_ids = {}, set()
        found = count_rows(self._pipeline, self._account, before, load_ids)
        return {name: count._replace(before=before[name]) for name, count in found.items()}


def _before_load(pipeline: dlt.Pipeline) -> None:
    if counter := _counters.get(pipeline.pipeline_name):
        counter.before_load()


def root_tables(pipeline: dlt.Pipeline) -> List[str]:
    """The tables of a pipeline that have the account in their rows, for queries."""
    return [
        str(table["name"])
        for table in pipeline.default_schema.data_tables()
        if not is_nested_table(table) and table["name"] != SYNC_ITEM
    ]


def count_rows(
    pipeline: dlt.Pipeline, account: str, tables: Iterable[str], load_ids: Iterable[str] = ()
) -> Dict[str, TableCount]:
    """Counts an account's rows by table, those that exist; none where there is no SQL.

    Args:
        load_ids: Of the packages whose rows are counted as loaded.
    """
    with pipeline.destination_client() as client:
        if not isinstance(client, SqlJobClientBase):
            return {}
        existing: Dict[str, Mapping[str, Any]] = {
            name: columns for name, columns in client.get_storage_tables(sorted(tables)) if columns
        }
        sql: Any = client.sql_client
        names, found = list(existing), {}
        for first in range(0, len(names), TABLES_PER_QUERY):
            parts = [
                _query(sql, name, existing[name], account, sorted(load_ids))
                for name in names[first : first + TABLES_PER_QUERY]
            ]
            for name, now, loaded in sql.execute_sql(" UNION ALL ".join(parts)):
                found[name] = TableCount(0, now, loaded)
        return found


def _query(
    sql: Any, table: str, columns: Mapping[str, Any], account: str, load_ids: List[str]
) -> str:
    """The statement that counts the rows of a table. Names and load ids are dlt's own."""
    known = {name.lower() for name in columns}
    load_id = sql.escape_column_name(LOAD_ID)
    listed = ", ".join(f"'{id}'" for id in load_ids)
    loaded = f"count(CASE WHEN {load_id} IN ({listed}) THEN 1 END)" if listed else "0"
    if LOAD_ID not in known:
        loaded = "0"
    of_account = f" WHERE {sql.escape_column_name(ACCOUNT)} = '{account}'"
    return f"SELECT '{table}', count(*), {loaded} FROM {sql.make_qualified_table_name(table)}" + (
        of_account if ACCOUNT in known else ""
    )
