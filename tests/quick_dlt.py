"""Memoizes pure functions of dlt for tests: a third of a load is type hints and copies.

They return what they returned before, as `tests/test_quick_dlt.py` shows. Processes that tests
start, and all tests with REAL_DLT=1, run dlt as it is.
"""

import functools
import sys
from typing import Any, Callable, Dict

import dlt.extract.extract  # noqa: F401
import dlt.load.utils  # noqa: F401
import dlt.normalize.worker  # noqa: F401
from dlt.common import typing as dlt_typing
from dlt.common import validation
from dlt.common.configuration.specs import base_configuration
from dlt.common.destination import client
from dlt.common.schema import utils

OF_TYPES = (
    (base_configuration, "extract_inner_hint"),
    (base_configuration, "is_secret_hint"),
    (base_configuration, "is_base_configuration_inner_hint"),
    (dlt_typing, "extract_inner_type"),
    (dlt_typing, "is_optional_type"),
    (dlt_typing, "is_union_type"),
    (dlt_typing, "is_literal_type"),
)
"""Functions whose arguments are types and flags."""


def accelerate() -> None:
    """Replaces slow functions of dlt in this process."""
    for module, name in OF_TYPES:
        function = getattr(module, name)
        _replace(function, memoize(function))
    validation.get_type_hints = _get_type_hints
    utils.deepcopy = copy_json
    # its capabilities are given, so nothing is left to look up
    client.prepare_load_table = client.prepare_load_table.__wrapped__  # type: ignore[attr-defined]


def memoize(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that remembers its results, but for arguments that cannot be keys."""
    cached = functools.lru_cache(maxsize=None)(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return cached(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)

    return call


def copy_json(value: Any) -> Any:
    """A copy of a table's schema, of nothing but dicts, lists and values."""
    if type(value) is dict:
        return {key: copy_json(item) for key, item in value.items()}
    return [copy_json(item) for item in value] if type(value) is list else value


_HINTS: Dict[Any, Dict[str, Any]] = {}
_find_type_hints = validation.get_type_hints


def _get_type_hints(spec: Any, globalns: Any = None) -> Dict[str, Any]:
    if spec not in _HINTS:
        _HINTS[spec] = _find_type_hints(spec, globalns=globalns)
    return _HINTS[spec]


def _replace(function: Any, replacement: Any) -> None:
    """Replaces a function in every module of dlt that has imported it."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "dlt":
            for key, value in list(vars(module).items()):
                if value is function:
                    setattr(module, key, replacement)
