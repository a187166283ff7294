"""What 100,000 products cost a run with nothing new: state, rows, time of the processor, memory.

Against the same products in dlt's state, as an earlier version of this source kept them. Each
figure is of a process of its own.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, Iterator

import dlt
from dlt.common import pendulum

from amazon_selling_partner import make_context, resolve_values
from amazon_selling_partner.loading.account_key import add_account_key
from amazon_selling_partner.loading.item_store import sync_item
from amazon_selling_partner.lookups.product_registry import products_of

PRODUCTS = 100_000
RESOURCES = 8
"""Tables that look up ASINs, as the default modules have."""

US = "ATVPDKIKX0DER"
NOW = pendulum.datetime(2026, 6, 15, 12)
AT = "2026-06-15T12:00:00Z"
DAY = 86_400.0


def asins() -> Iterator[str]:
    return (f"B{number:09}" for number in range(PRODUCTS))


def in_items() -> Any:
    """A source whose products are items."""
    credentials = {"client_id": "c", "client_secret": "s", "refresh_token": "Atzr|t"}
    context = make_context(resolve_values(credentials=credentials))

    def producer() -> Iterator[Any]:
        products = products_of(context)
        with products.producing("orders"):
            state = dlt.current.resource_state()
            if not state.get("named"):
                for asin in asins():
                    products.register(US, asin, f"SKU {asin}")
            state["named"] = True
            yield [{"id": 1}]

    def lookup() -> Iterator[Any]:
        products = products_of(context)
        for batch in products.due_batches("asins", [US], 20, DAY, NOW):
            if batch:
                products.mark_queried(batch, batch.ids, NOW)
            yield None

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield dlt.resource(producer, name="orders")
        for number in range(RESOURCES):
            yield dlt.resource(lookup, name=f"table_{number}", parallelized=True)
        items = sync_item(context)
        add_account_key(items, "account")
        yield items

    return account()


def in_state() -> Any:
    """A source whose products are in its state, which a moving cursor changes in each run."""

    def producer() -> Iterator[Any]:
        state = dlt.current.source_state()
        state["cursor"] = time.time()
        for kind in ("asins", "skus"):
            state.setdefault(kind, {US: dict.fromkeys(asins(), "")})
        yield [{"id": 1}]

    def lookup() -> Iterator[Any]:
        queried = dlt.current.resource_state().setdefault("asked", {}).setdefault(US, {})
        for asin in dlt.current.source_state().get("asins", {}).get(US, ()):
            if queried.get(asin, "") < AT:
                queried[asin] = AT
        yield []

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield dlt.resource(producer, name="orders")
        for number in range(RESOURCES):
            yield dlt.resource(lookup, name=f"table_{number}")

    return account()


def nothing() -> Any:
    """A source without products."""

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield dlt.resource([{"id": 1}], name="orders")

    return account()


SOURCES = {"no products": nothing, "in the state": in_state, "in sync_item": in_items}


def run(name: str, folder: str) -> None:
    """One run, whose figures are printed as JSON."""
    destination = dlt.destinations.duckdb(f"{folder}/{name}.duckdb")
    pipeline = dlt.pipeline(
        name.replace(" ", "_"), destination=destination, dataset_name="data", pipelines_dir=folder
    )
    began = time.process_time()
    pipeline.run(SOURCES[name]())
    seconds = time.process_time() - began
    with pipeline.sql_client() as client:
        query = "SELECT length(state), version FROM _dlt_pipeline_state ORDER BY version DESC"
        (stored, _), *_ = client.execute_sql(query)
    print(
        json.dumps(
            {
                "state": len(json.dumps(pipeline.state, default=str)),
                "stored": stored,
                "items": pipeline.last_trace.last_normalize_info.row_counts.get("sync_item", 0),
                "seconds": seconds,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found: Dict[str, Dict[str, Any]] = {}
        for name in SOURCES:
            # the first runs learn of the products
            for _ in range(3):
                command = [sys.executable, "-m", "benchmarks.product_state", name, folder]
                done = subprocess.run(
                    command, check=True, stdout=subprocess.PIPE, env={**os.environ}
                )
                found[name] = json.loads(done.stdout.splitlines()[-1])
    print(f"{PRODUCTS} ASINs and SKUs, {RESOURCES} tables that look them up, nothing new")
    least = found["no products"]
    for name, figures in found.items():
        print(
            f"  {name:<13} state {figures['state']:>11,} bytes, stored {figures['stored']:>10,},"
            f" sync_item {figures['items']} rows,"
            f" processor {figures['seconds'] / least['seconds']:>5.2f},"
            f" memory {figures['memory'] / least['memory']:>5.2f}"
            f" ({figures['seconds']:.2f} s, {figures['memory']:.0f} MB)"
        )
    before, after = found["in the state"], found["in sync_item"]
    print(
        f"  ratio         state {after['state'] / before['state']:.5f},"
        f" processor {after['seconds'] / before['seconds']:.2f},"
        f" memory {after['memory'] / before['memory']:.2f}"
    )


if __name__ == "__main__":
    run(*sys.argv[1:]) if len(sys.argv) > 1 else main()
