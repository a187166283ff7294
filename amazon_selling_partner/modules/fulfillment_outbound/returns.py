"""The reasons for returns.

Cost: one call (2 per second, burst 30) a marketplace and month, and one for a SKU that was returned
for a reason not known yet.
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ...client.errors import BadRequest, MissingRole, SellingPartnerError
from ...client.metrics import add_note
from ...common.column_hints import columns
from ...common.json_access import get_objects
from ...common.scalars import has_ids
from ...common.timestamps import whole_seconds
from ...loading import isolate_failures
from ...loading.context import RunContext
from ...loading.marketplaces import marketplace_name
from ...loading.rows import reject_row
from .api import return_reasons
from .fulfillment_orders import fulfillment_order

MAX_AGE = pendulum.duration(days=30)
"""How long the return reasons of a marketplace are believed to stay the same."""


@dlt.transformer(
    data_from=fulfillment_order,
    primary_key=("selling_partner", "marketplace_id", "return_reason_code"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(text="""selling_partner marketplace_id return_reason_code description
            translated_description"""),
)
@isolate_failures
def return_reason_code(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItems]:
    """The reasons for returns, in each marketplace that fulfillment orders were placed in.

    Source: listReturnReasonCodes, which wants a SKU. A marketplace is looked up once a month with
    a SKU of any order, and besides with each SKU that was returned for a reason not known yet.

    Args:
        page: Rows of `fulfillment_order`.

    Yields:
        The reasons that Amazon gives for one SKU.
    """
    if not isinstance(page, list):
        return
    if "failed" in dlt.current.resource_metrics():
        return
    state = dlt.current.resource_state()
    now = whole_seconds(context.now())
    for order in page:
        place = str(order.get("marketplaceId") or "")
        skus = {
            str(item.get("sellerFulfillmentOrderItemId")): str(item["sellerSku"])
            for item in get_objects(order, "items")
            if item.get("sellerSku")
        }
        if not place or not skus:
            continue
        known = state.setdefault(place, {"queried": "", "codes": []})
        if known.get("queried", "") <= str(now - MAX_AGE):
            yield from _reasons(context, place, next(iter(skus.values())), known, now)
        for returned in get_objects(order, "returnItems"):
            names = ("sellerReturnReasonCode", "amazonReturnReasonCode")
            new = {str(returned.get(name) or "") for name in names} - {"", *known["codes"]}
            sku = skus.get(str(returned.get("sellerFulfillmentOrderItemId")))
            if new and sku:
                yield from _reasons(context, place, sku, known, now)
                # also where Amazon lists no such reason: it is not requested again
                known["codes"] = sorted({*known["codes"], *new})


def _reasons(
    context: RunContext,
    place: str,
    sku: str,
    known: Dict[str, Any],
    now: pendulum.DateTime,
) -> Iterator[TDataItems]:
    """The reasons for one SKU, noted in `known`."""
    before = known.get("queried", "")
    # noted before the call, as batches of orders are worked on at the same time
    known["queried"] = str(now)
    rows = []
    try:
        for reason in return_reasons(context, place, sku):
            if has_ids(reason, "returnReasonCode"):
                row = {"selling_partner": context.selling_partner, "marketplace_id": place}
                rows.append({**reason, **row})
            else:
                yield reject_row("return_reason_code", reason, "it has no returnReasonCode")
    except MissingRole as error:
        # of this marketplace; the others may allow it
        known["queried"] = before
        add_note(f"marketplace {marketplace_name(place)} is left out: {error}")
    except BadRequest:
        # perhaps because of this SKU: that of another order has its turn tomorrow
        known["queried"] = str(now - MAX_AGE + pendulum.duration(days=1))
    except SellingPartnerError:
        known["queried"] = before
        raise
    known["codes"] = sorted({*known["codes"], *(str(row["returnReasonCode"]) for row in rows)})
    yield rows
