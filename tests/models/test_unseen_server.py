"""The source against a server that knows nothing but Amazon's models and answers at random.

`MODELS_SEEDS=40` tries more accounts, `MODELS_FROM=100` others.
"""

import os
import re
from typing import Any

import pytest

from tests.support import rows

from .requests import Models
from .server import Api
from .support import account, bad_columns, everything, load, lost, once, wrong_rows

FIRST = int(os.environ.get("MODELS_FROM", 1))
SEEDS = range(FIRST, FIRST + int(os.environ.get("MODELS_SEEDS", 1)))

PERSONAL = re.compile(
    r"(^|\.)(buyer|recipient|destinationAddress|serviceLocation\.address|taxRegistrations"
    r"|customization|giftMessage|notificationEmails|lockerDetails|deliveryInformation|signedForBy"
    r"|shipToAddress|eventHistory\.location|packageDocuments\.contents|recipientName"
    r"|proofOfDelivery\w*|promisedDeliveryDate|trackingEvents\.eventAddress)(\.|$)"
)
"""What is left out unless it is requested."""


@pytest.fixture(scope="module")
def models() -> Models:
    return Models()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("vendor", [False, True], ids=["seller", "vendor"])
def test_all_that_is_served_is_loaded(
    models: Models, make_pipeline: Any, seed: int, vendor: bool
) -> None:
    api, pipeline = account(models, seed, vendor), make_pipeline("duckdb")
    load(pipeline, api, vendor, include_pii=True)
    tables = everything(pipeline)
    assert api.violations == []
    assert not lost(api, tables)
    assert bad_columns(pipeline) == []
    assert wrong_rows(api, tables) == []
    assert api.served


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_personal_is_left_out_and_nothing_else(
    models: Models, make_pipeline: Any, seed: int
) -> None:
    api, pipeline = account(models, seed, False, "full"), make_pipeline("duckdb")
    modules = ["ORDERS", "FULFILLMENT_OUTBOUND", "SERVICES", "SHIPPING", "AWD"]
    once(pipeline, api, False, include_pii=False, modules=modules)
    assert api.violations == []
    missing = {path for _, path in lost(api, everything(pipeline))}
    assert missing and all(PERSONAL.search(path) for path in missing)


@pytest.mark.parametrize("vendor", [False, True], ids=["seller", "vendor"])
def test_answers_of_what_is_required_only_are_loaded(
    models: Models, make_pipeline: Any, vendor: bool
) -> None:
    api, pipeline = account(models, FIRST, vendor, "minimal"), make_pipeline("duckdb")
    modules = ["AWD", "SUPPLY_SOURCES", "EASYSHIP"]
    once(pipeline, api, vendor, include_pii=True, **({} if vendor else {"modules": modules}))
    tables = everything(pipeline)
    assert (api.violations, lost(api, tables), bad_columns(pipeline)) == ([], {}, [])
    assert not [row for row in rows(pipeline, "sync_run") if row.get("failed")]


def loaded(pipeline: Any, models: Models, path: str, answer: Any, **settings: Any) -> Api:
    """Loads an account in which one operation has a certain answer."""
    vendor = bool(settings.pop("vendor", False))
    api = account(models, 1, vendor, "full")
    api.instead[path] = answer
    once(pipeline, api, vendor, include_pii=True, **settings)
    return api


def test_a_page_without_the_list_that_amazon_does_not_require_is_empty(
    models: Models, make_pipeline: Any
) -> None:
    path = "/awd/2024-05-09/replenishmentOrders"
    api = loaded(make_pipeline("duckdb"), models, path, {}, modules=["AWD"])
    # a broken answer would be requested eight times, in the first of several windows
    assert 0 < api.calls[path] < 8


def test_orders_of_number_and_state_are_loaded(models: Models, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    order = {"purchaseOrderNumber": "00042", "purchaseOrderState": "New"}
    answer = {"payload": {"orders": [order]}}
    path = "/vendor/orders/v1/purchaseOrders"
    table = "vendor_retail_procurement_order"
    loaded(pipeline, models, path, answer, vendor=True, modules=["VENDOR"], tables=[table])
    (row,) = rows(pipeline, table)
    assert (row["purchase_order_number"], row["purchase_order_state"]) == ("00042", "New")
    pipeline = make_pipeline("duckdb", "direct")
    path = "/vendor/directFulfillment/orders/2021-12-28/purchaseOrders"
    answer = {"orders": [{"purchaseOrderNumber": "00043"}]}
    table = "vendor_direct_fulfillment_order"
    loaded(pipeline, models, path, answer, vendor=True, modules=["VENDOR"], tables=[table])
    (row,) = rows(pipeline, table)
    assert row["purchase_order_number"] == "00043"


def test_a_verification_without_fields_is_loaded(models: Models, make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    status = {"Status": "Pending", "RequiresMerchantAction": True, "ValidRejectionReasons": []}
    payload = {
        "AmazonOrderId": "0",
        "RegulatedInformation": {"Fields": []},
        "RequiresDosageLabel": False,
        "RegulatedOrderVerificationStatus": status,
    }
    path = "/orders/v0/orders/{orderId}/regulatedInfo"
    tables = ["orders", "order_regulated_info"]
    loaded(pipeline, models, path, {"payload": payload}, modules=["ORDERS"], tables=tables)
    found = rows(pipeline, "order_regulated_info")
    assert found and {row["status"] for row in found} == {"Pending"}


def test_weeks_ahead_and_balances_have_the_types_of_the_model(
    models: Models, make_pipeline: Any
) -> None:
    pipeline = make_pipeline("duckdb")
    offers = [
        {"sku": "01", "asin": "B000000001", "next30DayTotalSubscriptionsRevenue": 5},
        {"sku": "02", "asin": "B000000001", "next30DayTotalSubscriptionsRevenue": 5.25},
    ]
    answer = {"offers": offers, "pagination": {"totalResults": 2}}
    path = "/replenishment/2022-11-07/offers/metrics/search"
    loaded(pipeline, models, path, answer, modules=["REPLENISHMENT"])
    assert bad_columns(pipeline) == []
    pipeline = make_pipeline("duckdb", "finance")
    answer = {"balances": [{"balanceType": "AVAILABLE", "asOfDate": "2026-06-01T10:11:12Z"}]}
    path, table = "/finances/2024-06-19/balances", "financial_balance"
    loaded(pipeline, models, path, answer, modules=["FINANCE"], tables=[table])
    (row,) = rows(pipeline, table)
    assert row["as_of_date"].isoformat() == "2026-06-01T10:11:12+00:00"
