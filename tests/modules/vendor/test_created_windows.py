"""Which time of creation is requested, run after run."""

from typing import Any, List

import dlt
from dlt.common import pendulum

from amazon_selling_partner.loading.backfill import mark_history_loaded
from amazon_selling_partner.modules.vendor.created_windows import MAX_WINDOW, RETENTION, slices

from .support import DAY


def run(times: List[pendulum.DateTime], unfinished: Any) -> List[Any]:
    """The slices of runs at some times; `unfinished` returns what each of them holds."""
    seen: List[Any] = []
    now = iter(times)
    history = pendulum.datetime(2026, 1, 1)

    @dlt.resource(name="orders")
    def orders(
        cursor: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
            "t", initial_value=history, lag=900
        )
    ) -> Any:
        at = next(now)
        seen.append([])
        for window in slices(cursor, at, history):
            seen[-1].append((window.start, window.end))
            window.unfinished = unfinished(window, at)
            yield [{"id": 1}]
        cursor.advance(at)
        mark_history_loaded(cursor, history)

    pipeline = dlt.pipeline("slices", destination="duckdb")
    for _ in times:
        pipeline.extract(orders())
    return seen


def test_a_time_of_creation_is_requested_until_all_in_it_is_over() -> None:
    first = pendulum.datetime(2026, 1, 30, 12)
    until = pendulum.datetime(2026, 1, 9)

    def unfinished(window: Any, at: pendulum.DateTime) -> int:
        return int(window.start <= until < window.end and at < first.add(days=20))

    begun, again, day, over, late = run(
        [first, first, first.add(days=1), first.add(days=20), first.add(days=21)], unfinished
    )
    assert begun[0][0] == pendulum.datetime(2026, 1, 1)
    assert all(a[1] == b[0] for a, b in zip(begun, begun[1:]))
    assert all(end - start <= MAX_WINDOW for start, end in begun)
    assert begun[-1][1] == first.subtract(minutes=2)
    # the one that is not over, and the last quarter of an hour
    (held,) = [pair for pair in begun if pair[0] <= until < pair[1]]
    assert again == [held, (first.subtract(minutes=15), first.subtract(minutes=2))]
    assert day[0] == held == over[0] and held not in late
    assert sum((end - start).total_seconds() for start, end in late) < 1.1 * DAY


def test_what_amazon_no_longer_shows_is_forgotten() -> None:
    first = pendulum.datetime(2026, 1, 20)
    times = [first, first.add(months=3), first.add(months=8)]
    _, kept, forgotten = run(times, lambda window, at: 1)
    assert kept[0][0] == pendulum.datetime(2026, 1, 1)
    assert forgotten[0][0] == times[2] - RETENTION
