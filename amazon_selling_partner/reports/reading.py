"""One finished report: its address, its document, its rows."""

from typing import Iterator

from ..client import SellingPartnerClient
from . import calls
from .documents import (
    REJECTED,
    Document,
    DocumentError,
    DocumentExpired,
    download,
    fallback_encoding,
    read_document,
)
from .jobs import Job
from .outcomes import run_row
from .report import Period
from .shared import Shared
from .spool import whole
from .tables import Rows, clearing, kept_aside, layout, stamped, unlisted_table

MINTS = 3
"""How often a document's address is asked for because the last one had expired."""


class OtherOptions(DocumentError):
    """A report that was found turns out to be made with other options."""


def fetched(client: SellingPartnerClient, job: Job) -> Document:
    """Downloads a report's document, the moment its address is known.

    Args:
        client (SellingPartnerClient): The account.
        job (Job): Made.

    Returns:
        Document: To be closed by the caller.

    Raises:
        SellingPartnerError: When it cannot be had; `DocumentMissing` and `NotFound` when Amazon
            keeps it no longer.
    """
    fallback = fallback_encoding((job.scope.marketplace_ids or [""])[0])
    restricted = job.report.restricted
    for _ in range(MINTS - 1):
        try:
            url = calls.document_address(client, job.document_id, restricted)
            return download(url, client.clock, fallback)
        except DocumentExpired:
            continue
    url = calls.document_address(client, job.document_id, restricted)
    return download(url, client.clock, fallback)


def rows_of(
    client: SellingPartnerClient, job: Job, document: Document, shared: Shared
) -> Iterator[Rows]:
    """The rows of a document, the windows they replace first, the row of `report_run` last.

    Nothing is yielded before nothing can spoil it any more: of lines that is when the document came
    whole, of JSON and XML when all of it was read.

    Args:
        client (SellingPartnerClient): For the region and the time.
        job (Job): The report.
        document (Document): Open.
        shared (Shared): What other documents of this load gave.

    Yields:
        Rows: For the report's tables, `report_rejected_row` and `report_run`.

    Raises:
        DocumentBroken: The document is not what it should be.
        OtherOptions: It was made with other options than those asked for.
    """
    region = client.region
    by_name = {table.name: table for table in job.report.tables}
    reading = read_document(document, layout(job.report, job.scope.marketplace_ids))
    rows = rejected = known = 0
    shared.begin()
    cleared = False
    for name, data in reading if reading.is_sure else whole(reading):
        if not cleared:
            cleared = True
            yield from _cleared(job, region, reading.counts.properties.get("reportSpecification"))
        if name == REJECTED:
            rejected += data.num_rows
            yield kept_aside(job, data, region)
            continue
        table = by_name.get(name) or unlisted_table(job.report, name)
        data, outside = stamped(job, table, data, region)
        if outside.num_rows:
            rejected += outside.num_rows
            yield kept_aside(job, outside, region)
        if table.replaced:
            before = data.num_rows
            data = shared.left(name, table.replaced, data)
            known += before - data.num_rows
        rows += data.num_rows
        yield Rows(job.report.name, name, data)
    if not cleared:
        yield from _cleared(job, region, reading.counts.properties.get("reportSpecification"))
    shared.read()
    later = "made later" if job.report.period is Period.LISTED else "read before"
    reason = f"{known} rows came with a report {later}" if known else ""
    yield run_row(job, region, client.now(), rows, rejected, document.size, reason)


def _cleared(job: Job, region: str, specification: object) -> Iterator[Rows]:
    if job.unverified and not calls.same_options(job.scope.options, specification):
        raise OtherOptions(f"Report {job.report_id} was made with other options.")
    yield from clearing(job, region)
