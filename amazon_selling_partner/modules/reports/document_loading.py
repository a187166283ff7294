"""One finished report: its URL, its document, its rows."""

import re
from itertools import chain
from typing import (
    Callable,
    Dict,
    Generator,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

import pyarrow as pa
import pyarrow.compute as pc
from dlt.common import pendulum

from ...client import SellingPartnerClient
from ...common.column_values import TEXT_SUFFIX
from ...common.personal_data import is_personal
from ...common.timestamps import format_timestamp, parse_state
from ...loading.marketplaces import marketplace_name
from . import api
from .deduplication import DuplicateFilter
from .document_check import (
    ALL_ZERO,
    COLUMNS_CHANGED,
    FEWER_ROWS,
    NO_ROWS,
    DocumentCheck,
    Signals,
)
from .documents import (
    REJECTED_TABLE,
    Document,
    DocumentError,
    read_document,
)
from .jobs import Job
from .outcomes import Outcomes, run_row
from .periods import SNAPSHOT_KEY, ReportWindow, period_key, periods_in
from .report import Period
from .report_tables import (
    DROPPED,
    TableRows,
    add_provenance,
    build_layout,
    rejected_rows,
    tombstones,
    unlisted_table,
)
from .scope_state import StateOf, scope_state, scope_states
from .shared_documents import (
    SharedDocuments,
    document_digest,
    may_be_shared,
    request_once,
)
from .spool import read_all


class OptionsMismatch(DocumentError):
    """A report that was found turns out to have other options."""


WITHHELD = "withheld: it may hold data of persons, include_pii = true keeps it"

PROPERTY_NAMES = re.compile(r"[\"']([\w-]+)[\"']\s*:|<([\w:-]+)")
"""Names of the values in a record of JSON or XML."""


class LoadResult(NamedTuple):
    """What became of a document.

    Attributes:
        loaded: Windows whose rows were replaced.
        to_confirm: Windows whose rows were not: the document lacks them suddenly.
        same_as: Scope for which the same document was read before.
        held: Windows that are requested again later: numbers became zeros.
    """

    loaded: Sequence[ReportWindow]
    to_confirm: Sequence[ReportWindow] = ()
    same_as: str = ""
    held: Sequence[ReportWindow] = ()


class DocumentRows:
    """The rows of one document for the tables of its report.

    Nothing is yielded before nothing can spoil it any more: of lines that is when the document came
    complete, of JSON and XML when all of it was read.

    Args:
        hold: Marketplaces and keys of periods that are not replaced, from their signals.

    Attributes:
        rows: Read so far.
        rejected: Rows that could not be read so far.
        duplicates: Rows that another document of this load gave.
        counts: Rows by period, in the order of the report's tables.
        columns: Of a text file's header.
        withheld: Columns with values that may be of persons, which are not loaded.
        dropped: Lists of a JSON document that are not loaded.
        signals: By marketplace and key of a period: rows whose number is not zero, for each signal
            of a query.
        held: Marketplaces and keys of periods whose rows are not passed on.
    """

    def __init__(
        self,
        job: Job,
        region: str,
        document: Document,
        duplicates: DuplicateFilter,
        hold: Callable[[Signals], Set[Tuple[str, str]]],
        include_pii: bool,
    ) -> None:
        self._job = job
        self._hold = hold
        self._include_pii = include_pii
        self._region = region
        self._reading = read_document(document, build_layout(job.report, job.scope.candidates))
        self._filter = duplicates
        self._tables = {table.name: table for table in job.report.tables}
        self._order = {table.name: index for index, table in enumerate(job.report.tables)}
        self.rows = 0
        self.rejected = 0
        self.duplicates = 0
        self.counts: Dict[str, List[int]] = {}
        self.columns: List[str] = []
        self.dropped: Set[str] = set()
        self.signals: Dict[Tuple[str, str], List[int]] = {}
        self.held: Set[Tuple[str, str]] = set()
        self.withheld: Set[str] = set()

    def __iter__(self) -> Iterator[TableRows]:
        """Rows of the tables and of `report_rejected_row`.

        Raises:
            DocumentBroken: The document is not what it should be.
            OptionsMismatch: It was made with other options than those requested.
        """
        job = self._job
        self._filter.begin_document()
        tables = self._read() if self._reading.is_streamable else read_all(self._read())
        first = next(tables, None)
        # all of a query's document is read before its first rows come
        self.held = self._hold(self.signals)
        for name, data in chain([first] if first else [], tables):
            if name == REJECTED_TABLE:
                yield rejected_rows(job, data, self._region)
            elif (rows := self._without_held(data)) is not None:
                yield TableRows(job.report.name, name, rows)

    def _read(self) -> Iterator[Tuple[str, pa.Table]]:
        job = self._job
        for name, data in self._reading:
            self._verify_options()
            if name.startswith(DROPPED):
                self.dropped.add(name.removeprefix(DROPPED))
                continue
            if name == REJECTED_TABLE:
                yield name, self._reject(data)
                continue
            if job.report.format in ("tsv", "csv"):
                self._add_columns(data.column_names)
            data = self._without_personal_data(data)
            table = self._tables.get(name) or unlisted_table(job.report, name)
            data, outside = add_provenance(job, table, data, self._region)
            if outside.num_rows:
                yield REJECTED_TABLE, self._reject(outside)
            if table.merge_key:
                before = data.num_rows
                data = self._filter.without_duplicates(name, table.merge_key, data)
                self.duplicates += before - data.num_rows
            self.rows += data.num_rows
            self._count(name, data)
            yield name, data
        self._verify_options()

    def _without_held(self, data: pa.Table) -> Optional[pa.Table]:
        """Rows without those of marketplaces and periods that are not replaced."""
        for id, key in self.held:
            start = pa.scalar(parse_state(key), data.schema.field("window_start").type)
            is_held = pc.and_(
                pc.equal(data["marketplace_id"], id), pc.equal(data["window_start"], start)
            )
            data = data.filter(pc.invert(is_held))
        return data if data.num_rows or not self.held else None

    @property
    def unparsed(self) -> Mapping[str, int]:
        """Values that do not fit their columns, by `table.column`."""
        return self._reading.counts.unparsed

    @property
    def headers(self) -> int:
        """Lines that repeat the header, which are left out."""
        return self._reading.counts.headers

    def accept(self) -> None:
        """The rows are loaded: other documents of this load are not to give them again."""
        self._filter.end_document()

    def _verify_options(self) -> None:
        specification = self._reading.counts.properties.get("reportSpecification")
        if self._job.options_unverified and not api.has_options(
            self._job.scope.options, specification
        ):
            raise OptionsMismatch(f"Report {self._job.report_id} has other options.")

    def _without_personal_data(self, data: pa.Table) -> pa.Table:
        names = [] if self._include_pii else [n for n in data.column_names if is_personal(n)]
        for name in names:
            column = data[name]
            if column.null_count < len(column):
                self.withheld.add(name.removesuffix(TEXT_SUFFIX))
        return data.drop_columns(names)

    def _reject(self, data: pa.Table) -> pa.Table:
        self.rejected += data.num_rows
        if not self._include_pii:
            texts = [
                WITHHELD if self._may_be_personal(text) else text
                for text in data["raw_text"].to_pylist()
            ]
            index = data.schema.get_field_index("raw_text")
            data = data.set_column(index, "raw_text", pa.array(texts, pa.string()))
        return data

    def _may_be_personal(self, text: str) -> bool:
        """True for the text of a row that has columns which are withheld."""
        names = self._reading.counts.columns or PROPERTY_NAMES.findall(text)
        return any(is_personal("".join(name)) for name in names)

    def _add_columns(self, names: Sequence[str]) -> None:
        known = set(self.columns)
        self.columns += [n for n in names if n not in known and not n.endswith(TEXT_SUFFIX)]

    def _count(self, name: str, data: pa.Table) -> None:
        if not self._job.report.period.is_calendar or name not in self._order:
            return
        for entry in pc.value_counts(data["window_start"]).to_pylist():
            start = pendulum.instance(entry["values"])
            counts = self.counts.setdefault(format_timestamp(start), [0] * len(self._order))
            counts[self._order[name]] += entry["counts"]
        if self._job.report.query and not self._order[name]:
            self._count_signals(data, self._job.report.query.signal_columns)

    def _count_signals(self, data: pa.Table, columns: Sequence[str]) -> None:
        present = [name for name in columns if name in data.column_names]
        zero = {name: pc.fill_null(pc.not_equal(data[name], 0), False) for name in present}
        marked = data.select(["marketplace_id", "window_start"])
        for name in present:
            marked = marked.append_column(name, pc.cast(zero[name], pa.int64()))
        sums = marked.group_by(["marketplace_id", "window_start"]).aggregate(
            [(name, "sum") for name in present]
        )
        for row in sums.to_pylist():
            key = format_timestamp(pendulum.instance(row["window_start"]))
            known = self.signals.setdefault((row["marketplace_id"], key), [0] * len(columns))
            for index, name in enumerate(columns):
                known[index] += row.get(f"{name}_sum") or 0


class DocumentLoader:
    """Loads the documents of one run.

    Args:
        state_of: State of one report by its name, kept between runs.
    """

    def __init__(self, client: SellingPartnerClient, state_of: StateOf, outcomes: Outcomes) -> None:
        self._client = client
        self._state_of = state_of
        self._outcomes = outcomes
        self._duplicates = DuplicateFilter()
        self._shared = SharedDocuments()

    def load(self, job: Job, document: Document) -> Generator[TableRows, None, LoadResult]:
        """The rows of a document, tombstones of the windows they replace, its row of `report_run`.

        Raises:
            DocumentBroken: The document is not what it should be.
            OptionsMismatch: It was made with other options than those requested.
        """
        region = self._client.region
        periods = periods_in(job.report, job.window)
        digest = ""
        states = scope_states(self._state_of, job.report)
        if may_be_shared(job.report) and len(states) > 1:
            digest = document_digest(document)
            if first := self._shared.first_scope(job, digest, states):
                yield from self._leave_out(job, document, first)
                return LoadResult(periods, same_as=first)
        state = self._state_of(job.report.name)
        if job.report.period is not Period.LISTED:
            state = scope_state(self._state_of, job.report, job.scope)
        check = DocumentCheck(job, state)
        source = DocumentRows(
            job,
            region,
            document,
            self._duplicates,
            lambda signals: check.vanished_signals(signals, self._client.now()),
            self._client.include_pii,
        )
        rows = iter(source)
        held: List[TableRows] = []
        least = check.least_rows()
        while source.rows < least:
            item = next(rows, None)
            if item is None:
                before = state.get("rows", 0)
                yield self._hold_back(job, document, f"{before} rows before, {source.rows} now")
                check.request_confirmation([SNAPSHOT_KEY])
                return LoadResult([], [job.window])
            held.append(item)
        yield from chain(held, rows)
        with_zeros = {key for _, key in source.held}
        newly_empty = check.newly_empty_periods(source.counts)
        loaded = [period for period in periods if period not in newly_empty]
        yield from tombstones(job, region, loaded, source.held)
        zeros = [period for period in loaded if period_key(period) in with_zeros]
        loaded = [period for period in loaded if period not in zeros]
        source.accept()
        if job.report.query and job.report.period.is_calendar:
            check.accept_signals(source.signals, source.held, self._client.now())
        if zeros:
            self._note_zeros(job, source.held)
        if newly_empty:
            check.request_confirmation(map(period_key, newly_empty))
        for sentence in check.accept(
            source.rows, document.text_size, source.counts, source.columns, loaded
        ):
            self._note(job, sentence)
        for name in sorted(source.dropped - set(job.report.ignored)):
            self._outcomes.note(job.report.name, f"the list {name} of its document is not loaded")
        if source.headers:
            sentence = f"{source.headers} lines that repeat the header are left out"
            self._outcomes.note(job.report.name, sentence, job.scope.label)
        if digest and source.rows:
            self._shared.add(job, digest, state)
        self._outcomes.rejected(job.report.name, source.rejected)
        self._outcomes.unparsed(job.report.name, source.unparsed)
        if source.withheld:
            self._outcomes.withheld(job.report.name, source.withheld)
        later = "made later" if job.report.period is Period.LISTED else "read before"
        reason = f"{source.duplicates} rows came with a report {later}" * bool(source.duplicates)
        yield run_row(
            job, region, self._client.now(), source.rows, source.rejected, document.size, reason
        )
        return LoadResult(loaded, newly_empty, held=zeros)

    def _leave_out(self, job: Job, document: Document, first: str) -> Iterator[TableRows]:
        """The same document was read for another marketplace: it is of the region."""
        yield from tombstones(job, self._client.region, periods_in(job.report, job.window))
        request_once(self._state_of(job.report.name), first, self._client.now())
        reason = f"the same document as for {marketplace_name(first.split()[0])}"
        self._outcomes.note(
            job.report.name, f"{reason}: loaded once, requested once from now on", job.scope.label
        )
        yield run_row(
            job, self._client.region, self._client.now(), size=document.size, reason=reason
        )

    def _hold_back(self, job: Job, document: Document, why: str) -> TableRows:
        reason = f"{why}: requested once more before it replaces the last one"
        return run_row(
            job, self._client.region, self._client.now(), size=document.size, reason=reason
        )

    def _note_zeros(self, job: Job, held: Set[Tuple[str, str]]) -> None:
        days = sorted({key[:10] for _, key in held})
        span = days[0] if len(days) == 1 else f"{len(days)} periods from {days[0]} to {days[-1]}"
        where = ", ".join(sorted(marketplace_name(id) for id in {id for id, _ in held}))
        self._outcomes.note(
            job.report.name,
            f"{ALL_ZERO}: {span} had numbers before: not replaced, requested again later",
            where,
        )

    def _note(self, job: Job, sentence: str) -> None:
        beginnings = (NO_ROWS, FEWER_ROWS, COLUMNS_CHANGED)
        beginning = next(text for text in beginnings if sentence.startswith(text))
        self._outcomes.note(job.report.name, sentence, job.scope.label, beginning)
