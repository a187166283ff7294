"""Rows held back until all of a document was read: half a document must not replace a window."""

import tempfile
from typing import IO, Dict, Iterable, Iterator, List, Tuple

import pyarrow as pa

Named = Tuple[str, pa.Table]


def whole(tables: Iterable[Named]) -> Iterator[Named]:
    """Reads everything first, into nameless temporary files, then hands it on in the same order.

    Args:
        tables (Iterable[Named]): Table name and rows; may fail on the way.

    Yields:
        Named: The same, and none of it when reading failed.
    """
    files: List[Tuple[str, IO[bytes]]] = []
    try:
        open_writers: Dict[str, pa.RecordBatchStreamWriter] = {}
        schemas: Dict[str, pa.Schema] = {}
        for name, table in tables:
            if schemas.get(name) != table.schema:
                if name in open_writers:
                    open_writers.pop(name).close()
                file: IO[bytes] = tempfile.TemporaryFile(prefix="sp-api-rows-")
                files.append((name, file))
                schemas[name] = table.schema
                open_writers[name] = pa.ipc.new_stream(file, table.schema)
            open_writers[name].write_table(table)
        for writer in open_writers.values():
            writer.close()
        for name, held in files:
            held.seek(0)
            with pa.ipc.open_stream(held) as reader:
                for batch in reader:
                    yield name, pa.Table.from_batches([batch])
            held.close()
    finally:
        for _, held in files:
            held.close()
