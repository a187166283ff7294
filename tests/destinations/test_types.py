"""The types of all tables in a destination's own catalog: money is exact, and times are times."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

import dlt
import pytest
from dlt.common import pendulum

from sp_api_simulator import Simulator
from tests.support import MODULES, OPT_IN_MODULES, source_of

from .targets import TARGETS
from .test_matrix import drop

INEXACT = ("double precision", "real", "double", "float")
MONEY = re.compile("amount|balance|charge|cost|credit|fee(?!dback)|price|(?<!_pct_)tax")
TEXTS = ("character varying", "text", "varchar", "longtext")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:")
INTERVALS = {("order_metrics", "interval")}
"""Texts that begin with a time: two times each."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["postgres", "mariadb"])
def test_money_is_exact_and_no_time_is_a_text(name: str, workplace: Path) -> None:
    (target,) = [target for target in TARGETS if target.name == name]
    if missing := target.missing():
        pytest.skip(missing)
    dataset = f"types_{os.getpid()}"
    pipeline = dlt.pipeline(dataset, destination=target.make(workplace), dataset_name=dataset)
    try:
        load(pipeline)
        found = catalog(pipeline)
        assert len({table for table, _, _ in found}) > 200
        counted = Counter(kind for _, _, kind in found)
        assert sum(counted[kind] for kind in INEXACT) > 20
        assert not [row for row in found if row[2] in INEXACT and MONEY.search(row[1])]
        assert times_as_text(pipeline, found) == INTERVALS
    finally:
        drop(pipeline, target)


def load(pipeline: dlt.Pipeline) -> None:
    with Simulator(orders_per_day=2, days=2, products=3, quota_factor=10_000) as sim:
        settings: Dict[str, Any] = {
            "modules": [*MODULES, *OPT_IN_MODULES],
            "merchant_id": sim.account.seller_id,
            "historical_sync_time_frame": pendulum.now().subtract(days=2).to_date_string(),
            "reports_time_budget": 20,
        }
        pipeline.run(source_of(sim, **settings))


def catalog(pipeline: dlt.Pipeline) -> List[Tuple[str, str, str]]:
    """Table, name and type of every column."""
    with pipeline.sql_client() as client:
        query = "SELECT table_name, column_name, data_type FROM information_schema.columns"
        found = client.execute_sql(f"{query} WHERE table_schema = %s", client.dataset_name)
    return [(str(table), str(column), str(kind)) for table, column, kind in found or ()]


def times_as_text(
    pipeline: dlt.Pipeline, found: List[Tuple[str, str, str]]
) -> Set[Tuple[str, str]]:
    """Columns of texts whose least and greatest value begin with a time."""
    texts: Dict[str, List[str]] = {}
    for table, column, kind in found:
        if kind in TEXTS and not column.startswith("_dlt_"):
            texts.setdefault(table, []).append(column)
    times = set()
    with pipeline.sql_client() as client:
        for table, columns in texts.items():
            named = map(client.escape_column_name, columns)
            limits = ", ".join(f"min({name}), max({name})" for name in named)
            name = client.make_qualified_table_name(table)
            (values,) = client.execute_sql(f"SELECT {limits} FROM {name}") or ()
            for column, *both in zip(columns, values[::2], values[1::2]):
                if all(TIME.match(str(value)) for value in both):
                    times.add((table, column))
    return times
