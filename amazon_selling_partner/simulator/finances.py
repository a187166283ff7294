"""Finances API v0: event groups and the events in them."""

import json
import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

from . import parameters
from .errors import invalid, not_found
from .finance_book import Entry, FinanceBook
from .routes import Call, Routes
from .times import DAY_MS, ceil_ms

ROUTES = Routes()

ROLE = "Finance and Accounting"
LONGEST = timedelta(days=180)
SHOWN = 730 * DAY_MS
UNDATED = ("ServiceFeeEventList", "DebtRecoveryEventList", "LoanServicingEventList")
_IGNORED = ("NextToken",)


@ROUTES.add(
    "listFinancialEventGroups",
    "GET",
    "/finances/v0/financialEventGroups",
    rate=0.5,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.number("MaxResultsPerPage", 1, 100, default=10),
        parameters.time("FinancialEventGroupStartedBefore"),
        parameters.time("FinancialEventGroupStartedAfter"),
        parameters.text("NextToken"),
    ),
)
def list_financial_event_groups(call: Call) -> dict[str, Any]:
    """The groups that were opened in a window, newest first; none if it is over 180 days long."""
    after, before = "FinancialEventGroupStartedAfter", "FinancialEventGroupStartedBefore"
    _check(call, after, before)
    book = call.account.part(FinanceBook)
    place = _place(call)
    at = place["at"]
    groups = [group for group in book.groups(at) if _in(call, at, after, before, group.start)]
    if _too_long(call, after, before):
        groups = []
    page, token = _page(call, groups, place, book)
    return {"payload": {"FinancialEventGroupList": [book.tell(g, call.now) for g in page], **token}}


@ROUTES.add(
    "listFinancialEventsByGroupId",
    "GET",
    "/finances/v0/financialEventGroups/{eventGroupId}/financialEvents",
    rate=0.5,
    burst=30,
    role=ROLE,
    parameters=(
        parameters.number("MaxResultsPerPage", 1, 100, default=100),
        parameters.time("PostedAfter"),
        parameters.time("PostedBefore"),
        parameters.text("NextToken"),
    ),
)
def list_financial_events_by_group_id(call: Call) -> dict[str, Any]:
    """The events of a group that were posted in a window, deferred ones once they are released."""
    _check(call, "PostedAfter", "PostedBefore")
    book = call.account.part(FinanceBook)
    place = _place(call)
    group = book.find(call.path["eventGroupId"], place["at"])
    if group is None:
        raise not_found()
    entries = [
        entry
        for entry in book.entries(group, place["at"])
        if _in(call, place["at"], "PostedAfter", "PostedBefore", entry.posted)
        or (book.undated_always and entry.list_name in UNDATED)
    ]
    after = call.values["PostedAfter"]
    asked_from = max(group.start, ceil_ms(after)) if after else group.start
    if _too_long(call, "PostedAfter", "PostedBefore") or asked_from < place["at"] - SHOWN:
        entries = []
    if len(entries) > book.most_events:
        raise invalid("The response exceeds the maximum number of transactions.")
    if book.shuffled:
        random.Random(place["shuffle"]).shuffle(entries)
    page, token = _page(call, entries, place, book)
    events = _lists(page)
    if len(json.dumps(events)) > book.longest_answer:
        raise invalid("The response is larger than 10 MB. Ask for fewer results per page.")
    return {"payload": {"FinancialEvents": events, **token}}


def _lists(entries: list[Entry]) -> dict[str, list[Any]]:
    lists: dict[str, list[Any]] = defaultdict(list)
    for entry in entries:
        lists[entry.list_name].append(entry.write())
    return dict(lists)


def _check(call: Call, after: str, before: str) -> None:
    if call.values[before] is not None and call.values[after] is None:
        raise invalid(f"{before} must be given together with {after}.")
    call.window(after, before)


def _too_long(call: Call, after: str, before: str) -> bool:
    start, end = call.values[after], call.values[before]
    return bool(start and end and end - start > LONGEST)


def _in(call: Call, at: int, after: str, before: str, moment: int) -> bool:
    """Whether a moment (milliseconds since 1970) is in the window of a call made at `at`."""
    start, end = call.values[after], call.values[before]
    until = at - 120_000 if end is None else ceil_ms(end)
    return (start is None or ceil_ms(start) <= moment) and moment < until


def _place(call: Call) -> dict[str, Any]:
    """Where a page begins. All pages of a chain show the books as they were for the first."""
    token = call.values["NextToken"]
    if token:
        return call.simulator.pages.read(call, token, ignoring=_IGNORED)
    return {"from": 0, "at": call.now, "shuffle": random.random(), "empty": False}


def _page(
    call: Call, rows: list[Any], place: dict[str, Any], book: FinanceBook
) -> tuple[list[Any], dict[str, str]]:
    """A page of `rows`, and the token of the next one if there is one."""
    first, size = place["from"], call.values["MaxResultsPerPage"]
    following = {**place, "from": first + size, "empty": False}
    page = rows[first : first + size]
    if call.simulator.empty_pages and not place["empty"]:
        page, following = [], {**place, "empty": True}
    elif first + size >= len(rows):
        return page, {}
    token = call.simulator.pages.make(call, following, life=book.token_life, ignoring=_IGNORED)
    return page, {"NextToken": token}
