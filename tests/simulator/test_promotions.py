"""The promotions of the simulator against Amazon's model and its own filters."""

from typing import Any, Dict, List

from sp_api_simulator import Simulator
from tests.amazon_models import model, strict

from .conftest import US, Caller

PROMOTIONS = "/promotions/2025-12-01/promotions"
DATA = "ISSUES,CUSTOMER_SEGMENTS"


def search(caller: Caller, **parameters: Any) -> List[Dict[str, Any]]:
    """The promotions of all pages, each checked against the model."""
    page = strict(model("promotions_v2025_12_01"), "SearchPromotionsResponse")
    found: List[Dict[str, Any]] = []
    token: Dict[str, str] = {}
    while True:
        caller.simulator.clock.sleep(10)
        heard = caller.get(PROMOTIONS, marketplaceIds=US, limit=3, **parameters, **token)
        assert heard.status == 200, heard.content
        page.validate(heard.json)
        found += heard.json["promotions"]
        if "pagination" not in heard.json:
            assert len(found) == heard.json["totalResults"]
            return found
        token = {"paginationToken": heard.json["pagination"]["nextToken"]}


def test_promotions_and_their_items_are_as_the_model_says(
    caller: Caller, simulator: Simulator
) -> None:
    found: Dict[str, Dict[str, Any]] = {}
    for days in (0, 9, 9, 5):
        simulator.clock.advance(days * 86_400)
        caller.sign_in()
        for promotion in search(caller, includedData=DATA, revision="ANY"):
            found[f"{promotion['promotionId']} {promotion['status']}"] = promotion
    statuses = {promotion["status"] for promotion in found.values()}
    assert {"UPCOMING", "RUNNING", "EXPIRED"} <= statuses
    assert any("latestRevision" in promotion for promotion in found.values())
    running = [one["promotionId"] for one in search(caller, statuses="RUNNING")]
    assert running and running == [
        *(one["promotionId"] for one in search(caller) if one["status"] == "RUNNING")
    ]
    one = search(caller, promotionTypes="DEAL")[-1]
    dates = {"updateDateAfter": one["lastUpdatedDate"], "promotionTypes": "DEAL"}
    assert one["promotionId"] not in {other["promotionId"] for other in search(caller, **dates)}
    path = f"{PROMOTIONS}/{one['promotionId']}/selections/{one['selection']['selectionId']}"
    simulator.clock.sleep(10)
    heard = caller.get(path, revisionId=one["selection"]["revisionId"], includedData="ISSUES")
    strict(model("promotions_v2025_12_01"), "GetSelectionResponse").validate(heard.json)
    assert len(heard.json["selection"]["selectionDetails"]["items"]) == 3
    simulator.clock.sleep(10)
    assert caller.get(path, revisionId=9).status == 404
