"""Vendor and seller analytics: lines of a period with all products in them, which are streamed."""

import json
import tracemalloc
from decimal import Decimal
from typing import Any, Dict, Iterator, List, Tuple

import pyarrow.compute as pc
import pytest
from dlt.common import pendulum

from amazon_selling_partner.modules.reports.documents import ReadCounts, json_rows
from amazon_selling_partner.modules.reports.query import select
from amazon_selling_partner.modules.reports.report_tables import build_layout
from sp_api_simulator.data_kiosk.graphql_text import parse_query
from sp_api_simulator.reports.report_facts import tallies
from tests.modules.reports.support import CA, DE, NOW, US, run_rows, table_rows
from tests.support import rows

from .support import QUERIES, kiosk
from .test_loads import load

GB = "A1F83G8C2ARO7P"
DAY_MS = 86_400_000
DAILY = "vendor_analytics_manufacturing_daily"
WEEKLY = "vendor_analytics_sourcing_weekly"


HEAD = b'{"startDate": "2026-11-01", "endDate": "2026-11-07", "marketplaceId": "ATVPDKIKX0DER", '


def vendor_truth(
    seller: Any, first: pendulum.DateTime, days: int = 1
) -> Dict[str, Tuple[int, Any]]:
    """Units ordered and revenue by ASIN of some days, as they are now."""
    start = int(first.timestamp() * 1000)
    now = int(seller.clock.time() * 1000)
    end = start + days * DAY_MS
    return {
        asin: (tally.units, tally.revenue)
        for asin, tally in tallies(seller.simulator.account, start, end, now, US).items()
    }


def test_vendor_analytics_equal_the_orders_with_their_totals(
    destination: str, make_pipeline: Any
) -> None:
    with kiosk((US,), vendor=True, orders_per_day=6) as seller:
        pipeline = make_pipeline(destination)
        load(pipeline, seller.source(DAILY, days=5))
        products, totals = rows(pipeline, DAILY), rows(pipeline, f"{DAILY}_total")
        days = [seller.account.now.subtract(days=n).start_of("day") for n in range(2, 6)]
        assert {row["start_date"] for row in totals} == {day.date() for day in days}
        for day in days:
            truth = vendor_truth(seller, day)
            found = {
                row["asin"]: (
                    row["orders__ordered_units_with_revenue__units"],
                    row["orders__ordered_units_with_revenue__amount"],
                )
                for row in products
                if row["start_date"] == day.date()
            }
            assert found == truth
            (total,) = [row for row in totals if row["start_date"] == day.date()]
            assert total["orders__ordered_units_with_revenue__units"] == sum(
                units for units, _ in truth.values()
            )
        assert {row["marketplace_id"] for row in products} == {US}
        assert {row["orders__ordered_units_with_revenue__currency_code"] for row in products} == {
            "USD"
        }
        # a number that is missing is no zero
        assert {row["product_availability__unhealthy_inventory__units"] for row in products} == {
            None
        }
        weeks = rows(pipeline, f"{DAILY}__forecasting")
        assert len(weeks) == 2 * len(products) and {row["week_number"] for row in weeks} == {1, 2}
        assert {row["asin"] for row in weeks} == {row["asin"] for row in products}
        # with inventory, a query is a day
        windows = [parse_query(text).arguments for text in seller.texts()]
        assert all(window["startDate"] == window["endDate"] for window in windows)


def test_weeks_come_together_and_name_their_period() -> None:
    with kiosk((US,), vendor=True, days=60) as seller:
        found = seller.run(WEEKLY, since=NOW.subtract(days=35))
        assert len(seller.texts()) == 1
        starts = {row["start_date"] for row in table_rows(found, WEEKLY)}
        assert len(starts) == 4 and all(start.isoweekday() == 7 for start in starts)
        for row in table_rows(found, WEEKLY):
            assert row["window_start"].date() == row["start_date"]
            assert (row["end_date"] - row["start_date"]).days == 6


def test_seller_analytics_have_a_query_per_currency_and_a_table_per_group() -> None:
    with kiosk((DE, GB), days=60) as seller:
        seller.since = NOW.subtract(days=20)
        names = ("seller_analytics_daily", "seller_analytics_account_health_weekly")
        found = seller.run(*names)
        requested = [parse_query(text).arguments for text in seller.texts()]
        assert sorted((a["currencyCode"], tuple(a["marketplaceId"])) for a in requested) == sorted(
            2 * [("EUR", (DE,)), ("GBP", (GB,))]
        )
        products = table_rows(found, names[0])
        assert {row["marketplace_id"] for row in products} == {DE, GB}
        for row in products:
            currency = "EUR" if row["marketplace_id"] == DE else "GBP"
            assert row["sales__ordered_product_sales__currency_code"] == currency
            assert isinstance(row["sales__ordered_product_sales__amount"], Decimal)
        health = table_rows(found, names[1])
        assert len(health) == 2 * 2 and "asin" not in health[0]


def test_search_queries_are_rows_by_keyword() -> None:
    name = "seller_analytics_search_query_weekly"
    with kiosk((US, CA), days=60) as seller:
        found = seller.run(name, since=NOW.subtract(days=20))
        keywords = table_rows(found, name)
        keys = [
            (row["marketplace_id"], row["start_date"], row["asin"], row["query_keyword"])
            for row in keywords
        ]
        assert len(keys) == len(set(keys)) > 20 and {key[0] for key in keys} == {US, CA}
        assert all(None not in key for key in keys)
        assert "notes" not in seller.metrics(name)
        # a day later a query has lost a keyword: the week replaces itself
        seller.clock.advance(8 * 86400)
        assert {item.table for item in seller.run(name)} >= {name}


def lines(periods: int, products: int) -> Iterator[bytes]:
    """A document of vendor analytics, in pieces."""
    for number in range(periods):
        day = NOW.subtract(days=2 + 7 * number).start_of("day")
        start = day.subtract(days=day.isoweekday() % 7).subtract(days=7)
        head = {"startDate": start.to_date_string(), "endDate": start.add(days=6).to_date_string()}
        text = json.dumps({**head, "marketplaceId": US, "totals": {"sourcing": None}})
        yield text[:-1].encode() + b', "metrics": ['
        for product in range(products):
            row = {
                "groupByKey": {"asin": f"B{product:09d}"},
                "metrics": {"shippedOrders": {"shippedUnitsWithRevenue": {"units": product}}},
            }
            yield (b", " if product else b"") + json.dumps(row).encode()
        yield b"]}\n"


PRODUCTS = 50_000


def test_a_line_longer_than_memory_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "BLOCK_SIZE", json_rows.BLOCK_SIZE // 16)
    layout = build_layout(QUERIES[WEEKLY], [US])
    size = sum(map(len, lines(1, PRODUCTS)))
    # what is imported and cached at the first use is not of the document
    list(json_rows.read(lines(1, 10), layout, ReadCounts()))
    tracemalloc.start()
    count, units = 0, 0
    for name, data in json_rows.read(lines(1, PRODUCTS), layout, ReadCounts()):
        if name == WEEKLY:
            count += data.num_rows
            units += pc.sum(data["shipped_orders__shipped_units_with_revenue__units"]).as_py()
            assert pc.unique(data["marketplace_id"]).to_pylist() == [US]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == PRODUCTS and units == sum(range(PRODUCTS))
    assert size > 5e6 and peak < size / 2


@pytest.mark.parametrize(
    "text, part",
    [
        (HEAD + b'"metrics": [{"groupByKey": {', "ends early"),
        (b'{"metrics": [{}]}', "its rows before startDate"),
        (b"[1]", "not an object"),
    ],
)
def test_a_broken_document_replaces_nothing(text: bytes, part: str) -> None:
    with kiosk((US,), vendor=True, days=60) as seller:
        seller.store.documents["sourcingView"] = text
        found = seller.run(WEEKLY, since=NOW.subtract(days=20))
        assert not [item for item in found if item.table == WEEKLY]
        assert part in seller.metrics(WEEKLY)["failed"]
        assert len(run_rows(found)) >= 1


def test_no_two_fields_share_a_column() -> None:
    def count(selected: Any) -> int:
        inner: List[Any] = [
            getattr(value, "fields", value)
            for value in selected.values()
            if not isinstance(value, str)
        ]
        return sum(isinstance(value, str) for value in selected.values()) + sum(map(count, inner))

    for query in QUERIES.values():
        assert query.query is not None
        if query.query.is_compact and len(query.tables) == 1 and not query.query.table_of:
            assert len(query.tables[0].columns) == count(query.query.fields), query.name
            assert select(query.query.fields)
