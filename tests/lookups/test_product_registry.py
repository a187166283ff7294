"""Which products are looked up: each once a run, new and changed ones first, none forgotten."""

import json
import tempfile
import threading
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

import dlt
import pytest
from dlt.common import pendulum
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import MonkeyPatch

from amazon_selling_partner.common.timestamps import format_timestamp
from amazon_selling_partner.loading import item_store
from amazon_selling_partner.loading.item_store import ItemStore
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.lookups.product_registry import PRODUCERS, Batch, ProductRegistry
from sp_api_simulator import Simulator, VirtualClock
from tests.support import rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
AGE = 3600.0
Registration = Tuple[str, str, str]
"""Marketplace, ASIN, when it changed."""


class Runs:
    """Runs of one account, with a table that registers products and one that looks them up.

    The state goes from run to run as JSON, as dlt keeps it, and the items in their file.
    """

    def __init__(self) -> None:
        self.state = "{}"
        self.folder = tempfile.TemporaryDirectory()
        self.not_found: List[str] = []

    def run(
        self,
        registered: Sequence[Sequence[Registration]] = (),
        now: pendulum.DateTime = NOW,
        size: int = 3,
        places: Sequence[str] = ("US",),
        also: Sequence[str] = (),
        unknown: Iterable[str] = (),
        unanswered: Iterable[str] = (),
        partly: Iterable[str] = (),
    ) -> List[Batch]:
        """One run.

        Args:
            registered: What the first table registers with each of its pages; none: it is not selected.
            unknown: ASINs that answers lack.
            unanswered: ASINs whose batch has no response.
            partly: ASINs whose batch has a partial response.

        Returns:
            List[Batch]: The batches in the order in which they came.
        """
        store = ItemStore()
        products = ProductRegistry(store)
        batches: List[Batch] = []
        self.not_found = []
        restored = threading.Lock()
        state = self.state

        def restore() -> Any:
            nonlocal state
            with restored:
                kept = dlt.current.source_state()
                kept.update(json.loads(state))
                state = "{}"
                return kept

        @dlt.resource(parallelized=True)
        def orders() -> Iterator[Any]:
            restore()
            with products.producing("orders"):
                for page in registered:
                    for place, asin, changed in page:
                        products.register(place, asin, changed=changed)
                    yield [{"a": 1}]

        @dlt.resource(parallelized=True)
        def look_up_products() -> Iterator[Any]:
            kept = restore()
            for batch in products.due_batches("asins", places, size, AGE, now, also):
                if batch is None:
                    yield None
                    continue
                batches.append(batch)
                if not set(unanswered) & set(batch.ids):
                    found = [id for id in batch.ids if id not in unknown]
                    whole = not set(partly) & set(batch.ids)
                    self.not_found += products.mark_queried(batch, found, now, whole)
                yield [{"a": len(batch.ids)}]
            list(store.commit())
            self.state = json.dumps(kept)

        @dlt.source(name="account")
        def account() -> Iterator[Any]:
            yield orders()
            yield look_up_products()

        source = account()
        path = Path(self.folder.name) / "items"
        with MonkeyPatch.context() as patch:
            patch.setattr(item_store, "working_file", lambda *_: path)
            list(source if registered else source.with_resources("look_up_products"))
        return batches


def ids_of(batches: Sequence[Batch], place: str = "US") -> List[str]:
    return [id for batch in batches if batch.marketplace_id == place for id in batch.ids]


def test_new_ones_come_first_then_changed_ones_then_old_ones() -> None:
    runs = Runs()
    earlier = format_timestamp(NOW.subtract(days=3))
    registered = [
        ("US", "old1", ""),
        ("US", "old2", ""),
        ("US", "fresh", ""),
        ("US", "changed", ""),
    ]
    runs.run([[registered[0]]], now=NOW.subtract(days=2))
    runs.run([[registered[1]]], now=NOW.subtract(hours=30))
    runs.run([registered], now=NOW.subtract(minutes=10))
    assert ids_of(runs.run(now=NOW.subtract(minutes=5))) == []
    news = [
        ("US", "changed", format_timestamp(NOW)),
        ("US", "fresh", earlier),
        ("US", "new1", format_timestamp(NOW.subtract(hours=1))),
        ("US", "new2", format_timestamp(NOW)),
    ]
    # registered but not looked up: no table that does is in this run
    runs.run([news], now=NOW, unanswered=["changed", "new1", "new2"], size=9)
    batches = runs.run(now=NOW.add(minutes=55), size=2)
    assert [batch.ids for batch in batches] == [
        ["new2", "new1"],
        ["changed", "fresh"],
        ["old1", "old2"],
    ]


@pytest.mark.parametrize("minutes, due", [(49, False), (51, True), (60, True)])
def test_a_run_that_is_a_little_early_looks_up_like_the_one_an_age_later(
    minutes: int, due: bool
) -> None:
    # a sixth of the age: of a day four hours, in which the run before may have looked up
    runs = Runs()
    runs.run([[("US", "A", "")]], now=NOW)
    assert ids_of(runs.run(now=NOW.add(minutes=minutes))) == (["A"] if due else [])


def test_all_of_a_run_come_once_and_the_last_batches_need_not_be_full() -> None:
    pages = [[(place, f"{place}{n}", "") for place in ("US", "CA")] for n in range(8)]
    batches = Runs().run(pages, places=["US", "CA", "US"], also=[" usx ", "US1"], size=3)
    for place in ("US", "CA"):
        mine = ids_of(batches, place)
        assert len(mine) == len(set(mine))
        assert set(mine) == {f"{place}{n}" for n in range(8)} | {"USX", "US1"}
        few = [batch for batch in batches if batch.marketplace_id == place and len(batch.ids) < 3]
        assert len(few) <= 1


def test_while_others_register_only_full_batches_come() -> None:
    products, seen = ProductRegistry(ItemStore()), []
    registered = threading.Event()
    met = threading.Event()

    @dlt.resource(parallelized=True)
    def listed_item() -> Iterator[Any]:
        with products.producing("listed_item"):
            for asin in "ABCDE":
                products.register("US", asin)
            registered.set()
            yield [{"a": 1}]
            # the table that looks up has its turns meanwhile
            assert met.wait(20)
            products.register("US", "F")
            yield [{"a": 1}]
        yield [{"a": 1}]

    @dlt.resource(parallelized=True)
    def look_up_products() -> Iterator[Any]:
        assert registered.wait(20)
        for batch in products.due_batches("asins", ["US"], 4, AGE, NOW):
            if batch is None:
                if seen:
                    met.set()
                yield None
                continue
            seen.append((sorted(batch.ids), met.is_set()))
            yield [{"a": 1}]

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield listed_item()
        yield look_up_products()

    list(account())
    assert seen == [(["B", "C", "D", "E"], False), (["A", "F"], True)]


@pytest.mark.parametrize("how", ["it fails", "it is left", "it is another's"])
def test_nobody_waits_for_a_table_that_has_ended(how: str) -> None:
    products = ProductRegistry(ItemStore())

    @dlt.resource(parallelized=True, name="orders" if how != "it is another's" else "sales")
    def register_products() -> Iterator[Any]:
        try:
            with products.producing("orders"):
                products.register("US", "A")
                yield [{"a": 1}]
                if how == "it fails":
                    raise KeyError("x")
                yield [{"a": 2}]
        except KeyError:
            pass

    queried: List[str] = []

    @dlt.resource(parallelized=True)
    def look_up_products() -> Iterator[Any]:
        for batch in products.due_batches("asins", ["US"], 4, AGE, NOW, also=["B"]):
            queried.extend(batch.ids if batch else ())
            yield None

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield register_products()
        yield look_up_products()

    source = account()
    if how == "it is left":
        source.resources["orders"].add_limit(1)
    list(source)
    assert "B" in queried and ("A" in queried or how == "it is another's")
    assert set(PRODUCERS) >= {"orders", "listed_item"}


def test_what_is_no_id_or_no_time_is_let_go() -> None:
    runs = Runs()
    registered: Any = [
        ("", "A", ""),
        (None, "B", ""),
        ("US", "", ""),
        ("US", None, ""),
        ("US", {"c": 1}, ""),
        ("US", "D", "yesterday"),
        ("US", "E", None),
        ("US", "F", 7.5),
        ({"x": 1}, "G", ""),
    ]
    assert sorted(ids_of(runs.run([registered]))) == ["D", "E", "F"]


def test_times_in_other_spellings_are_compared_as_times() -> None:
    runs = Runs()
    runs.run([[("US", "A", ""), ("US", "B", ""), ("US", "C", "")]], now=NOW)
    news = [
        # 11:30 and 12:30 UTC, and the very second in which it was looked up
        ("US", "A", "2026-06-15T13:30:00+02:00"),
        ("US", "B", "2026-06-15T05:30:00.250-07:00"),
        ("US", "C", "2026-06-15T12:00:00.900Z"),
    ]
    assert sorted(ids_of(runs.run([news], now=NOW.add(minutes=40)))) == ["B", "C"]


def test_only_what_was_found_and_a_complete_answer_lacks_is_not_found() -> None:
    runs = Runs()
    registered = [("US", asin, "") for asin in "ABCD"]
    runs.run([registered], unknown="D", size=1)
    assert runs.not_found == []
    later = [NOW.add(hours=2 * n) for n in range(6)]
    runs.run(now=later[1], unknown="ABD", partly="A", unanswered="B", size=1)
    assert runs.not_found == []
    # they stayed due, as nothing was learned of them
    assert set(ids_of(runs.run(now=later[1], unknown="ABD", size=1))) == {"A", "B"}
    assert sorted(runs.not_found) == ["A", "B"]
    runs.run(now=later[3], unknown="ABD", size=1)
    assert runs.not_found == []
    runs.run(now=later[4], unknown="B", size=1)
    runs.run(now=later[5], unknown="ABC", size=1)
    assert sorted(runs.not_found) == ["A", "C"]


def test_all_that_is_known_can_be_listed() -> None:
    known: List[str] = []

    @dlt.resource
    def register_products() -> Iterator[Any]:
        products = ProductRegistry(ItemStore())
        products.register("US", "A", "sku 1")
        products.register("US", "A", "sku 2")
        products.register("CA", "B", "sku 3")
        known.extend(products.known("skus", "US"))
        known.extend(products.known("asins", "MX"))
        yield []

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield register_products()

    list(account())
    assert known == ["sku 1", "sku 2"]


PLACES = st.sampled_from(["US", "CA"])
ASINS = st.sampled_from("ABCDEFGH")
RUN = st.fixed_dictionaries(
    {
        "hours": st.integers(0, 3),
        "registered": st.lists(
            st.tuples(PLACES, ASINS, st.one_of(st.none(), st.integers(-3, 0))), max_size=8
        ),
        "page": st.integers(1, 4),
        "size": st.integers(1, 4),
        "unknown": st.sets(ASINS, max_size=3),
        "unanswered": st.sets(ASINS, max_size=2),
        "also": st.lists(ASINS, max_size=2),
    }
)


@settings(max_examples=30, deadline=None)
@given(st.lists(RUN, min_size=1, max_size=5))
def test_every_run_gives_exactly_what_is_due(plan: List[Dict[str, Any]]) -> None:
    """Against a plain model of what was registered, looked up and found."""
    runs, now = Runs(), NOW
    changed: Dict[Tuple[str, str], str] = {}
    queried: Dict[Tuple[str, str], pendulum.DateTime] = {}
    there: Set[Tuple[str, str]] = set()
    for step in plan:
        # a step of a second keeps moments apart
        now = now.add(hours=step["hours"], seconds=1)
        registered: List[Registration] = [
            (place, asin, "" if ago is None else format_timestamp(now.add(hours=ago)))
            for place, asin, ago in step["registered"]
        ]
        for place, asin, when in registered:
            changed[place, asin] = max(changed.get((place, asin), ""), when)
        pages = [
            registered[at : at + step["page"]] for at in range(0, len(registered), step["page"])
        ]
        batches = runs.run(
            pages,
            now,
            step["size"],
            ["US", "CA"],
            step["also"],
            step["unknown"],
            step["unanswered"],
        )
        known = {**{(p, a): "" for p in ("US", "CA") for a in step["also"]}, **changed}
        due = {key for key, when in known.items() if is_due(when, queried.get(key), now)}
        given = [(batch.marketplace_id, id) for batch in batches for id in batch.ids]
        assert len(given) == len(set(given))
        assert set(given) == due
        not_found: List[str] = []
        for batch in batches:
            assert 0 < len(batch.ids) <= step["size"]
            if step["unanswered"] & set(batch.ids):
                continue
            for id in batch.ids:
                key = (batch.marketplace_id, id)
                queried[key] = now
                if id not in step["unknown"]:
                    there.add(key)
                elif key in there:
                    there.discard(key)
                    not_found.append(id)
        assert runs.not_found == not_found


def is_due(when: str, last: Optional[pendulum.DateTime], now: pendulum.DateTime) -> bool:
    return last is None or when >= format_timestamp(last) or last <= now.subtract(seconds=int(AGE))


def test_products_of_the_orders_are_looked_up_in_the_same_run(make_pipeline: Any) -> None:
    """The real tables: whoever is read first, and with one thread only."""
    with Simulator(
        clock=VirtualClock(NOW.timestamp()), orders_per_day=4, days=2, products=12
    ) as sim:
        pipeline = make_pipeline("duckdb")
        source = source_of(
            sim, modules=["CATALOG", "ORDERS"], historical_sync_time_frame="2026-06-13"
        ).with_resources("catalog", "orders")
        pipeline.extract(source, workers=1, max_parallel_items=1)
        pipeline.normalize()
        pipeline.load()
        sold = {
            (item["product"]["asin"], order["salesChannel"]["marketplaceId"])
            for order in sim.orders.all()
            for item in order["orderItems"]
        }
        loaded = {(row["asin"], row["marketplace_id"]) for row in rows(pipeline, "catalog")}
        assert loaded and {pair for pair in sold} >= loaded
        assert len(sim.requests.of("searchCatalogItems")) == 2


def test_a_table_that_has_nothing_to_look_up_says_why(make_pipeline: Any) -> None:
    def notes(*names: str) -> List[str]:
        source = source_of(sim, modules=["CATALOG", "ORDERS"]).with_resources(*names)
        pipeline.run(source)
        return [text for text in RunSummary.of(pipeline).problems() if "no ASIN" in text]

    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=1, days=2, products=3) as sim:
        pipeline = make_pipeline("duckdb")
        (note,) = notes("catalog")
        assert "catalog: no ASIN is known in this pipeline yet: load ORDERS" in note
        assert notes("catalog", "orders") == []
        assert notes("catalog") == [], "earlier runs have named some"
