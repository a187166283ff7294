"""One call: token, quota, retries, errors, paging; over sockets, in virtual time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Iterable, Iterator, List, Set

import pytest
from dlt.common import pendulum

from amazon_selling_partner import create_client
from amazon_selling_partner.client import SellingPartnerClient
from amazon_selling_partner.client.errors import (
    BadRequest,
    ClientSecretExpired,
    ExpiredPageToken,
    InvalidClient,
    MissingRole,
    NotFound,
    RefreshTokenRevoked,
    SellerNotAuthorized,
    SellingPartnerError,
    ServiceUnavailable,
    UnauthorizedClient,
    classify_rejection,
)
from amazon_selling_partner.client.http import MAX_ATTEMPTS, MAX_THROTTLED_ATTEMPTS, RetryPolicy
from amazon_selling_partner.client.quota import TokenBucket
from amazon_selling_partner.loading.marketplaces import GET_PARTICIPATIONS
from amazon_selling_partner.modules.orders.orders import SEARCH_ORDERS
from amazon_selling_partner.modules.orders.regulated_info import GET_REGULATED_INFO
from sp_api_simulator import Simulator, VirtualClock

NOW = pendulum.datetime(2026, 6, 15, 12)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW.timestamp())


@pytest.fixture
def sim(clock: VirtualClock) -> Iterator[Simulator]:
    with Simulator(clock=clock, orders_per_day=40, days=10) as simulator:
        yield simulator


@pytest.fixture
def client(sim: Simulator) -> SellingPartnerClient:
    return new_client(sim)


def new_client(sim: Simulator, **changes: str) -> SellingPartnerClient:
    return create_client(
        {**sim.credentials, **changes},
        api_url=sim.url,
        token_url=sim.token_url,
        clock=sim.clock,
    )


WINDOW = {
    "lastUpdatedAfter": NOW.subtract(days=12),
    "lastUpdatedBefore": NOW.subtract(minutes=2),
}


def search(client: SellingPartnerClient, **changes: Any) -> List[Dict[str, Any]]:
    pages = client.pages(SEARCH_ORDERS, params={**WINDOW, **changes})
    return [order for page in pages for order in page]


def in_window(sim: Simulator, at: float) -> Set[str]:
    """Orders whose last update, as known at a moment, lies in the window."""
    end = WINDOW["lastUpdatedBefore"].isoformat()[:19]
    return {
        order["orderId"]
        for order in sim.orders.all(at=int(at * 1000))
        if order["lastUpdatedTime"][:19] <= end
    }


def assert_whole(sim: Simulator, seen: Iterable[str]) -> None:
    """All orders of the window were seen but those that left it while it was read."""
    assert in_window(sim, sim.clock.time()) <= set(seen) <= in_window(sim, NOW.timestamp())


# tokens


def test_one_token_serves_many_calls_and_goes_to_the_api_only(
    sim: Simulator, client: SellingPartnerClient
) -> None:
    for _ in range(5):
        client.call(GET_PARTICIPATIONS)
    assert [request.operation for request in sim.requests].count("token") == 1
    secrets = [sim.credentials["client_secret"], sim.credentials["refresh_token"]]
    for request in sim.requests:
        is_token = request.operation == "token"
        assert (request.header("x-amz-access-token") is None) == is_token
        assert request.header("Authorization") is None
        assert str(request.header("user-agent")).startswith("amazon_selling_partner/")
        if not is_token:
            assert not any(
                s in f"{request.headers} {request.body} {request.query}" for s in secrets
            )


def test_a_token_of_60_seconds_is_renewed_in_time_by_one_of_32_threads(
    sim: Simulator, clock: VirtualClock
) -> None:
    sim.auth.token_lifetime = 60
    sim.quota.rates["getOrderRegulatedInfo"] = (1000, 1000)
    client = new_client(sim)

    def work(_: int) -> None:
        with pytest.raises(NotFound):
            client.call(GET_REGULATED_INFO, path={"orderId": "111-0000000-0000000"})

    with ThreadPoolExecutor(32) as pool:
        for _ in range(13):
            list(pool.map(work, range(32)))
            clock.advance(9)
    assert {request.status for request in sim.requests.of("getOrderRegulatedInfo")} == {404}
    # 13 rounds of 9 seconds, a token is good for 54
    assert len(sim.requests.of("token")) <= 4


def test_a_token_that_the_api_calls_expired_is_renewed_once(
    sim: Simulator, client: SellingPartnerClient
) -> None:
    client.call(GET_PARTICIPATIONS)
    sim.auth.expire_access_tokens()
    barrier = threading.Barrier(8)

    def work(_: int) -> Any:
        barrier.wait()
        return client.call(GET_PARTICIPATIONS)

    with ThreadPoolExecutor(8) as pool:
        assert all(answer["payload"] for answer in pool.map(work, range(8)))
    assert len(sim.requests.of("token")) == 2


def test_a_token_that_is_refused_again_and_again_is_an_error(
    sim: Simulator, client: SellingPartnerClient
) -> None:
    sim.faults.add("expired_token", "getMarketplaceParticipations")
    with pytest.raises(SellingPartnerError):
        client.call(GET_PARTICIPATIONS)
    assert len(sim.requests.of("getMarketplaceParticipations")) == 2


def test_the_token_endpoint_may_fail_for_a_while(
    sim: Simulator, client: SellingPartnerClient
) -> None:
    sim.faults.add("status", "token", times=2, status=503, form="html")
    sim.faults.add("reset", "token", times=1)
    sim.faults.add("broken_json", "token", times=1)
    assert client.call(GET_PARTICIPATIONS)["payload"]


# quota


def test_the_burst_goes_at_once_and_the_rest_at_the_rate(clock: VirtualClock) -> None:
    bucket = TokenBucket(0.0167, 15, clock)
    start = clock.time()
    times = []
    for _ in range(100):
        bucket.take()
        times.append(clock.time() - start)
    assert times[14] == 0 and times[15] == pytest.approx(1 / 0.0167)
    assert times[-1] <= 86 * 60


def test_threads_share_a_bucket_and_amazon_never_says_no(sim: Simulator) -> None:
    clients = [new_client(sim), new_client(sim)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda n: clients[n % 2].call(GET_PARTICIPATIONS), range(40)))
    assert {request.status for request in sim.requests} == {200}


def test_the_announced_rate_is_taken_over(sim: Simulator, clock: VirtualClock) -> None:
    sim.quota.factor = 100
    client = new_client(sim)
    for _ in range(30):
        client.call(GET_PARTICIPATIONS)
    assert clock.time() - NOW.timestamp() < 15 / 1.6 + 5


def test_a_full_bucket_elsewhere_is_waited_for(
    sim: Simulator, client: SellingPartnerClient, clock: VirtualClock
) -> None:
    client.call(GET_PARTICIPATIONS)
    fault = sim.faults.add("throttle", "getMarketplaceParticipations", times=3)
    assert client.call(GET_PARTICIPATIONS)["payload"] and fault.hits == 3
    assert clock.time() - NOW.timestamp() >= 3 / 0.016


def test_a_storm_of_429_ends_in_one_sentence(sim: Simulator, client: SellingPartnerClient) -> None:
    sim.faults.add("throttle", "getMarketplaceParticipations")
    with pytest.raises(ServiceUnavailable, match="getMarketplaceParticipations was throttled"):
        client.call(GET_PARTICIPATIONS)
    assert len(sim.requests.of("getMarketplaceParticipations")) == MAX_THROTTLED_ATTEMPTS


# retries


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 502, "form": "html"},
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 504, "form": "empty"},
        {"kind": "reset"},
        {"kind": "lost"},
        {"kind": "reset_mid_body"},
        {"kind": "truncate"},
        {"kind": "broken_json"},
        {"kind": "throttle"},
        {"kind": "slow", "seconds": 50},
    ],
    ids=lambda fault: f"{fault['kind']}{fault.get('status', '')}",
)
def test_every_fault_heals(
    sim: Simulator, client: SellingPartnerClient, fault: Dict[str, Any]
) -> None:
    rule = sim.faults.add(**{**fault, "operation": "searchOrders", "probability": 0.5})
    assert_whole(sim, [order["orderId"] for order in search(client)])
    assert rule.hits > 0


def test_a_failing_server_ends_with_one_sentence(
    sim: Simulator, client: SellingPartnerClient
) -> None:
    sim.faults.add("status", "searchOrders", status=502, form="html")
    with pytest.raises(
        ServiceUnavailable, match="searchOrders gave no usable answer .* status 502"
    ):
        search(client)
    assert len(sim.requests.of("searchOrders")) == MAX_ATTEMPTS


@pytest.mark.parametrize(
    "retry_after, seconds", [("90", 90), ("Mon, 15 Jun 2026 12:02:00 GMT", 120), ("soon", 0)]
)
def test_retry_after_is_honoured(clock: VirtualClock, retry_after: str, seconds: float) -> None:
    RetryPolicy("x", clock).failed("status 503", retry_after)
    assert seconds <= clock.time() - NOW.timestamp() <= seconds + 1


def test_pauses_grow_and_differ(clock: VirtualClock) -> None:
    pauses = []
    patience = RetryPolicy("x", clock)
    for _ in range(MAX_ATTEMPTS - 1):
        before = clock.time()
        patience.failed("trouble")
        pauses.append(clock.time() - before)
    assert all(b > a / 2 for a, b in zip(pauses, pauses[1:])) and pauses[-1] > 10 * pauses[0]
    assert max(pauses) <= 60


# errors, each with one sentence


def other_secret(sim: Simulator) -> None:
    sim.auth.client_secret = "another"


def revoked(sim: Simulator) -> None:
    sim.auth.revoke(sim.account)


def foreign(sim: Simulator) -> None:
    sim.auth.foreign_tokens.add(sim.account.refresh_token)


def secret_expired(sim: Simulator) -> None:
    sim.auth.secret_expired = True


def role_off(sim: Simulator) -> None:
    sim.account.roles.discard("Selling Partner Insights")


def not_authorized(sim: Simulator) -> None:
    sim.account.authorized = False


@pytest.mark.parametrize(
    "break_it, error, words, calls",
    [
        (other_secret, InvalidClient, ["invalid_client", "client_secret", "180 days"], 0),
        (revoked, RefreshTokenRevoked, ["invalid_grant", "refresh_token"], 0),
        (foreign, UnauthorizedClient, ["unauthorized_client", "another application"], 0),
        (secret_expired, ClientSecretExpired, ["180 days", "Rotate secret", "refresh token"], 1),
        (role_off, MissingRole, ["getMarketplaceParticipations", "Selling Partner Insights"], 1),
        (not_authorized, MissingRole, ["role", "authorize", "region", "refresh_token"], 1),
    ],
)
def test_a_refusal_is_one_sentence_and_is_not_tried_again(
    sim: Simulator,
    client: SellingPartnerClient,
    break_it: Callable[[Simulator], None],
    error: type,
    words: List[str],
    calls: int,
) -> None:
    break_it(sim)
    for _ in range(3):
        with pytest.raises(error) as caught:
            client.call(GET_PARTICIPATIONS)
    sentence = str(caught.value)
    assert all(word in sentence for word in words) and "\n" not in sentence
    assert len(sim.requests.of("token")) == 1
    assert len(sim.requests.of("getMarketplaceParticipations")) == calls
    for secret in (sim.credentials["client_secret"], sim.account.refresh_token):
        assert secret not in sentence


def test_a_seller_who_has_not_authorized_is_recognized_where_amazon_says_so() -> None:
    details = "The seller has not authorized this application."
    body = {"errors": [{"code": "Unauthorized", "message": "Denied.", "details": details}]}
    error = classify_rejection(GET_PARTICIPATIONS.name, GET_PARTICIPATIONS.role, 403, body)
    assert isinstance(error, SellerNotAuthorized) and "refresh_token" in str(error)


def test_a_bad_parameter_is_named(sim: Simulator, client: SellingPartnerClient) -> None:
    with pytest.raises(BadRequest, match="searchOrders was refused with 400 InvalidInput"):
        search(client, maxResultsPerPage=101)
    # Amazon rejects a valid read now and then: it is believed the third time
    assert len(sim.requests.of("searchOrders")) == 3


def test_what_is_unknown_is_not_found(client: SellingPartnerClient) -> None:
    with pytest.raises(NotFound):
        client.call(GET_REGULATED_INFO, path={"orderId": "111-0000000-0000000"})


def test_ids_are_encoded_in_paths(sim: Simulator, client: SellingPartnerClient) -> None:
    with pytest.raises(SellingPartnerError):
        client.call(GET_REGULATED_INFO, path={"orderId": "a/b?c=ä"})
    assert sim.requests[-1].path.endswith("/a%2Fb%3Fc%3D%C3%A4/regulatedInfo")


# paging


def test_all_pages_are_read_empty_ones_too(sim: Simulator, client: SellingPartnerClient) -> None:
    sim.pages.empty_pages = True
    assert_whole(sim, [order["orderId"] for order in search(client)])
    calls = sim.requests.of("searchOrders")
    assert len(calls) >= 6
    first, *rest = [dict(call.query) for call in calls]
    for query in rest:
        assert query.pop("paginationToken")
        assert query == first


def test_an_expired_page_token_starts_its_window_again(
    sim: Simulator, client: SellingPartnerClient, clock: VirtualClock
) -> None:
    sim.pages.token_lifetime = 100
    pages = client.pages(SEARCH_ORDERS, params=WINDOW)
    seen = [order["orderId"] for order in next(pages)]
    clock.sleep(200)
    seen += [order["orderId"] for page in pages for order in page]
    assert_whole(sim, seen)
    assert [call.status for call in sim.requests.of("searchOrders")].count(400) == 1


def test_a_page_token_that_never_works_ends(sim: Simulator, client: SellingPartnerClient) -> None:
    sim.pages.token_lifetime = -1
    with pytest.raises(ExpiredPageToken):
        search(client)


# time


def test_a_local_clock_ahead_of_amazon_is_corrected(sim: Simulator) -> None:
    ahead = VirtualClock(NOW.timestamp() + 600)
    client = create_client(sim.credentials, api_url=sim.url, token_url=sim.token_url, clock=ahead)
    assert abs((client.now() - NOW).total_seconds()) <= 2
    behind = VirtualClock(NOW.timestamp() - 600)
    client = create_client(sim.credentials, api_url=sim.url, token_url=sim.token_url, clock=behind)
    assert client.now() == NOW.subtract(minutes=10)
