"""What finance costs on top of dlt: events exploded and loaded, against the same rows ready-made.

    python -m benchmarks.finance_load [events]

Both load into DuckDB from files on disk, without any network: one reads event groups with the
resource `financial_events`, the other hands dlt the very rows that come out of it, table by table.
Seconds of CPU are compared, as other processes on the machine disturb them least.
"""

import os
import pickle
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import dlt
from dlt.common import Decimal, pendulum

from amazon_selling_partner import make_context, resolve_values
from amazon_selling_partner.loading import RunContext
from amazon_selling_partner.loading.item_store import sync_item
from amazon_selling_partner.modules.finance.event_hints import table_hints
from amazon_selling_partner.modules.finance.events import financial_events
from amazon_selling_partner.modules.finance.explode import Exploder
from amazon_selling_partner.modules.finance.groups import LIST_GROUPS
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.finance.finance_store import FinanceStore

EVENTS = 60_000
GROUPS = 20
PAGE = 100
NOW = pendulum.datetime(2026, 5, 20, 12)
FIRST, LAST = pendulum.date(2026, 5, 1), pendulum.date(2026, 5, 15)


ACCOUNT = {
    "client_id": "amzn1.application-oa2-client.1",
    "client_secret": "amzn1.oa2-cs.v1.1",
    "refresh_token": "Atzr|1",
}


class Archive(RunContext):
    """A run that makes no calls: the pages of its answers lie on disk.

    Args:
        folder: Where they lie.
        events: How many events in all.
    """

    def __init__(self, folder: Path, events: int) -> None:
        clock = VirtualClock(NOW.timestamp())
        run = make_context(resolve_values(credentials=ACCOUNT, clock=clock))
        super().__init__(run.client, run.settings, run.selling_partner, run.module_names)
        self.files: Dict[str, List[Path]] = {}
        samples = _samples()
        rng = random.Random(1)
        for group in range(GROUPS):
            files = self.files.setdefault(f"group{group:02d}", [])
            for number in range(events // GROUPS // PAGE):
                page: Dict[str, List[Any]] = {}
                for position in range(PAGE):
                    name, event = rng.choice(samples)
                    # no two events are equal
                    copied = {**event, "SellerOrderId": f"{group}-{number}-{position}"}
                    page.setdefault(name, []).append(copied)
                files.append(folder / f"events-{group}-{number}.pickle")
                files[-1].write_bytes(pickle.dumps(page, pickle.HIGHEST_PROTOCOL))

    def now(self) -> pendulum.DateTime:
        """The present of the archive."""
        return NOW

    def pages(self, operation: Any, **fields: Any) -> Any:
        """All groups, closed, on the same two weeks."""
        assert operation is LIST_GROUPS
        yield [
            {
                "FinancialEventGroupId": group,
                "ProcessingStatus": "Closed",
                "FinancialEventGroupStart": "2026-05-01T00:00:00Z",
                "FinancialEventGroupEnd": "2026-05-15T00:00:00Z",
            }
            for group in self.files
        ]

    def call(self, operation: Any, **fields: Any) -> Any:
        """A page of listFinancialEventsByGroupId."""
        files = self.files[fields["path"]["eventGroupId"]]
        number = int(fields["params"].get("NextToken") or 0)
        events = pickle.loads(files[number].read_bytes())
        following = str(number + 1) if number + 1 < len(files) else None
        return {"payload": {"FinancialEvents": events, "NextToken": following}}


def _samples() -> List[Tuple[str, Any]]:
    """Events of all lists: as many of orders as a busy account has, some of each other list."""
    simulator = Simulator(seed=1, orders_per_day=60, days=40, clock=VirtualClock(NOW.timestamp()))
    book, now = simulator.account.store(FinanceStore), simulator.account.now()
    entries = [entry for group in book.groups(now) for entry in book.entries(group, now)]
    return [(entry.list_name, _exact(entry.write())) for entry in entries]


def _exact(value: Any) -> Any:
    """Fractions as the client hands them on."""
    if isinstance(value, dict):
        return {name: _exact(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_exact(part) for part in value]
    return Decimal(str(value)) if isinstance(value, float) else value


def _ready_made(archive: Archive, folder: Path) -> List[Path]:
    """Writes the rows of each page to a file."""
    found = []
    for group, files in archive.files.items():
        exploder = Exploder(group, FIRST, LAST)
        for file in files:
            rows = dict(exploder.explode(pickle.loads(file.read_bytes())))
            found.append(folder / file.name.replace("events", "rows"))
            found[-1].write_bytes(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))
    return found


def _bare(files: List[Path]) -> Any:
    """The same tables with nothing but dlt."""

    @dlt.resource(name="financial_events", write_disposition="merge", max_table_nesting=0)
    def ready_made() -> Iterator[Any]:
        declared = set()
        for file in files:
            for table, rows in pickle.loads(file.read_bytes()).items():
                if table not in declared:
                    declared.add(table)
                    yield dlt.mark.with_hints([], table_hints(table), create_table_variant=True)
                yield dlt.mark.with_table_name(rows, table)

    return ready_made()


def _measured(name: str, folder: Path, *resources: Any) -> float:
    """Seconds of CPU of a load."""
    pipeline = dlt.pipeline(name, destination="duckdb", pipelines_dir=str(folder / "pipelines"))

    @dlt.source(name="amazon_selling_partner")
    def only() -> Any:
        return resources

    before = time.process_time()
    pipeline.run(only(), loader_file_format="parquet")
    spent = time.process_time() - before
    counts = pipeline.last_trace.last_normalize_info.row_counts
    rows = sum(count for table, count in counts.items() if table.startswith(("financial_", "net")))
    steps = "  ".join(
        f"{step.step} {(step.finished_at - step.started_at).total_seconds():6.1f}"
        for step in pipeline.last_trace.steps
        if step.step != "run"
    )
    print(f"{name:<12} {spent:6.1f} s CPU   {rows:,} rows   seconds: {steps}")
    return spent


def main(events: int = EVENTS) -> None:
    """Prints both loads and their ratio.

    Args:
        events: How many events to load.
    """
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chdir(folder)
        archive = Archive(folder, events)
        files = _ready_made(archive, folder)
        print(f"{events:,} events of {GROUPS} groups into {len(_tables(files))} tables")
        bare = _measured("bare_dlt", folder, _bare(files))
        history = pendulum.datetime(2026, 4, 1)
        events_table = financial_events(archive, history, history)
        ours = _measured("finance", folder, events_table, sync_item(archive))
        print(f"ratio {ours / bare:.2f}")


def _tables(files: List[Path]) -> set:
    return {table for file in files for table in pickle.loads(file.read_bytes())}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
