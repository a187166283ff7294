"""No value makes a package that cannot be loaded, and none is lost: all types, all formats."""

import json
import math
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List
from xml.sax.saxutils import escape

import dlt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    BOOL,
    DECIMAL,
    DECIMAL_COMMA,
    DOUBLE,
    JSON,
    REJECTED_TABLE,
    TEXT,
    ColumnType,
    Document,
    DocumentBroken,
    FlatLayout,
    JsonLayout,
    Layout,
    TableLayout,
    XmlLayout,
    read_document,
)
from amazon_selling_partner.modules.reports.documents import date as date_type
from amazon_selling_partner.modules.reports.documents import timestamp as timestamp_type

from .support import read

FORMATS = ("%m/%d/%Y %H:%M:%S", "%d.%m.%Y")
TYPES: Dict[str, ColumnType] = {
    "text": TEXT,
    "bigint": BIGINT,
    "decimal": DECIMAL,
    "comma": DECIMAL_COMMA,
    "double": DOUBLE,
    "bool": BOOL,
    "date": date_type(*FORMATS),
    "timestamp": timestamp_type(*FORMATS),
    "json": JSON,
}
TABLE = TableLayout("t", {f"c_{name}": kind for name, kind in TYPES.items()})
LAYOUTS: Dict[str, Layout] = {
    "tsv": FlatLayout(TABLE),
    "csv": FlatLayout(TABLE, is_quoted=True, separator=","),
    "json": JsonLayout({"rows": TABLE}),
    "json numbers": JsonLayout({"rows": TABLE}),
    "json lines": JsonLayout({"": TABLE}, lines=True),
    "xml": XmlLayout({"Order": TABLE}),
}

ODD = [
    "", " ", "\u00a0", "NaN", "nan", "Infinity", "-Infinity", "inf", "1e999999999", "1E-999999999",
    "1e99999999999999999999", "-1e400", "1e-400", "4.9e-324", "1.7976931348623157e308", "1e38",
    "10.000000000018", "12.3456789012", "0.30000000000000004", "-0", "+5", "1.5E+3", ".5", "5.",
    "9" * 29, "9" * 38, "9" * 39, "9" * 5000, "0." + "1" * 400, "1,234.56", "1.234,56", "0,123",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1.0", "0x1F", "1_000",
    "١٢٣", "½", "true", "TRUE", "Y", "2", "0001-01-01", "9999-12-31", "0000-00-00", "10000-01-01",
    "2026-02-30", "2026-11-29T23:59:60Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
    "05/13/2026 09:00:00", "13.05.2026", "2026-11-29T10:00:00.123456789Z", "1700000000", "{}", "[]",
    "null", '{"a": NaN}', '{"a": 1e999999999}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', "{'a': 1}",
    '"x"', "[1, 2", '{"a": ' * 300 + "1" + "}" * 300, "x" * 70_000, "🎁", "\u202e", "\x7f", "\\", '"',
]  # fmt: skip


def documents(name: str, values: List[str]) -> bytes:
    """Each value in a column of each type, one row a value."""
    columns = list(TABLE.columns)
    if name in ("tsv", "csv"):
        separator = "\t" if name == "tsv" else ","
        quoted = [value.replace('"', '""') for value in values]
        cells = values if name == "tsv" else [f'"{value}"' for value in quoted]
        lines = [separator.join(["id", *columns])]
        lines += [separator.join([f"{n}", *[cell] * len(columns)]) for n, cell in enumerate(cells)]
        return ("\n".join(lines) + "\n").encode()
    if name == "xml":
        rows = (
            f"<Order><id>{n}</id>"
            + "".join(f"<{c}>{escape(v)}</{c}>" for c in columns)
            + "</Order>"
            for n, v in enumerate(values)
        )
        return f"<x>{''.join(rows)}</x>".encode()
    written = [value if name == "json numbers" else json.dumps(value) for value in values]
    rows = (
        "{" + ", ".join([f'"id": "{n}"', *(f'"{c}": {value}' for c in columns)]) + "}"
        for n, value in enumerate(written)
    )
    return ("\n".join(rows) if name == "json lines" else f'{{"rows": [{",".join(rows)}]}}').encode()


def verify_loadable(row: Dict[str, Any]) -> None:
    """The value of each column is one that every destination takes."""
    for name, value in row.items():
        assert len(name) <= 63
        if isinstance(value, str):
            assert "\0" not in value
            value.encode()
        if isinstance(value, Decimal):
            assert value.is_finite() and value.adjusted() < 29
            assert int(value.as_tuple().exponent) >= -9
        if isinstance(value, float):
            assert math.isfinite(value)
        if isinstance(value, (date, datetime)):
            assert 1 <= value.year <= 9999
    if (value := row.get("c_json")) is not None:
        parsed = json.loads(value, parse_int=str, parse_constant=lambda text: pytest.fail(text))
        assert "\0" not in json.dumps(parsed, ensure_ascii=False)


def verify_kept(row: Dict[str, Any], written: str) -> None:
    """Each column has the value, or its text stands beside it."""
    for name, kind in TYPES.items():
        column = f"c_{name}"
        beside = row.get(f"{column}__v_text")
        if written.strip():
            assert row.get(column) is not None or beside is not None, (name, written)
        elif kind.name not in ("text", "json"):
            assert row.get(column) is None and beside is None, (name, written)


@pytest.mark.parametrize("name", LAYOUTS)
def test_odd_values_of_all_types_can_be_loaded_and_none_is_lost(name: str) -> None:
    values = [value for value in ODD if name != "xml" or "\x7f" not in value]
    if name == "json numbers":
        values = [value for value in values if is_json(value)]
    result = read(documents(name, values), LAYOUTS[name])
    rows = {int(row["id"]): row for row in result.rows()}
    assert len(rows) + len(result.rejected) == len(values)
    for number, row in rows.items():
        verify_loadable(row)
        if name != "json numbers":
            verify_kept(row, values[number])


def is_json(text: str) -> bool:
    try:
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return text not in ("null",)


TEXTS = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=8),
    st.from_regex(r"[+-]?\d{0,40}[.,]?\d{0,20}([eE][+-]?\d{0,12})?", fullmatch=True),
    st.from_regex(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[T ]?(\d{2}:\d{2}(:\d{2})?)?Z?", fullmatch=True),
)


@pytest.mark.parametrize("name", ["tsv", "csv", "json", "json lines", "xml"])
def test_any_text_in_any_column_can_be_loaded(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(TEXTS, min_size=1, max_size=6))
    def check(values: List[str]) -> None:
        clean = [
            "".join(char for char in value if char.isprintable() and char not in "\ud800\t")
            for value in values
        ]
        result = read(documents(name, clean), LAYOUTS[name])
        assert len(result.rows()) + len(result.rejected) == len(clean)
        for row in result.rows():
            verify_loadable(row)
            verify_kept(row, clean[int(row["id"])])

    check()


NUMBERS = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,50})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,12})?", fullmatch=True),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "1e999999999", "-0.0", "1e-999999999"]),
)


@pytest.mark.parametrize("name", ["json numbers"])
@settings(max_examples=100, deadline=None)
@given(values=st.lists(NUMBERS, min_size=1, max_size=5))
def test_any_number_in_any_column_of_json_can_be_loaded(name: str, values: List[str]) -> None:
    result = read(documents(name, values), LAYOUTS[name])
    assert len(result.rows()) == len(values)
    for row in result.rows():
        verify_loadable(row)
        verify_kept(row, values[int(row["id"])])


def test_odd_values_of_all_types_are_in_the_destination(tmp_path: Path) -> None:
    @dlt.resource(name="t")
    def rows() -> Any:
        for name, layout in LAYOUTS.items():
            values = [value for value in ODD if name != "json numbers" or is_json(value)]
            values = [value for value in values if "\x7f" not in value]
            with Document([documents(name, values)]) as document:
                for table_name, table in read_document(document, layout):
                    if table_name != REJECTED_TABLE:
                        yield table

    pipeline = dlt.pipeline(
        "odd_values",
        pipelines_dir=str(tmp_path / "dlt"),
        destination=dlt.destinations.duckdb(str(tmp_path / "odd.duckdb")),
    )
    data_types = {
        f"c_{name}": "decimal" if name == "comma" else kind.name for name, kind in TYPES.items()
    }
    columns: Any = [{"name": name, "data_type": kind} for name, kind in data_types.items()]
    info = pipeline.run(rows().apply_hints(columns=columns), loader_file_format="parquet")
    info.raise_on_failed_jobs()
    counted = pipeline.last_trace.last_normalize_info.row_counts["t"]  # type: ignore[union-attr]
    assert counted > 5 * len(ODD) * 0.9


def test_the_text_of_long_column_names_has_a_column_each() -> None:
    names = [f"estimated_fee_per_unit_for_a_very_long_name_of_a_column_nr_{n}_x" for n in range(3)]
    assert all(len(name) > 55 for name in names)
    layout = FlatLayout(TableLayout("t", dict.fromkeys(names, BIGINT)))
    result = read(("\t".join(names) + "\na\tb\tc\n").encode(), layout)
    (row,) = result.rows()
    texts = {name: value for name, value in row.items() if value is not None}
    assert sorted(texts.values()) == ["a", "b", "c"]
    assert all(len(name) <= 63 and name.endswith("__v_text") for name in texts)


@pytest.mark.parametrize("depth, is_row", [(50, True), (250, False), (5000, False)])
@pytest.mark.parametrize("name", ["json", "json lines"])
def test_values_too_deep_to_be_read_are_rejected(depth: int, is_row: bool, name: str) -> None:
    data = '{"id": "0", "c_json": ' + '{"a": ' * depth + "1" + "}" * depth + "}"
    body = data if name == "json lines" else f'{{"rows": [{data}]}}'
    try:
        result = read(body.encode(), LAYOUTS[name])
    except DocumentBroken:
        assert not is_row
        return
    assert len(result.rows()) == is_row and len(result.rejected) == (not is_row)
