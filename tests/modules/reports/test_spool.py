"""Rows of a document that fails on the way are not handed on."""

from typing import Iterator, List, Tuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.modules.reports.spool import read_all

Named = Tuple[str, pa.Table]


def test_nothing_of_a_broken_document_is_handed_on() -> None:
    def broken() -> Iterator[Named]:
        yield "a", pa.table({"x": [1, 2]})
        raise ValueError("the rest is missing")

    taken: List[Named] = []
    with pytest.raises(ValueError, match="missing"):
        for named in read_all(broken()):
            taken.append(named)
    assert taken == []


pieces = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(["x", "y"]),
        st.lists(st.integers(0, 9), max_size=5),
    ),
    max_size=12,
)


@given(pieces)
def test_everything_comes_back_in_order(parts: List[Tuple[str, str, List[int]]]) -> None:
    """Whatever the order of tables and however their columns change on the way."""
    tables = [
        (name, pa.table({column: pa.chunked_array([values[:2], values[2:]], pa.int64())}))
        for name, column, values in parts
    ]
    back = list(read_all(tables))
    # tables come back as large as they were, however they were cut
    assert sorted((name, table.num_rows) for name, table in back) == sorted(
        (name, table.num_rows) for name, table in tables
    )
    for name in "ab":
        expected = [(c, v) for n, c, values in parts if n == name for v in values]
        found = [
            (table.column_names[0], value)
            for n, table in back
            if n == name
            for value in table.column(0).to_pylist()
        ]
        assert found == expected
