"""Rows held back until all of a document was read: half a document must not replace a window."""

import tempfile
from typing import IO, Dict, Iterable, Iterator, List, NamedTuple, Tuple

import pyarrow as pa

NamedTable = Tuple[str, pa.Table]


class SpoolFile(NamedTuple):
    """Tables of one name and schema in a file, and how many rows each has."""

    name: str
    file: IO[bytes]
    sizes: List[int]


def read_all(tables: Iterable[NamedTable]) -> Iterator[NamedTable]:
    """Reads everything first, into nameless temporary files, then hands it on in the same order.

    Args:
        tables: Table name and rows; may fail on the way.

    Yields:
        The same, and none of it when reading failed.
    """
    files: List[SpoolFile] = []
    try:
        open_writers: Dict[str, pa.RecordBatchStreamWriter] = {}
        last: Dict[str, Tuple[pa.Schema, SpoolFile]] = {}
        for name, table in tables:
            if name not in last or last[name][0] != table.schema:
                if name in open_writers:
                    open_writers.pop(name).close()
                held = SpoolFile(name, tempfile.TemporaryFile(prefix="sp-api-rows-"), [])
                files.append(held)
                last[name] = table.schema, held
                open_writers[name] = pa.ipc.new_stream(held.file, table.schema)
            open_writers[name].write_table(table)
            last[name][1].sizes.append(table.num_rows)
        for writer in open_writers.values():
            writer.close()
        for held in files:
            yield from _handed_on(held)
            held.file.close()
    finally:
        for held in files:
            held.file.close()


def _handed_on(held: SpoolFile) -> Iterator[NamedTable]:
    """The tables as they were: destinations like them large, and a file has them in batches."""
    held.file.seek(0)
    with pa.ipc.open_stream(held.file) as reader:
        for size in held.sizes:
            batches: List[pa.RecordBatch] = []
            while sum(batch.num_rows for batch in batches) < size:
                batches.append(reader.read_next_batch())
            yield held.name, pa.Table.from_batches(batches, reader.schema)
