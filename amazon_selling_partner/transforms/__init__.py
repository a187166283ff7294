"""Changes to what is loaded: tables and columns that are blocked or hashed, rows that are
filtered, and tables of which every version is kept.

All of it happens in the last step of each resource, after incremental loading, so that calls and
cursors are the same without it.
"""

import functools
import inspect
from typing import Callable, Dict, Iterator, List, ParamSpec

import dlt
from dlt.extract import DltResource

from ..loading.isolation import declare_table_variant
from ..loading.item_store import TABLE as SYNC_ITEM
from ..loading.rows import REJECTED_TABLE
from ..modules import all_tables
from .hashing import HashSalt
from .rules import Rules, parse_rules, validate_table_names
from .table_hints import TableHints, declared_schemas, root_tables, validate_history_mode
from .transform_step import TransformStep

P = ParamSpec("P")

SETTINGS = ("blocked", "hashed", "hash_salt", "row_filters", "history_mode")


def apply_transforms(
    source: Callable[P, Iterator[DltResource]],
) -> Callable[P, Iterator[DltResource]]:
    """Applies the settings `blocked`, `hashed`, `hash_salt`, `row_filters` and `history_mode`.

    Args:
        source: Generator function of a source that has these arguments, and `modules`.
    """
    signature = inspect.signature(source)

    @functools.wraps(source)
    def transformed(*args: P.args, **kwargs: P.kwargs) -> Iterator[DltResource]:
        given = signature.bind(*args, **kwargs)
        rules = parse_rules(**{name: given.arguments.get(name) for name in SETTINGS})
        resources = []
        for resource in source(*args, **kwargs):
            declare_table_variant(resource)
            resources.append(resource)
        if not rules:
            yield from resources
            return

        yield from _transform_resources(resources, rules)

    return transformed


def _transform_resources(resources: List[DltResource], rules: Rules) -> Iterator[DltResource]:
    """The resources that are loaded, with the rules as their last step.

    Raises:
        ConfigurationError: A rule names an unknown table, or one that cannot follow it.
    """
    hints = TableHints(rules, dlt.current.source_schema().naming)
    tables: Dict[str, DltResource] = {
        table: resource for resource in resources for table in root_tables(resource)
    }
    # one file of settings may serve runs of several modules
    names = {resource.name for resource in resources}
    validate_table_names(rules, {*tables, *names, *all_tables(), REJECTED_TABLE})
    validate_history_mode(tables, rules.history)
    for resource in resources:
        if resource.name == SYNC_ITEM:
            # it has no row of Amazon's, and the next run needs all of it
            yield resource
            continue
        if _is_blocked(resource, rules):
            continue
        for table in declared_schemas(resource, hints.naming):
            hints.validate(table)
        hints.apply(resource)
        resource.add_step(TransformStep(hints))
        yield resource


def _is_blocked(resource: DltResource, rules: Rules) -> bool:
    """True when nothing of a resource is loaded, so that it makes no calls."""
    tables = root_tables(resource)
    if all(rules.blocks(table) for table in tables):
        return True
    return resource.name not in tables and rules.blocks_exactly(resource.name)


__all__ = ["HashSalt", "apply_transforms"]
