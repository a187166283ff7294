"""What the modules of the simulator import: each other without a circle, and the standard library."""

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Dict, Iterator, Set

import pytest

import sp_api_simulator

ROOT = Path(sp_api_simulator.__file__).parent
PACKAGE = ROOT.name


def modules() -> Dict[str, Path]:
    """Every module of the package by its dotted name."""
    return {
        ".".join([PACKAGE, *path.relative_to(ROOT).with_suffix("").parts]).removesuffix(
            ".__init__"
        ): path
        for path in ROOT.rglob("*.py")
        if "build" not in path.relative_to(ROOT).parts
    }


def imports(name: str, path: Path) -> Iterator[str]:
    """Dotted names that a module imports, those under `TYPE_CHECKING` included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*(base if node.level else []), *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def imported_modules(name: str, path: Path) -> Set[str]:
    """The modules of the package that a module imports."""
    known = modules()
    found = set()
    for target in imports(name, path):
        # an import names a module, or something in it
        found |= {part for part in (target, target.rpartition(".")[0]) if part in known}
    return found - {name, PACKAGE}


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name: imported_modules(name, path) for name, path in modules().items()}
    assert len(graph) > 80
    # raises CycleError, which names the circle
    list(TopologicalSorter(graph).static_order())


def test_no_folder_imports_itself_in_a_circle() -> None:
    graph: Dict[str, Set[str]] = {}
    for name, path in modules().items():
        # a module at the root of the package is a folder of its own
        folder = ".".join(name.split(".")[:2])
        others = {".".join(other.split(".")[:2]) for other in imported_modules(name, path)}
        graph.setdefault(folder, set()).update(others - {folder})
    list(TopologicalSorter(graph).static_order())


@pytest.mark.parametrize("name", sorted(modules()))
def test_nothing_but_the_standard_library_is_imported(name: str) -> None:
    roots = {target.split(".")[0] for target in imports(name, modules()[name])}
    assert roots <= {PACKAGE, *sys.stdlib_module_names}
