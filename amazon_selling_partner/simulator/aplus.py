"""A+ Content API 2020-11-01: documents for three products each, in every marketplace."""

import random
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from . import parameters
from .account import Account
from .errors import not_found
from .marketplaces import Marketplace
from .routes import Call, Routes
from .times import DAY_MS, iso

ROUTES = Routes()

ROLE = "Product Listing"
PRODUCTS = 3
TOKEN_LIFE = 600

_TOKEN = parameters.text("pageToken")
_PLACE = parameters.text("marketplaceId", required=True)


@dataclass
class Document:
    """One A+ document.

    Attributes:
        key (str): contentReferenceKey; with characters that must be escaped in a path.
        name (str): Its name.
        place (Marketplace): Where it is.
        status (str): `APPROVED`, `DRAFT`, `REJECTED` or `SUBMITTED`.
        badges (list[str]): Content badges.
        asins (list[str]): ASINs it is for.
        updated (int): When it was last changed, milliseconds since 1970.
    """

    key: str
    name: str
    place: Marketplace
    status: str
    badges: list[str]
    asins: list[str]
    updated: int

    @property
    def metadata(self) -> dict[str, Any]:
        """`ContentMetadata`."""
        return {
            "name": self.name,
            "marketplaceId": self.place.id,
            "status": self.status,
            "badgeSet": list(self.badges),
            "updateTime": iso(self.updated),
        }

    @property
    def contents(self) -> dict[str, Any]:
        """`ContentDocument`."""
        text = {"value": f'Über {self.name} – 100% "bon"', "decoratorSet": []}
        module = {"headline": {"value": self.name}, "body": {"textList": [text]}}
        return {
            "name": self.name,
            "contentType": "EBC",
            "locale": self.place.language.replace("_", "-"),
            "contentModuleList": [
                {"contentModuleType": "STANDARD_TEXT", "standardText": module},
                {
                    "contentModuleType": "STANDARD_PRODUCT_DESCRIPTION",
                    "standardProductDescription": {"body": {"textList": [text]}},
                },
            ],
        }


@dataclass
class AplusBook:
    """The A+ documents of an account.

    Args:
        account (Account): Whose.

    Attributes:
        documents (dict[str, Document]): By key; taken out of it, one is gone.
        page_size (int): Rows of a page.
    """

    account: Account
    documents: dict[str, Document] = field(default_factory=dict)
    page_size: int = 10

    def __post_init__(self) -> None:
        products = self.account.catalogue.products
        for place in self.account.marketplaces:
            for number in range(0, len(products), PRODUCTS):
                some = products[number : number + PRODUCTS]
                rng = random.Random(f"a+ {self.account.seed} {place.id} {number}")
                key = f"{self.account.mixed(number, 11):016x}/{place.country}=="
                self.documents[key] = Document(
                    key,
                    some[0].title_in(place),
                    place,
                    rng.choice(("APPROVED",) * 5 + ("DRAFT", "REJECTED", "SUBMITTED")),
                    sorted(
                        rng.sample(
                            ("BULK", "LAUNCHPAD", "PREMIUM", "STANDARD"), number // PRODUCTS % 3
                        )
                    ),
                    [product.asin for product in some],
                    self.account.first_day * DAY_MS + rng.randrange(DAY_MS) // 1000 * 1000,
                )

    def of(self, marketplace_id: str) -> list[Document]:
        """The documents of a marketplace."""
        return [one for one in self.documents.values() if one.place.id == marketplace_id]

    def change(self, key: str, at: Optional[int] = None, **changes: Any) -> Document:
        """Changes a document.

        Args:
            key (str): Which.
            at (Optional[int]): When, milliseconds since 1970; now by default.
            **changes (Any): New values of its attributes.

        Returns:
            Document: As it is now.
        """
        at = self.account.now() if at is None else at
        self.documents[key] = replace(self.documents[key], **{"updated": at} | changes)
        return self.documents[key]

    def relations(self, document: Document, whole: bool) -> list[dict[str, Any]]:
        """`AsinMetadata` of the ASINs of a document, with their metadata if `whole`."""
        return [
            self._relation(asin, document) if whole else {"asin": asin} for asin in document.asins
        ]

    def _relation(self, asin: str, document: Document) -> dict[str, Any]:
        approved = document.status == "APPROVED"
        product = self.account.catalogue.by_asin[asin]
        return {
            "asin": asin,
            "badgeSet": ["CONTENT_PUBLISHED" if approved else "CONTENT_NOT_PUBLISHED"],
            "parent": asin,
            "title": product.title_in(document.place),
            "imageUrl": f"https://m.media-amazon.com/images/I/{asin}.jpg",
            "contentReferenceKeySet": [
                one.key for one in self.of(document.place.id) if asin in one.asins
            ],
        }

    def published(self, marketplace_id: str, asin: str) -> list[dict[str, Any]]:
        """`PublishRecord` of an ASIN: one for each approved document."""
        return [
            {
                "marketplaceId": marketplace_id,
                "locale": one.contents["locale"],
                "asin": asin,
                "contentType": "EBC",
                "contentReferenceKey": one.key,
            }
            for one in self.of(marketplace_id)
            if asin in one.asins and one.status == "APPROVED"
        ]


@ROUTES.add(
    "searchContentDocuments",
    "GET",
    "/aplus/2020-11-01/contentDocuments",
    rate=10.0,
    burst=10,
    role=ROLE,
    parameters=(_PLACE, _TOKEN),
)
def search_content_documents(call: Call) -> dict[str, Any]:
    """All documents of a marketplace."""
    call.check_marketplaces("marketplaceId")
    found = [
        {"contentReferenceKey": one.key, "contentMetadata": one.metadata}
        for one in call.account.part(AplusBook).of(call.values["marketplaceId"])
    ]
    return _page(call, "contentMetadataRecords", found)


@ROUTES.add(
    "getContentDocument",
    "GET",
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}",
    rate=10.0,
    burst=10,
    role=ROLE,
    parameters=(
        _PLACE,
        parameters.several("includedDataSet", required=True, one_of=("CONTENTS", "METADATA")),
    ),
)
def get_content_document(call: Call) -> dict[str, Any]:
    """One document."""
    document = _existing(call)
    record: dict[str, Any] = {"contentReferenceKey": document.key}
    if "METADATA" in call.values["includedDataSet"]:
        record["contentMetadata"] = document.metadata
    if "CONTENTS" in call.values["includedDataSet"]:
        record["contentDocument"] = document.contents
    return {"contentRecord": record}


@ROUTES.add(
    "listContentDocumentAsinRelations",
    "GET",
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}/asins",
    rate=10.0,
    burst=10,
    role=ROLE,
    parameters=(
        _PLACE,
        parameters.several("includedDataSet", one_of=("METADATA",)),
        parameters.several("asinSet"),
        _TOKEN,
    ),
)
def list_asin_relations(call: Call) -> dict[str, Any]:
    """The ASINs of a document."""
    document = _existing(call)
    wanted = call.values["asinSet"]
    found = [
        relation
        for relation in call.account.part(AplusBook).relations(
            document, bool(call.values["includedDataSet"])
        )
        if not wanted or relation["asin"] in wanted
    ]
    return _page(call, "asinMetadataSet", found)


@ROUTES.add(
    "searchContentPublishRecords",
    "GET",
    "/aplus/2020-11-01/contentPublishRecords",
    rate=10.0,
    burst=10,
    role=ROLE,
    parameters=(_PLACE, parameters.text("asin", required=True), _TOKEN),
)
def search_publish_records(call: Call) -> dict[str, Any]:
    """Where the content of an ASIN is published."""
    call.check_marketplaces("marketplaceId")
    book = call.account.part(AplusBook)
    return _page(
        call,
        "publishRecordList",
        book.published(call.values["marketplaceId"], call.values["asin"]),
    )


def _existing(call: Call) -> Document:
    """The document of the path.

    Raises:
        ApiError: 404 when the marketplace has none of that key.
    """
    call.check_marketplaces("marketplaceId")
    document = call.account.part(AplusBook).documents.get(call.path["contentReferenceKey"])
    if document is None or document.place.id != call.values["marketplaceId"]:
        raise not_found()
    return document


def _page(call: Call, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A page of rows, with the token of the next one if there is one."""
    pages, token = call.simulator.pages, call.values["pageToken"]
    place = pages.read(call, token, ("pageToken",)) if token else {"from": 0, "empty": False}
    first = place["from"]
    last = first + call.account.part(AplusBook).page_size
    page, following = rows[first:last], {"from": last, "empty": False}
    if call.simulator.empty_pages and not place["empty"]:
        page, following = [], {"from": first, "empty": True}
    elif last >= len(rows):
        return {name: page}
    return {name: page, "nextPageToken": pages.make(call, following, TOKEN_LIFE, ("pageToken",))}
