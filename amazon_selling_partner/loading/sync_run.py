"""`sync_run`: one row per account and load package, written by the source itself.

It is in the package that it is about, whoever runs the pipeline, also where only some tables are
selected.
"""

from collections import Counter
from typing import Any, Iterator

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource, make_nested_hints

from ..common.column_hints import columns
from ..dlt_internals import (
    AlwaysSelected,
    ItemStep,
    current_load,
    custom_metrics,
    meta_variant,
    normalized_table_name,
    others_have_ended,
)
from .context import RunContext
from .summary import RunSummary

TABLE = "sync_run"

HINTS = dlt.mark.make_hints(
    table_name=TABLE,
    primary_key="load_id",
    write_disposition="merge",
    columns=columns(text="load_id status withheld", timestamp="started_at ended_at"),
    nested_hints={
        "tables": make_nested_hints(columns=columns(text="table_name", bigint="rows")),
        "resources": make_nested_hints(
            columns=columns(
                text="resource skipped failed left_to_load",
                bigint="requests throttled retries rejected",
                decimal="throttled_seconds",
            )
        ),
        "problems": make_nested_hints(columns=columns(text="sentence")),
    },
)


class CountStep(ItemStep):
    """Counts the rows that leave a resource for the load package, delete markers included.

    Args:
        rows: By root table.
    """

    placement_affinity = 1.3

    def __init__(self, rows: "Counter[str]") -> None:
        super().__init__()
        self._rows = rows

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """The rows as they are."""
        table = meta_variant(meta) or str(dlt.current.resource().table_name)
        number = sum(map(_count, items)) if isinstance(items, list) else _count(items)
        if number:
            self._rows[normalized_table_name(dlt.current.source_schema(), table)] += number
        return items


def _count(item: Any) -> int:
    return int(getattr(item, "num_rows", 1))


def sync_run(context: RunContext, rows: "Counter[str]") -> DltResource:
    """The row of this load package: when, rows by table, calls and waits by resource, problems.

    Args:
        rows: As the `CountStep` of each resource counts them; complete once all have ended.
    """

    def run() -> Iterator[Any]:
        started = _now(context)
        while not others_have_ended(TABLE):
            yield None
        resources = dlt.current.source().resources.selected.values()
        found = {resource.name: custom_metrics(resource) for resource in resources}
        metrics = {name: metric for name, metric in found.items() if metric}
        summary = RunSummary(rows, metrics, started=started, ended=_now(context))
        if load_id := current_load():
            yield {"load_id": load_id, **summary.row()}

    return AlwaysSelected.from_data(run, name=TABLE, hints=HINTS)


def _now(context: RunContext) -> pendulum.DateTime:
    return pendulum.from_timestamp(context.client.clock.time())
