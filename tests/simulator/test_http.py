"""Headers, quota, faults and the log: what every operation has in common."""

import http.client
import json
import socket
import threading
from email.utils import parsedate_to_datetime
from typing import Any, List

import pytest

from sp_api_simulator import Simulator, VirtualClock

from .conftest import NOW, ORDERS, US, Caller

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
WINDOW = {"lastUpdatedAfter": "2026-05-20T00:00:00Z"}


def test_headers(caller: Caller) -> None:
    heard = caller.get(PARTICIPATIONS)
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["x-amzn-ratelimit-limit"] == "0.016"
    assert parsedate_to_datetime(heard.headers["date"]).timestamp() == NOW
    assert int(heard.headers["content-length"]) == len(heard.content)
    ids = {caller.get(PARTICIPATIONS).headers["x-amzn-requestid"] for _ in range(3)}
    assert len(ids) == 3


def test_connections_are_kept_alive(caller: Caller) -> None:
    caller.sign_in()
    before = caller.connection.sock
    caller.get(PARTICIPATIONS)
    caller.get("/nowhere")
    assert caller.connection.sock is before


def test_the_rate_header_comes_on_a_share_of_the_answers(clock: VirtualClock) -> None:
    with Simulator(clock=clock, rate_header_share=0.5) as simulator:
        simulator.quota.rates["getMarketplaceParticipations"] = (1000, 1000)
        caller = Caller(simulator)
        shown = ["x-amzn-ratelimit-limit" in caller.get(PARTICIPATIONS).headers for _ in range(60)]
        assert 15 < sum(shown) < 45


def test_the_bucket_has_amazons_burst_and_fills_at_amazons_rate(
    caller: Caller, simulator: Simulator
) -> None:
    caller.sign_in()
    statuses = [caller.get(PARTICIPATIONS).status for _ in range(17)]
    assert statuses == [200] * 15 + [429] * 2
    heard = caller.get(PARTICIPATIONS)
    assert heard.error == {
        "code": "QuotaExceeded",
        "message": "You exceeded your quota for the requested resource.",
        "details": "",
    }
    assert "x-amzn-ratelimit-limit" not in heard.headers and "retry-after" not in heard.headers
    assert caller.get(ORDERS, **WINDOW).status == 200
    simulator.clock.sleep(1 / 0.016 - 0.1)
    assert caller.get(PARTICIPATIONS).status == 429
    simulator.clock.sleep(0.1)
    assert [caller.get(PARTICIPATIONS).status for _ in range(2)] == [200, 429]


def test_bad_requests_use_up_quota_and_print_the_rate(caller: Caller) -> None:
    caller.sign_in()
    for _ in range(20):
        heard = caller.get(ORDERS)
        assert heard.status == 400 and heard.headers["x-amzn-ratelimit-limit"] == "0.0056"
    assert caller.get(ORDERS).status == 429


def test_quota_factor_multiplies_the_rate_and_the_header(clock: VirtualClock) -> None:
    with Simulator(clock=clock, quota_factor=100) as simulator:
        caller = Caller(simulator)
        heard = [caller.get(PARTICIPATIONS) for _ in range(16)]
        assert heard[0].headers["x-amzn-ratelimit-limit"] == "1.6"
        assert heard[-1].status == 429
        clock.sleep(1 / 1.6)
        assert caller.get(PARTICIPATIONS).status == 200


def test_one_bucket_for_all_threads(simulator: Simulator) -> None:
    token = Caller(simulator).sign_in()
    statuses: List[int] = []

    def call() -> None:
        caller = Caller(simulator)
        caller.token = token
        statuses.extend(caller.get(PARTICIPATIONS).status for _ in range(4))

    threads = [threading.Thread(target=call) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 15 + [429] * 49
    assert len(simulator.requests.of("getMarketplaceParticipations")) == 64


@pytest.mark.parametrize("form", ["json", "html", "empty"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors(caller: Caller, simulator: Simulator, status: int, form: str) -> None:
    fault = simulator.faults.add("status", status=status, form=form, times=2, skip=1)
    heard = [caller.get(PARTICIPATIONS) for _ in range(4)]
    assert [answer.status for answer in heard] == [200, status, status, 200]
    if form == "json":
        assert heard[1].error["code"] in ("InternalFailure", "ServiceUnavailable")
    elif form == "html":
        assert heard[1].headers["content-type"] == "text/html" and b"<html>" in heard[1].content
    else:
        assert heard[1].content == b""
    assert fault.hits == 2


def test_throttle_storm_and_expired_token_and_forbidden(
    caller: Caller, simulator: Simulator
) -> None:
    simulator.faults.add("throttle", "searchOrders", times=2)
    simulator.faults.add("expired_token", "searchOrders", times=1)
    simulator.faults.add("forbidden", "getMarketplaceParticipations")
    simulator.faults.add("bad_request", "getOrderMetrics")
    assert [caller.get(ORDERS, **WINDOW).status for _ in range(4)] == [429, 429, 403, 200]
    assert caller.get(PARTICIPATIONS).status == 403
    assert caller.get("/sales/v1/orderMetrics").error["message"] == "Invalid Input"
    simulator.faults.clear()
    assert caller.get(PARTICIPATIONS).status == 200


def test_faults_of_the_token_endpoint(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.add("status", "*", status=500)
    simulator.faults.add("status", "token", status=503, times=1)
    assert [caller.lwa().status for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    "kind, errors, statuses",
    [
        ("reset", (ConnectionError, http.client.RemoteDisconnected), [0, 200]),
        ("lost", (ConnectionError, http.client.RemoteDisconnected), [0, 200]),
        ("reset_mid_body", (ConnectionError, http.client.IncompleteRead), [200, 200]),
        ("truncate", (http.client.IncompleteRead,), [200, 200]),
        ("broken_json", (json.JSONDecodeError,), [200, 200]),
    ],
)
def test_broken_connections_and_bodies(
    caller: Caller, simulator: Simulator, kind: str, errors: Any, statuses: List[int]
) -> None:
    caller.sign_in()
    simulator.faults.add(kind, "getMarketplaceParticipations", times=1)
    with pytest.raises(errors):
        caller.get(PARTICIPATIONS).json  # noqa: B018
    caller.connection.close()
    assert caller.get(PARTICIPATIONS).json["payload"]
    logged = simulator.requests.of("getMarketplaceParticipations")
    assert [request.status for request in logged] == statuses
    assert [request.fault for request in logged] == [kind, ""]


@pytest.mark.parametrize("kind", ["reset", "lost", "reset_mid_body"])
def test_a_reset_is_a_reset_and_no_orderly_end(
    caller: Caller, simulator: Simulator, kind: str
) -> None:
    token = caller.sign_in()
    simulator.faults.add(kind, "getMarketplaceParticipations")
    address = caller.connection.host, caller.connection.port
    with socket.create_connection(address, timeout=10) as raw:
        request = f"GET {PARTICIPATIONS} HTTP/1.1\r\nHost: x\r\nx-amz-access-token: {token}\r\n\r\n"
        raw.sendall(request.encode())
        with pytest.raises(ConnectionResetError):
            while raw.recv(65_536):
                pass


def test_a_lost_call_was_done_and_a_reset_one_was_not(caller: Caller, simulator: Simulator) -> None:
    caller.sign_in()
    simulator.quota.rates["getMarketplaceParticipations"] = (0.001, 2)
    for kind in ("reset", "lost"):
        simulator.faults.add(kind, "getMarketplaceParticipations", times=1)
        with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
            caller.get(PARTICIPATIONS)
        caller.connection.close()
    assert [caller.get(PARTICIPATIONS).status for _ in range(2)] == [200, 429]


def test_slow_answers_take_virtual_time(caller: Caller, simulator: Simulator) -> None:
    caller.sign_in()
    simulator.faults.add("slow", seconds=90, times=1)
    assert caller.get(PARTICIPATIONS).status == 200
    assert simulator.clock.time() == NOW + 90


def test_chances_are_the_same_for_the_same_seed(clock: VirtualClock) -> None:
    def run(seed: int) -> List[int]:
        with Simulator(seed=seed, clock=VirtualClock(NOW)) as simulator:
            simulator.quota.rates["getMarketplaceParticipations"] = (1, 100)
            simulator.faults.add("status", probability=0.3, status=503)
            caller = Caller(simulator)
            return [caller.get(PARTICIPATIONS).status for _ in range(40)]

    first = run(5)
    assert first == run(5) != run(6)
    assert 4 < first.count(503) < 22


def test_unknown_faults_are_refused(simulator: Simulator) -> None:
    with pytest.raises(ValueError, match="throttle"):
        simulator.faults.add("earthquake")


def test_outage(caller: Caller, simulator: Simulator) -> None:
    simulator.faults.outage = True
    assert caller.get(PARTICIPATIONS).status == 403
    assert caller.lwa().status == 200
    simulator.faults.clear()
    assert caller.get(PARTICIPATIONS).status == 200


def test_the_log_has_calls_as_they_were_sent(caller: Caller, simulator: Simulator) -> None:
    caller.sign_in()
    caller.send(
        "GET", ORDERS + "?createdAfter=2026-05-20T00%3A00%3A00%2B00%3A00", User_Agent="me/1"
    )
    signed, searched = simulator.requests
    assert signed.operation == "token" and "grant_type=refresh_token" in signed.body
    assert (searched.method, searched.path, searched.status) == ("GET", ORDERS, 403)
    assert searched.query == {"createdAfter": "2026-05-20T00:00:00+00:00"}
    assert ("User-Agent", "me/1") in searched.headers and searched.header("user-agent") == "me/1"
    assert searched.time == NOW
    simulator.requests.clear()
    assert len(simulator.requests) == 0


def test_the_log_can_be_bounded(clock: VirtualClock) -> None:
    with Simulator(clock=clock, log_limit=2) as simulator:
        caller = Caller(simulator)
        for _ in range(3):
            caller.get(PARTICIPATIONS)
        assert [request.operation for request in simulator.requests] == [
            "getMarketplaceParticipations"
        ] * 2


def test_stopping_closes_kept_connections_and_frees_the_port(clock: VirtualClock) -> None:
    with Simulator(clock=clock) as simulator:
        caller = Caller(simulator)
        caller.sign_in()
        port = int(simulator.url.rsplit(":", 1)[1])
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        caller.send("GET", PARTICIPATIONS)
    with Simulator(clock=clock, port=port) as again:
        assert again.url.endswith(f":{port}")


def test_odd_requests(caller: Caller) -> None:
    assert caller.send("POST", PARTICIPATIONS, "x", Content_Length="no").status == 413
    caller.connection.close()
    caller.sign_in()
    assert caller.send("POST", PARTICIPATIONS, "{}").status == 403
    tokens = "/tokens/2021-03-01/restrictedDataToken"
    for body in ("", "not json", "[]"):
        heard = caller.send("POST", tokens, body, x_amz_access_token=caller.token or "")
        assert heard.status == 400 and heard.error["code"] == "InvalidInput"


@pytest.mark.parametrize("strict", [True, False])
def test_unknown_parameters_are_passed_over_as_amazon_does_unless_it_is_strict(
    clock: VirtualClock, strict: bool
) -> None:
    with Simulator(clock=clock, days=2, strict=strict) as simulator:
        caller = Caller(simulator)
        # what widespread clients send with every call, and lists value by value
        others = [
            caller.get(PARTICIPATIONS, MarketplaceId=US),
            caller.get("/feeds/2021-06-30/feeds?feedTypes=A&feedTypes=B"),
        ]
        assert [heard.status for heard in others] == ([400, 400] if strict else [200, 200])
        # what an operation does check stays checked
        assert caller.get(ORDERS, lastUpdatedAfter="yesterday").status == 400


def test_fees_are_requested_with_every_field_of_the_model(caller: Caller) -> None:
    product = caller.simulator.account.products[0]
    price = {"ListingPrice": {"Amount": 10, "CurrencyCode": "USD"}, "Shipping": None}
    request = {
        "FeesEstimateRequest": {
            "MarketplaceId": US,
            "IsAmazonFulfilled": True,
            "PriceToEstimateFees": price,
            "Identifier": "1",
            "OptionalFulfillmentProgram": "FBA_CORE",
        },
        "IdType": "ASIN",
        "IdValue": product.asin,
    }
    (answer,) = caller.post("/products/fees/v0/feesEstimate", [request]).json
    assert answer["Status"] == "Success"
