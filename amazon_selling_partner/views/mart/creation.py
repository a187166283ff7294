"""Creates the marts as views in a dataset beside the loaded one."""

import re
from typing import Dict, List, Optional, Set

import dlt
from sqlglot import exp

from ...client.errors import ConfigurationError
from ..creation import Settings, ViewDataset, open_dataset
from ..dialects import parse
from ..rendering import Choice, Tables
from . import MARTS
from .definition import render_mart


class MartDataset(ViewDataset):
    """The dataset of a pipeline that has the marts."""

    kind = "mart"
    suffix = "_mart"

    def names(self) -> List[str]:
        """The marts; each reads only those before it."""
        return list(MARTS)

    def readers(self, name: str) -> List[str]:
        """The marts that read one of them, by way of others too."""
        found = {name}
        for mart in MARTS.values():
            if found & {table.name for table in parse(mart.query).find_all(exp.Table)}:
                found.add(mart.name)
        return [mart for mart in MARTS if mart in found - {name}]

    def used_tables(self, name: Optional[str] = None) -> Set[str]:
        """The tables that one mart, or all of them, are made of."""
        marts = [MARTS[name]] if name else MARTS.values()
        parts = [part for mart in marts for view in mart.inputs.values() for part in view.parts]
        return {table for part in parts for table in (part.table, part.root)}

    def description(self, name: str) -> str:
        """What a row of a mart is."""
        return MARTS[name].description

    def columns(self, name: str) -> Dict[str, str]:
        """All columns of a mart in their order, with their descriptions."""
        return {column: text for column, (_, text) in MARTS[name].columns.items()}

    def query(self, name: str, settings: Settings, tables: Tables) -> str:
        """The SELECT statement of a mart."""
        return render_mart(MARTS[name], self.target(tables), self.qualify, settings.cogs)


def create_marts(
    pipeline: dlt.Pipeline, dataset_name: Optional[str] = None, cogs: Optional[str] = None
) -> str:
    """Creates the marts as views on what a pipeline has loaded, also if it is nothing.

    Runs of the source renew them when tables or columns were added or dropped.

    Args:
        pipeline: Of one or several accounts.
        dataset_name: Dataset or schema for the views; by default that of the pipeline with `_mart`.
        cogs: Table with the costs of goods, as `dataset.table`: `sku`, `currency`, `valid_from`
            (date) and `unit_cost`.

    Returns:
        The name of the dataset with the views.

    Raises:
        ConfigurationError: `cogs` is no name of a table, or the destination has no views.
        ViewsFailed: Some views could not be made.
    """
    cogs = validate_table_name(cogs)
    with open_dataset(pipeline, MartDataset, dataset_name) as dataset:
        dataset.create(mart_settings(dataset, cogs), dataset.tables())
        return dataset.name


def mart_settings(dataset: MartDataset, cogs: str = "") -> Settings:
    """How the marts of a dataset are made."""
    return Settings(dataset.source, Choice(), kind=MartDataset.kind, cogs=cogs)


def validate_table_name(name: Optional[str]) -> str:
    """Lets names of tables pass, with quotes or without.

    Raises:
        ConfigurationError: For anything else.
    """
    identifier = r"([A-Za-z_][A-Za-z0-9_$]*|\"[^\"]+\"|`[^`]+`)"
    if name and not re.fullmatch(rf"{identifier}(\.{identifier}){{0,2}}", name):
        raise ConfigurationError(
            f"cogs = {name!r} is no name of a table: write it as dataset.table."
        )
    return name or ""
