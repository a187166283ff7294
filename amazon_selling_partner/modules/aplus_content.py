"""A+ Content API 2020-11-01: documents, their contents and ASINs, and where they are published.

Cost: one call for each page of documents of a marketplace; two for each document that changed or
was not looked up for a week, and one for each of its ASINs. The model prints 10 per second, burst
10; Amazon announced 1, and the client follows what each answer says.
"""

from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem, TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, PageToken, Probe
from ..client.errors import BadRequest, ExpiredPageToken
from ..client.metrics import add_note
from ..common.column_hints import columns
from ..common.json_access import get_object
from ..common.scalars import has_ids
from ..common.timestamps import format_timestamp
from ..loading import for_each_marketplace, has_failed, isolate_failures, rows, skip_unchanged
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.item_store import items_of
from ..loading.marketplaces import marketplace_name
from ..loading.rows import reject_row
from .module import Module

ROLE = "Product Listing"

SEARCH_DOCUMENTS = Operation(
    "searchContentDocuments",
    "GET",
    "/aplus/2020-11-01/contentDocuments",
    rate=10.0,
    burst=10,
    items_path="contentMetadataRecords",
    paginator=PageToken("pageToken", "nextPageToken"),
    role=ROLE,
)
GET_DOCUMENT = Operation(
    "getContentDocument",
    "GET",
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}",
    rate=10.0,
    burst=10,
    items_path="contentRecord",
    role=ROLE,
)
LIST_ASINS = Operation(
    "listContentDocumentAsinRelations",
    "GET",
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}/asins",
    rate=10.0,
    burst=10,
    items_path="asinMetadataSet",
    paginator=PageToken("pageToken", "nextPageToken"),
    role=ROLE,
)
SEARCH_PUBLISHED = Operation(
    "searchContentPublishRecords",
    "GET",
    "/aplus/2020-11-01/contentPublishRecords",
    rate=10.0,
    burst=10,
    items_path="publishRecordList",
    paginator=PageToken("pageToken", "nextPageToken"),
    role=ROLE,
)

REFRESH_AFTER = pendulum.duration(days=7)
"""How long the ASINs of a document that did not change are believed."""

DOCUMENT_KEY = ("selling_partner", "marketplace_id", "content_reference_key")
PUBLISHED_KEY = ("contentReferenceKey", "contentType", "locale")


@dlt.resource(
    primary_key=DOCUMENT_KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner marketplace_id content_reference_key name status",
        timestamp="update_time",
    ),
    nested_hints={
        "badge_set": make_nested_hints(
            columns=columns(
                text="selling_partner marketplace_id content_reference_key content_badge"
            )
        )
    },
)
@isolate_failures
@skip_unchanged
def content_meta_data_record(context: RunContext) -> Iterator[TDataItems]:
    """The A+ documents of each marketplace, with their badges as a child table.

    Source: searchContentDocuments, which has no filter for changes: all of them each run.

    Yields:
        A page of documents.
    """

    def read(id: str) -> Iterator[TDataItems]:
        def to_row(record: Dict[str, Any]) -> Dict[str, Any]:
            ids = _ids(context, id, record["contentReferenceKey"])
            row = {**record, **get_object(record, "contentMetadata"), **ids}
            row["badgeSet"] = _badges(row.get("badgeSet"), ids)
            return _without(row, "contentMetadata")

        pages = context.pages(SEARCH_DOCUMENTS, params={"marketplaceId": id})
        try:
            yield from rows(pages, "content_meta_data_record", "contentReferenceKey", to_row)
        except ExpiredPageToken:
            raise
        except BadRequest as error:
            add_note(f"marketplace {marketplace_name(id)} is left out: {error}")

    yield from for_each_marketplace(context, read)


@dlt.transformer(
    primary_key=DOCUMENT_KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner marketplace_id content_reference_key name content_type
            content_sub_type locale content_metadata__name content_metadata__marketplace_id
            content_metadata__status""",
        timestamp="content_metadata__update_time",
        # forty kinds of modules, each a deep tree
        json="content_module_list content_metadata__badge_set",
    ),
    nested_hints={
        "asin_metadata_set": make_nested_hints(
            columns=columns(
                text="""selling_partner marketplace_id content_reference_key asin parent title
                    image_url""",
                json="badge_set content_reference_key_set",
            )
        )
    },
)
@isolate_failures
def content_document(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItems]:
    """The contents of A+ documents, with their ASINs as a child table.

    Source: getContentDocument and listContentDocumentAsinRelations, for documents that changed or
    were not looked up for a week. A document that could not be looked up is looked up by the
    next run.

    Args:
        page: Rows of `content_meta_data_record`.

    Yields:
        A list with one document; an empty list at the end of a page.
    """
    if not isinstance(page, list) or has_failed():
        return
    requested = items_of(context, "requested")
    now = context.now()
    believed_since = format_timestamp(now - REFRESH_AFTER)
    # keys of documents that are listed no more
    for name, (_, last) in list(requested.items()):
        if last < format_timestamp(now - 2 * REFRESH_AFTER):
            requested.pop(name, None)
    for record in page:
        id, key = record["marketplace_id"], record["content_reference_key"]
        updated = str(record.get("updateTime"))
        before, last = requested.get(f"{id} {key}", ("", ""))
        if before == updated and last > believed_since:
            continue
        try:
            content, relations = _fetch_document(context, id, key)
        except BadRequest as error:
            add_note(
                f"Amazon refuses some documents, such as {key}: {error}", "Amazon refuses some doc"
            )
            continue
        if not isinstance(content, dict):
            yield reject_row("content_document", content, "it is not an object")
            continue
        ids = _ids(context, id, key)
        row = {**content, **get_object(content, "contentDocument"), **ids}
        row["asinMetadataSet"] = [{**one, **ids} for one in relations if _asin_of(one)]
        yield [_without(row, "contentDocument")]
        for relation in relations:
            if not _asin_of(relation):
                yield reject_row("content_document__asin_metadata_set", relation, "it has no asin")
        requested[f"{id} {key}"] = [updated, format_timestamp(now)]
    yield []


def _fetch_document(context: RunContext, id: str, key: str) -> Tuple[Any, List[Any]]:
    """The content record of a document, and all of its ASINs."""
    path = {"contentReferenceKey": key}
    (content,) = context.pages(
        GET_DOCUMENT,
        path=path,
        params={"marketplaceId": id, "includedDataSet": ["CONTENTS", "METADATA"]},
    )
    pages = context.pages(
        LIST_ASINS, path=path, params={"marketplaceId": id, "includedDataSet": ["METADATA"]}
    )
    relations: Dict[str, Any] = {}
    for page in pages:
        # by ASIN, as a page may come twice
        relations.update({_asin_of(relation) or str(relation): relation for relation in page})
    return content, list(relations.values())


@dlt.transformer(
    primary_key=(
        "selling_partner",
        "marketplace_id",
        "asin",
        "content_reference_key",
        "content_type",
        "locale",
    ),
    write_disposition="merge",
    parallelized=True,
    columns=columns(text="""selling_partner marketplace_id asin content_reference_key content_type
            content_sub_type locale"""),
)
@isolate_failures
def content_publish_record(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItem]:
    """Where A+ content is published: the publishing records of the ASINs that have any.

    Source: searchContentPublishRecords, for the ASINs of each document that was just loaded. An
    ASIN that could not be looked up is looked up by the next run.

    Args:
        page: Rows of `content_document`.

    Yields:
        The records of one ASIN.
    """
    if not isinstance(page, list):
        return
    waiting = items_of(context, "waiting")
    looked_up: Set[str] = context.cached("ASINs looked up for publish records", set)
    for row in page:
        for relation in row["asinMetadataSet"]:
            id, asin = row["marketplace_id"], str(relation["asin"])
            if f"{id} {asin}" not in looked_up:
                waiting[f"{id} {asin}"] = [id, asin]
    for name, (id, asin) in list(waiting.items()):
        if name in looked_up:
            continue
        if has_failed():
            return
        looked_up.add(name)
        try:
            params = {"marketplaceId": id, "asin": asin}
            for records in context.pages(SEARCH_PUBLISHED, params=params):
                readable = []
                for record in records:
                    if has_ids(record, *PUBLISHED_KEY):
                        ids = _ids(context, id, record["contentReferenceKey"])
                        readable.append(_without({**record, **ids, "asin": asin}))
                    else:
                        yield reject_row(
                            "content_publish_record", record, "a part of its key is missing"
                        )
                yield readable
        except ExpiredPageToken:
            raise
        except BadRequest as error:
            add_note(
                f"Amazon refuses some ASINs, such as {asin}: {error}", "Amazon refuses some ASINs"
            )
        waiting.pop(name, None)


def resources(context: RunContext) -> Iterator[DltResource]:
    """Records of A+ documents, the documents, and where they are published."""
    records = content_meta_data_record(context)
    yield records
    documents = records | content_document(context)
    yield documents
    yield documents | content_publish_record(context)


def _ids(context: RunContext, id: str, key: Any) -> Dict[str, str]:
    values = (context.selling_partner, id, str(key))
    return dict(zip(DOCUMENT_KEY, values))


def _without(row: Dict[str, Any], nested: str = "") -> Dict[str, Any]:
    """A row without what was lifted out of it, and without Amazon's names of its ids."""
    for name in ("marketplaceId", "contentReferenceKey", nested):
        row.pop(name, None)
    return row


def _badges(badges: Any, ids: Dict[str, str]) -> List[Dict[str, str]]:
    """Rows for the badges of a document, which are plain texts."""
    found = badges if isinstance(badges, list) else []
    return [{**ids, "content_badge": str(badge)} for badge in found]


def _asin_of(relation: Any) -> str:
    """The ASIN of a relation, empty where it has none."""
    return str(relation["asin"]) if has_ids(relation, "asin") else ""


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read A+ content."""
    yield Probe(
        "content_meta_data_record, content_document, content_publish_record",
        SEARCH_DOCUMENTS,
        params={"marketplaceId": list(marketplace_ids)[0]},
    )


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    count = len(size.marketplaces)
    yield OperationEstimate(SEARCH_DOCUMENTS, count, count, "one per marketplace, if few documents")


MODULE = Module(
    "A_PLUS_CONTENT_MANAGEMENT",
    tables=("content_meta_data_record", "content_document", "content_publish_record"),
    resources=resources,
    probes=probes,
    estimate=estimate,
    account_kinds=("seller", "vendor"),
)
