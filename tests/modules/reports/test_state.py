"""What reports keep between runs: items beside dlt's state, which stays small in every account."""

import json
from typing import Any

import dlt
import pytest

from amazon_selling_partner.commands.account_state import progress_by_resource, source_state
from amazon_selling_partner.modules.reports.definitions import reports_of
from amazon_selling_partner.modules.reports.report import Period
from amazon_selling_partner.settings import MARKETPLACES
from tests.support import kept_items

from .support import INVENTORY, NOW, REGIONS, RETURNS, US, account

EUROPE = [each.id for each in MARKETPLACES.values() if each.region == "EUROPE"][:12]
LARGEST_STATE = 100_000
ALL = reports_of(False, False, ["SKU"])
ONE_EACH = {report.period: report for report in ALL.values()}.values()


def size_of_state(pipeline: dlt.Pipeline) -> int:
    return len(json.dumps(pipeline.state, default=str))


@pytest.mark.parametrize("count", [4, pytest.param(12, marks=pytest.mark.slow)])
def test_the_state_of_many_marketplaces_stays_small(
    make_pipeline: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    marketplaces = EUROPE[:count]
    names = [report.name for report in ONE_EACH]
    for id in marketplaces:
        monkeypatch.setitem(REGIONS, id, "EUROPE")
    pipeline = make_pipeline("duckdb")
    # it would grow with marketplaces and with reports
    share = LARGEST_STATE * len(names) / len(ALL) * count / 12
    with account(marketplaces, orders_per_day=1, days=35) as seller:
        seller.simulator.quota.factor = 100.0
        since = NOW.subtract(days=35)
        # in the middle of the history, when it is complete, and with nothing new
        for seconds in (60, 1e6, 1e6):
            more = {"since": since, "time_budget": seconds, "asins": ["B000000001"]}
            pipeline.extract(seller.source(*names, **more))
            assert size_of_state(pipeline) < share, json.dumps(pipeline.state, default=str)[:2000]
        # all was requested, in every marketplace
        months = (Period.DAY, Period.WEEK, Period.MONTH)
        types = {ALL[name].report_type for name in names if ALL[name].period in months}
        assert types <= {body["reportType"] for body in seller.bodies()}
        asked = {id for body in seller.bodies() for id in body["marketplaceIds"]}
        assert asked == set(marketplaces)


def test_the_state_of_an_earlier_version_moves_over(make_pipeline: Any) -> None:
    reports = [RETURNS, INVENTORY]
    pipeline = make_pipeline("duckdb")
    with account([US]) as seller:
        # without dlt all of it is in the states
        seller.run(reports)
        scopes = seller.states[RETURNS.name]["scopes"]
        calls = len(seller.bodies())
        pipeline.run([{"a": 1}], table_name="a", schema=dlt.Schema("amazon_selling_partner"))
        earlier = {"reports": seller.shared, "resources": seller.states}
        with pipeline.managed_state() as state:
            state["sources"] = {  # type: ignore[typeddict-unknown-key]
                "amazon_selling_partner": json.loads(json.dumps(earlier))
            }
        pipeline.run(seller.source(*(report.name for report in reports)))
        assert len(seller.bodies()) == calls
        kept = pipeline.state["sources"]["amazon_selling_partner"]
        assert "scopes" not in kept["resources"][RETURNS.name]
        assert "requested" not in kept["reports"]
        assert kept_items(pipeline, f"{RETURNS.name} scopes") == scopes
        state = source_state(pipeline, "amazon_selling_partner")
        assert state["resources"][RETURNS.name]["scopes"] == scopes
        assert progress_by_resource(state, seller.now)[RETURNS.name].end
