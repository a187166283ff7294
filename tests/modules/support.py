"""What the tests of the modules share: Amazon's fullest answer, and what became of it."""

import json
from collections import Counter
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

import dlt
from dlt.common import Decimal

from amazon_selling_partner.client import Operation
from amazon_selling_partner.simulator import Simulator
from tests.test_operations import in_models
from tests.utils import dataset, leaves, maximal


def fullest_answer(operation: Operation) -> Any:
    """An answer with every field of Amazon's model, each leaf with a value of its own, one page."""
    loaded, printed = in_models(operation)
    success = next(
        printed["responses"][code] for code in ("200", "202") if code in printed["responses"]
    )
    answer = maximal(loaded, success["schema"])
    if isinstance(answer, dict):
        answer.pop("errors", None)
    if operation.paging:
        *above, last = operation.paging.token.split(".")
        place = answer
        for name in above:
            place = place[name]
        place.pop(last, None)
    return answer


def load_instead(
    sim: Simulator, pipeline: dlt.Pipeline, source: Any, answers: Dict[Operation, Any]
) -> None:
    """Runs a source while some operations give the answers of a test."""
    faults = [
        sim.faults.add("answer", operation.name, body=body) for operation, body in answers.items()
    ]
    pipeline.run(source)
    assert all(fault.hits for fault in faults), "an operation was not asked"
    sim.faults.clear()


def loaded_values(pipeline: dlt.Pipeline) -> Counter:
    """Every value of every column of all tables, those inside json columns too, as text."""
    found: Counter = Counter()
    for rows in dataset(pipeline).values():
        for row in rows:
            for value in row.values():
                found.update(map(as_text, _inside(value)))
    return found


def missing_values(pipeline: dlt.Pipeline, answer: Any) -> List[str]:
    """The leaves of an answer that are in no column."""
    found = loaded_values(pipeline)
    return [text for text in map(as_text, leaves(answer)) if text not in found]


def assert_rows(
    found: Iterable[Dict[str, Any]], expected: Iterable[Dict[str, Any]], columns: Sequence[str] = ()
) -> None:
    """Rows are those expected, no more and no fewer, in the columns the expected ones have."""
    expected = list(expected)
    names = list(columns) or sorted({name for row in expected for name in row})

    def frozen(rows: Iterable[Dict[str, Any]]) -> Counter:
        return Counter(tuple(as_text(row.get(name)) for name in names) for row in rows)

    mine, truth = frozen(found), frozen(expected)
    assert mine == truth, {"missing": (truth - mine), "too many": (mine - truth), "columns": names}


def as_text(value: Any) -> str:
    """A value as text that is the same however it was written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}" if value else "0"
    if hasattr(value, "astimezone"):
        return str(value.astimezone(dlt.common.pendulum.UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    if isinstance(value, str) and value[10:11] == "T" and value[4:5] == "-":
        try:
            return as_text(dlt.common.pendulum.parse(value))
        except ValueError:
            return value
    if isinstance(value, str):
        try:
            return f"{Decimal(value).normalize():f}" if value.strip() == value else value
        except ArithmeticError:
            return value
    return "" if value is None else str(value)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            value = json.loads(value)
        except ValueError:
            pass
    yield from leaves(value)


__all__: Tuple[str, ...] = (
    "as_text",
    "assert_rows",
    "fullest_answer",
    "load_instead",
    "loaded_values",
    "missing_values",
)
