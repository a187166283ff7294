"""A+ Content API 2020-11-01: documents, their contents and ASINs, and where they are published.

Cost: one call for each page of documents of a marketplace; two for each document that changed or
was not asked about for a week, and one for each of its ASINs. The model prints 10 a second, burst
10; Amazon announced 1, and the client follows what each answer says.
"""

from typing import Any, Dict, Iterator, List, Sequence, Set, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItem, TDataItems
from dlt.extract import DltResource, make_nested_hints

from .client import Operation, Paging, Probe, SellingPartnerClient, iso
from .client.errors import BadRequest, ExpiredPageToken
from .sellers import account_marketplaces
from .sync import isolated, note, rejected
from .tables import columns

ROLE = "Product Listing"

SEARCH_DOCUMENTS = Operation(
    "searchContentDocuments",
    "GET",
    "/aplus/2020-11-01/contentDocuments",
    rate=10.0,
    burst=10,
    records="contentMetadataRecords",
    paging=Paging("pageToken", "nextPageToken"),
    role=ROLE,
)
GET_DOCUMENT = Operation(
    "getContentDocument",
    "GET",
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}",
    rate=10.0,
    burst=10,
    records="contentRecord",
    role=ROLE,
)
LIST_ASINS = Operation(
    "listContentDocumentAsinRelations",
    "GET",
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}/asins",
    rate=10.0,
    burst=10,
    records="asinMetadataSet",
    paging=Paging("pageToken", "nextPageToken"),
    role=ROLE,
)
SEARCH_PUBLISHED = Operation(
    "searchContentPublishRecords",
    "GET",
    "/aplus/2020-11-01/contentPublishRecords",
    rate=10.0,
    burst=10,
    records="publishRecordList",
    paging=Paging("pageToken", "nextPageToken"),
    role=ROLE,
)

ASK_AGAIN = pendulum.duration(days=7)
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
@isolated
def content_meta_data_record(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = ()
) -> Iterator[TDataItems]:
    """The A+ documents of each marketplace, with their badges as a child table.

    Source: searchContentDocuments, which has no filter for changes: all of them each run.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.

    Yields:
        TDataItems: A page of documents.
    """
    for id in account_marketplaces(client, marketplace_ids):
        try:
            for page in client.pages(SEARCH_DOCUMENTS, params={"marketplaceId": id}):
                readable: List[Dict[str, Any]] = []
                for record in page:
                    if not isinstance(record, dict) or not record.get("contentReferenceKey"):
                        yield rejected(
                            "content_meta_data_record", record, "it has no contentReferenceKey"
                        )
                        continue
                    ids = _ids(client, id, record["contentReferenceKey"])
                    row = {**record, **_object(record, "contentMetadata"), **ids}
                    row["badgeSet"] = _badges(row.get("badgeSet"), ids)
                    readable.append(_without(row, "contentMetadata"))
                yield readable
        except BadRequest as error:
            note(f"marketplace {id} is left out: {error}")


@dlt.transformer(
    primary_key=DOCUMENT_KEY,
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner marketplace_id content_reference_key name content_type
            content_sub_type locale content_metadata__name content_metadata__marketplace_id
            content_metadata__status""",
        timestamp="content_metadata__update_time",
        # fifteen kinds of modules, each a deep tree
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
@isolated
def content_document(
    page: List[Dict[str, Any]], client: SellingPartnerClient
) -> Iterator[TDataItems]:
    """The contents of A+ documents, with their ASINs as a child table.

    Source: getContentDocument and listContentDocumentAsinRelations, for documents that changed or
    were not asked about for a week. A document that could not be asked about is asked about by the
    next run.

    Args:
        page (List[Dict[str, Any]]): Rows of `content_meta_data_record`.
        client (SellingPartnerClient): The account.

    Yields:
        TDataItems: A list with one document; an empty list at the end of a page.
    """
    if not isinstance(page, list) or "failed" in dlt.current.resource_metrics():
        return
    asked: Dict[str, List[str]] = dlt.current.resource_state().setdefault("asked", {})
    now = client.now()
    believed_since = iso(now - ASK_AGAIN)
    # keys of documents that are listed no more
    for name, (_, last) in list(asked.items()):
        if last < iso(now - 2 * ASK_AGAIN):
            asked.pop(name, None)
    for record in page:
        id, key = record["marketplace_id"], record["content_reference_key"]
        updated = str(record.get("updateTime"))
        before, last = asked.get(f"{id} {key}", ("", ""))
        if before == updated and last > believed_since:
            continue
        try:
            content, relations = _ask(client, id, key)
        except BadRequest as error:
            note(
                f"Amazon refuses some documents, such as {key}: {error}", "Amazon refuses some doc"
            )
            continue
        if not isinstance(content, dict):
            yield rejected("content_document", content, "it is not an object")
            continue
        ids = _ids(client, id, key)
        row = {**content, **_object(content, "contentDocument"), **ids}
        row["asinMetadataSet"] = [{**one, **ids} for one in relations if _asin_of(one)]
        yield [_without(row, "contentDocument")]
        for relation in relations:
            if not _asin_of(relation):
                yield rejected("content_document__asin_metadata_set", relation, "it has no asin")
        asked[f"{id} {key}"] = [updated, iso(now)]
    yield []


def _ask(client: SellingPartnerClient, id: str, key: str) -> Tuple[Any, List[Any]]:
    """The content record of a document, and all of its ASINs."""
    path = {"contentReferenceKey": key}
    (content,) = client.pages(
        GET_DOCUMENT,
        path=path,
        params={"marketplaceId": id, "includedDataSet": ["CONTENTS", "METADATA"]},
    )
    pages = client.pages(
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
@isolated
def content_publish_record(
    page: List[Dict[str, Any]], client: SellingPartnerClient
) -> Iterator[TDataItem]:
    """Where A+ content is published: the publishing records of the ASINs that have any.

    Source: searchContentPublishRecords, for the ASINs of each document that was just loaded. An
    ASIN that could not be asked about is asked about by the next run.

    Args:
        page (List[Dict[str, Any]]): Rows of `content_document`.
        client (SellingPartnerClient): The account.

    Yields:
        TDataItem: The records of one ASIN.
    """
    if not isinstance(page, list):
        return
    waiting: Dict[str, List[str]] = dlt.current.resource_state().setdefault("waiting", {})
    asked: Set[str] = client.once("ASINs asked for publish records", set)
    for row in page:
        for relation in row["asinMetadataSet"]:
            id, asin = row["marketplace_id"], str(relation["asin"])
            if f"{id} {asin}" not in asked:
                waiting[f"{id} {asin}"] = [id, asin]
    for name, (id, asin) in list(waiting.items()):
        if name in asked:
            continue
        if "failed" in dlt.current.resource_metrics():
            return
        asked.add(name)
        try:
            params = {"marketplaceId": id, "asin": asin}
            for records in client.pages(SEARCH_PUBLISHED, params=params):
                readable = []
                for record in records:
                    if isinstance(record, dict) and all(map(record.get, PUBLISHED_KEY)):
                        ids = _ids(client, id, record["contentReferenceKey"])
                        readable.append(_without({**record, **ids, "asin": asin}))
                    else:
                        yield rejected(
                            "content_publish_record", record, "a part of its key is missing"
                        )
                yield readable
        except ExpiredPageToken:
            raise
        except BadRequest as error:
            note(f"Amazon refuses some ASINs, such as {asin}: {error}", "Amazon refuses some ASINs")
        waiting.pop(name, None)


def aplus_resources(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = ()
) -> Iterator[DltResource]:
    """The tables of A+ content.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.

    Yields:
        DltResource: Documents, their contents, and publish records.
    """
    records = content_meta_data_record(client, marketplace_ids)
    documents = records | content_document(client)
    yield records
    yield documents
    yield documents | content_publish_record(client)


def _ids(client: SellingPartnerClient, id: str, key: Any) -> Dict[str, str]:
    values = (client.selling_partner, id, str(key))
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
    return str(relation.get("asin") or "") if isinstance(relation, dict) else ""


def _object(row: Dict[str, Any], name: str) -> Dict[str, Any]:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account may read A+ content."""
    yield Probe(
        "content_meta_data_record, content_document, content_publish_record",
        SEARCH_DOCUMENTS,
        params={"marketplaceId": list(marketplace_ids)[0]},
    )
