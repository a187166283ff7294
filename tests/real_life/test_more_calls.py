"""Further public reports about calls: page tokens in other words, SKUs and ASINs of every kind.

D amzn/selling-partner-api-docs, M amzn/selling-partner-api-models, P saleweaver/python-amazon-sp-api.
"""

from typing import Any, Dict, Iterator, List

import dlt
import pytest

from amazon_selling_partner.client.errors import BadRequest, MissingRole, ServiceUnavailable
from amazon_selling_partner.loading import RunContext, isolate_failures
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.modules.awd import LIST_INVENTORY
from amazon_selling_partner.modules.fba.inventory import GET_INVENTORY_SUMMARIES
from amazon_selling_partner.modules.finance.transactions import LIST_TRANSACTIONS
from amazon_selling_partner.modules.orders.orders import SEARCH_ORDERS
from sp_api_simulator import Simulator
from tests.support import context_of

from .support import US, Load, simulator
from .test_calls import client_of


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with simulator() as sim:
        yield sim


REFUSALS = [
    # M1568, D981, M2667, M4946, M501
    {"code": "InvalidInput", "message": "Token is not valid, token duration is 25 minutes."},
    {"code": "InvalidInput", "message": "Token is not valid, token duration is 3 minutes."},
    {"code": "InvalidInput", "message": "$errorResponse.Message", "details": ""},
    {"code": "InvalidInput", "message": "Next token is invalid or expired"},
    {"code": "InvalidInput", "message": "Invalid Input"},
    {"code": "InvalidInput", "message": None},
]
OPERATIONS: Dict[Any, Any] = {
    LIST_INVENTORY: lambda records, token: {"inventory": records, "nextToken": token},
    SEARCH_ORDERS: lambda records, token: {
        "orders": records,
        "pagination": {"nextToken": token},
    },
    GET_INVENTORY_SUMMARIES: lambda records, token: {
        "payload": records,
        "pagination": {"nextToken": token},
    },
    LIST_TRANSACTIONS: lambda records, token: {
        "payload": {"transactions": records, "nextToken": token}
    },
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: str(error["message"])[:20])
def test_a_list_starts_again_whatever_words_refuse_its_page_token(
    sim: Simulator, operation: Any, error: Dict[str, Any]
) -> None:
    page = OPERATIONS[operation]
    answers: List[Any] = [
        {"body": page([1], "a")},
        {"status": 400, "body": {"errors": [error]}},
        {"status": 400, "body": {"errors": [error]}},
        {"body": page([1], "b")},
        {"body": page([2], None)},
    ]
    for number, answer in enumerate(answers):
        sim.faults.add("answer", operation.name, skip=number, times=1, **answer)
    found = [record for records in client_of(sim).pages(operation) for record in records]
    assert {1, 2} <= set(found) and len(found) <= 4


def test_a_token_that_is_an_error_in_disguise_ends(sim: Simulator) -> None:
    """M2947: always the same token, which decodes to the name of an exception."""
    body = {
        "payload": {"inventorySummaries": [{"sellerSku": "A"}]},
        "pagination": {"nextToken": "R290IGdldCBhY3RpdmUgZm5Ta3UgbWFwIEludmFsaWRJbnB1dA=="},
    }
    sim.faults.add("answer", "getInventorySummaries", body=body)
    with pytest.raises(ServiceUnavailable, match="getInventorySummaries"):
        list(client_of(sim).pages(GET_INVENTORY_SUMMARIES))
    assert len(sim.requests.of("getInventorySummaries")) < 12


@pytest.mark.parametrize("sku", ["S K U 2", "it's", "a/b", "a%2Fb", "ü", "#1", "a+b", "?&=", "1e5"])
def test_a_sku_is_sent_as_it_is(sim: Simulator, sku: str) -> None:
    """P306, P22: SKUs with blanks and apostrophes got an empty list."""
    sim.faults.add("answer", "getInventorySummaries", body={"payload": {"inventorySummaries": []}})
    list(client_of(sim).pages(GET_INVENTORY_SUMMARIES, params={"sellerSkus": [sku]}))
    assert sim.requests.of("getInventorySummaries")[0].query["sellerSkus"] == sku


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_same_page_with_ever_new_tokens_ends(sim: Simulator, operation: Any) -> None:
    """5,604 calls in 25 seconds, and still running."""
    for number in range(20):
        body = OPERATIONS[operation]([1, 2], f"token {number}")
        sim.faults.add("answer", operation.name, body=body, skip=number, times=1)
    pages = client_of(sim).pages(operation)
    found = [record for records in pages for record in records]
    assert set(found) == {1, 2} and len(sim.requests.of(operation.name)) < 10
    assert not pages.is_complete


@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_passing_400_is_believed_at_the_third_time(sim: Simulator, times: int) -> None:
    error = {"errors": [{"code": "InvalidInput", "message": "Invalid Input"}]}
    sim.faults.add("answer", SEARCH_ORDERS.name, status=400, body=error, times=times)
    params = {"marketplaceIds": [US], "lastUpdatedAfter": "2026-06-13T00:00:00Z"}
    if times == 3:
        with pytest.raises(BadRequest, match="Invalid Input"):
            client_of(sim).call(SEARCH_ORDERS, params=params)
    else:
        assert "orders" in client_of(sim).call(SEARCH_ORDERS, params=params)
    assert len(sim.requests.of(SEARCH_ORDERS.name)) == min(times + 1, 3)


def test_a_body_that_breaks_off_is_reported_with_its_position(sim: Simulator) -> None:
    body = b'{"inventory": [{"sku": "A", "b": tru}]}'
    sim.faults.add("answer", "listInventory", body=body)
    with pytest.raises(ServiceUnavailable, match=r"no JSON.*column 34|no JSON.*char 33"):
        client_of(sim).call(LIST_INVENTORY)


@pytest.mark.parametrize("status", [400, 403])
def test_marketplaces_of_another_region_are_named_with_the_region(
    sim: Simulator, status: int
) -> None:
    """M5126."""
    details = "The marketplaces you provided are not valid for region."
    error = {"errors": [{"code": "InvalidInput", "message": "Access denied.", "details": details}]}
    sim.faults.add("answer", "getInventorySummaries", status=status, body=error)
    with pytest.raises(BadRequest) as refused:
        client_of(sim).call(GET_INVENTORY_SUMMARIES, params={"marketplaceIds": [US]})
    assert "NORTH_AMERICA" in str(refused.value) and US in str(refused.value)
    assert not isinstance(refused.value, MissingRole)


@pytest.mark.parametrize(
    "trouble", [KeyError("id"), RecursionError(), AttributeError("x"), ZeroDivisionError()]
)
def test_any_exception_in_a_table_leaves_the_others_and_is_named(load: Load, trouble: Any) -> None:
    with simulator() as sim:
        context = context_of(sim)

        @dlt.resource
        @isolate_failures
        def broken(context: RunContext) -> Iterator[Any]:
            yield [{"id": 1}]
            raise trouble

        pipeline = load.pipeline()
        pipeline.run([broken(context), dlt.resource([{"id": 2}], name="other")])
        summary = RunSummary.of(pipeline)
    assert summary.failed and summary.rows["other"] == summary.rows["broken"] == 1
    (sentence,) = summary.problems()
    assert sentence.startswith("broken is incomplete") and type(trouble).__name__ in sentence
    assert "the log has its traceback" in sentence and "\n" not in sentence
