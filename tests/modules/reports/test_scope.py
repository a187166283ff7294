"""Reports that ignore the marketplace are requested once per region and never multiplied."""

from typing import Any, List

import pytest

from amazon_selling_partner.modules.reports import report
from amazon_selling_partner.modules.reports.report import Period
from amazon_selling_partner.modules.reports.scopes import marketplace_named, resolve_scopes

from .support import CA, NOW, REPORTS, US, account, run_rows, table_rows

MX, GB, DE, JP = "A1AM78C64UM0Y8", "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A1VC38T7YXB528"
FR = "A13V1IB3VIYZZH"
DAY = 86400

REGIONAL = {
    "GET_AFN_INVENTORY_DATA_BY_COUNTRY",
    "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA",
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA",
    "GET_FBA_FULFILLMENT_REMOVAL_SHIPMENT_DETAIL_DATA",
    "GET_FBA_REIMBURSEMENTS_DATA",
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
    "GET_FLAT_FILE_ARCHIVED_ORDERS_DATA_BY_ORDER_DATE",
    "GET_VAT_TRANSACTION_DATA",
    "GET_XML_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
    "GET_XML_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
}


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_each_report_is_requested_once_per_marketplace_or_once_per_region(name: str) -> None:
    item = REPORTS[name]
    scopes = resolve_scopes(item, [US, CA, MX], {}, ["B000000001"])
    if item.report_type in REGIONAL:
        (scope,) = scopes
        assert scope.marketplace_ids == [US] and scope.candidates == [US, CA, MX]
    else:
        assert [scope.marketplace_ids for scope in scopes] == [[US], [CA], [MX]]
    for table in item.tables:
        key = item.merge_key_of(table)
        assert not ({"region", "marketplace_id"} <= set(key))
        assert ("region" in key) <= bool(item.regional)
        assert ("marketplace_id" in key) <= (not item.regional)


def test_a_reimbursement_of_three_marketplaces_is_one_row_with_its_marketplace() -> None:
    item = REPORTS["reimbursements_report"]
    with account((US, CA, MX)) as seller:
        seller.book.documents[item.report_type] = (
            b"approval-date\treimbursement-id\tsku\tcurrency-unit\tamount-total\n"
            b"2026-11-02T00:00:00+00:00\t1\tA\tUSD\t25.00\n"
            b"2026-11-03T00:00:00+00:00\t2\tA\tCAD\t4.00\n"
        )
        rows = table_rows(seller.run([item], since=NOW.start_of("month")), item.name)
        assert [(row["amount_total"], row["marketplace_id"]) for row in rows] == [(25, US), (4, CA)]
        assert {row["region"] for row in rows} == {"NORTH_AMERICA"}
        assert len(seller.bodies(item.report_type)) == 1


@pytest.mark.parametrize(
    "text, expected",
    [("DE", DE), ("UK", GB), ("GB", GB), ("GBP", GB), ("EUR", ""), ("US", ""), ("", ""), ("?", "")],
)
def test_a_store_country_or_currency_names_a_marketplace_only_where_it_is_certain(
    text: str, expected: str
) -> None:
    assert marketplace_named(text, "EUROPE", [DE, FR, GB]) == expected


def test_the_fee_preview_has_the_marketplace_of_each_store() -> None:
    item = REPORTS["fee_preview_report"]
    with account((US, CA)) as seller:
        rows = table_rows(seller.run([item]), item.name)
        assert {(row["amazon_store"], row["marketplace_id"]) for row in rows} == {
            ("US", US),
            ("CA", CA),
        }
        keys = [tuple(row[name] for name in item.tables[0].key) for row in rows]
        assert len(keys) == len(set(keys))
        assert len(seller.bodies()) == 1


def test_the_browse_tree_names_the_marketplace_in_its_options() -> None:
    item = REPORTS["browse_tree_report"]
    with account((US, CA)) as seller:
        seller.book.documents[item.report_type] = (
            b"<Result><Node><browseNodeId>1</browseNodeId></Node></Result>"
        )
        rows = table_rows(seller.run([item]), item.name)
        sent = [(body["marketplaceIds"], body["reportOptions"]) for body in seller.bodies()]
        expected = [([id], {"MarketplaceId": id}) for id in (US, CA)]
        assert sorted(sent, key=str) == sorted(expected, key=str)
        assert {row["marketplace_id"] for row in rows} == {US, CA}


UNKNOWN = sorted(
    {
        item.report_type: item.name
        for item in REPORTS.values()
        if item.regional is None and item.format != "json" and item.period is not Period.LISTED
    }.values()
)


@pytest.mark.parametrize("name", UNKNOWN)
def test_one_document_for_two_marketplaces_is_loaded_once_and_requested_once(name: str) -> None:
    item = REPORTS[name]
    record = item.tables[0].records
    text = b"sku\tcountry\nA\tUS\n"
    if item.format == "csv":
        text = b"sku,country\nA,US\n"
    elif item.format == "xml":
        text = f"<Result><{record}><sku>A</sku></{record}></Result>".encode()
    since = NOW.subtract(years=1) if item.period is Period.YEAR else NOW.subtract(days=130)
    with account((US, CA), days=5, orders_per_day=0) as seller:
        seller.book.documents[item.report_type] = text
        seller.book.roles_by_type[item.report_type] = ""
        found: List[Any] = seller.run([item], since=since, budget=5 * DAY)
        windows = {row["window_start"] for row in run_rows(found)}
        rows = table_rows(found, item.tables[0].name)
        assert len({row["marketplace_id"] for row in rows}) == 1
        assert len(rows) == len({row["window_start"] for row in rows}) == len(windows)
        notes = seller.last.outcomes.metrics()[name]["notes"]
        (note,) = [note for note in notes if "the same document as for" in note]
        assert CA in note and US in note
        before = len(seller.bodies())
        seller.clock.advance(2 * DAY)
        seller.run([item], since=since, budget=5 * DAY)
        later = seller.bodies()[before:]
        assert len({tuple(body["marketplaceIds"]) for body in later}) <= 1
        if item.period is Period.SNAPSHOT and item.interval.days < 2:
            assert len(later) == 1


def test_after_a_month_each_marketplace_is_requested_again() -> None:
    item = report("GET_X", table_name="x")
    with account((US, CA)) as seller:
        seller.book.documents["GET_X"] = b"sku\nA\n"
        seller.run([item])
        seller.clock.advance(31 * DAY)
        skus = iter([b"A\n", b"B\n"])
        seller.book.documents["GET_X"] = lambda: iter([b"sku\n", next(skus)])
        before = len(seller.bodies())
        rows = table_rows(seller.run([item]), "x")
        assert {row["marketplace_id"] for row in rows} == {US, CA}
        assert len(seller.bodies()) == before + 2


def test_documents_without_rows_are_equal_by_chance_only() -> None:
    item = report("GET_X", table_name="x")
    with account((US, CA)) as seller:
        seller.book.documents["GET_X"] = b"sku\n"
        for _ in range(2):
            seller.run([item])
            seller.clock.advance(DAY)
        assert len(seller.bodies()) == 4 and "x" not in seller.last.outcomes.metrics()


def test_a_report_that_is_known_to_respect_the_marketplace_may_have_equal_documents() -> None:
    item = report("GET_X", table_name="x", regional=False)
    with account((US, CA)) as seller:
        seller.book.documents["GET_X"] = b"sku\nA\n"
        rows = table_rows(seller.run([item]), "x")
        assert {row["marketplace_id"] for row in rows} == {US, CA}
