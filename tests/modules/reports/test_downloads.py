"""Documents on their way: addresses that expire, gzip or not, half documents, restricted ones."""

import json

import pytest

from .support import INVENTORY, REPORTS, RETURNS, VENDOR_DAY, account, run_rows, table_rows


def test_an_expired_document_url_is_renewed() -> None:
    with account() as seller:
        seller.simulator.faults.add("slow", "downloadDocument", times=1, seconds=400)
        rows = seller.run([RETURNS])
        assert {row["status"] for row in run_rows(rows)} == {"DONE"}
        assert seller.calls("getReportDocument") == 2


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("lie", [True, False])
def test_gzip_is_detected_by_its_bytes(compressed: bool, lie: bool) -> None:
    with account() as seller:
        seller.book.gzip, seller.book.misstates_compression = compressed, lie
        assert table_rows(seller.run([INVENTORY]), INVENTORY.name)


@pytest.mark.parametrize("kind", ["truncate", "reset_mid_body", "reset"])
def test_a_broken_download_is_made_again(kind: str) -> None:
    with account() as seller:
        seller.simulator.faults.add(kind, "downloadDocument", times=2)
        assert table_rows(seller.run([INVENTORY]), INVENTORY.name)
        assert seller.calls("downloadDocument") == 3


@pytest.mark.parametrize("records", [0, 200_000])
def test_half_a_json_document_replaces_nothing(records: int) -> None:
    """Also when more of it could be read than is handed on at once."""
    with account(vendor=True) as seller:
        one = b'{"startDate": "2026-11-18", "asin": "B00", "orderedUnits": 1},'
        half = b'{"salesAggregate": [], "salesByAsin": [' + one * records + one[:40]
        seller.book.documents[VENDOR_DAY.report_type] = half
        rows = seller.run([VENDOR_DAY])
        assert {item.table for item in rows} == {"report_run"}
        assert "failed" in seller.last.outcomes.metrics()[VENDOR_DAY.name]
        del seller.book.documents[VENDOR_DAY.report_type]
        seller.clock.advance(7 * 3600)
        assert "DONE" in {row["status"] for row in run_rows(seller.run([VENDOR_DAY]))}


def test_a_document_that_is_not_found_is_requested_once_more() -> None:
    with account(vendor=True) as seller:
        seller.book.queue_seconds = 5000
        seller.run([VENDOR_DAY], budget=60)
        seller.clock.advance(40 * 86400)
        seller.book.queue_seconds = 20
        rows = seller.run([VENDOR_DAY])
        assert "DONE" in {row["status"] for row in run_rows(rows)}


def test_a_restricted_report_needs_a_token_for_its_document() -> None:
    shipping = REPORTS["order_shipping_report"]
    with account() as seller:
        rows = seller.run([shipping])
        assert {row["status"] for row in run_rows(rows)} == {"DONE"}
        requested = [
            json.loads(r.body)["restrictedResources"]
            for r in seller.simulator.requests
            if r.operation == "createRestrictedDataToken"
        ]
        (made,) = seller.book.reports.values()
        path = f"/reports/2021-06-30/documents/{made.document}"
        assert requested == [[{"method": "GET", "path": path}]]


def test_without_personal_data_no_restricted_token_is_requested() -> None:
    with account() as seller:
        offered = seller.source("orders_report").resources
        assert "orders_report" in offered and "order_shipping_report" not in offered
        seller.run([REPORTS["fba_returns_report"], REPORTS["orders_report"]])
        assert seller.calls("getReportDocument") == 2
        assert seller.calls("createRestrictedDataToken") == 0


def test_a_refused_restricted_token_is_reported_and_not_worked_around() -> None:
    shipping = REPORTS["order_shipping_report"]
    with account() as seller:
        seller.simulator.faults.add("forbidden", "createRestrictedDataToken")
        rows = seller.run([shipping])
        assert table_rows(rows, shipping.name) == []
        assert "skipped" in seller.last.outcomes.metrics()[shipping.name]
        assert seller.calls("getReportDocument") == 0
