"""No value of a JSON answer makes a package that cannot be loaded, whatever column it comes for."""

import json
import string
from decimal import Decimal
from typing import Any, Dict, Iterator, Sequence

import dlt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.client.json_decoding import MAX_DEPTH, MAX_LISTS, decode_json
from amazon_selling_partner.common.column_hints import columns
from amazon_selling_partner.common.column_values import DeclaredColumns
from amazon_selling_partner.loading.json_columns import JsonColumns
from tests.support import dataset

TYPES = ("text", "bigint", "decimal", "double", "bool", "date", "timestamp", "json")
HINTS = columns(text="id", **{}) | {
    f"a_{name}": {"name": f"a_{name}", "data_type": name} for name in TYPES
}
VALUES: Dict[str, str] = {
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "35 digits": "12345678901234567890123456789012345",
    "35 digits and a point": "1234567890123456789012345678901234.5",
    "thousands of digits": "9" * 5000,
    "thousands of places": "0." + "3" * 5000,
    "a huge exponent": "1e999999999999",
    "a tiny exponent": "-1e-999999999999",
    "U+0000": r'"a\u0000b"',
    "half a surrogate pair": r'"\ud800"',
    "both halves, turned": r'"\ude00\ud83d"',
    "an empty name": '{"": 1, " ": 2, "_": [{"": 3}], "__": {"": 4}}',
    "a list without a name": '{"": [{"a": 1}]}',
    "U+0000 in a name": r'{"a\u0000": [{"\ud800": 1}]}',
    "names that are one": '{"aB": 1, "a_b": 2, "AB": 3}',
    "names of dlt's columns": '{"_dlt_id": 1, "_dltLoadId": 2, "-dlt-parent-id": [{"_dlt_id": 3}]}',
    "a number as text": '"5"',
    "a flag as text": '"true"',
    "json as text": '"[1, 2]"',
    "a name of dashes": '{"-": {"!": [1]}}',
    "deep objects": '{"a":' * 300 + "1" + "}" * 300,
    "deep lists": "[" * 300 + "1" + "]" * 300,
    "deep lists of objects": '[{"a":' * 100 + "1" + "}]" * 100,
    "a list of everything": '[1, "x", {"b": 1}, [2, [3]], null, true]',
    "an empty list": "[]",
    "an empty object": "{}",
    "an empty text": '""',
    "a long text": json.dumps("x" * 100_000),
    "a year beyond all": '"+292278994-08-17T07:12:55Z"',
    "a date of no calendar": '"0000-00-00T00:00:00Z"',
    "a flag": "true",
    "null": "null",
}


def answer(name: str, value: str, kinds: Sequence[str]) -> bytes:
    """A record with the value in a column of each type, in a child table and in no column."""
    fields = [f'"id": {json.dumps(name)}', *(f'"a_{kind}": {value}' for kind in kinds)]
    fields += [
        f'"parts": [{{"part": {value}}}]',
        f'"other": {value}',
        f'"a_object": {{"b": {value}}}',
    ]
    return ("{" + ", ".join(fields) + "}").encode()


@pytest.mark.parametrize("is_fitted", [True, False])
def test_every_value_loads_in_a_column_of_every_type(
    destination: str, make_pipeline: Any, is_fitted: bool
) -> None:
    declared = DeclaredColumns(HINTS)

    @dlt.resource(name="hostile", primary_key="id", write_disposition="merge", columns=HINTS)
    def hostile() -> Iterator[Any]:
        rows = []
        for name, value in VALUES.items():
            # without fitting it dlt makes tables of a value with parts, the same for most types
            is_flat = is_fitted or value[0] not in "[{"
            row = decode_json(answer(name, value, TYPES if is_flat else ("text", "json")))
            rows.append(declared.fit(row) if is_fitted else row)
        yield rows

    pipeline = make_pipeline(destination)
    for _ in range(2):
        resource = hostile()
        resource.add_step(JsonColumns())
        pipeline.run(resource)
        pipeline.last_trace.last_load_info.raise_on_failed_jobs()
    found = {row["id"]: row for row in dataset(pipeline)["hostile"]}
    assert set(found) == set(VALUES)
    assert found["thousands of digits"]["a_text"] == "number " + "9" * 5000
    assert found["thousands of digits"]["a_decimal__v_text"]


NUMBERS = st.integers().map(str) | st.from_regex(
    r"-?[0-9]{1,40}\.[0-9]{1,40}(e-?[0-9]{1,12})?", fullmatch=True
)
TEXTS = st.text(st.characters()).map(json.dumps) | st.sampled_from([r'"\ud83d"', r'"\u0000"'])
NAMES = st.sampled_from(["", " ", "_", "a", r"\ud800", r"\u0000", "unnamed", "unnamed_2"])
DOCUMENTS = st.recursive(
    NUMBERS.filter(
        lambda text: text.lstrip("-")[:2].strip("0123456789") or text.lstrip("-")[0] != "0"
    )
    | TEXTS
    | st.sampled_from(["NaN", "Infinity", "null", "true"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda parts: f"[{','.join(parts)}]")
    | st.dictionaries(NAMES, inner, max_size=4).map(
        lambda members: "{" + ",".join(f'"{n}":{v}' for n, v in members.items()) + "}"
    )
    | st.tuples(inner, st.integers(1, 90)).map(lambda deep: "[" * deep[1] + deep[0] + "]" * deep[1])
    | st.tuples(inner, st.integers(1, 90)).map(
        lambda deep: '{"a":' * deep[1] + deep[0] + "}" * deep[1]
    ),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_a_decoded_answer_has_nothing_that_a_destination_refuses(document: str) -> None:
    assert_loadable(decode_json(document.encode("utf-8", "surrogatepass")), 0, 0)


def assert_loadable(value: Any, depth: int, lists: int) -> None:
    """No value is beyond what dlt writes and databases take."""
    if isinstance(value, dict):
        assert depth < MAX_DEPTH
        for name, part in value.items():
            assert name.strip(string.whitespace + "_") and "\0" not in name
            name.encode()
            assert_loadable(part, depth + 1, lists)
    elif isinstance(value, list):
        assert depth < MAX_DEPTH and lists < MAX_LISTS
        for part in value:
            assert_loadable(part, depth + 1, lists + 1)
    elif isinstance(value, str):
        assert "\0" not in value
        value.encode()
    elif isinstance(value, Decimal):
        assert value.is_finite() and value.adjusted() < 29
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
