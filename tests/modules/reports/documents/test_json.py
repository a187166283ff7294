"""JSON documents: exact, streamed, whatever their formatting."""

import json
import re
import tracemalloc
from decimal import Decimal
from typing import Any, Dict, Iterator, List, Tuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    JSON,
    TIMESTAMP,
    Document,
    DocumentBroken,
    JsonLayout,
    NestedList,
    TableLayout,
    json_rows,
    read_document,
)

from .support import cut, read

KINDS = {
    "amount": DECIMAL,
    "units": BIGINT,
    "share": DOUBLE,
    "day": DATE,
    "at": TIMESTAMP,
    "b2b": BOOL,
}
LAYOUT = JsonLayout({"rows": TableLayout("t", KINDS)})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many pieces in a small document."""
    monkeypatch.setattr(json_rows, "BLOCK_SIZE", 300)
    monkeypatch.setattr(json_rows, "SAMPLE_SIZE", 40)


def document(rows: List[Any], **dumps: Any) -> bytes:
    return json.dumps({"rows": rows}, **dumps).encode()


def test_every_list_is_a_table_and_the_specification_is_kept() -> None:
    data = {
        "reportSpecification": {"reportType": "X", "reportOptions": {"a": "b"}, "n": 1.50},
        "salesAggregate": [{"units": 1}],
        "salesByAsin": [{"asin": "A", "units": 2}, {"asin": "B", "units": 3}],
    }
    layout = JsonLayout(
        {
            "salesAggregate": TableLayout("total", KINDS),
            "salesByAsin": TableLayout("by_asin", KINDS),
        }
    )
    for keys in (list(data), list(data)[::-1]):
        result = read(json.dumps({key: data[key] for key in keys}, indent=1).encode(), layout)
        assert result.rows("total") == [{"units": 1}]
        assert result.rows("by_asin") == [{"asin": "A", "units": 2}, {"asin": "B", "units": 3}]
        assert result.counts.properties == {"reportSpecification": data["reportSpecification"]}


def test_kinds_and_exact_numbers() -> None:
    text = """{"rows":[{"amount":12345678901234567890.123456789,"units":9007199254740993,
        "share":0.1,"day":"2024-02-29","at":"2024-01-01T01:02:03.5+02:00","b2b":true,
        "new number":1.10,"new text":"007","new bool":false,"new null":null}]}"""
    (row,) = read(text.encode(), LAYOUT).rows()
    assert row.pop("amount") == Decimal("12345678901234567890.123456789")
    assert str(row.pop("at")) == "2023-12-31 23:02:03.500000+00:00"
    assert str(row.pop("day")) == "2024-02-29"
    assert row == {
        "units": 9007199254740993,
        "share": 0.1,
        "b2b": True,
        "new_number": "1.10",
        "new_text": "007",
        "new_bool": "false",
    }


@pytest.mark.parametrize("dumps", [{}, {"separators": (",", ":")}, {"indent": 2}])
@pytest.mark.parametrize("gzipped", [True, False])
def test_formatting_does_not_matter(dumps: Dict[str, Any], gzipped: bool, small: None) -> None:
    rows = [
        {"asin": f"A{n}", "in": {"units": n, "more": {"amount": n / 4}}, "t": '},{"a":[1]}'}
        for n in range(500)
    ]
    layout = JsonLayout(
        {"rows": TableLayout("t", {"in__units": BIGINT, "in__more__amount": DECIMAL})}
    )
    result = read(document(rows, **dumps), layout, size=97, gzipped=gzipped)
    assert result.rows() == [
        {"asin": f"A{n}", "in__units": n, "in__more__amount": Decimal(n) / 4, "t": '},{"a":[1]}'}
        for n in range(500)
    ]


def test_the_fast_way_is_taken(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    slow: List[int] = []
    parse_records = json_rows.JsonTable.parse_records

    def counted(self: Any, records: List[Any], numbers: List[int]) -> Any:
        slow.append(len(records))
        return parse_records(self, records, numbers)

    monkeypatch.setattr(json_rows.JsonTable, "parse_records", counted)
    rows = [{"asin": "é", "amount": 1.5, "units": n, "none": None} for n in range(2000)]
    result = read(document(rows, ensure_ascii=False), LAYOUT, size=1000)
    assert [row["units"] for row in result.rows()] == list(range(2000))
    assert sum(slow) < 20


@pytest.mark.parametrize(
    "odd",
    [
        {"units": 1, "brand new": 5},
        {"units": 1, "brand new": "2024-01-01T00:00:00Z"},
        {"units": 1, "list": [{"a": 1.10}, "é", None, True]},
        {"units": "1"},
        {"units": 1.0},
        {"units": 1, "amount": "1.5"},
        {"units": 1, "amount": ""},
        {"units": 1, "asin": "\\u0001 \\ud83c\\udf81"},
        {"units": 1, "asin": 7},
    ],
)
def test_an_odd_record_late_in_a_list(odd: Dict[str, Any], small: None) -> None:
    rows: List[Dict[str, Any]] = [{"asin": f"A{n}", "units": 1} for n in range(400)]
    rows[301] = {"asin": "odd", **odd}
    text = json.dumps({"rows": rows}).replace("\\\\u", "\\u").replace("1.1}", "1.10}")
    result = read(text.encode(), LAYOUT, size=200)
    got = result.rows()
    assert [row["units"] for row in got] == [1] * 400
    assert [row["asin"] for n, row in enumerate(got) if n != 301] == [
        f"A{n}" for n in range(400) if n != 301
    ]
    if "brand new" in odd:
        assert got[301]["brand_new"] == str(odd["brand new"])
    if "list" in odd:
        assert got[301]["list"] == '[{"a":1.10},"é",null,true]'
    if "amount" in odd:
        assert got[301]["amount"] == (Decimal("1.5") if odd["amount"] else None)
    assert not result.rejected and not result.counts.unparsed


@pytest.mark.parametrize(
    "number, value, kept",
    [
        ("0.30000000000000004", Decimal("0.300000000"), "0.30000000000000004"),
        ("12345678901234567890123456789012", None, "12345678901234567890123456789012"),
        ("1e30", None, "1e30"),
        ("4.2e-63", Decimal(0), "4.2e-63"),
        ("9" * 70, None, "9" * 70),
        ("1E400", None, "1E400"),
        ("NaN", None, "NaN"),
        ("99999999999999999999999999999", Decimal("9" * 29), None),
    ],
)
def test_a_number_that_does_not_fit_keeps_its_text(number: str, value: Any, kept: str) -> None:
    lead = ",".join(['{"amount":1}'] * 20_000)
    result = read(f'{{"rows":[{lead},{{"amount":{number}}}]}}'.encode(), LAYOUT)
    last = result.rows()[-1]
    assert last["amount"] == value
    assert last.get("amount__v_text") == kept
    assert result.counts.unparsed == ({"t.amount": 1} if kept else {})


def test_what_is_no_record_is_kept_aside(small: None) -> None:
    good = ['{"a":"x"}'] * 60
    bad = ["5", "null", '"x"', '{"a":"\\ud83c"}', '{"a":"\xff"}']
    text = '{"rows":[' + ",".join([*good, *bad, *good]) + "]}"
    result = read(text.encode("latin-1"), LAYOUT, size=50)
    assert result.rows() == [{"a": "x"}] * 120
    assert [row["line_number"] for row in result.rejected] == [61, 62, 63, 64, 65]
    assert [row["raw_text"] for row in result.rejected] == [
        "5", "null", '"x"', '{"a":"\\\\ud83c"}', '{"a":"\\xff"}',
    ]  # fmt: skip
    assert result.rejected[3]["reason"] == "half of a surrogate pair"
    assert result.rejected[4]["reason"] == "not valid utf-8"


def test_a_record_with_u_0000_is_kept_aside(small: None) -> None:
    """PostgreSQL takes it neither in text nor in JSON; two backslashes before it are another
    matter."""
    good = ['{"a":"x"}'] * 60
    bad = ['{"a":"\\u0000"}', '{"a":{"b":["\\\\\\u0000"]}}', '{"a\\u0000":1}', '{"a":"\0"}']
    fine = '{"a":"\\\\u0000"}'
    text = '{"rows":[' + ",".join([*good, *bad, fine, *good]) + "]}"
    result = read(text.encode(), LAYOUT, size=50)
    assert [row["a"] for row in result.rows()] == ["x"] * 60 + ["\\u0000"] + ["x"] * 60
    assert [row["line_number"] for row in result.rejected] == [61, 62, 63, 64]
    assert {row["reason"] for row in result.rejected} == {
        "holds U+0000, which PostgreSQL cannot store"
    }
    assert result.rejected[3]["raw_text"] == '{"a":"\\x00"}'
    assert not any("\0" in row["raw_text"] for row in result.rejected)


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows":[{"a":1},{"a":2}',
        b'{"rows":[{"a":1},{"a":2',
        b'{"rows":[{"a":1},]',
        b'{"rows":[{"a":1}{',
        b'{"rows":[{"a":1}],"x"',
        b'{"rows":[{"a":1}]',
        b'{"rows":[{"a":1}]} x',
        b'{"rows":[{"a":x}]}',
        b'{"rows" [1]}',
        b"plain text",
        b'{"reportSpecification":{}}',
        b'{"errorDetails":"no"}',
    ],
)
def test_a_broken_document_is_an_error(body: bytes) -> None:
    with pytest.raises(DocumentBroken, match="JSON"):
        read(body, LAYOUT)


def test_empty_lists_and_empty_documents() -> None:
    assert read(b'{"rows":[ ]}', LAYOUT).rows() == []
    assert read(b"", LAYOUT).tables == {}
    assert read(b" \n", LAYOUT).tables == {}


def test_bare_list_and_unlisted_list() -> None:
    assert read(
        b'\xef\xbb\xbf [{"a":"x"} , {"a":"y"}] ', JsonLayout({"": TableLayout("t")})
    ).rows() == [
        {"a": "x"},
        {"a": "y"},
    ]
    data = b'{"rows":[{"a":"x"}],"other":[{"b":"y"}]}'
    assert read(data, LAYOUT).counts.properties == {"other": [{"b": "y"}]}
    layout = JsonLayout(LAYOUT.lists, unlisted=lambda key: TableLayout(f"t_{key}"))
    assert read(data, layout).rows("t_other") == [{"b": "y"}]


def test_lines(small: None) -> None:
    layout = JsonLayout({"": TableLayout("t", {"n": BIGINT, "in__amount": DECIMAL})}, lines=True)
    lines = [json.dumps({"n": n, "in": {"amount": 0.5}, "t": "é\n"}) for n in range(300)]
    lines[120] = '{"n": 120, "in": '
    lines[200] = ""
    result = read("\r\n".join(lines).encode(), layout, size=70)
    assert [row["n"] for row in result.rows()] == [n for n in range(300) if n not in (120, 200)]
    (rejected,) = result.rejected
    assert (rejected["line_number"], rejected["raw_text"]) == (121, '{"n": 120, "in": ')


def test_names_by_the_caller_and_objects_kept_whole() -> None:
    def naming(path: Tuple[str, ...]) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])", "_", "_".join(path)).lower()

    kinds = {"sales_b_2_b_amount": DECIMAL, "address": JSON}
    layout = JsonLayout({"rows": TableLayout("t", kinds, naming)})
    data = (
        b'{"rows":[{"sales":{"B2B":{"amount":1.5}},"address":{"zip":"01","n":1.0},"a_b":1,"aB":2}]}'
    )
    (row,) = read(data, layout).rows()
    assert row["address"] == '{"zip":"01","n":1.0}'
    assert row["sales_b2_b_amount" if "sales_b2_b_amount" in row else "sales_b_2_b_amount"]
    assert (row["a_b"], row["a_b_2"]) == ("1", "2")


CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0")


@pytest.mark.parametrize("size", [1, 30, 10_000])
def test_lists_of_objects_in_records_become_tables_with_the_ids_above_them(size: int) -> None:
    asins = TableLayout("asins", {"discount": DECIMAL})
    coupons = TableLayout(
        "coupons", {"clips": BIGINT}, nested={"asins": NestedList(asins, ("c", "k"))}
    )
    layout = JsonLayout(
        {"campaigns": TableLayout("campaigns", nested={"coupons": NestedList(coupons, ("c",))})}
    )
    data = {
        "campaigns": [
            {
                "c": "001",
                "coupons": [
                    {"k": "7", "clips": 1, "asins": [{"asin": "A", "discount": 1.5}]},
                    {"k": "8", "clips": 2, "asins": [], "new": {"x": 1}},
                ],
            },
            {"c": "002"},
            {
                "c": "003",
                "coupons": [{"k": "9", "asins": [{"asin": "B"}, {"asin": "C", "c": "x"}]}],
            },
            {"c": "004", "coupons": None},
            {"c": "005", "coupons": ["odd", {"k": "1"}]},
        ]
    }
    result = read(json.dumps(data).encode(), layout, size=size)
    assert [list(row.values()) for row in result.rows("campaigns")] == [
        ["001", None], ["002", None], ["003", None], ["004", None],
        # what is no list of objects stays with its record
        ["005", '["odd",{"k":"1"}]'],
    ]  # fmt: skip
    assert result.rows("coupons") == [
        {"c": "001", "k": "7", "clips": 1, "new__x": None},
        {"c": "001", "k": "8", "clips": 2, "new__x": "1"},
        {"c": "003", "k": "9", "clips": None, "new__x": None},
    ]
    assert result.rows("asins") == [
        {"c": "001", "k": "7", "asin": "A", "discount": Decimal("1.5")},
        {"c": "003", "k": "9", "asin": "B", "discount": None},
        {"c": "x", "k": "9", "asin": "C", "discount": None},
    ]


@pytest.mark.parametrize("first", range(4, 40))
def test_a_number_at_the_end_of_what_was_read_goes_on(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the lists and inside of them: 12345 must not be taken for 12 and 345."""
    monkeypatch.setattr(json_rows, "SAMPLE_SIZE", first)
    monkeypatch.setattr(json_rows, "BLOCK_SIZE", first)
    data = b'{"number":1234567,"rows":[{"a":"x"},7654321,{"a":"y"}],"other":98765}'
    result = read(data, LAYOUT, size=3)
    assert result.counts.properties == {"number": 1234567, "other": 98765}
    assert result.rows() == [{"a": "x"}, {"a": "y"}]
    assert [row["raw_text"] for row in result.rejected] == ["7654321"]


LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(CHARACTERS, max_size=8),
    st.lists(st.text(CHARACTERS, max_size=3), max_size=2),
)
VALUE = st.one_of(LEAF, st.dictionaries(st.sampled_from(["p", "q"]), LEAF, max_size=2))
RECORD = st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUE, max_size=3)


def expected_text(value: Any) -> Any:
    if isinstance(value, bool) or isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value if value is None or isinstance(value, str) else str(value)


def expected_row(record: Dict[str, Any]) -> Dict[str, Any]:
    row: Dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            row.update({f"{key}__{inner}": expected_text(leaf) for inner, leaf in value.items()})
        else:
            row[key] = expected_text(value)
    return {key: text for key, text in row.items() if text is not None}


@settings(max_examples=200, deadline=None)
@given(
    records=st.lists(RECORD, max_size=12),
    repeat=st.integers(1, 8),
    size=st.integers(1, 200),
    piece=st.integers(20, 300),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
    lines=st.booleans(),
)
def test_any_records_come_out_as_they_went_in_however_they_are_cut(
    records: List[Dict[str, Any]],
    repeat: int,
    size: int,
    piece: int,
    indent: Any,
    ascii_only: bool,
    lines: bool,
) -> None:
    records = records * repeat
    table = TableLayout("t")
    if lines:
        text = "\n".join(json.dumps(record, ensure_ascii=ascii_only) for record in records)
        layout = JsonLayout({"": table}, lines=True)
    else:
        text = json.dumps({"rows": records}, indent=indent, ensure_ascii=ascii_only)
        layout = JsonLayout({"rows": table})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "BLOCK_SIZE", piece)
        patch.setattr(json_rows, "SAMPLE_SIZE", 16)
        result = read(text.encode(), layout, size=size)
    rows = [{key: text for key, text in row.items() if text is not None} for row in result.rows()]
    expected = [expected_row(record) for record in records]
    if result.tables:
        assert rows == expected
    else:
        # records without any value have no column to stand in
        assert not any(expected)
    assert not result.rejected


@pytest.mark.slow
def test_memory_does_not_grow_with_the_document() -> None:
    record = b'{"asin":"B000000000","amount":12.34,"title":"%s"}' % (b"x" * 200)

    def pieces(records: int) -> Iterator[bytes]:
        yield b'{"rows":['
        for n in range(records // 1000):
            yield (b"," if n else b"") + b",".join([record] * 1000)
        yield b'],"reportSpecification":{}}'

    def peak(records: int) -> Tuple[int, int]:
        with Document(pieces(records)) as opened:
            tracemalloc.start()
            arrow = pa.total_allocated_bytes()
            highest = rows = 0
            for _, table in read_document(opened, LAYOUT):
                rows += table.num_rows
                highest = max(highest, pa.total_allocated_bytes() - arrow)
            python = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert rows == records
        return highest, python

    assert max(peak(200_000)) < 100 << 20
    small_arrow, small_python = peak(200_000)
    large_arrow, large_python = peak(600_000)
    assert large_arrow < 1.5 * small_arrow + (10 << 20)
    assert large_python < 1.5 * small_python + (10 << 20)


def test_any_cut_of_one_document_gives_the_same(small: None) -> None:
    rows = [{"asin": f"é{n}", "units": n, "in": {"amount": "1"}} for n in range(40)]
    data = document(rows, ensure_ascii=False)
    whole = read(data, LAYOUT).rows()
    for size in range(1, 60):
        with Document(cut(data, size)) as opened:
            tables = [table for _, table in read_document(opened, LAYOUT)]
        assert [row for table in tables for row in table.to_pylist()] == whole
