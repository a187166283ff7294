"""Calls as users met them: pages, quotas and tokens that are not as documented."""

from typing import Any, Dict, List

import pytest

from amazon_selling_partner import create_client
from amazon_selling_partner.client import SellingPartnerClient
from amazon_selling_partner.client.errors import (
    BadRequest,
    CredentialsError,
    MissingRole,
    ServiceUnavailable,
)
from amazon_selling_partner.modules.awd import LIST_INVENTORY
from amazon_selling_partner.modules.orders.orders import SEARCH_ORDERS
from amazon_selling_partner.modules.sellers import GET_PARTICIPATIONS
from sp_api_simulator import Simulator

from .support import simulator

HTML = b"<!DOCTYPE html><html><head><title>x</title></head><body></body></html>"
REFUSED = {"errors": [{"code": "InvalidInput", "message": None, "details": None}]}


@pytest.fixture
def sim() -> Any:
    with simulator() as sim:
        yield sim


def client_of(sim: Simulator) -> SellingPartnerClient:
    return create_client(sim.credentials, api_url=sim.url, token_url=sim.token_url, clock=sim.clock)


def pages_of(sim: Simulator, *bodies: Any) -> List[Any]:
    """What the pages of AWD's inventory give when the simulator answers these, one per call."""
    for number, body in enumerate(bodies):
        sim.faults.add("answer", "listInventory", body=body, skip=number, times=1)
    return list(client_of(sim).pages(LIST_INVENTORY))


@pytest.mark.parametrize("token", ["", None, False, 0])
def test_an_empty_page_token_is_the_end(sim: Simulator, token: Any) -> None:
    """J607: a token of no letters was sent back and refused."""
    assert pages_of(sim, {"inventory": [1], "nextToken": token}) == [[1]]


def test_an_empty_page_in_the_middle_is_not_the_end(sim: Simulator) -> None:
    pages = pages_of(
        sim,
        {"inventory": [1], "nextToken": "a"},
        {"inventory": [], "nextToken": "b"},
        {"inventory": [2]},
    )
    assert pages == [[1], [], [2]]


@pytest.mark.parametrize("token", ["a+b/c==", "a%2Bb%252F", "a b&c=d", "ü✓", "x" * 4000, 123])
def test_a_page_token_is_sent_as_it_came(sim: Simulator, token: Any) -> None:
    """M4224, M4946: tokens that look encoded already, or do not survive to be encoded twice."""
    pages_of(sim, {"inventory": [1], "nextToken": token}, {"inventory": [2]})
    assert sim.requests.of("listInventory")[1].query["nextToken"] == str(token)


def test_the_same_page_with_the_same_token_ends(sim: Simulator) -> None:
    """M4713."""
    with pytest.raises(ServiceUnavailable, match="listInventory"):
        pages_of(sim, *[{"inventory": [1], "nextToken": "t"}] * 4)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "body": REFUSED},
        {"status": 400, "body": {"errors": []}},
        {"status": 400, "body": {"errors": "no"}},
        {"status": 400, "body": []},
        {"status": 400, "body": b""},
        {"status": 400, "body": HTML},
        {"status": 418, "body": "teapot"},
        {"status": 302, "body": b"", "headers": {"Location": "https://example.com"}},
    ],
    ids=lambda answer: str(answer["body"])[:25],
)
def test_a_refusal_without_a_message_is_one_short_sentence(
    sim: Simulator, answer: Dict[str, Any]
) -> None:
    """M2576, M2590, M2868, J332: `message` null, an HTML page, no body at all."""
    sim.faults.add("answer", "searchOrders", **answer)
    with pytest.raises(BadRequest) as refused:
        client_of(sim).call(SEARCH_ORDERS)
    sentence = str(refused.value)
    assert "searchOrders" in sentence and str(answer["status"]) in sentence
    assert "\n" not in sentence and "None" not in sentence and len(sentence) < 400


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": {"errors": [{"code": "InternalFailure", "message": None}]}},
        {"status": 503, "body": HTML},
        {"status": 504, "body": b""},
        {"status": 200, "body": b""},
        {"status": 200, "body": HTML},
        {"status": 200, "body": b'{"payload": [{"id": UOSS}]}'},
        {"status": 200, "body": b'{"payload": [] '},
        {"status": 200, "body": b"\xff\xfe{"},
        {"status": 200, "body": {"errors": [{"code": "InternalFailure"}]}},
        {"status": 200, "body": {"payload": None, "errors": None}},
        {"status": 200, "body": "a text"},
        {"status": 204, "body": b""},
    ],
    ids=lambda answer: f"{answer['status']} {str(answer['body'])[:25]}",
)
def test_an_answer_that_is_none_is_requested_again(sim: Simulator, answer: Dict[str, Any]) -> None:
    """D970: an enum without quotes for hours; D99: 200 and nothing; M5230: 500 for hours."""
    sim.faults.add("answer", "getMarketplaceParticipations", times=2, **answer)
    (page,) = client_of(sim).pages(GET_PARTICIPATIONS)
    assert page[0]["marketplace"]["id"]
    sim.faults.add("answer", "getMarketplaceParticipations", **answer)
    with pytest.raises(ServiceUnavailable, match="getMarketplaceParticipations"):
        list(client_of(sim).pages(GET_PARTICIPATIONS))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-amzn-RateLimit-Limit": "0"},
        {"x-amzn-RateLimit-Limit": ""},
        {"x-amzn-RateLimit-Limit": "0.0"},
        {"x-amzn-RateLimit-Limit": "-1"},
        {"x-amzn-RateLimit-Limit": "NaN"},
        {"x-amzn-RateLimit-Limit": "Infinity"},
        {"x-amzn-RateLimit-Limit": "0,5"},
        {"x-amzn-RateLimit-Limit": "1e-300"},
        {"Retry-After": "0"},
        {"Retry-After": "-5"},
        {"Retry-After": "soon"},
        {"Retry-After": "1e9"},
        {"Retry-After": "NaN"},
        {"Retry-After": "Infinity"},
        {"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"Retry-After": "Fri, 99 Foo 2026"},
        {"Date": "yesterday"},
        {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Content-Type": "text/html"},
        {"Content-Encoding": "identity"},
    ],
    ids=str,
)
@pytest.mark.parametrize("status, body", [(429, HTML), (200, None)], ids=["429", "200"])
def test_odd_headers_neither_stop_nor_hurry_the_calls(
    sim: Simulator, headers: Dict[str, str], status: int, body: Any
) -> None:
    """P111, D86, D2132: no rate, a rate of 0, and what else a header may hold."""
    if status == 200:
        body = {"payload": [{"marketplace": {"id": "x"}}]}
    fault = sim.faults.add(
        "answer",
        "getMarketplaceParticipations",
        times=2,
        status=status,
        body=body,
        headers=headers,
    )
    client, started = client_of(sim), sim.clock.time()
    for _ in range(3):
        list(client.pages(GET_PARTICIPATIONS))
    assert fault.hits == 2
    assert sim.clock.time() - started < 2 * 3600 + 300


def test_a_quota_that_never_recovers_ends(sim: Simulator) -> None:
    """CS242: the caller hung for ever."""
    sim.faults.add("answer", "getMarketplaceParticipations", status=429, body=b"")
    with pytest.raises(ServiceUnavailable, match="throttled"):
        client_of(sim).call(GET_PARTICIPATIONS)


TOKEN = {"access_token": "Atza|x", "token_type": "bearer"}


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500, "body": HTML},
        {"status": 200, "body": b""},
        {"status": 200, "body": HTML},
        {"status": 200, "body": {}},
        {"status": 200, "body": {"access_token": None}},
        {"status": 200, "body": []},
        {"status": 429, "body": b""},
    ],
    ids=lambda answer: f"{answer['status']} {str(answer['body'])[:25]}",
)
def test_a_token_answer_that_is_none_is_requested_again(
    sim: Simulator, answer: Dict[str, Any]
) -> None:
    """D2149: `Internal Server Error` of the token endpoint."""
    sim.faults.add("answer", "token", times=2, **answer)
    assert client_of(sim).call(GET_PARTICIPATIONS)["payload"]
    sim.faults.add("answer", "token", **answer)
    with pytest.raises(ServiceUnavailable, match="Login with Amazon"):
        client_of(sim).call(GET_PARTICIPATIONS)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 400, "body": {"error": "invalid_grant", "error_description": None}},
        {"status": 401, "body": {"error": "invalid_client"}},
        {"status": 400, "body": {"error": "unauthorized_client"}},
        {"status": 400, "body": HTML},
        {"status": 403, "body": b""},
        {"status": 400, "body": []},
        {"status": 302, "body": b"", "headers": {"Location": "https://example.com/login"}},
    ],
    ids=lambda answer: str(answer["body"])[:40],
)
def test_refused_credentials_are_tried_once(sim: Simulator, answer: Dict[str, Any]) -> None:
    """D2379: a revoked token made a storm of requests."""
    fault = sim.faults.add("answer", "token", **answer)
    client = client_of(sim)
    for _ in range(3):
        with pytest.raises(CredentialsError) as refused:
            client.call(GET_PARTICIPATIONS)
    assert fault.hits == 1
    assert "None" not in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("life", ["3600", "60", 0, None, -1, "soon", 1e300, [], "NaN", "Infinity"])
def test_a_token_is_kept_whatever_its_lifetime_is(sim: Simulator, life: Any) -> None:
    def respond(answer: Any, _: Any) -> Any:
        return {**answer, "expires_in": life}

    sim.faults.add("answer", "token", body=respond)
    client = client_of(sim)
    for _ in range(5):
        client.call(GET_PARTICIPATIONS)
    assert len(sim.requests.of("token")) <= 5


def test_a_token_that_ends_before_its_time_is_renewed_once(sim: Simulator) -> None:
    """D2149: good for 20 minutes instead of an hour."""
    client = client_of(sim)
    client.call(GET_PARTICIPATIONS)
    sim.auth.expire_access_tokens()
    client.call(GET_PARTICIPATIONS)
    assert len(sim.requests.of("token")) == 2


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", HTML, {"message": "Forbidden"}, {"errors": []}, [], None])
def test_a_403_without_amazons_errors_is_a_missing_role(
    sim: Simulator, status: int, body: Any
) -> None:
    sim.faults.add("answer", "getMarketplaceParticipations", status=status, body=body)
    with pytest.raises(MissingRole) as refused:
        client_of(sim).call(GET_PARTICIPATIONS)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500
