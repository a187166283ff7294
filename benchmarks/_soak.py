"""The living account of the soak and its runs; as a process, one run that is to be killed."""

import json
import mmap
import os
import random
import struct
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set

import dlt
import duckdb
from dlt.common import pendulum
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client import VirtualClock
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.catalog import CatalogBook
from amazon_selling_partner.simulator.finance_book import FinanceBook
from amazon_selling_partner.simulator.listings import ListingBook
from amazon_selling_partner.simulator.log import Request
from amazon_selling_partner.simulator.reports import ReportBook
from amazon_selling_partner.simulator.stock import StockBook
from amazon_selling_partner.sync.packages import load_packages

ROOT = Path(__file__).resolve().parents[1]
HISTORY = pendulum.datetime(2026, 3, 1)
"""Where the account, and what is loaded of it, begins."""

START = pendulum.datetime(2026, 3, 25, 12)
"""The first run."""

HOUR, DAY = 3600.0, 86_400.0
QUIET_DAYS = 8
"""Days at the end in which no listing vanishes: that is noticed within a week."""

MODULES = ["ORDERS", "FINANCE", "REPORTS", "CATALOG", "LISTED_ITEM", "FBA"]
REPORTS = {
    "reports": (
        "fba_returns_report",
        "orders_report",
        "merchant_listings_report",
        "settlement_report",
    ),
    "sales": (
        "sales_and_traffic_business_sku_report_daily",
        "sales_and_traffic_business_sku_report_monthly",
    ),
}
GROUPS = {
    "orders": ("marketplace_participation", "orders", "order_metrics"),
    "finance": ("financial_event_group", "financial_events"),
    "reports": ("report_run", "report_rejected_row", *REPORTS["reports"]),
    "sales": ("report_run", "report_rejected_row", *REPORTS["sales"]),
    "products": ("catalog", "listed_item", "fba_inventory_summary"),
}
"""Tables that are loaded together. Orders are loaded in every run, the others by turns: a run that
writes eighty tables takes twice the time."""

EVENTS = ("AdjustmentEventList", "CouponPaymentEventList", "ServiceFeeEventList")
"""Finance has events of orders, of refunds, and of these; more tables only take more time."""

ROLES = (
    *("Brand Analytics", "Finance and Accounting", "Inventory and Order Tracking"),
    *("Product Listing", "Amazon Fulfillment"),
)
FAULTS: List[Dict[str, Any]] = [
    {"kind": "throttle"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503, "form": "html"},
    {"kind": "reset"},
    {"kind": "lost"},
    {"kind": "reset_mid_body"},
    {"kind": "truncate"},
    {"kind": "broken_json"},
    {"kind": "expired_token"},
    {"kind": "slow", "seconds": 20.0},
    {"kind": "status", "operation": "token"},
]


class SharedClock(VirtualClock):
    """A virtual clock that other processes share, by a file.

    Args:
        file (Path): Eight bytes: its time.
        start (Optional[float]): First value of `time()`; None takes that of the file.
    """

    def __init__(self, file: Path, start: Optional[float] = None) -> None:
        if start is not None:
            file.write_bytes(struct.pack("d", start))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), 8)
        super().__init__(self._now)

    @property
    def _now(self) -> float:  # type: ignore[override]
        return float(struct.unpack_from("d", self._shared)[0])

    @_now.setter
    def _now(self, value: float) -> None:
        struct.pack_into("d", self._shared, 0, value)


@dataclass
class Settings:
    """What a process needs to make one run."""

    folder: str
    name: str
    credentials: Dict[str, str]
    url: str
    token_url: str
    merchant_id: str
    seconds: Optional[float]
    groups: List[str]
    skipped: List[str]
    package_time: float
    more: Dict[str, Any] = field(default_factory=dict)


@contextmanager
def pipeline_of(settings: Settings) -> Iterator[dlt.Pipeline]:
    """The pipeline as a new process finds it, with its database open: opening takes long."""
    with duckdb.connect(f"{settings.folder}/{settings.name}.duckdb") as connection:
        try:
            yield dlt.pipeline(
                settings.name,
                pipelines_dir=f"{settings.folder}/pipelines",
                destination=dlt.destinations.duckdb(connection),
                dataset_name="soak_data",
            )
        finally:
            context = Container()[PipelineContext]
            if context.is_active():
                context.deactivate()


def load_once(settings: Settings, clock: VirtualClock) -> List[Any]:
    """One run, as the script makes it; what its packages did."""

    def make_source(package_time: float) -> Any:
        source = amazon_selling_partner(
            credentials=settings.credentials,  # type: ignore[arg-type]
            api_url=settings.url,
            token_url=settings.token_url,
            clock=clock,
            merchant_id=settings.merchant_id,
            modules=MODULES,
            historical_sync_time_frame=HISTORY.to_date_string(),
            package_time=package_time,
            **settings.more,
        )
        names = [name for group in settings.groups for name in GROUPS[group]]
        return source.with_resources(*(name for name in names if name not in settings.skipped))

    def load(pipeline: dlt.Pipeline, source: Any) -> None:
        pipeline.run(source, loader_file_format="parquet").raise_on_failed_jobs()

    with pipeline_of(settings) as pipeline:
        return list(
            load_packages(
                pipeline, make_source, load, settings.seconds, settings.package_time, clock=clock
            )
        )


@dataclass
class Run:
    """What became of a run.

    Attributes:
        began: Simulator's time, seconds.
        ended: The same.
        groups: What it loaded, of `GROUPS`.
        disturbed: What went wrong, empty when nothing did.
        whole: It loaded all there was, in one package.
        requests: What it asked.
    """

    began: float
    groups: List[str]
    ended: float = 0.0
    disturbed: str = ""
    whole: bool = False
    requests: List[Request] = field(default_factory=list)

    @property
    def calm(self) -> bool:
        """Nothing disturbed it, and it loaded all there was."""
        return self.whole and not self.disturbed


class Soak:
    """A living account and its runs.

    Args:
        simulator (Simulator): The account, on a `SharedClock`.
        folder (Path): Working directory; holds the clock, the pipelines and the datasets.
        runs (int): How often it is loaded.
        days (float): Over how many days.
        seed (int): Of what happens.
        kills (Optional[int]): How many runs are killed; a twelfth by default.
        groups (Sequence[str]): What is loaded, of `GROUPS`.

    Attributes:
        made (List[Run]): All runs.
        removed (Dict[str, Set[str]]): What is gone at Amazon, by table.
        happened (Counter): How often what happened.
    """

    def __init__(
        self,
        simulator: Simulator,
        folder: Path,
        runs: int,
        days: float,
        seed: int = 1,
        kills: Optional[int] = None,
        groups: Sequence[str] = tuple(GROUPS),
    ) -> None:
        self.simulator = simulator
        self.clock = simulator.clock
        self.folder = folder
        self.runs = runs
        self.groups = list(groups)
        self.gap = days * DAY / runs
        self.end = simulator.clock.time() + days * DAY
        self.made: List[Run] = []
        self.removed: Dict[str, Set[str]] = {"listed_item": set(), "fba_inventory_summary": set()}
        self.happened: Counter[str] = Counter()
        self._rng = random.Random(f"soak {seed}")
        self._roles: Dict[str, int] = {}
        self._settled = 0
        kills = runs // 12 if kills is None else kills
        self._killed = set(self._rng.sample(range(1, runs), kills))
        self._length = 5.0
        self._calls = 40

    @property
    def account(self) -> Any:
        """The seller."""
        return self.simulator.account

    def settings(
        self,
        seconds: Optional[float] = 12 * HOUR,
        name: str = "soak",
        groups: Optional[List[str]] = None,
        skipped: Sequence[str] = (),
        package_time: float = 12 * HOUR,
        **more: Any,
    ) -> Settings:
        """What a run of a pipeline needs."""
        sim = self.simulator
        return Settings(
            str(self.folder),
            name,
            sim.credentials,
            sim.url,
            sim.token_url,
            sim.account.seller_id,
            seconds,
            groups or self.groups,
            list(skipped),
            package_time,
            {"reports_time_budget": package_time, **more},
        )

    def go(self) -> None:
        """Lives through all the days."""
        began = self.clock.time()
        for number in range(self.runs):
            until = began + number * self.gap
            if number:
                self._sleep_until(self._rng.uniform(self.clock.time(), until))
                self._live()
            self._sleep_until(until)
            self._run(number)
        self._sleep_until(self.end)
        self.account.roles.update(self._roles)
        self._roles.clear()
        self._live(loss=False)
        # all stock is read again after a day
        self.clock.advance(21 * HOUR)
        self._settlements()
        self.load(Run(self.clock.time(), self.groups), self.settings(seconds=None))

    def _sleep_until(self, moment: float) -> None:
        self.clock.advance(max(0.0, moment - self.clock.time()))

    # what happens to the account

    def _live(self, loss: bool = True) -> None:
        """What happens in the time between two runs, besides what the simulator does by itself."""
        chance = self._rng.random
        self._settlements()
        orders = [order["orderId"] for order in self.account.orders(data=frozenset())]
        for order_id in self._rng.sample(orders, min(2, len(orders))):
            if chance() < 0.5:
                self.account.touch_order(order_id)
                self.happened["orders touched"] += 1
            elif chance() < 0.2:
                self.account.change_order(order_id, {"programs": ["PREORDER"]})
                self.happened["orders changed by hand"] += 1
        listings, stock = self.account.part(ListingBook), self.account.part(StockBook)
        catalog = self.account.part(CatalogBook)
        product = self._rng.choice(list(self.account.catalogue))
        kept = product.sku not in self.removed["listed_item"]
        ending = self.clock.time() > self.end - QUIET_DAYS * DAY
        if chance() < 0.2 and kept:
            listings.change(product.sku, itemName=f"Renamed {self.happened['listings changed']}")
            self.happened["listings changed"] += 1
        elif chance() < 0.02 and kept and loss and not ending:
            listings.remove(product.sku)
            self.removed["listed_item"].add(product.sku)
            self.happened["listings removed"] += 1
        if chance() < 0.1:
            catalog.changed[product.asin] = {"color": f"shade {self.happened['items changed']}"}
            self.happened["items changed"] += 1
        elif chance() < 0.05:
            catalog.gone.symmetric_difference_update({product.asin})
            self.happened["items gone or back"] += 1
        some = self._rng.choice(stock.shelf)
        if chance() < 0.2:
            stock.adjust(self.account.marketplaces[0].id, some.sku, self._rng.choice((5, 9)))
            self.happened["stock found"] += 1
        elif chance() < 0.01 and loss and len(self.removed["fba_inventory_summary"]) < 3:
            stock.remove(some.sku)
            self.removed["fba_inventory_summary"].add(some.sku)
            self.happened["SKUs out of stock's books"] += 1

    def _settlements(self) -> None:
        """Amazon writes a settlement report for each group that has closed."""
        now = self.account.now()
        for group in self.account.part(FinanceBook).groups(now):
            if self._settled < group.end <= now:
                (place,) = (
                    one.id for one in self.account.marketplaces if one.currency == group.currency
                )
                self.account.part(ReportBook).make(
                    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", group.start, group.end, place
                )
                self.happened["groups closed"] += 1
        self._settled = now

    # the runs

    def _run(self, number: int) -> None:
        """One run and what disturbs it."""
        turns = self.groups[1:]
        groups = ["orders", turns[number % len(turns)]]
        # the first run loads the history of all
        run = Run(self.clock.time(), groups if number else self.groups)
        seconds = 12 * HOUR
        chance = self._rng.random()
        self._come_and_go()
        if self._roles:
            run.disturbed = "without a role"
        if number and chance < 0.2:
            run.disturbed = "faults"
            for fault in FAULTS:
                rare = 0.01 if fault["kind"] == "slow" else 0.02
                self.simulator.faults.add(**fault, probability=rare)
        elif number and chance < 0.23:
            run.disturbed = "outage"
            self.simulator.faults.outage = True
        elif number and chance < 0.27:
            run.disturbed = "little time"
            seconds = self._rng.uniform(1, 60)
        if number in self._killed:
            run.disturbed = "killed"
            self._kill(run, self.settings(seconds=seconds, groups=run.groups))
        else:
            self.load(run, self.settings(seconds=seconds, groups=run.groups))
        self.simulator.faults.clear()
        self.happened[f"runs: {run.disturbed or 'undisturbed'}"] += 1

    def _come_and_go(self) -> None:
        """Roles that were taken away come back, and another one goes."""
        for role in [role for role, left in self._roles.items() if not left]:
            del self._roles[role]
            self.account.roles.add(role)
        for role in self._roles:
            self._roles[role] -= 1
        if self.made and self._rng.random() < 0.03:
            role = self._rng.choice(ROLES)
            self._roles.setdefault(role, self._rng.randrange(0, 4))
            self.account.roles.discard(role)
            self.happened["roles taken"] += 1

    def load(self, run: Run, settings: Settings) -> None:
        """A run in this process."""
        before = len(self.simulator.requests)
        began = time.monotonic()
        try:
            told = load_once(settings, self.clock)  # type: ignore[arg-type]
            run.whole = len(told) == 1 and not told[0].left and not told[0].failed
        except Exception as error:
            if not run.disturbed:
                raise
            self.happened[f"runs that ended with {type(error.__cause__ or error).__name__}"] += 1
        self._length = time.monotonic() - began
        self._keep(run, before)
        self._calls = len(run.requests)

    def _kill(self, run: Run, settings: Settings) -> None:
        """A run in a process of its own, which is killed at a moment nobody expects."""
        before = len(self.simulator.requests)
        with (self.folder / "errors.txt").open("w") as errors:
            child = subprocess.Popen(
                [sys.executable, "-m", "benchmarks._soak", json.dumps(vars(settings))],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd=self.folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert child.stdout and child.stdout.readline() == "started\n"
        began = time.monotonic()
        # half of them by the calls made, half by time, which is mostly after the calls
        calls = self._rng.randrange(1, self._calls + 1)
        seconds = self._rng.uniform(0.1, 1.1) * self._length
        by_calls = self._rng.random() < 0.5
        while child.poll() is None:
            spent = time.monotonic() - began
            if len(self.simulator.requests) - before >= calls if by_calls else spent > seconds:
                child.kill()
                self.happened["runs killed in time"] += 1
                break
            time.sleep(0.002)
        assert child.wait() in (0, -9), (self.folder / "errors.txt").read_text()[-3000:]
        self._keep(run, before)

    def _keep(self, run: Run, before: int) -> None:
        run.ended = self.clock.time()
        run.requests = list(self.simulator.requests)[before:]
        self.made.append(run)


def prepared() -> None:
    """Settings of dlt for many small runs."""
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"


def account(clock: VirtualClock, orders_per_day: int, products: int = 24, seed: int = 3) -> Any:
    """The simulator of the account as it is before the first run."""
    simulator = Simulator(
        seed=seed,
        orders_per_day=orders_per_day,
        days=(START.start_of("day") - HISTORY).days,
        products=products,
        clock=clock,
    )
    simulator.account.part(FinanceBook).others = EVENTS
    # a first look finds a report made: how often one looks is measured in report_requests
    reports = simulator.account.part(ReportBook)
    reports.queue_seconds, reports.making_seconds = 4, 8
    return simulator


if __name__ == "__main__":
    prepared()
    given = Settings(**json.loads(sys.argv[1]))
    print("started", flush=True)
    load_once(given, SharedClock(Path(given.folder) / "clock"))
