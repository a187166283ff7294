"""Which country's way of writing amounts and dates a document follows.

It shows in the figures of the document (`1141,18`, `28/02/2026`), else in the currencies and
marketplaces it names, else in the marketplace it was requested for, if that is a single one.
"""

import re
from dataclasses import replace
from typing import Dict, FrozenSet, Iterable, List, Mapping, Tuple

import pyarrow as pa
import pyarrow.compute as pc

from .column_types import DECIMAL_COMMA_NUMBER, DECIMAL_POINT_NUMBER, ColumnType
from .layout import FlatLayout, LocalFormats
from .table_buffer import Column

NUMERIC_DATE = re.compile(r"\s*(\d{1,2})([/-])(\d{1,2})\2(?:\d{4}|\d{2})(?!\d)")
DAY_FIRST = re.compile(r"%d([/-])%m\1")
MONTH_FIRST = re.compile(r"%m([/-])%d\1")

NAMES_COUNTRY = re.compile(
    r"(^|_)(currency|currency_code|currency_unit|marketplace|marketplace_name|store|sales_channel)$"
)
"""Columns whose values name a currency or a marketplace."""


class Figures:
    """What the columns of a document show of its formats.

    Args:
        layout: Types of the columns.
        local: The formats they may have.

    Attributes:
        has_comma: A number has a decimal comma.
        has_point: A number has a decimal point.
        is_day_first: The day of a date comes before its month.
        is_month_first: The month of a date comes before its day.
        names: Currencies and marketplaces.
    """

    def __init__(self, layout: FlatLayout, local: LocalFormats) -> None:
        self.has_comma = self.has_point = self.is_day_first = self.is_month_first = False
        self.names: Dict[str, None] = {}
        types = layout.table.columns
        self._numbers = {name for name, kind in types.items() if _is_number(kind)}
        formats = [*local.formats, *sum(local.formats_in.values(), ())]
        has_order = any(DAY_FIRST.match(form) or MONTH_FIRST.match(form) for form in formats)
        self._dates = {name for name, kind in types.items() if has_order and _is_date(kind)}

    @property
    def is_decided(self) -> bool:
        """True where further rows have nothing to add."""
        has_sign = self.has_comma or self.has_point or not self._numbers
        has_order = self.is_day_first or self.is_month_first or not self._dates
        return has_sign and has_order

    def add(self, columns: Mapping[str, Column]) -> None:
        """Takes the columns of some rows, as text."""
        for name, column in columns.items():
            if name in self._numbers:
                self._add_numbers(_distinct(column))
            elif name in self._dates:
                self._add_dates(_distinct(column))
            elif NAMES_COUNTRY.search(name):
                self.names.update(dict.fromkeys(_distinct(column)))

    def _add_numbers(self, texts: Iterable[str]) -> None:
        for text in texts:
            # `1.234` may be either, `12` is both
            point = DECIMAL_POINT_NUMBER.fullmatch(text) is not None
            if point != (DECIMAL_COMMA_NUMBER.fullmatch(text) is not None):
                self.has_point = self.has_point or point
                self.has_comma = self.has_comma or not point

    def _add_dates(self, texts: Iterable[str]) -> None:
        for found in filter(None, map(NUMERIC_DATE.match, texts)):
            first, second = int(found.group(1)), int(found.group(3))
            self.is_day_first = self.is_day_first or first > 12 >= second
            self.is_month_first = self.is_month_first or second > 12 >= first


def localize(layout: FlatLayout, local: LocalFormats, figures: Figures) -> FlatLayout:
    """The layout with the formats of a document.

    Args:
        layout: With types that follow no country yet.
        local: The formats of countries.
        figures: Of the document.
    """
    named: FrozenSet[str] = frozenset().union(*map(local.countries_of, figures.names))
    formats = _date_formats(local, named)
    if figures.is_day_first != figures.is_month_first:
        formats = _in_order(formats, local, figures.is_day_first)
    comma = figures.has_comma
    if figures.has_comma == figures.has_point:
        countries = named or local.countries
        comma = bool(countries) and countries <= local.comma_countries
    columns = {
        name: (
            replace(kind, decimal_comma=comma)
            if _is_number(kind) or kind.name == "bigint"
            else replace(kind, formats=formats) if _is_date(kind) else kind
        )
        for name, kind in layout.table.columns.items()
    }
    return replace(layout, table=replace(layout.table, columns=columns))


def _date_formats(local: LocalFormats, named: FrozenSet[str]) -> Tuple[str, ...]:
    """Those of the countries a document names, if they agree, else of the one requested."""
    if named:
        of_named = [local.formats_in.get(country, local.formats) for country in sorted(named)]
        union = tuple(dict.fromkeys(form for formats in of_named for form in formats))
        orders = {bool(DAY_FIRST.match(form)) for form in union if _has_order(form)}
        if len(orders) < 2:
            return union
    if len(local.countries) == 1 and not named:
        (country,) = local.countries
        return local.formats_in.get(country, local.formats)
    return local.formats


def _in_order(formats: Tuple[str, ...], local: LocalFormats, is_day_first: bool) -> Tuple[str, ...]:
    """The formats with day and month in the order the figures show."""
    if not any(map(_has_order, formats)):
        formats += tuple(
            dict.fromkeys(f for forms in local.formats_in.values() for f in forms if _has_order(f))
        )
    pattern, text = (MONTH_FIRST, r"%d\1%m\1") if is_day_first else (DAY_FIRST, r"%m\1%d\1")
    return tuple(dict.fromkeys(pattern.sub(text, form) for form in formats))


def _has_order(form: str) -> bool:
    return bool(DAY_FIRST.match(form) or MONTH_FIRST.match(form))


def _is_number(kind: ColumnType) -> bool:
    return kind.name in ("decimal", "double")


def _is_date(kind: ColumnType) -> bool:
    return kind.name in ("date", "timestamp")


def _distinct(column: Column) -> List[str]:
    if not pa.types.is_string(column.type):
        return []
    return [text.strip() for text in pc.unique(column).to_pylist() if text]
