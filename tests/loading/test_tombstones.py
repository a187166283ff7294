"""What is deleted at Amazon: marked with its last values, deleted, or left, as the setting says."""

import datetime
import importlib
from functools import partialmethod
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import dlt
import pytest
from dlt.common import Decimal, pendulum
from dlt.extract import make_nested_hints

from amazon_selling_partner.client.errors import ConfigurationError
from amazon_selling_partner.common.column_hints import columns
from amazon_selling_partner.loading import tombstones as deletes
from amazon_selling_partner.loading.summary import problems
from amazon_selling_partner.loading.tombstones import (
    deleted_column,
    existing_rows,
    tombstones,
    validate_capture_deletes,
)
from sp_api_simulator import Simulator
from tests.support import MODULES, OPT_IN_MODULES, dataset, rows, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)
PLACE = {"selling_partner": "amazon_selling_partner", "marketplace_id": "US"}


def thing(asin: str, **changes: Any) -> Dict[str, Any]:
    """A row with everything a row can have."""
    return {
        **PLACE,
        "asin": asin,
        "price": {"amount": "12.50", "currencyCode": "USD"},
        "size": {"item": {"height": {"value": Decimal("10.49999998929")}}},
        "count": 3,
        "adult": False,
        "released": "1988-03-22",
        "updated": "2026-06-01T10:00:00.250Z",
        "note": "“déjà” 100% %s",
        "attributes": {"brand": [{"value": "Østby", "n": 1.5}], "none": []},
        "plain_text": "00123",
        "spelled": "[1]",
        "parts": [
            {
                "asin": asin,
                "number": n,
                "cost": Decimal(f"{n}.25"),
                "labels": ["x", "y"],
                "inside": {"deep": [{"at": f"2026-06-0{m}T00:00:00Z"} for m in (1, 2)]},
            }
            for n in (1, 2, 3)
        ],
        "words": ["b", "a"],
        **changes,
    }


def table(choice: str, make: Callable[[], Iterator[Any]]) -> Any:
    resource = dlt.resource(
        make,
        name="thing",
        primary_key=("selling_partner", "marketplace_id", "asin"),
        write_disposition="merge",
        columns={
            **columns(
                text="selling_partner marketplace_id asin plain_text spelled",
                timestamp="updated",
                date="released",
                decimal="price__amount",
                json="attributes",
            ),
            "size__item__height__value": {"data_type": "decimal", "precision": 38, "scale": 18},
        },
        nested_hints={
            "parts": make_nested_hints(columns=columns(decimal="cost", json="labels")),
        },
    )
    resource.apply_hints(columns=deleted_column(choice))
    return resource


def run(pipeline: dlt.Pipeline, choice: str, make: Callable[[], Iterator[Any]]) -> None:
    @dlt.source(name="amazon_selling_partner")
    def source() -> Any:
        return table(choice, make)

    pipeline.run(source())


def load(pipeline: dlt.Pipeline, choice: str, *things: Dict[str, Any]) -> None:
    run(pipeline, choice, lambda: iter([list(things)]))


def lose(
    pipeline: dlt.Pipeline, choice: str, *asins: str, now: pendulum.DateTime = NOW
) -> List[Dict[str, Any]]:
    given: List[Dict[str, Any]] = []

    def make() -> Iterator[Any]:
        for row in tombstones("thing", PLACE, "asin", asins, now, choice):
            given.append(row)
            yield row

    run(pipeline, choice, make)
    return given


def without_mark(tables: Dict[str, List[Dict[str, Any]]]) -> Dict[str, Any]:
    return {
        name: [{k: v for k, v in row.items() if k != "deleted_at"} for row in found]
        for name, found in tables.items()
    }


def marks(pipeline: dlt.Pipeline) -> Dict[str, Any]:
    return {row["asin"]: row["deleted_at"] for row in rows(pipeline, "thing")}


def test_soft_keeps_the_last_values_with_all_below_them(
    make_pipeline: Any, destination: str
) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, "soft", thing("A"), thing("B"), {**thing("A"), "marketplace_id": "CA"})
    before = dataset(pipeline)
    assert {"thing", "thing__parts", "thing__words", "thing__parts__inside__deep"} == set(before)
    assert len(before["thing__parts__inside__deep"]) == 18
    (given,) = lose(pipeline, "soft", "A", "unknown")
    assert given["deleted_at"] == NOW
    after = dataset(pipeline)
    assert without_mark(after) == without_mark(before)
    found = {(r["marketplace_id"], r["asin"]): r["deleted_at"] for r in after["thing"]}
    assert found.pop(("US", "A")) == NOW
    assert set(found.values()) == {None}
    # the hint and the columns are what they were, no column is new
    named = {name for row in after["thing"] for name in row}
    assert not [name for name in named if "__v_" in name]
    for table in ("thing__parts", "thing__words"):
        # lists keep their order
        for key in by_position(pipeline, table).values():
            assert [part for _, part in sorted(key)] == (
                [1, 2, 3] if "parts" in table else ["b", "a"]
            )
    row = next(r for r in after["thing"] if r["deleted_at"])
    assert row["price__amount"] == Decimal("12.50") and row["count"] == 3
    assert row["size__item__height__value"] == Decimal("10.49999998929")
    assert row["released"] == datetime.date(1988, 3, 22) and row["plain_text"] == "00123"


def by_position(pipeline: dlt.Pipeline, table: str) -> Dict[str, List[Any]]:
    """Positions and values of the lists of a child table, by parent."""
    value = "number" if table == "thing__parts" else "value"
    found: Dict[str, List[Any]] = {}
    with pipeline.sql_client() as client:
        name = client.make_qualified_table_name(table)
        query = f"SELECT _dlt_parent_id, _dlt_list_idx, {value} FROM {name}"
        with client.execute_query(query) as cursor:
            for parent, position, part in cursor.fetchall():
                found.setdefault(parent, []).append((position, part))
    return found


def test_soft_is_unmarked_when_it_comes_back(make_pipeline: Any, destination: str) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, "soft", thing("A"), thing("B"))
    lose(pipeline, "soft", "A", "B")
    assert set(marks(pipeline).values()) == {NOW}
    # what is marked stays as it is, whoever says so again
    assert lose(pipeline, "soft", "A", now=NOW.add(days=1)) == []
    load(pipeline, "soft", thing("A", count=4, words=["c"]))
    assert marks(pipeline) == {"A": None, "B": NOW}
    assert {r["asin"]: r["count"] for r in rows(pipeline, "thing")} == {"A": 4, "B": 3}
    assert len(rows(pipeline, "thing__words")) == 3


def test_hard_deletes_with_all_below(make_pipeline: Any, destination: str) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, "hard", thing("A"), thing("B"))
    lose(pipeline, "hard", "A", "unknown")
    assert marks(pipeline) == {"B": None}
    assert {r["asin"] for r in rows(pipeline, "thing__parts")} == {"B"}
    assert len(rows(pipeline, "thing__parts__inside__deep")) == 6
    assert len(rows(pipeline, "thing__words")) == 2


def test_off_leaves_everything(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    load(pipeline, "off", thing("A"))
    before = dataset(pipeline)
    assert lose(pipeline, "off", "A") == []
    assert dataset(pipeline) == before and "deleted_at" not in before["thing"][0]


def test_the_choice_may_change(make_pipeline: Any, destination: str) -> None:
    pipeline = make_pipeline(destination)
    load(pipeline, "off", thing("A"), thing("B"), thing("C"))
    # the first run with marks: the destination has no such column yet
    (given,) = lose(pipeline, "soft", "A")
    assert marks(pipeline) == {"A": NOW, "B": None, "C": None}
    lose(pipeline, "hard", "B")
    assert set(marks(pipeline)) == {"A", "C"}
    # after hard a mark is again a mark and deletes nothing
    lose(pipeline, "soft", "C")
    assert marks(pipeline) == {"A": NOW, "C": NOW}
    load(pipeline, "off", thing("C"))
    assert marks(pipeline) == {"A": NOW, "C": None}


def loaded_now(pipeline: dlt.Pipeline, choice: str, *calls: Dict[str, Any]) -> List[Any]:
    """What several calls of `loaded` find in one run."""
    found: List[Any] = []

    def make() -> Iterator[Any]:
        usual = {"table": "thing", "constant": PLACE, "names": ("asin", "count")}
        found.extend(sorted(existing_rows(**{**usual, **call})) for call in calls)
        yield []

    run(pipeline, choice, make)
    return found


def test_what_is_loaded_can_be_requested(make_pipeline: Any, destination: str) -> None:
    pipeline = make_pipeline(destination)
    assert loaded_now(pipeline, "soft", {}) == [[]]
    load(
        pipeline,
        "off",
        thing("A"),
        thing("B", updated="2026-06-03T00:00:00Z", count=7),
        thing("C", updated=None),
        {**thing("X"), "marketplace_id": "CA"},
    )
    # with the column of marks not there yet, and with it
    assert loaded_now(pipeline, "soft", {}) == [[("A", 3), ("B", 7), ("C", 3)]]
    lose(pipeline, "soft", "B")
    june = pendulum.datetime(2026, 6, 1, 10)
    window = {"time_column": "updated", "end": june.add(days=1)}
    assert loaded_now(
        pipeline,
        "off",
        {},
        {**window, "start": june},
        {**window, "start": june.add(seconds=1)},
        {"table": "other"},
        {"names": ("other",)},
    ) == [[("A", 3), ("C", 3)], [("A", 3), ("C", 3)], [("C", 3)], [], []]


def test_many_are_marked_in_several_queries(make_pipeline: Any) -> None:
    pipeline = make_pipeline("duckdb")
    asins = [f"{n:05d}" for n in range(deletes.QUERY_SIZE + 50)]
    small = [{**PLACE, "asin": asin, "parts": [{"n": asin, "deep": [{"n": 1}]}]} for asin in asins]
    load(pipeline, "soft", *small)
    assert len(lose(pipeline, "soft", *asins)) == len(asins)
    assert set(marks(pipeline).values()) == {NOW}
    assert len(rows(pipeline, "thing__parts")) == len(rows(pipeline, "thing__parts__deep"))
    assert len(rows(pipeline, "thing__parts")) == len(asins)


def test_a_destination_that_cannot_be_read_is_reported_once() -> None:
    pipeline = dlt.pipeline("unreadable", destination=dlt.destination(lambda items, table: None))
    load(pipeline, "soft", thing("A"))

    def make() -> Iterator[Any]:
        for _ in range(2):
            assert existing_rows("thing", PLACE, ("asin",)) == []
            assert list(tombstones("thing", PLACE, "asin", ["A"], NOW, "soft")) == []
        yield []

    run(pipeline, "soft", make)
    (sentence,) = problems(pipeline)
    assert sentence.startswith("thing: what was deleted upstream is not marked")


@pytest.mark.parametrize("choice", ["Soft", "", "mark"])
def test_another_choice_is_refused_with_the_fix(choice: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        validate_capture_deletes(choice)
    assert f"capture_deletes = {choice!r}" in str(caught.value) and "hard" in str(caught.value)


@pytest.mark.parametrize("choice", deletes.CHOICES)
def test_the_choices_are_taken(choice: str) -> None:
    assert validate_capture_deletes(choice) == choice


def test_without_captured_deletes_a_table_keeps_its_columns() -> None:
    with Simulator(orders_per_day=0) as sim:
        modules = [*MODULES, *OPT_IN_MODULES]
        soft, off = (
            source_of(sim, modules=modules, capture_deletes=choice, merchant_id="A1")
            for choice in ("soft", "off")
        )
    marked = set()
    for name, resource in soft.resources.items():
        columns = dict(resource.compute_table_schema()["columns"])
        if columns.pop("deleted_at", None):
            marked.add(name)
        assert dict(off.resources[name].compute_table_schema()["columns"]) == columns, name
    assert {"catalog", "listed_item", "fba_inventory_summary", "competitive_price"} <= marked


@pytest.mark.parametrize("table_format, module", [("delta", "deltalake"), ("iceberg", "pyiceberg")])
def test_open_tables_are_read_without_a_database(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, table_format: str, module: str
) -> None:
    pytest.importorskip(module)
    open_tables = importlib.import_module("amazon_selling_partner.loading.open_tables")
    destination = dlt.destinations.filesystem(bucket_url=(workplace / "files").as_uri())
    open_tables.use_open_tables(destination, table_format)
    pipeline = dlt.pipeline("open", destination=destination, dataset_name="loaded")
    load_parquet = partialmethod(dlt.Pipeline.run, loader_file_format="parquet")
    monkeypatch.setattr(dlt.Pipeline, "run", load_parquet)
    monkeypatch.delattr(dlt.Pipeline, "sql_client")
    load(pipeline, "soft", thing("A"), thing("B"), {**thing("A"), "marketplace_id": "CA"})
    (given,) = lose(pipeline, "soft", "A", "unknown")
    assert [part["labels"] for part in given["parts"]] == [["x", "y"]] * 3
    assert [len(part["inside"]["deep"]) for part in given["parts"]] == [2, 2, 2]
    assert (given["price"]["amount"], given["note"]) == (Decimal("12.50"), thing("A")["note"])
    left: List[Any] = []

    def look() -> Iterator[Any]:
        for days in (0, 30):
            start = NOW.subtract(days=days)
            left.append(existing_rows("thing", PLACE, ("asin",), "updated", start, NOW))
        yield []

    run(pipeline, "soft", look)
    assert left == [[], [("B",)]]
    # what is marked is not marked again
    assert lose(pipeline, "soft", "A") == []
