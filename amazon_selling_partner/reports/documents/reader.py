"""One document to its tables, whatever its format."""

import json
from dataclasses import replace
from typing import Iterator

from . import flat, json_rows, quoted, xml_rows
from .document import Document
from .encoding import escaped
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

    @property
    def is_sure(self) -> bool:
        """True when every line is a row or is kept aside: nothing at its end can spoil it."""
        return isinstance(self._layout, FlatLayout)

    def __iter__(self) -> Iterator[Named]:
        document, layout = self._document, self._layout
        if isinstance(layout, JsonLayout):
            yield from json_rows.read(document.read(), layout, self.counts)
        elif not isinstance(layout, FlatLayout):
            yield from xml_rows.read(document.read(), layout, self.counts)
        else:
            layout = _as_written(document, layout)
            reading = quoted.read if layout.quoted else flat.read
            yield from reading(document, layout, self.counts)


def _as_written(document: Document, layout: FlatLayout) -> FlatLayout:
    """The layout with tabs or commas as the header has them: Amazon's pages do not always know."""
    header = next(document.read(), b"").lstrip(b"\r\n").split(b"\n", 1)[0]
    tabs, commas = b"\t" in header, b"," in header
    if tabs != commas and layout.separator in ("\t", ","):
        return replace(layout, quoted=commas, separator="," if commas else "\t")
    return layout


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
    for chunk in document.read():
        data += chunk
        if len(data) > LONGEST_REASON:
            break
    try:
        answer = json.loads(data)
    except ValueError:
        return escaped(data[:LONGEST_REASON], document.encoding).strip()
    if isinstance(answer, dict) and "errorDetails" in answer:
        details = answer["errorDetails"]
        if isinstance(details, str):
            # no database of PostgreSQL takes it, and the reason is loaded
            return details.replace("\0", "\\x00")
        return json.dumps(details, ensure_ascii=False)
    return json.dumps(answer, ensure_ascii=False)
