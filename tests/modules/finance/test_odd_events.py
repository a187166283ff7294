"""Events that are not as the model promises: no value is lost, and every package can be loaded."""

from decimal import Decimal
from typing import Any, Callable, Dict, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import metrics
from amazon_selling_partner.modules.finance.event_tables import EVENTS, TABLES
from amazon_selling_partner.modules.finance.explode import TYPE_AND_POSTED_DATE, Exploder
from amazon_selling_partner.modules.finance.field_names import column_name, list_field
from sp_api_simulator import Simulator
from tests.amazon_models import maximal, model
from tests.support import rows

from .support import finance_store, source

FIRST, LAST = pendulum.date(2026, 1, 1), pendulum.date(2026, 1, 14)
POSTED = "2026-01-05T10:00:00Z"

ODD = [
    "",
    "NaN",
    "10.000000000018",
    "12.3456789012",
    "0000-00-00",
    "--",
    10**30,
    True,
    [1],
    "x" * 70,
]


def exploded(content: Any, **options: Any) -> Dict[str, List[Dict[str, Any]]]:
    return dict(Exploder("group", FIRST, LAST, **options).explode(content))


def recased(value: Any, change: Callable[[str], str]) -> Any:
    """The same content with the names of all fields changed."""
    if isinstance(value, dict):
        return {change(name): recased(part, change) for name, part in value.items()}
    return [recased(part, change) for part in value] if isinstance(value, list) else value


def swap_first(name: str) -> str:
    return name[0].swapcase() + name[1:]


@pytest.mark.parametrize(
    "change", [str.lower, str.upper, swap_first], ids=["lower", "upper", "first"]
)
@pytest.mark.parametrize("list_name", sorted(EVENTS))
def test_fields_are_read_whatever_the_case_of_their_letters(
    list_name: str, change: Callable[[str], str]
) -> None:
    finances = model("finances_v0")
    listed = finances["definitions"]["FinancialEvents"]["properties"][list_name]
    content = {list_name: maximal(finances, listed)}
    expected, found = exploded(content), exploded(recased(content, change))
    for of_tables in (expected, found):
        for table_rows in of_tables.values():
            for row in table_rows:
                for name in [n for n in row if n == "id" or n == TABLES_PARENTS.get(n)]:
                    del row[name]
    assert found == expected


TABLES_PARENTS = {table.parent: table.parent for table in TABLES.values() if table.parent}


@pytest.mark.parametrize(
    "list_name, field",
    [
        ("ProductAdsPaymentEventList", "PostedDate"),
        ("ProductAdsPaymentEventList", "postedDate"),
        ("SellerDealPaymentEventList", "PostedDate"),
        ("AdjustmentEventList", "postedDate"),
        ("AdjustmentEventList", "POSTEDDATE"),
        ("PayWithAmazonEventList", "transactionPostedDate"),
        ("ServiceProviderCreditEventList", "transactionCreationDate"),
        ("BrandNewEventList", "posteddate"),
        ("adjustmentEventList", "PostedDate"),
    ],
)
def test_the_posting_date_is_read_in_any_spelling(list_name: str, field: str) -> None:
    (found,) = exploded({list_name: [{field: POSTED}]}).values()
    assert found[0]["posted_day"] == pendulum.date(2026, 1, 5)
    assert found[0]["group_day"] == "group/2026-01-05"


def test_adjustments_by_type_and_date_are_one_row_in_any_spelling() -> None:
    exploder = Exploder("group", FIRST, LAST, adjustment_event_key=TYPE_AND_POSTED_DATE)
    for type_field, date_field in (
        ("AdjustmentType", "PostedDate"),
        ("adjustmentType", "postedDate"),
    ):
        exploder.explode({"AdjustmentEventList": [{type_field: "X", date_field: POSTED}]})
    assert len(exploder.finish()["financial_adjustment_event"]) == 1


def test_a_field_in_two_spellings_keeps_both_values() -> None:
    (row,) = exploded({"AdjustmentEventList": [{"StoreName": "a", "storeName": "b"}]})[
        "financial_adjustment_event"
    ]
    assert (row["store_name"], row["amazon_store_name"]) == ("a", "b")
    found = exploded(
        {"ServiceFeeEventList": [{"FeeList": [{"FeeType": "a"}], "feeList": [{"FeeType": "a"}]}]}
    )["financial_fee_component"]
    assert len({row["id"] for row in found}) == 2


def test_spellings_are_distinguished_by_their_letters_only() -> None:
    for name, table in TABLES.items():
        columns = [column.replace("_", "") for column in table.columns()]
        assert len(set(columns)) == len(columns), name
        assert len({field.lower() for field in table.lists}) == len(table.lists)
    assert len({list_name.lower() for list_name in EVENTS}) == len(EVENTS)
    assert list_field("financial_shipment_event", "shipmentitemlist") == "ShipmentItemList"
    assert column_name("financial_trial_shipment_event", "", "financialeventgroupid") == (
        "amazon_financial_event_group_id"
    )


@pytest.mark.parametrize("undated", [None, "", "soon", 5, [], {}])
def test_an_event_without_a_date_has_the_first_day_of_its_group(undated: Any) -> None:
    (row,) = exploded({"AdjustmentEventList": [{"PostedDate": undated}]})[
        "financial_adjustment_event"
    ]
    assert row["posted_day"] == FIRST


@pytest.mark.parametrize(
    "value, amount, text",
    [
        ("10.000000000018", Decimal("10"), "10.000000000018"),
        ("12.3456789012", Decimal("12.345678901"), "12.3456789012"),
        ("NaN", None, "NaN"),
        ("number NaN", None, "number NaN"),
        ("", None, None),
    ],
)
def test_amounts_that_no_column_holds_have_their_text_beside_them(
    value: Any, amount: Any, text: Any
) -> None:
    exploder = Exploder("group", FIRST, LAST)
    money = {"CurrencyCode": "USD", "CurrencyAmount": value}
    fee = {"FeeType": "F", "FeeAmount": money}
    (row,) = exploder.explode({"ServiceFeeEventList": [{"FeeList": [fee]}]})[
        "financial_fee_component"
    ]
    assert row.get("fee_amount__currency_amount") == amount
    assert row.get("fee_amount__currency_amount__v_text") == text
    assert row["fee_amount__currency_code"] == "USD"
    assert exploder.sums == ({("financial_fee_component", "USD"): amount} if amount else {})


def test_the_digits_that_the_client_cut_off_stand_beside_the_amount() -> None:
    money = {"CurrencyAmount": Decimal("0.333333333"), "CurrencyAmount__v_text": "0.33333333333"}
    (row,) = exploded({"AdjustmentEventList": [{"AdjustmentAmount": money}]})[
        "financial_adjustment_event"
    ]
    assert row["adjustment_amount__currency_amount__v_text"] == "0.33333333333"


def test_no_value_makes_a_package_that_cannot_be_loaded(
    sim: Simulator, make_pipeline: Callable[..., Any], destination: str
) -> None:
    book, now = finance_store(sim), sim.account.now()
    group = next(g for g in book.groups(now) if g.end < now)
    finances = model("finances_v0")
    lists = finances["definitions"]["FinancialEvents"]["properties"]
    for list_name, listed in [*lists.items(), ("BrandNewEventList", lists["AdjustmentEventList"])]:
        for number, odd in enumerate(ODD):
            event, *_ = maximal(finances, listed)
            event = with_leaves(event, odd)
            book.post(group.id, list_name, event, 0, group.start + number * 1000)
    pipeline = make_pipeline(destination)
    for _ in range(2):
        pipeline.run(source(sim))
        assert not pipeline.has_pending_data
        for spec in EVENTS.values():
            found = rows(pipeline, spec.table)
            assert len([row for row in found if row["financial_event_group_id"] == group.id]) >= 10
        assert len(rows(pipeline, "financial_brand_new_event")) == len(ODD)
        names = [
            column
            for table in TABLES
            for column in pipeline.default_schema.tables[table]["columns"]
        ]
        assert max(map(len, names)) <= 63
        assert "unreadable" not in metrics(pipeline)["financial_events"]
        sim.clock.sleep(3600)
    texts = {
        row["adjustment_amount__currency_amount__v_text"]
        for row in rows(pipeline, "financial_adjustment_event")
    }
    assert texts >= {"NaN", "10.000000000018", f"number {10**30}", "true", "[1]", "x" * 70}
    assert "" not in texts


def with_leaves(value: Any, leaf: Any) -> Any:
    """The same structure with another value in every leaf."""
    if isinstance(value, dict):
        return {name: with_leaves(part, leaf) for name, part in value.items()}
    return [with_leaves(part, leaf) for part in value] if isinstance(value, list) else leaf
