"""Rows whose width is not the header's: joined where a line break tore them, else rejected.

A cell with a line break that is not quoted tears its row into lines that are too narrow. Lines that
follow each other are joined when exactly one way of joining them gives complete rows, the break is
in a column that can hold one, and the values fit the types of their columns. All other lines that
are too narrow or too wide are rejected: loaded, their cells would stand in the wrong columns.
"""

import re
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import Callable, Iterable, List, NamedTuple, Optional, Tuple

from .column_types import (
    DECIMAL_COMMA_NUMBER,
    DECIMAL_POINT_NUMBER,
    FALSE_TEXTS,
    TRUE_TEXTS,
    ColumnType,
)
from .header import Header
from .layout import FlatLayout
from .table_buffer import RejectedRow

MAX_RUN = 200
"""Narrow lines in a row that are tried to be joined."""

FREE_TEXT = re.compile(
    r"name|title|description|comment|note|message|reason|response|instruction|address|remark"
)
IDENTIFIER = re.compile(
    r"(^|_)(ids?|skus?|msku|fnsku|asins?|isbn|ean|upc|number|date|time|currency|country|quantity|"
    r"qty|code|price|amount|fee|tax|phone|email)\d*(_|$)"
)


class Line(NamedTuple):
    """A line of a document, or a record of several where quotes enclose line ends.

    Attributes:
        number: Of its first line in the document.
        cells: Its cells, empty where it cannot be read.
        text: All of it, without the line end.
        end: The line end.
        error: Why it cannot be read.
    """

    number: int
    cells: List[str]
    text: str
    end: str = "\n"
    error: str = ""

    @property
    def is_blank(self) -> bool:
        """True where there is nothing but separators."""
        return not self.error and not any(self.cells)


class Shape(NamedTuple):
    """How wide the rows of a document are.

    Attributes:
        rows: Lines that are not blank.
        complete: Those as wide as the header.
        short: Those that are narrower.
        padded: Those that are not narrower and end in an empty cell.
        alone: Short ones that no line beside them completes.
        extra: Empty cells that every row has beyond the header.
    """

    rows: int
    complete: int
    short: int
    padded: int
    alone: int
    extra: int

    @property
    def trims_rows(self) -> bool:
        """True where the document leaves out empty cells at the end of its rows."""
        return self.alone >= 3 and 2 * self.short >= self.rows and not self.padded


@dataclass
class Assembled:
    """What became of some lines."""

    rows: List[List[str]] = field(default_factory=list)
    numbers: List[int] = field(default_factory=list)
    rejected: List[RejectedRow] = field(default_factory=list)
    short: int = 0


def measure(widths: Iterable[Tuple[int, int]], header: Header) -> Shape:
    """The shape of a document.

    Args:
        widths: Of each row how many cells it has, and how many empty ones are at its end.
        header: Without extra columns.
    """
    rows = complete = short = padded = alone = excess = 0
    extra: Optional[int] = None
    run: List[int] = []
    for width, empty in widths:
        rows += 1
        complete += header.is_complete(width)
        padded += width >= header.named > width - empty
        if width > header.cells and empty >= width - header.cells:
            excess += 1
            extra = min(width - header.cells, extra or width)
        if width < header.named:
            short += 1
            run.append(width)
        elif run:
            alone += len(run) * (not _can_be_joined(run, header))
            run.clear()
    alone += len(run) * (not _can_be_joined(run, header))
    return Shape(rows, complete, short, padded, alone, extra if extra and excess == rows else 0)


def _can_be_joined(run: List[int], header: Header) -> bool:
    """True where lines of these widths can be put together to complete rows."""
    reached = {0}
    for start in range(len(run)):
        if start in reached and len(run) <= MAX_RUN:
            width = run[start]
            for end in range(start + 1, len(run)):
                width += run[end] - 1
                if header.is_complete(width):
                    reached.add(end + 1)
    return len(run) in reached


def shows_columns(row: List[str], header: Header, layout: FlatLayout, shape: Shape) -> bool:
    """True where empty cells at the end of all rows are none of a shifted row.

    With a single row, values that have a type have to fit their columns.
    """
    typed = [(cell, kind) for cell, kind in zip(row, layout.types_of(header.names)) if cell]
    fitting = [fits(cell, kind) for cell, kind in typed if not kind.is_text]
    return shape.rows > 1 or (bool(fitting) and all(fitting))


class Measured:
    """Measures a document when its shape is requested first, in whichever thread.

    Args:
        widths: What `measure` takes.
    """

    def __init__(self, widths: Callable[[], Iterable[Tuple[int, int]]]) -> None:
        self._widths = widths
        self._shape: Optional[Shape] = None
        self._lock = threading.Lock()

    def __call__(self, header: Header) -> Shape:
        """The shape of the document."""
        with self._lock:
            if self._shape is None:
                self._shape = measure(self._widths(), header)
            return self._shape


def row_error(width: int, header: Header) -> str:
    """Why a line of this many cells is not a row."""
    return f"{width} cell{'s' * (width != 1)} where {header.named} are expected"


class RowAssembler:
    """Makes rows of lines.

    Args:
        header: The columns of the document.
        types: Of the columns, in order.
        shape: Of the document; called only where a line is not as wide as the header.
    """

    def __init__(self, header: Header, types: List[ColumnType], shape: Callable[[], Shape]) -> None:
        self._header = header
        self._types = types
        self._shape = shape
        self._breakable = [self._can_break(position) for position in range(header.named)]

    def assemble(self, lines: Iterable[Line], is_last: bool) -> Assembled:
        """The rows in some lines, and what is rejected.

        Args:
            lines: All lines from one complete row to another.
            is_last: The document ends with them.
        """
        result = Assembled()
        run: List[Line] = []
        previous: Optional[Line] = None

        def end_run(following: Optional[Line]) -> Optional[Line]:
            nonlocal previous
            changed = self._resolve(run, result, previous, following, is_last)
            run.clear()
            previous = None
            return changed

        for line in lines:
            width = len(line.cells)
            if line.error:
                end_run(None)
                result.rejected.append(RejectedRow(line.number, line.text, line.error))
            elif line.is_blank:
                if width == 1 and (run or previous):
                    run.append(line)
            elif self._header.is_complete(width) and not any(line.cells[self._header.cells :]):
                previous_row = end_run(line) or line
                self._add(result, previous_row)
                previous = previous_row
            elif width >= self._header.named:
                end_run(None)
                self._reject(result, line)
            else:
                run.append(line)
        end_run(None)
        return result

    def _add(self, result: Assembled, line: Line) -> None:
        missing = len(self._header.names) - len(line.cells)
        result.rows.append(line.cells + [""] * missing)
        result.numbers.append(line.number)

    def _reject(self, result: Assembled, line: Line) -> None:
        reason = row_error(len(line.cells), self._header)
        result.rejected.append(RejectedRow(line.number, line.text, reason))

    def _resolve(
        self,
        run: List[Line],
        result: Assembled,
        previous: Optional[Line],
        following: Optional[Line],
        is_last: bool,
    ) -> Optional[Line]:
        """Joins or rejects narrow lines; returns the complete row after them if it is changed."""
        while run and run[-1].is_blank:
            run.pop()
        while run and run[0].is_blank and not previous:
            run.pop(0)
        if not run:
            return None
        if self._shape().trims_rows:
            for line in run:
                if not line.is_blank:
                    self._add(result, line)
                    result.short += 1
            return None
        is_end = is_last and following is None
        continues = previous is not None and self._continues(previous.cells, is_end)
        parts = self._split(run, continues, following)
        if parts is None:
            for line in run:
                if not line.is_blank:
                    self._reject(result, line)
            return None
        first, groups, last = parts
        if previous and first:
            result.rows[-1][: len(previous.cells)] = _join([previous, *run[:first]]).cells
        for group in groups:
            self._add(result, _join(group))
        return _join([*run[last:], following]) if following and last < len(run) else None

    def _split(
        self, run: List[Line], after_row: bool, following: Optional[Line]
    ) -> Optional[Tuple[int, List[List[Line]], int]]:
        """The one way to cut narrow lines into rows, None where there is no way, or are several.

        Returns:
            How many lines at the start continue the row before, the rows, and the index from which
            lines belong to the row that follows.
        """
        count = len(run)
        if count > MAX_RUN:
            return None
        before = next((n for n, line in enumerate(run) if len(line.cells) > 1), count)
        starts = range(before + 1) if after_row else range(1)
        joins_next = following is not None and self._is_free_text(0)

        @cache
        def ways(start: int) -> Tuple[int, Tuple[int, ...]]:
            """How many ways there are from a line on, and the ends of the rows of one of them."""
            if start == count:
                return 1, ()
            found = 0
            ends: Tuple[int, ...] = ()
            if joins_next and all(len(line.cells) == 1 for line in run[start:]):
                found = 1
            for end in range(start + 2, count + 1):
                if not self._is_row(run[start:end]):
                    continue
                number, rest = ways(end)
                if number:
                    found, ends = found + number, (end, *rest)
            return found, ends

        possible = [(start, *ways(start)) for start in starts if not _is_blank_at(run, start)]
        possible = [way for way in possible if way[1]]
        if len(possible) != 1 or possible[0][1] != 1:
            return None
        start, _, ends = possible[0]
        groups, position = [], start
        for end in ends:
            groups.append(run[position:end])
            position = end
        return start, groups, position

    def _is_row(self, group: List[Line]) -> bool:
        """True where lines give one row of the header's width whose values fit."""
        width = sum(len(line.cells) for line in group) - len(group) + 1
        if not self._header.is_complete(width) or group[0].is_blank or group[-1].is_blank:
            return False
        position, breaks = 0, []
        for line in group[:-1]:
            position += len(line.cells) - 1
            breaks.append(position)
        if not all(self._breakable[at] for at in breaks):
            return False
        cells = _join(group).cells
        typed = [(cell, kind) for cell, kind in zip(cells, self._types) if not kind.is_text]
        if not all(not cell or fits(cell, kind) for cell, kind in typed):
            return False
        # where no line is complete, rows may be short by nature: a typed value has to prove it
        after = list(zip(cells, self._types))[breaks[0] + 1 :]
        return bool(self._shape().complete) or any(
            cell and not kind.is_text for cell, kind in after
        )

    def _continues(self, row: List[str], is_end: bool) -> bool:
        """True where a line of one cell can only be the rest of the last cell of the row before."""
        last = self._header.named - 1
        if last < 2 or len(row) > last + 1 or not row[last] or not self._breakable[last]:
            return False
        if self._is_free_text(last):
            return True
        # at the end of a document it may be a remark; a free text may begin the row that follows
        return not is_end and not self._is_free_text(0)

    def _can_break(self, position: int) -> bool:
        """True for a column whose cells may hold a line break."""
        if not self._types[position].is_text:
            return False
        if self._is_free_text(position):
            return True
        return position > 0 and not IDENTIFIER.search(self._header.names[position])

    def _is_free_text(self, position: int) -> bool:
        is_text = self._types[position].is_text
        return is_text and FREE_TEXT.search(self._header.names[position]) is not None


def fits(cell: str, kind: ColumnType) -> bool:
    """True where a text can be a value of a type, in the format of any country."""
    text = cell.strip()
    if text in kind.no_value:
        return True
    if kind.name in ("decimal", "double", "bigint"):
        return any(
            pattern.fullmatch(text) for pattern in (DECIMAL_POINT_NUMBER, DECIMAL_COMMA_NUMBER)
        )
    if kind.name == "bool":
        return text.lower() in TRUE_TEXTS | FALSE_TEXTS
    return "\n" not in text and any(map(str.isdigit, text)) and len(text) < 40


def _join(lines: List[Line]) -> Line:
    """One line of several, with the line ends between them in its cells."""
    cells = list(lines[0].cells)
    for before, line in zip(lines, lines[1:]):
        cells[-1] += before.end + line.cells[0]
        cells += line.cells[1:]
    return lines[0]._replace(cells=cells)


def _is_blank_at(run: List[Line], start: int) -> bool:
    return start < len(run) and run[start].is_blank
