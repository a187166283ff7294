"""What holds for every operation, whatever is odd in its answers.

The same account is loaded three times: as the simulator answers, with values in other spellings
that users met, and with records in every list that cannot be read.
"""

import copy
import json
import re
from collections import Counter
from decimal import Decimal
from typing import Any, Callable, Dict, List, Set

import pytest

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import VirtualClock
from tests.modules.accounts import account_of, settings
from tests.support import all_operations

from .support import Load, Loaded, simulator, source

GROUPS = ("seller", "more", "vendor")

WHOLE_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DIGITS = re.compile(r"[1-9]\d{0,17}")

# what a label says is its key, so another spelling is another label
KEYS_OF_CONTENT = ("GetShipmentLabels",)

# lists of parts, which may have no id
PARTS = (
    *("listInboundPlanItems", "listPlacementOptions", "listTransportationOptions"),
    *("listShipmentItems", "listShipmentBoxes", "listShipmentPallets"),
)

Change = Callable[[str, Any], Any]
"""Operation and its answer -> another answer."""


def respelled(operation: str, answer: Any) -> Any:
    """The answer with flags, numbers and dates in other spellings, and members that were not requested.

    D970: `"IsGift": "false"`; M1285: a number for a text; P-wide: `errors` null beside a payload.
    """
    if operation in KEYS_OF_CONTENT:
        return answer
    other = _respelled(answer)
    return {"errors": None, **other} if isinstance(other, dict) else other


def _respelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _respelled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_respelled(part) for part in value]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, str) and WHOLE_SECONDS.fullmatch(value):
        return f"{value[:-1]}.000+00:00"
    if isinstance(value, str) and DIGITS.fullmatch(value):
        return int(value)
    return value


RECORDS = {operation.name: operation.items_path for operation in all_operations()}


def with_unreadable_records(operation: str, answer: Any) -> Any:
    """The answer with records behind the others that are none, or have a list for an id."""
    answer = copy.deepcopy(answer)
    records = answer
    for name in filter(None, RECORDS.get(operation, "").split(".")):
        records = records.get(name) if isinstance(records, dict) else None
    if isinstance(records, list) and records and isinstance(records[0], dict):
        records += [None, "text", []]
        if operation not in (*KEYS_OF_CONTENT, *PARTS):
            first = records[0].items()
            records.append({name: [value] for name, value in first if isinstance(value, str)})
    return answer


@pytest.fixture(scope="module")
def loaded(load: Load) -> Callable[[str, Change], Loaded]:
    """Loads the account of a group with changed answers, each once."""
    done: Dict[Any, Loaded] = {}

    def once(group: str, change: Change) -> Loaded:
        if (group, change) not in done:
            with account_of(group) as sim:
                # what lists answer is changed; reports have tests of their own
                for operation in {item.name for item in all_operations()}:
                    if "Report" not in operation and "Token" not in operation:
                        body = _changing(operation, change)
                        sim.faults.add("answer", operation, body=body)
                clock = VirtualClock(sim.clock.time())
                source = amazon_selling_partner(**settings(sim, group), clock=clock)
                done[group, change] = load(source)
        return done[group, change]

    return once


def _changing(operation: str, change: Change) -> Callable[[Any, Any], Any]:
    return lambda answer, query: change(operation, answer)


def as_sent(operation: str, answer: Any) -> Any:
    """The answer of the simulator."""
    remember_numbers(answer)
    return answer


KINDS: Dict[str, Set[bool]] = {}
"""Members of the simulator's answers: whether their values are fractions."""


def remember_numbers(value: Any) -> None:
    """Remembers which members of an answer are fractions."""
    if isinstance(value, dict):
        for name, part in value.items():
            if part is not None and not isinstance(part, (dict, list)):
                KINDS.setdefault(name, set()).add(isinstance(part, (float, Decimal)))
            remember_numbers(part)
    elif isinstance(value, list):
        for part in value:
            remember_numbers(part)


def numbers_as_text(value: Any) -> Set[str]:
    """The members of a json column that are fractions in the answers and texts in the column."""
    if isinstance(value, list):
        return set().union(*map(numbers_as_text, value))
    if not isinstance(value, dict):
        return set()
    found = {
        name
        for name, part in value.items()
        if isinstance(part, str) and False not in KINDS.get(name, {False})
    }
    return found.union(*map(numbers_as_text, value.values()))


def frozen(rows: List[Dict[str, Any]]) -> "Counter[str]":
    """Rows to be compared; numbers and flags in json columns count as the texts of them."""
    return Counter(
        json.dumps(
            {
                name: _respelled_json(value)
                for name, value in row.items()
                if value is not None and name != "retrieved_at"
            },
            sort_keys=True,
        )
        for row in rows
    )


def _respelled_json(value: Any) -> str:
    text = str(value)
    return json.dumps(_texts(json.loads(text))) if text[:2] in ('{"', "[{", '["') else text


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    text = str(value).removesuffix(".000+00:00")
    return text.lower().removesuffix("z").removesuffix(".0")


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("change", [respelled, with_unreadable_records])
def test_no_row_depends_on_spelling_or_on_other_records(
    loaded: Callable[[str, Change], Loaded], group: str, change: Change
) -> None:
    expected, found = loaded(group, as_sent), loaded(group, change)
    differing = {
        table: {
            "missing": list(frozen(expected.rows(table)) - frozen(found.rows(table)))[:1],
            "more": list(frozen(found.rows(table)) - frozen(expected.rows(table)))[:1],
        }
        for table in {*expected.tables, *found.tables} - {"rejected_row"}
        if frozen(expected.rows(table)) != frozen(found.rows(table))
    }
    assert not differing
    assert not expected.summary.failed and not found.summary.failed


@pytest.mark.parametrize("group", GROUPS)
def test_records_that_cannot_be_read_are_rejected_and_counted(
    loaded: Callable[[str, Change], Loaded], group: str
) -> None:
    found = loaded(group, with_unreadable_records)
    counted = sum(metric.get("rejected", 0) for metric in found.summary.metrics.values())
    assert counted >= len(found.rows("rejected_row")) > 0


OWN_NAME = re.compile(r"[a-z]+(_[a-z]+)+")
"""Amazon writes its names in camel case, but for attributes of products."""


@pytest.fixture(scope="module")
def orders(load: Load) -> Loaded:
    """Orders with all that is personal, and what is regulated of them."""
    with simulator(days=10, orders_per_day=6) as sim:
        return load(source(sim, "ORDERS", include_pii=True, regulated_info="all"))


def own_names(value: Any) -> Set[str]:
    """The names in a json column that are ours."""
    if isinstance(value, list):
        return set().union(*map(own_names, value))
    if not isinstance(value, dict):
        return set()
    found = {name for name in value if OWN_NAME.fullmatch(name)}
    return found.union(*map(own_names, value.values()))


@pytest.mark.parametrize("group", [*GROUPS, "orders"])
def test_json_columns_are_as_amazon_sent_them(
    loaded: Callable[[str, Change], Loaded], orders: Loaded, group: str
) -> None:
    tables = (orders if group == "orders" else loaded(group, as_sent)).tables
    found, columns = {}, set()
    for table, rows in tables.items():
        for row in rows if table != "rejected_row" else ():
            for name, text in row.items():
                is_json = isinstance(text, str) and text[:2] in ('{"', "[{")
                if is_json:
                    columns.add((table, name))
                    content = json.loads(text)
                    names = numbers_as_text(content)
                    if not name.endswith("attributes"):
                        names |= own_names(content)
                    if names:
                        found[table, name] = names
    assert not found and columns
