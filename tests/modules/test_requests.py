"""What the modules send is what Amazon's models allow, for each of their operations."""

import json
import re
from typing import Any, Dict, Iterator, Set, Tuple

import pytest
from dlt.common import pendulum

from amazon_selling_partner import connect
from amazon_selling_partner.client import Operation
from amazon_selling_partner.listing_search import GET_LISTINGS_ITEM, Listings
from amazon_selling_partner.simulator import Request
from tests.simulator.test_models import strict
from tests.test_operations import OPERATIONS, in_models, properties

from .accounts import GB, GROUPS, account_of, source

OF_OTHERS = (
    "/finances/v0/", "/finances/2024-06-19/", "/finances/transfers/", "/orders/", "/reports/",
    "/sales/", "/sellers/",
)  # fmt: skip
"""Paths of the operations of the modules that are tested elsewhere."""

BY_NAME = {"getListingsItem"}
"""Asked for SKUs only that no list can hold."""

READS = {
    "integer": lambda text: int(text),
    "number": lambda text: float(text),
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date-time": lambda text: pendulum.parse(text, exact=True).utcoffset() is not None,
    "date": lambda text: pendulum.from_format(text, "YYYY-MM-DD"),
}


def operation_of(request: Request) -> Operation:
    """The operation that a request is for: names are not unique, paths are."""
    for operation in OPERATIONS:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation.path))
        if operation.name == request.operation and re.fullmatch(pattern, request.path):
            return operation
    raise AssertionError(f"{request.operation} {request.path} is no operation of the source")


def joined(loaded: Dict[str, Any]) -> Dict[str, Any]:
    """A model whose definitions made of several parts are one, so that no field is one too many."""
    definitions = dict(loaded["definitions"])
    for name, schema in definitions.items():
        if "allOf" in schema:
            definitions[name] = {"type": "object", "properties": properties(loaded, schema)}
    return {**loaded, "definitions": definitions}


def faults_of(request: Request, loaded: Dict[str, Any], printed: Dict[str, Any]) -> Iterator[str]:
    """What a model does not allow of a request."""
    described = {one["name"]: one for one in printed["parameters"] if "name" in one}
    query = {name: one for name, one in described.items() if one.get("in") == "query"}
    for name, one in query.items():
        if one.get("required") and name not in request.query:
            yield f"{name} is missing"
    for name, text in request.query.items():
        if name not in query:
            yield f"{name} is unknown"
            continue
        told = query[name]
        values = text.split(",") if told["type"] == "array" else [text]
        if len(values) > told.get("maxItems", len(values)):
            yield f"{name} has {len(values)} values"
        told = told.get("items", {}) | {key: told[key] for key in told if key != "items"}
        read = READS.get(told.get("format", ""), READS.get(told["type"], str))
        for value in values:
            if value not in told.get("enum", [value]):
                yield f"{name} is {value}"
            number = read(value)
            if told["type"] in ("integer", "number"):
                if not told.get("minimum", number) <= number <= told.get("maximum", number):
                    yield f"{name} is {value}"
    for one in printed["parameters"]:
        if one.get("in") == "body":
            validator = strict(joined(loaded), one["schema"]["$ref"].rsplit("/", 1)[1])
            for error in validator.iter_errors(json.loads(request.body)):
                yield f"{list(error.path)}: {error.message}"


def test_what_is_sent_is_allowed_and_every_operation_is_asked(make_pipeline: Any) -> None:
    asked: Set[str] = set()
    seen: Set[Tuple[Any, ...]] = set()
    models: Dict[str, Any] = {}
    for group in GROUPS:
        with account_of(group) as sim:
            # what is asked for does not depend on the load: extraction alone shows it
            make_pipeline("duckdb", group).extract(source(sim, group))
            for request in sim.requests:
                assert request.status < 400, request
                if request.operation == "token":
                    continue
                operation = operation_of(request)
                asked.add(operation.id)
                shape = (operation.id, *request.query.items(), request.body)
                if shape in seen:
                    continue
                seen.add(shape)
                if operation.id not in models:
                    models[operation.id] = in_models(operation)
                faults = list(faults_of(request, *models[operation.id]))
                assert not faults, (operation.id, faults)
    mine = {one for one in OPERATIONS if not one.path.startswith(OF_OTHERS)}
    never = {one.name for one in mine if one.id not in asked}
    assert never == BY_NAME


def test_a_listing_that_no_list_can_hold_is_asked_for_as_amazon_allows() -> None:
    with account_of("seller") as sim:
        client = connect(
            sim.credentials,
            "EUROPE",
            api_url=sim.url,
            token_url=sim.token_url,
            clock=sim.clock,
        )
        assert list(Listings(client, sim.account.seller_id, GB).named(["a,b"])) == [([], ["a,b"])]
        (request,) = sim.requests.of("getListingsItem")
    loaded, printed = in_models(GET_LISTINGS_ITEM)
    assert list(faults_of(request, loaded, printed)) == []
    # what it answers is what a search lists, of which each field is loaded
    search = properties(loaded, {"$ref": "#/definitions/ItemSearchResults"})
    assert search["items"]["items"] == printed["responses"]["200"]["schema"]


@pytest.mark.parametrize(
    "name, query, told",
    [
        ("getFeeds", {"feedTypes": ",".join("ABCDEFGHIJK")}, "feedTypes has 11 values"),
        ("getFeeds", {"pageSize": "101"}, "pageSize is 101"),
        ("getFeeds", {"Since": "now"}, "Since is unknown"),
        ("getInventorySummaries", {"granularityType": "City"}, "granularityType is City"),
        ("getInventorySummaries", {}, "granularityId is missing"),
    ],
)
def test_what_is_not_allowed_is_told(name: str, query: Dict[str, str], told: str) -> None:
    (operation,) = [one for one in OPERATIONS if one.name == name]
    request = Request(0, name, "GET", operation.path, query, (), "", 200, "", "")
    assert told in list(faults_of(request, *in_models(operation)))
