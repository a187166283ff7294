"""How a report and a Data Kiosk query are requested, looked up and fetched: all that differs."""

from itertools import chain
from typing import Any, Callable, Dict, Iterator, List, Mapping, Protocol, Set, Tuple

from dlt.common import logger, pendulum

from ...client import Operation, SellingPartnerClient
from ...client.errors import CredentialsError, SellingPartnerError
from ...common.timestamps import parse_timestamp
from . import api, queries_api
from .documents import Document, DocumentExpired, download, fallback_encodings
from .jobs import Job, Stage
from .report import Report
from .scopes import currency_of

MAX_DOCUMENT_URLS = 3
"""How often the URL of a document is requested because the last one had expired."""

LOOK_BACK = pendulum.duration(hours=20)
"""How old a query may be that was left behind by a run without its journal."""


class Transport(Protocol):
    """One of the two APIs."""

    @property
    def operations(self) -> Mapping[Stage, Operation]:
        """The call that is next at each stage."""

    def request(self, job: Job) -> None:
        """Requests a job and sets its id; raises as `SellingPartnerClient.attempt`."""

    def update(self, job: Job) -> None:
        """Reads the state of a job; raises as `SellingPartnerClient.call`."""

    def fetch(self, job: Job) -> Document:
        """Downloads the document of a job as soon as its URL is known, to be closed by the caller.

        Raises:
            SellingPartnerError: When it cannot be had; `DocumentMissing` and `NotFound` when Amazon
                keeps it no longer.
        """

    def find_lost(self, job: Job, known: Set[str]) -> str:
        """The id of what a run requested that was killed before it knew the id; empty if unknown.

        Args:
            known: Ids that are known to belong to other jobs; the one found is added.
        """


class ReportTransport:
    """The Reports API."""

    operations = {
        Stage.PENDING: api.CREATE_REPORT,
        Stage.REQUESTED: api.GET_REPORT,
        Stage.READY: api.GET_DOCUMENT,
    }

    def __init__(self, client: SellingPartnerClient) -> None:
        self._client = client

    def request(self, job: Job) -> None:
        """Requests a report."""
        job.report_id = api.create_report(self._client, _report_body(job))

    def update(self, job: Job) -> None:
        """Reads the state of a report."""
        answer = api.get_report(self._client, job.report_id)
        job.status = str(answer.get("processingStatus") or "")
        job.processing_ended = parse_timestamp(answer.get("processingEndTime"))
        job.document_id = str(answer.get("reportDocumentId") or "")

    def fetch(self, job: Job) -> Document:
        """Downloads the document of a report."""
        fallbacks = fallback_encodings(job.scope.encoded_by or job.scope.candidates)
        restricted = job.report.restricted
        return _download(
            lambda: api.get_document_url(self._client, job.document_id, restricted),
            lambda url: download(url, self._client.clock, fallbacks),
        )

    def find_lost(self, job: Job, known: Set[str]) -> str:
        """Only reports whose documents name their options can be identified."""
        if not job.requested_at or (job.scope.options and job.report.format != "json"):
            return ""
        sent = _report_body(job)
        since = job.requested_at.subtract(minutes=1)
        statuses = ("DONE", "IN_PROGRESS", "IN_QUEUE")
        try:
            for found in api.list_reports(self._client, [job.report.report_type], since, statuses):
                report_id = str(found.get("reportId") or "")
                if report_id and report_id not in known and _is_same_request(found, sent):
                    known.add(report_id)
                    job.options_unverified = True
                    return report_id
        except CredentialsError:
            raise
        except SellingPartnerError as error:
            logger.warning(f"Reports of a killed run cannot be listed: {error}")
        return ""


class QueryTransport:
    """The Data Kiosk API.

    Each page of a query is a query of its own; their documents are fetched together, as they
    replace one window. Amazon shows the text of a query for 30 days, by which it is found again.
    """

    operations = {
        Stage.PENDING: queries_api.CREATE_QUERY,
        Stage.REQUESTED: queries_api.GET_QUERY,
        Stage.READY: queries_api.GET_QUERY_DOCUMENT,
    }

    def __init__(self, client: SellingPartnerClient) -> None:
        self._client = client
        self._listed: Dict[str, List[Tuple[pendulum.DateTime, str]]] = {}
        self._listed_since: Any = None

    def request(self, job: Job) -> None:
        """Requests a query, or its next page."""
        job.report_id = queries_api.create_query(self._client, query_text(job), job.page_token)

    def update(self, job: Job) -> None:
        """Reads the state of a query; one that is done and has more pages is pending again."""
        answer = queries_api.get_query(self._client, job.report_id)
        job.status = str(answer.get("processingStatus") or "")
        job.processing_ended = parse_timestamp(answer.get("processingEndTime"))
        name = "errorDocumentId" if job.status == "FATAL" else "dataDocumentId"
        job.document_id = str(answer.get(name) or "")
        pagination = answer.get("pagination")
        token = pagination.get("nextToken") if isinstance(pagination, dict) else None
        job.next_page = str(token or "")

    def fetch(self, job: Job) -> Document:
        """Downloads the documents of all pages of a query as one; empty where it has none."""
        if job.status == "FATAL":
            return self._fetch(job.document_id)
        ids = [id for id in (*(document for _, document in job.pages), job.document_id) if id]
        if len(ids) == 1:
            return self._fetch(ids[0])
        return Document(chain.from_iterable(map(self._lines, ids)), None)

    def find_lost(self, job: Job, known: Set[str]) -> str:
        """The oldest query with the same text since it was requested."""
        since = job.requested_at or self._client.now() - LOOK_BACK
        text = query_text(job)
        try:
            for created, id in self._queries(since.subtract(minutes=1)).get(text, ()):
                if id not in known and created >= since.subtract(minutes=1):
                    known.add(id)
                    job.requested_at = created
                    return id
        except CredentialsError:
            raise
        except SellingPartnerError as error:
            logger.warning(f"Queries of a killed run cannot be listed: {error}")
        return ""

    def _queries(
        self, since: pendulum.DateTime
    ) -> Mapping[str, List[Tuple[pendulum.DateTime, str]]]:
        """Creation time and id by text, oldest first; listed once."""
        if self._listed_since is None or since < self._listed_since:
            self._listed_since = min(since, self._client.now() - LOOK_BACK)
            self._listed = {}
            for query in queries_api.list_queries(self._client, self._listed_since):
                created, id = parse_timestamp(query.get("createdTime")), query.get("queryId")
                if created and id:
                    found = self._listed.setdefault(str(query.get("query")), [])
                    found.append((created, str(id)))
            for found in self._listed.values():
                found.sort()
        return self._listed

    def _fetch(self, document_id: str) -> Document:
        return _download(
            lambda: queries_api.get_document_url(self._client, document_id),
            lambda url: download(url, self._client.clock),
        )

    def _lines(self, document_id: str) -> Iterator[bytes]:
        with self._fetch(document_id) as document:
            yield from document.read()
        yield b"\n"


class Transports:
    """Both APIs for one run."""

    def __init__(self, client: SellingPartnerClient) -> None:
        self._reports = ReportTransport(client)
        self._queries = QueryTransport(client)

    def of(self, report: Report) -> Transport:
        """The API of a report or query."""
        return self._queries if report.query else self._reports


def query_text(job: Job) -> str:
    """The GraphQL text of a job."""
    query, ids = job.report.query, job.scope.marketplace_ids
    assert query is not None
    window, currency = job.window, currency_of(ids[0])
    return query.text(window.start, window.end, ids, currency, job.scope.asins)


def _report_body(job: Job) -> Dict[str, Any]:
    assert job.requested_at is not None
    scope = job.scope
    return api.request_body(
        job.report, scope.marketplace_ids, job.window, scope.options, job.requested_at
    )


def _download(get_url: Callable[[], str], fetch: Callable[[str], Document]) -> Document:
    for _ in range(MAX_DOCUMENT_URLS - 1):
        try:
            return fetch(get_url())
        except DocumentExpired:
            continue
    return fetch(get_url())


def _is_same_request(listed: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    """True when a report that getReports lists is what a request body describes."""
    marketplace_ids = listed.get("marketplaceIds")
    return (
        isinstance(marketplace_ids, list)
        and sorted(map(str, marketplace_ids)) == sorted(sent["marketplaceIds"])
        and all(
            _is_same_time(listed.get(name), sent.get(name))
            for name in ("dataStartTime", "dataEndTime")
        )
    )


def _is_same_time(first: Any, second: Any) -> bool:
    if not first or not second:
        return not first and not second
    found, expected = parse_timestamp(first), parse_timestamp(second)
    if found is None or expected is None:
        return False
    return abs((found - expected).total_seconds()) < 1
