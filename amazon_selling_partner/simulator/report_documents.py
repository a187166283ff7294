"""The text of a report, told in the words of its type."""

import json
from typing import TYPE_CHECKING

from .account import Account
from .report_json import JSON_LISTS, specification
from .report_text import TEXT_ROWS, orders_xml

if TYPE_CHECKING:
    from .reports import Report


def document_of(account: Account, report: "Report") -> str:
    """The text of a report.

    Args:
        account (Account): Whose.
        report (Report): DONE.

    Returns:
        str: JSON, XML or tab-separated lines.
    """
    name = report.type
    if name in JSON_LISTS:
        return json.dumps(
            {"reportSpecification": specification(report), **JSON_LISTS[name](account, report)},
            ensure_ascii=False,
            default=float,
        )
    if "ALL_ORDERS" in name and "XML" in name:
        return orders_xml(account, report)
    header, rows = TEXT_ROWS[name](account, report)
    lines = ["\t".join(header)]
    lines += ["\t".join(str(row.get(column, "")) for column in header) for row in rows]
    return "\n".join(lines) + "\n"
