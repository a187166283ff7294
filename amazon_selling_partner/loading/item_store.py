"""What tables keep from run to run for each product, order or package: `sync_item`.

dlt writes its state completely whenever a part of it changes, so what grows with the account is
kept apart: in a table of the dataset, into which a run writes the items that it changed, and in a
file beside the pipeline, so that it is read by key. The state has the version of both. A file of
another version is that of a run that did not end, or there is none, as on another machine: it is
restored from the table.
"""

import base64
import json
import secrets
import sqlite3
import threading
import zlib
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import (
    Any,
    Dict,
    ItemsView,
    Iterable,
    Iterator,
    List,
    Mapping,
    MutableMapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    ValuesView,
)

import dlt
import pyarrow as pa
from dlt.common import logger
from dlt.extract import DltResource

from ..common.column_hints import columns
from ..dlt_internals import (
    LOAD_ID,
    AlwaysSelected,
    active_pipeline,
    add_load_id,
    others_have_ended,
)
from .account_key import ACCOUNT, current_account
from .context import RunContext, account_file, working_file
from .loaded_rows import open_destination, open_rows
from .sync_run import TABLE as SYNC_RUN

TABLE = "sync_item"

HINTS = dlt.mark.make_hints(
    table_name=TABLE,
    primary_key=("pipeline_name", "collection", "item"),
    write_disposition="merge",
    columns={
        **columns(text="pipeline_name collection item value"),
        "deleted": {"data_type": "bool", "hard_delete": True},
    },
)

COLUMNS = ("pipeline_name", "collection", "item", "value", "deleted")

READ = ("collection", "item", "value", "deleted", LOAD_ID)
"""Columns that are read from the table."""

VERSION = ("", "version")
"""Collection and item with the version of all others."""

STATE_VERSION = "items_version"
"""Key of the source's state: the version of the items that belongs to it."""

KEPT = "items"
"""Key of a state: collections of it that are kept as items. Without it they are forgotten."""

EARLIER_NAMES = {"queried": "asked", "requested": "asked"}
"""What states of earlier versions call some collections."""

WRITTEN = "written"
"""Key of the state of `sync_item`; without it the table was dropped or truncated."""

FILE = ("items", ".sqlite")
"""Name of the file beside the pipeline."""

BATCH_SIZE = 10_000
"""Items that are written or read at once."""

LONGEST = 4_000
"""Characters of a value that is written as it is; many destinations limit a text to 64 KB."""

COMPRESSED = "zlib:"
"""How the text of a longer value begins; no JSON begins so."""

TABLES = """
    CREATE TABLE IF NOT EXISTS items (
        collection TEXT NOT NULL, item TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (collection, item)
    ) WITHOUT ROWID;
    CREATE TEMP TABLE changed (
        collection TEXT NOT NULL, item TEXT NOT NULL, PRIMARY KEY (collection, item)
    ) WITHOUT ROWID;
"""

_open_stores: Dict[Path, "ItemStore"] = {}
"""Stores of this process by their file, so that one left open by a failed run is closed."""


class ItemStore:
    """The items of one account; shared by all tables and threads of a run.

    What a run changes is kept only if it ends: until then the next one finds what was there before.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._connection: Optional[sqlite3.Connection] = None
        self._path: Optional[Path] = None
        self._collections: Dict[str, Items] = {}
        self._is_current = True

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Executes a statement in the file; its table is `items`, with values as JSON."""
        with self.lock:
            if self._connection is None:
                self._open()
            assert self._connection
            return self._connection.execute(statement, values)

    def get(self, collection: str, item: str) -> Optional[str]:
        """The JSON of an item, None where there is none."""
        with self.lock:
            statement = "SELECT value FROM items WHERE collection = ? AND item = ?"
            row = self.execute(statement, (collection, item)).fetchone()
            return str(row[0]) if row else None

    def put(self, collection: str, item: str, value: str) -> None:
        """Sets the JSON of an item."""
        with self.lock:
            self.execute("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", (collection, item, value))
            self.execute("INSERT OR IGNORE INTO changed VALUES (?, ?)", (collection, item))

    def delete(self, collection: str, item: str) -> None:
        """Deletes an item, if it is there."""
        with self.lock:
            key = (collection, item)
            statement = "DELETE FROM items WHERE collection = ? AND item = ?"
            if self.execute(statement, key).rowcount:
                self.execute("INSERT OR IGNORE INTO changed VALUES (?, ?)", key)

    def adopt(
        self, collection: str, state: Dict[str, Any], name: str, from_state: Mapping[str, Any]
    ) -> None:
        """Begins to use a collection: a state that does not name it knows nothing of its items.

        Args:
            collection: Its items are deleted unless the state names it.
            state: Of the resource, or the source.
            name: Of the collection in the state.
            from_state: Items that an earlier version of this source kept in the state.
        """
        with self.lock:
            if name not in state.get(KEPT, ()):
                self._forget("collection = ?", (collection,))
                state[KEPT] = [*state.get(KEPT, ()), name]
            for item, value in from_state.items():
                self.put(collection, item, to_text(value))

    def collection(self, name: str) -> "Items":
        """A collection of the current resource: what it keeps of each item under a name."""
        state = dlt.current.resource_state()
        from_state: Dict[str, Any] = {}
        for key in state_keys(name):
            kept = state.pop(key, {})
            from_state.update(kept if isinstance(kept, dict) else dict.fromkeys(kept, True))
        return self.items(f"{dlt.current.resource().name} {name}", state, name, from_state)

    def items(
        self, collection: str, state: Dict[str, Any], name: str, from_state: Mapping[str, Any]
    ) -> "Items":
        """A collection as a mapping; the arguments are those of `adopt`."""
        with self.lock:
            if collection not in self._collections:
                self.adopt(collection, state, name, from_state)
                self._collections[collection] = Items(self, collection)
            return self._collections[collection]

    def commit(self) -> Iterator[pa.Table]:
        """The rows of all items that changed; the file has them once the last was taken."""
        with self.lock:
            for items in self._collections.values():
                items.save()
            if self._connection is None:
                return
            with closing(self):
                if self.execute("SELECT 1 FROM changed").fetchone():
                    version = secrets.token_hex(8)
                    self.put(*VERSION, json.dumps(version))
                    yield from self._changes()
                    dlt.current.source_state()[STATE_VERSION] = version
                    dlt.current.resource_state(TABLE)[WRITTEN] = True
                if not self._is_current:
                    self.execute("DELETE FROM items WHERE collection = ? AND item = ?", VERSION)
                self._connection.commit()

    def close(self) -> None:
        """Closes the file, without what was not committed."""
        with self.lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            if self._path:
                _open_stores.pop(self._path, None)

    def _changes(self) -> Iterator[pa.Table]:
        changed = self.execute(
            "SELECT changed.collection, changed.item, value FROM changed LEFT JOIN items"
            " ON items.collection = changed.collection AND items.item = changed.item"
        )
        pipeline_name = _pipeline_name()
        while rows := changed.fetchmany(BATCH_SIZE):
            collections, items, values = zip(*rows)
            names = [pipeline_name] * len(rows)
            deleted = [value is None for value in values]
            data = [names, collections, items, values, deleted]
            yield pa.table(dict(zip(COLUMNS, data)), schema=_schema())

    def _open(self) -> None:
        self._path = working_file(*FILE)
        if self._path and (other := _open_stores.get(self._path)):
            other.close()
        version = dlt.current.source_state().get(STATE_VERSION)
        try:
            self._connect()
            is_same = version is not None and self.get(*VERSION) == json.dumps(version)
        except sqlite3.OperationalError:
            # another process has it
            raise
        except sqlite3.DatabaseError as error:
            logger.warning(f"{self._path} cannot be read and is restored: {error}")
            self.close()
            assert self._path
            self._path.unlink()
            self._connect()
            is_same = False
        if not is_same:
            self._restore(version)
        if version is not None and WRITTEN not in dlt.current.resource_state(TABLE):
            self.execute("INSERT OR IGNORE INTO changed SELECT collection, item FROM items")

    def _connect(self) -> None:
        # threads take turns by the lock
        self._connection = sqlite3.connect(self._path or ":memory:", check_same_thread=False)
        self._connection.executescript(TABLES)
        if self._path:
            _open_stores[self._path] = self

    def _restore(self, version: Optional[str]) -> None:
        """Restores the file from the table; items that belong to no state are deleted in both."""
        assert self._connection
        self.execute("DELETE FROM items")
        can_read = self._read_table()
        if version is None:
            self._forget("TRUE")
        elif can_read:
            # otherwise what an earlier run extracted is still to be loaded
            self._is_current = self.get(*VERSION) == json.dumps(version)
        if self._is_current:
            self._connection.commit()

    def _read_table(self) -> bool:
        """Reads the table into the file; False where the destination cannot be queried."""
        wanted = {ACCOUNT: [current_account()], "pipeline_name": [_pipeline_name()]}
        with open_destination() as loaded:
            if loaded is None:
                return False
            # all at once would be too much for the memory
            for name in loaded.distinct(TABLE, wanted, "collection"):
                self._insert(loaded.read(TABLE, {**wanted, "collection": [name]}, READ))
            return True

    def _insert(self, rows: Iterable[Sequence[Any]]) -> None:
        assert self._connection
        self._connection.executemany("INSERT INTO items VALUES (?, ?, ?)", _newest(rows))

    def _forget(self, condition: str, values: Sequence[Any] = ()) -> None:
        self.execute(
            f"INSERT OR IGNORE INTO changed SELECT collection, item FROM items WHERE {condition}",
            values,
        )
        self.execute(f"DELETE FROM items WHERE {condition}", values)


class Items(MutableMapping[str, Any]):
    """A collection of items that are JSON: a mapping whose values may be changed in place.

    Args:
        store: Of the run.
        collection: Its name there.
    """

    def __init__(self, store: ItemStore, collection: str) -> None:
        self._store = store
        self._collection = collection
        self._values: Dict[str, Any] = {}
        self._saved: Dict[str, str] = {}
        self._deleted: Set[str] = set()
        self._has_all = False

    def __getitem__(self, item: str) -> Any:
        """The value of an item."""
        with self._store.lock:
            if item not in self._values:
                is_known = self._has_all or item in self._deleted
                text = None if is_known else self._store.get(self._collection, item)
                if text is None:
                    raise KeyError(item)
                self._values[item], self._saved[item] = from_text(text), text
            return self._values[item]

    def __setitem__(self, item: str, value: Any) -> None:
        """Sets the value of an item."""
        with self._store.lock:
            self._values[item] = value
            self._deleted.discard(item)

    def __delitem__(self, item: str) -> None:
        """Deletes an item."""
        with self._store.lock:
            self[item]
            del self._values[item]
            self._saved.pop(item, None)
            self._deleted.add(item)

    def __iter__(self) -> Iterator[str]:
        """The items there are now."""
        with self._store.lock:
            self._read_all()
            return iter(list(self._values))

    def __len__(self) -> int:
        """The number of items."""
        with self._store.lock:
            self._read_all()
            return len(self._values)

    def items(self) -> ItemsView[str, Any]:
        """The items there are now, with their values."""
        with self._store.lock:
            self._read_all()
            return dict(self._values).items()

    def values(self) -> ValuesView[Any]:
        """The values there are now."""
        with self._store.lock:
            self._read_all()
            return dict(self._values).values()

    def pop(self, item: str, *default: Any) -> Any:
        """Takes an item out, in one thread only."""
        with self._store.lock:
            return super().pop(item, *default)

    def setdefault(self, item: str, default: Any = None) -> Any:
        """The value of an item, the same in all threads."""
        with self._store.lock:
            return super().setdefault(item, default)

    def take_all(self) -> Dict[str, Any]:
        """Takes all items out, in one thread only."""
        with self._store.lock:
            return {item: self.pop(item) for item in self}

    def save(self) -> None:
        """Writes what was changed into the store."""
        for item in self._deleted:
            self._store.delete(self._collection, item)
        for item, value in self._values.items():
            text = to_text(value)
            if text != (self._saved.get(item) or self._store.get(self._collection, item)):
                self._store.put(self._collection, item, text)

    def _read_all(self) -> None:
        if self._has_all:
            return
        statement = "SELECT item, value FROM items WHERE collection = ?"
        for item, text in self._store.execute(statement, (self._collection,)).fetchall():
            if item not in self._values and item not in self._deleted:
                self._values[item], self._saved[item] = from_text(text), text
        self._has_all = True


class StateWithItems(MutableMapping[str, Any]):
    """A state of which the keys that may grow are kept as items.

    Args:
        state: As dlt keeps it.
        items: What is kept apart of it.
        keys: Of `items`; all others are those of `state`.
    """

    def __init__(
        self, state: Dict[str, Any], items: MutableMapping[str, Any], keys: Sequence[str]
    ) -> None:
        self._state = state
        self._items = items
        self._keys = frozenset(keys)

    def __getitem__(self, key: str) -> Any:
        return self._part(key)[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._part(key)[key] = value

    def __delitem__(self, key: str) -> None:
        del self._part(key)[key]

    def __iter__(self) -> Iterator[str]:
        return chain(self._state, self._items)

    def __len__(self) -> int:
        return len(self._state) + len(self._items)

    def _part(self, key: str) -> MutableMapping[str, Any]:
        return self._items if key in self._keys else self._state


def to_text(value: Any) -> str:
    """The JSON of a value, compressed where it is long."""
    text = json.dumps(value)
    if len(text) <= LONGEST:
        return text
    return COMPRESSED + base64.b64encode(zlib.compress(text.encode())).decode()


def from_text(text: str) -> Any:
    """The value of what `to_text` gave."""
    if text.startswith(COMPRESSED):
        text = zlib.decompress(base64.b64decode(text.removeprefix(COMPRESSED))).decode()
    return json.loads(text)


def state_keys(name: str) -> Iterator[str]:
    """The keys under which states of earlier versions may have a collection, the oldest first."""
    if name in EARLIER_NAMES:
        yield EARLIER_NAMES[name]
    yield name


def store_of(context: RunContext) -> ItemStore:
    """The store that all tables of a run share."""
    return context.cached(ItemStore, ItemStore)


def items_of(context: RunContext, name: str) -> Items:
    """What the current resource keeps under a name: any JSON by item, also changed in place."""
    return store_of(context).collection(name)


def source_state_with_items(context: RunContext, name: str, keys: Sequence[str]) -> StateWithItems:
    """A part of the source's state, of which each of some keys is an item.

    Args:
        name: Of the part, and of the collection.
    """
    source: Dict[str, Any] = dlt.current.source_state()
    state = source.setdefault(name, {})
    from_state = {key: state.pop(key) for key in keys if key in state}
    return StateWithItems(state, store_of(context).items(name, source, name, from_state), keys)


def resource_state_with_items(
    context: RunContext, resource: str, path: Sequence[str], keys: Sequence[str]
) -> StateWithItems:
    """A resource's state, or a part of it, of which some keys are each a collection of items.

    Args:
        resource: Its name.
        path: Keys of the part within the state.
        keys: Of the part.
    """
    state: Dict[str, Any] = dlt.current.resource_state(resource)
    part = state
    for key in path:
        part = part.setdefault(key, {})
    store = store_of(context)
    items: Dict[str, Any] = {}
    for key in keys:
        name = " ".join([*path, key])
        items[key] = store.items(f"{resource} {name}", state, name, part.pop(key, {}))
    return StateWithItems(part, items, keys)


def sync_item(context: RunContext) -> DltResource:
    """The items that a run changed, written once all other tables have ended."""

    def run() -> Iterator[Any]:
        while not others_have_ended(TABLE, SYNC_RUN):
            yield None
        for rows in store_of(context).commit():
            yield add_load_id(rows)

    return AlwaysSelected.from_data(run, name=TABLE, hints=HINTS)


def read_items(
    pipeline: dlt.Pipeline, account: str, collections: Sequence[str]
) -> Iterator[Tuple[str, str, Any]]:
    """Items of an account, for a pipeline that does not run.

    Yields:
        Collection, item and value.
    """
    version = pipeline.state.get("sources", {}).get(account, {}).get(STATE_VERSION)
    if version is None or not collections:
        return
    path = account_file(pipeline.working_dir, FILE[0], account, FILE[1])
    rows = _rows_of_file(path, version, collections) if path.exists() else None
    if rows is None:
        wanted = {
            ACCOUNT: [account],
            "pipeline_name": [pipeline.pipeline_name],
            "collection": collections,
        }
        with open_rows(pipeline, account) as loaded:
            rows = _newest(loaded.read(TABLE, wanted, READ)) if loaded else []
    for collection, item, text in rows:
        yield collection, item, from_text(text)


def _rows_of_file(
    path: Path, version: str, collections: Sequence[str]
) -> Optional[List[Tuple[str, str, str]]]:
    """Rows of the file, None where it cannot be read or does not belong to the state."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            found = connection.execute(
                "SELECT value FROM items WHERE collection = ? AND item = ?", VERSION
            ).fetchone()
            if not found or found[0] != json.dumps(version):
                return None
            places = ", ".join("?" * len(collections))
            query = f"SELECT collection, item, value FROM items WHERE collection IN ({places})"
            return connection.execute(query, collections).fetchall()
        except sqlite3.DatabaseError:
            return None


def _newest(rows: Iterable[Sequence[Any]]) -> List[Tuple[str, str, str]]:
    """Collection, item and value; where all versions of a row are kept, the newest counts.

    Args:
        rows: With the columns of `READ`.
    """
    newest: Dict[Any, Optional[str]] = {}
    for collection, item, value, deleted, _ in sorted(rows, key=lambda row: str(row[-1])):
        newest[collection, item] = None if deleted else value
    return [(*key, text) for key, text in newest.items() if text is not None]


def _schema() -> pa.Schema:
    # a function: pyarrow may be missing while dlt init looks at the source
    types = {**dict.fromkeys(COLUMNS, pa.string()), "deleted": pa.bool_()}
    optional = ("value", "deleted")
    return pa.schema([pa.field(name, types[name], name in optional) for name in COLUMNS])


def _pipeline_name() -> str:
    pipeline = active_pipeline()
    return str(pipeline.pipeline_name) if pipeline else ""
