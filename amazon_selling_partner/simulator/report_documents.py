"""The text of a report, told in the words of its type, a piece at a time."""

import json
from typing import TYPE_CHECKING, Any, Iterable, Iterator

from .account import Account
from .report_fees import FEE_ROWS
from .report_json import JSON_LISTS, specification
from .report_orders import ORDER_ROWS, XML_RECORDS
from .report_shipments import SHIPMENT_ROWS
from .report_stock import STOCK_ROWS
from .report_text import TEXT_ROWS

if TYPE_CHECKING:
    from .report_book import Report

PIECE = 1 << 16
"""Characters that are told at once."""

FLAT_ROWS = {**ORDER_ROWS, **TEXT_ROWS, **SHIPMENT_ROWS, **STOCK_ROWS, **FEE_ROWS}
"""Header and rows of the tab-separated types."""

WITH_ROWS = frozenset({*JSON_LISTS, *XML_RECORDS, *FLAT_ROWS})
"""The types that have rows; all others are cancelled for want of data."""


def pieces_of(account: Account, report: "Report") -> Iterator[str]:
    """The text of a report.

    Args:
        account (Account): Whose.
        report (Report): DONE.

    Yields:
        str: Pieces of JSON, XML or tab-separated lines.
    """
    name = report.type
    if name in JSON_LISTS:
        yield from _put_together(_json(account, report))
    elif name in XML_RECORDS:
        yield from _put_together(XML_RECORDS[name](account, report))
    else:
        header, rows = FLAT_ROWS[name](account, report)
        yield from _put_together(_lines(header, rows))


def _put_together(texts: Iterable[str]) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= PIECE:
            yield "".join(waiting)
            waiting, size = [], 0
    yield "".join(waiting)


def _json(account: Account, report: "Report") -> Iterator[str]:
    yield f'{{"reportSpecification": {_dumped(specification(report))}'
    for name, rows in JSON_LISTS[report.type](account, report).items():
        yield f', "{name}": ['
        for number, row in enumerate(rows):
            yield (", " if number else "") + _dumped(row)
        yield "]"
    yield "}"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


def _lines(header: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "\t".join(header) + "\n"
    for row in rows:
        yield "\t".join(str(row.get(column, "")) for column in header) + "\n"
