"""Several accounts in one dataset: every row says whose it is, and none replaces another's."""

from collections import Counter
from contextlib import ExitStack
from typing import Any, Callable, Dict, Iterator, List, Tuple

import dlt
import pyarrow as pa
import pytest
from dlt.common import pendulum
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.common.schema.typing import TTableSchema
from dlt.extract import DltResource

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.dlt_internals import declared_tables
from amazon_selling_partner.loading.account_key import ACCOUNT, add_account_key, add_to_hints
from amazon_selling_partner.loading.resync import resync
from amazon_selling_partner.loading.rows import REJECTED_ROW_HINTS, REJECTED_TABLE
from amazon_selling_partner.modules import modules_of
from amazon_selling_partner.modules.finance.event_hints import table_hints
from amazon_selling_partner.modules.finance.event_tables import TABLES
from amazon_selling_partner.modules.finance.reconciliation import TABLE as RECONCILIATION
from amazon_selling_partner.transforms.table_hints import declared_variants
from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.fba.stock_store import StockStore
from tests.support import source_of, tables

NOW = pendulum.datetime(2026, 6, 15, 12)
ACCOUNTS = ("acct10", "acct11")
KEYS = ("primary_key", "merge_key")


def full_source(kind: str, **settings: Any) -> Any:
    with Simulator(orders_per_day=0, is_vendor=kind == "vendor") as sim:
        return source_of(
            sim,
            is_vendor=kind == "vendor",
            marketplace_ids=["ATVPDKIKX0DER"],
            merchant_id="A1",
            modules=sorted(modules_of(kind)),
            asin_granularity=["PARENT", "CHILD", "SKU"],
            include_pii=True,
            **settings,
        )


def all_tables(source: Any) -> Iterator[TTableSchema]:
    """Every root table that the resources of a source declare, selected or not."""
    naming = NamingConvention()
    for resource in source.resources.values():
        for variant in declared_variants(resource) or [""]:
            yield declared_tables(resource, naming, variant)[0]
    sent = {REJECTED_TABLE: REJECTED_ROW_HINTS}
    if "financial_events" in source.resources:
        sent.update({name: table_hints(name) for name in (*TABLES, RECONCILIATION)})
    for name, given in sent.items():
        hints = add_to_hints(given, source.name)
        yield declared_tables(DltResource.from_data([], name=name, hints=hints), naming)[0]


@pytest.mark.parametrize("kind", ["seller", "vendor"])
def test_every_root_table_has_the_account_in_every_key(kind: str) -> None:
    source = full_source(kind)
    seen = set()
    for table in all_tables(source):
        columns = table["columns"]
        assert columns[ACCOUNT]["nullable"] is False and list(columns)[0] == ACCOUNT, table["name"]
        for key in KEYS:
            named = [name for name, column in columns.items() if column.get(key)]
            assert not named or ACCOUNT in named, (table["name"], key)
        scope = table.get("x-merge-destination-scope")
        assert not scope or f"{ACCOUNT} = '{source.name}'" in str(scope), table["name"]
        seen.add(table["name"])
    # what has no key of its own: the placeholder of the events, whose tables come with their rows
    assert len(seen) > (150 if kind == "seller" else 50)


def test_rows_of_every_shape_get_the_account(make_pipeline: Any) -> None:
    hints = dlt.mark.make_hints(table_name="c", primary_key="id", write_disposition="merge")

    def make() -> Iterator[Any]:
        yield {"id": 1}
        yield [{"id": 2}]
        yield dlt.mark.with_table_name(pa.table({"id": [4]}), "b")
        yield dlt.mark.with_table_name([pa.table({"id": [5]}).to_batches()[0]], "b")
        yield dlt.mark.with_table_name(pa.table({"id": pa.array([], pa.int64())}), "b")
        yield dlt.mark.with_hints([{"id": 6}], hints, create_table_variant=True)
        yield dlt.mark.with_table_name(dlt.mark.materialize_table_schema(), "d")
        yield []

    @dlt.source(name="me")
    def source() -> Any:
        made = dlt.resource(make, name="a", primary_key="id", write_disposition="merge")
        for name in ("b", "d"):
            made.apply_hints(
                table_name=name,
                merge_key=["id"],
                columns={"id": {"data_type": "bigint"}},
                write_disposition="merge",
                create_table_variant=True,
            )
        add_account_key(made, "me")
        return made

    pipeline = make_pipeline("duckdb")
    pipeline.run(source())
    found = tables(pipeline, ["a", "b", "c"])
    assert [row for table in found.values() for row in table] == [
        {ACCOUNT: "me", "id": id} for id in (1, 2, 4, 5, 6)
    ]
    for name, key in (("a", KEYS[0]), ("b", KEYS[1]), ("c", KEYS[0]), ("d", KEYS[1])):
        columns = pipeline.default_schema.tables[name]["columns"]
        assert all(columns[column][key] for column in (ACCOUNT, "id"))


@pytest.mark.parametrize("field", ["selling_partner", "sellingPartner"])
def test_a_field_of_amazons_with_the_name_is_kept_beside_it(make_pipeline: Any, field: str) -> None:
    def make() -> Iterator[Any]:
        yield [{"id": 1, field: "Amazon's"}, {"id": 2, field: "Amazon's"}]

    def make_arrow() -> Iterator[Any]:
        yield pa.table({"id": [1], field: ["Amazon's"]})

    @dlt.source(name="me")
    def source() -> Any:
        for name, function in (("a", make), ("b", make_arrow)):
            resource = dlt.resource(function, name=name, primary_key="id")
            add_account_key(resource, "me")
            yield resource

    pipeline = make_pipeline("duckdb")
    pipeline.run(source())
    found = tables(pipeline, ["a", "b"])
    assert [
        (row["id"], row[ACCOUNT], row["amazon_selling_partner"]) for row in found["a"] + found["b"]
    ] == [(1, "me", "Amazon's"), (2, "me", "Amazon's"), (1, "me", "Amazon's")]


@pytest.mark.parametrize("setting", ["blocked", "hashed"])
def test_the_account_can_be_neither_blocked_nor_hashed(setting: str) -> None:
    with Simulator(orders_per_day=0) as sim:
        given: Dict[str, Any] = {setting: ["orders.selling_partner"], "hash_salt": "salt"}
        with pytest.raises(ConfigurationError) as caught:
            source_of(sim, **given)
    assert f"{setting} names 'orders.selling_partner'" in str(caught.value)
    assert "name other columns" in str(caught.value)


# two accounts that share all that Amazon numbers, in turns, against each of them alone

CHOSEN = (
    *("orders", "order_metrics", "fba_inventory_summary"),
    *("financial_events", "financial_event_group"),
    *("reimbursements_report", "ledger_summary_report", "merchant_listings_report"),
    *("report_run", "report_rejected_row"),
)
TIMES = ("retrieved_at", "requested_at", "made_at", "loaded_at")
SETTINGS: Dict[str, Any] = {
    "modules": ["ORDERS", "FBA", "FINANCE", "REPORTS"],
    "historical_sync_time_frame": "2026-06-10",
    "capture_deletes": "hard",
    "history_mode": ["orders"],
    "row_filters": {"order_metrics": "order_count > 0"},
}

Tables = Dict[str, List[Dict[str, Any]]]


def load(pipeline: dlt.Pipeline, account: str, sim: Simulator) -> None:
    make = amazon_selling_partner.clone(name=account, section=account)
    source = make(
        credentials=sim.credentials,
        api_url=sim.url,
        token_url=sim.token_url,
        clock=sim.clock,
        merchant_id=sim.account.seller_id,
        **SETTINGS,
    )
    pipeline.run(source.with_resources(*CHOSEN))


def reload(pipeline: dlt.Pipeline, account: str, sim: Simulator) -> None:
    """Reads the tables of one account again."""
    found = resync(pipeline, account, CHOSEN)
    assert "orders" in found and "reimbursements_report" in found


def lose_product(pipeline: dlt.Pipeline, account: str, sim: Simulator) -> None:
    """A product that Amazon no longer has."""
    store = sim.account.store(StockStore)
    store.remove(store.stored[0].sku)


def pass_time(pipeline: dlt.Pipeline, account: str, sim: Simulator) -> None:
    """The time of the next run."""
    sim.clock.advance(26 * 3600)


Step = Callable[..., None]
STEPS: Dict[str, List[Tuple[Step, ...]]] = {
    "acct10": [(load,), (lose_product, pass_time, reload, load)],
    "acct11": [(load,)],
}
"""What happens to each account before each of its turns."""


def take_turn(pipeline: dlt.Pipeline, account: str, sim: Simulator, turn: int) -> None:
    for step in STEPS[account][turn]:
        step(pipeline, account, sim)


def comparable_rows(found: Tables) -> Dict[str, Counter]:
    return {
        name: Counter(
            tuple(sorted((k, str(v)) for k, v in row.items() if k not in TIMES)) for row in rows
        )
        for name, rows in found.items()
    }


def known_tables(pipeline: dlt.Pipeline) -> List[str]:
    found = {
        table["name"]
        for schema in pipeline.schemas.values()
        for table in schema.data_tables(seen_data_only=True)
    }
    # each load has an id of its own
    return sorted(name for name in found if not name.startswith("sync_"))


@pytest.mark.slow
def test_accounts_that_share_everything_load_as_if_alone(
    make_pipeline: Any, destination: str
) -> None:
    with ExitStack() as stack:

        def simulate(account: str) -> Simulator:
            orders_per_day = 3 + ACCOUNTS.index(account)
            clock = VirtualClock(NOW.timestamp())
            return stack.enter_context(
                Simulator(seed=5, clock=clock, orders_per_day=orders_per_day, days=6, products=6)
            )

        together = make_pipeline(destination, "together", "together")
        sims = {account: simulate(account) for account in ACCOUNTS}
        for turn in range(2):
            for account in ACCOUNTS:
                if turn < len(STEPS[account]):
                    take_turn(together, account, sims[account], turn)
        names = known_tables(together)
        found = comparable_rows(tables(together, names))
        expected: Dict[str, Counter] = {name: Counter() for name in names}
        for account in ACCOUNTS:
            alone, sim = make_pipeline(destination, account, account), simulate(account)
            for turn in range(len(STEPS[account])):
                take_turn(alone, account, sim, turn)
            for name, rows in comparable_rows(tables(alone, known_tables(alone))).items():
                expected[name] += rows
        for name in names:
            assert found[name] == expected[name], (
                name,
                found[name] - expected[name],
                expected[name] - found[name],
            )
