"""Windows: no gap, no overlap but the wanted one, whatever the clock does."""

import shutil
from pathlib import Path
from typing import Any, List

import dlt
import pytest
from dlt.common import pendulum
from hypothesis import given
from hypothesis import strategies as st

from amazon_selling_partner.client.errors import find_error
from amazon_selling_partner.loading import local_days, split_range, windows
from amazon_selling_partner.loading.windows import CONSISTENCY_DELAY, OVERLAP
from amazon_selling_partner.settings import MARKETPLACES

MOMENTS = st.integers(1_500_000_000, 1_900_000_000).map(pendulum.from_timestamp)


@given(MOMENTS, st.integers(0, 80_000_000), st.lists(st.integers(0, 5000), max_size=40))
def test_spans_are_adjacent_and_cover_everything(
    start: pendulum.DateTime, seconds: int, pages: List[int]
) -> None:
    end = start.add(seconds=seconds)
    found = []
    for window in split_range(start, end):
        window.pages = pages[len(found) % len(pages)] if pages else 0
        found.append(window)
        if len(found) > 300:
            return
    if seconds == 0:
        assert found == []
        return
    assert found[0].start == start and found[-1].end == end
    assert all(a.end == b.start for a, b in zip(found, found[1:]))
    assert all(window.start < window.end for window in found)


def test_spans_shrink_where_much_happens_and_grow_where_little_does() -> None:
    start, end = pendulum.datetime(2024, 1, 1), pendulum.datetime(2026, 1, 1)
    quiet = list(split_range(start, end))
    assert len(quiet) <= 6
    busy = []
    for window in split_range(start, start.add(days=30)):
        window.pages = int((window.end - window.start).total_hours() * 5)
        busy.append(window)
    assert max(window.pages for window in busy[3:]) <= 60


def run(times: List[pendulum.DateTime], **hints: Any) -> List[List[Any]]:
    """Runs a pipeline at each of these times; returns the windows of each run."""
    seen: List[List[Any]] = []
    now = iter(times)

    @dlt.resource(name="orders")
    def orders(
        cursor: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
            "t", initial_value=pendulum.datetime(2026, 1, 1), lag=OVERLAP
        )
    ) -> Any:
        seen.append([])
        for window in windows(cursor, next(now)):
            seen[-1].append((window.start, window.end))
            yield [{"id": 1}]

    pipeline = dlt.pipeline("windows", destination="duckdb")
    for _ in times:
        resource = orders()
        if hints:
            resource.apply_hints(incremental=dlt.sources.incremental("t", **hints))
        pipeline.extract(resource)
    return seen


def test_a_run_goes_on_where_the_last_one_ended_less_the_overlap() -> None:
    now = pendulum.datetime(2026, 1, 3, 12, 0, 0, 250_000)
    first, second = run([now, now.add(hours=1)])
    assert first == [(pendulum.datetime(2026, 1, 1), pendulum.datetime(2026, 1, 3, 11, 58))]
    assert second == [
        (pendulum.datetime(2026, 1, 3, 11, 43), pendulum.datetime(2026, 1, 3, 12, 58))
    ]


def test_a_clock_that_jumps_back_moves_no_cursor() -> None:
    now = pendulum.datetime(2026, 1, 10)
    first, second, third = run([now, now.subtract(days=3), now.add(minutes=30)])
    assert second == []
    assert third[0][0] == first[-1][1].subtract(seconds=OVERLAP)


def test_the_end_is_never_less_than_two_minutes_ago() -> None:
    now = pendulum.datetime(2026, 3, 29, 1, 0, 59, 999_999)
    (only,) = run([now])
    assert now - only[-1][1] >= CONSISTENCY_DELAY


def test_a_backfill_leaves_the_cursor_alone() -> None:
    now = pendulum.datetime(2026, 2, 1)
    run([now])
    (backfill,) = run(
        [now],
        initial_value=pendulum.datetime(2025, 5, 1),
        end_value=pendulum.datetime(2025, 5, 2),
    )
    assert backfill == [(pendulum.datetime(2025, 5, 1), pendulum.datetime(2025, 5, 2))]
    (after,) = run([now.add(hours=1)])
    assert after[0][0] == now.subtract(minutes=17)


def test_a_cursor_may_begin_with_a_text_or_a_date() -> None:
    now = pendulum.datetime(2026, 1, 3)
    for value in ("2026-01-01T00:00:00Z", "2026-01-01", pendulum.date(2026, 1, 1)):
        (only,) = run([now], initial_value=value)
        assert only[0][0] == pendulum.datetime(2026, 1, 1)
        shutil.rmtree(Path(dlt.pipeline("windows", destination="duckdb").working_dir))


@pytest.mark.parametrize("value", ["soon", 5, True])
def test_another_one_is_one_sentence(value: Any) -> None:
    with pytest.raises(Exception) as caught:
        run([pendulum.datetime(2026, 1, 3)], initial_value=value)
    sentence = str(find_error(caught.value))
    assert f"The cursor t begins with {value!r}, which is no time: write" in sentence


def test_a_window_left_half_read_is_read_again() -> None:
    now = pendulum.datetime(2026, 1, 2)
    seen: List[Any] = []

    @dlt.resource(name="orders")
    def orders(
        cursor: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
            "t", initial_value=pendulum.datetime(2026, 1, 1), lag=OVERLAP
        )
    ) -> Any:
        for window in windows(cursor, now):
            seen.append(window.start)
            yield [{"id": 1}]
            yield [{"id": 2}]

    pipeline = dlt.pipeline("windows", destination="duckdb")
    pipeline.extract(orders().add_limit(1))
    pipeline.extract(orders())
    assert seen == [pendulum.datetime(2026, 1, 1)] * 2


@given(MOMENTS, st.integers(0, 900), st.sampled_from(sorted(MARKETPLACES)))
def test_local_days_are_whole_also_when_clocks_change(
    start: pendulum.DateTime, days: int, marketplace: str
) -> None:
    zone = MARKETPLACES[marketplace].time_zone
    found = local_days(start, start.add(days=days), zone)
    if found is None:
        assert start.in_timezone(zone).date() == start.add(days=days).in_timezone(zone).date()
        return
    first, end = found
    assert first <= start and end <= start.add(days=days)
    assert first == first.start_of("day") and end == end.start_of("day")
    assert first.timezone_name == zone


def test_a_day_of_the_autumn_change_has_25_hours() -> None:
    found = local_days(
        pendulum.datetime(2026, 11, 1, 12),
        pendulum.datetime(2026, 11, 2, 12),
        "America/Los_Angeles",
    )
    assert found is not None
    assert (found[1] - found[0]).total_hours() == 25
    assert [m.isoformat() for m in found] == [
        "2026-11-01T00:00:00-07:00",
        "2026-11-02T00:00:00-08:00",
    ]
