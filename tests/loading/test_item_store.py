"""What is kept per product: no part of the state, written as it changes, restored from its table."""

import importlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Sequence

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner import make_context, resolve_values
from amazon_selling_partner.dlt_internals import others_have_ended
from amazon_selling_partner.loading import item_store
from amazon_selling_partner.loading.account_key import add_account_key
from amazon_selling_partner.loading.item_store import TABLE, read_items, store_of, sync_item
from amazon_selling_partner.loading.sync_run import TABLE as SYNC_RUN
from amazon_selling_partner.lookups.product_registry import products_of
from tests.support import rows, tables

NOW = pendulum.datetime(2026, 6, 15, 12)
DAY = 86_400.0
US = "ATVPDKIKX0DER"
CREDENTIALS = {"client_id": "c", "client_secret": "s", "refresh_token": "Atzr|t"}
STATE: Dict[str, Any] = {
    "asins": {US: {"B1": "", "B2": "2026-06-01T00:00:00Z"}},
    "resources": {
        "catalog": {
            "queried": {US: {"B1": "2026-06-15T11:00:00Z", "B2": "2026-06-15T11:00:00Z"}},
            "missing": {US: {"B2": "2026-06-15T11:00:00Z"}},
        },
        "packages": {"packages": {"p1": {"n": 1}, "p2": {"n": 2}}},
    },
}
"""State of an earlier version."""


@dataclass
class Account:
    """What an account has, and what its runs look up.

    Attributes:
        asins: Those that its orders name now.
        packages: What its packages become.
        looked_up: ASINs of the last run.
        seen: Its packages, as the last run found them.
        error: Raised once all items are written.
    """

    name: str = "account"
    asins: Sequence[str] = ()
    packages: Dict[str, Any] = field(default_factory=dict)
    looked_up: List[str] = field(default_factory=list)
    seen: Dict[str, Any] = field(default_factory=dict)
    error: Callable[[], None] = lambda: None

    def source(self, now: pendulum.DateTime = NOW) -> Any:
        """A source that keeps items as those of the package do."""
        context = make_context(resolve_values(credentials=CREDENTIALS), self.name)
        self.looked_up, self.seen = [], {}

        @dlt.resource(parallelized=True, primary_key="id", write_disposition="merge")
        def orders() -> Iterator[Any]:
            products = products_of(context)
            with products.producing("orders"):
                for asin in self.asins:
                    products.register(US, asin)
                yield [{"id": asin} for asin in self.asins]

        @dlt.resource(parallelized=True, primary_key="id", write_disposition="merge")
        def catalog() -> Iterator[Any]:
            products = products_of(context)
            for batch in products.due_batches("asins", [US], 20, DAY, now):
                if batch:
                    self.looked_up += batch.ids
                    products.mark_queried(batch, batch.ids, now)
                    yield [{"id": id} for id in batch.ids]
                else:
                    yield None

        @dlt.resource(parallelized=True)
        def packages() -> Iterator[Any]:
            items = store_of(context).collection("packages")
            self.seen.update(json.loads(json.dumps(dict(items))))
            for id, value in self.packages.items():
                if value is None:
                    items.pop(id, None)
                else:
                    items.setdefault(id, {}).update(value)
            yield []

        @dlt.resource(name=SYNC_RUN)
        def ending() -> Iterator[Any]:
            while not others_have_ended(SYNC_RUN):
                yield None
            self.error()

        @dlt.source(name=self.name)
        def account() -> Iterator[Any]:
            for resource in (orders(), catalog(), packages(), sync_item(context), ending()):
                if resource.name != SYNC_RUN:
                    add_account_key(resource, self.name)
                yield resource

        return account()


def asins(number: int) -> List[str]:
    return [f"B{n:09}" for n in range(number)]


def state_of(pipeline: dlt.Pipeline, account: str = "account") -> Any:
    return pipeline.state["sources"][account]


def lose_machine(pipeline: dlt.Pipeline, make: Callable[[], dlt.Pipeline]) -> dlt.Pipeline:
    """The same pipeline on another machine."""
    shutil.rmtree(pipeline.working_dir)
    return make()


def file_of(pipeline: dlt.Pipeline, account: str = "account") -> Path:
    return Path(pipeline.working_dir) / f"items_{account}.sqlite"


def written(pipeline: dlt.Pipeline) -> Dict[str, int]:
    """Rows of the last run by table."""
    found = pipeline.last_trace.last_normalize_info.row_counts
    return {name: number for name, number in found.items() if not name == "_dlt_loads"}


def test_the_state_does_not_grow_and_a_run_with_nothing_new_writes_nothing(
    make_pipeline: Any,
) -> None:
    sizes = []
    for number in (5, 5000):
        account = Account(asins=asins(number), packages={f"p{n}": {"n": n} for n in range(number)})
        pipeline = make_pipeline("duckdb", f"with_{number}", f"with_{number}")
        pipeline.run(account.source())
        assert sorted(account.looked_up) == sorted(account.asins)
        sizes.append(len(json.dumps(state_of(pipeline))))
        # products, their look-ups, packages, and the version
        assert written(pipeline)[TABLE] == 3 * number + 1
        pipeline.run(account.source())
        assert account.looked_up == [] and account.seen == account.packages
        assert set(written(pipeline)) == {"orders"}
    assert sizes[0] == sizes[1] < 1000


def test_only_what_changed_is_written(make_pipeline: Any) -> None:
    account = Account(asins=asins(50), packages={"p1": {"n": 1}, "p2": {"n": 2}, "p3": {"n": 3}})
    pipeline = make_pipeline("duckdb")
    pipeline.run(account.source())
    account.asins = [*account.asins[:3], "BNEW"]
    account.packages = {"p1": {"n": 1}, "p2": {"n": 5}, "p3": None, "p4": {"n": 4}}
    pipeline.run(account.source())
    assert account.looked_up == ["BNEW"]
    # a product and its look-up, three packages, the version
    assert written(pipeline)[TABLE] == 6
    found = {row["item"]: row["value"] for row in rows(pipeline, TABLE) if "p" in row["item"]}
    assert found == {"p1": '{"n": 1}', "p2": '{"n": 5}', "p4": '{"n": 4}'}
    pipeline.run(account.source())
    assert account.seen == {"p1": {"n": 1}, "p2": {"n": 5}, "p4": {"n": 4}}


def test_another_machine_restores_the_items(make_pipeline: Any, destination: str) -> None:
    account = Account(asins=asins(30), packages={"p": {"ü": "'"}, "q": {}})
    other = Account("other", asins=asins(10))
    pipeline = make_pipeline(destination, "restored", "restored")
    pipeline.run(account.source())
    pipeline.run(other.source())
    account.packages = {"q": None}
    pipeline.run(account.source())
    account.asins, other.asins, account.packages = ["BNEW"], [], {}

    def make() -> Any:
        return make_pipeline(destination, "restored", pipeline.dataset_name)

    pipeline = lose_machine(pipeline, make)
    pipeline.run(account.source())
    assert account.looked_up == ["BNEW"] and account.seen == {"p": {"ü": "'"}}
    pipeline.run(other.source())
    assert other.looked_up == []
    pipeline.run(account.source(NOW.add(days=2)))
    assert sorted(account.looked_up) == [*asins(30), "BNEW"]
    # the file is there now
    pipeline.run(other.source(NOW.add(days=2)))
    assert sorted(other.looked_up) == asins(10)


@pytest.mark.parametrize("table_format, module", [("delta", "deltalake"), ("iceberg", "pyiceberg")])
def test_another_machine_restores_them_from_open_tables(
    workplace: Path, table_format: str, module: str
) -> None:
    pytest.importorskip(module)
    open_tables = importlib.import_module("amazon_selling_partner.loading.open_tables")

    def make() -> dlt.Pipeline:
        destination = dlt.destinations.filesystem(bucket_url=(workplace / "files").as_uri())
        open_tables.use_open_tables(destination, table_format)
        return dlt.pipeline("open", destination=destination, dataset_name="loaded")

    account = Account(asins=asins(3), packages={"p1": {"n": 1}, "p2": {"n": 2}})
    pipeline = make()
    pipeline.run(account.source(), loader_file_format="parquet")
    account.packages = {"p1": None, "p2": {"n": 3}}
    pipeline.run(account.source(), loader_file_format="parquet")
    pipeline = lose_machine(pipeline, make)
    pipeline.run(account.source(), loader_file_format="parquet")
    assert account.seen == {"p2": {"n": 3}} and not account.looked_up


def test_pipelines_of_one_account_keep_their_own_items(make_pipeline: Any) -> None:
    found = []
    for name in ("one", "two", "one"):
        account = Account(asins=asins(3))
        make_pipeline("duckdb", name, "shared").run(account.source())
        found.append(len(account.looked_up))
    assert found == [3, 3, 0]


def fail() -> None:
    raise ValueError("killed")


def test_a_run_that_does_not_end_changes_nothing(make_pipeline: Any, destination: str) -> None:
    pipeline = make_pipeline(destination)
    account = Account(asins=asins(3), packages={"p": {"n": 1}})
    pipeline.run(account.source())
    account.asins, account.packages, account.error = asins(5), {"p": {"n": 2}}, fail
    before = file_of(pipeline).read_bytes()
    with pytest.raises(Exception, match="killed"):
        pipeline.run(account.source())
    # the file is ahead of the state
    assert file_of(pipeline).read_bytes() != before
    account.error, account.packages = lambda: None, {}
    pipeline.run(account.source())
    assert sorted(account.looked_up) == asins(5)[3:] and account.seen == {"p": {"n": 1}}


def test_a_run_that_fails_early_leaves_the_file(
    make_pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline("duckdb")
    account = Account(asins=asins(3))
    pipeline.run(account.source())
    before = file_of(pipeline).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(item_store.ItemStore, "_changes", lambda self: fail())
        account.asins = asins(5)
        with pytest.raises(Exception, match="killed") as kept:
            pipeline.run(account.source())
    assert file_of(pipeline).read_bytes() == before and kept.value
    pipeline.run(account.source())
    assert sorted(account.looked_up) == asins(5)[3:]


def test_a_file_lost_before_its_package_was_loaded_loses_no_item(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    account = Account(asins=asins(2))
    pipeline.run(account.source())
    account.asins = asins(3)
    pipeline.extract(account.source())
    file_of(pipeline).unlink()
    account.asins = asins(4)
    pipeline.extract(account.source())
    # the dataset does not have what is still to be loaded
    assert sorted(account.looked_up) == asins(4)[2:]
    pipeline.normalize()
    pipeline.load()
    account.asins = []
    pipeline.run(account.source())
    assert account.looked_up == []
    pipeline.run(account.source(NOW.add(days=2)))
    assert sorted(account.looked_up) == asins(4)


def test_a_damaged_file_is_restored(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    account = Account(asins=asins(3))
    pipeline.run(account.source())
    file_of(pipeline).write_bytes(b"no database" * 1000)
    pipeline.run(account.source())
    assert account.looked_up == []
    assert file_of(pipeline).read_bytes()[:6] == b"SQLite"


def test_items_are_known_without_a_run(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    long = {"text": "text " * 20_000}
    pipeline.run(Account(packages={"long": long, "short": {"n": 1}}).source())
    for where in ("file", "table"):
        found = list(read_items(pipeline, "account", ["packages packages"]))
        expected = [("packages packages", "long", long), ("packages packages", "short", {"n": 1})]
        assert sorted(found, key=str) == expected, where
        file_of(pipeline).unlink(missing_ok=True)
    # many destinations take 64 KB
    assert max(len(row["value"]) for row in rows(pipeline, TABLE)) < 5000
    assert list(read_items(pipeline, "another", ["packages packages"])) == []


@pytest.mark.parametrize("name", ["queried", "asked"])
def test_the_state_of_an_earlier_version_moves_over(make_pipeline: Any, name: str) -> None:
    pipeline = make_pipeline("duckdb")
    account = Account(asins=["B3"])
    pipeline.run([{"a": 1}], table_name="a", schema=dlt.Schema("account"))
    with pipeline.managed_state() as state:
        state["sources"] = {"account": json.loads(json.dumps(STATE).replace("queried", name))}  # type: ignore[typeddict-unknown-key]
    pipeline.run(account.source())
    assert account.looked_up == ["B3"]
    assert account.seen == {"p1": {"n": 1}, "p2": {"n": 2}}
    kept = json.dumps(state_of(pipeline))
    assert "B1" not in kept and "p1" not in kept and f'"{name}"' not in kept
    found = {(row["collection"], row["item"]): row["value"] for row in rows(pipeline, TABLE)}
    assert json.loads(found[f"asins {US}", "B2"]) == "2026-06-01T00:00:00Z"
    assert json.loads(found[f"catalog missing {US}", "B2"]) == "2026-06-15T11:00:00Z"
    pipeline.run(account.source())
    assert account.looked_up == [] and TABLE not in written(pipeline)


@pytest.mark.parametrize("refresh", ["drop_resources", "drop_data"])
def test_a_table_that_is_dropped_is_looked_up_again(make_pipeline: Any, refresh: Any) -> None:
    account = Account(asins=asins(3), packages={"p": {"n": 1}})
    pipeline = make_pipeline("duckdb", "refreshed", "refreshed")
    pipeline.run(account.source())
    account.asins = []
    pipeline.run(account.source().with_resources("catalog", TABLE, SYNC_RUN), refresh=refresh)
    # products and packages are those of tables that were not dropped
    assert sorted(account.looked_up) == asins(3)
    assert written(pipeline)[TABLE] == 3 * 2 + 1 + 1
    pipeline = lose_machine(pipeline, lambda: make_pipeline("duckdb", "refreshed", "refreshed"))
    pipeline.run(account.source())
    assert account.looked_up == [] and account.seen == {"p": {"n": 1}}


def test_a_source_that_is_dropped_knows_nothing(make_pipeline: Any) -> None:
    account = Account(asins=asins(3), packages={"p": {"n": 1}})
    pipeline = make_pipeline("duckdb", "refreshed", "refreshed")
    pipeline.run(account.source())
    account.asins, account.packages = ["BNEW"], {}
    pipeline.run(account.source(), refresh="drop_sources")
    assert account.looked_up == ["BNEW"] and account.seen == {}
    found = {row["item"] for row in rows(pipeline, TABLE)}
    assert found == {"BNEW", "version"}


def test_a_state_that_is_lost_leaves_no_items(make_pipeline: Any) -> None:
    account = Account(asins=asins(3), packages={"p": {"n": 1}})
    pipeline = make_pipeline("duckdb", "lost", "lost")
    pipeline.run(account.source())
    with pipeline.sql_client() as client:
        client.execute_sql("DELETE FROM _dlt_pipeline_state")
    pipeline = lose_machine(pipeline, lambda: make_pipeline("duckdb", "lost", "lost"))
    account.asins, account.packages = ["BNEW"], {}
    pipeline.run(account.source())
    assert account.looked_up == ["BNEW"] and account.seen == {}
    assert {row["item"] for row in tables(pipeline, [TABLE])[TABLE]} == {"BNEW", "version"}
