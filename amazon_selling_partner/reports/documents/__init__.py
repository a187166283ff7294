"""Report documents: from an address to Arrow tables, streamed, exact, in bounded memory.

with download(url, clock, fallback_encoding(marketplace_id)) as document:
    reading = read_document(document, FlatLayout(TableLayout("fba_returns", {...})))
    for name, table in reading:
        yield name, with_constants(table, {"report_id": report_id})
reading.counts.rows, reading.counts.rejected
"""

from .document import Document
from .download import download
from .encoding import fallback_encoding
from .errors import (
    DocumentBroken,
    DocumentError,
    DocumentExpired,
    DocumentMissing,
    DocumentRefused,
)
from .kinds import (
    BIGINT,
    BOOL,
    DATE,
    DECIMAL,
    DECIMAL_COMMA,
    DOUBLE,
    JSON,
    TEXT,
    TIMESTAMP,
    Kind,
    date,
    timestamp,
    with_decimal_comma,
)
from .layout import FlatLayout, JsonLayout, Layout, Nested, TableLayout, XmlLayout, snake_case
from .reader import Reading, error_text, read_document
from .rows import REJECTED, REJECTED_SCHEMA, Counts, with_constants

__all__ = [
    "BIGINT",
    "BOOL",
    "DATE",
    "DECIMAL",
    "DECIMAL_COMMA",
    "DOUBLE",
    "JSON",
    "REJECTED",
    "REJECTED_SCHEMA",
    "TEXT",
    "TIMESTAMP",
    "Counts",
    "Document",
    "DocumentBroken",
    "DocumentError",
    "DocumentExpired",
    "DocumentMissing",
    "DocumentRefused",
    "FlatLayout",
    "JsonLayout",
    "Kind",
    "Layout",
    "Nested",
    "Reading",
    "TableLayout",
    "XmlLayout",
    "date",
    "download",
    "error_text",
    "fallback_encoding",
    "read_document",
    "snake_case",
    "timestamp",
    "with_constants",
    "with_decimal_comma",
]
