"""What is written of the documented views and their columns, in a destination and in dbt."""

from typing import Dict, Optional

from sqlglot import exp

from ..descriptions import describe_column, describe_table
from .dialects import parse
from .mapping import Column, Part, View
from .rendering import system_columns

SYSTEM_COLUMNS = {
    "_fivetran_deleted": "True where the record was deleted at Amazon",
    "_fivetran_synced": "When the load of the row began, or the report was loaded, UTC",
    "selling_partner": "Account that the row belongs to",
}


def describe_view(view: View) -> str:
    """What a documented table holds, what it is made of, and its key."""
    if not view.parts:
        return f"No rows: {view.columns[0].reason}."
    made_of = " and ".join(dict.fromkeys(part.table for part in view.parts))
    text = describe_table(view.parts[0].table)
    key = f" Key: {', '.join(view.key)}." if view.key else ""
    return f"{text.rstrip('.')}. From {made_of}.{key}" if text else f"From {made_of}.{key}"


def describe_view_columns(view: View) -> Dict[str, str]:
    """What each column holds, and how it differs from the documented one."""
    described = {column.name: _describe(view, column) for column in view.columns}
    return {**described, **{name: SYSTEM_COLUMNS[name] for name, _ in system_columns(view)}}


def _describe(view: View, column: Column) -> str:
    if not column.expression:
        return f"Always NULL: {column.reason}"
    part, tree = view.parts[0], parse(column.expression)
    text = _text(part, tree) or _origin(part, tree)
    if isinstance(tree, exp.Case) and tree.this:
        text += "; values as documented"
    return f"{text}; {column.reason}" if column.reason else text


def _text(part: Part, tree: exp.Expression) -> Optional[str]:
    """What is known of the column whose value this is, also where it is written otherwise."""
    if isinstance(tree, exp.Case) or isinstance(tree, exp.Anonymous) and tree.name == "MONEY_TEXT":
        tree = tree.this if isinstance(tree, exp.Case) else tree.expressions[0]
    if not isinstance(tree, exp.Column) or tree.table not in ("t", "r"):
        return None
    return describe_column(part.table if tree.table == "t" else part.root, tree.name)


def _origin(part: Part, tree: exp.Expression) -> str:
    """The tables or columns that a value is computed from."""
    if isinstance(tree, exp.Literal):
        return f"Always {tree.this}"
    own, found = {"t": part.table, "r": part.root}, []
    queries = {join.name: parse(join.query) for join in part.joins}
    for column in tree.find_all(exp.Column):
        if column.table in queries:
            found += [table.name for table in queries[column.table].find_all(exp.Table)]
        else:
            found.append(f"{own[column.table]}.{column.name}" if column.table in own else "")
    return f"Computed from {' and '.join(dict.fromkeys(filter(None, found)) or [part.table])}"
