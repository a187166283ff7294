"""The worked examples of CONTRIBUTING.md: a report in one entry, a module in one file."""

import importlib.util
import re
import sys
from typing import Any, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner import modules
from amazon_selling_partner.commands.check import check_access
from amazon_selling_partner.commands.estimate import estimate
from amazon_selling_partner.modules.reports.columns import columns
from amazon_selling_partner.modules.reports.report import Period, Report, ReportTable
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.reports.reports import ReportStore

from .support import ROOT, context_of, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
MAX_LINES = 25


def example(title: str) -> str:
    section = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split(f"### {title}\n")[1]
    code, *_ = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= MAX_LINES
    return str(code)


@pytest.fixture
def sim() -> Any:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=2, days=5, products=4) as simulator:
        yield simulator


def test_a_report_is_one_entry(make_pipeline: Any, sim: Simulator) -> None:
    report: Report = eval(
        example("A report"),
        {"Report": Report, "ReportTable": ReportTable, "Period": Period, "columns": columns},
    )
    document = b"sku\tfee\tmeasured-on\n007\t1.50\t2026-06-01\n"
    sim.account.store(ReportStore).documents[report.report_type] = document
    source = source_of(sim, modules=["REPORTS"], custom_reports=[report])
    pipeline = make_pipeline("duckdb")
    pipeline.run(source.with_resources(report.name, "report_run"))
    found = rows(pipeline, report.name)
    # both marketplaces get the same document, which is loaded once
    assert [row["sku"] for row in found] == ["007"]
    assert {(str(row["fee"]), str(row["measured_on"])) for row in found} == {
        ("1.500000000", "2026-06-01")
    }


def test_a_module_is_one_file_and_one_line(
    make_pipeline: Any, sim: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "stores.py"
    path.write_text(example("A module"))
    name = "amazon_selling_partner.modules.stores"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    stores = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, stores)
    spec.loader.exec_module(stores)
    monkeypatch.setattr(modules, "REGISTRY", (*modules.REGISTRY, stores.MODULE))
    pipeline = make_pipeline("duckdb")
    pipeline.run(source_of(sim, modules=["STORES"]))
    plain: List[Any] = make_pipeline("duckdb", "plain", "plain")
    plain.run(source_of(sim, modules=["SUPPLY_SOURCES"]))  # type: ignore[attr-defined]
    expected = {row["supply_source_id"] for row in rows(plain, "supply_source")}  # type: ignore
    assert {row["supply_source_id"] for row in rows(pipeline, "store")} == expected and expected
    context = context_of(sim, modules=["STORES"])
    assert "store" in {access.table for access in check_access(context)}
    assert [module for module, _ in estimate(context, [stores.MODULE]).operations] == ["STORES"]
    assert "store" in modules.all_tables()
