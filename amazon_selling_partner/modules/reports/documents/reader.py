"""One document to its tables, whatever its format."""

import json
from typing import Iterator

from . import json_rows, text_rows, xml_rows
from .document import Document
from .encoding import escape_bytes
from .layout import FlatLayout, JsonLayout, Layout
from .table_buffer import NamedTable, ReadCounts

MAX_REASON_BYTES = 1 << 16
"""Bytes of an error document that are read."""


class DocumentReader:
    """The rows of one document; iterate once, then read the counts.

    Args:
        document: Stays open, and the caller's to close.
        layout: What is known of the report type.

    Attributes:
        counts: Complete when the iteration is.
    """

    def __init__(self, document: Document, layout: Layout) -> None:
        self.counts = ReadCounts()
        self._document = document
        self._layout = layout

    @property
    def is_streamable(self) -> bool:
        """True when every line is a row or rejected, so that its end cannot invalidate it."""
        return isinstance(self._layout, FlatLayout)

    def __iter__(self) -> Iterator[NamedTable]:
        document, layout = self._document, self._layout
        if isinstance(layout, JsonLayout):
            yield from json_rows.read(document.read(), layout, self.counts)
        elif not isinstance(layout, FlatLayout):
            yield from xml_rows.read(document.read(), layout, self.counts)
        else:
            yield from text_rows.read(document, layout, self.counts)


def read_document(document: Document, layout: Layout) -> DocumentReader:
    """Streams a document as Arrow tables.

    Memory does not grow with the document. Rows are in the document's order; lines and records
    that cannot be read come as small tables named `REJECTED`.

    Args:
        document: Downloaded.
        layout: `FlatLayout`, `JsonLayout` or `XmlLayout` of the report type.

    Returns:
        Iterates over `(table name, pyarrow.Table)`; raises DocumentBroken on the way.
    """
    return DocumentReader(document, layout)


def read_error_text(document: Document) -> str:
    """Why Amazon did not make a report.

    Args:
        document: Of a FATAL report: JSON with `errorDetails`, or plain text; of a query: a list
            of objects with `message`.

    Returns:
        The reason, empty where the document is.
    """
    data = b""
    for chunk in document.read():
        data += chunk
        if len(data) > MAX_REASON_BYTES:
            break
    try:
        answer = json.loads(data)
    except ValueError:
        return escape_bytes(data[:MAX_REASON_BYTES], document.encoding).strip()
    if isinstance(answer, dict) and "errorDetails" in answer:
        details = answer["errorDetails"]
        if isinstance(details, str):
            # no database of PostgreSQL takes it, and the reason is loaded
            return details.replace("\0", "\\x00")
        return json.dumps(details, ensure_ascii=False)
    if isinstance(answer, list):
        # of a Data Kiosk query
        texts = [str(error.get("message")) for error in answer if isinstance(error, dict)]
        return "; ".join(texts).replace("\0", "\\x00")
    return json.dumps(answer, ensure_ascii=False)
