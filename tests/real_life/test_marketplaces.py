"""What one marketplace refuses, the others load: every operation that names a marketplace.

M5126, D2362 and the tables of issue trackers: an account takes part in marketplaces that were
never opened, whose calls are refused one way or another.
"""

from typing import Any, Callable, Dict

import pytest

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import VirtualClock
from sp_api_simulator.core.errors import ApiError, denied, invalid
from tests.modules.accounts import GB, INDIA, account_of, settings
from tests.support import all_operations

from .support import Load, Loaded

REFUSALS: Dict[str, Callable[[], ApiError]] = {
    "a missing role": denied,
    "not of the region": lambda: denied("The marketplaces you provided are not valid for region."),
    "a bad request": lambda: invalid("Marketplace is not supported."),
    "a page token that is never valid": lambda: invalid("Next token is invalid or expired"),
}
NAMES = ("marketplaceId", "marketplaceIds", "MarketplaceId")


@pytest.fixture(scope="module")
def loaded(load: Load) -> Callable[..., Loaded]:
    """Loads the account once per refusal of India's calls."""
    done: Dict[str, Loaded] = {}

    def once(refusal: str = "") -> Loaded:
        if refusal not in done:
            with account_of("seller") as sim:
                for name in {operation.name for operation in all_operations()} if refusal else ():
                    sim.faults.add("answer", name, body=_refusing(REFUSALS[refusal]))
                clock = VirtualClock(sim.clock.time())
                source = amazon_selling_partner(**settings(sim, "seller"), clock=clock)
                done[refusal] = load(source)
        return done[refusal]

    return once


def _refusing(error: Callable[[], ApiError]) -> Callable[[Any, Dict[str, str]], Any]:
    def answer(body: Any, request: Any) -> Any:
        named = "".join(value for name, value in request.query if name in NAMES)
        if INDIA in named or INDIA in request.body.decode():
            raise error()
        return body

    return answer


def of_britain(found: Loaded, table: str) -> set:
    """Rows of a table that are of Britain, without the time of the call."""
    return {
        str(sorted((name, str(value)) for name, value in row.items() if name != "retrieved_at"))
        for row in found.rows(table)
        if row.get("marketplace_id") == GB
    }


@pytest.mark.slow
@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_rows_of_the_other_marketplace_are_all_there(
    loaded: Callable[..., Loaded], refusal: str
) -> None:
    expected, found = loaded(), loaded(refusal)
    tables = {table for table in expected.tables if of_britain(expected, table)}
    assert len(tables) > 40
    lacking = {
        table: len(of_britain(expected, table) - of_britain(found, table))
        for table in tables
        if of_britain(expected, table) - of_britain(found, table)
    }
    assert not lacking


@pytest.mark.parametrize("refusal", REFUSALS)
def test_the_summary_names_the_marketplace(loaded: Callable[..., Loaded], refusal: str) -> None:
    assert INDIA in loaded(refusal).problems
    assert "Every table was refused" not in loaded(refusal).problems
