"""Report documents: from an address to Arrow tables, streamed, exact, in bounded memory.

with download(url, clock, fallback_encodings(marketplace_ids)) as document:
    reader = read_document(document, FlatLayout(TableLayout("fba_returns", {...})))
    for name, table in reader:
        yield name, add_constants(table, {"report_id": report_id})
reader.counts.rows, reader.counts.rejected
"""

from .column_types import (
    BIGINT,
    BOOL,
    DATE,
    DECIMAL,
    DECIMAL_COMMA,
    DOUBLE,
    JSON,
    TEXT,
    TIMESTAMP,
    ColumnType,
    arrow_type,
    date,
    timestamp,
    with_decimal_comma,
)
from .document import Document
from .download import download
from .encoding import fallback_encodings
from .errors import DocumentBroken, DocumentError, DocumentExpired, DocumentMissing, DocumentRefused
from .layout import (
    FlatLayout,
    JsonLayout,
    Layout,
    LocalFormats,
    NestedList,
    TableLayout,
    XmlLayout,
    snake_case,
)
from .reader import DocumentReader, read_document, read_error_text
from .table_buffer import REJECTED_TABLE, ReadCounts, add_constants, rejected_schema

__all__ = [
    "BIGINT",
    "BOOL",
    "DATE",
    "DECIMAL",
    "DECIMAL_COMMA",
    "DOUBLE",
    "JSON",
    "REJECTED_TABLE",
    "TEXT",
    "TIMESTAMP",
    "ColumnType",
    "Document",
    "DocumentBroken",
    "DocumentError",
    "DocumentExpired",
    "DocumentMissing",
    "DocumentReader",
    "DocumentRefused",
    "FlatLayout",
    "JsonLayout",
    "Layout",
    "LocalFormats",
    "NestedList",
    "ReadCounts",
    "TableLayout",
    "XmlLayout",
    "add_constants",
    "arrow_type",
    "date",
    "download",
    "fallback_encodings",
    "read_document",
    "read_error_text",
    "rejected_schema",
    "snake_case",
    "timestamp",
    "with_decimal_comma",
]
