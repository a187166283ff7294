"""What is loaded of Amazon's data: tables and columns that are blocked or hashed, rows that are
filtered, and tables of which every version is kept.

All of it is applied as the last step of each resource, after incremental loading, so that calls
and cursors are what they are without it.
"""

import functools
import inspect
from typing import Callable, Dict, Iterator, ParamSpec, Set

import dlt
from dlt.extract import DltResource

from ..client.errors import ConfigurationError
from ..settings import MODULES, MORE_MODULES, VENDOR_MODULES
from ..sync.outcome import declare_apart
from .hints import Hints, historic, schemas_of, tables_of
from .rules import Rules, check_tables, checked_rules
from .shaping import Shaping, whole

P = ParamSpec("P")

SETTINGS = ("blocked", "hashed", "hash_salt", "row_filters", "history_mode")

ANY_ACCOUNT = {
    "region": "NORTH_AMERICA",
    "marketplace_ids": ["ATVPDKIKX0DER"],
    "merchant_id": "any",
}
"""Settings with which the resources of all modules can be made, to know their names."""


def shaped(source: Callable[P, Iterator[DltResource]]) -> Callable[P, Iterator[DltResource]]:
    """Lets the resources of a source load what its settings say.

    Args:
        source (Callable[P, Iterator[DltResource]]): Generator function with the arguments
            `modules`, `blocked`, `hashed`, `hash_salt`, `row_filters` and `history_mode`.

    Returns:
        Callable[P, Iterator[DltResource]]: The same with that behaviour.
    """
    signature = inspect.signature(source)

    @functools.wraps(source)
    def resources(*args: P.args, **kwargs: P.kwargs) -> Iterator[DltResource]:
        given = signature.bind(*args, **kwargs)
        rules = checked_rules(**{name: given.arguments.get(name) for name in SETTINGS})
        made = []
        for resource in source(*args, **kwargs):
            declare_apart(resource)
            made.append(resource)
        if not rules:
            yield from made
            return

        def others() -> Set[str]:
            found: Set[str] = set()
            sellers = [(module, False) for module in (*MODULES, *MORE_MODULES)]
            for module, is_vendor in [*sellers, *((module, True) for module in VENDOR_MODULES)]:
                given.arguments.update(ANY_ACCOUNT, modules=[module], is_vendor=is_vendor)
                try:
                    for resource in source(*given.args, **given.kwargs):
                        found.update(tables_of(resource))
                except ConfigurationError:
                    # a module that needs more settings than it is given
                    continue
            return found

        yield from _shaped(made, rules, others)

    return resources


def _shaped(
    resources: "list[DltResource]", rules: Rules, others: Callable[[], Set[str]]
) -> Iterator[DltResource]:
    hints = Hints(rules, dlt.current.source_schema().naming)
    tables: Dict[str, DltResource] = {
        table: resource for resource in resources for table in tables_of(resource)
    }
    names = {resource.name for resource in resources}
    check_tables(rules, {*tables, *names, "rejected_row"}, others)
    historic(tables, rules.history)
    for resource in resources:
        own = tables_of(resource)
        if all(rules.blocks(table) for table in own) or (
            resource.name not in own and rules.blocks_exactly(resource.name)
        ):
            continue
        for table in schemas_of(resource, hints.naming):
            hints.check(table)
        hints.apply(resource)
        resource.add_step(Shaping(hints))
        if resource.is_transformer:
            resource.add_step(whole, insert_at=0)
        yield resource
