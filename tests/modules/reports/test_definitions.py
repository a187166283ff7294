"""The report definitions against Amazon's schemas and models, where they are present."""

import json
import re
from datetime import date
from typing import Any, Dict, Iterator, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.dlt_internals import LOAD_ID
from amazon_selling_partner.loading.replacement import DELETED
from amazon_selling_partner.modules.reports import api as calls
from amazon_selling_partner.modules.reports import report
from amazon_selling_partner.modules.reports.columns import column_name, header_name
from amazon_selling_partner.modules.reports.definitions import known_reports, reports_of
from amazon_selling_partner.modules.reports.documents import fallback_encodings
from amazon_selling_partner.modules.reports.failures import (
    KNOWN_REASONS,
    FailureKind,
    classify_fatal,
    classify_refusal,
)
from amazon_selling_partner.modules.reports.report import (
    REMOVED_TYPES,
    Period,
    Report,
    removal_message,
    validate_options,
)
from amazon_selling_partner.modules.reports.report_tables import build_layout, hints
from amazon_selling_partner.modules.reports.scopes import CURRENCIES, pack_asins, resolve_scopes
from amazon_selling_partner.settings import MARKETPLACES
from sp_api_simulator.core.account import ROLES
from tests.amazon_models import MODELS, model, operations, usage_plan
from tests.modules.reports.documents.support import read

ALL = known_reports(["PARENT", "CHILD", "SKU"])
SCHEMAS = {
    "GET_VENDOR_SALES_REPORT": "vendorSalesReport.json",
    "GET_VENDOR_INVENTORY_REPORT": "vendorInventoryReport.json",
    "GET_VENDOR_TRAFFIC_REPORT": "vendorTrafficReport.json",
    "GET_VENDOR_NET_PURE_PRODUCT_MARGIN_REPORT": "vendorNetPureProductMarginReport.json",
    "GET_VENDOR_FORECASTING_REPORT": "vendorForecastingReport.json",
    "GET_VENDOR_REAL_TIME_SALES_REPORT": "vendorRealTimeSalesReport.json",
    "GET_VENDOR_REAL_TIME_TRAFFIC_REPORT": "vendorRealTimeTrafficReport.json",
    "GET_VENDOR_REAL_TIME_INVENTORY_REPORT": "vendorRealTimeInventoryReport.json",
    "GET_SALES_AND_TRAFFIC_REPORT": "sellerSalesAndTrafficReport.json",
    "GET_BRAND_ANALYTICS_MARKET_BASKET_REPORT": "sellingPartnerMarketBasketAnalysisReport.json",
    "GET_BRAND_ANALYTICS_REPEAT_PURCHASE_REPORT": "sellingPartnerRepeatPurchaseReport.json",
    "GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT": "sellingPartnerSearchTermsReport.json",
    "GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT": (
        "sellingPartnerSearchQueryPerformanceReport.json"
    ),
    "GET_BRAND_ANALYTICS_SEARCH_CATALOG_PERFORMANCE_REPORT": (
        "sellingPartnerSearchCatalogPerformanceReport.json"
    ),
    "GET_PROMOTION_PERFORMANCE_REPORT": "promotionReport.json",
    "GET_V2_SELLER_PERFORMANCE_REPORT": "accountHealthReport-2020-11-18.json",
    "MARKETPLACE_ASIN_PAGE_VIEW_METRICS": "marketplaceAsinPageViewMetrics.json",
    "END_USER_DATA_REPORT": "endUserDataReport.json",
}
COUPONS = {
    "coupon_report": "sellerCouponReport.json",
    "coupon_campaign_report": "vendorCouponReport.json",
}
TYPES = {
    "boolean": {"bool"},
    "integer": {"bigint"},
    "number": {"double", "decimal"},
    "string": {"text", "date", "timestamp"},
}


AT_HAND = {path.name for path in (MODELS / "schemas" / "reports").glob("*.json")}
"""Amazon's schemas of reports, which lie beside the repository or nowhere."""


def schema(name: str) -> Dict[str, Any]:
    loaded: Dict[str, Any] = json.loads((MODELS / "schemas" / "reports" / name).read_text())
    return loaded


def resolved(whole: Dict[str, Any], part: Dict[str, Any]) -> Dict[str, Any]:
    while "$ref" in part:
        name = part["$ref"].rsplit("/", 1)[1]
        part = (whole.get("definitions") or whole.get("$defs"))[name]
    return part


def leaves(whole: Dict[str, Any], part: Dict[str, Any], path: Tuple[str, ...]) -> Iterator[Any]:
    part = resolved(whole, part)
    if part.get("properties"):
        for name, inner in part["properties"].items():
            yield from leaves(whole, inner, path + (name,))
    else:
        yield ".".join(path), part


def documented() -> Dict[str, Any]:
    path = MODELS.parent / "spec" / "documented-schema.json"
    if not path.exists():
        pytest.skip(f"the documented schema is not at {path}")
    loaded = json.loads(path.read_text())
    return {
        name: table
        for name, table in loaded.items()
        if "alias_of" not in table and table.get("report")
    }


def test_all_documented_report_tables_with_their_columns_and_keys() -> None:
    tables = {table.name: (item, table) for item in ALL for table in item.tables}
    for name, documentation in documented().items():
        item, table = tables[name]
        assert item.report_type == documentation["report"]["type"], name
        assert table.records == documentation["report"].get("record_list", ""), name
        for option, value in documentation["report"]["options"].items():
            if option != "currencyCode":
                assert item.options[option] == value, name
        # also of text files, whose headers come with the first document only
        assert set(documentation["columns"]) <= set(hints(item, table)), name
        if item.format == "json":
            assert set(table.key) == set(documentation["primary_key"]), name


def test_documented_column_names_follow_from_the_properties() -> None:
    """Every column of every documented JSON table is `column_name` of a property of the schema."""
    for name, documentation in documented().items():
        if "schema_file" not in documentation["report"]:
            continue
        whole = schema(documentation["report"]["schema_file"].rsplit("/", 1)[1])
        rows = resolved(whole, whole["properties"][documentation["report"]["record_list"]])["items"]
        names = {column_name(path) for path, _ in leaves(whole, rows, ())}
        added = {"marketplace_id", "start_date", "end_date"}
        assert set(documentation["columns"]) - added <= names, name


def lists_in(whole: Dict[str, Any], part: Dict[str, Any], above: str) -> Iterator[Any]:
    """Every list of objects of a schema, by its path, also those inside of others."""
    for name, inner in resolved(whole, part).get("properties", {}).items():
        inner = resolved(whole, inner)
        path = f"{above}{name}"
        if inner.get("type") == "array" and resolved(whole, inner["items"]).get("properties"):
            yield path, inner["items"]
            yield from lists_in(whole, inner["items"], f"{path}.")


@pytest.mark.parametrize(
    "item",
    [r for r in ALL if (COUPONS.get(r.name) or SCHEMAS.get(r.report_type)) in AT_HAND],
    ids=lambda r: r.name,
)
def test_columns_options_and_lists_agree_with_amazons_schema(item: Report) -> None:
    whole = schema(COUPONS.get(item.name) or SCHEMAS[item.report_type])
    specification = whole["properties"].get("reportSpecification")
    rest = {n: p for n, p in whole["properties"].items() if p is not specification}
    lists = dict(lists_in(whole, {"properties": rest}, ""))
    mine = {table.records for table in item.tables}
    elsewhere = {t.records for r in ALL if r.report_type == item.report_type for t in r.tables}
    # nothing in a document is thrown away, and no list of objects is left in one column
    assert mine <= set(lists) <= elsewhere
    for table in item.tables:
        for path, leaf in leaves(whole, lists[table.records], ()):
            if f"{table.records}.{path}" in lists:
                continue
            column = column_name(path)
            wanted = TYPES.get(leaf.get("type", "string"), {"text"})
            declared = table.columns.get(column, "text")
            assert declared in wanted, (table.name, column, declared, leaf)
            if leaf.get("format") == "date":
                assert declared == "date", (table.name, column)
            if leaf.get("format") == "date-time":
                assert declared == "timestamp", (table.name, column)
            if column.endswith("_amount"):
                assert declared == "decimal", (table.name, column)
        known = {column_name(path) for path, _ in leaves(whole, lists[table.records], ())}
        added = {"start_date", "end_date", *map(column_name, table.inherited)}
        assert set(table.columns) <= known | added, table.name
    specification = resolved(whole, whole["properties"].get("reportSpecification", {}))
    options = resolved(whole, specification.get("properties", {}).get("reportOptions", {}))
    for name, part in options.get("properties", {}).items():
        values = resolved(whole, part).get("enum")
        if values and name in item.options:
            assert item.options[name] in values
            assert set(item.choices.get(name, values)) == set(values), name
    for name in options.get("required", []):
        sent = {*item.options, *item.dates_in_options, item.asins}
        assert name in sent, (item.name, name)


@pytest.mark.parametrize("operation", calls.OPERATIONS, ids=lambda operation: operation.name)
def test_operations_agree_with_amazons_models(operation: Any) -> None:
    method, path, printed = operations(model("reports_v2021_06_30"))[operation.name]
    assert (operation.method, operation.path) == (method, path)
    assert (operation.rate, operation.burst) == usage_plan(printed)


def test_names_are_unique_and_short() -> None:
    names = [item.name for item in ALL]
    assert len(names) == len(set(names))
    filled = [table.name for item in ALL for table in item.tables]
    assert len(filled) == len(set(filled))
    for item in ALL:
        assert item.name == item.tables[0].name or item.name in [t.name for t in item.tables]
        for table in item.tables:
            assert len(table.name) <= 63
            for column in set(hints(item, table)) - {DELETED, LOAD_ID}:
                # a nested value of XML has the names of the elements above it
                levels = column.split("__") if item.format == "xml" else [column]
                assert levels == list(map(header_name, levels)) or item.format == "json", column
                assert len(column) <= 63


def test_every_definition_can_be_read_and_scoped() -> None:
    for item in ALL:
        build_layout(item, ["A1PA6795UKMFR9"])
        scopes = resolve_scopes(item, ["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"], {}, ["B000000001"])
        assert len(scopes) == (1 if item.regional else 2)
        for scope in scopes:
            assert not any("{" in value for value in scope.options.values())
        if item.max_periods > 1 and item.period.is_calendar:
            assert all(table.date_column for table in item.tables), item.name
        if item.period is not Period.LISTED:
            assert not removal_message(item.report_type, date(2026, 11, 23)), item.name


def test_restricted_reports_come_with_include_pii_only() -> None:
    assert not any(item.restricted for item in reports_of(False).values())
    assert any(item.restricted for item in reports_of(False, include_pii=True).values())
    for name in ("GET_GST_MTR_B2B_CUSTOM", "GET_VAT_TRANSACTION_DATA", "SC_VAT_TAX_REPORT"):
        assert all(item.restricted for item in ALL if item.report_type == name)


def test_granularities_are_part_of_table_and_key() -> None:
    tables = [t for i in ALL if i.report_type == "GET_SALES_AND_TRAFFIC_REPORT" for t in i.tables]
    daily = {table.name: table.key for table in tables if table.name.endswith("daily")}
    assert set(daily) == {
        "sales_and_traffic_business_report_daily",
        "sales_and_traffic_business_parent_report_daily",
        "sales_and_traffic_business_child_report_daily",
        "sales_and_traffic_business_sku_report_daily",
    }
    with pytest.raises(ConfigurationError, match="asin_granularity"):
        known_reports(["ASIN"])


def test_removed_types_name_their_day_and_what_to_use() -> None:
    assert removal_message("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE", date(2026, 11, 10)) == ""
    for name, (day, instead) in REMOVED_TYPES.items():
        assert day.isoformat() in removal_message(name, date(2027, 1, 1)) and instead


def test_wrong_values_fail_before_any_request() -> None:
    sales = next(item for item in ALL if item.report_type == "GET_VENDOR_SALES_REPORT")
    with pytest.raises(ConfigurationError, match="distributorView = 'manufacturing'"):
        validate_options(sales, {"distributorView": "manufacturing"})
    with pytest.raises(ConfigurationError, match="'other', which is no option"):
        validate_options(sales, {"other": True})
    assert validate_options(sales, {"sellingProgram": "RETAIL"})["sellingProgram"] == "RETAIL"


@pytest.mark.parametrize(
    "arguments,says",
    [
        ({"period": "fortnight"}, "period"),
        ({"format": "pdf"}, "format"),
        ({"format": "json"}, "records"),
        ({"max_periods": 5}, "date_column"),
    ],
)
def test_own_reports_are_checked(arguments: Dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        report("GET_X", **arguments)


def test_currencies_of_all_marketplaces() -> None:
    euro = {"DE", "FR", "IT", "ES", "NL", "BE", "IE"}
    assert {place.country for place in MARKETPLACES.values()} == set(CURRENCIES) | euro


@given(st.lists(st.from_regex(r"[A-Z0-9]{10}", fullmatch=True), max_size=90))
def test_asins_are_packed_once_each_into_the_fewest_requests(asins: List[str]) -> None:
    packets = pack_asins(asins)
    assert [asin for packet in packets for asin in packet] == list(dict.fromkeys(asins))
    assert all(len(" ".join(packet)) <= 200 for packet in packets)
    assert all(len(packet) == 18 for packet in packets[:-1])


@pytest.mark.parametrize(
    "text,kind",
    [
        (
            "The requested marketplaceId did not match the marketplace associated",
            FailureKind.OPTIONS,
        ),
        ("marketplaceId did not match the provided marketplaceId", FailureKind.OPTIONS),
        ("No vendor code set as manufacturing role for vendor group", FailureKind.PERMISSION),
        (
            "Please verify if you have correct vendor code and/or required permissions to request"
            " this report",
            FailureKind.PERMISSION,
        ),
        ("The report data for the requested date range is not yet available.", FailureKind.LATER),
        (
            "The requested data is unavailable. Please try a different date range",
            FailureKind.NO_DATA,
        ),
        ("distributorView parameter contains an invalid value", FailureKind.OPTIONS),
        ("Please double check that your parameters are valid", FailureKind.OPTIONS),
        (
            "This report type requires the reportPeriod, distributorView, sellingProgram"
            " reportOption to be specified",
            FailureKind.OPTIONS,
        ),
        ("Report type 56300 does not support account ID of type class X.", FailureKind.OPTIONS),
        ("", FailureKind.UNKNOWN),
        ("Internal wibble", FailureKind.UNKNOWN),
    ],
)
def test_texts_of_fatal_documents_are_classified(text: str, kind: FailureKind) -> None:
    failure = classify_fatal(ALL[0], text)
    assert failure.kind is kind
    assert ALL[0].report_type in failure.sentence and text.strip(".") in failure.sentence
    assert "\n" not in failure.sentence


def test_a_refusal_names_the_role() -> None:
    failure = classify_refusal(ALL[0], 403, "Access to requested resource is denied.")
    assert failure.kind is FailureKind.PERMISSION and f"'{ALL[0].role}'" in failure.sentence
    several = classify_refusal(
        ALL[0], 400, "Multiple marketplaces were provided for this report type"
    )
    assert several.kind is FailureKind.OPTIONS
    assert all(meaning for _, _, meaning in KNOWN_REASONS)


def test_every_definition_names_its_role_and_its_source() -> None:
    for item in ALL:
        assert item.documented_by in ("schema", "sample", "third party")
        assert item.role and set(re.split(r", | or ", item.role)) <= set(ROLES), item.name


@pytest.mark.parametrize(
    "country, written, charset",
    [
        ("US", "2/1/24", "utf-8"),
        ("GB", "1/2/24", "utf-8"),
        ("FR", "01/02/24", "utf-8"),
        ("DE", "1.2.24", "cp1252"),
        ("JP", "24/2/1", "cp932"),
        # it is not known how these two are written: 1/2/24 is not guessed
        ("IE", "1/2/24", "utf-8"),
        ("ZA", "2/1/24", "utf-8"),
    ],
)
def test_a_date_of_feedback_is_read_as_its_country_writes_it(
    country: str, written: str, charset: str
) -> None:
    feedback = next(item for item in ALL if item.name == "seller_feedback_report")
    (place,) = [id for id, known in MARKETPLACES.items() if known.country == country]
    text = f"日付\tb\tc\td\te\tf\n{written}\t3\té\t\t1-2\tx\n"
    data = (text if charset == "cp932" else text.replace("日付", "Tag")).replace(
        "é", "é" if charset != "cp932" else "①"
    )
    result = read(
        data.encode(charset), build_layout(feedback, [place]), None, fallback_encodings([place])
    )
    (row,) = result.rows(feedback.name)
    known = country not in ("IE", "ZA")
    assert row["date"] == (date(2024, 2, 1) if known else None)
    assert row.get("date__v_text") == (None if known else written)
    assert (row["rating"], row["order_id"]) == (3, "1-2")


def test_examples_of_names() -> None:
    assert column_name("orderedProductSalesB2B") == "ordered_product_sales_b_2_b"
    assert column_name("p70ForecastUnits") == "p_70_forecast_units"
    assert column_name("SAFETClaimId") == "safetclaim_id"
    assert column_name("aged90PlusDaysSellableInventoryCost.amount") == (
        "aged_90_plus_days_sellable_inventory_cost_amount"
    )
    assert header_name("Quantity Available") == "quantity_available"


US, GB, DE, JP = "ATVPDKIKX0DER", "A1F83G8C2ARO7P", "A1PA6795UKMFR9", "A1VC38T7YXB528"


@pytest.mark.parametrize(
    "name,places,header,text,expected",
    [
        ("settlement_report", GB, "posted-date", "02/10/2026", "2026-10-02"),
        ("settlement_report", US, "posted-date", "02/10/2026", "2026-02-10"),
        ("settlement_report", US, "posted-date", "02.10.2026", "2026-10-02"),
        ("settlement_report", US, "posted-date-time", "02.10.2026 01:02:03 UTC", "01:02:03"),
        ("settlement_report", f"{DE} {GB}", "posted-date", "02/10/2026", None),
        ("merchant_listings_report", US, "open-date", "2022-07-11 01:34:18 PDT", "08:34:18"),
        ("merchant_listings_report", GB, "open-date", "11/07/2022 01:34:18 BST", "00:34:18"),
        ("merchant_listings_report", JP, "open-date", "2022/07/11 01:34:18 JST", "16:34:18"),
        ("open_listings_report", US, "Business Price", "1.25", "1.25"),
        ("suppressed_listings_report", US, "Status Change Date", "Jul 8, 2021", "2021-07-08"),
        ("ledger_summary_report", US, "Date", "04/2026", "2026-04-01"),
        ("returns_report", US, "Order date", "12-Jul-2026", "2026-07-12"),
    ],
)
def test_text_becomes_what_its_country_means(
    name: str, places: str, header: str, text: str, expected: Any
) -> None:
    item = next(report for report in ALL if report.name == name)
    body = f"{header}\tsku\n{text}\t007\n".encode()
    (row,) = read(body, build_layout(item, places.split())).rows(name)
    value = row[header_name(header)]
    assert value is None if expected is None else expected in str(value)
    assert row.get(f"{header_name(header)}__v_text") == (text if expected is None else None)
