"""What the settings say about tables and columns, and what is wrong with them."""

import re
from fnmatch import fnmatchcase
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..client.errors import ConfigurationError
from ..credentials import PLACEHOLDER
from .filters import Condition, Function, RowFilter
from .hashing import Hasher

NAME = re.compile(r"[\w*?\[\]!-]+")
WILDCARDS = re.compile(r"[*?\[]")

BLOCK, HASH = "block", "hash"
"""What becomes of a column."""


class Pattern(NamedTuple):
    """Names a table, or a column of tables, with wildcards.

    Attributes:
        setting: Where it stands.
        text: As it stands there.
        table: Matches tables.
        column: Matches columns; empty for tables.
    """

    setting: str
    text: str
    table: str
    column: str

    def has_table(self, table: str) -> bool:
        """True when it is about this table."""
        return fnmatchcase(table, self.table)

    def may_have_below(self, table: str) -> bool:
        """True when it is about this table, or can be about one nested in it."""
        literal = WILDCARDS.split(self.table)[0]
        below = f"{table}__"
        if literal == self.table:
            return self.table == table or self.table.startswith(below)
        return self.has_table(table) or literal.startswith(below) or below.startswith(literal)

    @property
    def exact(self) -> bool:
        """Names its table without wildcards."""
        return not WILDCARDS.search(self.table)


class Rules:
    """All that is to be done to rows before they are loaded.

    Args:
        patterns (Sequence[Pattern]): Of `blocked` and `hashed`.
        hasher (Optional[Hasher]): Of `hash_salt`.
        filters (Mapping[str, RowFilter]): By table.
        history (Sequence[str]): Tables of which all versions are kept.
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
        self._columns: Dict[Tuple[str, str], str] = {}

    def __bool__(self) -> bool:
        return bool(self.patterns or self.filters or self.history)

    def blocks(self, table: str) -> bool:
        """True for a table that is not loaded."""
        return any(
            not pattern.column and pattern.has_table(table) for pattern in self._of("blocked")
        )

    def blocks_exactly(self, name: str) -> bool:
        """True for a name that is blocked without wildcards."""
        return any(not pattern.column and pattern.table == name for pattern in self._of("blocked"))

    def column(self, table: str, column: str) -> str:
        """What becomes of a column: `BLOCK`, `HASH`, or nothing, which is empty.

        Args:
            table (str): As it is named in the destination.
            column (str): The same.
        """
        found = self._columns.get((table, column))
        if found is None:
            pattern = self.pattern_of(table, column)
            found = "" if not pattern else BLOCK if pattern.setting == "blocked" else HASH
            self._columns[table, column] = found
        return found

    def pattern_of(self, table: str, column: str) -> Optional[Pattern]:
        """The pattern that decides on a column; blocking goes before hashing."""
        parts = column.split("__")
        # what names an object takes all in it, and a column those of its values of other types
        names = {"__".join(parts[:n]) for n in range(1, len(parts) + 1)}
        for setting in ("blocked", "hashed"):
            for pattern in self._of(setting):
                if pattern.column and pattern.has_table(table):
                    if any(fnmatchcase(name, pattern.column) for name in names):
                        return pattern
        return None

    def hides(self, table: str) -> bool:
        """True when something of a table, or of those nested in it, is blocked or hashed."""
        return any(pattern.may_have_below(table) for pattern in self.patterns)

    def walks(self, table: str) -> bool:
        """True when something may have to be done inside the rows of a root table."""
        return self.hides(table) or any(name.startswith(f"{table}__") for name in self.filters)

    def concern(self, table: str) -> bool:
        """True when a root table is not just loaded as it is."""
        return table in self.history or table in self.filters or self.walks(table)

    def _of(self, setting: str) -> List[Pattern]:
        return [pattern for pattern in self.patterns if pattern.setting == setting]


def checked_rules(
    blocked: Optional[Sequence[str]] = None,
    hashed: Optional[Sequence[str]] = None,
    hash_salt: Optional[str] = None,
    row_filters: Optional[Mapping[str, Any]] = None,
    history_mode: Optional[Sequence[str]] = None,
) -> Rules:
    """The settings of what is loaded, as rules.

    Args:
        blocked (Optional[Sequence[str]]): Tables, and columns as `table.column`.
        hashed (Optional[Sequence[str]]): Columns as `table.column`.
        hash_salt (Optional[str]): Needed for `hashed`.
        row_filters (Optional[Mapping[str, Any]]): Condition or Python function by table.
        history_mode (Optional[Sequence[str]]): Tables of which all versions are kept.

    Returns:
        Rules: False where none of them is set.

    Raises:
        ConfigurationError: When a setting is wrong: one sentence that names it and the mend.
    """
    patterns = [_pattern("blocked", text) for text in _listed("blocked", blocked)]
    for text in _listed("hashed", hashed):
        pattern = _pattern("hashed", text)
        if not pattern.column:
            raise ConfigurationError(
                f"hashed names {text!r}, which is no column: write a table, a dot and a column,"
                " such as 'orders.order_id' or '*.buyer_email'."
            )
        patterns.append(pattern)
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
    filters = {table: _filter(table, rule) for table, rule in (row_filters or {}).items()}
    history = _listed("history_mode", history_mode)
    return Rules(patterns, Hasher(hash_salt) if hash_salt else None, filters, history)


def _listed(setting: str, values: Optional[Sequence[str]]) -> List[str]:
    if isinstance(values, str):
        values = values.split(",")
    found = list(values or ())
    for value in found:
        if not isinstance(value, str) or not value.strip():
            raise ConfigurationError(
                f"{setting} holds {value!r}, which is no name: write names in quotes."
            )
    return [value.strip() for value in found]


def _pattern(setting: str, text: str) -> Pattern:
    table, dot, column = text.partition(".")
    if not NAME.fullmatch(table) or (dot and not NAME.fullmatch(column)):
        raise ConfigurationError(
            f"{setting} names {text!r}, which is neither a table nor a column: write names as they"
            " are in the destination, such as 'orders__packages', 'orders.buyer__*' or '*.title'."
        )
    return Pattern(setting, text, table, column)


def _filter(table: str, rule: Any) -> RowFilter:
    if isinstance(rule, str):
        return Condition(table, rule)
    if callable(rule):
        return Function(table, rule)
    raise ConfigurationError(
        f"row_filters.{table} = {rule!r} is neither a condition nor a Python function: write a"
        " condition such as \"status = 'SHIPPED'\"."
    )


def check_tables(rules: Rules, known: Set[str], others: Callable[[], Set[str]]) -> None:
    """Says which settings name tables that this source does not have.

    Args:
        rules (Rules): The settings.
        known (Set[str]): Root tables of the chosen modules.
        others (Callable[[], Set[str]]): Those of all modules, asked for only when it matters: one
            file of settings may serve runs of several modules.

    Raises:
        ConfigurationError: One sentence.
    """
    named = [(p.setting, p.text, p.table) for p in rules.patterns if p.exact]
    named += [("row_filters", table, table) for table in rules.filters]
    named += [("history_mode", table, table) for table in rules.history]
    unknown = [name for name in named if not _is_of(name[2], known)]
    if not unknown:
        return
    everything = known | others()
    for setting, text, table in unknown:
        if not _is_of(table, everything):
            raise ConfigurationError(
                f"{setting} names {text!r}, but this source has no table {table!r}: write its name"
                " as it is in the destination, or a wildcard for tables that Amazon may add."
            )


def _is_of(table: str, roots: Set[str]) -> bool:
    """True for a root table and one nested in it."""
    return table in roots or any(table.startswith(f"{root}__") for root in roots)
