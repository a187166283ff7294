"""The command `views`."""

import argparse
from pathlib import Path
from typing import Any

import dlt

from ..client.errors import ConfigurationError
from ..views.creation import Settings, ViewDataset, open_dataset, validate_choice
from ..views.dbt import write_models
from ..views.mart.creation import MartDataset, mart_settings, validate_table_name


def views_command(options: argparse.Namespace) -> int:
    """Creates the documented tables, or the marts, as views; or prints or drops them."""
    target: Any = {
        "destination": options.destination,
        "dataset_name": options.dataset or f"{options.pipeline}_data",
    }
    pipeline: dlt.Pipeline = dlt.pipeline(options.pipeline, **target)
    kind = MartDataset if options.mart else ViewDataset
    with open_dataset(pipeline, kind, options.into) as dataset:
        if options.drop:
            dataset.drop()
            print(f"The views of {dataset.name} are dropped.")
            return 0
        settings = _settings(dataset, options)
        tables = dataset.tables()
        if options.print:
            for name in dataset.names():
                for statement in dataset.statements(name, settings, tables):
                    print(f"{statement};\n")
        elif options.dbt:
            files = write_models(Path(options.dbt), dataset, settings.choice, tables)
            print(f"{files} files are in {options.dbt}.")
        else:
            dataset.create(settings, tables)
            loaded = sum(bool(dataset.used_tables(name) & set(tables)) for name in dataset.names())
            print(
                f"{len(dataset.names())} views are in {dataset.name}; {loaded} of them have tables"
                f" in {dataset.source}, the others have no rows."
            )
    return 0


def _settings(dataset: ViewDataset, options: argparse.Namespace) -> Settings:
    """How the views are made.

    Raises:
        ConfigurationError: An option is of the other kind of views, or wrong.
    """
    if isinstance(dataset, MartDataset):
        given = (options.marketplace, options.selling_partner, options.keep_all_rows, options.dbt)
        if any(given):
            raise ConfigurationError(
                "--mart has rows of all accounts and marketplaces: leave out --marketplace,"
                " --selling-partner, --keep-all-rows and --dbt."
            )
        return mart_settings(dataset, validate_table_name(options.cogs))
    if options.cogs:
        raise ConfigurationError("--cogs needs --mart: costs of goods are part of the marts.")
    choice = validate_choice(
        dataset, options.marketplace, options.selling_partner, options.keep_all_rows
    )
    return Settings(dataset.source, choice)
