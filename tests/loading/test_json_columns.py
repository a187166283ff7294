"""A json column has what Amazon sent: numbers are numbers with all their digits, texts are texts."""

import json
from typing import Any, Dict, Iterator

import dlt
import pytest
from dlt.extract import make_nested_hints

from amazon_selling_partner.client.json_decoding import decode_json
from amazon_selling_partner.common.column_hints import columns
from amazon_selling_partner.loading.json_columns import JsonColumns
from tests.support import dataset

CONTENT = (
    '{"amount": 12.5, "text": "12.50", "list": [1.25, 2, 1.23456789012, {"n": 0.1}],'
    ' "unit_price": 10.10, "long": 0.12345678901234567890123, "flag": true, "none": null}'
)
EXPECTED = {
    **{"amount": 12.5, "text": "12.50", "list": [1.25, 2, 1.23456789012, {"n": 0.1}]},
    **{"unit_price": 10.1, "long": "0.12345678901234567890123", "flag": True, "none": None},
}
ODD = ['"5"', '"true"', '"x"', '"{}"', r'"\"q\""', "5", "1.5", "true"]
EMPTY = ['""', "null", "[]", "{}"]
NAMES = b'{"id": "names", "_dlt_id": "x", "_dltLoadId": "y", "": 1, "aB": 1, "a_b": 2, "A-B": ""}'


def record(id: str, content: str) -> Any:
    """A record with the content in json columns, in nested ones, and deeper than tables go."""
    parts = f'[{{"part": {content}, "other": {{"deep": {content}}}}}]'
    fields = f'"id": {json.dumps(id)}, "aList": {content}, "object": {{"inner": {content}}}'
    return decode_json(f'{{{fields}, "parts": {parts}}}'.encode())


RECORDS = [record("content", CONTENT), *(record(text, text) for text in [*ODD, *EMPTY])]
DEEP = '{"id": "deep", "parts": [{"deep": [{"n": 1.5}], "lists": [[2.5]]}], "object": {"o": [0.1]}}'


@dlt.resource(
    primary_key="id",
    write_disposition="merge",
    columns=columns(text="id", json="a_list object__inner"),
    nested_hints={"parts": make_nested_hints(columns=columns(json="part other__deep"))},
)
def declared() -> Iterator[Any]:
    yield [*RECORDS, decode_json(NAMES)]


@dlt.resource(primary_key="id", write_disposition="merge", max_table_nesting=1)
def deep() -> Iterator[Any]:
    yield [decode_json(DEEP.encode())]


@dlt.resource(name="hinted")
def hinted() -> Iterator[Any]:
    hints = dlt.mark.make_hints("hinted_variant", columns=columns(text="id", json="a_list"))
    yield dlt.mark.with_hints(RECORDS[:1], hints, create_table_variant=True)
    yield dlt.mark.with_table_name(RECORDS[1:], "hinted_variant")


def parsed(value: Any) -> Any:
    """DuckDB gives the text of JSON."""
    return json.loads(value) if isinstance(value, str) else value


def test_json_is_as_amazon_sent_it_in_columns_of_every_kind(
    destination: str, make_pipeline: Any
) -> None:
    pipeline = make_pipeline(destination)
    for _ in range(2):
        resources = [declared(), deep(), hinted()]
        for resource in resources:
            resource.add_step(JsonColumns())
        pipeline.run(resources)
        pipeline.last_trace.last_load_info.raise_on_failed_jobs()
    found = dataset(pipeline)

    by_id: Dict[str, Any] = {row["id"]: row for row in found["declared"]}
    assert set(by_id) == {"content", "names", *ODD, *EMPTY}
    for table, names in (
        ("declared", ("a_list", "object__inner")),
        ("hinted_variant", ("a_list",)),
    ):
        row = next(row for row in found[table] if row["id"] == "content")
        assert [parsed(row[name]) for name in names] == [EXPECTED] * len(names)
    contents = [row for row in found["declared__parts"] if "12.5" in str(row["part"])]
    assert [parsed(row[name]) for row in contents for name in ("part", "other__deep")] == (
        [EXPECTED] * 2
    )
    for text in ODD:
        row = by_id[text]
        value = json.loads(text)
        aside = value if isinstance(value, str) else text
        assert row["a_list"] is None and row["a_list__v_text"] == aside
        assert row["object__inner__v_text"] == aside
    assert by_id['""']["a_list"] is None and by_id['""']["a_list__v_text"] is None
    assert parsed(by_id["[]"]["a_list"]) == [] and parsed(by_id["{}"]["a_list"]) == {}

    (row,) = found["deep"]
    assert parsed(row["object__o"]) == [0.1]
    (part,) = found["deep__parts"]
    assert parsed(part["deep"]) == [{"n": 1.5}] and parsed(part["lists"]) == [[2.5]]

    names = {name: value for name, value in by_id["names"].items() if value is not None}
    assert names == {
        **{"id": "names", "amazon_dlt_id": "x", "amazon_dlt_load_id": "y"},
        **{"unnamed": 1, "a_b": 1, "a_b_2": 2},
    }


@pytest.mark.parametrize("items", [[], None, 7, [None]])
def test_what_is_no_row_passes(items: Any) -> None:
    resource = dlt.resource([items], name="odd", columns=columns(json="a"))
    resource.add_step(JsonColumns())
    assert list(resource) == list(dlt.resource([items], name="odd"))
