"""What the tests of finance share: a source on the simulator, and the truth to compare with."""

from collections import Counter
from decimal import Decimal
from typing import Any, Dict, Iterable, Iterator, List, Optional

import dlt
from dlt.common import pendulum

from amazon_selling_partner.loading.account_key import ACCOUNT
from amazon_selling_partner.loading.replacement import DELETED
from amazon_selling_partner.modules.finance import finance_resources
from amazon_selling_partner.modules.finance.event_tables import TABLES
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.finance.finance_store import FinanceStore
from tests.support import context_of, items_table, leaves, tables

NOW = pendulum.datetime(2026, 5, 20, 12)
HISTORY = pendulum.datetime(2026, 3, 1)
DAY = 86_400

EVENT_TABLES = [name for name in TABLES if name != "financial_rejected_event"]

OURS = {
    ACCOUNT, "id", "financial_event_group_id", "posted_day", "group_day", DELETED, "index",
    "tax_index", "linked_to", "shipment_event_type", "tax_collection_model",
}  # fmt: skip


def clock_at(moment: pendulum.DateTime = NOW) -> VirtualClock:
    return VirtualClock(moment.timestamp())


def finance_store(simulator: Simulator) -> FinanceStore:
    return simulator.account.store(FinanceStore)


def source(
    simulator: Simulator,
    only: Optional[Iterable[str]] = ("financial_event_group", "financial_events"),
    history_start: pendulum.DateTime = HISTORY,
    **settings: Any,
) -> Any:
    """The finance resources of the simulator's account."""
    context = context_of(simulator)

    @dlt.source(name="amazon_selling_partner")
    def finance_only() -> Iterator[Any]:
        yield from finance_resources(context, history_start, **settings)
        yield items_table(context)

    made = finance_only()
    return made.with_resources(*only) if only else made


def calls(simulator: Simulator, operation: str = "listFinancialEventsByGroupId") -> List[Any]:
    return [request for request in simulator.requests if request.operation == operation]


def truth(simulator: Simulator) -> Dict[str, Counter]:
    """Group id -> every value of every event that shows now, each as often as it occurs."""
    book, at = finance_store(simulator), simulator.account.now()
    latest = at - 120_000
    found = {}
    for group in book.groups(at):
        if group.end > HISTORY.timestamp() * 1000:
            events = [entry.write() for entry in book.entries(group, at) if entry.posted < latest]
            found[group.id] = values(leaf for event in events for leaf in _without_model(event))
    return {group: counted for group, counted in found.items() if counted}


def loaded(pipeline: dlt.Pipeline) -> Dict[str, Counter]:
    """The same of what was loaded."""
    found: Dict[str, Counter] = {}
    for name, those in tables(pipeline, EVENT_TABLES).items():
        table = TABLES[name]
        ours = OURS | {table.parent, table.kind_column}
        for row in those:
            counted = found.setdefault(row["financial_event_group_id"], Counter())
            counted.update(values(value for column, value in row.items() if column not in ours))
    return found


def values(found: Iterable[Any]) -> Counter:
    """Values as text that is the same however they were written."""
    return Counter(_text(value) for value in found if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return f"{Decimal(str(value)).normalize():f}" if value else "0"
    if hasattr(value, "isoformat"):
        return pendulum.instance(value).in_timezone("UTC").isoformat()
    try:
        if isinstance(value, str) and len(value) > 18 and value[10] == "T":
            return pendulum.parse(value).in_timezone("UTC").isoformat()
    except ValueError:
        pass
    return str(value)


def _without_model(event: Any) -> Iterator[Any]:
    """All leaves but TaxCollectionModel, which our rows repeat."""
    if isinstance(event, dict):
        event = {k: list(_without_model(v)) for k, v in event.items() if k != "TaxCollectionModel"}
    elif isinstance(event, list):
        event = [list(_without_model(part)) for part in event]
    yield from leaves(event)


def check_links(pipeline: dlt.Pipeline) -> None:
    """Ids are unique, and every part's parent exists in the table it names."""
    ids: Dict[str, set] = {}
    everything = tables(pipeline, EVENT_TABLES)
    for name, found in everything.items():
        ids[name] = {row["id"] for row in found}
        assert len(ids[name]) == len(found), f"{name} has equal ids"
        assert not any(row.get(DELETED) for row in found)
    links = {table.link: name for name, table in TABLES.items() if table.link}
    parents = {
        part.table: name
        for name, table in TABLES.items()
        for part in table.lists.values()
        if not TABLES[part.table].columns().get("linked_to")
    }
    for name, found in everything.items():
        parent = TABLES[name].parent
        for row in found if parent else ():
            owner = links[row["linked_to"]] if "linked_to" in row else parents[name]
            assert row[parent] in ids[owner], f"{name} without its {owner}"
