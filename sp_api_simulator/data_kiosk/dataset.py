"""What the datasets share: the window of a query and its periods."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Iterator, Mapping

from ..reports.report_rules import end_of, start_of

MONEY = {"amount": None, "currencyCode": None}


@dataclass(frozen=True)
class Window:
    """The arguments of a query.

    Attributes:
        start: First day.
        end: Last day.
        group_by: Selected fields of `groupByKey`.
    """

    start: date
    end: date
    marketplace_ids: list[str]
    arguments: Mapping[str, Any]
    group_by: Mapping[str, Any] = field(default_factory=dict)


def money_fields(names: str) -> dict[str, Any]:
    """Fields of a schema that are amounts."""
    return {name: MONEY for name in names.split()}


def periods(window: Window, unit: str) -> Iterator[tuple[date, date]]:
    """First and last days of the periods of a window.

    Args:
        unit: `DAY`, `WEEK`, `MONTH`, or `RANGE` for all of it. A week or month that the window
            splits is left out.
    """
    if unit == "RANGE":
        yield window.start, window.end
        return
    first = window.start
    if start_of(first, unit) != first:
        first = end_of(first, unit) + timedelta(days=1)
    while end_of(first, unit) <= window.end:
        last = end_of(first, unit)
        yield first, last
        first = last + timedelta(days=1)
