"""What a mart is made of, and its SELECT statement in the SQL of a database.

A query is written in DuckDB's SQL. The tables in it are `INPUTS` of the mart, which have all their
columns whatever was loaded, or other marts. `LOCAL_DAY(timestamp, time zone)` is a date.
"""

from dataclasses import dataclass
from typing import Callable, Iterator, Mapping, Tuple

from sqlglot import exp

from ..dialects import parse
from ..mapping import View
from ..rendering import Choice, Target, render


@dataclass(frozen=True)
class Mart:
    """A view that answers a question.

    Attributes:
        name: Of the view.
        description: What a row is.
        question: What it answers, with the query that does: for the documentation.
        columns: Name to data type and description, in order.
        query: SELECT with these columns.
        inputs: What it reads of the dataset, by name.
    """

    name: str
    description: str
    question: Tuple[str, str]
    columns: Mapping[str, Tuple[str, str]]
    query: str
    inputs: Mapping[str, View]


def describe_columns(**by_type: Mapping[str, str]) -> Mapping[str, Tuple[str, str]]:
    """Columns with their descriptions, listed by type."""
    return {
        name: (data_type, description)
        for data_type, described in by_type.items()
        for name, description in described.items()
    }


UNIT_COSTS = "unit_costs"
"""Name of the table of costs in queries: `sku`, `currency`, `valid_from`, `unit_cost`."""


def render_mart(
    mart: Mart, target: Target, qualify_mart: Callable[[str], str], cogs: str = ""
) -> str:
    """The SELECT statement of a mart.

    Args:
        mart: To be rendered.
        target: Of the loaded dataset.
        qualify_mart: The complete name of another mart.
        cogs: Complete name of the table with unit costs, if there is one.
    """
    dialect = target.dialect
    tree = parse(mart.query).copy()
    own = {str(cte.alias) for cte in tree.find_all(exp.CTE)}
    used = []
    for table in list(tree.find_all(exp.Table)):
        name = table.name
        if name in own:
            continue
        if name in mart.inputs or name == UNIT_COSTS:
            used.append(name)
            continue
        alias = dialect.fold(table.alias_or_name)
        table.replace(exp.Var(this=f"{qualify_mart(name)} AS {alias}"))
    body = dialect.translate(tree, lambda column: column.copy())
    ctes = [
        f"{dialect.fold(name)} AS (\n{_input(mart, name, target, cogs)}\n)"
        for name in dict.fromkeys(used)
    ]
    names = ",\n  ".join(
        f"CAST({dialect.quote(name)} AS {dialect.types[data_type]}) AS {dialect.quote(name)}"
        for name, (data_type, _) in mart.columns.items()
    )
    inputs = f"WITH {', '.join(ctes)}\n" if ctes else ""
    return f"{inputs}SELECT\n  {names}\nFROM (\n{body}\n) AS answer"


def _input(mart: Mart, name: str, target: Target, cogs: str) -> str:
    if name in mart.inputs:
        return render(mart.inputs[name], target, Choice(keep_all_rows=True))
    types = target.dialect.types
    columns = {"sku": "text", "currency": "text", "valid_from": "date", "unit_cost": "decimal"}
    selected = ", ".join(
        f"CAST({f't.{name}' if cogs else 'NULL'} AS {types[data_type]}) AS {name}"
        for name, data_type in columns.items()
    )
    source = f"{cogs} AS t" if cogs else "(SELECT 1 AS nothing) AS t WHERE 1 = 0"
    return f"SELECT {selected} FROM {source}"


def columns_of(mart: Mart) -> Iterator[Tuple[str, str, str]]:
    """Name, type and description of each column."""
    for name, (data_type, description) in mart.columns.items():
        yield name, data_type, description
