"""Rows that several documents of one load share: those of the document read first are loaded.

A settlement the seller downloads again is the same settlement in another report. dlt replaces rows
of earlier loads by the columns a table is replaced by, but keeps all rows of one load.
"""

from typing import Dict, List, Sequence

import pyarrow as pa
import pyarrow.compute as pc

BETWEEN = "\x1f"
"""Between the values of several columns."""


class Shared:
    """What the documents of one load have given, by the columns that rows are replaced by."""

    def __init__(self) -> None:
        self._given: Dict[str, pa.Array] = {}
        self._reading: Dict[str, List[pa.Array]] = {}

    def begin(self) -> None:
        """A document is to be read: what one that failed before it gave does not count."""
        self._reading.clear()

    def left(self, table: str, replaced: Sequence[str], data: pa.Table) -> pa.Table:
        """The rows that no document before this one gave.

        Args:
            table (str): Their table.
            replaced (Sequence[str]): Columns by whose values its rows are replaced.
            data (pa.Table): Rows of the document that is being read.
        """
        if not set(replaced) <= set(data.column_names):
            return data
        texts = [pc.cast(data[name], pa.string()) for name in replaced]
        # a row that lacks one of the values is nobody's double
        keys = pc.binary_join_element_wise(*texts, BETWEEN, null_handling="emit_null")
        self._reading.setdefault(table, []).append(pc.unique(keys))
        if table not in self._given:
            return data
        return data.filter(pc.invert(pc.is_in(keys, self._given[table], skip_nulls=True)))

    def read(self) -> None:
        """The document was read to its end: what it gave is not taken from later ones."""
        for table, keys in self._reading.items():
            before = [self._given[table]] if table in self._given else []
            self._given[table] = pc.unique(pa.concat_arrays([*before, *keys]))
        self._reading.clear()
