"""Data Kiosk API 2023-11-15."""

from typing import Any

from ..core import file_store, parameters
from ..core.errors import not_found
from ..core.responses import Response
from ..core.routes import Call, Routes
from ..core.times import DAY_MS, floor_ms
from .query_store import QueryStore, StoredQuery

ROUTES = Routes()
ROLE = "Brand Analytics"

STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")


def _store(call: Call) -> QueryStore:
    return call.account.store(QueryStore)


def _query(call: Call) -> StoredQuery:
    query = _store(call).kept(call.path["queryId"], call.now)
    if query is None:
        raise not_found("Query not found.")
    return query


@ROUTES.add(
    "createQuery",
    "POST",
    "/dataKiosk/2023-11-15/queries",
    rate=0.0167,
    burst=15,
    role=ROLE,
    body=True,
)
def create_query(call: Call) -> Response:
    """Requests a query, or a page of one."""
    return Response(202, {"queryId": _store(call).request(call.body, call.now).id})


@ROUTES.add(
    "getQuery", "GET", "/dataKiosk/2023-11-15/queries/{queryId}", rate=2, burst=15, role=ROLE
)
def get_query(call: Call) -> dict[str, Any]:
    """The status of a query."""
    return _store(call).to_json(_query(call), call.now)


@ROUTES.add(
    "cancelQuery",
    "DELETE",
    "/dataKiosk/2023-11-15/queries/{queryId}",
    rate=0.0222,
    burst=10,
    role=ROLE,
)
def cancel_query(call: Call) -> Response:
    """Cancels a query."""
    _store(call).cancel(_query(call), call.now)
    return Response(204, content=b"")


@ROUTES.add(
    "getQueries",
    "GET",
    "/dataKiosk/2023-11-15/queries",
    rate=0.0222,
    burst=10,
    role=ROLE,
    parameters=(
        parameters.string_list("processingStatuses", one_of=STATUSES),
        parameters.number("pageSize", 1, 100, default=10),
        parameters.time("createdSince"),
        parameters.time("createdUntil"),
        parameters.text("paginationToken"),
    ),
)
def get_queries(call: Call) -> dict[str, Any]:
    """The queries of the application, newest first."""
    values = call.values
    since = floor_ms(values["createdSince"]) if values["createdSince"] else call.now - 90 * DAY_MS
    until = floor_ms(values["createdUntil"]) if values["createdUntil"] else call.now
    store = _store(call)
    found = [
        query
        for query in store.queries.values()
        if since <= query.created <= until
        and store.kept(query.id, call.now)
        and (
            not values["processingStatuses"]
            or query.status(call.now) in values["processingStatuses"]
        )
    ]
    found.sort(key=lambda query: (-query.created, query.id))
    page, token = call.page(found, values["pageSize"], "paginationToken")
    body: dict[str, Any] = {"queries": [store.to_json(query, call.now) for query in page]}
    if token:
        body["pagination"] = {"nextToken": token}
    return body


@ROUTES.add(
    "getDocument",
    "GET",
    "/dataKiosk/2023-11-15/documents/{documentId}",
    rate=0.0167,
    burst=15,
    role=ROLE,
)
def get_document(call: Call) -> dict[str, Any]:
    """The URL of a document, valid for five minutes."""
    document = call.path["documentId"]
    query = _store(call).kept(document.rpartition(".")[2], call.now)
    if query is None or query.document != document or call.now < query.ended:
        raise not_found("Document not found.")
    return {
        "documentId": document,
        "documentUrl": file_store.file_url(call, "query-documents", query.id),
    }


@ROUTES.add(
    "downloadQueryDocument",
    "GET",
    "/query-documents/{queryId}",
    open=True,
    parameters=file_store.PARAMETERS,
)
def download_query_document(call: Call) -> Response:
    """The document, as Amazon's file store sends it."""
    if refusal := file_store.refusal(call):
        return refusal
    store = file_store.owner_of(call).store(QueryStore)
    query = store.queries.get(call.path["queryId"])
    if query is None:
        return file_store.missing()
    pieces, headers = store.pieces(query), {"Content-Type": "application/jsonl"}
    if store.gzip:
        pieces, headers["Content-Encoding"] = file_store.compress(pieces), "gzip"
    return file_store.send(pieces, headers)
