"""Killed while it asks and while it loads, a run leaves nothing that the next one does not mend."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.client import VirtualClock
from amazon_selling_partner.settings import MODULES, MORE_MODULES
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.areas import ROUTES
from amazon_selling_partner.simulator.vendor_book import VendorBook
from tests.truth import source_of
from tests.utils import ROOT, dataset

from .support import assert_rows

NOW = pendulum.datetime(2026, 6, 15, 12)
US, GB, INDIA = "ATVPDKIKX0DER", "A1F83G8C2ARO7P", "A21TJRUUN4KGV"
SEEN = ("retrieved_at",)
"""Columns that say when something was seen."""

ELSEWHERE = ("FINANCE", "ORDERS", "REPORTS")
"""Modules with kill tests of their own."""

GROUPS: Dict[str, List[str]] = {
    "seller": [name for name in MODULES if name not in ELSEWHERE],
    "more": list(MORE_MODULES),
    "vendor": ["VENDOR"],
}


@pytest.fixture
def sim(group: str) -> Iterator[Simulator]:
    with Simulator(
        clock=VirtualClock(NOW.timestamp()),
        orders_per_day=4 if group == "seller" else 1,
        days=12,
        products=8,
        marketplaces=[US] if group == "vendor" else [GB, INDIA],
    ) as simulator:
        for route in ROUTES:
            # the clock stands still while a run is a process of its own
            simulator.quota.rates[route.operation] = (1.0, 10**6)
        book = simulator.account.part(VendorBook)
        book.orders_per_day = book.customers_per_day = 1
        yield simulator


def load(pipeline: dlt.Pipeline, sim: Simulator, group: str) -> None:
    """Runs the source on a clock of its own, so that Amazon's stands still for all runs."""
    clock = VirtualClock(sim.clock.time())
    pipeline.run(source_of(sim, **settings_of(sim, group), clock=clock))


def settings_of(sim: Simulator, group: str) -> Dict[str, Any]:
    own: Dict[str, Any] = {
        "seller": {"merchant_id": sim.account.seller_id},
        "more": {
            "merchant_id": sim.account.seller_id,
            "asins": [product.asin for product in sim.account.catalogue][:3],
        },
        "vendor": {"is_vendor": True, "marketplace_ids": [US], "include_pii": True},
    }[group]
    return {
        "modules": GROUPS[group],
        "region": "NORTH_AMERICA" if group == "vendor" else "EUROPE",
        "historical_sync_time_frame": "2026-06-04",
        "credentials": sim.credentials,
        "api_url": sim.url,
        "token_url": sim.token_url,
        **own,
    }


def start(
    pipeline: dlt.Pipeline, sim: Simulator, group: str, jobs: int
) -> "subprocess.Popen[bytes]":
    """A run in a process of its own, which kills itself once so many jobs are loaded."""
    settings = {
        "name": pipeline.pipeline_name,
        "destination": pipeline.destination.destination_name,
        "dataset": pipeline.dataset_name,
        "time": sim.clock.time(),
        "source": settings_of(sim, group),
        "jobs": jobs,
    }
    with Path("errors.txt").open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.modules.load_once", json.dumps(settings)],
            # with its unique index a job killed after it was committed cannot be repeated
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "DESTINATION__POSTGRES__CREATE_INDEXES": "false",
            },
            stderr=errors,
        )


def told(pipeline: dlt.Pipeline) -> Dict[str, List[Dict[str, Any]]]:
    """What a dataset says of the account, whenever it was seen."""
    found = dataset(pipeline)
    for rows in found.values():
        for row in rows:
            for name in SEEN:
                row.pop(name, None)
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_runs_that_are_killed_leave_the_truth_to_the_next(
    sim: Simulator, make_pipeline: Any, destination: str, group: str
) -> None:
    whole = make_pipeline(destination, "whole")
    load(whole, sim, group)
    expected = told(whole)
    empty = set(whole.default_schema.data_table_names(seen_data_only=False)) - set(expected)
    assert not [name for name in empty if "__" not in name], "a table had nothing to load"
    asked = len(sim.requests)

    pipeline = make_pipeline(destination, dataset=f"{whole.dataset_name}_killed", shared=True)
    sim.requests.clear()
    child = start(pipeline, sim, group, jobs=0)
    # in the midst of what it asks
    while len(sim.requests) < asked // 2 and child.poll() is None:
        time.sleep(0.002)
    child.kill()
    assert child.wait() == -signal.SIGKILL, Path("errors.txt").read_text()[-3000:]
    assert asked // 2 <= len(sim.requests) < asked
    # in the midst of what it loads
    child = start(pipeline, sim, group, jobs=len(expected))
    assert child.wait() == -signal.SIGKILL, Path("errors.txt").read_text()[-3000:]

    pipeline = make_pipeline(destination, dataset=pipeline.dataset_name)
    # a package that was left half loaded is finished first, and the new data then wait for a run
    assert pipeline.has_pending_data
    for _ in range(2):
        load(pipeline, sim, group)
    found = told(pipeline)
    assert set(found) == set(expected)
    for table, rows in expected.items():
        try:
            assert_rows(found[table], rows)
        except AssertionError as error:
            raise AssertionError(f"{table} differs: {error}") from None
