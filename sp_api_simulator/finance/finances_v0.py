"""Finances API v0: event groups and the events in them."""

import json
import random
from collections import defaultdict
from datetime import timedelta
from typing import Any, Sequence, TypeVar

from ..core import parameters
from ..core.errors import invalid, not_found
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, ceil_ms
from .finance_store import Entry, FinanceStore

ROUTES = Routes()

Row = TypeVar("Row")

ROLE = "Finance and Accounting"
MAX_WINDOW = timedelta(days=180)
RETENTION_MS = 730 * DAY_MS
UNDATED = ("ServiceFeeEventList", "DebtRecoveryEventList", "LoanServicingEventList")


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
    """The groups opened in a window, newest first; none if it is longer than 180 days."""
    after, before = "FinancialEventGroupStartedAfter", "FinancialEventGroupStartedBefore"
    _check_window(call, after, before)
    store = call.account.store(FinanceStore)
    position = _position(call)
    at = position["at"]
    groups = [
        group for group in store.groups(at) if _is_in_window(call, at, after, before, group.start)
    ]
    if _too_long(call, after, before):
        groups = []
    page, token = _page(call, groups, position, store)
    listed = [store.group_to_json(group, call.now) for group in page]
    if store.wrong_totals_on_later_pages and call.values["NextToken"]:
        for group in listed:
            total = group.get("OriginalTotal", {})
            group["OriginalTotal"] = {**total, "CurrencyAmount": total.get("CurrencyAmount", 0) + 1}
    return {"payload": {"FinancialEventGroupList": listed, **token}}


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
    """The events of a group posted in a window, deferred ones once they are released."""
    _check_window(call, "PostedAfter", "PostedBefore")
    store = call.account.store(FinanceStore)
    position = _position(call)
    group = store.find(call.path["eventGroupId"], position["at"])
    if group is None:
        raise not_found()
    entries = [
        entry
        for entry in store.entries(group, position["at"])
        if _is_in_window(call, position["at"], "PostedAfter", "PostedBefore", entry.posted)
        or (store.always_lists_undated and entry.list_name in UNDATED)
    ]
    after = call.values["PostedAfter"]
    requested_from = max(group.start, ceil_ms(after)) if after else group.start
    if (
        _too_long(call, "PostedAfter", "PostedBefore")
        or requested_from < position["at"] - RETENTION_MS
    ):
        entries = []
    if len(entries) > store.max_events:
        raise invalid("The response exceeds the maximum number of transactions.")
    if store.shuffled:
        random.Random(position["shuffle"]).shuffle(entries)
    if store.unfiltered_lacks_events and after is None:
        entries = entries[call.values["MaxResultsPerPage"] :]
    page, token = _page(call, entries, position, store)
    events = _lists(page)
    if len(json.dumps(events)) > store.max_bytes:
        raise invalid("The response is larger than 10 MB. Ask for fewer results per page.")
    return {"payload": {"FinancialEvents": events, **token}}


def _lists(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    lists: dict[str, list[Any]] = defaultdict(list)
    for entry in entries:
        lists[entry.list_name].append(entry.write())
    return dict(lists)


def _check_window(call: Call, after: str, before: str) -> None:
    if call.values[before] is not None and call.values[after] is None:
        raise invalid(f"{before} must be given together with {after}.")
    call.window(after, before)


def _too_long(call: Call, after: str, before: str) -> bool:
    start, end = call.values[after], call.values[before]
    return bool(start and end and end - start > MAX_WINDOW)


def _is_in_window(call: Call, at: int, after: str, before: str, timestamp: int) -> bool:
    """Whether a timestamp (milliseconds since 1970) is in the window of a call made at `at`."""
    start, end = call.values[after], call.values[before]
    until = at - 120_000 if end is None else ceil_ms(end)
    return (start is None or ceil_ms(start) <= timestamp) and timestamp < until


def _position(call: Call) -> dict[str, Any]:
    """Where a page starts; all pages show the state at the time of the first page."""
    return call.page_position("NextToken") or {"at": call.now, "shuffle": random.random()}


def _page(
    call: Call, rows: Sequence[Row], position: dict[str, Any], store: FinanceStore
) -> tuple[Sequence[Row], dict[str, str]]:
    """A page of `rows`, and the token of the next page if there is one."""
    page, token = call.page(
        rows,
        call.values["MaxResultsPerPage"],
        "NextToken",
        lifetime=store.token_lifetime,
        position=position,
        can_be_empty=True,
    )
    return page, {"NextToken": token} if token else {}
