"""Rows that several documents of one load have in common: those of the first are loaded.

A settlement the seller downloads twice is the same settlement in two reports. dlt replaces rows
of earlier loads by the merge key of a table, but keeps all rows of one load.
"""

from typing import Dict, List, Sequence

import pyarrow as pa
import pyarrow.compute as pc

SEPARATOR = "\x1f"
"""Between the values of several columns."""


class DuplicateFilter:
    """Rows that documents of one load have in common, by the merge key of their table."""

    def __init__(self) -> None:
        self._loaded: Dict[str, pa.Array] = {}
        self._reading: Dict[str, List[pa.Array]] = {}

    def begin_document(self) -> None:
        """A document is to be read: what a failed one before it had does not count."""
        self._reading.clear()

    def without_duplicates(self, table: str, merge_key: Sequence[str], data: pa.Table) -> pa.Table:
        """The rows that no document before this one had."""
        if not set(merge_key) <= set(data.column_names):
            return data
        texts = [pc.cast(data[name], pa.string()) for name in merge_key]
        # a row that lacks one of the values has no duplicate
        keys = pc.binary_join_element_wise(*texts, SEPARATOR, null_handling="emit_null")
        self._reading.setdefault(table, []).append(pc.unique(keys))
        if table not in self._loaded:
            return data
        return data.filter(pc.invert(pc.is_in(keys, self._loaded[table], skip_nulls=True)))

    def end_document(self) -> None:
        """The document was read completely: later ones do not load its rows again."""
        for table, keys in self._reading.items():
            before = [self._loaded[table]] if table in self._loaded else []
            self._loaded[table] = pc.unique(pa.concat_arrays([*before, *keys]))
        self._reading.clear()
