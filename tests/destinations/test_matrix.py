"""The same life of an account in every destination: each has the rows that DuckDB has.

That DuckDB has the truth, other tests say; here the orders and events are compared with it too.
"""

import json
import os
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import dlt
import pyarrow.parquet as pq
import pytest
from dlt.common import Decimal, pendulum

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator.orders.order_store import OrderStore
from tests.modules.reports.support import US, Account, account
from tests.support import collect_logs, source_of
from tests.transforms.support import OTHERS

from .targets import TARGETS, Row, Target, files

NOW = pendulum.datetime(2026, 6, 15, 12)
SNAPSHOT = "fba_managed_inventory_report"
WINDOWED = "sales_and_traffic_business_sku_report_daily"
BY_ORDER = "orders_report"
OBJECTS = "browse_tree_report"
QUERIED = "economics_daily"
RESOURCES = (
    *("orders", "financial_events", "financial_event_group", SNAPSHOT, WINDOWED, BY_ORDER),
    *(OBJECTS, "report_run", "report_rejected_row", QUERIED),
)
TABLES = (
    *("orders", "orders__order_items", "orders__packages", "financial_shipment_event"),
    *("financial_shipment_event_item", "financial_fee_component", "financial_adjustment_event"),
    *("financial_group_reconciliation", "financial_event_group", SNAPSHOT, WINDOWED, BY_ORDER),
    *(OBJECTS, "report_run", "report_rejected_row"),
    *(QUERIED, f"{QUERIED}__fees", f"{QUERIED}__fees__charges", f"{QUERIED}__ads"),
)

# skus that differ in the case of a letter, or in a space at the end
INVENTORY = (("aB-1", "5"), ("AB-1", "7"), ("ab-1", "1/2"), ("ü~/-3", "9"), ("ü~/-4", "3"))
LINES = (
    *(("111", "A", "Shipped"), ("111", "B", "Shipped"), ("222", "A", "Pending")),
    ("", "C", "Shipped"),
)
"""Order, SKU and status of the lines of an orders report; one without its order is rejected."""

REJECTED = re.compile(r"orders_report: \d+ rows are rejected, see report_rejected_row.")

TREE = b"""<Result><Node><browseNodeId>1</browseNodeId>
<browseNodeAttributes count="2"><attribute name="keyword">a &lt; 1</attribute><size unit="cm"/>
</browseNodeAttributes><childNodes count="2"><id>7</id><id>8</id></childNodes>
<addedOn>2026-06-01T00:00:00Z</addedOn><refinementsInformation count="0"/></Node>
<Node><browseNodeId>2</browseNodeId><browseNodeName>x</browseNodeName></Node></Result>"""
"""Nodes with objects, and with a time in a column that nothing declares."""


def text(header: Tuple[str, ...], lines: Any) -> bytes:
    return "\n".join("\t".join(line) for line in (header, *lines)).encode()


@contextmanager
def seller() -> Iterator[Account]:
    with account(orders_per_day=2, days=8, now=NOW) as made:
        yield made


def set_documents(made: Account, inventory: Any, lines: Any) -> None:
    header = ("sku", "afn-fulfillable-quantity")
    made.book.documents["GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA"] = text(header, inventory)
    made.book.documents["GET_XML_BROWSE_TREE_DATA"] = TREE
    header = ("amazon-order-id", "sku", "order-status")
    report_type = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
    made.book.documents[report_type] = text(header, lines)


def live(pipeline: dlt.Pipeline, target: Target) -> Iterator[str]:
    """The life of two accounts with the same orders, SKUs and windows; yields after each load."""
    with seller() as made, seller() as other:
        sim = made.simulator
        settings: Dict[str, Any] = {
            "modules": ["ORDERS", "FINANCE", "REPORTS", "DATA_KIOSK"],
            "historical_sync_time_frame": "2026-06-08",
            "marketplace_ids": [US],
            "blocked": ["orders__packages.tracking_number", *OTHERS],
            "hashed": ["orders__order_items.product__seller_sku", f"{BY_ORDER}.amazon_order_id"],
            "hash_salt": "a salt of the tests",
            "row_filters": {
                "orders": "fulfillment__fulfillment_status != 'CANCELLED'",
                BY_ORDER: "order_status != 'Cancelled'",
            },
            **({"history_mode": ["financial_event_group"]} if target.keeps_history else {}),
            **target.settings,
        }

        def load(of: Account = made, function: Any = amazon_selling_partner) -> List[str]:
            source = source_of(of.simulator, function, **settings).with_resources(*RESOURCES)
            with collect_logs() as logs:
                info = pipeline.run(source, loader_file_format=target.file_format)  # type: ignore[arg-type]
            info.raise_on_failed_jobs()
            warnings = [record.getMessage() for record in logs]
            # dlt warns of what a user chooses against its advice
            if target.file_format not in ("csv", "insert_values"):
                assert not [text for text in warnings if not REJECTED.fullmatch(text)]
            assert not [path for path in loaded_files(pipeline, info) if is_empty(path)]
            return warnings

        set_documents(made, INVENTORY, LINES)
        set_documents(other, INVENTORY, LINES)
        assert load()
        load(other, amazon_selling_partner.clone(name="other"))
        yield "loaded"
        load()
        yield "loaded again"
        sim.clock.sleep(86_400)
        # what changed, a row that vanished, a window that shrank, rows that the filter now drops
        store = sim.account.store(OrderStore)
        for order in list(store.all())[-3:-1]:
            cancelled = {**order["fulfillment"], "fulfillmentStatus": "CANCELLED"}
            store.change(order["orderId"], {"fulfillment": cancelled})
        sim.clock.sleep(600)
        set_documents(made, INVENTORY[1:3], [("111", "B", "Shipped"), ("222", "A", "Cancelled")])
        load()
        yield "changed"
        check_truth(pipeline, target, made)


def loaded_files(pipeline: dlt.Pipeline, info: Any) -> List[Path]:
    """The files of a load that have rows, or should."""
    packages = Path(pipeline.working_dir) / "load" / "loaded"
    found = [path for id in info.loads_ids for path in (packages / id / "completed_jobs").iterdir()]
    files = [
        path for path in found if path.suffix in (".parquet", ".csv", ".jsonl", ".insert_values")
    ]
    assert files
    return files


def is_empty(path: Path) -> bool:
    """True for a file without rows."""
    if path.suffix == ".parquet":
        return not pq.read_metadata(path).num_rows
    header = {".csv": 1, ".jsonl": 0, ".insert_values": 2}[path.suffix]
    return len(path.read_text().splitlines()) <= header


def check_truth(pipeline: dlt.Pipeline, target: Target, made: Account) -> None:
    def read(table: str) -> List[Row]:
        rows = target.read(pipeline, table)
        return [row for row in rows if row["selling_partner"] == "amazon_selling_partner"]

    skus = {row["sku"]: row["afn_fulfillable_quantity"] for row in read(SNAPSHOT)}
    assert skus == {"AB-1": 7, "ab-1": None}
    expected = {
        order["orderId"]
        for order in made.simulator.account.store(OrderStore).all()
        if order["fulfillment"]["fulfillmentStatus"] != "CANCELLED"
    }
    assert {row["order_id"] for row in read("orders")} == expected
    assert [row["sku"] for row in read(BY_ORDER)] == ["B"]


def as_value(value: Any) -> Any:
    """One spelling for equal values of all destinations."""
    if isinstance(value, str) and value[:1] in "[{":
        value = json.loads(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, sort_keys=True, default=str)
    if isinstance(value, str) and value[4:5] == "-" and value[10:11] in ("T", " "):
        # SQLite's times
        value = pendulum.parse(value)
    if hasattr(value, "hour"):
        value = value if value.tzinfo else value.replace(tzinfo=pendulum.UTC)
        return value.astimezone(pendulum.UTC).isoformat(timespec="milliseconds")
    if isinstance(value, (bool, int, float, Decimal)):
        return f"{Decimal(str(int(value) if isinstance(value, bool) else value)).normalize():f}"
    return None if value is None else str(value)


def comparable(rows: List[Row]) -> Counter:
    """Rows without what dlt adds, and without what numbers them in a load."""
    return Counter(
        tuple(
            sorted(
                (name, as_value(value))
                for name, value in row.items()
                if value is not None and not name.startswith("_dlt_") and name != "row_index"
            )
        )
        for row in rows
    )


def snapshot(pipeline: dlt.Pipeline, target: Target) -> Dict[str, Counter]:
    return {table: comparable(target.read(pipeline, table)) for table in TABLES}


@cache
def reference(keeps_history: bool) -> Dict[str, Dict[str, Counter]]:
    """What DuckDB has after each load."""
    return run(replace(TARGETS[0], keeps_history=keeps_history), Path.cwd())


def run(target: Target, folder: Path) -> Dict[str, Dict[str, Counter]]:
    name = f"matrix_{target.name.replace(' ', '_')}"
    dataset = f"{name}_{os.getpid()}"
    with target.stand_in(folder):
        staging: Any = {"staging": files(folder)} if target.is_staged else {}
        made = target.make(folder)
        pipeline = dlt.pipeline(name, destination=made, dataset_name=dataset, **staging)
        try:
            return {step: snapshot(pipeline, target) for step in live(pipeline, target)}
        finally:
            drop(pipeline, target)


def drop(pipeline: dlt.Pipeline, target: Target) -> None:
    """Drops the datasets of a pipeline where others are left on the server."""
    if target.server:
        with pipeline.sql_client() as client:
            client.drop_dataset()
            with client.with_staging_dataset():
                client.drop_dataset()


@pytest.mark.parametrize(
    "target",
    [pytest.param(t, id=t.name, marks=[] if t.is_cheap else pytest.mark.slow) for t in TARGETS[1:]],
)
def test_every_destination_has_the_same_rows(
    target: Target, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing := target.missing():
        pytest.skip(missing)
    # with more, the ids of reports and queries are in the order in which threads requested them
    monkeypatch.setenv("EXTRACT__WORKERS", "1")
    found = run(target, workplace)
    for step, tables in reference(target.keeps_history).items():
        for table, rows in tables.items():
            mine = found[step][table]
            assert mine == rows, (step, table, "missing", rows - mine, "too many", mine - rows)
    # something is in each
    assert all(found["loaded"][table] for table in TABLES)
