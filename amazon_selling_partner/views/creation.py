"""Creates the views in a dataset beside the loaded one, and renews them when that changes."""

import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Collection, Dict, Iterator, List, Optional, Set, Type, TypeVar

import dlt
from dlt.destinations.exceptions import DatabaseException, DatabaseUndefinedRelation
from sqlglot import exp

from ..client.errors import ConfigurationError, SellingPartnerError
from ..settings import MARKETPLACES
from .comments import describe_view, describe_view_columns
from .dialects import DIALECTS, parse
from .documented import VIEWS
from .mapping import View
from .rendering import REPORT_RUN, Choice, Tables, Target, render

SUFFIX = "_documented"
"""Ends the name of the dataset with the views, unless another is named."""

SETTINGS_VIEW = "_view_settings"
"""A view that says how the others were made."""


OTHER_COLUMNS = "42P16"
"""PostgreSQL's code where a view cannot be replaced by one of other columns."""


class ViewsFailed(SellingPartnerError):
    """Some views could not be made; the others were."""


@dataclass(frozen=True)
class Settings:
    """How the views of a dataset were made.

    Attributes:
        source: Dataset of the loaded tables.
        choice: Rows that they show.
        tables: Hash of the tables and columns that there were.
        kind: Of the `ViewDataset`.
        cogs: Table with the costs of goods, for marts.
    """

    source: str
    choice: Choice
    tables: str = ""
    kind: str = "documented"
    cogs: str = ""


class ViewDataset:
    """The dataset of a pipeline that has the views, with an open client.

    Attributes:
        kind: What its views are.
        suffix: Ends its name, unless another is given.
    """

    kind = "documented"
    suffix = SUFFIX

    def __init__(self, client: Any, name: Optional[str] = None) -> None:
        """Takes the client of a destination.

        Args:
            client: Of `Pipeline.destination_client`, open.
            name: Of the dataset; by default that of the pipeline with `suffix`.

        Raises:
            ConfigurationError: No views can be made in this destination.
        """
        dialect = client.capabilities.sqlglot_dialect
        destination = str(client.config.destination_type).rpartition(".")[2]
        if dialect not in DIALECTS or destination == "filesystem":
            raise ConfigurationError(
                f"views cannot be made in {destination}: choose one of {', '.join(DIALECTS)}, or"
                " print their SQL."
            )
        self.dialect = DIALECTS[dialect]
        # as the database has them: PostgreSQL in small letters, Snowflake in capitals
        fold = client.capabilities.casefold_identifier
        self.source = str(fold(client.sql_client.dataset_name))
        self.name = str(fold(name or client.sql_client.dataset_name + self.suffix))
        self._client = client
        self._sql = client.sql_client

    def names(self) -> List[str]:
        """The views; each reads only those before it."""
        return list(VIEWS)

    def used_tables(self, name: Optional[str] = None) -> Set[str]:
        """The tables that one view, or all of them, are made of."""
        return used_tables(VIEWS[name] if name else None)

    def query(self, name: str, settings: Settings, tables: Tables) -> str:
        """The SELECT statement of a view."""
        return render(VIEWS[name], self.target(tables), settings.choice)

    def description(self, name: str) -> str:
        """What a row of a view is."""
        return describe_view(VIEWS[name])

    def columns(self, name: str) -> Dict[str, str]:
        """All columns of a view in their order, with their descriptions."""
        return describe_view_columns(VIEWS[name])

    def tables(self) -> Dict[str, Dict[str, str]]:
        """What the loaded dataset has of the tables that the views read."""
        try:
            found = dict(self._client.get_storage_tables(sorted(self.used_tables())))
        except DatabaseUndefinedRelation:
            # BigQuery has no information about a dataset that does not exist
            return {}
        return {
            table: {name.lower(): column["data_type"] for name, column in columns.items()}
            for table, columns in found.items()
            if columns
        }

    def accounts(self) -> Set[str]:
        """The selling partners that were loaded into the dataset."""
        return self._schema_names(self._sql.make_qualified_table_name("_dlt_version"))

    def _schema_names(self, version_table: str) -> Set[str]:
        column = self.dialect.quote("schema_name")
        try:
            rows = self._sql.execute_sql(f"SELECT DISTINCT {column} FROM {version_table}")
        except DatabaseUndefinedRelation:
            return set()
        return {row[0] for row in rows}

    def _check_place(self) -> None:
        """Keeps views apart from loaded tables, and from views of the other kind.

        Raises:
            ConfigurationError: They would be together.
        """
        if self.name == self.source or self._schema_names(self.qualify("_dlt_version")):
            raise ConfigurationError(
                f"{self.name} has loaded tables: views need a dataset of their own."
            )
        found = self.settings()
        if found and found.kind != self.kind:
            raise ConfigurationError(
                f"{self.name} has views of another kind ({found.kind}): choose another dataset."
            )

    def create(
        self, settings: Settings, tables: Tables, names: Optional[Collection[str]] = None
    ) -> None:
        """Creates or replaces views, and remembers how.

        Args:
            settings: How they are made.
            tables: What there is.
            names: Of the views; by default all.

        Raises:
            ConfigurationError: They cannot be in this dataset.
            ViewsFailed: Some could not be made.
        """
        self._check_place()
        with self._views():
            if not self._sql.has_dataset():
                self._sql.create_dataset()
        names = self.names() if names is None else names
        failures: Dict[str, str] = {}
        for name in names:
            try:
                statement, *comments = self.statements(name, settings, tables)
                self._execute(name, statement)
                if comments:
                    self._sql.execute_many(comments)
            except DatabaseException as error:
                failures[name] = " ".join(str(error).split())[:200]
        made = replace(settings, tables="" if failures else fingerprint(tables), kind=self.kind)
        text = self.dialect.literal(json.dumps(asdict(made)))
        made_view = self.dialect.create_view(
            self.qualify(SETTINGS_VIEW), f"SELECT {text} AS settings"
        )
        self._execute(SETTINGS_VIEW, made_view)
        if failures:
            raise ViewsFailed(
                f"{len(failures)} of {len(names)} views could not be made in {self.name}: "
                + "; ".join(f"{name} ({reason})" for name, reason in failures.items())
            )

    def drop(self) -> None:
        """Drops the views."""
        for name in reversed([SETTINGS_VIEW, *self.names()]):
            self._sql.execute_sql(f"DROP VIEW IF EXISTS {self.qualify(name)}")

    def settings(self) -> Optional[Settings]:
        """How the views were made, None where there are none."""
        try:
            rows = self._sql.execute_sql(f"SELECT settings FROM {self.qualify(SETTINGS_VIEW)}")
        except DatabaseException:
            # there are none, or they are not ours to read
            return None
        found = json.loads(rows[0][0])
        return Settings(**{**found, "choice": Choice(**found["choice"])})

    def siblings(self) -> List[str]:
        """All datasets with views."""
        if self.dialect.name == "bigquery":
            # it lists the views of one dataset only
            return [self.name]
        rows = self._sql.execute_sql(
            "SELECT table_schema FROM information_schema.tables WHERE table_name = %s",
            self.dialect.fold(SETTINGS_VIEW),
        )
        return [row[0] for row in rows]

    def statements(self, name: str, settings: Settings, tables: Tables) -> List[str]:
        """The statement that creates or replaces a view, and those that describe it."""
        described = self.description(name), self.columns(name)
        view, query = self.qualify(name), self.query(name, settings, tables)
        return [
            self.dialect.create_view(view, query, *described),
            *self.dialect.comment_on(view, *described),
        ]

    def target(self, tables: Tables) -> Target:
        """Where views are made, for their rendering."""
        return Target(self.dialect, tables, self._sql.make_qualified_table_name)

    def readers(self, name: str) -> List[str]:
        """The views that read one of them, by way of others too."""
        return []

    def _execute(self, name: str, statement: str) -> None:
        try:
            self._sql.execute_sql(statement)
        except DatabaseException as error:
            if getattr(error.dbapi_exception, "pgcode", "") != OTHER_COLUMNS:
                raise
            # those that read it are made afterwards
            for view in reversed([name, *self.readers(name)]):
                self._sql.execute_sql(f"DROP VIEW IF EXISTS {self.qualify(view)}")
            self._sql.execute_sql(statement)

    def qualify(self, name: str) -> str:
        """The complete name of a view."""
        with self._views():
            return str(self._sql.make_qualified_table_name(name))

    @contextmanager
    def _views(self) -> Iterator[None]:
        with self._sql.with_alternative_dataset_name(self.name):
            yield


def create_views(
    pipeline: dlt.Pipeline,
    dataset_name: Optional[str] = None,
    marketplace: Optional[str] = None,
    selling_partner: Optional[str] = None,
    keep_all_rows: bool = False,
) -> str:
    """Creates the documented tables as views on what a pipeline has loaded, also if it is nothing.

    Runs of the source renew them when tables or columns were added or dropped.

    Args:
        pipeline: Of one or several accounts.
        dataset_name: Dataset or schema for the views; by default that of the pipeline with
            `_documented`.
        marketplace: Marketplace whose rows are shown, an id or a country such as US.
        selling_partner: Account whose rows are shown; by default those of all.
        keep_all_rows: Show all rows that share a documented key, not one of them.

    Returns:
        The name of the dataset with the views.

    Raises:
        ConfigurationError: A choice is wrong, or the destination has no views.
        ViewsFailed: Some views could not be made.
    """
    with open_dataset(pipeline, ViewDataset, dataset_name) as dataset:
        choice = validate_choice(dataset, marketplace, selling_partner, keep_all_rows)
        dataset.create(Settings(dataset.source, choice), dataset.tables())
        return dataset.name


def drop_views(pipeline: dlt.Pipeline, dataset_name: Optional[str] = None) -> str:
    """Drops the views of `create_views`; returns the name of their dataset."""
    with open_dataset(pipeline, ViewDataset, dataset_name) as dataset:
        dataset.drop()
        return dataset.name


Dataset = TypeVar("Dataset", bound=ViewDataset)


@contextmanager
def open_dataset(
    pipeline: dlt.Pipeline, kind: Type[Dataset], name: Optional[str] = None
) -> Iterator[Dataset]:
    """The dataset for the views of a pipeline, of the documented tables or of the mart.

    Raises:
        ConfigurationError: The destination has no views.
    """
    with pipeline.destination_client() as client:
        yield kind(client, name)


def validate_choice(
    dataset: ViewDataset,
    marketplace: Optional[str] = None,
    selling_partner: Optional[str] = None,
    keep_all_rows: bool = False,
) -> Choice:
    """Which rows are shown.

    Raises:
        ConfigurationError: For a marketplace or an account that there is not.
    """
    if marketplace:
        countries = {known.country: known.id for known in MARKETPLACES.values()}
        known = countries.get(marketplace.upper(), marketplace)
        if known not in MARKETPLACES:
            raise ConfigurationError(
                f"marketplace = {marketplace!r} is unknown: write an id, or one of"
                f" {', '.join(countries)}."
            )
        marketplace = known
    if selling_partner and selling_partner not in (accounts := dataset.accounts()):
        raise ConfigurationError(
            f"selling_partner = {selling_partner!r} is not in {dataset.source}, which has"
            f" {', '.join(sorted(accounts)) or 'no account'}."
        )
    return Choice(marketplace or None, selling_partner or None, keep_all_rows)


def used_tables(view: Optional[View] = None) -> Set[str]:
    """The tables that one view, or all of them, are made of."""
    if view is None:
        return {table for one in VIEWS.values() for table in used_tables(one)}
    queries = [join.query for part in view.parts for join in part.joins]
    if view.is_report:
        queries.append(REPORT_RUN.query)
    tables = {name for part in view.parts for name in (part.table, part.root)}
    for query in queries:
        tables |= {table.name for table in parse(query).find_all(exp.Table)}
    return tables


def fingerprint(tables: Tables) -> str:
    """A hash of tables and columns."""
    return hashlib.md5(json.dumps(tables, sort_keys=True).encode()).hexdigest()
