"""Entity diagrams of tables, as GitHub draws them."""

from collections import Counter
from typing import Any, Dict, List, Sequence, Set, Tuple

from amazon_selling_partner.descriptions.handover import SHARED_KEYS

Tables = Dict[str, Dict[str, Any]]
"""Hints of columns by table."""

References = Dict[str, Dict[str, Any]]
"""What each table refers to: the link by the other's name."""

MANY = 12
"""A diagram of more tables is hard to read."""


def diagrams(found: Tables, references: References) -> str:
    """Tables as one entity diagram, or where they are many, one per group of related tables.

    Args:
        found: Columns of the tables.
        references: What each refers to.
    """
    if len(found) <= MANY:
        return diagram(found, references)
    links = {name: {*references[name], parent_of(name, found)} & {*found} for name in found}
    times = Counter(target for targets in links.values() for target in targets)
    hubs = [name for name, count in times.items() if count > MANY]
    groups: List[Set[str]] = []
    for name, targets in links.items():
        near = {name} | targets.difference(hubs)
        joined = [group for group in groups if group & near]
        groups = [group for group in groups if group not in joined]
        groups.append(near.union(*joined))
    parts = []
    for group in (group for group in groups if len(group) > 1):
        title = f"Around `{max(sorted(group), key=lambda name: times[name])}`"
        if len(group) > MANY:
            group = {
                name for name in group if links[name] - {parent_of(name, found)} or times[name]
            }
            title += ", without lists that refer to nothing"
        shown = {name: columns for name, columns in found.items() if name in group}
        parts.append(f"{title}:\n\n{diagram(shown, references, hubs)}")
    for hub in hubs:
        parts.append(f"Not drawn: {times[hub]} tables refer to `{hub}`.")
    return "\n\n".join(parts)


def parent_of(name: str, found: Tables) -> str:
    """The table that a table is nested in, empty for others."""
    parent = name.rpartition("__")[0]
    while parent and parent not in found:
        parent = parent.rpartition("__")[0]
    return parent


def diagram(found: Tables, references: References, hubs: Sequence[str] = ()) -> str:
    """Tables with their keys and references as an entity diagram, which GitHub draws.

    Args:
        found: Columns of the tables.
        references: What each refers to.
        hubs: Tables that nearly all refer to, which would cover the rest with lines.
    """
    lines, edges = [], []
    for name, columns in found.items():
        foreign = {column for link in references[name].values() for column in link["columns"]}
        shown = []
        for column, hint in columns.items():
            keys = ["PK"] * bool(hint.get("primary_key")) + ["FK"] * (column in foreign)
            if keys:
                kind = hint.get("data_type") or "text"
                shown.append(f"        {kind} {column} {', '.join(keys)}")
        lines += [f"    {name} {{", *shown, "    }"] if shown else [f"    {name}"]
    for name in found:
        if parent := parent_of(name, found):
            edges.append((parent, "||--o{", name, ""))
        for target, link in references[name].items():
            if target not in hubs:
                own = [column for column in link["columns"] if column not in SHARED_KEYS]
                edges.append((name, "}o--o|", target, " ".join(own or link["columns"][-1:])))
    lines += [f'    {left} {line} {right} : "{label}"' for left, line, right, label in edges]
    # GitHub shrinks it to the width of the page
    direction = ["    direction LR"] * is_wide([(left, right) for left, _, right, _ in edges])
    return "\n".join(["```mermaid", "erDiagram", *direction, *lines, "```"])


def is_wide(edges: List[Tuple[str, str]]) -> bool:
    """True where more tables would be side by side than one below the other."""
    levels = dict.fromkeys((name for edge in edges for name in edge), 0)
    for _ in levels:
        for upper, lower in edges:
            levels[lower] = max(levels[lower], levels[upper] + 1)
    per_level = Counter(levels.values())
    return bool(levels) and max(per_level.values()) >= len(per_level)
