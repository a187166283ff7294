"""The progress of a run: how far each module is, and which calls it waits for until when."""

import copy
import threading
from typing import Any, Dict, Iterator, List

import dlt
import pytest
from rich.console import Console

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client import Activity
from amazon_selling_partner.client.activity import current_resource
from amazon_selling_partner.commands import progress
from amazon_selling_partner.commands.progress import RunProgress, progress_of
from amazon_selling_partner.loading.context import activity_of
from sp_api_simulator import Simulator, VirtualClock
from tests.support import source_of

MIDNIGHT = 1_767_312_000.0

CREDENTIALS = {"client_id": "id", "client_secret": "secret", "refresh_token": "Atzr|token"}


@pytest.fixture
def shown() -> Iterator[RunProgress]:
    """The progress of an account whose source was made and whose extraction has begun."""
    clock = VirtualClock(MIDNIGHT)
    source = amazon_selling_partner(
        credentials=CREDENTIALS, modules=["ORDERS", "PROMOTIONS"], clock=clock
    )
    collector = RunProgress(source.name, clock=clock, period=3600)
    collector.watch(source.with_resources("orders", "order_metrics", "promotion_item"))
    with collector("Extract amazon_selling_partner"):
        yield collector


def activity() -> Activity:
    found = activity_of("amazon_selling_partner")
    assert found
    return found


def test_a_module_is_done_when_its_tables_are(shown: RunProgress) -> None:
    assert "0 of 2 modules done; ORDERS 0/2; PROMOTIONS 0/1" in shown.line()
    with activity().reading("orders"):
        pass
    # a transformer ends with the table whose rows it takes
    with activity().reading("promotion"):
        with activity().reading("promotion_item"):
            pass
        assert "ORDERS 1/2; PROMOTIONS 0/1" in shown.line()
    assert "1 of 2 modules done; ORDERS 1/2" in shown.line()


def test_waits_are_named_with_their_end(shown: RunProgress) -> None:
    at_work = activity()
    with at_work.waiting("searchOrders", 0.5):
        assert not at_work.waits()
    with at_work.waiting("searchOrders", 3 * 60):
        (wait,) = at_work.waits()
        assert wait.until == MIDNIGHT + 180
    assert not at_work.waits()


def test_a_line_has_the_waits_of_a_resource_and_the_end_of_its_history() -> None:
    clock = VirtualClock(MIDNIGHT)
    collector = RunProgress("acct", clock=clock, period=3600)
    seen = []

    @dlt.source(name="acct")
    def source() -> Any:
        @dlt.resource(name="orders", parallelized=True)
        def orders() -> Any:
            amazon_selling_partner.clone(name="acct", section="acct")(
                credentials=CREDENTIALS, modules=["ORDERS"], clock=clock
            )
            at_work = activity_of("acct")
            assert at_work and current_resource() == "orders"
            with at_work.reading("orders"):
                at_work.expect_end(26 * 3600)
                with at_work.waiting("searchOrders", 3 * 60):
                    seen.append(collector.line())
            yield {"id": 1}

        return orders

    pipeline = dlt.pipeline("progress", destination="duckdb", progress=collector)
    pipeline.extract(collector.watch(source()))
    assert seen == [
        "2026-01-02 00:00 UTC acct: Extract acct; 0 s; 0 of 1 modules done;"
        " ORDERS 0/1 waits for searchOrders until 00:03 UTC; end about 2026-01-03 02:00 UTC"
    ]


def test_the_end_of_a_history_follows_from_the_rate_that_amazon_announces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected: Dict[float, float] = {}
    found: List[float] = []
    monkeypatch.setattr(Activity, "expect_end", lambda self, seconds: found.append(seconds))
    for factor in (1.0, 10.0):
        found.clear()
        clock = VirtualClock(MIDNIGHT)
        with Simulator(clock=clock, orders_per_day=2, days=60, quota_factor=factor) as sim:
            since = {"historical_sync_time_frame": "2025-11-10", "modules": ["ORDERS"]}
            source = source_of(sim, **since).with_resources("orders")
            dlt.pipeline(f"rate_{factor:.0f}", destination="duckdb").extract(source)
        assert found[-1] == 0
        expected[factor] = found[0]
    assert expected[1] == pytest.approx(10 * expected[10]) and expected[10] > 0


def test_reports_count_as_parts_and_their_wait_has_a_name() -> None:
    with Simulator(
        clock=VirtualClock(MIDNIGHT), orders_per_day=2, days=3, quota_factor=1000, products=5
    ) as sim:
        source = amazon_selling_partner(
            credentials=sim.credentials,
            api_url=sim.url,
            token_url=sim.token_url,
            modules=["REPORTS"],
            historical_sync_time_frame="2026-01-01",
            clock=sim.clock,
        ).with_resources("merchant_listings_report", "account_health_report")
        collector = RunProgress(source.name, clock=sim.clock, period=3600)
        lines = []
        sleep = sim.clock.sleep

        def look_and_sleep(seconds: float) -> None:
            lines.append(collector.line())
            sleep(seconds)

        sim.clock.sleep = look_and_sleep  # type: ignore[method-assign]
        pipeline = dlt.pipeline("progress", destination="duckdb", progress=collector)
        pipeline.extract(collector.watch(source))
    assert any("REPORTS 0/4 waits for getReport until 00:00 UTC" in line for line in lines), lines
    assert "1 of 1 modules done" in _line_of_extraction(collector)


def _line_of_extraction(collector: RunProgress) -> str:
    collector.step = "Extract"
    return collector.line()


def test_a_log_has_a_line_per_period_while_tables_are_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = RunProgress("acct", period=0.0)
    printed = threading.Event()
    monkeypatch.setattr(collector, "line", lambda: printed.set() or "a line")
    with collector("Extract acct"):
        assert printed.wait(10)
    with collector("Load acct"):
        collector.update("Jobs", 2, total=5)
        collector.update("Jobs", 1)
        collector.update("Jobs", 9, label="WARNING")
        assert collector._steps() == ["jobs 3/5"]
    found = capsys.readouterr()
    assert found.err.startswith("a line\n") and not found.out
    # dlt copies it for its normalizers
    assert copy.deepcopy(collector) is collector


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_has_a_live_table(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal)
    shown: Any = progress_of("acct")
    assert shown._is_live == is_terminal
    assert progress_of("acct", is_quiet=True) is None
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    shown = progress_of("acct")
    assert not shown._is_live


def test_the_live_table_shows_modules_and_goes_away(
    shown: RunProgress, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(record=True, width=100)
    console.print(shown._render())
    text = console.export_text()
    assert "ORDERS" in text and "0/2" in text and "waits for" in text
    live = RunProgress("acct", is_live=True)
    with live("Load acct"):
        assert live._live.is_started
    assert live._live is None
