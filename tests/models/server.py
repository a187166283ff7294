"""The API as Amazon's models describe it, and nothing else is known here: a server on loopback.

It holds each request against the model of its operation, keeps what it finds wrong, and answers
with random instances of the model's schemas, the same ones for the same seed.
"""

import json
import random
import threading
import traceback
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import parse_qsl, urlsplit

from dlt.common import pendulum

from .instances import FULL, MISSING, NEEDED, Instances, parts
from .lists import ASINS, INBOUND, LISTINGS, REMITTANCES, SELECTION, SKUS, Listing, Record
from .requests import Call, Models, faults_of
from .words import SPECIAL, bound_of, is_requested, items_of, listed, put, schema_at, without_errors

REFRESH_TOKEN, CLIENT_ID, CLIENT_SECRET = "Atzr|r", "amzn1.application-oa2-client.c", "s3cret"

ECHOED = (
    "revisionId",
    "accountId",
    "amazonOrderId",
    "packageNumber",
    "trackingId",
    "sellerSku",
    "packageClientReferenceId",
)
"""Parameters that an answer repeats, besides those of the path."""

RESTRICTED = ("/vendor/directFulfillment/orders/", "/vendor/directFulfillment/shipping/")
"""Paths that answer to a restricted data token only."""

LONGEST = {"/finances/": 180, "/vendor/": 7}
"""Days of the longest window, by the beginning of a path."""

WITH_HEADER = {
    "/finances/invoices/2026-06-25/invoices/{invoiceIdentifier}": "invoiceHeader",
    f"{REMITTANCES}/{{uniquePaymentId}}": "remittanceHeader",
    SELECTION: "selection",
}
"""Lists of what belongs to one thing, with the field that has the thing itself on every page."""

ONCE = ("/finances/2024-06-19/summary",)
"""Lists that do not change later."""


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
        times = [bound_of(name, value) for name, value in call.query.items()]
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
        requested = [id for id in listed(call, "marketplaceIds", "marketplaceId", "MarketplaceId")]
        places = requested or list(self.marketplaces)
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
            if (field, *above) in (("payload",), ("selectionDetails", "selection")):
                return NEEDED
            return MISSING

        return Instances(call.loaded, name, self.since, end or self.now(), pinned, self.kind)

    def _one(self, call: Call) -> Any:
        """An answer that is no list, all that is of the moment."""
        key = (*sorted(call.query.items()), self.phase)
        instances = self.instances(call, *key)
        instances.new = False
        made = instances.make(call.schema)
        without_errors(made, self.instances(call, *key, "errors").rng)
        self.serve((call.path, *call.ids.values(), *map(str, sorted(call.query.items()))), made)
        return made

    def serve(self, key: Tuple[str, ...], body: Any) -> None:
        """Keeps what was sent; a plan is sent again with all its parts."""
        if key[0] == f"{INBOUND}/{{inboundPlanId}}":
            parts = [one for one in self.served if one[0].startswith(key[0]) and one[1] == key[1]]
            for one in parts:
                del self.served[one]
        self.served[key] = json.loads(json.dumps(body))

    # lists

    def records(self, call: Call, listing: Listing) -> List[Record]:
        """The records of a list, made when they are first requested."""
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
                # the same moment may be written otherwise when it is sent again
                pins[f"{listing.records}.{field}"] = made.time(moment)
        body: Dict[str, Any] = made.make(
            items_of(call, listing.records), tuple(listing.records.split("."))
        )
        self.serve((call.path, *call.ids.values(), *map(str, name)), body)
        return body

    def _id(self, call: Call, listing: Listing, rng: random.Random) -> str:
        """An id of the length the model gives it."""
        schema = schema_at(call, items_of(call, listing.records), listing.key)
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
            put(answer, listing.token, more, self._absent(rng))
        without_errors(answer, rng)
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
        """The pages of what is requested."""
        rng = random.Random(f"{self.seed}/{call.path}/{name}/cut")
        found = [one for one in self.records(call, listing) if is_requested(call, one)]
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
