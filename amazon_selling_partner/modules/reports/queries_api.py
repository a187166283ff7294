"""The calls to the Data Kiosk API; createQuery makes one attempt, as its caller has other work."""

from typing import Any, Dict, Iterator, Sequence

from dlt.common import pendulum

from ...client import Operation, PageToken, Probe, SellingPartnerClient
from ...client.errors import ServiceUnavailable

ROLE = "Brand Analytics"

CREATE_QUERY = Operation(
    "createQuery", "POST", "/dataKiosk/2023-11-15/queries", rate=0.0167, burst=15, role=ROLE
)
GET_QUERY = Operation(
    "getQuery", "GET", "/dataKiosk/2023-11-15/queries/{queryId}", rate=2.0, burst=15, role=ROLE
)
GET_QUERIES = Operation(
    "getQueries",
    "GET",
    "/dataKiosk/2023-11-15/queries",
    rate=0.0222,
    burst=10,
    items_path="queries",
    paginator=PageToken("paginationToken", "pagination.nextToken"),
    role=ROLE,
)
GET_QUERY_DOCUMENT = Operation(
    "getDocument",
    "GET",
    "/dataKiosk/2023-11-15/documents/{documentId}",
    rate=0.0167,
    burst=15,
    role=ROLE,
)
OPERATIONS = (CREATE_QUERY, GET_QUERY, GET_QUERIES, GET_QUERY_DOCUMENT)

UNFINISHED_OR_DONE = ("DONE", "IN_PROGRESS", "IN_QUEUE")


def query_probe(tables: str) -> Probe:
    """Shows whether the application may use Data Kiosk; what it may query, no read shows."""
    return Probe(tables, GET_QUERIES, params={"pageSize": 10})


def create_query(client: SellingPartnerClient, text: str, page_token: str = "") -> str:
    """Requests a query, once, or the next page of one.

    Returns:
        The queryId.

    Raises:
        Throttled: 429, also for too many queries of one query field in progress.
        ServiceUnavailable: Also for a response without queryId.
        SellingPartnerError: As `SellingPartnerClient.attempt`.
    """
    body = {"query": text, **({"paginationToken": page_token} if page_token else {})}
    return _text(client.attempt(CREATE_QUERY, body), "queryId", "createQuery")


def get_query(client: SellingPartnerClient, query_id: str) -> Dict[str, Any]:
    """The state of a query (getQuery).

    Raises:
        SellingPartnerError: As `SellingPartnerClient.call`; NotFound for an id Amazon has dropped.
    """
    answer = client.call(GET_QUERY, path={"queryId": query_id}, cache_refusal=False)
    return answer if isinstance(answer, dict) else {}


def get_document_url(client: SellingPartnerClient, document_id: str) -> str:
    """Where a document can be downloaded, for five minutes (getDocument).

    Raises:
        ServiceUnavailable: Also for a response without documentUrl.
        SellingPartnerError: As `SellingPartnerClient.call`.
    """
    answer = client.call(GET_QUERY_DOCUMENT, path={"documentId": document_id}, cache_refusal=False)
    return _text(answer, "documentUrl", "getDocument")


def list_queries(
    client: SellingPartnerClient,
    since: pendulum.DateTime,
    statuses: Sequence[str] = UNFINISHED_OR_DONE,
) -> Iterator[Dict[str, Any]]:
    """The queries of the application (getQueries), 100 per call.

    Args:
        since: Created since.
    """
    params = {"processingStatuses": list(statuses), "createdSince": since, "pageSize": 100}
    for page in client.pages(GET_QUERIES, params=params, cache_refusal=False):
        yield from (query for query in page if isinstance(query, dict))


def _text(answer: Any, name: str, operation: str) -> str:
    """A property that a response must have."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not value:
        raise ServiceUnavailable(f"The response of {operation} has no {name}.")
    return str(value)
