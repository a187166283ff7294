"""One document to its tables, whatever its format."""

import json
from typing import Iterator

from . import flat, json_rows, quoted, xml_rows
from .document import Document
from .encoding import as_utf8, escaped, is_wide
from .errors import DocumentBroken
from .layout import FlatLayout, JsonLayout, Layout
from .rows import Counts, Named

LONGEST_REASON = 1 << 16
"""Bytes of an error document that are read."""


class Reading:
    """The rows of one document; iterate once, then look at the counts.

    Args:
        document (Document): Stays open, and the caller's to close.
        layout (Layout): What is known of the report type.

    Attributes:
        counts (Counts): Complete when the iteration is.
    """

    def __init__(self, document: Document, layout: Layout) -> None:
        self.counts = Counts()
        self._document = document
        self._layout = layout

    def __iter__(self) -> Iterator[Named]:
        try:
            yield from self._tables()
        except UnicodeDecodeError as error:
            raise DocumentBroken(
                f"A report document is not valid {error.encoding}: {error.reason}."
            ) from None

    def _tables(self) -> Iterator[Named]:
        encoding = self._document.encoding
        chunks = as_utf8(self._document.read(), encoding)
        encoding = "utf-8" if is_wide(encoding) else encoding
        if isinstance(self._layout, JsonLayout):
            yield from json_rows.read(chunks, self._layout, self.counts)
        elif not isinstance(self._layout, FlatLayout):
            yield from xml_rows.read(chunks, self._layout, self.counts)
        elif self._layout.quoted:
            yield from quoted.read(chunks, encoding, self._layout, self.counts)
        else:
            yield from flat.read(chunks, encoding, self._layout, self.counts)


def read_document(document: Document, layout: Layout) -> Reading:
    """Streams a document as Arrow tables.

    Memory does not grow with the document. Rows are in the document's order; lines and records
    that cannot be read come as small tables named `REJECTED`.

    Args:
        document (Document): Downloaded.
        layout (Layout): `FlatLayout`, `JsonLayout` or `XmlLayout` of the report type.

    Returns:
        Reading: Iterates over `(table name, pyarrow.Table)`; raises DocumentBroken on the way.
    """
    return Reading(document, layout)


def error_text(document: Document) -> str:
    """Why Amazon did not make a report.

    Args:
        document (Document): Of a FATAL report: JSON with `errorDetails`, or plain text.

    Returns:
        str: The reason, empty where the document is.
    """
    data = b""
    for chunk in as_utf8(document.read(), document.encoding):
        data += chunk
        if len(data) > LONGEST_REASON:
            break
    try:
        answer = json.loads(data)
    except ValueError:
        encoding = "utf-8" if is_wide(document.encoding) else document.encoding
        return escaped(data[:LONGEST_REASON], encoding).strip()
    if isinstance(answer, dict) and "errorDetails" in answer:
        details = answer["errorDetails"]
        return details if isinstance(details, str) else json.dumps(details, ensure_ascii=False)
    return json.dumps(answer, ensure_ascii=False)
