"""Reports in a destination: truth compared row by row, windows that replace themselves whole."""

from collections import Counter
from decimal import Decimal
from typing import Any, Dict, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.loading.summary import RunSummary, metrics
from amazon_selling_partner.modules.reports import report, report_resources
from sp_api_simulator.reports.report_facts import tallies
from tests.support import dataset, rows

from .support import CA, DE, JP, NOW, US, account

DAY_MS = 86_400_000
VENDOR_DAY = "vendor_sales_manufacturing_retail_report_daily"
VENDOR_ASIN = "vendor_sales_manufacturing_retail_asin_report_daily"
SALES_SKU = "sales_and_traffic_business_sku_report_daily"


def load(pipeline: dlt.Pipeline, source: Any) -> None:
    info = pipeline.run(source, loader_file_format="parquet" if _duckdb(pipeline) else None)
    info.raise_on_failed_jobs()


def _duckdb(pipeline: dlt.Pipeline) -> bool:
    return pipeline.destination.destination_name == "duckdb"


def test_vendor_sales_equal_the_orders(destination: str, make_pipeline: Any) -> None:
    with account(vendor=True) as seller:
        pipeline = make_pipeline(destination)
        load(pipeline, seller.source(VENDOR_DAY))
        requested = int(seller.bodies() and seller.book.reports.popitem()[1].created)
        truth: Dict[Any, Any] = {}
        for day in range(13, 20):
            start = int(pendulum.datetime(2026, 11, day).timestamp() * 1000)
            for asin, tally in tallies(
                seller.simulator.account, start, start + DAY_MS, requested, US, "RETAIL"
            ).items():
                truth[pendulum.date(2026, 11, day), asin] = (tally.units, tally.revenue)
        found = {
            (row["start_date"], row["asin"]): (
                row["ordered_units"],
                row["ordered_revenue_amount"],
            )
            for row in rows(pipeline, VENDOR_ASIN)
        }
        assert {key: value for key, value in found.items() if key[0].day >= 13} == truth
        every = rows(pipeline, VENDOR_DAY)
        assert sum(row["ordered_units"] for row in every) == sum(u for u, _ in truth.values())
        assert {row["marketplace_id"] for row in every} == {US}
        assert {row["ordered_revenue_currency_code"] for row in every} == {"USD"}


def test_rows_deleted_upstream_are_deleted_also_when_the_window_is_empty(
    destination: str, make_pipeline: Any
) -> None:
    """A restated window takes the place of all it had: changed, deleted, and all deleted."""
    with account(vendor=True) as seller:
        pipeline = make_pipeline(destination)

        def document(*lines: Any) -> bytes:
            text = ",".join(
                f'{{"startDate": "2026-11-{day}", "endDate": "2026-11-{day}", "asin": "{asin}",'
                f' "orderedUnits": {units}}}'
                for day, asin, units in lines
            )
            return f'{{"salesAggregate": [], "salesByAsin": [{text}]}}'.encode()

        def held() -> List[Any]:
            return sorted(
                (row["start_date"].day, row["asin"], row["ordered_units"])
                for row in rows(pipeline, VENDOR_ASIN)
            )

        kind = "GET_VENDOR_SALES_REPORT"
        first = [(17, "0131103628", 1), (18, "B01", 2), (18, "B02", 3), (19, "B03", 4)]
        seller.book.documents[kind] = document(*first)
        since = pendulum.datetime(2026, 11, 17)
        load(pipeline, seller.source(VENDOR_DAY, since=since))
        assert held() == first
        # the 18th loses a row and changes one, the 19th is empty now
        seller.clock.advance(86400)
        seller.book.documents[kind] = document((17, "0131103628", 1), (18, "B01", 9))
        load(pipeline, seller.source(VENDOR_DAY, since=since))
        assert held() == [(17, "0131103628", 1), (18, "B01", 9)]
        # all of it is empty
        seller.clock.advance(86400)
        seller.book.documents[kind] = document()
        load(pipeline, seller.source(VENDOR_DAY, since=since))
        assert held() == []


def test_a_row_outside_its_window_is_kept_aside(destination: str, make_pipeline: Any) -> None:
    with account(vendor=True) as seller:
        pipeline = make_pipeline(destination)
        seller.book.documents["GET_VENDOR_SALES_REPORT"] = (
            b'{"salesByAsin": [{"startDate": "2026-11-18", "asin": "A", "orderedUnits": 1},'
            b' {"startDate": "2025-01-01", "asin": "B", "orderedUnits": 2}]}'
        )
        load(pipeline, seller.source(VENDOR_DAY))
        assert [row["asin"] for row in rows(pipeline, VENDOR_ASIN)] == ["A"]
        (aside,) = rows(pipeline, "report_rejected_row")
        assert "outside the window" in aside["reason"] and "'B'" in aside["raw_text"]
        assert aside["report_id"] == rows(pipeline, "report_run")[0]["report_id"]
        assert rows(pipeline, "report_run")[0]["rejected_count"] == 1


def test_equal_lines_of_an_order_survive_two_runs(destination: str, make_pipeline: Any) -> None:
    with account() as seller:
        pipeline = make_pipeline(destination)
        kind = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
        line = "114-1\tSKU\t1\n"
        header = "amazon-order-id\tsku\tquantity\n"
        seller.book.documents[kind] = (header + line + line + "114-2\tX\t1\n").encode()
        load(pipeline, seller.source("orders_report"))
        seller.clock.advance(86400)
        seller.book.documents[kind] = (header + line + line + line).encode()
        load(pipeline, seller.source("orders_report"))
        counted = Counter(row["amazon_order_id"] for row in rows(pipeline, "orders_report"))
        assert counted == {"114-1": 3, "114-2": 1}


def test_totals_of_the_order_report_equal_the_orders(destination: str, make_pipeline: Any) -> None:
    with account((US, CA)) as seller:
        pipeline = make_pipeline(destination)
        since = NOW.subtract(days=60)
        load(pipeline, seller.source("orders_report", since=since))
        # orders change, new ones come
        for _ in range(3):
            seller.clock.advance(86400)
            load(pipeline, seller.source("orders_report", since=since))
        through = int(seller.clock.time() * 1000) - 200_000
        truth: Counter[str] = Counter()
        units: Counter[str] = Counter()
        for order in seller.simulator.orders.all(at=through):
            truth[order["orderId"]] = len(order["orderItems"])
            units[order["orderId"]] = sum(i["quantityOrdered"] for i in order["orderItems"])
        found = rows(pipeline, "orders_report")
        lines = Counter(row["amazon_order_id"] for row in found)
        late = set(lines) ^ set(truth)
        assert len(late) <= 1, late
        assert {id: n for id, n in lines.items() if id in truth} == {
            id: n for id, n in truth.items() if id in lines
        }
        bought: Counter[str] = Counter()
        for row in found:
            bought[row["amazon_order_id"]] += row["quantity"]
        assert all(bought[id] == units[id] for id in bought if id in units)


def test_three_levels_of_sales_and_traffic(destination: str, make_pipeline: Any) -> None:
    with account((US, CA)) as seller:
        pipeline = make_pipeline(destination)
        names = [f"sales_and_traffic_business_{level}_report_daily" for level in ("parent", "sku")]
        source = seller.source(
            *names, since=NOW.subtract(days=3), asin_granularity=["PARENT", "SKU"]
        )
        load(pipeline, source)
        by_date = rows(pipeline, "sales_and_traffic_business_report_daily")
        assert len(by_date) == len({(r["marketplace_id"], r["date"]) for r in by_date}) == 4
        for name in names:
            for day in by_date:
                mine = [
                    row
                    for row in rows(pipeline, name)
                    if (row["marketplace_id"], row["start_date"])
                    == (day["marketplace_id"], day["date"])
                ]
                total = sum((r["sales_by_asin_ordered_product_sales_amount"] or 0) for r in mine)
                assert total == day["sales_by_date_ordered_product_sales_amount"]
        assert {row["sku"] for row in rows(pipeline, names[0])} == {None}


def test_settlements_and_listings_have_types_and_characters(
    destination: str, make_pipeline: Any
) -> None:
    with account((DE,)) as seller:
        pipeline = make_pipeline(destination)
        seller.book.charset["GET_MERCHANT_LISTINGS_ALL_DATA"] = "Cp1252"
        end = int(NOW.timestamp() * 1000) // DAY_MS * DAY_MS
        seller.book.generate("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", end - 14 * DAY_MS, end)
        load(
            pipeline,
            seller.source(
                "merchant_listings_report", "settlement_report", since=NOW.subtract(days=30)
            ),
        )
        listings = rows(pipeline, "merchant_listings_report")
        shop = seller.simulator.account.products
        titles = {product.title.encode("cp1252", "replace").decode("cp1252") for product in shop}
        assert {row["item_name"] for row in listings} == titles
        assert "0131103628" in {row["asin1"] for row in listings}
        assert all(isinstance(row["price"], Decimal) for row in listings)
        lines = rows(pipeline, "settlement_report", "line_number")
        total = next(row["total_amount"] for row in lines if row["total_amount"] is not None)
        assert sum(row["amount"] or 0 for row in lines) == total
        posted = [row["posted_date_time"] for row in lines if row["posted_date_time"]]
        assert posted and all(moment.tzinfo is not None for moment in posted)


def test_japanese_headers_are_mapped(destination: str, make_pipeline: Any) -> None:
    with account((JP,)) as seller:
        pipeline = make_pipeline(destination)
        seller.book.charset["GET_MERCHANT_LISTINGS_DATA"] = "Windows-31J"
        own = report(
            "GET_MERCHANT_LISTINGS_DATA",
            table_name="listings_of_my_own",
            columns={"price": "decimal"},
        )
        load(pipeline, seller.source("listings_of_my_own", custom_reports=[own]))
        found = rows(pipeline, "listings_of_my_own")
        shop = seller.simulator.account.products
        skus = {p.sku.encode("cp932", "replace").decode("cp932") for p in shop}
        assert {row["seller_sku"] for row in found} == skus
        titles = {p.title_ja.encode("cp932", "replace").decode("cp932") for p in shop}
        assert {row["item_name"] for row in found} == titles


def test_real_time_hours_keep_their_times(destination: str, make_pipeline: Any) -> None:
    name = "rapid_retail_analytics_sales_report_hourly"
    with account(vendor=True, orders_per_day=100, days=5) as seller:
        pipeline = make_pipeline(destination)
        load(pipeline, seller.source(name, since=NOW.subtract(days=2)))
        found = rows(pipeline, name)
        assert len({row["end_time"] for row in found}) >= 40
        assert all(row["window_start"] == row["start_time"] for row in found)
        assert seller.bodies()[0]["reportOptions"] == {"currencyCode": "USD"}
        assert len({(r["start_time"], r["asin"]) for r in found}) == len(found)


def test_dates_of_the_ledger_are_top_level_and_new_columns_come_along(
    destination: str, make_pipeline: Any
) -> None:
    with account() as seller:
        pipeline = make_pipeline(destination)
        load(pipeline, seller.source("ledger_detail_report"))
        body = seller.bodies("GET_LEDGER_DETAIL_VIEW_DATA")[0]
        assert "dataStartTime" in body and "dataStartTime" not in body.get("reportOptions", {})
        found = rows(pipeline, "ledger_detail_report")
        assert found and all(row["date"].year == 2026 for row in found)
        seller.clock.advance(86400)
        seller.book.documents["GET_LEDGER_DETAIL_VIEW_DATA"] = (
            b"Date\tFNSKU\tBrand New\tQuantity\n11/20/2026\tX\tyes\t5\n"
        )
        load(pipeline, seller.source("ledger_detail_report"))
        assert {row["brand_new"] for row in rows(pipeline, "ledger_detail_report")} == {"yes"}


def test_selected_tables_exist_also_when_empty(destination: str, make_pipeline: Any) -> None:
    names = ["vendor_sales_manufacturing_fresh_report_monthly", "reimbursements_report"]
    with account(vendor=True) as seller:
        pipeline = make_pipeline(destination)
        load(pipeline, seller.source(names[0], since=NOW.subtract(days=70)))
        for table in (names[0], "vendor_sales_manufacturing_fresh_asin_report_monthly"):
            assert rows(pipeline, table) == []
            with pipeline.sql_client() as client:
                name = client.make_qualified_table_name(table)
                assert client.execute_sql(f"SELECT count(ordered_units) FROM {name}")[0][0] == 0
    with account() as seller:
        pipeline = make_pipeline(destination, "other", pipeline.dataset_name + "_2")
        seller.book.fail("GET_FBA_REIMBURSEMENTS_DATA", "CANCELLED")
        load(pipeline, seller.source(names[1]))
        assert rows(pipeline, names[1]) == []


def test_nothing_new_loads_nothing_and_changes_nothing(
    destination: str, make_pipeline: Any
) -> None:
    with account() as seller:
        pipeline = make_pipeline(destination)
        names = ("fba_returns_report", "fba_managed_inventory_report", SALES_SKU)
        load(pipeline, seller.source(*names, since=NOW.subtract(days=3)))
        before = dataset(pipeline)
        calls = seller.book.request_counts.total()
        load(pipeline, seller.source(*names, since=NOW.subtract(days=3)))
        assert dataset(pipeline) == before
        assert seller.book.request_counts.total() == calls


def test_state_comes_back_in_an_empty_working_directory(
    destination: str, make_pipeline: Any, tmp_path: Any
) -> None:
    with account() as seller:
        pipeline = make_pipeline(destination)
        if _duckdb(pipeline):
            pytest.skip("the file of duckdb lies in the working directory here")
        load(pipeline, seller.source(SALES_SKU, since=NOW.subtract(days=3)))
        calls = seller.book.request_counts.total()
        pipeline.drop()
        load(pipeline, seller.source(SALES_SKU, since=NOW.subtract(days=3)))
        assert seller.book.request_counts.total() == calls


def test_a_table_describes_itself_and_its_source(make_pipeline: Any) -> None:
    with account() as seller:
        pipeline = make_pipeline("duckdb")
        load(pipeline, seller.source("fba_returns_report"))
        reported = pipeline.default_schema.tables["fba_returns_report"]["description"]
        assert reported == (
            "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA, monthly; rows are identified by"
            " license_plate_number, order_id, sku, return_date; described after: third party"
        )


def test_what_was_not_loaded_stands_in_the_metrics(make_pipeline: Any) -> None:
    with account() as seller:
        seller.simulator.account.roles.discard("Brand Analytics")
        pipeline = make_pipeline("duckdb")
        load(pipeline, seller.source(SALES_SKU, "fba_returns_report"))
        assert "Brand Analytics" in metrics(pipeline)[SALES_SKU]["skipped"]
        assert rows(pipeline, "fba_returns_report")


def test_a_row_with_u_0000_is_kept_aside_and_loads_everywhere(
    destination: str, make_pipeline: Any
) -> None:
    with account() as seller:
        pipeline = make_pipeline(destination)
        lines = b"amazon-order-id\tsku\tquantity\n114-1\tA\t1\n114-2\tB\0\t1\n"
        seller.book.documents["GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"] = lines
        load(pipeline, seller.source("orders_report"))
        assert [row["sku"] for row in rows(pipeline, "orders_report")] == ["A"]
        (aside,) = rows(pipeline, "report_rejected_row")
        assert aside["raw_text"] == "114-2\tB\\x00\t1"
        assert "U+0000" in aside["reason"] and aside["line_number"] == 3
        reported = RunSummary.of(pipeline)
        assert "orders_report had 1 unreadable rows: see table report_rejected_row." in str(
            reported
        )
        (row,) = [row for row in reported.row()["resources"] if row["resource"] == "orders_report"]
        assert row["rejected"] == 1


def test_removed_types_are_refused_before_any_request() -> None:
    with account() as seller:
        own = report("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE")
        with pytest.raises(ConfigurationError, match="removed by Amazon on 2026-11-11"):
            list(report_resources(seller.context(), [US], NOW, custom_reports=[own]))
        assert not list(seller.simulator.requests)


def test_own_reports_from_toml(make_pipeline: Any) -> None:
    with account() as seller:
        pipeline = make_pipeline("duckdb")
        seller.book.documents["GET_MY_OWN_REPORT"] = b"Id\tvalue one\n007\t1,5\n"
        own = [{"report_type": "GET_MY_OWN_REPORT", "period": "day", "history": 3}]
        load(pipeline, seller.source("my_own_report", custom_reports=own))
        found = rows(pipeline, "my_own_report")
        assert [(row["id"], row["value_one"]) for row in found] == [("007", "1,5")] * 2
        assert len({row["window_start"] for row in found}) == 2
