"""Column names from headers, however they are written."""

import pytest

from amazon_selling_partner.modules.reports.columns import header_name
from amazon_selling_partner.modules.reports.documents import BIGINT, FlatLayout, TableLayout

from .support import read

LAYOUT = FlatLayout(
    TableLayout("t", {"quantity": BIGINT, "seller_sku": BIGINT}),
    headers={"Händler-SKU": "seller-sku", "商品名": "item-name", "قيمة": "quantity"},
    aliases={"qty": "quantity"},
)


@pytest.mark.parametrize(
    "header, name",
    [
        ("Supplier part no.", "supplier_part_no"),
        ("Exempted from Low-Inventory-Level fee?", "exempted_from_low_inventory_level_fee"),
        ("amount (EUR)", "amount_eur"),
        ("quantité", "quantite"),
        ("état", "etat"),
        ("Größe", "grosse"),
        ("ilość", "ilosc"),
        ("Łódź", "lodz"),
        ('"Date"', "date"),
        ("Date:", "date"),
        ("price *", "price"),
        ("(child) asin", "child_asin"),
        ("Quantity Available", "quantity_available"),
        ("amazon-order-id", "amazon_order_id"),
        ("Warehouse-Condition-code", "warehouse_condition_code"),
        ("Units\u00a0Sold", "units_sold"),
        ("ＡＳＩＮ", "asin"),
    ],
)
def test_no_letter_stands_for_punctuation_or_accents(header: str, name: str) -> None:
    assert header_name(header) == name
    (row,) = read(f"{header}\tother\n1\t2\n".encode(), FlatLayout(TableLayout("t"))).rows()
    assert list(row) == [name, "other"]


@pytest.mark.parametrize(
    "header",
    [
        "Quantity", "QUANTITY", "quantity ", " quantity", "\u00a0Quantity\u00a0", "Quantity\u200b",
        "qty", "Qty.", "QTY", "quantity:", "قيمة", "\u200fقيمة",
    ],
)  # fmt: skip
def test_case_spacing_invisible_characters_and_aliases_of_a_known_header(header: str) -> None:
    assert read(f"{header}\tx\n7\ty\n".encode(), LAYOUT).rows() == [{"quantity": 7, "x": "y"}]


@pytest.mark.parametrize(
    "header", ["Händler-SKU", "händler-sku", "Händler SKU", "HÄNDLER‑SKU", "Ha\u0308ndler-SKU"]
)
def test_localized_headers_are_compared_without_case_and_spacing(header: str) -> None:
    assert read(f"{header}\tx\n7\ty\n".encode(), LAYOUT).rows()[0]["seller_sku"] == 7


def test_headers_without_a_latin_letter_are_named_by_position() -> None:
    rows = read("商品名\t数量2\t備考\n1\t2\t3\n".encode(), LAYOUT).rows()
    assert rows == [{"item_name": "1", "column_2": "2", "column_3": "3"}]


def test_the_same_header_twice() -> None:
    rows = read(b"quantity\tQuantity \tqty\n1\t2\t3\n", LAYOUT).rows()
    assert rows == [{"quantity": 1, "quantity_2": "2", "quantity_3": "3"}]
