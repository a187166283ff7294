"""Imports of the package go down its layers only, without circles, also those for typing."""

import ast
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

from tests.support import ROOT

PACKAGE = "amazon_selling_partner"

LAYERS: Tuple[Tuple[str, ...], ...] = (
    ("commands",),
    ("",),
    ("views",),
    ("transforms",),
    ("descriptions",),
    ("modules",),
    ("lookups",),
    ("loading",),
    ("client",),
    ("common", "settings", "dlt_internals", "version"),
)
"""From the top; the empty name is the package's `__init__.py`, the source."""

PUBLISHED = {
    "modules.module",
    "modules.orders",
    "modules.reports",
    "modules.reports.single_report",
}
"""What every module is, and modules that publish something for others: orders, and one report."""

EXCEPTIONS: Tuple[Tuple[str, str], ...] = (
    ("settings", "client.errors"),
    ("modules.listings.listings", "modules.catalog.catalog_items"),
    ("modules.easyship", "modules.orders.orders"),
)
"""Imports that are still to be removed: patterns of the importing file and of what it imports."""


def sources() -> Dict[str, Path]:
    """Files of the package by their dotted names below it."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


FILES = sources()


def imports(name: str) -> Iterator[str]:
    """The files of the package that one imports, anywhere in it."""
    path = FILES[name]
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == PACKAGE:
                    yield alias.name[len(PACKAGE) + 1 :]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = [part for part in package if part]
                base = base[: len(base) - node.level + 1]
            elif (node.module or "").split(".")[0] == PACKAGE:
                base = []
            else:
                continue
            module = (node.module or "").split(".") if node.level else node.module.split(".")[1:]
            target = ".".join([*base, *filter(None, module)])
            for alias in node.names:
                below = f"{target}.{alias.name}" if target else alias.name
                yield below if below in FILES else target


def layer(name: str) -> int:
    top = name.split(".")[0]
    return next(number for number, names in enumerate(LAYERS) if top in names)


def is_exception(name: str, target: str) -> bool:
    return any(fnmatch(name, file) and fnmatch(target, imported) for file, imported in EXCEPTIONS)


def module_of(name: str) -> str:
    """A file or a folder below `modules`, such as `modules.orders`."""
    return ".".join(name.split(".")[:2])


@cache
def edges() -> List[Tuple[str, str]]:
    """Each file with each file that it imports."""
    return sorted({(name, target) for name in FILES for target in imports(name) if target != name})


def test_every_file_belongs_to_a_layer() -> None:
    assert {layer(name) for name in FILES} == set(range(len(LAYERS)))


def test_imports_go_down_only() -> None:
    upward = {(name, target) for name, target in edges() if layer(target) < layer(name)}
    assert not {edge for edge in upward if not is_exception(*edge)}


def test_a_module_imports_no_other_module_but_what_that_publishes() -> None:
    across = {
        (name, target)
        for name, target in edges()
        if name.startswith("modules.")
        and target.startswith("modules.")
        and module_of(name) != module_of(target)
        and target not in PUBLISHED
    }
    assert not {edge for edge in across if not is_exception(*edge)}


def test_no_imports_go_in_a_circle() -> None:
    graph: Dict[str, List[str]] = {}
    for name, target in edges():
        if not is_exception(name, target):
            graph.setdefault(name, []).append(target)
    done: Set[str] = set()

    def visit(name: str, path: List[str]) -> None:
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            for target in graph.get(name, ()):
                visit(target, [*path, name])
            done.add(name)

    for name in FILES:
        visit(name, [])


def test_no_exception_is_obsolete() -> None:
    for file, imported in EXCEPTIONS:
        assert any(fnmatch(name, file) and fnmatch(target, imported) for name, target in edges())


def test_the_simulator_imports_nothing_of_the_source() -> None:
    for path in sorted((ROOT / "sp_api_simulator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", ())]
            names = names if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
            assert not any(str(name).split(".")[0] == PACKAGE for name in names), path
