"""Documents from bytes, read to the end."""

import gzip
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

import pyarrow as pa

from amazon_selling_partner.modules.reports.documents import (
    REJECTED_TABLE,
    Document,
    Layout,
    ReadCounts,
    read_document,
)


class Result(NamedTuple):
    tables: Dict[str, pa.Table]
    counts: ReadCounts

    def rows(self, table: str = "t") -> List[Dict[str, Any]]:
        return self.tables[table].to_pylist() if table in self.tables else []

    @property
    def rejected(self) -> List[Dict[str, Any]]:
        return self.rows(REJECTED_TABLE)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def read(
    data: bytes,
    layout: Layout,
    content_type: Optional[str] = None,
    fallbacks: Sequence[str] = ("cp1252",),
    size: int = 1 << 16,
    gzipped: bool = False,
) -> Result:
    tables: Dict[str, List[pa.Table]] = {}
    data = gzip.compress(data) if gzipped else data
    with Document(cut(data, size), content_type, fallbacks) as document:
        reading = read_document(document, layout)
        for name, table in reading:
            table.validate(full=True)
            tables.setdefault(name, []).append(table)
    joined = {
        name: pa.concat_tables(parts, promote_options="default") for name, parts in tables.items()
    }
    for name, table in joined.items():
        if name != REJECTED_TABLE:
            assert reading.counts.rows[name] == table.num_rows
    assert reading.counts.rejected == (
        joined[REJECTED_TABLE].num_rows if REJECTED_TABLE in joined else 0
    )
    return Result(joined, reading.counts)
