"""The API as Amazon's models describe it, and nothing else is known here: a server on loopback.

It holds each request against the model of its operation, keeps what it finds wrong, and answers
with random instances of the model's schemas, the same ones for the same seed.
"""

import json
import random
import re
import threading
import traceback
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema
from dlt.common import pendulum

from tests.utils import MODELS, operations

from .instances import FULL, MISSING, NEEDED, Instances, parts

REFRESH_TOKEN, CLIENT_ID, CLIENT_SECRET = "Atzr|r", "amzn1.application-oa2-client.c", "s3cret"

ECHOED = ("amazonOrderId", "packageNumber", "trackingId", "sellerSku", "packageClientReferenceId")
"""Parameters that an answer repeats, besides those of the path."""

RESTRICTED = ("/vendor/directFulfillment/orders/", "/vendor/directFulfillment/shipping/")
"""Paths that answer to a restricted data token only."""

LONGEST = {"/finances/": 180, "/vendor/": 7}
"""Days of the longest window, by the beginning of a path."""

SKUS = (
    "00001234",
    "987654",
    "A/B + C",
    "Größe-36.5",
    "日本-1",
    "sku?x=1&y=%20",
    "1e5",
    "SKU #7",
)
ASINS = ("B000000001", "B000000002", "0306406152", "1234567890", "B0AAAAAAA5", "B0AAAAAAA6")


@dataclass(frozen=True)
class Listing:
    """How an operation lists records.

    Attributes:
        records: Where an answer has them.
        token: Where an answer has the token of the next page.
        parameter: How the token is sent back.
        key: Field that tells records apart; a dot leads into an object.
        made: Field of the time a record was made, which `created` windows ask by.
        changed: Field of the time it was changed, which other windows ask by.
        pool: What keys are taken from; otherwise they are random.
        scope: Parameters each of whose values has records of its own.
    """

    records: str
    token: str = ""
    parameter: str = ""
    key: str = ""
    made: str = ""
    changed: str = ""
    pool: Tuple[str, ...] = ()
    scope: Tuple[str, ...] = ("marketplaceIds", "marketplaceId", "MarketplaceId")


INBOUND = "/inbound/fba/2024-03-20/inboundPlans"
DIRECT = "/vendor/directFulfillment/"
LISTINGS: Dict[str, Listing] = {
    "/orders/2026-01-01/orders": Listing(
        "orders", "pagination.nextToken", "paginationToken", "orderId", "createdTime",
        "lastUpdatedTime", scope=(),
    ),
    "/finances/v0/financialEventGroups": Listing(
        "payload.FinancialEventGroupList", "payload.NextToken", "NextToken",
        "FinancialEventGroupId", "FinancialEventGroupStart",
    ),
    "/finances/2024-06-19/transactions": Listing(
        "payload.transactions", "payload.nextToken", "nextToken", "transactionId", "postedDate",
        scope=("transactionStatus",),
    ),
    "/finances/2024-06-19/balances": Listing("balances", "nextToken", "nextToken"),
    "/finances/2024-06-19/summary": Listing(
        "summaries", "nextToken", "nextToken", scope=("periodStart",)
    ),
    "/finances/transfers/2024-06-01/payouts": Listing(
        "payouts", "nextToken", "nextToken", "id", "creationDate"
    ),
    "/finances/transfers/2024-06-01/payouts/expected": Listing(
        "expectedPayouts", "nextToken", "nextToken"
    ),
    "/feeds/2021-06-30/feeds": Listing(
        "feeds", "nextToken", "nextToken", "feedId", "createdTime", scope=("feedTypes",)
    ),
    "/service/v1/serviceJobs": Listing(
        "payload.jobs", "payload.nextPageToken", "pageToken", "serviceJobId", "createTime", ""
    ),
    "/awd/2024-05-09/inboundShipments": Listing(
        "shipments", "nextToken", "nextToken", "shipmentId", "createdAt", "updatedAt"
    ),
    "/awd/2024-05-09/inventory": Listing("inventory", "nextToken", "nextToken", "sku", pool=SKUS),
    "/awd/2024-05-09/outboundOrders": Listing(
        "outboundOrders", "nextToken", "nextToken", "orderId", "createdAt", "updatedAt"
    ),
    "/awd/2024-05-09/replenishmentOrders": Listing(
        "orders", "nextToken", "nextToken", "orderId", "createdAt", "updatedAt"
    ),
    "/aplus/2020-11-01/contentDocuments": Listing(
        "contentMetadataRecords", "nextPageToken", "pageToken", "contentReferenceKey", "",
        "contentMetadata.updateTime",
    ),
    "/aplus/2020-11-01/contentDocuments/{contentReferenceKey}/asins": Listing(
        "asinMetadataSet", "nextPageToken", "pageToken", "asin", pool=ASINS
    ),
    "/aplus/2020-11-01/contentPublishRecords": Listing(
        "publishRecordList", "nextPageToken", "pageToken", "contentReferenceKey",
        scope=("marketplaceId", "asin"),
    ),
    "/fba/inventory/v1/summaries": Listing(
        "payload.inventorySummaries", "pagination.nextToken", "nextToken", "sellerSku", "",
        "lastUpdatedTime", pool=SKUS,
    ),
    "/fba/inbound/v0/shipments": Listing(
        "payload.ShipmentData", "payload.NextToken", "NextToken", "ShipmentId"
    ),
    "/fba/inbound/v0/shipmentItems": Listing(
        "payload.ItemData", "payload.NextToken", "NextToken", "ShipmentId"
    ),
    "/fba/outbound/2020-07-01/fulfillmentOrders": Listing(
        "payload.fulfillmentOrders", "payload.nextToken", "nextToken", "sellerFulfillmentOrderId",
        "receivedDate", "statusUpdatedDate",
    ),
    "/fba/outbound/2020-07-01/features": Listing("payload.features", key="featureName"),
    "/fba/outbound/2020-07-01/returnReasonCodes": Listing(
        "payload.reasonCodeDetails", key="returnReasonCode",
        scope=("marketplaceId", "sellerSku"),
    ),
    "/fba/outbound/2020-07-01/features/inventory/{featureName}": Listing(
        "payload.featureSkus", "payload.nextToken", "nextToken", "sellerSku", pool=SKUS
    ),
    INBOUND: Listing(
        "inboundPlans", "pagination.nextToken", "paginationToken", "inboundPlanId", "createdAt",
        "lastUpdatedAt",
    ),
    f"{INBOUND}/{{inboundPlanId}}/items": Listing(
        "items", "pagination.nextToken", "paginationToken", "msku", pool=SKUS
    ),
    f"{INBOUND}/{{inboundPlanId}}/placementOptions": Listing(
        "placementOptions", "pagination.nextToken", "paginationToken", "placementOptionId"
    ),
    f"{INBOUND}/{{inboundPlanId}}/transportationOptions": Listing(
        "transportationOptions", "pagination.nextToken", "paginationToken",
        "transportationOptionId",
    ),
    f"{INBOUND}/{{inboundPlanId}}/shipments/{{shipmentId}}/items": Listing(
        "items", "pagination.nextToken", "paginationToken", "msku", pool=SKUS
    ),
    f"{INBOUND}/{{inboundPlanId}}/shipments/{{shipmentId}}/boxes": Listing(
        "boxes", "pagination.nextToken", "paginationToken", "packageId"
    ),
    f"{INBOUND}/{{inboundPlanId}}/shipments/{{shipmentId}}/pallets": Listing(
        "pallets", "pagination.nextToken", "paginationToken", "packageId"
    ),
    "/listings/2021-08-01/items/{sellerId}": Listing(
        "items", "pagination.nextToken", "pageToken", "sku", pool=SKUS
    ),
    "/supplySources/2020-07-01/supplySources": Listing(
        "supplySources", "nextPageToken", "nextPageToken", "supplySourceId"
    ),
    "/finances/invoices/2026-06-25/invoices": Listing(
        "invoices", "nextToken", "nextToken", "invoiceIdentifier", "issueDate", ""
    ),
    "/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}": Listing(
        "invoiceItems", "nextTokenForLineItems", "nextTokenForLineItems"
    ),
    "/vendor/orders/v1/purchaseOrders": Listing(
        "payload.orders", "payload.pagination.nextToken", "nextToken", "purchaseOrderNumber",
        "orderDetails.purchaseOrderDate",
    ),
    "/vendor/orders/v1/purchaseOrdersStatus": Listing(
        "payload.ordersStatus", "payload.pagination.nextToken", "nextToken", "purchaseOrderNumber",
        "purchaseOrderDate", "lastUpdatedDate",
    ),
    "/vendor/shipping/v1/shipments": Listing(
        "payload.shipments", "payload.pagination.nextToken", "nextToken",
        "vendorShipmentIdentifier", "transactionDate",
    ),
    "/vendor/shipping/v1/transportLabels": Listing(
        "payload.transportLabels", "payload.pagination.nextToken", "nextToken", "",
        "labelCreateDateTime",
    ),
    **{
        f"{DIRECT}{path}": Listing(
            records, "pagination.nextToken", "nextToken", "purchaseOrderNumber", made
        )
        for path, records, made in (
            ("orders/2021-12-28/purchaseOrders", "orders", "orderDetails.orderDate"),
            ("shipping/2021-12-28/customerInvoices", "customerInvoices", ""),
            ("shipping/2021-12-28/packingSlips", "packingSlips", ""),
            ("shipping/2021-12-28/shippingLabels", "shippingLabels", ""),
        )
    },
}  # fmt: skip


@dataclass
class Record:
    """A record of a list.

    Attributes:
        number: Which of its list.
        made: When it was made, UTC.
        changed: When it was changed last, UTC.
        version: How often it was changed.
    """

    number: int
    made: pendulum.DateTime
    changed: pendulum.DateTime
    version: int = 0


@dataclass(frozen=True)
class Call:
    """A request that was understood.

    Attributes:
        path: Of its operation, with placeholders.
        loaded: The model.
        printed: The operation in it.
        ids: Values of the placeholders.
        query: Parameters.
        body: JSON.
    """

    path: str
    loaded: Dict[str, Any]
    printed: Dict[str, Any]
    ids: Dict[str, str]
    query: Dict[str, str]
    body: Any

    @property
    def schema(self) -> Dict[str, Any]:
        """Of the answer."""
        codes = (code for code in ("200", "202", "201") if code in self.printed["responses"])
        schema: Dict[str, Any] = self.printed["responses"][next(codes)]["schema"]
        return schema


class Models:
    """All operations of all models, by what a request looks like."""

    def __init__(self) -> None:
        self.found: List[Tuple[str, str, Any, Dict[str, Any], Dict[str, Any]]] = []
        for file in sorted((MODELS / "models").glob("*.json")):
            loaded = json.loads(file.read_text())
            for method, path, printed in operations(loaded).values():
                pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))
                self.found.append((method, path, re.compile(pattern), loaded, printed))
        # what is written out goes before a placeholder
        self.found.sort(key=lambda one: one[1].count("{"))

    def call(self, method: str, path: str, query: Dict[str, str], body: Any) -> Optional[Call]:
        for verb, template, pattern, loaded, printed in self.found:
            if verb == method and (match := pattern.fullmatch(path)):
                ids = {name: unquote(value) for name, value in match.groupdict().items()}
                return Call(template, loaded, printed, ids, query, body)
        return None


class Api:
    """An account made of random instances.

    Args:
        models (Models): Amazon's.
        seed (int): What the account is made of depends on it.
        clock (Any): With `time()`, seconds since the epoch.
        marketplaces (Tuple[str, ...]): Marketplaces of the account.
        since (pendulum.DateTime): When its first record was made, UTC.
        kind (Optional[str]): Of all instances; by default each has one of its own.
    """

    def __init__(
        self,
        models: Models,
        seed: int,
        clock: Any,
        marketplaces: Tuple[str, ...],
        since: pendulum.DateTime,
        kind: Optional[str] = None,
    ) -> None:
        self.models, self.seed, self.clock, self.kind = models, seed, clock, kind
        self.marketplaces, self.since = marketplaces, since
        self.began = pendulum.from_timestamp(clock.time())
        self.phase = 0
        self.violations: List[str] = []
        self.instead: Dict[str, Any] = {}
        self.calls: Dict[str, int] = {}
        self.served: Dict[Tuple[str, ...], Any] = {}
        self._lists: Dict[Tuple[str, ...], List[Record]] = {}
        self._tokens: Dict[str, Tuple[Call, List[List[Any]], str]] = {}
        self._restricted: Dict[str, List[Dict[str, str]]] = {}
        self._lock = threading.RLock()

    def now(self) -> pendulum.DateTime:
        return pendulum.from_timestamp(self.clock.time())

    def touch(self) -> None:
        """Changes some of all records, and all that is of the moment."""
        self.phase += 1
        rng = random.Random(f"{self.seed}/{self.phase}")
        for key in sorted(self._lists):
            for record in self._lists[key]:
                if rng.random() < 0.5:
                    record.version += 1
                    record.changed = self.now().subtract(seconds=rng.randrange(600, 3000))

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes
    ) -> Tuple[int, Any]:
        """Status and body for a request."""
        parts = urlsplit(target)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        with self._lock:
            if parts.path == "/auth/o2/token":
                return self._lwa(dict(parse_qsl(content.decode())))
            body = json.loads(content) if content else None
            call = self.models.call(method, parts.path, dict(pairs), body)
            if call is None:
                return self._wrong(f"{method} {parts.path} is no operation")
            self.calls[call.path] = self.calls.get(call.path, 0) + 1
            wrong = [*faults_of(call), *self._misuse(call, pairs, headers, method, parts.path)]
            if wrong:
                return self._wrong(f"{call.printed['operationId']}: {'; '.join(wrong)}")
            return 200, self._respond(call)

    def _wrong(self, sentence: str) -> Tuple[int, Any]:
        self.violations.append(sentence)
        return 400, {"errors": [{"code": "InvalidInput", "message": sentence}]}

    def _lwa(self, form: Dict[str, str]) -> Tuple[int, Any]:
        good = {
            "grant_type": "refresh_token",
            "refresh_token": REFRESH_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        if form != good:
            self.violations.append("the request for an access token is wrong")
            return 400, {"error": "invalid_request"}
        token = {"access_token": "Atza|a", "token_type": "bearer", "expires_in": 3600}
        return 200, {**token, "refresh_token": REFRESH_TOKEN}

    def _misuse(
        self,
        call: Call,
        pairs: List[Tuple[str, str]],
        headers: Mapping[str, str],
        method: str,
        path: str,
    ) -> Iterator[str]:
        """What is wrong beyond the model of the operation."""
        token = headers.get("x-amz-access-token")
        if token in self._restricted:
            if {"method": method, "path": path} not in self._restricted[token]:
                yield "the restricted data token is for something else"
        elif token != "Atza|a":
            yield "the access token is wrong"
        elif call.path.startswith(RESTRICTED):
            yield "it needs a restricted data token"
        if not headers.get("User-Agent", "").strip():
            yield "it has no user agent"
        if len(pairs) != len(call.query):
            yield "a parameter comes twice"
        for name in ("marketplaceId", "MarketplaceId", "marketplaceIds", "granularityId"):
            for id in filter(None, call.query.get(name, "").split(",")):
                if id not in self.marketplaces:
                    yield f"marketplace {id} is not the account's"
        times = [_bound(name, value) for name, value in call.query.items()]
        after = [moment for bound, moment in filter(None, times) if bound == "after"]
        before = [moment for bound, moment in filter(None, times) if bound == "before"]
        if before and not after:
            yield "a window has an end only"
        for start, end in zip(after, before):
            days = next((d for at, d in LONGEST.items() if call.path.startswith(at)), 10**5)
            if call.path.startswith("/finances/invoices"):
                days = 91
            if end <= start or (end - start).total_seconds() > days * 86_400:
                yield f"the window {start} to {end} is wrong"
            if end > self.now():
                yield "the window ends in the future"
        listing = LISTINGS.get(call.path)
        token = call.query.get(listing.parameter) if listing and listing.parameter else None
        if token is None:
            return
        if token not in self._tokens:
            yield "the page token is unknown"
            return
        first = dict(self._tokens[token][0].query)
        first.pop(listing.parameter, None)
        now = {name: value for name, value in call.query.items() if name != listing.parameter}
        if call.path == "/feeds/2021-06-30/feeds":
            first = {}
        elif call.path.startswith("/fba/inbound/v0/"):
            first = {"MarketplaceId": first["MarketplaceId"], "QueryType": "NEXT_TOKEN"}
        if now != first:
            yield f"the page token comes with {now}, not {first}"

    def _respond(self, call: Call) -> Any:
        if call.path in self.instead:
            return self.instead[call.path]
        special = SPECIAL.get(call.path)
        if special:
            return special(self, call)
        listing = LISTINGS.get(call.path)
        return self._page(call, listing) if listing else self._one(call)

    def instances(
        self, call: Call, *key: Any, pins: Mapping[str, Any] = {}, end: Any = None
    ) -> Instances:
        """Makes instances for an answer, in which ids of the request and `pins` are as they were."""
        asked = [id for id in _listed(call, "marketplaceIds", "marketplaceId", "MarketplaceId")]
        places = asked or list(self.marketplaces)
        name = "/".join(map(str, (self.seed, call.path, *call.ids.values(), *key)))
        rng = random.Random(name)
        same = {**call.query, **call.ids}

        def pinned(field: str, above: Tuple[str, ...]) -> Any:
            full = ".".join((*above, field))
            for name in (full, field):
                if name in pins:
                    return pins[name]
            if field in ("marketplaceId", "MarketplaceId", "primaryMarketplaceId"):
                return rng.choice(places)
            if field == "marketplaceIds":
                return places
            if field in ("asin", "ASIN", "Asin", "amazonProductIdentifier"):
                return same.get("asin") or rng.choice(ASINS)
            if field in ("sku", "sellerSku", "SellerSKU", "msku", "sellerSKU"):
                return same.get("sku") or rng.choice(SKUS)
            if field == "AmazonOrderId" and "orderId" in call.ids:
                return call.ids["orderId"]
            if field in call.ids or field in ECHOED:
                return same.get(field, MISSING)
            if field == "payload" and not above:
                return NEEDED
            return MISSING

        return Instances(call.loaded, name, self.since, end or self.now(), pinned, self.kind)

    def _one(self, call: Call) -> Any:
        """An answer that is no list, all that is of the moment."""
        key = (*sorted(call.query.items()), self.phase)
        instances = self.instances(call, *key)
        instances.new = False
        made = instances.make(call.schema)
        _without_errors(made, self.instances(call, *key, "errors").rng)
        self.serve((call.path, *call.ids.values(), *map(str, sorted(call.query.items()))), made)
        return made

    def serve(self, key: Tuple[str, ...], body: Any) -> None:
        """Keeps what was answered; a plan is told anew with all its parts."""
        if key[0] == f"{INBOUND}/{{inboundPlanId}}":
            parts = [one for one in self.served if one[0].startswith(key[0]) and one[1] == key[1]]
            for one in parts:
                del self.served[one]
        self.served[key] = json.loads(json.dumps(body))

    # lists

    def records(self, call: Call, listing: Listing) -> List[Record]:
        """The records of a list, made when they are first asked for."""
        scope = [(name, call.query[name]) for name in listing.scope if name in call.query]
        key = (call.path, *call.ids.values(), *map(str, scope))
        if key not in self._lists:
            rng = random.Random(f"{self.seed}/{key}")
            many = rng.choice((0, 1, 2, 3, 5, 8)) if self.kind != FULL else 4
            if listing.pool:
                many = min(many, len(listing.pool))
            span = int((self.began - self.since).total_seconds()) - 3600
            found = []
            for number in range(many):
                made = self.since.add(seconds=rng.randrange(span))
                late = int((self.began - made).total_seconds()) - 1800
                changed = made.add(seconds=rng.randrange(late)) if listing.changed else made
                found.append(Record(number, made, changed))
            self._lists[key] = found
        return self._lists[key]

    def record(self, call: Call, listing: Listing, record: Record) -> Dict[str, Any]:
        """A record as it is now."""
        scope = [call.query[name] for name in listing.scope if name in call.query]
        name = (*scope, record.number)
        rng = random.Random(f"{self.seed}/{call.path}/{call.ids}/{name}")
        pins: Dict[str, Any] = {}
        if listing.key:
            id = listing.pool[record.number] if listing.pool else self._id(call, listing, rng)
            pins[f"{listing.records}.{listing.key}"] = id
        version = 0 if call.path in ONCE else record.version
        made = self.instances(call, *name, version, end=record.changed.add(seconds=1), pins=pins)
        for field, moment in ((listing.made, record.made), (listing.changed, record.changed)):
            if field:
                # the same moment may be written otherwise when it is told again
                pins[f"{listing.records}.{field}"] = made.time(moment)
        body: Dict[str, Any] = made.make(
            _items(call, listing.records), tuple(listing.records.split("."))
        )
        self.serve((call.path, *call.ids.values(), *map(str, name)), body)
        return body

    def _id(self, call: Call, listing: Listing, rng: random.Random) -> str:
        """An id of the length the model gives it."""
        schema = _at(call, _items(call, listing.records), listing.key)
        number = rng.randrange(10**11, 10**12)
        id = rng.choice((f"{number}", f"00{number}", f"K-{number}", f"k{number}"))
        return id.rjust(schema.get("minLength", 0), "0")[: schema.get("maxLength", 99)]

    def _page(self, call: Call, listing: Listing) -> Any:
        token = call.query.get(listing.parameter) if listing.parameter else None
        if token is not None:
            pages = self._tokens[token][1]
            name = self._tokens[token][2]
            call = self._tokens[token][0]
        else:
            name = "/".join(map(str, (*call.ids.values(), *sorted(call.query.items()), self.phase)))
            pages = self._cut(call, listing, name)
        rng = random.Random(f"{self.seed}/{call.path}/{name}/{len(pages)}")
        records, rest = pages[0], pages[1:]
        bodies = [self.record(call, listing, record) for record in records]
        pins = {listing.records: bodies}
        more = ""
        if rest:
            more = f"t/{rng.getrandbits(60):x}+=={len(rest)}"
            self._tokens[more] = (call, rest, name)
        made = self.instances(call, name, pins=pins)
        made.new = False
        answer = made.make(call.schema)
        if call.path in WITH_HEADER:
            rest = {
                field: value for field, value in answer.items() if field in WITH_HEADER.values()
            }
            self.serve((f"{call.path}/header", *call.ids.values()), rest)
        if not bodies and rng.random() < 0.5:
            self._drop(answer, call, listing.records)
        if listing.token:
            _put(answer, listing.token, more, self._absent(rng))
        _without_errors(answer, rng)
        if call.path == "/listings/2021-08-01/items/{sellerId}":
            answer["numberOfResults"] = sum(map(len, pages))
        return answer

    def _absent(self, rng: random.Random) -> str:
        """How the last page says that there is no other."""
        return rng.choice(("absent", "null", "empty"))

    def _drop(self, answer: Any, call: Call, records: str) -> None:
        """Leaves an empty list out where the model allows it."""
        *above, last = records.split(".")
        schema = call.schema
        place = answer
        for name in above:
            schema = parts(call.loaded, schema)[0][name]
            place = place[name]
        if last not in parts(call.loaded, schema)[1]:
            del place[last]

    def _cut(self, call: Call, listing: Listing, name: str) -> List[List[Record]]:
        """The pages of what is asked for."""
        rng = random.Random(f"{self.seed}/{call.path}/{name}/cut")
        found = [one for one in self.records(call, listing) if _asked_for(call, one)]
        if call.path == "/listings/2021-08-01/items/{sellerId}" and "identifiers" in call.query:
            wanted = call.query["identifiers"].split(",")
            found = [one for one in found if listing.pool[one.number] in wanted]
        down = "DESC" in call.query.get("sortOrder", "").upper()
        found.sort(key=lambda one: one.changed, reverse=down)
        pages: List[List[Record]] = []
        while True:
            if rng.random() < 0.25 and listing.token:
                pages.append([])
            many = rng.randint(1, 3) if listing.token else len(found)
            pages.append(found[:many])
            found = found[many:]
            if not found:
                return pages


WITH_HEADER = {"/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}": "invoiceHeader"}
"""Lists of what belongs to one thing, with the field that tells the thing itself on every page."""

ONCE = ("/finances/2024-06-19/summary",)
"""Lists that are not told otherwise later."""

# what the models say in words only


def _catalog(api: Api, call: Call) -> Any:
    ids = call.query["identifiers"].split(",")
    rng = random.Random(f"{api.seed}/{ids}/{api.phase}")
    asked = [id for id in ids if rng.random() < 0.9]
    start = int(call.query.get("pageToken", "0").lstrip("p") or 0)
    many = min(int(call.query.get("pageSize", "10")), 3)
    shown = asked[start : start + many]
    items = []
    for id in shown:
        place = call.query["marketplaceIds"]
        made = api.instances(call, place, id, api.phase, pins={"items.asin": id})
        items.append(made.make(_items(call, "items"), ("items",)))
        api.serve((call.path, place, id), items[-1])
    answer = {"numberOfResults": len(asked), "items": items}
    if start + many < len(asked):
        answer["pagination"] = {"nextToken": f"p{start + many}"}
    return answer


def _price(api: Api, call: Call) -> Any:
    payload: List[Any] = []
    place = call.query["MarketplaceId"]
    kind = call.query["ItemType"]
    for id in call.query[f"{kind}s"].split(","):
        name = "ASIN" if kind == "Asin" else "SellerSKU"
        pins = {f"payload.{name}": id, "payload.status": "Success"}
        made = api.instances(call, place, id, api.phase, pins=pins)
        payload.append(made.make(_items(call, "payload"), ("payload",)))
        api.serve((call.path, place, id), payload[-1])
    return {"payload": payload}


def _batch(id_name: str, place_name: str) -> Callable[[Api, Call], Any]:
    """Answers to a batch: one for each request, which it repeats."""

    def respond(api: Api, call: Call) -> Any:
        responses = []
        for request in call.body["requests"]:
            id, place = request.get(id_name) or request["uri"].split("/")[-2], request[place_name]
            echo = {**request, "Asin": id} if id_name == "Asin" else request
            pins: Dict[str, Any] = {
                "responses.status": {"statusCode": 200, "reasonPhrase": "Success"},
                "responses.request": {
                    name: value
                    for name, value in echo.items()
                    if name not in ("uri", "method", "headers")
                },
                "responses.body.errors": [],
                "responses.body.payload.status": "Success",
                "responses.body.asin": id,
                "responses.body.payload.ASIN": id,
                "responses.body.sku": id,
                "marketplaceId": place,
                "MarketplaceId": place,
                "ItemCondition": request.get("ItemCondition"),
                "offerIdentifier": MISSING,
            }
            made = api.instances(call, place, id, api.phase, pins=pins)
            if made.kind == "minimal":
                # a body without what was asked for is no answer
                made.kind = "mixed"
            body = made.make(_items(call, "responses"), ("responses",))
            _without_errors(body.get("body") or {}, made.rng)
            if isinstance(body.get("body"), dict):
                body["body"].pop("errors", None)
            responses.append(body)
            told = body.get("body") or {}
            api.serve((call.path, place, id), told.get("payload", told))
        made = random.Random(f"{api.seed}/{len(responses)}")
        made.shuffle(responses)
        return {"responses": responses}

    return respond


def _fees(api: Api, call: Call) -> Any:
    found = []
    for request in call.body:
        asked = request["FeesEstimateRequest"]
        identifier = {
            "MarketplaceId": asked["MarketplaceId"],
            "IdType": request["IdType"],
            "IdValue": request["IdValue"],
            "IsAmazonFulfilled": asked.get("IsAmazonFulfilled", False),
            "PriceToEstimateFees": asked["PriceToEstimateFees"],
            "SellerInputIdentifier": asked["Identifier"],
        }
        pins = {"FeesEstimateIdentifier": identifier, "Status": "Success", "Error": None}
        made = api.instances(call, request["IdValue"], api.phase, pins=pins)
        made.kind = FULL if made.kind == "minimal" else made.kind
        schema = parts_of_items(call, call.schema)
        found.append(made.make(schema, ()))
        found[-1].pop("Error", None)
        api.serve((call.path, asked["MarketplaceId"], request["IdValue"]), found[-1])
    return found


def parts_of_items(call: Call, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of the elements of a list."""
    while "$ref" in schema:
        schema = call.loaded["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    items: Mapping[str, Any] = schema["items"]
    return items


def _prep(api: Api, call: Call) -> Any:
    payload: Dict[str, Any] = {"SKUPrepInstructionsList": []}
    for sku in filter(None, call.query.get("SellerSKUList", "").split(",")):
        country = call.query["ShipToCountryCode"]
        pins = {"payload.SKUPrepInstructionsList.SellerSKU": sku}
        made = api.instances(call, country, sku, api.phase, pins=pins)
        path = "payload.SKUPrepInstructionsList"
        body = made.make(_items(call, path), tuple(path.split(".")))
        payload["SKUPrepInstructionsList"].append(body)
        api.serve((call.path, country, sku), body)
    return {"payload": payload}


def _metrics(api: Api, call: Call) -> Any:
    start, end = (pendulum.parse(text) for text in call.query["interval"].split("--"))
    zone = call.query["granularityTimeZone"]
    day = pendulum.instance(start).in_timezone(zone)
    found = []
    while day < pendulum.instance(end):
        next_day = day.add(days=1)
        # as Amazon writes it: with the offset of the zone, or in UTC
        first, last = (
            (day.isoformat(), next_day.isoformat())
            if api.seed % 2
            else (day.in_timezone("UTC").isoformat(), next_day.in_timezone("UTC").isoformat())
        )
        place = call.query["marketplaceIds"]
        pins = {"payload.interval": f"{first}--{last}"}
        made = api.instances(call, place, day.to_date_string(), api.phase, pins=pins)
        found.append(made.make(_items(call, "payload"), ("payload",)))
        api.serve((call.path, place, day.to_date_string()), found[-1])
        day = next_day
    return {"payload": found}


def _restricted_token(api: Api, call: Call) -> Any:
    token = f"Atz.sprdt|{len(api._restricted)}"
    api._restricted[token] = call.body["restrictedResources"]
    return {"restrictedDataToken": token, "expiresIn": 3600}


def _participations(api: Api, call: Call) -> Any:
    payload = []
    for id in api.marketplaces:
        pins = {"payload.marketplace.id": id, "isParticipating": True}
        made = api.instances(call, id, api.phase, pins=pins)
        payload.append(made.make(_items(call, "payload"), ("payload",)))
        api.serve((call.path, id), payload[-1])
    return {"payload": payload}


def _replenishment(records: str) -> Callable[[Api, Call], Any]:
    def respond(api: Api, call: Call) -> Any:
        asked = call.body.get("filters", call.body)
        place, week = asked["marketplaceId"], str(asked.get("timeInterval"))
        rng = random.Random(f"{api.seed}/{call.path}/{place}/{week}")
        many = rng.randrange(1, 6) if records == "offers" else 1
        paging = call.body.get("pagination", {"offset": 0, "limit": 500})
        rows = []
        for number in range(many)[paging["offset"] : paging["offset"] + paging["limit"]]:
            pins = {
                "offers.sku": SKUS[number],
                "offers.asin": ASINS[number],
                "marketplaceId": place,
                "timeInterval": asked.get("timeInterval", MISSING),
                "fulfillmentChannelType": "MERCHANT",
                "programType": "SUBSCRIBE_AND_SAVE",
            }
            made = api.instances(call, place, week, number, api.phase, pins=pins)
            rows.append(made.make(_items(call, records), (records,)))
            api.serve((call.path, place, week, str(number)), rows[-1])
        answer: Dict[str, Any] = {records: rows}
        if records == "offers":
            answer["pagination"] = {"totalResults": many}
        return answer

    return respond


def _events(api: Api, call: Call) -> Any:
    """The events of a group in a window, by list; those without a date always."""
    lists = parts(call.loaded, {"$ref": "#/definitions/FinancialEvents"})[0]
    group = call.ids["eventGroupId"]
    token = call.query.get("NextToken")
    if token:
        pages = api._tokens[token][1]
    else:
        rng = random.Random(f"{api.seed}/{group}/events")
        found = []
        for name, schema in sorted(lists.items()):
            for number in range(rng.choice((0, 0, 1, 2))):
                made = api.instances(call, name, number, end=api.began)
                path = ("payload", "FinancialEvents", name)
                event = made.make(parts_of_items(call, schema), path)
                dates = (
                    event.get(field)
                    for field in ("PostedDate", "postedDate", "TransactionPostedDate")
                )
                when = next(filter(None, dates), None)
                moment = pendulum.instance(pendulum.parse(when)) if when else None
                if _within(moment, call):
                    found.append((name, event))
                    api.serve((call.path, group, name, str(number)), event)
        pages = [found[at : at + 5] for at in range(0, len(found), 5)] or [[]]
    events: Dict[str, List[Any]] = {}
    for name, event in pages[0]:
        events.setdefault(name, []).append(event)
    payload: Dict[str, Any] = {"FinancialEvents": events}
    if pages[1:]:
        payload["NextToken"] = f"e/{group}/{len(api._tokens)}"
        first = api._tokens[token][0] if token else call
        api._tokens[payload["NextToken"]] = (first, pages[1:], "")
    return {"payload": payload}


def _within(moment: Optional[pendulum.DateTime], call: Call) -> bool:
    if moment is None:
        return True
    bounds = filter(None, (_bound(name, value) for name, value in call.query.items()))
    return all(moment >= end if kind == "after" else moment < end for kind, end in bounds)


PRICING = "/products/pricing/v0"
BATCHES = "/batches/products/pricing"
REPLENISHMENT = "/replenishment/2022-11-07"
SPECIAL: Dict[str, Callable[[Api, Call], Any]] = {
    "/catalog/2022-04-01/items": _catalog,
    f"{PRICING}/competitivePrice": _price,
    f"{PRICING}/price": _price,
    f"{BATCHES}/v0/itemOffers": _batch("Asin", "MarketplaceId"),
    f"{BATCHES}/2022-05-01/items/competitiveSummary": _batch("asin", "marketplaceId"),
    f"{BATCHES}/2022-05-01/offer/featuredOfferExpectedPrice": _batch("sku", "marketplaceId"),
    "/products/fees/v0/feesEstimate": _fees,
    "/fba/inbound/v0/prepInstructions": _prep,
    "/sales/v1/orderMetrics": _metrics,
    "/tokens/2021-03-01/restrictedDataToken": _restricted_token,
    "/sellers/v1/marketplaceParticipations": _participations,
    f"{REPLENISHMENT}/offers/search": _replenishment("offers"),
    f"{REPLENISHMENT}/offers/metrics/search": _replenishment("offers"),
    f"{REPLENISHMENT}/sellingPartners/metrics/search": _replenishment("metrics"),
    "/finances/v0/financialEventGroups/{eventGroupId}/financialEvents": _events,
}


def _at(call: Call, schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The schema of the field at a dotted path."""
    for name in path.split("."):
        schema = parts(call.loaded, schema)[0][name]
    while "$ref" in schema:
        schema = call.loaded["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _items(call: Call, records: str) -> Mapping[str, Any]:
    return parts_of_items(call, _at(call, call.schema, records))


def _put(answer: Any, path: str, token: str, absent: str) -> None:
    """Puts a page token where it belongs, or what says that there is none."""
    *above, last = path.split(".")
    for name in above:
        if not isinstance(answer.get(name), dict):
            if not token:
                return
            answer[name] = {}
        answer = answer[name]
    if token:
        answer[last] = token
    elif absent == "absent":
        answer.pop(last, None)
    else:
        answer[last] = None if absent == "null" else ""


def _without_errors(answer: Any, rng: random.Random) -> None:
    """A good answer has no errors: the list is absent, or empty."""
    if isinstance(answer, dict) and "errors" in answer:
        if rng.random() < 0.5:
            del answer["errors"]
        else:
            answer["errors"] = []


def _listed(call: Call, *names: str) -> List[str]:
    return [id for name in names for id in call.query.get(name, "").split(",") if id]


def _bound(name: str, text: str) -> Optional[Tuple[str, pendulum.DateTime]]:
    """Whether a parameter begins or ends a window, and when."""
    kind = ""
    if re.search("after$|since$|^startDateTime$|^queryStartDate$|^from", name, re.IGNORECASE):
        kind = "after"
    elif re.search("before$|until$|^to(?=[A-Z])", name, re.IGNORECASE):
        kind = "before"
    if not kind:
        return None
    return kind, pendulum.instance(pendulum.parse(text)).in_timezone("UTC")


def _asked_for(call: Call, record: Record) -> bool:
    for name, text in call.query.items():
        if bound := _bound(name, text):
            early = re.search("created|posted|started|issue", name, re.IGNORECASE)
            moment = record.made if early else record.changed
            if (moment < bound[1]) if bound[0] == "after" else (moment > bound[1]):
                return False
    return True


READS: Dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: {"true": True, "false": False}[text],
    "date-time": lambda text: pendulum.parse(text),
    "date": lambda text: pendulum.from_format(text, "YYYY-MM-DD"),
}


def faults_of(call: Call) -> Iterator[str]:
    """What the model does not allow of a request."""
    told = {one["name"]: one for one in call.printed.get("parameters", []) if "name" in one}
    query = {name: one for name, one in told.items() if one.get("in") == "query"}
    for name, one in query.items():
        if one.get("required") and name not in call.query:
            yield f"{name} is missing"
    for name, text in call.query.items():
        if name not in query:
            yield f"{name} is unknown"
            continue
        yield from _value_faults(call, query[name], text)
    for name, value in call.ids.items():
        yield from _value_faults(call, told.get(name, {"name": name, "type": "string"}), value)
    for one in call.printed.get("parameters", []):
        if one.get("in") == "body":
            for error in validator(call, one["schema"]).iter_errors(call.body):
                yield f"{list(error.path)}: {error.message}"


def _value_faults(call: Call, one: Dict[str, Any], text: str) -> Iterator[str]:
    several = one.get("type") == "array"
    values = text.split(",") if several else [text]
    if several and not one.get("minItems", 0) <= len(values) <= one.get("maxItems", len(values)):
        yield f"{one['name']} has {len(values)} values"
    if several:
        one = {"name": one["name"], **one["items"]}
    if "$ref" in one:
        one = {"name": one["name"], **call.loaded["definitions"][one["$ref"].rsplit("/", 1)[1]]}
    read = READS.get(one.get("format", ""), READS.get(one.get("type", ""), str))
    for value in values:
        try:
            number = read(value)
        except (ValueError, KeyError):
            yield f"{one['name']} is {value!r}"
            continue
        if value not in one.get("enum", [value]) or not value:
            yield f"{one['name']} is {value!r}"
        if one.get("type") in ("integer", "number"):
            if not one.get("minimum", number) <= number <= one.get("maximum", number):
                yield f"{one['name']} is {value}"
        elif not one.get("minLength", 0) <= len(value) <= one.get("maxLength", len(value)):
            yield f"{one['name']} has {len(value)} characters"
        elif "pattern" in one and not re.search(one["pattern"], value):
            yield f"{one['name']} is {value!r}"


_VALIDATORS: Dict[Tuple[str, str], Any] = {}


def validator(call: Call, schema: Dict[str, Any]) -> Any:
    """A validator that refuses fields the model does not name."""
    name = (call.path, json.dumps(schema))
    if name not in _VALIDATORS:
        definitions = {}
        for title, definition in call.loaded["definitions"].items():
            definitions[title] = dict(definition)
            if "properties" in definition or "allOf" in definition:
                properties, required = parts(call.loaded, definition)
                closed = {"type": "object", "properties": properties, "required": sorted(required)}
                if not required:
                    del closed["required"]
                if "additionalProperties" not in definition:
                    closed["additionalProperties"] = False
                definitions[title] = closed
        checker = jsonschema.FormatChecker(formats=())
        checker.checks("date-time", raises=ValueError)(lambda text: bool(pendulum.parse(text)))
        _VALIDATORS[name] = jsonschema.Draft4Validator(
            {**schema, "definitions": definitions}, format_checker=checker
        )
    return _VALIDATORS[name]


class Server:
    """Serves an `Api` on loopback while it is entered."""

    def __init__(self, api: Api) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    status, body = api.answer(self.command, self.path, self.headers, content)
                except Exception:
                    # a mistake of this server
                    api.violations.append(traceback.format_exc(limit=-4))
                    status, body = 400, {"errors": [{"code": "Broken", "message": self.path}]}
                payload = json.dumps(body, ensure_ascii=random.Random(self.path).random() < 0.5)
                data = payload.encode()
                self.send_response_only(status)
                self.send_header("Date", formatdate(api.clock.time(), usegmt=True))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Server":
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
