"""The document of a report as text, in pieces."""

import json
from dataclasses import replace
from itertools import chain
from typing import Any, Iterable, Iterator

from ..core.account import Account
from .fee_reports import FEE_ROWS
from .json_reports import JSON_LISTS, specification
from .order_reports import ORDER_ROWS, XML_RECORDS
from .report import FlatRows, Report
from .report_rules import OTHER, RULES
from .seller_reports import SELLER_ROWS
from .shipment_reports import SHIPMENT_ROWS
from .stock_reports import STOCK_ROWS
from .transactions_report import transactions

PIECE_SIZE = 1 << 16
"""Characters of a piece."""

FLAT_ROWS = {**ORDER_ROWS, **SELLER_ROWS, **SHIPMENT_ROWS, **STOCK_ROWS, **FEE_ROWS}
"""Header and rows of the tab-separated types."""

CSV_LINES = {"GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA": transactions}
"""Lines of the comma-separated types."""

TYPES_WITH_ROWS = frozenset({*JSON_LISTS, *XML_RECORDS, *FLAT_ROWS, *CSV_LINES})
"""The types that have rows; all others end in CANCELLED, as without data."""


def document_pieces(account: Account, report: Report) -> Iterator[str]:
    """Yields pieces of JSON, XML or lines."""
    name = report.type
    if name in JSON_LISTS:
        yield from _join(_json(account, report))
    elif name in XML_RECORDS:
        yield from _join(XML_RECORDS[name](account, report))
    elif name in CSV_LINES:
        yield from _join(CSV_LINES[name](account, report))
    else:
        yield from _join(_lines(*_flat_rows(account, report)))


def _flat_rows(account: Account, report: Report) -> FlatRows:
    """Header and rows; a type that ignores the marketplace has the rows of all of them."""
    make = FLAT_ROWS[report.type]
    if not RULES.get(report.type, OTHER).regional or report.type in ORDER_ROWS:
        return make(account, report)
    parts = [
        make(account, replace(report, marketplaces=[marketplace.id]))
        for marketplace in account.marketplaces
    ]
    return parts[0][0], chain.from_iterable(rows for _, rows in parts)


def _join(texts: Iterable[str]) -> Iterator[str]:
    buffered: list[str] = []
    size = 0
    for text in texts:
        buffered.append(text)
        size += len(text)
        if size >= PIECE_SIZE:
            yield "".join(buffered)
            buffered, size = [], 0
    yield "".join(buffered)


def _json(account: Account, report: Report) -> Iterator[str]:
    yield f'{{"reportSpecification": {_dump(specification(report))}'
    for name, rows in JSON_LISTS[report.type](account, report).items():
        yield f', "{name}": ['
        for number, row in enumerate(rows):
            yield (", " if number else "") + _dump(row)
        yield "]"
    yield "}"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=float)


def _lines(header: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "\t".join(header) + "\n"
    for row in rows:
        yield "\t".join(str(row.get(column, "")) for column in header) + "\n"
