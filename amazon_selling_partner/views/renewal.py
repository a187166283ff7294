"""Renews the views of a pipeline when its loads add or drop tables and columns."""

from typing import Iterator, Tuple

import dlt
from dlt.common import logger

from ..client.errors import ConfigurationError
from ..dlt_internals import LoadListener
from .creation import Settings, ViewDataset, fingerprint
from .mart.creation import MartDataset


def watch(source: str) -> None:
    """Lets the pipelines that load a source renew their views.

    Args:
        source: Its name, which is that of its schema.
    """
    LoadListener.add("views", source, detach_views, renew_views)


def detach_views(pipeline: dlt.Pipeline) -> None:
    """Lets PostgreSQL drop tables that views read: those views have no rows for the moment.

    To be called before a package is loaded. Views of others that read them stay as they are.
    """
    dropped = {
        str(table["name"])
        for load_id in pipeline.list_normalized_load_packages()
        for table in pipeline.get_load_package_state(load_id).get("dropped_tables", ())
    }
    if not dropped:
        return
    for dataset, settings in _existing(pipeline):
        if dataset.dialect.name != "postgres":
            continue
        tables = {
            name: columns for name, columns in dataset.tables().items() if name not in dropped
        }
        names = [name for name in dataset.names() if dataset.used_tables(name) & dropped]
        logger.info(f"{len(names)} views of {dataset.name} have no rows until tables are loaded.")
        dataset.create(settings, tables, names)


def renew_views(pipeline: dlt.Pipeline) -> None:
    """Makes views again whose tables or columns are others than when they were made."""
    for dataset, settings in _existing(pipeline):
        tables = dataset.tables()
        if settings.tables != fingerprint(tables):
            dataset.create(settings, tables)
            logger.info(f"The views of {dataset.name} were made again: tables have changed.")


def _existing(pipeline: dlt.Pipeline) -> Iterator[Tuple[ViewDataset, Settings]]:
    """The datasets that have views of the pipeline's, with how they were made."""
    with pipeline.destination_client() as client:
        try:
            main = ViewDataset(client)
        except ConfigurationError:
            return
        for name in main.siblings():
            dataset = ViewDataset(client, name)
            settings = dataset.settings()
            if settings and settings.kind == MartDataset.kind:
                dataset = MartDataset(client, name)
            if settings and settings.source == dataset.source:
                yield dataset, settings
