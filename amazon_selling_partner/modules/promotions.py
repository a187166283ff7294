"""Promotions API 2025-12-01: deals, coupons and discounts of a seller, and what they apply to.

Cost: one call per marketplace and run for the promotions that were updated (0.1 per second, burst
4), one more for every further 100 of them, and two for those that began or ended since the last
run, as Amazon does not say that this counts as an update. One call for each selection of items that
is new or revised (0.1 per second, burst 2): 360 per hour.
"""

import itertools
import json
from typing import Any, Dict, Iterator, List, MutableMapping, Optional, Sequence, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, PageToken, Probe
from ..common.column_hints import columns, propagate_keys
from ..common.json_access import get_list, get_object
from ..common.timestamps import format_timestamp, parse_state, whole_seconds
from ..loading import (
    RunContext,
    Window,
    account_marketplaces,
    for_each_marketplace,
    isolate_failures,
    read_windows,
    reject_row,
    rows,
)
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.item_store import items_of
from ..loading.tracked_items import TrackedItems
from ..loading.windows import CONSISTENCY_DELAY, OVERLAP, count_pages, report_remaining
from .module import Module

ROLE = "Pricing"

SEARCH_PROMOTIONS = Operation(
    "searchPromotions",
    "GET",
    "/promotions/2025-12-01/promotions",
    rate=0.1,
    burst=4,
    items_path="promotions",
    paginator=PageToken("paginationToken", "pagination.nextToken"),
    role=ROLE,
)
GET_SELECTION = Operation(
    "getSelection",
    "GET",
    "/promotions/2025-12-01/promotions/{promotionId}/selections/{selectionId}",
    rate=0.1,
    burst=2,
    items_path="selection",
    paginator=PageToken("paginationToken", "selection.selectionDetails.pagination.nextToken"),
    role=ROLE,
)

PAGE_SIZE = 100
"""The most that Amazon takes, of promotions and of items."""

TIME_BUDGET = 2 * 3600
"""Seconds of a run for selections; the next run resumes with those that are left."""

REMEMBER = pendulum.duration(days=7)
"""How long a selection is known to be loaded after its promotion was listed last."""

PROCESSING = "PROCESSING"

ITEMS = "ITEMS"
"""Type of a selection that lists its items; the other is the seller's catalog."""

JSON_FIELDS = ("latestRevision", "selectionDetails")

IDS = "selling_partner marketplace_id promotion_id"
ISSUE_COLUMNS = columns(text=f"{IDS} code message severity")
CONDITION = "purchase_condition"
CONDITION_TEXTS = f"""{CONDITION}__quantity_threshold__type {CONDITION}__amount_threshold__type
    {CONDITION}__amount_threshold__currency__currency_code"""
DISCOUNT_DECIMALS = "percent_off amount_off"

ITEM_IDS = f"{IDS} selection_id revision_id item_identifier"


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "promotion_id"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{IDS} tracking_id promotion_type coupon_type promotion_title status
                latest_revision_status schedule__event_id budget__type budget__currency_code
                benefit__discount__type benefit__discount__currency_code benefit__stacking
                selection__selection_id selection__revision_id selection__type
                {CONDITION_TEXTS}
                purchase_requirements__selection__selection_id
                purchase_requirements__selection__revision_id
                purchase_requirements__selection__type
                purchase_requirements__claim_code__type purchase_requirements__claim_code__value
                merchandising__display_on_website upfront_fee__rate__currency_code
                upfront_fee__frequency variable_fee__fee_cap_amount__currency_code""",
            timestamp="created_date schedule__start_date schedule__end_date",
            bigint=f"""benefit__benefit_quantity benefit__per_customer_uses
                {CONDITION}__quantity_threshold__quantity""",
            decimal=f"""budget__value benefit__discount__percent_off benefit__discount__amount_off
                {CONDITION}__amount_threshold__currency__amount upfront_fee__rate__amount
                variable_fee__sales_percentage variable_fee__fee_cap_amount__amount""",
            # the same attributes once more, only while a change is processed or has failed
            json="""latest_revision selection__selection_details
                purchase_requirements__selection__selection_details""",
        ),
        # a promotion that comes twice in a run is kept as it was last
        "lastUpdatedDate": {"data_type": "timestamp", "dedup_sort": "desc"},
    },
    nested_hints={
        "issues": make_nested_hints(columns=ISSUE_COLUMNS),
        "customer_segments": make_nested_hints(
            columns=columns(text=f"""{IDS} segment_type segment_id
                    segment_details__brand_segment_details__brand_id""")
        ),
        "additional_tiers": make_nested_hints(
            columns=columns(
                text=f"{IDS} {CONDITION_TEXTS} discount__type discount__currency_code",
                bigint=f"{CONDITION}__quantity_threshold__quantity",
                decimal=f"""{CONDITION}__amount_threshold__currency__amount
                    discount__percent_off discount__amount_off""",
            )
        ),
    },
)
@isolate_failures
def promotion(
    context: RunContext,
    updated: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "lastUpdatedDate", lag=OVERLAP
    ),
) -> Iterator[TDataItems]:
    """Promotions with their schedule, discount, budget, previewed fees and issues.

    Source: searchPromotions, for what was updated, and for what began or ended.

    Args:
        updated: Cursor on `lastUpdatedDate`, UTC.

    Yields:
        A page of at most 100 promotions.
    """
    ids = account_marketplaces(context)

    def read(marketplace_ids: List[str], window: Window) -> Iterator[TDataItems]:
        # Amazon does not say whether "after" has the second itself
        dates = {
            "updateDateAfter": window.start.subtract(seconds=1),
            "updateDateBefore": window.end,
        }
        yield from _search(context, marketplace_ids[0], window, dates)

    yield from read_windows(context, SEARCH_PROMOTIONS, updated, read, ids)
    if updated.end_value is not None:
        return
    scheduled: Dict[str, str] = dlt.current.resource_state().setdefault("scheduled_until", {})
    end = whole_seconds(context.now() - CONSISTENCY_DELAY)

    def read_scheduled(id: str) -> Iterator[TDataItems]:
        # the first run has just read all promotions
        if since := scheduled.get(id):
            window = Window(parse_state(since).subtract(seconds=OVERLAP), end)
            for name in ("startDate", "endDate"):
                dates = {f"{name}After": window.start, f"{name}Before": window.end}
                yield from _search(context, id, window, dates)
        scheduled[id] = format_timestamp(end)

    yield from for_each_marketplace(context, read_scheduled, ids)


def _search(
    context: RunContext, id: str, window: Window, dates: Dict[str, Any]
) -> Iterator[TDataItems]:
    """The promotions of a marketplace, page by page."""
    params = {
        "marketplaceIds": [id],
        **dates,
        # also where only a change that is not published yet is of these dates
        "revision": "ANY",
        "limit": PAGE_SIZE,
        "includedData": ["ISSUES", "CUSTOMER_SEGMENTS"],
    }
    pages = context.pages(SEARCH_PROMOTIONS, params=params)
    yield from rows(
        count_pages(pages, window),
        "promotion",
        "promotionId",
        lambda item: _promotion_to_row(item, context.keys(id)),
    )


def _promotion_to_row(item: Dict[str, Any], keys: Dict[str, Any]) -> Dict[str, Any]:
    """A promotion as it is loaded, with names within 63 characters."""
    item.pop("marketplaceId", None)
    keys = {**keys, "promotion_id": str(item.pop("promotionId"))}
    requirements = get_object(item, "purchaseRequirements")
    if "condition" in requirements:
        item["purchaseCondition"] = requirements.pop("condition")
    fees = get_object(item, "feeSnapshot", "previewedFeeRates")
    # dlt knows no hints of a list in an object
    benefit = get_object(item, "benefit")
    for parent, name in (
        (fees, "upfrontFee"),
        (fees, "variableFee"),
        (benefit, "additionalTiers"),
    ):
        if name in parent:
            item[name] = parent.pop(name)
    if latest := get_object(item, "latestRevision"):
        item["latestRevisionStatus"] = latest.pop("revisionStatus", None)
    propagate_keys(item, keys, as_json=JSON_FIELDS)
    return {**item, **keys}


@dlt.transformer(
    data_from=promotion,
    primary_key=(
        *("selling_partner", "marketplace_id", "promotion_id", "selection_id", "revision_id"),
        *("item_identifier", "is_excluded"),
    ),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{ITEM_IDS} asin sku benefit__type benefit__price__currency_code
            benefit__discount__type benefit__discount__currency_code budget__type
            budget__currency_code""",
        bool="is_excluded",
        bigint="benefit__per_customer_uses",
        decimal="""benefit__price__amount benefit__discount__percent_off
            benefit__discount__amount_off budget__value""",
    ),
    nested_hints={
        "issues": make_nested_hints(
            columns={
                **ISSUE_COLUMNS,
                **columns(text=f"{ITEM_IDS} identifier__asin identifier__sku", bool="is_excluded"),
            }
        )
    },
)
@isolate_failures
def promotion_item(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItems]:
    """Products of each promotion, with the price or discount of each and its issues.

    A revision of a selection never changes: rows of earlier ones stay. Those that count now have
    the `selection_id` and `revision_id` of `promotion`.

    Source: getSelection, for selections of type ITEMS.

    Args:
        page: Rows of `promotion`.

    Yields:
        The items of one selection.
    """
    if not isinstance(page, list):
        return
    selections = items_of(context, "selections")
    tracked = TrackedItems(
        context, selections, pendulum.duration(hours=1), "loaded", "items of promotions"
    )
    for row in page:
        _track(selections, row, tracked.now)
    deadline = context.cached("time for promotion_item", context.now).add(seconds=TIME_BUDGET)
    for key, selection in tracked.due():
        if context.now() >= deadline:
            left = sum(not other["loaded"] for other in selections.values())
            report_remaining(f"{left} selections of items, which the next run requests")
            break
        with tracked.lookup(selection):
            yield from _fetch_items(context, *json.loads(key))
        selection["loaded"] = True
    for key, selection in list(selections.items()):
        if selection["loaded"] and selection["listed"] < str(tracked.now - REMEMBER):
            del selections[key]


def _track(
    selections: MutableMapping[str, Any], row: Dict[str, Any], now: pendulum.DateTime
) -> None:
    """Tracks the selections of a promotion, which are loaded once, and again once processed."""
    latest = get_object(row, "latestRevision")
    is_processing: Dict[str, bool] = {}
    # what is published counts where both have the same selection
    for revision, status in ((latest, row.get("latestRevisionStatus")), (row, row.get("status"))):
        for selection in (
            get_object(revision, "selection"),
            get_object(revision, "purchaseRequirements", "selection"),
        ):
            ids = [selection.get(name) for name in ("selectionId", "revisionId")]
            if selection.get("type") == ITEMS and all(ids):
                key = json.dumps([row["marketplace_id"], row["promotion_id"], *map(str, ids)])
                is_processing[key] = status == PROCESSING
    for key, processing in is_processing.items():
        known = selections.setdefault(key, {"queried": "", "loaded": False, "processing": False})
        if known["processing"] and not processing:
            # its issues are known now
            known.update(queried="", loaded=False)
        known.update(processing=processing, listed=str(now))


def _fetch_items(
    context: RunContext, marketplace_id: str, promotion_id: str, selection_id: str, revision: str
) -> Iterator[TDataItems]:
    """The rows of a selection, and what is no item."""
    keys = context.keys(
        marketplace_id,
        promotion_id=promotion_id,
        selection_id=selection_id,
        revision_id=revision,
    )
    found: Dict[Tuple[str, bool], Dict[str, Any]] = {}
    issues: List[Any] = []
    pages = context.pages(
        GET_SELECTION,
        path={"promotionId": promotion_id, "selectionId": selection_id},
        params={"revisionId": revision, "limit": PAGE_SIZE, "includedData": ["ISSUES"]},
    )
    for page in pages:
        details = get_object(page, "selectionDetails")
        issues += get_list(details, "issues")
        for item, is_excluded in (
            *((item, False) for item in get_list(details, "items")),
            *((item, True) for item in get_list(details, "rules", "excludedItems")),
        ):
            if not (name := _identifier(item)):
                yield reject_row("promotion_item", item, "it has neither asin nor sku")
                continue
            for number in itertools.count(1):
                # an item may be there twice, and so may a page
                identifier = name if number == 1 else f"{name}#{number}"
                ids = {**keys, "item_identifier": identifier, "is_excluded": is_excluded}
                row = {**item, **ids, "issues": []}
                if found.setdefault((identifier, is_excluded), row) == row:
                    break
    for issue in issues:
        subject = get_object(issue, "identifier")
        if not (identifier := _identifier(subject)):
            yield reject_row("promotion_item__issues", issue, "it names no item")
            continue
        item = _item_of(found.values(), subject)
        if item is None:
            # an item that the selection does not have because of its issue
            ids = {**keys, "item_identifier": identifier, "is_excluded": False}
            item = found[identifier, False] = {**subject, **ids, "issues": []}
        ids = {name: item[name] for name in (*keys, "item_identifier", "is_excluded")}
        if (row := {**issue, **ids}) not in item["issues"]:
            item["issues"].append(row)
    yield list(found.values())


def _item_of(items: Any, subject: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """The item that an issue names by its SKU or its ASIN."""
    for name in ("sku", "asin"):
        for item in items:
            if subject.get(name) and item.get(name) == subject[name]:
                found: Dict[str, Any] = item
                return found
    return None


def _identifier(item: Any) -> str:
    """The SKU of an item, or its ASIN; empty where it has neither."""
    values = [get_object(item).get(name) for name in ("sku", "asin")]
    return next((str(value) for value in values if value and isinstance(value, (str, int))), "")


def resources(context: RunContext) -> Iterator[DltResource]:
    """Promotions, and their items."""
    updated = dlt.sources.incremental(
        "lastUpdatedDate", initial_value=context.settings.recent, lag=OVERLAP
    )
    promotions = promotion(context, updated)
    yield promotions
    yield promotions | promotion_item(context)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read promotions."""
    params = {"marketplaceIds": list(marketplace_ids)[:1], "limit": 1}
    yield Probe("promotion, promotion_item", SEARCH_PROMOTIONS, params=params)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    count = len(size.marketplaces)
    yield OperationEstimate(
        SEARCH_PROMOTIONS, count * size.windows(180), 3 * count, "few promotions per marketplace"
    )
    yield OperationEstimate(
        GET_SELECTION, count * size.windows(7), count, "one promotion per week and marketplace"
    )


MODULE = Module(
    "PROMOTIONS",
    tables=("promotion", "promotion_item"),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
