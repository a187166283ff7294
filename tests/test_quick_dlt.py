"""What tests memoize of dlt returns what dlt returns."""

import copy
from typing import Any, Dict, List, Literal, Optional, Union

import pytest
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.schema.typing import TColumnSchema, TStoredSchema, TTableSchema
from dlt.common.typing import TSecretStrValue

from sp_api_simulator import Simulator

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
