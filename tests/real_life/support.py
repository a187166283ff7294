"""Loads of answers that users of SP-API met, as the public trackers show them."""

import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common import pendulum

from amazon_selling_partner.loading.summary import RunSummary
from sp_api_simulator import Simulator, VirtualClock
from tests.support import dataset, kept_open, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"


@dataclass
class Loaded:
    """What a load left behind.

    Attributes:
        tables: Rows by table.
        summary: Of the run.
    """

    tables: Dict[str, List[Dict[str, Any]]]
    summary: RunSummary

    def rows(self, table: str, **where: Any) -> List[Dict[str, Any]]:
        """Rows of a table that have these values."""
        return [
            row
            for row in self.tables.get(table, [])
            if all(row.get(name) == value for name, value in where.items())
        ]

    @property
    def problems(self) -> str:
        """The warnings of the run, one per line."""
        return "\n".join(self.summary.problems())


class Load:
    """Makes pipelines of its own, so that several loads of a file do not meet."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def __call__(self, source: Any, pipeline: Any = None) -> Loaded:
        """Runs a source to its end and reads everything back."""
        pipeline = pipeline or self.pipeline()
        pipeline.run(source)
        return Loaded(dataset(pipeline), RunSummary.of(pipeline))

    def pipeline(self) -> dlt.Pipeline:
        """A new pipeline, for more than one run."""
        name = f"real_life_{next(self._numbers)}"
        return dlt.pipeline(name, destination=kept_open("duckdb", name), dataset_name="loaded")


@contextmanager
def simulator(**options: Any) -> Iterator[Simulator]:
    """A small account."""
    options = {"orders_per_day": 2, "days": 3, "products": 4, "marketplaces": (US,), **options}
    with Simulator(clock=VirtualClock(NOW.timestamp()), **options) as simulator:
        yield simulator


def source(sim: Simulator, module: str, tables: Sequence[str] = (), **settings: Any) -> Any:
    """The source of one module, or some of its tables."""
    made = source_of(
        sim,
        **{
            "modules": [module],
            "historical_sync_time_frame": "2026-06-12",
            "merchant_id": sim.account.seller_id,
            **settings,
        },
    )
    return made.with_resources(*tables) if tables else made
