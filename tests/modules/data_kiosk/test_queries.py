"""Definitions of queries: valid by Amazon's GraphQL schemas, short enough, and complete."""

import re
from functools import cache
from typing import Any, Iterator, Set, Tuple

import pytest
from dlt.common import pendulum

from amazon_selling_partner.common.identifiers import is_identifier
from amazon_selling_partner.modules.reports import Report
from amazon_selling_partner.modules.reports.query import MAX_QUERY_LENGTH
from amazon_selling_partner.settings import MARKETPLACES
from sp_api_simulator.data_kiosk.graphql_text import check_selection, parse_query
from sp_api_simulator.data_kiosk.query_store import QUERY_FIELDS
from tests.amazon_models import MODELS, needs_amazons_files

from .support import QUERIES

START, END = pendulum.datetime(2026, 9, 1), pendulum.datetime(2026, 10, 1)
EVERY_MARKETPLACE = list(MARKETPLACES)

NEVER_SELECTED = ("Benchmarking", "lending", "sellerAttributes", "encryptedMerchantCustomerId")

SPLITTING = (
    "binding brandCode color isbn13 manufacturerCode msrp prepInstructions"
    " prepInstructionsPerformedBy productTitle releaseDate replenishmentCategory shipToCity"
    " shipToCountryCode shipToStateOrProvince shipToZipCode vendorCode"
)
NOT_SELECTED: Set[Tuple[str, str]] = {
    ("FeeSummary", "charge"),
    # the same in all rows
    ("SalesAndTrafficTrends", "asinAggregation"),
    ("SalesAndTrafficTrends", "sku"),
    *(("GroupByAttributes", name) for name in SPLITTING.split()),
}
"""Fields that are left out: deprecated ones, and those that would split the rows of a product."""


def text_of(query: Report) -> str:
    """The longest text of a query."""
    assert query.query is not None
    if query.asins:
        return query.query.text(
            START, END, EVERY_MARKETPLACE[:1], "USD", [f"B{n:09d}" for n in range(30)]
        )
    return query.query.text(START, END, EVERY_MARKETPLACE, "USD")


@cache
def schema(domain: str) -> Any:
    """Amazon's GraphQL schema."""
    graphql = pytest.importorskip("graphql")
    path = MODELS / "schemas" / "data-kiosk" / f"{domain}.graphql"
    return graphql.build_schema(path.read_text(encoding="utf-8"))


@needs_amazons_files
def test_queries_are_valid_by_amazons_schemas() -> None:
    graphql = pytest.importorskip("graphql")
    for name, query in QUERIES.items():
        assert query.query is not None
        document = graphql.parse(text_of(query))
        assert graphql.validate(schema(query.query.domain), document) == [], name
        # no white space that is not needed
        assert graphql.strip_ignored_characters(text_of(query)) == text_of(query), name


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_queries_are_short_and_the_simulator_knows_their_fields(name: str) -> None:
    query = QUERIES[name]
    text = text_of(query)
    assert len(text) <= MAX_QUERY_LENGTH
    assert not [word for word in NEVER_SELECTED if word in text]
    parsed = parse_query(text)
    known = QUERY_FIELDS[parsed.domain][parsed.name]
    check_selection(parsed.selection, known.schema)
    assert set(known.required) <= set(parsed.arguments) <= {*known.required, *known.optional}


@needs_amazons_files
def test_queries_select_every_field_there_is() -> None:
    graphql = pytest.importorskip("graphql")

    def missing(kind: Any, selection: Any) -> Iterator[Tuple[str, str]]:
        kind = graphql.get_named_type(kind)
        for field, definition in getattr(kind, "fields", {}).items():
            if (kind.name, field) in NOT_SELECTED:
                continue
            if field not in selection:
                yield kind.name, field
            else:
                yield from missing(definition.type, selection[field] or {})

    names = "economics_daily economics_preview sales_and_traffic_by_date_daily"
    names += " sales_and_traffic_by_sku_daily vendor_analytics_manufacturing_daily"
    names += " vendor_analytics_sourcing_daily sales_and_traffic_trend_weekly"
    for name in names.split():
        query = QUERIES[name].query
        assert query is not None
        found = schema(query.domain)
        root = found.query_type.fields[query.domain].type
        parsed = parse_query(text_of(QUERIES[name]))
        assert list(missing(root.fields[query.name].type, parsed.selection)) == []


@needs_amazons_files
def test_the_tables_of_seller_analytics_have_every_metric_together() -> None:
    graphql = pytest.importorskip("graphql")
    domain = "analytics_sellerAnalytics_2025_03_31"
    texts = " ".join(text_of(query) for query in QUERIES.values() if query.query.domain == domain)
    words = set(re.findall(r"\w+", texts))
    left_out = {"Lending", "SellerAttributes", "TimeRangeBenchmarking", "GroupByAttributes"}
    for kind in schema(domain).type_map.values():
        if graphql.is_object_type(kind) and kind.name not in left_out:
            names = {
                name
                for name, field in kind.fields.items()
                if field.deprecation_reason is None
                and graphql.get_named_type(field.type).name not in left_out
            }
            assert kind.name.startswith("__") or names - words <= {"totals"}, kind.name


def test_columns_are_identifiers_and_keys_are_columns() -> None:
    for query in QUERIES.values():
        for table in query.tables:
            assert is_identifier(table.name)
            assert not [name for name in table.columns if not is_identifier(name)]
            assert set(table.key) <= set(table.columns)
            assert table.date_column in table.columns
