"""Which products are asked about: each once a run, new and changed ones first, none forgotten."""

import json
import threading
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

import dlt
import pytest
from dlt.common import pendulum
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_selling_partner.client import VirtualClock, iso
from amazon_selling_partner.products import TELLERS, Batch, Products
from amazon_selling_partner.simulator import Simulator

from ..truth import source_of
from ..utils import rows

NOW = pendulum.datetime(2026, 6, 15, 12)
AGE = 3600.0
Told = Tuple[str, str, str]
"""Marketplace, ASIN, when it changed."""


class Runs:
    """Runs of one account, with a table that tells products and one that asks about them.

    The state goes from run to run as JSON, as dlt keeps it.
    """

    def __init__(self) -> None:
        self.state = "{}"
        self.gone: List[str] = []

    def run(
        self,
        told: Sequence[Sequence[Told]] = (),
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
            told: What the telling table tells with each of its pages; none: it is not selected.
            unknown: ASINs that answers lack.
            unanswered: ASINs whose batch is not answered.
            partly: ASINs whose batch is answered in part.

        Returns:
            List[Batch]: The batches in the order in which they came.
        """
        products = Products()
        batches: List[Batch] = []
        self.gone = []
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
            with products.told_by("orders"):
                for page in told:
                    for place, asin, changed in page:
                        products.tell(place, asin, changed=changed)
                    yield [{"a": 1}]

        @dlt.resource(parallelized=True)
        def asks() -> Iterator[Any]:
            kept = restore()
            for batch in products.due("asins", places, size, AGE, now, also):
                if batch is None:
                    yield None
                    continue
                batches.append(batch)
                if not set(unanswered) & set(batch.ids):
                    found = [id for id in batch.ids if id not in unknown]
                    whole = not set(partly) & set(batch.ids)
                    self.gone += products.answered(batch, found, now, whole)
                yield [{"a": len(batch.ids)}]
            self.state = json.dumps(kept)

        @dlt.source(name="account")
        def account() -> Iterator[Any]:
            yield orders()
            yield asks()

        source = account()
        list(source if told else source.with_resources("asks"))
        return batches


def ids_of(batches: Sequence[Batch], place: str = "US") -> List[str]:
    return [id for batch in batches if batch.marketplace_id == place for id in batch.ids]


def test_new_ones_come_first_then_changed_ones_then_old_ones() -> None:
    runs = Runs()
    earlier = iso(NOW.subtract(days=3))
    told = [("US", "old1", ""), ("US", "old2", ""), ("US", "fresh", ""), ("US", "changed", "")]
    runs.run([[told[0]]], now=NOW.subtract(days=2))
    runs.run([[told[1]]], now=NOW.subtract(hours=30))
    runs.run([told], now=NOW.subtract(minutes=10))
    assert ids_of(runs.run(now=NOW.subtract(minutes=5))) == []
    news = [
        ("US", "changed", iso(NOW)),
        ("US", "fresh", earlier),
        ("US", "new1", iso(NOW.subtract(hours=1))),
        ("US", "new2", iso(NOW)),
    ]
    # told but not asked about: nobody who asks is in this run
    runs.run([news], now=NOW, unanswered=["changed", "new1", "new2"], size=9)
    batches = runs.run(now=NOW.add(minutes=55), size=2)
    assert [batch.ids for batch in batches] == [
        ["new2", "new1"],
        ["changed", "fresh"],
        ["old1", "old2"],
    ]


@pytest.mark.parametrize("minutes, due", [(49, False), (51, True), (60, True)])
def test_a_run_that_is_a_little_early_asks_like_the_one_an_age_later(
    minutes: int, due: bool
) -> None:
    # a sixth of the age: of a day four hours, in which the run before may have asked
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


def test_while_others_tell_only_full_batches_come() -> None:
    products, seen = Products(), []
    told = threading.Event()
    met = threading.Event()

    @dlt.resource(parallelized=True)
    def listed_item() -> Iterator[Any]:
        with products.told_by("listed_item"):
            for asin in "ABCDE":
                products.tell("US", asin)
            told.set()
            yield [{"a": 1}]
            # the table that asks has its turns meanwhile
            assert met.wait(20)
            products.tell("US", "F")
            yield [{"a": 1}]
        yield [{"a": 1}]

    @dlt.resource(parallelized=True)
    def asks() -> Iterator[Any]:
        assert told.wait(20)
        for batch in products.due("asins", ["US"], 4, AGE, NOW):
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
        yield asks()

    list(account())
    assert seen == [(["B", "C", "D", "E"], False), (["A", "F"], True)]


@pytest.mark.parametrize("how", ["it fails", "it is left", "it is another's"])
def test_nobody_waits_for_a_table_that_has_ended(how: str) -> None:
    products = Products()

    @dlt.resource(parallelized=True, name="orders" if how != "it is another's" else "sales")
    def tells() -> Iterator[Any]:
        try:
            with products.told_by("orders"):
                products.tell("US", "A")
                yield [{"a": 1}]
                if how == "it fails":
                    raise KeyError("x")
                yield [{"a": 2}]
        except KeyError:
            pass

    asked: List[str] = []

    @dlt.resource(parallelized=True)
    def asks() -> Iterator[Any]:
        for batch in products.due("asins", ["US"], 4, AGE, NOW, also=["B"]):
            asked.extend(batch.ids if batch else ())
            yield None

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield tells()
        yield asks()

    source = account()
    if how == "it is left":
        source.resources["orders"].add_limit(1)
    list(source)
    assert "B" in asked and ("A" in asked or how == "it is another's")
    assert set(TELLERS) >= {"orders", "listed_item"}


def test_what_is_no_id_or_no_time_is_let_go() -> None:
    runs = Runs()
    told: Any = [
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
    assert sorted(ids_of(runs.run([told]))) == ["D", "E", "F"]


def test_times_in_other_spellings_are_compared_as_times() -> None:
    runs = Runs()
    runs.run([[("US", "A", ""), ("US", "B", ""), ("US", "C", "")]], now=NOW)
    news = [
        # 11:30 and 12:30 UTC, and the very second in which it was asked about
        ("US", "A", "2026-06-15T13:30:00+02:00"),
        ("US", "B", "2026-06-15T05:30:00.250-07:00"),
        ("US", "C", "2026-06-15T12:00:00.900Z"),
    ]
    assert sorted(ids_of(runs.run([news], now=NOW.add(minutes=40)))) == ["B", "C"]


def test_gone_is_only_what_was_there_and_a_whole_answer_lacks() -> None:
    runs = Runs()
    told = [("US", asin, "") for asin in "ABCD"]
    runs.run([told], unknown="D", size=1)
    assert runs.gone == []
    later = [NOW.add(hours=2 * n) for n in range(6)]
    runs.run(now=later[1], unknown="ABD", partly="A", unanswered="B", size=1)
    assert runs.gone == []
    # they stayed due, as nothing was learned of them
    assert set(ids_of(runs.run(now=later[1], unknown="ABD", size=1))) == {"A", "B"}
    assert sorted(runs.gone) == ["A", "B"]
    runs.run(now=later[3], unknown="ABD", size=1)
    assert runs.gone == []
    runs.run(now=later[4], unknown="B", size=1)
    runs.run(now=later[5], unknown="ABC", size=1)
    assert sorted(runs.gone) == ["A", "C"]


def test_all_that_is_known_can_be_listed() -> None:
    known: List[str] = []

    @dlt.resource
    def tells() -> Iterator[Any]:
        products = Products()
        products.tell("US", "A", "sku 1")
        products.tell("US", "A", "sku 2")
        products.tell("CA", "B", "sku 3")
        known.extend(products.known("skus", "US"))
        known.extend(products.known("asins", "MX"))
        yield []

    @dlt.source(name="account")
    def account() -> Iterator[Any]:
        yield tells()

    list(account())
    assert known == ["sku 1", "sku 2"]


PLACES = st.sampled_from(["US", "CA"])
ASINS = st.sampled_from("ABCDEFGH")
RUN = st.fixed_dictionaries(
    {
        "hours": st.integers(0, 3),
        "told": st.lists(
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
    """Against a plain model of what was told, asked and found."""
    runs, now = Runs(), NOW
    changed: Dict[Tuple[str, str], str] = {}
    asked: Dict[Tuple[str, str], pendulum.DateTime] = {}
    there: Set[Tuple[str, str]] = set()
    for step in plan:
        # a step of a second keeps moments apart
        now = now.add(hours=step["hours"], seconds=1)
        told: List[Told] = [
            (place, asin, "" if ago is None else iso(now.add(hours=ago)))
            for place, asin, ago in step["told"]
        ]
        for place, asin, when in told:
            changed[place, asin] = max(changed.get((place, asin), ""), when)
        pages = [told[at : at + step["page"]] for at in range(0, len(told), step["page"])]
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
        due = {key for key, when in known.items() if is_due(when, asked.get(key), now)}
        given = [(batch.marketplace_id, id) for batch in batches for id in batch.ids]
        assert len(given) == len(set(given))
        assert set(given) == due
        gone: List[str] = []
        for batch in batches:
            assert 0 < len(batch.ids) <= step["size"]
            if step["unanswered"] & set(batch.ids):
                continue
            for id in batch.ids:
                key = (batch.marketplace_id, id)
                asked[key] = now
                if id not in step["unknown"]:
                    there.add(key)
                elif key in there:
                    there.discard(key)
                    gone.append(id)
        assert runs.gone == gone


def is_due(when: str, last: Optional[pendulum.DateTime], now: pendulum.DateTime) -> bool:
    return last is None or when >= iso(last) or last <= now.subtract(seconds=int(AGE))


def test_products_of_the_orders_are_asked_about_in_the_same_run(make_pipeline: Any) -> None:
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
            for order in sim.account.orders()
            for item in order["orderItems"]
        }
        loaded = {(row["asin"], row["marketplace_id"]) for row in rows(pipeline, "catalog")}
        assert loaded and {pair for pair in sold} >= loaded
        assert len(sim.requests.of("searchCatalogItems")) == 2
