"""The reasons for returns.

Cost: one call (2 a second, burst 30) a marketplace and month, and one for a SKU that was returned
for a reason not known yet.
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ..client import SellingPartnerClient
from ..client.errors import BadRequest, SellingPartnerError
from ..sync import isolated, rejected
from ..sync.windows import whole_seconds
from ..tables import columns
from .api_2020 import return_reasons, rows_of
from .fulfillment_orders import fulfillment_order

REASONS_AGE = pendulum.duration(days=30)
"""How long the return reasons of a marketplace are believed to stay the same."""


@dlt.transformer(
    data_from=fulfillment_order,
    primary_key=("selling_partner", "marketplace_id", "return_reason_code"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(text="""selling_partner marketplace_id return_reason_code description
            translated_description"""),
)
@isolated
def return_reason_code(
    page: List[Dict[str, Any]], client: SellingPartnerClient
) -> Iterator[TDataItems]:
    """The reasons for returns, in each marketplace that fulfillment orders were placed in.

    Source: listReturnReasonCodes, which wants a SKU. A marketplace is asked about once a month with
    a SKU of any order, and besides with each SKU that was returned for a reason not known yet.

    Args:
        page (List[Dict[str, Any]]): Rows of `fulfillment_order`.
        client (SellingPartnerClient): The account.

    Yields:
        TDataItems: The reasons that Amazon gives for one SKU.
    """
    if not isinstance(page, list):
        return
    state = dlt.current.resource_state()
    now = whole_seconds(client.now())
    for order in page:
        place = str(order.get("marketplaceId") or "")
        skus = {
            str(item.get("sellerFulfillmentOrderItemId")): str(item["sellerSku"])
            for item in rows_of(order, "items")
            if item.get("sellerSku")
        }
        if not place or not skus:
            continue
        known = state.setdefault(place, {"asked": "", "codes": []})
        if known["asked"] <= str(now - REASONS_AGE):
            yield from _reasons(client, place, next(iter(skus.values())), known, now)
        for returned in rows_of(order, "returnItems"):
            names = ("sellerReturnReasonCode", "amazonReturnReasonCode")
            new = {str(returned.get(name) or "") for name in names} - {"", *known["codes"]}
            sku = skus.get(str(returned.get("sellerFulfillmentOrderItemId")))
            if new and sku:
                yield from _reasons(client, place, sku, known, now)
                # also where Amazon lists no such reason: it is not asked for again
                known["codes"] = sorted({*known["codes"], *new})


def _reasons(
    client: SellingPartnerClient,
    place: str,
    sku: str,
    known: Dict[str, Any],
    now: pendulum.DateTime,
) -> Iterator[TDataItems]:
    """The reasons for one SKU, noted in `known`."""
    before = known["asked"]
    # noted before the call, as batches of orders are worked on at the same time
    known["asked"] = str(now)
    rows = []
    try:
        for reason in return_reasons(client, place, sku):
            if isinstance(reason, dict) and reason.get("returnReasonCode"):
                row = {"selling_partner": client.selling_partner, "marketplace_id": place}
                rows.append({**reason, **row})
            else:
                yield rejected("return_reason_code", reason, "it has no returnReasonCode")
    except BadRequest:
        # perhaps because of this SKU: that of another order has its turn tomorrow
        known["asked"] = str(now - REASONS_AGE + pendulum.duration(days=1))
    except SellingPartnerError:
        known["asked"] = before
        raise
    known["codes"] = sorted({*known["codes"], *(str(row["returnReasonCode"]) for row in rows)})
    yield rows
