"""What is added to the rows of a document, and that dlt loads them."""

from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Iterator

import dlt
import pyarrow as pa
import pytest

from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    DATE,
    DECIMAL,
    REJECTED_TABLE,
    TIMESTAMP,
    Document,
    FlatLayout,
    TableLayout,
    add_constants,
    read_document,
    snake_case,
)
from amazon_selling_partner.modules.reports.documents.table_buffer import unique_names


def test_constants_are_added_with_their_types() -> None:
    constants = {
        "report_id": "007",
        "window_start": datetime(2024, 1, 1, tzinfo=timezone.utc),
        "day": date(2024, 1, 1),
        "rate": Decimal("1.5"),
        "number": 3,
        "marketplace_id": None,
    }
    table = add_constants(pa.table({"sku": ["1", "2"]}), constants)
    assert table.to_pylist() == [{"sku": sku, **constants} for sku in ("1", "2")]
    assert table.schema.field("marketplace_id").type == pa.string()
    assert table.schema.field("window_start").type == pa.timestamp("us", tz="UTC")
    with pytest.raises(ValueError, match="already has a column sku"):
        add_constants(table, {"sku": "3"})
    assert add_constants(table.slice(0, 0), {"x": 1}).num_rows == 0


def test_unique_names_stay_short() -> None:
    long = "n" * 63
    names = unique_names(["a", "a", "a_2", "a", long, long])
    assert names == ["a", "a_3", "a_2", "a_4", long, "n" * 59 + "_2"]
    assert len(set(names)) == 6


def test_names_are_identifiers() -> None:
    name = snake_case(
        ("estimated-future-fee (Current Selling on Amazon + Future Fulfillment fees)",)
    )
    assert name.isidentifier() and len(name) <= 63
    assert snake_case(("salesByDate", "orderedProductSales", "amount")) == (
        "sales_by_date__ordered_product_sales__amount"
    )


def test_dlt_loads_what_was_read(destination: str, make_pipeline: Any) -> None:
    lines = ["sku\tprice\tquantity\tday\tmoment\ttitle"]
    lines += [f'{n:05}\t{n}.25\t{n}\t2024-01-01\t2024-01-01T00:00:00Z\t"é {n}' for n in range(3000)]
    lines[2000] = "01999\tfree\t1\t2024-01-01\t2024-01-01T00:00:00Z\tx"
    lines[2001] += "\textra"
    kinds = {"price": DECIMAL, "quantity": BIGINT, "day": DATE, "moment": TIMESTAMP}

    @dlt.resource
    def rows() -> Iterator[Any]:
        with Document(["\n".join(lines).encode()]) as document:
            for name, table in read_document(document, FlatLayout(TableLayout("listing", kinds))):
                yield dlt.mark.with_table_name(add_constants(table, {"report_id": "r"}), name)

    pipeline = make_pipeline(destination)
    pipeline.run(rows())
    with pipeline.sql_client() as client:
        (found,) = client.execute_sql(
            "SELECT count(*), sum(price), sum(quantity), min(sku), max(title), min(day), min(moment),"
            " max(price__v_text), max(report_id) FROM listing"
        )
        (rejected,) = client.execute_sql(
            f"SELECT line_number, raw_text, report_id FROM {REJECTED_TABLE}"
        )
    good = [n for n in range(3000) if n not in (1999, 2000)]
    assert found[:3] == (2999, sum(good) + Decimal("0.25") * len(good), sum(good) + 1)
    assert found[3:5] == ("00000", "x")
    moment = found[6].astimezone(timezone.utc)
    assert (str(found[5]), str(moment), *found[7:]) == (
        "2024-01-01",
        "2024-01-01 00:00:00+00:00",
        "free",
        "r",
    )
    assert rejected[0] == 2002 and rejected[1].endswith("\textra") and rejected[2] == "r"
