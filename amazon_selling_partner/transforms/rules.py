"""The settings `blocked`, `hashed`, `row_filters` and `history_mode`, parsed and validated."""

import re
from fnmatch import fnmatchcase
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple, Union

from ..client.credentials import PLACEHOLDER
from ..client.errors import ConfigurationError, nearest
from ..loading.account_key import ACCOUNT
from .filters import ConditionFilter, FunctionFilter, RowFilter
from .hashing import Hasher, HashSalt

NAME = re.compile(r"[\w*?\[\]!-]+")
WILDCARDS = re.compile(r"[*?\[]")

BLOCK, HASH = "block", "hash"
"""Actions on a column."""


class Pattern(NamedTuple):
    """Names a table, or a column of tables, with wildcards.

    Attributes:
        setting: `blocked` or `hashed`.
        text: As in the setting.
        table: Matches tables.
        column: Matches columns; empty for tables.
    """

    setting: str
    text: str
    table: str
    column: str

    def matches_table(self, table: str) -> bool:
        """True when it is about this table."""
        return fnmatchcase(table, self.table)

    def may_match_nested(self, table: str) -> bool:
        """True when it is about this table, or can be about one nested in it."""
        literal = WILDCARDS.split(self.table)[0]
        prefix = f"{table}__"
        if literal == self.table:
            return self.table == table or self.table.startswith(prefix)
        return self.matches_table(table) or literal.startswith(prefix) or prefix.startswith(literal)

    @property
    def is_exact(self) -> bool:
        """It names its table without wildcards."""
        return not WILDCARDS.search(self.table)


class Rules:
    """All that is to be done to rows before they are loaded; false when that is nothing.

    Args:
        patterns: Of `blocked` and `hashed`.
        hasher: Of `hash_salt`.
        filters: By table.
        history: Tables of which all versions are kept.
    """

    def __init__(
        self,
        patterns: Sequence[Pattern] = (),
        hasher: Optional[Hasher] = None,
        filters: Optional[Mapping[str, RowFilter]] = None,
        history: Sequence[str] = (),
    ) -> None:
        self.patterns = list(patterns)
        self.hasher = hasher
        self.filters = dict(filters or {})
        self.history = set(history)
        self._actions: Dict[Tuple[str, str], str] = {}

    def __bool__(self) -> bool:
        return bool(self.patterns or self.filters or self.history)

    def blocks(self, table: str) -> bool:
        """True for a table that is not loaded."""
        return any(
            not pattern.column and pattern.matches_table(table)
            for pattern in self._patterns_of("blocked")
        )

    def blocks_exactly(self, name: str) -> bool:
        """True for a name that is blocked without wildcards."""
        return any(
            not pattern.column and pattern.table == name for pattern in self._patterns_of("blocked")
        )

    def action(self, table: str, column: str) -> str:
        """What is done to a column: `BLOCK`, `HASH`, or nothing, which is empty.

        Args:
            table: As it is named in the destination.
            column: The same.
        """
        action = self._actions.get((table, column))
        if action is None:
            pattern = self.pattern_of(table, column)
            action = "" if not pattern else BLOCK if pattern.setting == "blocked" else HASH
            if column == ACCOUNT and action == HASH:
                # a wildcard means Amazon's columns
                action = ""
            self._actions[table, column] = action
        return action

    def pattern_of(self, table: str, column: str) -> Optional[Pattern]:
        """The pattern that decides on a column; blocking goes before hashing."""
        parts = column.split("__")
        # an object's name matches all in it, a column's name those of its values of other types
        names = {"__".join(parts[:n]) for n in range(1, len(parts) + 1)}
        for setting in ("blocked", "hashed"):
            for pattern in self._patterns_of(setting):
                if pattern.column and pattern.matches_table(table):
                    if any(fnmatchcase(name, pattern.column) for name in names):
                        return pattern
        return None

    def columns_named(self, table: str) -> Set[str]:
        """Columns of a table that the settings name without wildcards."""
        return {column for _, name, column in self.names_below(table) if name == table and column}

    def names_below(self, root: str) -> List[Tuple[str, str, str]]:
        """What the settings name without wildcards of a root table and of those nested in it.

        Returns:
            The settings, each with a table and a column, which is empty for the table itself.
        """
        named = [(p.setting, p.table, p.column) for p in self.patterns if p.is_exact]
        for table, row_filter in self.filters.items():
            columns = getattr(row_filter, "columns", ())
            named += [("row_filters", table, column) for column in ("", *columns)]
        return [
            (setting, table, column)
            for setting, table, column in named
            if (table == root or table.startswith(f"{root}__")) and not WILDCARDS.search(column)
        ]

    def may_redact(self, table: str) -> bool:
        """True when a table, one nested in it, or a column of them may be blocked or hashed."""
        return any(pattern.may_match_nested(table) for pattern in self.patterns)

    def changes_content(self, table: str) -> bool:
        """True when rows of a root table may be loaded with other content."""
        return self.may_redact(table) or any(name.startswith(f"{table}__") for name in self.filters)

    def affects(self, table: str) -> bool:
        """True when any rule is about a root table or those nested in it."""
        return table in self.history or table in self.filters or self.changes_content(table)

    def _patterns_of(self, setting: str) -> List[Pattern]:
        return [pattern for pattern in self.patterns if pattern.setting == setting]


def parse_rules(
    blocked: Optional[Sequence[str]] = None,
    hashed: Optional[Sequence[str]] = None,
    hash_salt: Union[str, HashSalt, None] = None,
    row_filters: Optional[Mapping[str, Any]] = None,
    history_mode: Optional[Sequence[str]] = None,
) -> Rules:
    """The settings as rules.

    Args:
        blocked: Tables, and columns as `table.column`.
        hashed: Columns as `table.column`.
        hash_salt: Required by `hashed`.
        row_filters: Condition or Python function by table.
        history_mode: Tables of which all versions are kept.

    Raises:
        ConfigurationError: A setting is wrong; one sentence that names it and the fix.
    """
    patterns = [_parse_pattern("blocked", text) for text in _parse_names("blocked", blocked)]
    for text in _parse_names("hashed", hashed):
        pattern = _parse_pattern("hashed", text)
        if not pattern.column:
            raise ConfigurationError(
                f"hashed names {text!r}, which is no column: write a table, a dot and a column,"
                " such as 'orders.order_id' or '*.buyer_email'."
            )
        patterns.append(pattern)
    if isinstance(hash_salt, HashSalt):
        hash_salt = hash_salt.text
    if hashed and (not hash_salt or PLACEHOLDER in hash_salt):
        raise ConfigurationError(
            "hash_salt is missing, which hashed needs: put a long random text into"
            " .dlt/secrets.toml under [sources.amazon_selling_partner] or into the environment"
            " variable SOURCES__AMAZON_SELLING_PARTNER__HASH_SALT, and keep it."
        )
    if row_filters is not None and not isinstance(row_filters, Mapping):
        raise ConfigurationError(
            f"row_filters = {row_filters!r} is no table of settings: write the condition of each"
            " table below [sources.amazon_selling_partner.row_filters]."
        )
    filters = {table: _parse_filter(table, rule) for table, rule in (row_filters or {}).items()}
    history = _parse_names("history_mode", history_mode)
    return Rules(patterns, Hasher(hash_salt) if hash_salt else None, filters, history)


def _parse_names(setting: str, values: Optional[Sequence[str]]) -> List[str]:
    if isinstance(values, str):
        values = values.split(",")
    names = list(values or ())
    for name in names:
        if not isinstance(name, str) or not name.strip():
            raise ConfigurationError(
                f"{setting} holds {name!r}, which is no name: write names in quotes."
            )
    return [name.strip() for name in names]


def _parse_pattern(setting: str, text: str) -> Pattern:
    table, dot, column = text.partition(".")
    if not NAME.fullmatch(table) or (dot and not NAME.fullmatch(column)):
        raise ConfigurationError(
            f"{setting} names {text!r}, which is neither a table nor a column: write names as they"
            " are in the destination, such as 'orders__packages', 'orders.buyer__*' or '*.title'."
        )
    if column == ACCOUNT:
        raise account_error(setting, text)
    return Pattern(setting, text, table, column)


def account_error(setting: str, text: str) -> ConfigurationError:
    """Why the account's name is loaded as it is."""
    return ConfigurationError(
        f"{setting} names {text!r}, but {ACCOUNT} says whose a row is and is part of every key:"
        " name other columns."
    )


def _parse_filter(table: str, rule: Any) -> RowFilter:
    if isinstance(rule, str):
        return ConditionFilter(table, rule)
    if callable(rule):
        return FunctionFilter(table, rule)
    raise ConfigurationError(
        f"row_filters.{table} = {rule!r} is neither a condition nor a Python function: write a"
        " condition such as \"status = 'SHIPPED'\"."
    )


def validate_table_names(rules: Rules, root_tables: Set[str]) -> None:
    """Checks that the tables of the settings exist.

    Args:
        rules: The settings.
        root_tables: Of all modules, whether they are loaded or not.

    Raises:
        ConfigurationError: No module has a table of a name.
    """
    named = [(p.setting, p.text, p.table) for p in rules.patterns if p.is_exact]
    named += [("row_filters", table, table) for table in rules.filters]
    named += [("history_mode", table, table) for table in rules.history]
    for setting, text, table in named:
        if not _belongs_to(table, root_tables):
            near = nearest(table, root_tables)
            raise ConfigurationError(
                f"{setting} names {text!r}, but this source has no table {table!r}"
                f"{f' (did you mean {near}?)' * bool(near)}: write its name as it is in the"
                " destination, or a wildcard for tables that Amazon may add."
            )


def _belongs_to(table: str, root_tables: Set[str]) -> bool:
    """True for a root table and one nested in it."""
    return table in root_tables or any(table.startswith(f"{root}__") for root in root_tables)
