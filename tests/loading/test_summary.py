"""What a run says of itself: what Amazon will remove, and how far it is."""

from typing import Any, Dict, Optional

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client import add_failure
from amazon_selling_partner.loading.marketplaces import MarketplaceFailures
from amazon_selling_partner.loading.summary import DEPRECATIONS, RunSummary


@pytest.mark.parametrize("months, is_reported", [(-13, False), (-11, True)])
def test_what_amazon_removes_within_a_year_is_reported_by_its_tables(
    months: int, is_reported: bool
) -> None:
    assert DEPRECATIONS
    for name, date, what in DEPRECATIONS:
        ended = pendulum.from_format(date, "YYYY-MM-DD", tz="UTC").add(months=months)
        run = RunSummary(ended=ended, metrics={name: {"requests": 1}})
        assert (f"{name}: {what} on {date}." in run.problems()) == is_reported
        assert (what in str(run)) == is_reported
        assert RunSummary(ended=ended, metrics={"another_table": {}}).problems() == []


def test_each_distinct_reason_of_a_failure_is_kept() -> None:
    found: Dict[str, Any] = {}

    @dlt.resource(name="table")
    def table() -> Any:
        for reason in ("no a.", "no b.", "no a.", "a"):
            add_failure(reason)
        failures = MarketplaceFailures()
        for id in ("ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"):
            with failures.isolate(id):
                raise ValueError(id)
        failures.report(["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"])
        found.update(dlt.current.resource_metrics())
        yield 1

    dlt.pipeline("reasons", destination="duckdb").extract(table())
    assert found["failed"].startswith("no a.; no b.; a; marketplace US")
    assert "; marketplace CA" in found["failed"]


def run(left: Optional[str], failed: Optional[str] = None) -> RunSummary:
    metric = {"left": left, "failed": failed}
    metric = {name: value for name, value in metric.items() if value is not None}
    return RunSummary(metrics={"orders": metric, "done": {"requests": 1}})


def test_a_failed_table_with_more_to_load_is_tried_until_it_makes_no_progress() -> None:
    assert run("9 days").has_more(None) and run("9 days").has_more(run("9 days"))
    assert run("9 days", "no").has_more(None)
    assert run("9 days", "no").has_more(run("9 days"))
    assert run("8 days", "no").has_more(run("9 days", "no"))
    assert not run("9 days", "no").has_more(run("9 days", "no"))
    assert not run(None, "no").has_more(None)
    stuck = run("9 days", "no").row()
    assert stuck["status"] == "incomplete"
    assert "orders has more to load: 9 days" in str(stuck["problems"])


def test_the_gravest_comes_first() -> None:
    metrics = {
        "a": {"notes": ["a note"], "filtered": 1, "no_data": 2},
        "b": {"rejected": 3, "left": "days"},
        "c": {"skipped": "no role"},
        "d": {"failed": "an outage"},
    }
    found = RunSummary(metrics=metrics).problems()
    assert [sentence[0] for sentence in found] == ["d", "c", "b", "b", "a", "a", "a"]
    assert found[-1] == "a: a note."


def test_what_was_left_and_is_loaded_by_a_later_package_is_left_no_more() -> None:
    total = RunSummary(metrics={"fees_report": {"left": "2 windows"}, "orders": {"failed": "no"}})
    total.add(RunSummary(metrics={"orders": {"requests": 1}}))
    assert not total.left and not total.failed and total.problems() == []
