"""What the modules send is what Amazon's models allow, for each of their operations."""

import json
import re
from typing import Any, Dict, List, Set, Tuple

import pytest

from amazon_selling_partner.client import Operation
from amazon_selling_partner.modules.listings.listing_search import GET_LISTINGS_ITEM, ListingSearch
from sp_api_simulator import Request
from tests.amazon_models import in_models, needs_amazons_files, properties
from tests.models.requests import Call, faults_of
from tests.support import OPERATIONS, context_of

from .accounts import GB, GROUPS, account_of, source

OF_OTHERS = (
    "/finances/v0/", "/finances/2024-06-19/", "/finances/transfers/", "/orders/", "/reports/",
    "/sales/", "/sellers/", "/dataKiosk/",
)  # fmt: skip
"""Paths of the operations of the modules that are tested elsewhere."""

BY_NAME = {"getListingsItem"}
"""Called for SKUs only that no list can hold."""


def operation_of(request: Request) -> Operation:
    """The operation that a request is for: names are not unique, paths are."""
    for operation in OPERATIONS:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
        if operation.name == request.operation and re.fullmatch(pattern, request.path):
            return operation
    raise AssertionError(f"{request.operation} {request.path} is no operation of the source")


def faults(request: Request, model: Tuple[Dict[str, Any], Dict[str, Any]]) -> List[str]:
    """What a model does not allow of a request."""
    body = json.loads(request.body) if request.body else None
    return list(faults_of(Call(request.path, *model, {}, dict(request.query), body)))


def test_what_is_sent_is_allowed_and_every_operation_is_called(make_pipeline: Any) -> None:
    requested: Set[str] = set()
    seen: Set[Tuple[Any, ...]] = set()
    models: Dict[str, Any] = {}
    for group in GROUPS:
        with account_of(group) as sim:
            # what is requested does not depend on the load: extraction alone shows it
            make_pipeline("duckdb", group).extract(source(sim, group))
            for request in sim.requests:
                assert request.status < 400, request
                if request.operation == "token":
                    continue
                operation = operation_of(request)
                requested.add(operation.id)
                shape = (operation.id, *request.query.items(), request.body)
                if shape in seen:
                    continue
                seen.add(shape)
                if operation.id not in models:
                    models[operation.id] = in_models(operation)
                wrong = faults(request, models[operation.id])
                assert not wrong, (operation.id, wrong)
    mine = {one for one in OPERATIONS if not one.path.startswith(OF_OTHERS)}
    never = {one.name for one in mine if one.id not in requested}
    assert never == BY_NAME


def test_a_listing_that_no_list_can_hold_is_requested_as_amazon_allows() -> None:
    with account_of("seller") as sim:
        client = context_of(sim, region="EUROPE")
        assert list(ListingSearch(client, sim.account.seller_id, GB).named(["a,b"])) == [
            ([], ["a,b"])
        ]
        (request,) = sim.requests.of("getListingsItem")
    loaded, printed = in_models(GET_LISTINGS_ITEM)
    assert faults(request, (loaded, printed)) == []
    # what it answers is what a search lists, of which each field is loaded
    search = properties(loaded, {"$ref": "#/definitions/ItemSearchResults"})
    assert search["items"]["items"] == printed["responses"]["200"]["schema"]


@pytest.mark.parametrize(
    "name, query, fault",
    [
        ("getFeeds", {"feedTypes": ",".join("ABCDEFGHIJK")}, "feedTypes has 11 values"),
        ("getFeeds", {"pageSize": "101"}, "pageSize is 101"),
        ("getFeeds", {"Since": "now"}, "Since is unknown"),
        ("getInventorySummaries", {"details": "maybe"}, "details is maybe"),
        pytest.param(
            "getInventorySummaries",
            {"granularityType": "City"},
            "granularityType is City",
            marks=needs_amazons_files,
        ),
        ("getInventorySummaries", {}, "granularityId is missing"),
    ],
)
def test_what_is_not_allowed_is_reported(name: str, query: Dict[str, str], fault: str) -> None:
    (operation,) = [one for one in OPERATIONS if one.name == name]
    request = Request(0, name, "GET", operation.path, query, (), "", 200, "", "")
    assert fault in faults(request, in_models(operation))
