"""Every use of a part of dlt that its documentation does not promise.

They are here, and only here, so that a dlt that changes one of them fails in
tests/test_dlt_internals.py, which names the versions of dlt that were tested.
"""

import inspect
import os
from importlib import import_module
from importlib.util import find_spec
from typing import (
    Any,
    Callable,
    ClassVar,
    Dict,
    Iterator,
    List,
    Mapping,
    Optional,
    Set,
    Tuple,
    cast,
)

import dlt
import pyarrow as pa
from dlt.common import json, logger, pendulum
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.configuration.utils import get_resolved_traces
from dlt.common.destination import AnyDestination
from dlt.common.normalizers.json import helpers
from dlt.common.normalizers.naming import NamingConvention
from dlt.common.pipeline import PipelineContext
from dlt.common.schema import Schema
from dlt.common.schema.typing import TTableSchema
from dlt.common.storages import FileStorage
from dlt.common.storages.exceptions import CurrentLoadPackageStateNotAvailable
from dlt.common.storages.load_package import (
    LoadJobInfo,
    LoadPackageInfo,
    PackageStorage,
    load_package_state,
)
from dlt.extract import DltResource
from dlt.extract.hints import HintsMeta, TResourceHints
from dlt.extract.items import DataItemWithMeta, TableNameMeta
from dlt.extract.items_transform import BaseItemTransform, ItemTransform
from dlt.extract.pipe_iterator import PipeIterator
from dlt.pipeline import trace

__all__ = ["DataItemWithMeta", "TResourceHints"]

PipelineFunction = Callable[[dlt.Pipeline], None]
HintChange = Callable[[TResourceHints], Dict[str, Any]]


# hints of resources, which dlt lets one add to but not read


def table_variants(resource: DltResource) -> List[str]:
    """The tables that a resource declares besides its first."""
    return list(resource._hints_variants)


def declared_hints(resource: DltResource, variant: str = "") -> Optional[TResourceHints]:
    """The hints of a resource, or of one of its `table_variants`; None if it has none."""
    return resource._hints_variants.get(variant) if variant else resource._hints


def declared_tables(
    resource: DltResource, naming: NamingConvention, variant: str = ""
) -> List[TTableSchema]:
    """A table of a resource with the tables nested in it, with normalized names.

    Args:
        resource: With static hints.
        naming: Of the schema.
        variant: One of its `table_variants`; by default its first table.
    """
    return resource.compute_tables(naming, meta=TableNameMeta(variant) if variant else None)


LOAD_ID = "_dlt_load_id"
"""Column that dlt adds to rows, but not to those that come as Arrow."""


def add_load_id(data: pa.Table) -> pa.Table:
    """Adds the column that names the load of a row, if there is one; call it in a resource."""
    load_id = current_load()
    if load_id is None:
        return data
    field = pa.field(LOAD_ID, pa.string(), nullable=False)
    return data.append_column(field, pa.repeat(pa.scalar(load_id, pa.string()), data.num_rows))


def current_load() -> Optional[str]:
    """The load package that rows are extracted into, None where a source is only iterated."""
    try:
        return load_package_state()["load_id"]
    except CurrentLoadPackageStateNotAvailable:
        return None


# what travels with rows from a resource to the extraction


def with_meta(meta: Any, items: Any) -> DataItemWithMeta:
    """Rows with the table or the hints they are yielded with."""
    return DataItemWithMeta(meta, items)


def meta_variant(meta: Any) -> Optional[str]:
    """The table that rows are yielded with, None where it is the resource's first."""
    if isinstance(meta, TableNameMeta):
        return meta.table_name
    if isinstance(meta, HintsMeta) and meta.hints and meta.create_table_variant:
        return str(meta.hints["table_name"])
    return None


def meta_hints(meta: Any) -> Optional[TResourceHints]:
    """The hints that rows are yielded with, if any."""
    return meta.hints if isinstance(meta, HintsMeta) and meta.hints else None


def hints_meta(hints: Mapping[str, Any], is_variant: bool) -> HintsMeta:
    """What yields rows with hints.

    Args:
        hints: Their `table_name` names the table of a variant.
        is_variant: They are of another table than the resource's first.
    """
    return HintsMeta(cast(TResourceHints, hints), is_variant)


def parent_name(resource: DltResource) -> Optional[str]:
    """The resource whose rows a transformer takes; None where it is no transformer."""
    parent = resource._pipe.parent
    return parent.name if resource.is_transformer and parent else None


class ItemStep(ItemTransform[Any, Dict[str, Any]]):
    """A step of a resource that comes after incremental loading and limits.

    Those with the highest `placement_affinity` come last.
    """

    placement_affinity: ClassVar[float] = 1.1

    def __init__(self) -> None:
        BaseItemTransform.__init__(self)

    def count(self, metric: str, number: int) -> None:
        """Adds to a metric of the step in dlt's trace."""
        metrics: Dict[str, Any] = self._custom_metrics
        metrics[metric] = metrics.get(metric, 0) + number


class AlwaysSelected(DltResource):
    """A resource that loads whatever a user selects."""

    @property
    def selected(self) -> bool:
        """True."""
        return True

    @selected.setter
    def selected(self, value: bool) -> None:
        pass


def custom_metrics(resource: DltResource) -> Dict[str, Any]:
    """The metrics of a resource and its steps, as they are now."""
    metrics = dict(resource.custom_metrics)
    for step in resource._pipe.steps:
        metrics.update(step.custom_metrics if isinstance(step, ItemTransform) else {})
    return metrics


def others_have_ended(*names: str) -> bool:
    """True in the generator of a resource once no other one has anything left to yield.

    To be called between two yields; by a resource that is not parallelized.

    Args:
        names: Of this resource, and of those that end after it.
    """
    frame = inspect.currentframe()
    while frame:
        iterator = frame.f_locals.get("self")
        if isinstance(iterator, PipeIterator):
            waiting = {pipe.name for _, _, pipe, _ in iterator._sources}
            return waiting.issubset(names) and iterator._futures_pool.empty
        frame = frame.f_back
    return True


# settings that dlt has resolved, which it writes into the trace of the next run


def forget_resolved_value(value: Any) -> None:
    """Leaves a refused setting, which may hold a password, out of the trace."""
    log = get_resolved_traces()
    for traces in (log.resolved_traces, log.all_traces):
        traces[:] = [trace for trace in traces if trace.value != value]


# extraction in threads


def import_pandas() -> None:
    """Imports pandas where it is installed; call it before threads extract rows.

    pyarrow imports it when it first makes an array. dlt meanwhile compares rows with the classes of
    a half-imported pandas, which fails the run.
    """
    if find_spec("pandas"):
        import_module("pandas")


class HintStep(ItemStep):
    """Changes hints that a resource yields with its rows.

    Args:
        change: What is set, of the hints that are there.
    """

    placement_affinity = 1.4

    def __init__(self, change: HintChange) -> None:
        super().__init__()
        self._change = change

    def __call__(self, items: Any, meta: Any = None) -> Any:
        """Rows with their hints."""
        if hints := meta_hints(meta):
            changed = {**hints, **self._change(hints)}
            # dlt takes the columns from there
            changed["original_columns"] = changed.get("columns")
            meta = hints_meta(changed, meta_variant(meta) is not None)
        return with_meta(meta, items)


def change_hints(resource: DltResource, change: HintChange) -> None:
    """Changes hints of all tables of a resource, also of those that it names with its rows.

    Args:
        change: What is set, of the hints that are there.
    """
    for table in ("", *table_variants(resource)):
        target: Dict[str, Any] = {"table_name": table} if table else {}
        target["create_table_variant"] = bool(table)
        changed = change(declared_hints(resource, table) or {})
        if "columns" in changed:
            # removed first, because hints are added to those that are there
            resource.apply_hints(columns={}, **target)
        resource.apply_hints(**changed, **target)
    resource.add_step(HintStep(change))


# how dlt names tables and columns, and which values it keeps as one column


def normalized_table_name(schema: Schema, name: str) -> str:
    """A table, or the list that becomes a nested table, as dlt names it."""
    return helpers.normalize_table_identifier(schema, schema.naming, name)


def normalized_column_name(schema: Schema, name: str) -> str:
    """A property as dlt names its column."""
    return helpers.normalize_identifier(schema, schema.naming, name)


def is_json_column(schema: Schema, table: str, column: str) -> bool:
    """True where dlt keeps an object or a list as one value."""
    return helpers.is_nested_type(schema, table, column, 1)


def max_nesting(resource: DltResource, schema: Schema, table: str) -> int:
    """How many levels of a resource's rows dlt takes apart into columns and tables."""
    levels = resource.max_table_nesting
    if levels is None:
        levels = helpers.get_table_nesting_level(schema, table)
    return 1000 if levels is None else levels


# incremental cursors


def disable_row_filter(cursor: dlt.sources.incremental[pendulum.DateTime]) -> None:
    """Lets all rows pass a cursor that is moved with `advance`; call it before the first row."""
    cursor.advance(cast(pendulum.DateTime, None))


def saved_cursor_value(
    cursor: dlt.sources.incremental[pendulum.DateTime], name: str
) -> Optional[Any]:
    """A value that the last run of the current resource left of its cursor, without its lag.

    Args:
        cursor: Bound cursor.
        name: `last_value` or `initial_value`.
    """
    state: Mapping[str, Any] = dlt.current.resource_state().get("incremental", {})
    return state.get(cursor.cursor_path, {}).get(name)


# the steps of a pipeline


class LoadListener:
    """Calls functions before and after each pipeline of this process loads packages of a source.

    A failure of theirs is a warning: the load goes on.
    """

    def __init__(
        self,
        name: str,
        before: PipelineFunction,
        after: PipelineFunction,
        before_normalizing: PipelineFunction,
    ) -> None:
        self._name = name
        self._before = before
        self._after = after
        self._before_normalizing = before_normalizing
        self._sources: Set[str] = set()

    @classmethod
    def add(
        cls,
        name: str,
        source: str,
        before: PipelineFunction,
        after: PipelineFunction,
        before_normalizing: PipelineFunction = lambda pipeline: None,
    ) -> None:
        """Adds a listener, once, and a source to those whose pipelines it listens to.

        Args:
            name: Of the listener.
            source: Name of the source, which is that of its schema.
            before: Called with a pipeline before it loads.
            after: Called with it when it has loaded, or failed to.
            before_normalizing: Called with it before it normalizes.
        """
        modules: List[Any] = trace.TRACKING_MODULES
        found = [module for module in modules if isinstance(module, cls) and module._name == name]
        if not found:
            found = [cls(name, before, after, before_normalizing)]
            modules += found
        found[0]._sources.add(source)

    def on_start_trace(self, *arguments: Any) -> None:
        """A run begins."""

    def on_start_trace_step(self, trace: Any, step: str, pipeline: Any) -> None:
        """A step begins."""
        if step == "normalize":
            self._call(self._before_normalizing, pipeline)
        if step == "load":
            self._call(self._before, pipeline)

    def on_end_trace_step(self, trace: Any, step: Any, pipeline: Any, *arguments: Any) -> None:
        """A step ends."""
        if step.step == "load":
            self._call(self._after, pipeline)

    def on_end_trace(self, *arguments: Any) -> None:
        """A run ends."""

    def _call(self, function: PipelineFunction, pipeline: dlt.Pipeline) -> None:
        try:
            if self._sources.intersection(pipeline.schema_names):
                function(pipeline)
        except Exception as error:
            logger.warning(f"{self._name}: {' '.join(str(error).split())[:500]}")


CONNECT = "_get_destination_clients"


def call_before_connecting(pipeline: dlt.Pipeline, function: Callable[[], None]) -> None:
    """Calls a function when a pipeline connects to its destination next.

    Until it succeeds, the pipeline does not connect; `connect_as_usual` ends that.
    """

    def connect(*args: Any, **kwargs: Any) -> Any:
        connect_as_usual(pipeline)
        try:
            function()
        except BaseException:
            vars(pipeline)[CONNECT] = connect
            raise
        return pipeline._get_destination_clients(*args, **kwargs)

    vars(pipeline)[CONNECT] = connect


def connect_as_usual(pipeline: dlt.Pipeline) -> None:
    """Undoes `call_before_connecting`."""
    vars(pipeline).pop(CONNECT, None)


# pipelines and their destinations


def active_pipeline() -> Optional[dlt.Pipeline]:
    """The pipeline that was made or run last; unlike dlt's own it makes none."""
    context = Container()[PipelineContext]
    return cast(dlt.Pipeline, context.pipeline()) if context.is_active() else None


def configured_pipeline() -> Optional[str]:
    """The name of the pipeline whose settings are looked up."""
    return Container()[ConfigSectionContext].pipeline_name


def wrap_clients(destination: AnyDestination, wrap: Callable[[Any], None]) -> None:
    """Changes every client that a destination makes from now on; a second call does nothing.

    Args:
        wrap: Changes a new client in place.
    """
    instance: Any = destination
    if "client" in vars(instance):
        return
    make = instance.client

    def client(*args: Any, **kwargs: Any) -> Any:
        made = make(*args, **kwargs)
        wrap(made)
        return made

    instance.client = client


def keep_schemas(pipeline: dlt.Pipeline) -> None:
    """Lets a pipeline read the file of a schema again only when it has changed.

    dlt reads, copies and hashes it with each use of the schema.
    """
    storage = pipeline._schema_storage
    if "load_schema" in vars(storage) or storage.config.import_schema_path:
        return
    load = storage.load_schema
    read: Dict[str, Tuple[int, int, str]] = {}

    def load_schema(name: str) -> Schema:
        path = storage.storage.make_full_path(storage._file_name_in_store(name, "json"))
        found = os.stat(path) if os.path.exists(path) else None
        file = (found.st_mtime_ns, found.st_ino) if found else (0, 0)
        live = storage.live_schemas.get(name)
        if live and read.get(name) == (*file, live.stored_version_hash) and not live.is_modified:
            return live
        schema = load(name)
        read[name] = (*file, schema.stored_version_hash)
        return schema

    vars(storage)["load_schema"] = load_schema


# schemas of load packages


def changed_schemas(pipeline: dlt.Pipeline) -> Iterator[Tuple[Schema, List[str]]]:
    """The schemas of packages that are about to add tables or columns, with those tables.

    What the caller changes in a schema is stored with its package, and with the pipeline where the
    schema is the newest.
    """
    packages = pipeline._get_load_storage().normalized_packages
    for load_id in pipeline.list_normalized_load_packages():
        updates = os.path.join(load_id, PackageStorage.SCHEMA_UPDATES_FILE_NAME)
        if not packages.storage.has_file(updates):
            continue
        if tables := json.loads(packages.storage.load(updates)):
            schema = packages.load_schema(load_id)
            loaded_hash = schema.stored_version_hash
            yield schema, list(tables)
            if schema.is_modified:
                packages.save_schema(load_id, schema)
                if pipeline.schemas[schema.name].stored_version_hash == loaded_hash:
                    pipeline.schemas.save_schema(schema)


# load packages of a run that was killed


def delete_normalized_extracts(pipeline: dlt.Pipeline) -> None:
    """Deletes extracted packages that are normalized: the process died before dlt deleted them.

    dlt would normalize them again, which fails in each run, as the package is there.
    """
    done = {
        *pipeline.list_normalized_load_packages(),
        *pipeline.list_completed_load_packages(),
    }
    for load_id in done.intersection(pipeline.list_extracted_load_packages()):
        pipeline._get_normalize_storage().extracted_packages.delete_package(load_id)


def interrupted_jobs(package: LoadPackageInfo) -> Iterator[LoadJobInfo]:
    """The jobs that were running when their process died and whose end is not recorded."""
    packages = _package_storage(package)
    for job in package.jobs["started_jobs"]:
        if packages.load_pending_transition(package.load_id, job.job_file_info.file_name()) is None:
            yield job


def restart_job(package: LoadPackageInfo, job: LoadJobInfo) -> None:
    """Lets a job that was running or is complete be done from the beginning."""
    packages = _package_storage(package)
    name = job.job_file_info.file_name()
    packages.clear_pending_transition(package.load_id, name)
    path = packages.get_job_file_path(package.load_id, "new_jobs", name)
    os.replace(job.file_path, packages.storage.make_full_path(path))


def _package_storage(package: LoadPackageInfo) -> PackageStorage:
    return PackageStorage(FileStorage(os.path.dirname(package.package_path)), "normalized")
