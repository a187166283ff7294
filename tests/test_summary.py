"""What a run says of itself: what Amazon will remove, and how far it is."""

from typing import Any

import pytest
from dlt.common import pendulum
from dlt.common.runtime.collector import EnlightenCollector, LogCollector

from amazon_selling_partner.sync.packages import display
from amazon_selling_partner.sync.summary import DEPRECATIONS, RunSummary


@pytest.mark.parametrize("months, told", [(-13, False), (-11, True)])
def test_what_amazon_removes_within_a_year_is_told_by_its_tables(months: int, told: bool) -> None:
    assert DEPRECATIONS
    for name, date, what in DEPRECATIONS:
        ended = pendulum.from_format(date, "YYYY-MM-DD", tz="UTC").add(months=months)
        run = RunSummary(ended=ended, metrics={name: {"requests": 1}})
        assert (f"{name}: {what} on {date}." in run.problems()) == told
        assert (what in run.text()) == told
        assert RunSummary(ended=ended, metrics={"another_table": {}}).problems() == []


@pytest.mark.parametrize("is_terminal", [True, False])
def test_without_a_terminal_the_progress_is_a_quiet_log(
    is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal)
    shown: Any = display()
    if isinstance(shown, EnlightenCollector):
        assert is_terminal
    else:
        assert isinstance(shown, LogCollector)
        # seconds between its lines
        assert shown.log_period == (10 if is_terminal else 60)
