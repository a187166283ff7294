"""Reports of the user's own: wrong arguments are reported at once, right ones are loaded as described."""

from typing import Any, Dict, List

import pytest

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.modules.reports import report, report_resources
from amazon_selling_partner.modules.reports.jobs import Job
from amazon_selling_partner.modules.reports.periods import ReportWindow, data_times
from amazon_selling_partner.modules.reports.report_tables import tombstones
from amazon_selling_partner.modules.reports.scopes import resolve_scopes

from .support import NOW, REPORTS, US, account, run_rows, table_rows


@pytest.mark.parametrize(
    "own,says",
    [
        ([{"report_type": "GET_X", "perod": "day"}], "'perod' is no argument"),
        ([{"table_name": "x"}], "report_type = ''"),
        (["GET_X"], "'GET_X'"),
        ([{"report_type": "GET_X", "columns": {"a": "number"}}], "a = 'number'"),
        ([{"report_type": "GET_X", "columns": "a"}], "columns = 'a'"),
        ([{"report_type": "GET_X", "options": "a=b"}], "reportOptions of GET_X"),
        ([{"report_type": "GET_X", "options": {"a": ["x"]}}], "is not text"),
        ([{"report_type": "GET_X", "max_periods": 0}], "max_periods = 0"),
        ([{"report_type": "GET_X", "period": "day", "history": "30"}], "history = '30'"),
        ([{"report_type": "GET_X", "lag_hours": "3"}], "lag_hours = '3'"),
        ([{"report_type": "GET_X", "regional": "yes"}], "neither true nor false"),
        ([{"report_type": "GET_X", "key": [1]}], "key = "),
        ([{"report_type": "GET_X", "format": "json", "records": "a.b"}], "'a.b'"),
        (
            [{"report_type": "GET_X", "date_column": "d", "columns": {"d": "bigint"}}],
            "a date or a timestamp",
        ),
        ([{"report_type": "GET_X", "table_name": "report_run"}], "report_run"),
        ([{"report_type": "GET_X"}, {"report_type": "GET_X"}], "table_name of its own"),
        (
            [{"report_type": "GET_X", "table_name": "sales_and_traffic_business_report_daily"}],
            "sales_and_traffic_business_sku_report_daily fills",
        ),
    ],
)
def test_a_wrong_description_is_one_clear_sentence(own: List[Any], says: str) -> None:
    with account() as seller:
        with pytest.raises(ConfigurationError, match=says):
            list(report_resources(seller.context(), [US], NOW, custom_reports=own))
        assert not list(seller.simulator.requests)


def test_an_option_may_hold_braces() -> None:
    own = report("GET_X", options={"filter": '{"a": {currency_of: 1}}', "active": True})
    (scope,) = resolve_scopes(own, [US], {}, [])
    assert scope.options == {"filter": '{"a": {currency_of: 1}}', "active": "true"}


def test_names_are_taken_as_they_stand_in_the_document() -> None:
    own = report("GET_X", key="Order ID", columns={"Item Price": "decimal"}, period="changes")
    (table,) = own.tables
    assert table.merge_key == ("order_id",) and table.columns == {"item_price": "decimal"}


def test_a_custom_snapshot_sends_no_dates() -> None:
    assert data_times(report("GET_X"), ReportWindow(NOW, NOW), NOW) is None
    assert data_times(report("GET_X", history=3), ReportWindow(NOW, NOW), NOW) is not None


@pytest.mark.parametrize(
    "arguments,document",
    [
        ({"format": "json", "records": "rows"}, b'[{"sku": "007", "n": 1}]'),
        ({"format": "csv"}, b"SKU\tN\n007\t1\n"),
        ({"format": "tsv"}, b'SKU,N\n"007",1\n'),
    ],
)
def test_a_document_is_read_as_it_is_written(arguments: Dict[str, Any], document: bytes) -> None:
    own = report("GET_X", **arguments)
    with account() as seller:
        seller.book.documents["GET_X"] = document
        (row,) = table_rows(seller.run([own]), "x")
        assert (row["sku"], row["n"]) == ("007", "1")


def test_a_list_that_is_null_is_empty() -> None:
    own = report("GET_X", format="json", records="rows")
    with account() as seller:
        seller.book.documents["GET_X"] = b'{"rows": null}'
        assert [row["status"] for row in run_rows(seller.run([own]))] == ["DONE"]


def test_rows_of_several_days_with_one_key_are_loaded_once() -> None:
    own = report("GET_X", key="sku", period="day", history=5)
    with account() as seller:
        seller.book.documents["GET_X"] = b"sku\n007\n"
        assert len(table_rows(seller.run([own]), "x")) == 1


def test_an_unknown_list_is_split_by_its_dates() -> None:
    item = REPORTS["vendor_sales_sourcing_retail_report_daily"]
    days = ["2026-11-18", "2026-11-19"]
    rows = ",".join(f'{{"startDate": "{day}", "brand": "x"}}' for day in days)
    with account(vendor=True) as vendor:
        vendor.book.documents[item.report_type] = f'{{"salesByBrand": [{rows}]}}'.encode()
        found = table_rows(vendor.run([item]), f"{item.name}_sales_by_brand")
        assert [str(row["window_start"].date()) for row in found] == days


def test_a_packet_of_asins_replaces_its_rows_only() -> None:
    item = REPORTS["search_query_performance_report_weekly"]
    asins = [f"B{number:09}" for number in range(40)]
    window = ReportWindow(
        NOW.subtract(days=15).start_of("day"), NOW.subtract(days=8).start_of("day")
    )
    cleared = []
    for scope in resolve_scopes(item, [US], {}, asins):
        (rows,) = tombstones(Job(item, scope, window), "NORTH_AMERICA", [window])
        cleared.append(rows.data["asin"].to_pylist())
    assert len(cleared) == 3 and sum(cleared, []) == asins
    assert "asin" in item.merge_key_of(item.tables[0])


def test_a_row_without_its_order_spoils_nothing(make_pipeline: Any) -> None:
    name = "orders_report"
    with account() as seller:
        own = REPORTS[name].report_type
        seller.book.documents[own] = b"amazon-order-id\tsku\n111\tA\n\tB\n"
        pipeline = make_pipeline("duckdb")
        pipeline.run(seller.source(name))
        with pipeline.sql_client() as client:
            assert client.execute_sql(f"SELECT sku FROM {name}") == [("A",)]
            assert client.execute_sql("SELECT count(*) FROM report_rejected_row")[0][0] > 0


@pytest.mark.parametrize("name", ["orders_xml_report", "x"])
def test_a_table_with_a_custom_merge_key_may_stay_empty(name: str, make_pipeline: Any) -> None:
    with account(orders_per_day=0) as seller:
        own = report("GET_X", key="sku", period="listed")
        pipeline = make_pipeline("duckdb")
        pipeline.run(seller.source(name, custom_reports=[own]))
        with pipeline.sql_client() as client:
            assert client.execute_sql(f"SELECT count(*) FROM {name}") == [(0,)]
