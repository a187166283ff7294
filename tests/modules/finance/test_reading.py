"""A window is read whole, however Amazon cuts, refuses or interrupts it."""

from tempfile import TemporaryFile
from typing import Any, Iterator, List

import pytest
from dlt.common import pendulum

from amazon_selling_partner.client.errors import BadRequest, NotFound
from amazon_selling_partner.common.content_hash import canonical_json
from amazon_selling_partner.loading import RunContext
from amazon_selling_partner.modules.finance import events_api
from amazon_selling_partner.modules.finance.events_api import (
    MAX_RESTARTS,
    EventsReader,
    PostedWindow,
    StoredPages,
)
from sp_api_simulator import Simulator
from sp_api_simulator.finance.finance_store import EventGroup
from tests.support import context_of

from .support import calls, clock_at, finance_store


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator(seed=5, orders_per_day=30, days=40, clock=clock_at()) as simulator:
        yield simulator


@pytest.fixture
def client(sim: Simulator) -> RunContext:
    return context_of(sim)


def closed(sim: Simulator) -> EventGroup:
    now = sim.account.now()
    return next(g for g in finance_store(sim).groups(now) if g.end < now and g.currency == "USD")


def whole(group: EventGroup) -> PostedWindow:
    start = pendulum.from_timestamp(group.start // 1000)
    end = pendulum.from_timestamp(group.end // 1000).add(days=1)
    return PostedWindow(start.subtract(days=150), end)


def pages_of(reader: EventsReader, group_id: str, *windows: PostedWindow) -> Iterator[Any]:
    """The pages of windows, as long as they are stored."""
    with reader.read(group_id, *windows) as pages:
        yield from pages


def events(pages: Iterator[Any]) -> List[str]:
    """All events of some pages, each with its list, in an order of their own."""
    return sorted(
        f"{name} {canonical_json(event)}" for page in pages for name in page for event in page[name]
    )


def expected(sim: Simulator, group: EventGroup) -> List[str]:
    entries = finance_store(sim).entries(group, sim.account.now())
    # through JSON a float is a decimal of the same digits
    return events(iter([{entry.list_name: [entry.write()]} for entry in entries]))


def test_a_whole_group_is_one_chain_of_pages(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    found = events(pages_of(EventsReader(client), group.id, whole(group)))
    assert found == expected(sim, group) and len(found) > 200
    assert len(calls(sim)) == -(-len(found) // 100)
    assert all({"PostedAfter", "PostedBefore"} <= set(request.query) for request in calls(sim))


def test_too_large_an_answer_halves_the_page(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    finance_store(sim).max_bytes = 30_000
    reader = EventsReader(client)
    assert events(pages_of(reader, group.id, whole(group))) == expected(sim, group)
    sizes = [int(request.query["MaxResultsPerPage"]) for request in calls(sim)]
    assert sizes[0] == 100 and sizes == sorted(sizes, reverse=True)
    assert sizes[-1] in (6, 12, 25)
    # what was learned is kept for the next window
    sim.requests.clear()
    assert events(pages_of(reader, group.id, whole(group))) == expected(sim, group)
    assert {int(request.query["MaxResultsPerPage"]) for request in calls(sim)} == {sizes[-1]}


def test_too_large_a_window_is_halved(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    finance_store(sim).max_events = 60
    assert events(pages_of(EventsReader(client), group.id, whole(group))) == expected(sim, group)
    start = calls(sim)[0].query["PostedAfter"], calls(sim)[0].query["PostedBefore"]
    queries = [request.query for request in calls(sim)]
    halves = [q for q in queries if (q["PostedAfter"], q["PostedBefore"]) != start]
    assert len({(query["PostedAfter"], query["PostedBefore"]) for query in halves}) > 4
    # a smaller window is tried with full pages again
    assert {query["MaxResultsPerPage"] for query in halves} >= {"100", "1"}


def test_an_expired_token_starts_the_window_again(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    finance_store(sim).shuffled = True
    sim.faults.add("slow", "listFinancialEventsByGroupId", skip=1, times=1, seconds=200)
    assert events(pages_of(EventsReader(client), group.id, whole(group))) == expected(sim, group)
    first = [request for request in calls(sim) if "NextToken" not in request.query]
    assert len(first) == 2


def test_tokens_that_never_live_long_enough_end_it(sim: Simulator, client: RunContext) -> None:
    finance_store(sim).token_lifetime = -1
    with pytest.raises(BadRequest, match="expired"):
        list(pages_of(EventsReader(client), closed(sim).id, whole(closed(sim))))
    first = [request for request in calls(sim) if "NextToken" not in request.query]
    assert len(first) == MAX_RESTARTS + 1


def test_empty_pages_go_on(sim: Simulator, client: RunContext) -> None:
    sim.pages.empty_pages = True
    group = closed(sim)
    assert events(pages_of(EventsReader(client), group.id, whole(group))) == expected(sim, group)


def test_a_refusal_that_heals_costs_one_more_call(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    sim.faults.add("bad_request", "listFinancialEventsByGroupId", times=1)
    assert events(pages_of(EventsReader(client), group.id, whole(group))) == expected(sim, group)
    assert {request.query["MaxResultsPerPage"] for request in calls(sim)} == {"100"}


def test_a_refusal_that_does_not_heal_ends_it(sim: Simulator, client: RunContext) -> None:
    sim.faults.add("bad_request", "listFinancialEventsByGroupId")
    with pytest.raises(BadRequest):
        list(pages_of(EventsReader(client), closed(sim).id, whole(closed(sim))))
    assert len(calls(sim)) < 250
    sim.faults.clear()
    sim.requests.clear()
    with pytest.raises(NotFound):
        list(pages_of(EventsReader(client), "nothing", whole(closed(sim))))
    assert len(calls(sim)) == 1


def test_a_day_holds_what_was_posted_on_it(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    start = pendulum.from_timestamp(group.start // 1000).start_of("day")
    reader = EventsReader(client)
    days = [
        events(pages_of(reader, group.id, PostedWindow(start.add(days=n), start.add(days=n + 1))))
        for n in range(16)
    ]
    earlier = events(pages_of(reader, group.id, PostedWindow(start.subtract(days=160), start)))
    assert sorted([*earlier, *(event for day in days for event in day)]) == expected(sim, group)
    assert earlier, "no event was deferred into the group"


def test_windows_over_180_days_are_empty_at_amazon(sim: Simulator, client: RunContext) -> None:
    group = closed(sim)
    window = whole(group)
    too_long = PostedWindow(window.start.subtract(days=60), window.end)
    assert events(pages_of(EventsReader(client), group.id, too_long)) == []
    halves = too_long.bisect()
    assert (halves[0].start, halves[1].end) == (too_long.start, too_long.end)
    assert halves[0].end == halves[1].start
    found = [
        event for half in halves for event in events(pages_of(EventsReader(client), group.id, half))
    ]
    assert sorted(found) == expected(sim, group)


def test_large_readings_go_through_a_file(
    sim: Simulator, client: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_api, "MAX_PAGES_AS_READ", 1)
    monkeypatch.setattr(events_api, "MAX_IN_MEMORY", 1000)
    group = closed(sim)
    finance_store(sim).token_lifetime = 100
    sim.faults.add("slow", "listFinancialEventsByGroupId", skip=2, times=1, seconds=150)
    pages = pages_of(EventsReader(client), group.id, whole(group))
    assert events(pages) == expected(sim, group)


@pytest.mark.parametrize("kept", range(6))
def test_the_last_pages_are_dropped_wherever_they_are(
    monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr(events_api, "MAX_PAGES_AS_READ", 2)
    read = [{"ServiceFeeEventList": [{"FeeReason": str(number)}]} for number in range(6)]
    with TemporaryFile() as spool:
        pages = StoredPages(spool)
        hashes = [pages.append(page) for page in read[:5]]
        pages.truncate(kept)
        hashes[kept:] = [pages.append(read[5])]
        assert list(pages) == [*read[:kept], read[5]] and len(pages) == len(hashes)
        assert list(pages.hashes()) == hashes and len(set(hashes)) == len(hashes)
