"""The end of a run: on one screen, as JSON that has a schema, or nothing but failures."""

import json
from typing import Any, Dict

import jsonschema
import pytest
from dlt.common import pendulum

from amazon_selling_partner.commands.account_state import (
    NextRun,
    module_of,
    modules_by_table,
    next_run,
    progress_by_resource,
)
from amazon_selling_partner.commands.screen import (
    error_json,
    module_rows,
    package_json,
    render_failures,
    render_summary,
)
from amazon_selling_partner.loading.summary import RunSummary, TableCount
from tests.support import ROOT

SCHEMA = json.loads((ROOT / "docs" / "run.schema.json").read_text())

NOW = pendulum.datetime(2026, 1, 2, 3, 4, 5)

LATER = NextRun(NOW.add(hours=1), "when newer data is wanted")

TARGET = {"pipeline": "p", "destination": "duckdb", "dataset": "d"}


def run(**fields: Any) -> RunSummary:
    return RunSummary(started=NOW.subtract(minutes=2), ended=NOW, **fields)


def test_a_run_of_every_module_fits_a_screen() -> None:
    tables = [table for table in modules_by_table() if not table.startswith("vendor")]
    summary = run(
        metrics={
            **{table: {"left": "2 windows left for the next run"} for table in tables[:60]},
            **{f"fee{n}": {"notes": [f"note {n}"], "no_data": 2} for n in range(20)},
            "orders": {"failed": "an outage. " * 30, "requests": 4, "throttled_seconds": 62.0},
            "catalog": {"skipped": "no role"},
            "item_offer_summary": {"skipped": "no role"},
        },
        counts={table: TableCount(10, 12, 5) for table in tables},
    )
    summary.rows.update(tables)
    text = render_summary("seller_eu", summary, 3, LATER)
    lines = text.splitlines()
    assert 24 <= len(lines) <= 42 and max(map(len, lines)) <= 100
    assert lines[0].startswith("seller_eu: incomplete, 3 packages in 2 min 0 s to 2026-01-02 03:04")
    assert "4 calls, tables waited 1 min 2 s for quota" in " ".join(text.split())
    # the gravest first, tables with one reason together
    found = [line for line in lines if line.startswith(("incomplete", "refused", "more to load"))]
    assert found[0].startswith("incomplete    orders: an outage.")
    assert "refused       catalog, item_offer_summary: no role" in found
    assert any(line.endswith("more: --verbose, or table sync_run__problems") for line in lines)
    assert lines[-1] == "Next run when newer data is wanted."


def test_the_rows_of_a_module_are_those_of_its_tables() -> None:
    summary = run(
        counts={
            "orders": TableCount(before=100, now=103, loaded=10),
            "order_metrics": TableCount(before=9, now=7, loaded=0),
            "listed_item": TableCount(before=0, now=4, loaded=4),
        }
    )
    summary.rows.update({"orders": 10, "orders__order_items": 20, "order_metrics": 2})
    summary.rows.update({"listed_item": 4, "feed": 1, "a_custom_report": 3})
    rows = {item.module: tuple(item[1:]) for item in module_rows(summary)}
    assert rows["ORDERS"] == (2, 32, 110, 3, 7, 2)
    assert rows["LISTED_ITEM"] == (1, 4, 4, 4, 0, 0)
    # what was not counted is not invented
    assert rows["FEEDS"] == (1, 1, None, None, None, None)
    assert rows["REPORTS"] == (1, 3, None, None, None, None)
    assert "FEEDS" in render_summary("a", summary, 1, LATER)


def test_packages_add_up() -> None:
    total = run(counts={"orders": TableCount(0, 5, 5)})
    total.add(run(counts={"orders": TableCount(5, 6, 3), "feed": TableCount(2, 1, 0)}))
    orders, feed = total.counts["orders"], total.counts["feed"]
    assert (orders.now, orders.new, orders.rewritten, orders.deleted) == (6, 6, 2, 0)
    assert (feed.new, feed.deleted) == (0, 1)


@pytest.mark.parametrize("metrics", [{}, {"orders": {"failed": "x", "requests": 2}}])
def test_json_follows_its_schema(metrics: Dict[str, Any]) -> None:
    summary = run(metrics=metrics, counts={"orders": TableCount(1, 2, 2)})
    summary.rows.update({"orders": 2, "orders__order_items": 3})
    for text in (
        package_json("a", 1, TARGET, summary, LATER),
        package_json("a", 2, TARGET, RunSummary(), NextRun(None, "now")),
        error_json("a", "no"),
    ):
        assert "\n" not in text
        jsonschema.validate(json.loads(text), SCHEMA)
    found = json.loads(package_json("a", 1, TARGET, summary, LATER))
    assert found["ended_at"] == "2026-01-02T03:04:05+00:00"
    assert found["modules"][0]["rows"] == 2 and found["tables"][1]["rows"] is None
    assert len(found["problems"]) == len(metrics)
    found["unknown"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA)


def test_failures_are_what_exit_code_1_stands_for() -> None:
    summary = run(metrics={"a": {"notes": ["n"], "left": "days"}, "b": {"skipped": "no role"}})
    summary.rows["a"] = 1
    assert render_failures("acct", summary) == "acct: refused       b: no role"
    assert render_failures("acct", run(metrics={"a": {"left": "days"}})) == ""


def test_tables_belong_to_the_module_that_names_them() -> None:
    modules = modules_by_table()
    assert module_of("orders__order_items__tax", modules) == "ORDERS"
    assert module_of("financial_fee_component", modules) == "FINANCE"
    assert module_of("mine", modules) == "REPORTS"


def test_the_next_run_is_when_something_waits_or_now() -> None:
    source: Dict[str, Any] = {
        "resources": {
            "fees": {
                "scopes": {
                    "DE": {
                        "failures": {"now": {"count": 3, "until": "2026-01-02T05:00:00Z"}},
                        "blocked": {"until": "2026-01-01T00:00:00Z", "reason": "is over"},
                    }
                }
            }
        },
        "reports": {"throttled": {"GET_FEES": {"until": NOW.add(hours=1).timestamp()}}},
    }
    at, reason = next_run(run(), source, NOW)
    assert at == NOW.add(hours=1) and "04:04 UTC for GET_FEES" in reason
    source["reports"] = {}
    assert next_run(run(), source, NOW).at == pendulum.datetime(2026, 1, 2, 5)
    assert next_run(run(metrics={"a": {"left": "days"}}), source, NOW).at is None
    assert next_run(run(), {}, NOW) == NextRun(None, "when newer data is wanted: nothing waits")


def test_the_state_says_how_far_a_table_is() -> None:
    resources = {
        "orders": {
            "incremental": {"lastUpdatedTime": {"last_value": "2026-01-02 01:00:00+00:00"}},
            "history_start": "2025-01-01T00:00:00Z",
            "open_ranges": {"DE": [["2025-01-01T00:00:00Z", "2025-01-11T00:00:00Z"]]},
        },
        "returns": {
            "scopes": {
                "DE": {
                    "final": [["2025-11-01T00:00:00Z", "2025-12-01T00:00:00Z"]],
                    "requested": {"2025-12-01T00:00:00Z": "2026-01-01T00:00:00Z"},
                    "waiting": [{}, {}],
                }
            }
        },
    }
    found = progress_by_resource({"resources": resources}, NOW)
    orders, returns = found["orders"], found["returns"]
    assert (orders.start, orders.end) == (
        pendulum.datetime(2025, 1, 11),
        pendulum.datetime(2026, 1, 2, 1),
    )
    assert orders.open == ["history to 2025-01-01, 10 days"]
    assert returns.start == pendulum.datetime(2025, 11, 1)
    assert returns.end == pendulum.datetime(2026, 1, 1)
    assert returns.open == ["2 in progress at Amazon"]
