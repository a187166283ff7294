"""What each table and column holds, in one sentence: read when a table is created or changes.

The texts are in the JSON files beside this one: `common.json` for columns that mean the same in
all tables, the others by module:

- `tables`: tables by name. One per day, week or month has its name without that word, and
  `{period}` stands for it.
- `columns`: columns by name, or as `table.column` where one table differs. `*` stands for the rest
  of a name, and `{}` for what is written of it. An object in an object (`a__b`) is described by
  its parts; a part without text adds nothing.
- `undeclared`: columns that no table declares, as they come with data only.
- `references`: foreign keys, by table and table that it refers to.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, List, Mapping, Optional, Set, Tuple

MAX_LENGTH = 200
"""Characters of a description."""

FOLDER = Path(__file__).parent

COMMON = "common"

PERIOD = re.compile(r"_(hourly|daily|weekly|monthly|quarterly|yearly)(?=_|$)")

PERIODS = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
}

SENTENCE_START = re.compile(r"[A-Z][a-z]+('s)?\b")

NAMES = ("Amazon", "Amazon's")
"""Words that keep their capital inside a sentence."""


@dataclass(frozen=True)
class Texts:
    """The texts of one file.

    Attributes:
        name: Of the file.
        tables: By name.
        columns: By name, `table.name` or pattern.
        patterns: Those of `columns` that have `*`, the longest first.
        undeclared: Those of `columns` that no table declares.
        references: By table (`*` stands for any characters) and table that it refers to, its
            columns with those there.
    """

    name: str
    tables: Mapping[str, str]
    columns: Mapping[str, str]
    patterns: List[str]
    undeclared: Set[str]
    references: Mapping[str, Mapping[str, Mapping[str, str]]]


@lru_cache
def all_texts() -> Dict[str, Texts]:
    """The texts of all files, by the name of the file."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        undeclared = content.get("undeclared", {})
        columns = {**content.get("columns", {}), **undeclared}
        patterns = sorted((key for key in columns if "*" in key), key=len, reverse=True)
        links = content.get("references", {})
        tables = content.get("tables", {})
        found[path.stem] = Texts(path.stem, tables, columns, patterns, set(undeclared), links)
    return found


def describe_table(table: str) -> Optional[str]:
    """What a row of a table is, None for a table that this source does not know."""
    texts, name = _find(table)
    if (text := texts.tables.get(name)) and (period := PERIOD.search(table)):
        return text.replace("{period}", PERIODS[period[1]])
    return text


def describe_column(table: str, column: str) -> Optional[str]:
    """What a column holds, None for a name that is nowhere described."""
    return Description(table).of(column)


def is_known_column(table: str, column: str) -> bool:
    """True for a name that is described somewhere, also as an object whose parts are columns."""
    return Description(table).knows(column)


class Description:
    """Describes the columns of a table.

    Attributes:
        table: Its name, without a period.
        used: The keys that were of use.
    """

    def __init__(self, table: str) -> None:
        texts, self.table = _find(table)
        self._files = (texts, all_texts()[COMMON])
        self.used: Set[Tuple[str, str]] = set()

    def of(self, column: str) -> Optional[str]:
        """What a column holds, None for a name that is nowhere described."""
        text = self._compose(column)
        return text[0].upper() + text[1:] if text else None

    def knows(self, column: str) -> bool:
        """True for a column, and for an object whose parts are columns."""
        return self._compose(column) is not None

    def _exact(self, name: str) -> Optional[str]:
        for texts in self._files:
            for key in (f"{self.table}.{name}", name):
                if key in texts.columns:
                    self.used.add((texts.name, key))
                    return texts.columns[key]
        return None

    def _compose(self, name: str) -> Optional[str]:
        if (text := self._exact(name)) is not None:
            return text
        return next(self._parts(name), None)

    def _parts(self, name: str) -> Iterator[str]:
        """Texts put together of those of the parts of a name."""
        parts = name.split("__")
        splits = [("__".join(parts[:n]), "__".join(parts[n:])) for n in range(1, len(parts))]
        for head, tail in splits:
            # a tail of several parts that is written down stands before what patterns make of it
            if "__" in tail and (text := self._exact(tail)) is not None:
                if (place := self._compose(head)) is not None:
                    yield _join(place, text)
        for texts in self._files:
            for pattern in texts.patterns:
                start, end = pattern.split("*")
                middle = name[len(start) : len(name) - len(end)]
                if middle and name == f"{start}{middle}{end}":
                    frame = texts.columns[pattern]
                    found = self._compose(middle) if "{}" in frame else ""
                    if found is not None:
                        self.used.add((texts.name, pattern))
                        yield _insert(frame, found)
        for head, tail in reversed(splits):
            if (place := self._exact(head)) is not None:
                if (text := self._compose(tail)) is not None:
                    yield _join(place, text)


def _join(place: str, text: str) -> str:
    """What is written of an object, and of a property of it."""
    return _insert(f"{place}: {{}}", text) if place and text else place or text


def _insert(text: str, part: str) -> str:
    """Puts a text into another one."""
    if text.startswith("{}"):
        return text.replace("{}", part)
    word = SENTENCE_START.match(part)
    if word and word[0] not in NAMES:
        part = part[0].lower() + part[1:]
    return text.replace("{}", part)


@lru_cache
def _files_by_table() -> Dict[str, Texts]:
    return {table: texts for texts in all_texts().values() for table in texts.tables}


def _find(table: str) -> Tuple[Texts, str]:
    """The file that describes a table, or one that it is nested in, with its name there."""
    files, parts = _files_by_table(), table.split("__")
    for count in range(len(parts), 0, -1):
        for name in ("__".join(parts[:count]), PERIOD.sub("", "__".join(parts[:count]))):
            if name in files:
                return files[name], name if count == len(parts) else table
    return all_texts()[COMMON], table
