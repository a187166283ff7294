"""A marketplace that Amazon makes no report for: the others load, it is named and rarely probed."""

from typing import Any, List

import pytest

from amazon_selling_partner.modules.reports.report import Period, Report
from amazon_selling_partner.modules.reports.retries import MAX_PAUSE

from .support import CA, INVENTORY, NOW, REPORTS, SALES_TRAFFIC, US, Account, account, run_rows

CLIENT_ERROR = (
    "A client error occurred. Please double check that your parameters are valid and fulfill the"
    " requirements of the report type."
)
DAY = 86400


def requested(seller: Account, report: Report, marketplace_id: str) -> int:
    """How many requests of a type Amazon got for a marketplace."""
    bodies = seller.bodies(report.report_type)
    return sum(body["marketplaceIds"] == [marketplace_id] for body in bodies)


def loaded(rows: Any, marketplace_id: str) -> List[Any]:
    """Windows of a marketplace that were loaded."""
    return [
        row["window_start"]
        for row in run_rows(rows)
        if row["marketplace_id"] == marketplace_id and row["status"] == "DONE"
    ]


@pytest.mark.parametrize(
    "outcome, reason, metric",
    [("FATAL", CLIENT_ERROR, "failed"), ("DENIED", "", "notes"), ("INVALID", "No.", "failed")],
)
def test_a_refusal_of_one_marketplace_leaves_all_windows_of_the_others(
    outcome: str, reason: str, metric: str
) -> None:
    with account((US, CA)) as seller:
        seller.book.refused[SALES_TRAFFIC.report_type, CA] = outcome, reason
        rows = seller.run([SALES_TRAFFIC], since=NOW.subtract(days=10), budget=4 * DAY)
        assert len(loaded(rows, US)) == 9 and loaded(rows, CA) == []
        # those that were in progress already when the first one was refused
        assert requested(seller, SALES_TRAFFIC, CA) <= (2 if outcome == "FATAL" else 1)
        metrics = seller.last.outcomes.metrics()[SALES_TRAFFIC.name]
        assert f"CA ({CA})" in str(metrics[metric]) and reason in str(metrics[metric])
        assert US not in str(metrics) and "skipped" not in metrics


@pytest.mark.slow
def test_a_refused_marketplace_is_named_in_each_run_and_probed_after_a_growing_pause() -> None:
    with account((US, CA), days=60) as seller:
        seller.book.refused[SALES_TRAFFIC.report_type, CA] = "FATAL", CLIENT_ERROR
        probes = []
        for day in range(40):
            before = requested(seller, SALES_TRAFFIC, CA)
            seller.run([SALES_TRAFFIC], since=NOW.subtract(days=5), budget=600)
            if requested(seller, SALES_TRAFFIC, CA) > before:
                probes.append(day)
            metrics = seller.last.outcomes.metrics()[SALES_TRAFFIC.name]
            assert f"CA ({CA})" in str(metrics), day
            assert ("failed" in metrics) == (probes[-1] == day)
            seller.clock.advance(DAY)
        pauses = [later - earlier for earlier, later in zip(probes, probes[1:])]
        assert probes[:2] == [0, 2] and pauses == sorted(pauses) and len(probes) <= 6
        assert max(pauses) <= MAX_PAUSE.days + 1


def test_a_marketplace_that_works_again_is_loaded_completely() -> None:
    with account((US, CA)) as seller:
        since = NOW.subtract(days=5)
        seller.book.refused[SALES_TRAFFIC.report_type, CA] = "FATAL", CLIENT_ERROR
        seller.run([SALES_TRAFFIC], since=since, budget=DAY)
        seller.book.refused.clear()
        seller.clock.advance(2 * DAY)
        first = seller.run([SALES_TRAFFIC], since=since, budget=DAY)
        # one window shows that it works, the next package loads the others
        assert len(loaded(first, CA)) == 1
        assert "left" in seller.last.outcomes.metrics()[SALES_TRAFFIC.name]
        second = seller.run([SALES_TRAFFIC], since=since, budget=DAY)
        assert len({*loaded(first, CA), *loaded(second, CA)}) == 6


def test_changed_options_are_requested_at_once() -> None:
    listings = REPORTS["merchant_listings_report"]
    with account((US, CA)) as seller:
        seller.book.refused[listings.report_type, CA] = "FATAL", CLIENT_ERROR
        seller.run([listings])
        seller.book.refused.clear()
        seller.clock.advance(3600)
        assert loaded(seller.run([listings]), CA) == []
        options = {listings.name: {"Custom": "true"}}
        assert loaded(seller.run([listings], options=options), CA)


def test_a_type_that_every_marketplace_refuses_is_skipped() -> None:
    with account((US, CA)) as seller:
        for id in (US, CA):
            seller.book.refused[INVENTORY.report_type, id] = "DENIED", ""
        seller.run([INVENTORY])
        metrics = seller.last.outcomes.metrics()[INVENTORY.name]
        assert US in metrics["skipped"] and CA in metrics["skipped"] and "notes" not in metrics


def test_a_regional_report_is_requested_for_another_marketplace_of_the_region() -> None:
    """A region's report may be refused for a site that was never opened."""
    reimbursements = REPORTS["reimbursements_report"]
    with account((US, CA)) as seller:
        seller.book.refused[reimbursements.report_type, US] = "FATAL", CLIENT_ERROR
        rows = seller.run([reimbursements], since=NOW.subtract(days=40))
        assert [row["status"] for row in run_rows(rows)].count("DONE") == 2
        assert requested(seller, reimbursements, US) <= 2
        assert reimbursements.name not in seller.last.outcomes.metrics()
        before = len(seller.bodies())
        seller.clock.advance(DAY)
        seller.run([reimbursements], since=NOW.subtract(days=40))
        assert {body["marketplaceIds"][0] for body in seller.bodies()[before:]} == {CA}


REQUESTED = [
    report
    for report in REPORTS.values()
    if report.period is not Period.LISTED and not report.regional and not report.asins
]
LOCAL = {report.report_type: report for report in REQUESTED}


def text_of(report: Report) -> bytes:
    """A document of a report without rows."""
    if report.format == "json":
        lists = ", ".join(f'"{table.records}": []' for table in report.tables)
        return f"{{{lists}}}".encode()
    if report.format == "xml":
        return b"<Reports></Reports>"
    return b"sku\tasin\n"


@pytest.mark.parametrize("report_type", sorted(LOCAL))
def test_of_every_type_one_refused_marketplace_leaves_the_other(report_type: str) -> None:
    report = LOCAL[report_type]
    with account((US, CA), vendor=report.account == "vendor", days=5, orders_per_day=0) as seller:
        seller.book.documents[report_type] = text_of(report)
        seller.book.roles_by_type[report_type] = ""
        seller.book.refused[report_type, CA] = "FATAL", CLIENT_ERROR
        since = NOW.subtract(years=1) if report.period is Period.YEAR else NOW.subtract(days=100)
        rows = seller.run([report], since=since, budget=3600)
        windows = set(loaded(rows, US))
        assert windows and not loaded(rows, CA), report.name
        assert 1 <= requested(seller, report, CA) <= len(windows)
        metrics = seller.last.outcomes.metrics()[report.name]
        assert f"CA ({CA})" in metrics["failed"] and US not in metrics["failed"]
        before = requested(seller, report, CA)
        seller.clock.advance(DAY)
        seller.run([report], since=since, budget=3600)
        assert requested(seller, report, CA) == before
        assert f"CA ({CA})" in str(seller.last.outcomes.metrics()[report.name]["notes"])
