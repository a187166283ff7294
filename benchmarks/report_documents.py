"""How fast report documents are read, and in how much memory, against the nearest yardsticks.

    python benchmarks/report_documents.py           some minutes
    python benchmarks/report_documents.py --full    all rows everywhere, 20 million of them in the
                                                    search-terms document (more than 3.5 GB)

Every comparison is made in one run on one machine; the best of `--repeat` runs counts, taken in
turns, so that whatever else the machine does falls on all of them.
"""

import argparse
import csv
import gzip
import http.server
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

import dlt
import duckdb
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from amazon_selling_partner.client.clock import SystemClock
from amazon_selling_partner.modules.reports.documents import (
    BIGINT,
    DECIMAL,
    TIMESTAMP,
    Document,
    FlatLayout,
    JsonLayout,
    TableLayout,
    download,
    read_document,
)

ORDER_COLUMNS = """amazon-order-id merchant-order-id purchase-date last-updated-date order-status
fulfillment-channel sales-channel order-channel ship-service-level product-name sku asin item-status
quantity currency item-price item-tax shipping-price shipping-tax gift-wrap-price gift-wrap-tax
item-promotion-discount ship-promotion-discount ship-city ship-state ship-postal-code ship-country
promotion-ids is-business-order purchase-order-number price-designation""".split()
AMOUNTS = [name.replace("-", "_") for name in ORDER_COLUMNS if name.endswith(("-price", "-tax"))]
ORDERS = FlatLayout(
    TableLayout(
        "orders",
        {
            "purchase_date": TIMESTAMP,
            "last_updated_date": TIMESTAMP,
            "quantity": BIGINT,
            **dict.fromkeys(AMOUNTS, DECIMAL),
        },
    )
)
TERMS = JsonLayout(
    {
        "dataByDepartmentAndSearchTerm": TableLayout(
            "search_terms",
            {
                "search_frequency_rank": BIGINT,
                "click_share_rank": BIGINT,
                "click_share": DECIMAL,
                "conversion_share": DECIMAL,
            },
        )
    }
)
LIST = "dataByDepartmentAndSearchTerm"


def orders(rows: int) -> Iterator[bytes]:
    """An all-orders flat file."""
    chance = random.Random(1)
    yield "\t".join(ORDER_COLUMNS).encode() + b"\r\n"
    for n in range(rows):
        price = chance.randrange(500, 99_999)
        moment = f"2024-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:{n % 59:02}+00:00"
        yield "\t".join(
            (
                f"{n % 900 + 100}-{chance.randrange(10**7):07}-{n:07}", f"M{n}", moment, moment,
                "Shipped", "Amazon", "Amazon.de", "", "Standard",
                f'Küchen-Waage 5" mit Schale, Modell {n % 5000} – weiß', f"SKU-{n % 5000:05}",
                f"B0{n % 5000:08}", "Shipped", "1", "EUR", f"{price / 100:.2f}",
                f"{price * 19 // 119 / 100:.2f}", "4.99", "0.80", "", "", "", "", "München",
                "Bayern", f"{n % 99999:05}", "DE", "", "false", "", "",
            )
        ).encode() + b"\r\n"  # fmt: skip


def terms(rows: int) -> Iterator[bytes]:
    """The records of a search-terms report, each about 175 bytes, one at a time."""
    chance = random.Random(2)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(20_000)]
    for n in range(rows):
        one, two, three = chance.choices(words, k=3)
        yield (
            f'{{"departmentName":"Amazon.com","searchTerm":"{one} {two} {three}",'
            f'"searchFrequencyRank":{n // 3 + 1},"clickedAsin":"B{n * 7919 % 10**9:09}",'
            f'"clickShareRank":{n % 3 + 1},"clickShare":0.{n % 9999:04},'
            f'"conversionShare":0.{n * 31 % 9999:04}}}'
        ).encode()


def write_terms(path: Path, rows: int) -> int:
    """Writes the gzipped document; its size in bytes when inflated."""
    size = 0
    with gzip.open(path, "wb", compresslevel=1) as file:
        size += file.write(b'{"reportSpecification":{"reportType":"X"},"%s":[' % LIST.encode())
        waiting: List[bytes] = []
        first = True
        for record in terms(rows):
            waiting.append(record)
            if len(waiting) == 10_000:
                size += file.write((b"" if first else b",") + b",".join(waiting))
                waiting, first = [], False
        if waiting:
            size += file.write((b"" if first else b",") + b",".join(waiting))
        size += file.write(b"]}")
    return size


def opened(path: Path) -> Document:
    with path.open("rb") as file:
        return Document(iter(lambda: file.read(1 << 18), b""))


def load(
    folder: Path, items: Callable[[], Iterator[Any]], table: str, form: Any = "parquet"
) -> int:
    """Loads into a new DuckDB file with dlt; the number of rows."""
    place = Path(tempfile.mkdtemp(dir=folder))
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(place),
        destination=dlt.destinations.duckdb(str(place / "data.duckdb")),
        dataset_name="bench",
    )
    pipeline.run(
        dlt.resource(items, name=table),
        loader_file_format=form,
        write_disposition="append",
    )
    with pipeline.sql_client() as client:
        rows: int = client.execute_sql(f"SELECT count(*) FROM {table}")[0][0]
    shutil.rmtree(place)
    return rows


class Cost(NamedTuple):
    """What a way took: seconds on the clock, and of the processor (which other programs that run
    at the same time change far less)."""

    seconds: float
    processor: float

    def over(self, other: "Cost") -> str:
        return (
            f"{self.seconds / other.seconds:6.2f} x on the clock,"
            f" {self.processor / other.processor:6.2f} x of the processor"
        )


def best(ways: Dict[str, Callable[[], int]], repeat: int, rows: int) -> Dict[str, Cost]:
    """The cheapest run of each way, all ways in turns; each must give all rows."""
    costs: Dict[str, Cost] = {}
    for _ in range(repeat):
        for name, way in ways.items():
            start, before = time.perf_counter(), os.times()
            found = way()
            after = os.times()
            cost = Cost(
                time.perf_counter() - start,
                after.user + after.system - before.user - before.system,
            )
            assert found == rows, f"{name}: {found} rows of {rows}"
            known = costs.get(name, cost)
            costs[name] = Cost(*map(min, known, cost))
    return costs


def flat_file(folder: Path, repeat: int, full: bool) -> None:
    rows = 500_000
    path = folder / "orders.tsv.gz"
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.writelines(orders(rows))
    sample = rows if full else rows // 5
    sample_path = folder / "sample.tsv.gz"
    with gzip.open(sample_path, "wb", compresslevel=6) as file:
        file.writelines(orders(sample))

    def ours() -> Iterator[Any]:
        with opened(path) as document:
            for _, table in read_document(document, ORDERS):
                yield table

    tables = list(ours())
    # what is loaded when nobody cuts tables for DuckDB
    whole = pa.concat_tables(tables)

    def dicts() -> Iterator[Any]:
        with gzip.open(sample_path, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file, delimiter="\t")

    def duck() -> int:
        with duckdb.connect() as connection:
            connection.execute(
                f"CREATE TABLE t AS FROM read_csv('{path}', delim='\t', quote='', all_varchar=true)"
            )
            (count,) = connection.execute("SELECT count(*) FROM t").fetchone() or (0,)
            return int(count)

    costs = best(
        {
            "this source, document to DuckDB": lambda: load(folder, ours, "orders"),
            "bare dlt, the same Arrow tables": lambda: load(folder, lambda: iter(tables), "orders"),
            "bare dlt, all rows in one Arrow table": lambda: load(
                folder, lambda: iter([whole]), "orders"
            ),
            "DuckDB read_csv, all text": duck,
        },
        repeat,
        rows,
    )
    # dicts as dlt loads them by default
    slow = best({"dicts": lambda: load(folder, dicts, "orders", None)}, 1, sample)["dicts"]
    dictionaries = Cost(*(part * rows / sample for part in slow))
    costs[f"dlt with csv.DictReader, {sample} rows, scaled"] = dictionaries
    show(f"Flat file, {rows} rows of {len(ORDER_COLUMNS)} columns, gzip", costs)
    mine = costs["this source, document to DuckDB"]
    bare = costs["bare dlt, the same Arrow tables"]
    one = costs["bare dlt, all rows in one Arrow table"]
    print(f"  {mine.over(bare)}: this source over bare dlt (wanted: at most 1.3)")
    print(f"  {mine.over(one)}: this source over bare dlt with one table")
    print(f"  {dictionaries.over(mine)}: dicts over this source (wanted: at least 20)")


def json_report(folder: Path, repeat: int) -> None:
    rows = 2_000_000
    path = folder / "terms.json.gz"
    write_terms(path, rows)
    lines = folder / "terms.ndjson.gz"
    with gzip.open(lines, "wb", compresslevel=1) as file:
        file.writelines(record + b"\n" for record in terms(rows))

    def ours() -> Iterator[Any]:
        with opened(path) as document:
            for _, table in read_document(document, TERMS):
                yield table

    def into_table() -> int:
        with duckdb.connect(str(folder / "direct.duckdb")) as connection:
            for number, table in enumerate(ours()):
                connection.register("arrow", table)
                verb = "INSERT INTO t" if number else "CREATE OR REPLACE TABLE t AS"
                connection.execute(f"{verb} FROM arrow")
            (count,) = connection.execute("SELECT count(*) FROM t").fetchone() or (0,)
            return int(count)

    def duck(query: str) -> Callable[[], int]:
        def run() -> int:
            with duckdb.connect(str(folder / "direct.duckdb")) as connection:
                connection.execute(f"CREATE OR REPLACE TABLE t AS {query}")
                (count,) = connection.execute("SELECT count(*) FROM t").fetchone() or (0,)
                return int(count)

        return run

    costs = best(
        {
            "this source, document to a DuckDB table": into_table,
            "this source, document to DuckDB through dlt": lambda: load(folder, ours, "terms"),
            "DuckDB read_json, the same document": duck(
                f"SELECT unnest({LIST}, recursive := true) FROM read_json('{path}',"
                " maximum_object_size=2000000000)"
            ),
            "DuckDB read_json, its rows as JSON Lines": duck(
                f"FROM read_json('{lines}', format='newline_delimited')"
            ),
        },
        repeat,
        rows,
    )
    show(f"JSON report, {rows} rows, gzip", costs)
    for name, cost in list(costs.items())[:2]:
        for yardstick, other in list(costs.items())[2:]:
            print(f"  {cost.over(other)}: {name} over {yardstick} (wanted: at most 3)")


def memory(folder: Path, rows: int) -> None:
    """Downloads from a loopback server and reads in a process of its own; prints its memory."""
    path = folder / "large.json.gz"
    size = write_terms(path, rows)

    class Here(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, directory=str(folder), **options)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/{path.name}"
    print(f"\nMemory, search-terms document of {rows} rows, {size / 1e9:.2f} GB inflated")
    for mode in ("read", "load"):
        done = subprocess.run(
            [sys.executable, __file__, "--child", mode, "--url", url, "--folder", str(folder)],
            stdout=subprocess.PIPE,
            check=True,
        )
        result = json.loads(done.stdout.splitlines()[-1])
        assert result["rows"] == rows
        print(f"  {result['peak_mb']:8.0f} MB peak, {result['seconds']:6.1f} s  {result['what']}")
    server.shutdown()
    path.unlink()


def child(mode: str, url: str, folder: str) -> None:
    start = time.perf_counter()
    rows = 0

    def tables() -> Iterator[pa.Table]:
        nonlocal rows
        with download(url, SystemClock()) as document:
            for _, table in read_document(document, TERMS):
                rows += table.num_rows
                yield table

    if mode == "read":
        for _ in tables():
            pass
    else:
        pipeline = dlt.pipeline("bench", pipelines_dir=folder, destination="duckdb")
        pipeline.extract(dlt.resource(tables, name="terms"), loader_file_format="parquet")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = "download and read" if mode == "read" else "download, read and dlt extract"
    seconds = time.perf_counter() - start
    print(json.dumps({"rows": rows, "peak_mb": peak, "seconds": seconds, "what": what}))
    if mode == "load":
        shutil.rmtree(Path(folder) / "bench")


def show(title: str, costs: Dict[str, Cost]) -> None:
    print(f"\n{title}")
    for name, cost in costs.items():
        print(
            f"  {cost.seconds:8.2f} s on the clock, {cost.processor:8.2f} s of the processor:"
            f" {name}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--full", action="store_true", help="all rows, 20 million in the large one")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each way, the best counts")
    parser.add_argument("--only", choices=["flat", "json", "memory"], help="one of the parts")
    parser.add_argument("--folder", help="where to put the documents, a temporary one by default")
    parser.add_argument("--child", choices=["read", "load"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.url, options.folder)
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        if options.only in (None, "flat"):
            # seconds are few here, so that more runs are needed to find the undisturbed one
            flat_file(folder, 2 * options.repeat, options.full)
        if options.only in (None, "json"):
            json_report(folder, options.repeat)
        if options.only in (None, "memory"):
            memory(folder, 20_000_000 if options.full else 2_000_000)


if __name__ == "__main__":
    main()
