"""Every field of Amazon's newest SDK is a declared column, part of a json column, or named here.

A field that the SDK gains makes a column that no table declares, and fails here. All that is loaded
is described.
"""

import re
from typing import Any, Dict, List, Set

import pytest

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.loading.account_key import add_to_hints
from amazon_selling_partner.modules.finance import reconciliation
from amazon_selling_partner.modules.finance.event_hints import table_hints
from amazon_selling_partner.modules.finance.event_tables import TABLES

from .requests import Models
from .server import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN
from .support import account, once, settings

PERSONAL = re.compile(
    r"address|recipient|buyer|gift_message|customization|locker|signed_for|email|tax_registration"
    r"|^shipment_document\.contents$"
)
"""Columns with `include_pii` only, which have the type of their values: texts."""

INFERRED = {
    "order_regulated_info__fields": "field_id field_label field_type field_value amazon_order_id",
    "orders__order_items__tax__tax_calculation_breakdowns": """reporting_scheme order_id
        order_item_id""",
    "orders__order_items__tax__tax_collections": "model responsible_party order_id order_item_id",
    "orders__order_items__promotion__breakdowns": "promotion_id order_id order_item_id",
    "orders__order_items__proceeds__breakdowns": """type order_id order_item_id subtotal__amount
        subtotal__currency_code""",
    "orders__order_items__proceeds__breakdowns__detailed_breakdowns": """subtype order_id
        order_item_id value__amount value__currency_code""",
    "orders__payment__payment_executions": """payment_method acquirer_id card_brand
        authorization_code order_id payment_amount__amount payment_amount__currency_code""",
    "orders__proceeds__breakdowns": """type status order_id subtotal__amount
        subtotal__currency_code""",
}
"""Lists in objects, of which dlt takes no hints: their columns are texts and amounts of money."""


def declared_columns() -> Dict[str, Set[str]]:
    """Columns by table, as the resources of sellers and vendors declare them."""
    credentials = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }
    found = {name: set(names.split()) for name, names in INFERRED.items()}
    for vendor in (False, True):
        given = {"include_pii": True, **settings(vendor)}
        schema = amazon_selling_partner(credentials=credentials, **given).discover_schema()
        for name, table in schema.tables.items():
            found.setdefault(name, set()).update(table["columns"])
    # the events of finance have one resource, whose tables are described as they load
    for name in (*TABLES, reconciliation.TABLE, "financial_rejected_event"):
        hints: Any = add_to_hints(table_hints(name), "account")
        found.setdefault(name, set()).update(hints["columns"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("vendor", [False, True], ids=["seller", "vendor"])
def test_every_field_of_the_newest_sdk_is_declared(make_pipeline: Any, vendor: bool) -> None:
    pipeline = make_pipeline("duckdb")
    once(pipeline, account(Models(), 1, vendor, "full"), vendor, include_pii=True)
    declared = declared_columns()
    found: Dict[str, List[str]] = {}
    undescribed: List[str] = []
    for table in pipeline.default_schema.data_tables(seen_data_only=True):
        name = table["name"]
        undescribed += [] if table.get("description") else [str(name)]
        for column, hint in table["columns"].items():
            undescribed += [] if hint.get("description") else [f"{name}.{column}"]
            known = column.startswith("_dlt_") or PERSONAL.search(f"{name}.{column}")
            if not known and column not in declared.get(name, ()):
                found.setdefault(name, []).append(column)
    assert not found
    assert not undescribed
