"""Login with Amazon, access tokens, roles: what is refused, and in which words."""

import json

import pytest

from sp_api_simulator import Simulator
from sp_api_simulator.orders.order_store import OrderStore

from .conftest import ORDERS, Caller

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"
DENIED = "Access to requested resource is denied."


def test_gives_a_token_that_works_until_it_expires(caller: Caller, simulator: Simulator) -> None:
    given = caller.lwa()
    assert given.status == 200
    assert given.json["token_type"] == "bearer" and given.json["expires_in"] == 3600
    assert given.json["refresh_token"] == simulator.credentials["refresh_token"]
    assert caller.get(PARTICIPATIONS).status == 200
    simulator.clock.sleep(3599)
    assert caller.get(PARTICIPATIONS).status == 200
    simulator.clock.sleep(2)
    late = caller.get(PARTICIPATIONS)
    assert (late.status, late.error["code"], late.error["message"], late.error["details"]) == (
        403, "Unauthorized", DENIED, "The access token you provided has expired.",
    )  # fmt: skip
    caller.sign_in()
    assert caller.get(PARTICIPATIONS).status == 200


@pytest.mark.parametrize(
    "changes, status, error",
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "amzn1.sp.solution.1"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|unknown"}, 400, "invalid_grant"),
        ({"refresh_token": "Atzr|of-another-application"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"scope": "sellingpartnerapi::notifications"}, 400, "invalid_scope"),
        ({"grant_type": "authorization_code", "code": "never given"}, 400, "invalid_grant"),
    ],
)
def test_refuses_a_token(caller: Caller, changes: dict, status: int, error: str) -> None:
    caller.simulator.auth.foreign_tokens.add("Atzr|of-another-application")
    heard = caller.lwa(**changes)
    assert heard.status == status and heard.json["error"] == error
    assert set(heard.json) == {"error", "error_description"}
    assert caller.lwa().status == 200


def test_the_token_endpoint_wants_a_form(caller: Caller) -> None:
    body = json.dumps(caller.simulator.credentials)
    assert (
        caller.send("POST", "/auth/o2/token", body, Content_Type="application/json").status == 400
    )
    assert caller.send("GET", "/auth/o2/token").status == 405


def test_a_revoked_refresh_token_gives_no_token(caller: Caller, simulator: Simulator) -> None:
    caller.sign_in()
    simulator.auth.revoke(simulator.account)
    assert caller.lwa().json["error"] == "invalid_grant"
    assert caller.get(PARTICIPATIONS).status == 200


def test_an_authorization_code_works_once_and_for_five_minutes(
    caller: Caller, simulator: Simulator
) -> None:
    code = simulator.auth.authorize(simulator.account)
    given = caller.lwa(grant_type="authorization_code", refresh_token="", code=code)
    assert given.json["refresh_token"] == simulator.account.refresh_token
    again = caller.lwa(grant_type="authorization_code", refresh_token="", code=code)
    assert again.json["error"] == "invalid_grant"
    late = simulator.auth.authorize(simulator.account)
    simulator.clock.sleep(301)
    heard = caller.lwa(grant_type="authorization_code", refresh_token="", code=late)
    assert heard.json["error"] == "invalid_grant"


def test_an_expired_secret_gives_tokens_that_are_refused(
    caller: Caller, simulator: Simulator
) -> None:
    simulator.auth.secret_expired = True
    assert caller.lwa().status == 200
    heard = caller.get(PARTICIPATIONS)
    assert heard.status == 403
    assert heard.error["details"] == "The LWA secret token you provided has expired."


def test_a_rotated_secret_is_another_secret(caller: Caller, simulator: Simulator) -> None:
    old = simulator.auth.client_secret
    simulator.auth.client_secret = "amzn1.oa2-cs.v1.new"
    assert caller.lwa(client_secret=old).status == 401
    assert caller.lwa().status == 200


def test_calls_without_or_with_a_wrong_token(caller: Caller) -> None:
    missing = caller.send("GET", PARTICIPATIONS)
    assert missing.status == 403 and missing.error["message"] == DENIED
    wrong = caller.send("GET", PARTICIPATIONS, x_amz_access_token="Atza|wrong")
    assert wrong.status == 403 and "malformed" in wrong.error["details"]
    caller.sign_in()
    assert caller.get("/orders/v9/orders").status == 403


def test_roles(caller: Caller, simulator: Simulator) -> None:
    simulator.account.roles.discard("Inventory and Order Tracking")
    refused = caller.get(ORDERS, lastUpdatedAfter="2026-05-20T00:00:00Z")
    assert (refused.status, refused.error["code"], refused.error["details"]) == (
        403, "Unauthorized", "",
    )  # fmt: skip
    assert "x-amzn-ratelimit-limit" not in refused.headers
    assert caller.get(PARTICIPATIONS).status == 200
    simulator.account.authorized = False
    assert caller.get(PARTICIPATIONS).status == 403


def test_accounts_have_their_own_tokens_orders_and_quota(
    caller: Caller, simulator: Simulator
) -> None:
    other = simulator.add_account("other", 9, orders_per_day=3, days=2)
    first = caller.search(createdAfter="2026-05-20T00:00:00Z")
    while caller.get(ORDERS, createdAfter="2026-05-27T00:00:00Z").status == 200:
        pass
    caller.sign_in(refresh_token=simulator.credentials_of(other)["refresh_token"])
    second = caller.search(createdAfter="2026-05-20T00:00:00Z")
    assert [order["orderId"] for order in second] == [
        o["orderId"] for o in other.store(OrderStore).all()
    ]
    assert not {o["orderId"] for o in first} & {o["orderId"] for o in second}
    assert simulator.requests[-1].account == "other"


def test_grantless_tokens_are_for_grantless_operations(caller: Caller) -> None:
    caller.sign_in(
        grant_type="client_credentials",
        refresh_token="",
        scope="sellingpartnerapi::notifications",
    )
    assert caller.get(PARTICIPATIONS).status == 403


def test_a_restricted_data_token_is_for_its_resources(caller: Caller) -> None:
    path = "/orders/v0/orders/{orderId}/regulatedInfo"
    made = caller.post(
        "/tokens/2021-03-01/restrictedDataToken",
        {"restrictedResources": [{"method": "GET", "path": path}]},
    )
    assert made.status == 200 and made.json["expiresIn"] == 3600
    caller.token = made.json["restrictedDataToken"]
    assert caller.get(PARTICIPATIONS).status == 403
    assert caller.get("/orders/v0/orders/111-0000000-0000000/regulatedInfo").status == 404
    caller.simulator.clock.sleep(3601)
    assert caller.get("/orders/v0/orders/111-0000000-0000000/regulatedInfo").status == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"restrictedResources": []},
        {"restrictedResources": [{"method": "", "path": "/orders/v0/orders"}]},
        {"restrictedResources": [{"method": "GET", "path": "/x", "dataElements": ["all"]}]},
        {"restrictedResources": [{"method": "GET", "path": "/x"}] * 51},
        {"restrictedResources": ["/x"]},
    ],
)
def test_wrong_requests_for_restricted_data_tokens(caller: Caller, body: dict) -> None:
    assert caller.post("/tokens/2021-03-01/restrictedDataToken", body).status == 400
