"""The pipeline and the source of an account, as the options of a command name them."""

import argparse
from typing import Any

import dlt

from .. import NAME, amazon_selling_partner
from ..client.errors import ConfigurationError, suggest
from .messages import USER_ERRORS, damaged_pipeline

SETTINGS = ("modules", "historical_sync_time_frame")
"""Settings that are options too."""

DEFAULT_ACCOUNT = NAME

PIPELINE = "selling_partner"
"""Name of the default account's pipeline; others have their account's name behind it."""

DUCKDB_PATHS = ("destination.duckdb.credentials", "destination.duckdb.credentials.database")


def pipeline_of(options: argparse.Namespace, account: str, progress: Any = None) -> dlt.Pipeline:
    """The pipeline of an account, at the destination of the command line.

    Each account has its own, so that several can load at the same time, into the same dataset.

    Raises:
        ConfigurationError: When its files are damaged.
    """
    name = PIPELINE if account == DEFAULT_ACCOUNT else f"{PIPELINE}_{account}"
    target: Any = {"destination": options.destination, "dataset_name": options.dataset}
    if options.destination == "duckdb" and not any(map(dlt.config.get, DUCKDB_PATHS)):
        # not a file per pipeline
        target["destination"] = dlt.destinations.duckdb(f"{PIPELINE}.duckdb")
    try:
        pipeline: dlt.Pipeline = dlt.pipeline(name, progress=progress, **target)
        # reads their files
        list(pipeline.schemas.values())
    except (*USER_ERRORS, ImportError):
        raise
    except Exception as error:
        raise damaged_pipeline(name, error) from error
    return pipeline


def source_of(name: str, options: argparse.Namespace, **settings: Any) -> Any:
    """The source of an account, with the settings and the tables of the command line."""
    given = {key: value for key, value in vars(options).items() if key in SETTINGS and value}
    make = amazon_selling_partner
    if name != DEFAULT_ACCOUNT:
        make = make.clone(name=name, section=name)
    source = make(**given, **settings)
    if unknown := set(options.tables or ()) - set(source.resources):
        raise ConfigurationError(
            f"--tables names {', '.join(sorted(unknown))}, which the chosen modules do not have:"
            f" {suggest(min(unknown), source.resources)}"
        )
    return source.with_resources(*options.tables) if options.tables else source
