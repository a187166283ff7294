"""What tests memoize of dlt returns what dlt returns."""

import copy
import re
from typing import Any, Dict, List, Literal, Optional, Union

import dlt
import pytest
import yaml
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.destination.utils import resolve_merge_strategy
from dlt.common.exceptions import DictValidationException
from dlt.common.schema import Schema
from dlt.common.schema.typing import TColumnSchema, TStoredSchema, TTableSchema
from dlt.common.typing import TSecretStrValue

from sp_api_simulator import Simulator

from . import quick_dlt
from .quick_dlt import OF_TYPES, _find_type_hints, _get_type_hints, copy_json, memoize
from .support import NAMING, source_of


def all_configurations(kind: Any = BaseConfiguration) -> List[Any]:
    return [kind, *(one for below in kind.__subclasses__() for one in all_configurations(below))]


HINTS = [
    *(hint for spec in all_configurations() for hint in spec.get_resolvable_fields().values()),
    *(Optional[TSecretStrValue], Union[int, str], Literal["a"], Dict[str, Any], List[int], Any),
]


@pytest.mark.parametrize("module, name", OF_TYPES)
def test_functions_of_types_return_the_same(module: Any, name: str) -> None:
    function = getattr(module, name)
    function = getattr(function, "__wrapped__", function)
    quick = memoize(function)
    assert len(HINTS) > 300
    for hint in HINTS * 2:
        assert quick(hint) == function(hint), hint


def test_hints_of_schemas_are_the_same() -> None:
    for spec in (TStoredSchema, TTableSchema, TColumnSchema) * 2:
        assert _get_type_hints(spec) == _find_type_hints(spec)


def test_copies_of_tables_are_equal_and_share_nothing() -> None:
    with Simulator(orders_per_day=0) as sim:
        resources = source_of(sim, modules=["ORDERS", "FBA"]).resources.values()
    for resource in resources:
        for table in resource.compute_tables(NAMING):
            copied = copy_json(table)
            assert copied == copy.deepcopy(table)
            for column in copied["columns"].values():
                column.clear()
            assert all(table["columns"].values())


def test_fields_of_configurations_are_the_same() -> None:
    def written(fields: Dict[str, Any]) -> str:
        # objects in annotations are made new each time
        return re.sub(r" at 0x\w+", "", str(fields))

    for spec in all_configurations() * 2:
        assert written(quick_dlt.get_fields(spec)) == written(quick_dlt._find_fields(spec))


def test_a_setting_is_found_as_soon_as_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    sought = ("workers", int, int, "load", (), ())
    for _ in range(2):
        assert quick_dlt.look_up(*sought) == quick_dlt._look_up(*sought)
        assert quick_dlt.look_up(*sought)[0] is None
    monkeypatch.setenv("LOAD__WORKERS", "3")
    assert quick_dlt.look_up(*sought) == quick_dlt._look_up(*sought)
    assert quick_dlt.look_up(*sought)[0] == "3"
    monkeypatch.delenv("LOAD__WORKERS")
    assert quick_dlt.look_up(*sought)[0] is None
    for provider in Container()[PluggableRunContext].providers.providers:
        if provider.name == "config.toml":
            monkeypatch.setitem(provider._config_doc, "load", {"workers": 4})
    assert quick_dlt.look_up(*sought)[0] == 4


def small_schema(**columns: Any) -> Schema:
    schema = Schema("small")
    named = {name: {"name": name, **hints} for name, hints in columns.items()}
    schema.update_table({"name": "t", "columns": named, "write_disposition": "merge"})
    return schema


def test_hashes_of_schemas_are_the_same() -> None:
    found = set()
    for columns in ({"a": {}, "b": {}}, {"b": {}, "a": {}}, {"a": {"nullable": False}, "b": {}}):
        stored: Any = small_schema(**columns).to_dict(bump_version=False)
        for changed in (stored, {**stored, "version": 7}, stored):
            assert quick_dlt.hash_schema(changed) == quick_dlt._hash_schema(changed)
        found.add(quick_dlt.hash_schema(stored))
    assert len(found) == 3


@pytest.mark.parametrize("strategy", [None, "upsert", "delete-insert", "scd2"])
def test_merge_strategies_are_the_same(strategy: Any) -> None:
    schema = small_schema(a={"primary_key": True})
    table: Any = schema.tables["t"]
    if strategy:
        table["x-merge-strategy"] = strategy
    with Container().injectable_context(dlt.destinations.duckdb().capabilities()):
        expected = resolve_merge_strategy(schema.tables, table)
        assert expected and quick_dlt.choose_merge_strategy(schema.tables, table) == expected
    assert quick_dlt.choose_merge_strategy(schema.tables, table) is None
    table["write_disposition"] = "append"
    assert quick_dlt.choose_merge_strategy(schema.tables, table) is None


def test_a_wrong_normalizer_is_refused_each_time() -> None:
    schema = small_schema(a={})
    kind = type(schema.data_item_normalizer)
    for _ in range(2):
        quick_dlt.validate_normalizer(kind, schema, {"propagation": {"root": {"A": "B"}}})
        with pytest.raises(DictValidationException):
            quick_dlt.validate_normalizer(kind, schema, {"no_such": 1})


def test_a_wrong_table_is_refused_each_time() -> None:
    table: Any = {"name": "t", "columns": {"a": {"name": "a", "data_type": "text"}}}
    for wrong in ({"data_type": "texts"}, {"data_type": 1}, {"no_such": True}):
        for _ in range(2):
            quick_dlt.validate_table(TTableSchema, table, "path")
            with pytest.raises(DictValidationException):
                changed = {**table, "columns": {"a": {"name": "a", **wrong}}}
                quick_dlt.validate_table(TTableSchema, changed, "path")


def test_columns_of_a_trace_are_written_as_before() -> None:
    columns = small_schema(a={"nullable": True, "description": "ü: #1"}, b={}).tables["t"][
        "columns"
    ]
    style = {"allow_unicode": True, "default_flow_style": False, "sort_keys": False}
    assert quick_dlt.dump_yaml(columns, **style) == yaml.dump(columns, **style)
