"""Promotions API 2025-12-01: what the seller has on offer, with the items of each promotion.

What happens to them besides their schedule depends on their kind: the discount is revised on its
sixth day, an edit of the deal fails, and every other promotion of a basket is cancelled.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Iterator, Optional

from .core import parameters
from .core.account import Account
from .core.errors import not_found
from .core.marketplaces import MARKETPLACES, money, price_in
from .core.promotions import Promotion, promotions_of
from .core.routes import Call, Routes
from .core.times import DAY_MS, ceil_ms, floor_ms, iso

ROUTES = Routes()

ROLE = "Pricing"
HOUR = 3_600_000
STATUSES = ("PROCESSING", "UPCOMING", "RUNNING", "EXPIRED", "FAILED", "CANCELLING", "CANCELLED")
_LOCALE = parameters.text("locale")
_LIMIT = parameters.number("limit", 1, 100, default=20)
_TOKEN = parameters.text("paginationToken")


@dataclass
class PromotionStore:
    """The promotions of an account.

    Attributes:
        changes: By id, when a promotion was changed by hand (milliseconds since 1970), and its
            new title.
    """

    account: Account
    changes: dict[str, tuple[int, str]] = field(default_factory=dict)

    def of(self, marketplace_id: str, at: int) -> list[Promotion]:
        """The promotions of a marketplace that exist at a time."""
        return list(promotions_of(self.account, MARKETPLACES[marketplace_id], at))

    def change(self, id: str, title: str) -> None:
        """Gives a promotion another title, now."""
        self.changes[id] = (self.account.now(), title)

    def updates(self, promotion: Promotion) -> Iterator[int]:
        """When a promotion is updated: created, processed, and what its kind brings."""
        yield from (promotion.created, promotion.created + HOUR)
        if promotion.kind == "PRICE_DISCOUNT":
            yield promotion.start + 5 * DAY_MS + 2 * HOUR
        if is_cancelled(promotion):
            yield from (promotion.start + 3 * DAY_MS, promotion.start + 3 * DAY_MS + HOUR)
        if promotion.id in self.changes:
            yield self.changes[promotion.id][0]


def is_cancelled(promotion: Promotion) -> bool:
    """Whether the seller cancels it on its fourth day."""
    return promotion.kind == "BASKET_BUILDING" and promotion.period % 2 == 0


def status_of(promotion: Promotion, at: int) -> str:
    """Its status at a time, most of which no update shows."""
    if at < promotion.created + HOUR:
        return "PROCESSING"
    if promotion.kind == "DEAL" and promotion.period % 3 == 0:
        return "FAILED"
    if is_cancelled(promotion) and at >= promotion.start + 3 * DAY_MS:
        return "CANCELLED" if at >= promotion.start + 3 * DAY_MS + HOUR else "CANCELLING"
    if at < promotion.start:
        return "UPCOMING"
    return "RUNNING" if at <= promotion.end else "EXPIRED"


def pending_revision(promotion: Promotion, at: int) -> Optional[tuple[int, str]]:
    """When the latest revision was made, and its status, where it is not published at a time."""
    edited = promotion.start + 5 * DAY_MS
    if promotion.kind == "PRICE_DISCOUNT" and edited <= at < edited + 2 * HOUR:
        return edited, "PROCESSING"
    if promotion.kind == "DEAL" and edited <= at:
        failed = edited + 2 * HOUR
        return (failed, "FAILED") if at >= failed else (edited, "PROCESSING")
    return None


def revision_of(promotion: Promotion, at: int) -> int:
    """The published revision of its items at a time."""
    revised = promotion.start + 5 * DAY_MS + 2 * HOUR
    return 2 if promotion.kind == "PRICE_DISCOUNT" and at >= revised else 1


def promotion_to_json(
    store: PromotionStore, promotion: Promotion, at: int, data: list[str]
) -> dict[str, Any]:
    """A `PromotionSummary` with the datasets named in `data`."""
    updated = max(update for update in store.updates(promotion) if update <= at)
    body = {
        **_attributes(store, promotion, at, revision_of(promotion, at), updated),
        "status": status_of(promotion, at),
    }
    if body["status"] == "FAILED" and "ISSUES" in data:
        body["issues"] = [_issue("PRICE_TOO_HIGH", "The price is above the reference price.")]
    if promotion.kind == "COUPON" and "CUSTOMER_SEGMENTS" in data:
        details = {"brandSegmentDetails": {"brandId": "00Øst"}}
        body["customerSegments"] = [
            {"segmentType": "BRAND", "segmentId": "0042", "segmentDetails": details},
            {"segmentType": "PROGRAM", "segmentId": "PRIME"},
        ]
    if pending := pending_revision(promotion, at):
        revision = _attributes(store, promotion, at, revision_of(promotion, at) + 1, pending[0])
        body["latestRevision"] = {**revision, "revisionStatus": pending[1]}
        if pending[1] == "FAILED" and "ISSUES" in data:
            body["latestRevision"]["issues"] = [_issue("NO_STOCK", "Too few units in stock.")]
    return body


def _attributes(
    store: PromotionStore, promotion: Promotion, at: int, revision: int, updated: int
) -> dict[str, Any]:
    """What a promotion and its latest revision both have."""
    currency = promotion.marketplace.currency
    title = f"{promotion.kind.title()} № {promotion.period}"
    if (change := store.changes.get(promotion.id)) and change[0] <= at:
        title = change[1]
    body: dict[str, Any] = {
        "promotionId": promotion.id,
        "trackingId": f"v2025-{promotion.id}",
        "marketplaceId": promotion.marketplace.id,
        "promotionType": promotion.kind,
        "promotionTitle": title,
        "createdDate": iso(promotion.created),
        "lastUpdatedDate": iso(updated),
        "schedule": {"startDate": iso(promotion.start), "endDate": iso(promotion.end)},
        "selection": {"selectionId": f"s-{promotion.id}", "revisionId": revision, "type": "ITEMS"},
    }
    if promotion.kind == "COUPON":
        body["couponType"] = "STANDARD"
        body["budget"] = {"type": "AMOUNT", "value": 1500.5, "currencyCode": currency}
        variable = {"salesPercentage": 0.025, "feeCapAmount": _currency(2000, promotion)}
        upfront = {"rate": _currency(5, promotion), "frequency": "ONE_TIME"}
        rates = {"upfrontFee": upfront, "variableFee": variable}
        body["feeSnapshot"] = {"previewedFeeRates": rates}
    if promotion.kind in ("COUPON", "PRICE_DISCOUNT"):
        discount = {"type": "PERCENTAGE_OFF", "percentOff": 10}
        body["benefit"] = {"discount": discount, "perCustomerUses": 1, "stacking": "ALLOWED"}
    elif promotion.kind == "DEAL":
        body["schedule"]["eventId"] = "SPRING_DEALS"
        body["merchandising"] = {"displayOnWebsite": "ALLOWED"}
    else:
        body["selection"] = {"type": "CATALOG"}
        off = {"type": "AMOUNT_OFF", "amountOff": 5.5, "currencyCode": currency}
        thresholds = [
            {"quantityThreshold": {"type": "AT_LEAST", "quantity": 3}},
            {"amountThreshold": {"type": "AT_LEAST", "currency": _currency(60, promotion)}},
        ]
        tiers = [{"purchaseCondition": one, "discount": off} for one in thresholds]
        body["benefit"] = {"discount": off, "benefitQuantity": 1, "additionalTiers": tiers}
        required = {"selectionId": f"r-{promotion.id}", "revisionId": revision, "type": "ITEMS"}
        body["purchaseRequirements"] = {
            "selection": required,
            "condition": {"quantityThreshold": {"type": "FOR_EACH", "quantity": 2}},
            "claimCode": {"type": "GROUP", "value": "00SPRING"},
        }
    return body


def items_of(promotion: Promotion, revision: int) -> list[dict[str, Any]]:
    """The `Item`s of its selection in a revision; the first one of a discount has one too many."""
    items = []
    for product in promotion.products:
        item: dict[str, Any] = {"asin": product.asin, "sku": product.sku}
        if promotion.kind == "PRICE_DISCOUNT":
            discount = {"type": "PERCENTAGE_OFF", "percentOff": 10}
            item["benefit"] = {"type": "DISCOUNTED_PRICE", "discount": discount}
        elif promotion.kind == "DEAL":
            price = _currency(product.us_cents * 0.8 / 100, promotion)
            item["benefit"] = {"type": "FIXED_PRICE", "price": price, "perCustomerUses": 2}
            item["budget"] = {"type": "UNITS", "value": 40}
        items.append(item)
    if promotion.kind == "PRICE_DISCOUNT" and revision == 1:
        items.append({"asin": "B00RETIRED", "sku": "0042-RETIRED"})
    return items


def item_issues(promotion: Promotion, revision: int) -> list[dict[str, Any]]:
    """The `ItemIssue`s of its selection in a revision: of an item, and of one it does not have."""
    if promotion.kind != "DEAL":
        return []
    return [
        {
            **_issue("LOW_STOCK", "Few units are left."),
            "identifier": {"sku": promotion.products[-1].sku},
        },
        {**_issue("UNKNOWN_ASIN", "The ASIN is unknown."), "identifier": {"asin": "B00UNKNOWN"}},
    ]


def _issue(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "message": message, "severity": "WARNING"}


def _currency(dollars: float, promotion: Promotion) -> dict[str, Any]:
    marketplace = promotion.marketplace
    amount = money(price_in(marketplace, round(dollars * 100)), marketplace.currency)
    return {"amount": float(amount["amount"]), "currencyCode": marketplace.currency}


@ROUTES.add(
    "searchPromotions",
    "GET",
    "/promotions/2025-12-01/promotions",
    rate=0.1,
    burst=4,
    role=ROLE,
    parameters=(
        parameters.string_list("marketplaceIds", required=True, maximum=1),
        _LOCALE,
        parameters.string_list("statuses", one_of=STATUSES),
        parameters.string_list("asins", maximum=10),
        parameters.string_list("skus", maximum=10),
        parameters.string_list("promotionTypes"),
        *(
            parameters.time(f"{name}Date{side}")
            for name in ("start", "end", "update")
            for side in ("Before", "After")
        ),
        _TOKEN,
        parameters.text("revision", one_of=("LATEST", "PUBLISHED", "ANY"), default="PUBLISHED"),
        _LIMIT,
        parameters.string_list("includedData", one_of=("ISSUES", "CUSTOMER_SEGMENTS")),
    ),
)
def search_promotions(call: Call) -> dict[str, Any]:
    """The promotions of a marketplace that have what is requested."""
    call.check_marketplaces()
    store = call.account.store(PromotionStore)
    position = call.page_position("paginationToken") or {"at": call.now}
    shown = [
        (promotion, promotion_to_json(store, promotion, position["at"], _included(call)))
        for promotion in store.of(call.values["marketplaceIds"][0], position["at"])
    ]
    found = [body for promotion, body in shown if _is_wanted(call, promotion, body)]
    page, token = call.page(
        found,
        call.values["limit"],
        "paginationToken",
        lifetime=600.0,
        position=position,
        can_be_empty=True,
    )
    body = {"totalResults": len(found), "promotions": page}
    return {**body, **({"pagination": {"nextToken": token}} if token else {})}


def _is_wanted(call: Call, promotion: Promotion, body: dict[str, Any]) -> bool:
    """Whether a promotion has what the parameters of a search name."""
    values = call.values
    for name, of in (("statuses", "status"), ("promotionTypes", "promotionType")):
        if values[name] and body[of] not in values[name]:
            return False
    for name in ("asins", "skus"):
        has = {getattr(product, name[:-1]) for product in promotion.products}
        if values[name] and not has & set(values[name]):
            return False
    latest = body.get("latestRevision", body)
    revisions = {"PUBLISHED": [body], "LATEST": [latest], "ANY": [body, latest]}
    return any(_is_within(values, revision) for revision in revisions[values["revision"]])


def _is_within(values: dict[str, Any], revision: dict[str, Any]) -> bool:
    """Whether the dates of a revision are those that are requested."""
    for name, date in (
        ("update", revision["lastUpdatedDate"]),
        ("start", revision["schedule"]["startDate"]),
        ("end", revision["schedule"]["endDate"]),
    ):
        after, before = values[f"{name}DateAfter"], values[f"{name}DateBefore"]
        moment = floor_ms(datetime.fromisoformat(date.replace("Z", "+00:00")))
        if (after and moment <= ceil_ms(after)) or (before and moment >= floor_ms(before)):
            return False
    return True


@ROUTES.add(
    "getSelection",
    "GET",
    "/promotions/2025-12-01/promotions/{promotionId}/selections/{selectionId}",
    rate=0.1,
    burst=2,
    role=ROLE,
    parameters=(
        parameters.number("revisionId", minimum=1, required=True),
        _LOCALE,
        _TOKEN,
        _LIMIT,
        parameters.string_list("includedData", one_of=("ISSUES",)),
    ),
)
def get_selection(call: Call) -> dict[str, Any]:
    """A page of the items of a selection in a revision; 404 for what is no selection of items."""
    store, revision = call.account.store(PromotionStore), call.values["revisionId"]
    for marketplace in call.account.marketplaces:
        for promotion in store.of(marketplace.id, call.now):
            prefix = "r" if promotion.kind == "BASKET_BUILDING" else "s"
            newest = revision_of(promotion, call.now)
            newest += pending_revision(promotion, call.now) is not None
            ids = (promotion.id, f"{prefix}-{promotion.id}")
            if ids == (call.path["promotionId"], call.path["selectionId"]) and revision <= newest:
                return _selection(call, promotion, revision)
    raise not_found()


def _selection(call: Call, promotion: Promotion, revision: int) -> dict[str, Any]:
    page, token = call.page(
        items_of(promotion, revision), call.values["limit"], "paginationToken", can_be_empty=True
    )
    details: dict[str, Any] = {"items": page}
    if token:
        details["pagination"] = {"nextToken": token}
    elif "ISSUES" in _included(call) and (issues := item_issues(promotion, revision)):
        details["issues"] = issues
    ids = {"selectionId": call.path["selectionId"], "revisionId": revision, "type": "ITEMS"}
    return {"selection": {**ids, "selectionDetails": details}}


def _included(call: Call) -> list[str]:
    return call.values["includedData"] or []
