"""Documents from bytes, read to the end."""

import gzip
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

import pyarrow as pa

from amazon_selling_partner.reports.documents import (
    REJECTED,
    Counts,
    Document,
    Layout,
    read_document,
)


class Result(NamedTuple):
    tables: Dict[str, pa.Table]
    counts: Counts

    def rows(self, table: str = "t") -> List[Dict[str, Any]]:
        return self.tables[table].to_pylist() if table in self.tables else []

    @property
    def rejected(self) -> List[Dict[str, Any]]:
        return self.rows(REJECTED)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def read(
    data: bytes,
    layout: Layout,
    content_type: Optional[str] = None,
    fallback: str = "cp1252",
    size: int = 1 << 16,
    gzipped: bool = False,
) -> Result:
    tables: Dict[str, List[pa.Table]] = {}
    data = gzip.compress(data) if gzipped else data
    with Document(cut(data, size), content_type, fallback) as document:
        reading = read_document(document, layout)
        for name, table in reading:
            table.validate(full=True)
            tables.setdefault(name, []).append(table)
    joined = {
        name: pa.concat_tables(parts, promote_options="default") for name, parts in tables.items()
    }
    for name, table in joined.items():
        if name != REJECTED:
            assert reading.counts.rows[name] == table.num_rows
    assert reading.counts.rejected == (joined[REJECTED].num_rows if REJECTED in joined else 0)
    return Result(joined, reading.counts)
