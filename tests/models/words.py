"""Answers to operations of which the models say in words only what belongs together."""

import random
import re
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple

from dlt.common import pendulum

from .instances import FULL, MISSING, parts
from .lists import ASINS, SKUS, Record
from .requests import Call

if TYPE_CHECKING:
    from .server import Api


def _catalog(api: "Api", call: Call) -> Any:
    ids = call.query["identifiers"].split(",")
    rng = random.Random(f"{api.seed}/{ids}/{api.phase}")
    requested = [id for id in ids if rng.random() < 0.9]
    start = int(call.query.get("pageToken", "0").lstrip("p") or 0)
    many = min(int(call.query.get("pageSize", "10")), 3)
    shown = requested[start : start + many]
    items = []
    for id in shown:
        place = call.query["marketplaceIds"]
        made = api.instances(call, place, id, api.phase, pins={"items.asin": id})
        items.append(made.make(items_of(call, "items"), ("items",)))
        api.serve((call.path, place, id), items[-1])
    answer = {"numberOfResults": len(requested), "items": items}
    if start + many < len(requested):
        answer["pagination"] = {"nextToken": f"p{start + many}"}
    return answer


def _price(api: "Api", call: Call) -> Any:
    payload: List[Any] = []
    place = call.query["MarketplaceId"]
    kind = call.query["ItemType"]
    for id in call.query[f"{kind}s"].split(","):
        name = "ASIN" if kind == "Asin" else "SellerSKU"
        pins = {f"payload.{name}": id, "payload.status": "Success"}
        made = api.instances(call, place, id, api.phase, pins=pins)
        payload.append(made.make(items_of(call, "payload"), ("payload",)))
        api.serve((call.path, place, id), payload[-1])
    return {"payload": payload}


def _batch(id_name: str, place_name: str) -> Callable[[Any, Call], Any]:
    """Answers to a batch: one for each request, which it repeats."""

    def respond(api: "Api", call: Call) -> Any:
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
                # a body without what was requested is no answer
                made.kind = "mixed"
            body = made.make(items_of(call, "responses"), ("responses",))
            without_errors(body.get("body") or {}, made.rng)
            if isinstance(body.get("body"), dict):
                body["body"].pop("errors", None)
            responses.append(body)
            response = body.get("body") or {}
            api.serve((call.path, place, id), response.get("payload", response))
        made = random.Random(f"{api.seed}/{len(responses)}")
        made.shuffle(responses)
        return {"responses": responses}

    return respond


def _fees(api: "Api", call: Call) -> Any:
    found = []
    for request in call.body:
        requested = request["FeesEstimateRequest"]
        identifier = {
            "MarketplaceId": requested["MarketplaceId"],
            "IdType": request["IdType"],
            "IdValue": request["IdValue"],
            "IsAmazonFulfilled": requested.get("IsAmazonFulfilled", False),
            "PriceToEstimateFees": requested["PriceToEstimateFees"],
            "SellerInputIdentifier": requested["Identifier"],
        }
        pins = {"FeesEstimateIdentifier": identifier, "Status": "Success", "Error": None}
        made = api.instances(call, request["IdValue"], api.phase, pins=pins)
        made.kind = FULL if made.kind == "minimal" else made.kind
        schema = parts_of_items(call, call.schema)
        found.append(made.make(schema, ()))
        found[-1].pop("Error", None)
        api.serve((call.path, requested["MarketplaceId"], request["IdValue"]), found[-1])
    return found


def parts_of_items(call: Call, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema of the elements of a list."""
    while "$ref" in schema:
        schema = call.loaded["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    items: Mapping[str, Any] = schema["items"]
    return items


def _prep(api: "Api", call: Call) -> Any:
    payload: Dict[str, Any] = {"SKUPrepInstructionsList": []}
    for sku in filter(None, call.query.get("SellerSKUList", "").split(",")):
        country = call.query["ShipToCountryCode"]
        pins = {"payload.SKUPrepInstructionsList.SellerSKU": sku}
        made = api.instances(call, country, sku, api.phase, pins=pins)
        path = "payload.SKUPrepInstructionsList"
        body = made.make(items_of(call, path), tuple(path.split(".")))
        payload["SKUPrepInstructionsList"].append(body)
        api.serve((call.path, country, sku), body)
    return {"payload": payload}


def _metrics(api: "Api", call: Call) -> Any:
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
        found.append(made.make(items_of(call, "payload"), ("payload",)))
        api.serve((call.path, place, day.to_date_string()), found[-1])
        day = next_day
    return {"payload": found}


def _restricted_token(api: "Api", call: Call) -> Any:
    token = f"Atz.sprdt|{len(api._restricted)}"
    api._restricted[token] = call.body["restrictedResources"]
    return {"restrictedDataToken": token, "expiresIn": 3600}


def _participations(api: "Api", call: Call) -> Any:
    payload = []
    for id in api.marketplaces:
        pins = {"payload.marketplace.id": id, "isParticipating": True}
        made = api.instances(call, id, api.phase, pins=pins)
        payload.append(made.make(items_of(call, "payload"), ("payload",)))
        api.serve((call.path, id), payload[-1])
    return {"payload": payload}


def _replenishment(records: str) -> Callable[[Any, Call], Any]:
    def respond(api: "Api", call: Call) -> Any:
        requested = call.body.get("filters", call.body)
        place, week = requested["marketplaceId"], str(requested.get("timeInterval"))
        rng = random.Random(f"{api.seed}/{call.path}/{place}/{week}")
        many = rng.randrange(1, 6) if records == "offers" else 1
        paging = call.body.get("pagination", {"offset": 0, "limit": 500})
        rows = []
        for number in range(many)[paging["offset"] : paging["offset"] + paging["limit"]]:
            pins = {
                "offers.sku": SKUS[number],
                "offers.asin": ASINS[number],
                "marketplaceId": place,
                "timeInterval": requested.get("timeInterval", MISSING),
                "fulfillmentChannelType": "MERCHANT",
                "programType": "SUBSCRIBE_AND_SAVE",
            }
            made = api.instances(call, place, week, number, api.phase, pins=pins)
            rows.append(made.make(items_of(call, records), (records,)))
            api.serve((call.path, place, week, str(number)), rows[-1])
        answer: Dict[str, Any] = {records: rows}
        if records == "offers":
            answer["pagination"] = {"totalResults": many}
        return answer

    return respond


def _events(api: "Api", call: Call) -> Any:
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
    bounds = filter(None, (bound_of(name, value) for name, value in call.query.items()))
    return all(moment >= end if kind == "after" else moment < end for kind, end in bounds)


PRICING = "/products/pricing/v0"
BATCHES = "/batches/products/pricing"
REPLENISHMENT = "/replenishment/2022-11-07"
SPECIAL: Dict[str, Callable[[Any, Call], Any]] = {
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


def schema_at(call: Call, schema: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The schema of the field at a dotted path."""
    for name in path.split("."):
        schema = parts(call.loaded, schema)[0][name]
    while "$ref" in schema:
        schema = call.loaded["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def items_of(call: Call, records: str) -> Mapping[str, Any]:
    return parts_of_items(call, schema_at(call, call.schema, records))


def put(answer: Any, path: str, token: str, absent: str) -> None:
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


def without_errors(answer: Any, rng: random.Random) -> None:
    """A good answer has no errors: the list is absent, or empty."""
    if isinstance(answer, dict) and "errors" in answer:
        if rng.random() < 0.5:
            del answer["errors"]
        else:
            answer["errors"] = []


def listed(call: Call, *names: str) -> List[str]:
    return [id for name in names for id in call.query.get(name, "").split(",") if id]


def bound_of(name: str, text: str) -> Optional[Tuple[str, pendulum.DateTime]]:
    """Whether a parameter begins or ends a window, and when."""
    kind = ""
    if re.search("after$|since$|^startDate(Time)?$|^queryStartDate$|^from", name, re.IGNORECASE):
        kind = "after"
    elif re.search("before$|until$|^to(?=[A-Z])|^endDate$", name, re.IGNORECASE):
        kind = "before"
    if not kind:
        return None
    return kind, pendulum.instance(pendulum.parse(text)).in_timezone("UTC")


def is_requested(call: Call, record: Record) -> bool:
    for name, text in call.query.items():
        if bound := bound_of(name, text):
            early = re.search("created|posted|started|issue|^(start|end)Date$", name, re.IGNORECASE)
            moment = record.made if early else record.changed
            if (moment < bound[1]) if bound[0] == "after" else (moment > bound[1]):
                return False
    return True
