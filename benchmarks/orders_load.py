"""CPU and memory of loading pages of orders, against bare dlt loading the same JSON from memory.

Each side runs in a process of its own; the simulator runs in a third, so it costs neither.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any, Iterator, List

import dlt

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import Simulator

ORDERS_PER_DAY, DAYS = 250, 80


def serve() -> None:
    """The simulator, until its standard input closes."""
    with Simulator(orders_per_day=ORDERS_PER_DAY, days=DAYS, quota_factor=10_000) as simulator:
        settings = {
            "credentials": simulator.credentials,
            "api_url": simulator.url,
            "token_url": simulator.token_url,
        }
        print(json.dumps(settings), flush=True)
        sys.stdin.read()


def source_side(settings: Any) -> Any:
    return amazon_selling_partner(**settings).with_resources("orders")


def bare_side(settings: Any) -> Any:
    """The same JSON as dlt would load it without this source: pages of dicts from memory."""
    pages: List[Any] = []
    kept = amazon_selling_partner(**settings).with_resources("orders")
    # their rows name a load
    for name in ("sync_item", "sync_run"):
        kept.resources.pop(name)
    pages.extend(kept)
    print(json.dumps({"orders": len(pages)}), file=sys.stderr)
    return _replay(pages)


def _replay(orders: List[Any]) -> Any:
    @dlt.resource(name="orders", primary_key="order_id", write_disposition="merge")
    def replayed() -> Iterator[Any]:
        for first in range(0, len(orders), 100):
            yield orders[first : first + 100]

    return replayed


def measure(side: str, settings: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pipeline = dlt.pipeline(f"bench_{side}", pipelines_dir=folder, destination="duckdb")
        data = source_side(settings) if side == "source" else bare_side(settings)
        cpu, began = time.process_time(), time.time()
        pipeline.run(data, loader_file_format="parquet")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with pipeline.sql_client() as client:
            (orders,) = client.execute_sql("SELECT count(*) FROM orders")[0]
        figures = {"cpu": time.process_time() - cpu, "wall": time.time() - began, "peak": peak}
        print(json.dumps({**figures, "orders": orders}))


def main() -> None:
    if len(sys.argv) > 1:
        return serve() if sys.argv[1] == "serve" else measure(sys.argv[1], json.loads(sys.argv[2]))
    command = [sys.executable, "-m", "benchmarks.orders_load"]
    server = subprocess.Popen(
        [*command, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert server.stdout and server.stdin
    settings = server.stdout.readline()
    figures = {}
    for side in ("source", "bare"):
        done = subprocess.run(
            [*command, side, settings], capture_output=True, text=True, check=True
        )
        figures[side] = json.loads(done.stdout.splitlines()[-1])
        print(f"{side:<7}", {name: round(value, 1) for name, value in figures[side].items()})
    server.stdin.close()
    server.wait()
    source, bare = figures["source"], figures["bare"]
    for figure in ("cpu", "peak"):
        print(f"{figure} ratio {source[figure] / bare[figure]:.2f}")


if __name__ == "__main__":
    main()
