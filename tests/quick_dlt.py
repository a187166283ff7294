"""Memoizes pure functions of dlt for tests: a third of a load is type hints and copies.

They return what they returned before, as `tests/test_quick_dlt.py` shows. Processes that tests
start, and all tests with REAL_DLT=1, run dlt as it is.
"""

import functools
import os
import sys
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Set, Tuple

import dlt.load.utils  # noqa: F401
import dlt.normalize.worker  # noqa: F401
import yaml
from dlt.common import jsonpath, validation
from dlt.common import typing as dlt_typing
from dlt.common.configuration import resolve
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import base_configuration
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.destination import DestinationCapabilitiesContext, client
from dlt.common.destination.utils import resolve_merge_strategy
from dlt.common.json import json
from dlt.common.normalizers.json.relational import DataItemNormalizer
from dlt.common.schema import utils
from dlt.extract import extract, hints

from amazon_selling_partner.loading.shared_dataset import LAYOUT

OF_TYPES = (
    (base_configuration, "extract_inner_hint"),
    (base_configuration, "is_secret_hint"),
    (base_configuration, "is_base_configuration_inner_hint"),
    (base_configuration, "is_context_inner_hint"),
    (base_configuration, "is_hint_not_resolvable"),
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
    hints.validate_dict_ignoring_xkeys = validate_table
    utils.deepcopy = copy_json
    utils.generate_version_hash = hash_schema
    # paths and columns are the same in every load
    _replace(jsonpath.compile_path, compile_path)
    extract.yaml = SimpleNamespace(dump=dump_yaml)
    DataItemNormalizer._validate_normalizer_config = classmethod(validate_normalizer)
    _replace(resolve_merge_strategy, choose_merge_strategy)
    resolve._resolve_single_value = look_up
    base_configuration.BaseConfiguration.get_resolvable_fields = classmethod(get_fields)
    base_configuration.BaseConfiguration.__len__ = lambda self: len(list_fields(type(self)))
    # its capabilities are given, so nothing is left to look up
    client.prepare_load_table = client.prepare_load_table.__wrapped__  # type: ignore[attr-defined]


def memoize(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a type, and of flags, that remembers its results by the type's identity.

    Hints of types cost more to compare than to look at.
    """
    cached: Dict[Any, Tuple[Any, Any]] = {}

    @functools.wraps(function)
    def call(hint: Any, *flags: Any, **more: Any) -> Any:
        key = (id(hint), *flags, *more.items())
        # the hint is kept too, so that no other one gets its identity
        if key not in cached:
            cached[key] = (function(hint, *flags, **more), hint)
        return cached[key][0]

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


_compile = functools.cache(jsonpath.compile_path)


def compile_path(path: Any) -> Any:
    """A path in JSON; one that is compiled already stays."""
    return _compile(path) if isinstance(path, str) else path


def dump_yaml(value: Any, **style: Any) -> str:
    """Columns as they stand in a trace, written by C."""
    return str(yaml.dump(value, Dumper=getattr(yaml, "CDumper", yaml.Dumper), **style))


_find_fields = base_configuration.BaseConfiguration.get_resolvable_fields.__func__
list_fields = functools.cache(_find_fields)


def get_fields(kind: Any) -> Dict[str, Any]:
    """The fields of a configuration and their types."""
    return dict(list_fields(kind))


def choose_merge_strategy(tables: Any, table: Any, capabilities: Any = None) -> Any:
    """The merge strategy of a table; what the destination is capable of, dlt's context has."""
    if table.get("write_disposition") != "merge":
        return None
    capabilities = capabilities or Container().get(DestinationCapabilitiesContext)
    return resolve_merge_strategy.__wrapped__(tables, table, capabilities)


_VALID: Set[Any] = set()
_validate_normalizer = DataItemNormalizer._validate_normalizer_config.__func__


def validate_normalizer(kind: Any, schema: Any, config: Any) -> None:
    """Normalizes and validates what a normalizer is configured to do, if it did not yet."""
    given = (kind, type(schema.naming), schema.naming.max_length, repr(config))
    if given not in _VALID:
        _validate_normalizer(kind, schema, config)
        if repr(config) == given[-1]:
            _VALID.add(given)


_VALID_TABLES: Set[bytes] = set()
_validate_table = hints.validate_dict_ignoring_xkeys


def validate_table(spec: Any, doc: Any, path: str) -> None:
    """Validates the schema of a table, if one of the same content was not valid before."""
    content = json.dumpb(doc)
    if content not in _VALID_TABLES:
        _validate_table(spec=spec, doc=doc, path=path)
        _VALID_TABLES.add(content)


_HASHES: Dict[bytes, str] = {}
_hash_schema = utils.generate_version_hash


def hash_schema(schema: Any) -> str:
    """The hash of a schema, which dlt asks for again and again."""
    hashed = {**schema, "version": 0, "version_hash": "", "imported_version_hash": ""}
    content = json.dumpb({**hashed, "previous_hashes": []})
    found = _HASHES.get(content)
    if found is None:
        if len(_HASHES) > 100:
            _HASHES.clear()
        found = _HASHES[content] = _hash_schema(schema)
    return found


_ABSENT: Dict[Any, Tuple[List[Any], List[Any], Any]] = {}
"""By what was looked for: the environment variables that would have set it, dlt's traces, and the
hints, so that no others get their identities."""
_DOCUMENTS: List[Any] = []
"""The files of settings in which it was not."""
_VARIABLES = os.environ._data.keys()
"""Those that are set, encoded; asking `os.environ` raises and catches an error for each that is not."""
_look_up = resolve._resolve_single_value


def look_up(key: str, hint: Any, inner_hint: Any, *sections: Any) -> Tuple[Any, List[Any]]:
    """A value of dlt's configuration; remembers what is not set, as nearly nothing is."""
    if key == LAYOUT:
        # depends on which pipelines have loaded the source
        return _look_up(key, hint, inner_hint, *sections)
    container = Container()
    providers = container[PluggableRunContext].providers.providers
    found = [getattr(provider, "_config_doc", None) for provider in providers]
    # empty ones, as nearly all are, compare fast
    if found != _DOCUMENTS:
        _ABSENT.clear()
        _DOCUMENTS[:] = copy_json(found)
    context = container[ConfigSectionContext]
    sought = (key, id(hint), id(inner_hint), sections, context.pipeline_name, context.sections)
    names, traces, _ = _ABSENT.get(sought, (None, [], None))
    if names is None or not _VARIABLES.isdisjoint(names):
        value, traces = _look_up(key, hint, inner_hint, *sections)
        if value is not None or not traces:
            return value, traces
        names = [os.environ.encodekey(one.key) for one in traces if one.key.isupper()]
        _ABSENT[sought] = (names, list(traces), (hint, inner_hint))
    return None, list(traces)


def _replace(function: Any, replacement: Any) -> None:
    """Replaces a function in every module of dlt that has imported it."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "dlt":
            for key, value in list(vars(module).items()):
                if value is function:
                    setattr(module, key, replacement)
