"""The parts of dlt that it does not document are as `dlt_internals` uses them, in one version."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any, Iterator, List

import dlt
import pytest
from dlt.common.normalizers.json import helpers
from dlt.common.pendulum import pendulum
from dlt.common.storages.load_package import PackageStorage
from dlt.extract import DltResource
from dlt.extract.hints import HintsMeta
from dlt.extract.items import DataItemWithMeta, TableNameMeta
from dlt.extract.items_transform import BaseItemTransform, ItemTransform
from dlt.pipeline import trace
from dlt.version import __version__
from packaging.specifiers import SpecifierSet

from amazon_selling_partner import dlt_internals
from tests.support import ROOT

TESTED = SpecifierSet(">=1.31,<1.32")
"""Versions of dlt with which the whole test suite was run."""

PRIVATE = re.compile(
    r"dlt\.(extract\.(items|hints|items_transform|pipe_iterator)|common\.normalizers\.json)\b"
    r"|PackageStorage|TRACKING_MODULES|\bContainer\(\)|(?<!self)\._(hints|hints_variants|pipe|custom_metrics)\b"
)


def resource() -> DltResource:
    made = dlt.resource([{"id": 1}], name="a", columns={"id": {"data_type": "text"}})
    made.apply_hints(
        table_name="b", columns={"x": {"data_type": "bool"}}, create_table_variant=True
    )
    return made


def test_dlt_is_a_version_that_was_tested() -> None:
    assert __version__ in TESTED, (
        f"dlt {__version__} is newer than what was tested: run all tests, look at the guards below,"
        " then widen TESTED"
    )


def test_only_one_file_uses_what_dlt_does_not_document() -> None:
    using = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "amazon_selling_partner").rglob("*.py")
        if PRIVATE.search(path.read_text())
    }
    assert using == {"amazon_selling_partner/dlt_internals.py"}


def test_hints_can_be_read() -> None:
    made = resource()
    assert dlt_internals.table_variants(made) == ["b"]
    assert set((dlt_internals.declared_hints(made) or {})["columns"]) == {"id"}
    assert "x" in (dlt_internals.declared_hints(made, "b") or {})["columns"]
    assert dlt_internals.declared_hints(dlt.resource([], name="c"), "") is not None
    naming = dlt.Schema("s").naming
    for variant, name, column in (("", "a", "id"), ("b", "b", "x")):
        (table,) = dlt_internals.declared_tables(made, naming, variant)
        assert table["name"] == name and column in table["columns"]


def test_rows_carry_their_table_or_their_hints() -> None:
    hints = dlt.mark.make_hints(table_name="b", columns={"x": {"data_type": "bool"}})
    named: Any = dlt.mark.with_table_name([{}], "b")
    variant: Any = dlt.mark.with_hints([{}], hints, create_table_variant=True)
    first: Any = dlt.mark.with_hints([{}], hints)
    for item in (named, variant, first):
        assert isinstance(item, DataItemWithMeta) and item.data == [{}]
    assert isinstance(named.meta, TableNameMeta) and isinstance(variant.meta, HintsMeta)
    assert [dlt_internals.meta_variant(item.meta) for item in (named, variant, first)] == [
        *("b", "b"),
        None,
    ]
    assert dlt_internals.meta_hints(named.meta) is None and dlt_internals.meta_hints(None) is None
    assert dlt_internals.meta_hints(variant.meta) == hints
    sent = dlt_internals.hints_meta(hints, True)
    assert (sent.hints, sent.create_table_variant) == (hints, True)
    assert dlt_internals.with_meta(sent, [1]).meta is sent


def test_a_last_step_comes_after_limits_and_counts() -> None:
    class Step(dlt_internals.ItemStep):
        def __call__(self, items: Any, meta: Any = None) -> Any:
            self.count("seen", len(items))
            return items

    step = Step()
    made = dlt.resource([[{"id": 1}], [{"id": 2}]], name="a").add_step(step).add_limit(1)
    assert list(made) == [{"id": 1}]
    assert step.custom_metrics == {"seen": 1}
    assert issubclass(ItemTransform, BaseItemTransform)
    assert inspect.signature(ItemTransform.__call__).parameters.keys() == {"self", "item", "meta"}


def test_names_and_json_columns_are_dlts(make_pipeline: Any) -> None:
    rows = [{"OrderId": {"Amount": 1}, "Items": [{"A": 1}], "AsIs": {"x": 1}, "Deep": {"x": [1]}}]
    made = dlt.resource(rows, name="Some Orders", columns={"as_is": {"data_type": "json"}})
    made.max_table_nesting = 1
    pipeline = make_pipeline("duckdb")
    pipeline.run(made)
    schema = pipeline.default_schema
    assert dlt_internals.normalized_table_name(schema, "Some Orders") == "some_orders"
    assert dlt_internals.normalized_column_name(schema, "OrderId") == "order_id"
    columns = schema.tables["some_orders"]["columns"]
    assert "order_id__amount" in columns and columns["as_is"]["data_type"] == "json"
    assert columns["deep__x"]["data_type"] == "json"
    assert dlt_internals.is_json_column(schema, "some_orders", "as_is")
    assert not dlt_internals.is_json_column(schema, "some_orders", "order_id")
    assert "some_orders__items" in schema.tables
    assert dlt_internals.max_nesting(made, schema, "some_orders") == 1
    assert dlt_internals.max_nesting(resource(), schema, "a") == 1000
    for name in ("normalize_table_identifier", "normalize_identifier", "is_nested_type"):
        assert callable(getattr(helpers, name))


def test_a_cursor_moved_by_hand_filters_nothing_and_keeps_its_values(make_pipeline: Any) -> None:
    start, end = pendulum.datetime(2026, 1, 1), pendulum.datetime(2026, 2, 1)
    seen = []

    @dlt.resource(name="a")
    def table(
        at: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
            "at", initial_value=start, lag=60
        ),
    ) -> Iterator[Any]:
        seen.append(
            [dlt_internals.saved_cursor_value(at, name) for name in ("last_value", "initial_value")]
        )
        dlt_internals.disable_row_filter(at)
        yield {"at": start.subtract(years=1)}
        yield {"no": "cursor"}
        at.advance(end)

    pipeline = make_pipeline("duckdb")
    for _ in range(2):
        pipeline.run(table())
    assert seen[1] == [end, start]
    with pipeline.sql_client() as client:
        assert client.execute_sql("SELECT COUNT(*) FROM a") == [(4,)]


def test_jobs_of_a_package_can_be_restarted() -> None:
    names = set(dir(PackageStorage))
    assert names >= {"load_pending_transition", "clear_pending_transition", "get_job_file_path"}
    used = {
        node.attr
        for node in ast.walk(ast.parse(Path(dlt_internals.__file__).read_text()))
        if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "packages"
    }
    assert used <= {*names, "storage"}


@pytest.mark.parametrize("name", ["_hints", "_hints_variants", "compute_tables"])
def test_resources_have_what_is_read_of_them(name: str) -> None:
    assert hasattr(dlt.resource([], name="a"), name)


def test_functions_are_called_around_each_load_and_cannot_stop_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trace, "TRACKING_MODULES", list(trace.TRACKING_MODULES))
    calls = []

    def before(pipeline: dlt.Pipeline) -> None:
        calls.append(("before", pipeline.has_pending_data))

    def after(pipeline: dlt.Pipeline) -> None:
        calls.append(("after", pipeline.has_pending_data))
        raise ValueError("does not matter")

    for source in ("listened", "listened", "other"):
        dlt_internals.LoadListener.add("test", source, before, after)
    for name in ("listened", "not_listened"):
        pipeline = dlt.pipeline(name, destination=dlt.destinations.duckdb(":pipeline:"))
        pipeline.run([{"id": 1}], table_name="a")
    assert calls == [("before", True), ("after", False)]


def test_a_pipeline_connects_once_what_is_called_before_succeeds() -> None:
    pipeline = dlt.pipeline("connected", destination=dlt.destinations.duckdb(":pipeline:"))
    pipeline.run([{"id": 1}], table_name="a")
    calls = []

    def fail_twice() -> None:
        calls.append(pipeline.has_pending_data)
        if len(calls) < 3:
            raise ValueError("not now")

    dlt_internals.call_before_connecting(pipeline, fail_twice)
    with pytest.raises(ValueError, match="not now"):
        pipeline.run([{"id": 2}], table_name="a")
    with pytest.raises(ValueError, match="not now"):
        pipeline.load()
    pipeline.load()
    pipeline.run([{"id": 3}], table_name="a")
    assert calls == [True, True, True] and not pipeline.has_pending_data
    dlt_internals.call_before_connecting(pipeline, fail_twice)
    dlt_internals.connect_as_usual(pipeline)
    pipeline.run([{"id": 4}], table_name="a")
    assert len(calls) == 3


def test_schemas_of_packages_that_change_tables_can_be_changed(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    for row, changed in (({"id": 1}, ["a"]), ({"id": 2}, []), ({"id": 3, "more": 1}, ["a"])):
        pipeline.extract([row], table_name="a")
        pipeline.normalize()
        found = []
        for schema, tables in dlt_internals.changed_schemas(pipeline):
            found += [table for table in tables if not table.startswith("_dlt")]
            schema.tables["a"]["columns"]["id"]["description"] = f"written with {row['id']}"
        assert found == changed
        pipeline.load()
        stored = pipeline.default_schema.tables["a"]["columns"]["id"]["description"]
        assert stored == f"written with {row['id'] if changed else 1}"
        # the destination has the same schema as the pipeline, or each run would store another one
        with pipeline.destination_client() as client:
            assert client.get_stored_schema().version_hash == pipeline.default_schema.version_hash


def test_the_file_of_a_schema_is_read_again_when_it_has_changed(
    make_pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = make_pipeline("duckdb")
    pipeline.run([{"id": 1}], table_name="a")
    storage = pipeline._schema_storage
    read: List[str] = []
    load = type(storage).load_schema
    monkeypatch.setattr(
        type(storage), "load_schema", lambda self, name: read.append(name) or load(self, name)
    )
    dlt_internals.keep_schemas(pipeline)
    dlt_internals.keep_schemas(pipeline)
    assert pipeline.default_schema.tables["a"] and pipeline.default_schema.tables["a"]
    assert len(read) == 1
    # the same pipeline elsewhere
    other = make_pipeline("duckdb")
    other.run([{"id": 1, "more": True}], table_name="a")
    assert "more" in pipeline.default_schema.tables["a"]["columns"] and len(read) > 1
    # what is extracted and not saved yet is not lost
    pipeline.extract([{"id": 1, "last": 1}], table_name="b")
    assert {"a", "b"} <= set(pipeline.default_schema.tables)


def test_the_last_generator_sees_that_all_others_have_ended(make_pipeline: Any) -> None:
    order: List[str] = []

    def count() -> Any:
        yield from (1, 2, 3)

    def slow(item: Any) -> Any:
        order.append("slow")
        yield {"id": item}

    def last() -> Any:
        while not dlt_internals.others_have_ended("last"):
            yield None
        order.append("last")
        yield {"id": 1}

    @dlt.source(name="ended")
    def source() -> Any:
        made = dlt_internals.AlwaysSelected.from_data(last, name="last")
        yield made
        numbers = dlt.resource(count, name="numbers", parallelized=True)
        yield numbers
        yield dlt.transformer(slow, data_from=numbers, name="slow", parallelized=True)

    pipeline = make_pipeline("duckdb")
    pipeline.run(source().with_resources("slow"))
    assert order == ["slow", "slow", "slow", "last"]
    assert dlt_internals.others_have_ended(), "nothing waits outside of an extraction"


def test_clients_are_wrapped_once_and_the_active_pipeline_is_not_made() -> None:
    assert dlt_internals.active_pipeline() is None
    pipeline = dlt.pipeline("wrapped", destination="duckdb", dataset_name="data")
    assert dlt_internals.active_pipeline() is pipeline
    made: List[Any] = []
    for _ in range(2):
        dlt_internals.wrap_clients(pipeline.destination, made.append)
    pipeline.run([{"id": 1}], table_name="a")
    assert made and len(set(map(id, made))) == len(made)
