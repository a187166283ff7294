"""A+ Content API 2020-11-01: a document for every three products in each marketplace."""

import random
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from .aplus_modules import brand_story_modules, premium_modules
from .core import parameters
from .core.account import Account
from .core.errors import not_found
from .core.marketplaces import Marketplace
from .core.routes import Call, Routes
from .core.times import DAY_MS, iso

ROUTES = Routes()

ROLE = "Product Listing"
PRODUCTS_PER_DOCUMENT = 3
KINDS = ("STANDARD", "PREMIUM", "BRAND_STORY")
TOKEN_LIFETIME = 600

_TOKEN = parameters.text("pageToken")
_MARKETPLACE = parameters.text("marketplaceId", required=True)


@dataclass
class Document:
    """One A+ document.

    Attributes:
        key: contentReferenceKey, with characters that must be escaped in a path.
        status: `APPROVED`, `DRAFT`, `REJECTED` or `SUBMITTED`.
        updated: When it was last changed, milliseconds since 1970.
        kind: `STANDARD`, `PREMIUM` or `BRAND_STORY`.
    """

    key: str
    name: str
    marketplace: Marketplace
    status: str
    badges: list[str]
    asins: list[str]
    updated: int
    kind: str = "STANDARD"

    @property
    def metadata(self) -> dict[str, Any]:
        """`ContentMetadata`."""
        return {
            "name": self.name,
            "marketplaceId": self.marketplace.id,
            "status": self.status,
            "badgeSet": list(self.badges),
            "updateTime": iso(self.updated),
        }

    @property
    def contents(self) -> dict[str, Any]:
        """`ContentDocument`."""
        locale = self.marketplace.language.replace("_", "-")
        if self.kind == "BRAND_STORY":
            return {
                "name": self.name,
                "contentType": "BrandStory",
                "locale": locale,
                "contentModuleList": brand_story_modules(self.name, self.asins),
            }
        text = {"value": f'Über {self.name} – 100% "bon"', "decoratorSet": []}
        module = {"headline": {"value": self.name}, "body": {"textList": [text]}}
        return {
            "name": self.name,
            "contentType": "EBC",
            "locale": locale,
            "contentModuleList": [
                {"contentModuleType": "STANDARD_TEXT", "standardText": module},
                {
                    "contentModuleType": "STANDARD_PRODUCT_DESCRIPTION",
                    "standardProductDescription": {"body": {"textList": [text]}},
                },
                *(premium_modules(self.name, self.asins) if self.kind == "PREMIUM" else ()),
            ],
        }


@dataclass
class AplusStore:
    """The A+ documents of an account.

    Attributes:
        documents: By key.
    """

    account: Account
    documents: dict[str, Document] = field(default_factory=dict)
    page_size: int = 10

    def __post_init__(self) -> None:
        products = self.account.products
        for marketplace in self.account.marketplaces:
            for number in range(0, len(products), PRODUCTS_PER_DOCUMENT):
                chosen = products[number : number + PRODUCTS_PER_DOCUMENT]
                rng = random.Random(f"a+ {self.account.seed} {marketplace.id} {number}")
                key = f"{self.account.hash64(number, 11):016x}/{marketplace.country}=="
                self.documents[key] = Document(
                    key,
                    chosen[0].title_in(marketplace),
                    marketplace,
                    rng.choice(("APPROVED",) * 5 + ("DRAFT", "REJECTED", "SUBMITTED")),
                    sorted(
                        rng.sample(
                            ("BULK", "LAUNCHPAD", "PREMIUM", "STANDARD"),
                            number // PRODUCTS_PER_DOCUMENT % 3,
                        )
                    ),
                    [product.asin for product in chosen],
                    self.account.first_day * DAY_MS + rng.randrange(DAY_MS) // 1000 * 1000,
                    KINDS[number // PRODUCTS_PER_DOCUMENT % len(KINDS)],
                )

    def of(self, marketplace_id: str) -> list[Document]:
        """The documents of a marketplace."""
        return [
            known for known in self.documents.values() if known.marketplace.id == marketplace_id
        ]

    def change(self, key: str, at: Optional[int] = None, **changes: Any) -> Document:
        """Changes a document.

        Args:
            at: When, milliseconds since 1970; now by default.
            **changes: New values of its attributes.
        """
        at = self.account.now() if at is None else at
        self.documents[key] = replace(self.documents[key], **{"updated": at} | changes)
        return self.documents[key]

    def relations(self, document: Document, with_metadata: bool) -> list[dict[str, Any]]:
        """The `AsinMetadata` of the ASINs of a document."""
        if not with_metadata:
            return [{"asin": asin} for asin in document.asins]
        return [self._relation(asin, document) for asin in document.asins]

    def _relation(self, asin: str, document: Document) -> dict[str, Any]:
        approved = document.status == "APPROVED"
        product = self.account.products.by_asin[asin]
        return {
            "asin": asin,
            "badgeSet": ["CONTENT_PUBLISHED" if approved else "CONTENT_NOT_PUBLISHED"],
            "parent": asin,
            "title": product.title_in(document.marketplace),
            "imageUrl": f"https://m.media-amazon.com/images/I/{asin}.jpg",
            "contentReferenceKeySet": [
                known.key for known in self.of(document.marketplace.id) if asin in known.asins
            ],
        }

    def published(self, marketplace_id: str, asin: str) -> list[dict[str, Any]]:
        """The `PublishRecord`s of an ASIN, one per approved document."""
        return [
            {
                "marketplaceId": marketplace_id,
                "locale": document.contents["locale"],
                "asin": asin,
                "contentType": document.contents["contentType"],
                "contentReferenceKey": document.key,
            }
            for document in self.of(marketplace_id)
            if asin in document.asins and document.status == "APPROVED"
        ]


@ROUTES.add(
    "searchContentDocuments",
    "GET",
    "/aplus/2020-11-01/contentDocuments",
    rate=10.0,
    burst=10,
    role=ROLE,
    parameters=(_MARKETPLACE, _TOKEN),
)
def search_content_documents(call: Call) -> dict[str, Any]:
    """All documents of a marketplace."""
    call.check_marketplaces("marketplaceId")
    found = [
        {"contentReferenceKey": document.key, "contentMetadata": document.metadata}
        for document in call.account.store(AplusStore).of(call.values["marketplaceId"])
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
        _MARKETPLACE,
        parameters.string_list("includedDataSet", required=True, one_of=("CONTENTS", "METADATA")),
    ),
)
def get_content_document(call: Call) -> dict[str, Any]:
    """A document."""
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
        _MARKETPLACE,
        parameters.string_list("includedDataSet", one_of=("METADATA",)),
        parameters.string_list("asinSet"),
        _TOKEN,
    ),
)
def list_asin_relations(call: Call) -> dict[str, Any]:
    """The ASINs of a document."""
    document = _existing(call)
    asins = call.values["asinSet"]
    found = [
        relation
        for relation in call.account.store(AplusStore).relations(
            document, bool(call.values["includedDataSet"])
        )
        if not asins or relation["asin"] in asins
    ]
    return _page(call, "asinMetadataSet", found)


@ROUTES.add(
    "searchContentPublishRecords",
    "GET",
    "/aplus/2020-11-01/contentPublishRecords",
    rate=10.0,
    burst=10,
    role=ROLE,
    parameters=(_MARKETPLACE, parameters.text("asin", required=True), _TOKEN),
)
def search_publish_records(call: Call) -> dict[str, Any]:
    """The publish records of an ASIN."""
    call.check_marketplaces("marketplaceId")
    store = call.account.store(AplusStore)
    found = store.published(call.values["marketplaceId"], call.values["asin"])
    return _page(call, "publishRecordList", found)


def _existing(call: Call) -> Document:
    """The document of the path.

    Raises:
        ApiError: 404 when the marketplace has no document of that key.
    """
    call.check_marketplaces("marketplaceId")
    document = call.account.store(AplusStore).documents.get(call.path["contentReferenceKey"])
    if document is None or document.marketplace.id != call.values["marketplaceId"]:
        raise not_found()
    return document


def _page(call: Call, name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A page of rows, and the token of the next page if there is one."""
    size = call.account.store(AplusStore).page_size
    page, token = call.page(rows, size, "pageToken", lifetime=TOKEN_LIFETIME, can_be_empty=True)
    return {name: page, "nextPageToken": token} if token else {name: page}
