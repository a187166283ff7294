"""Features of Multi-Channel Fulfillment, such as blank boxes, and the inventory they apply to.

Cost, at 2 calls a second after a burst of 30: one call per marketplace, and one for each feature in
it that the seller may use.
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common.typing import TDataItems

from ...client.errors import BadRequest, MissingRole
from ...client.metrics import add_note
from ...common.column_hints import columns
from ...common.scalars import as_bool, has_ids
from ...common.timestamps import parse_timestamp, whole_seconds
from ...loading import for_each_marketplace, isolate_failures, rows, skip_unchanged
from ...loading.context import RunContext
from ...loading.marketplaces import marketplace_name
from ...loading.rows import reject_row
from ...loading.windows import OVERLAP
from .api import feature_inventory, features


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "feature_name"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner marketplace_id feature_name feature_description",
        bool="seller_eligible",
    ),
)
@isolate_failures
@skip_unchanged
def outbound_seller_feature(context: RunContext) -> Iterator[TDataItems]:
    """The features of Multi-Channel Fulfillment, and whether the seller may use them.

    Source: getFeatures.

    Yields:
        The features of one marketplace.
    """

    def read(id: str) -> Iterator[TDataItems]:
        try:
            yield from rows(
                [list(features(context, id))],
                "outbound_seller_feature",
                "featureName",
                lambda feature: {**feature, **context.keys(id)},
            )
        except BadRequest as error:
            add_note(f"marketplace {marketplace_name(id)} has no features: {error}")

    yield from for_each_marketplace(context, read)


@dlt.transformer(
    data_from=outbound_seller_feature,
    primary_key=("selling_partner", "marketplace_id", "feature_name", "seller_sku"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner marketplace_id feature_name seller_sku asin fn_sku",
        # a whole number, which Amazon's model does not promise
        decimal="sku_count",
        json="overlapping_skus",
    ),
)
@isolate_failures
def inventory_feature(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItems]:
    """The SKUs that can be shipped with a feature and how many there are.

    Source: getFeatureInventory; after the first run only what changed.

    Args:
        page: Rows of `outbound_seller_feature`.

    Yields:
        A page of SKUs of one feature in one marketplace.
    """
    state = dlt.current.resource_state()
    if "failed" in dlt.current.resource_metrics():
        return
    for feature in page if isinstance(page, list) else ():
        if as_bool(feature.get("sellerEligible")) is False:
            continue
        place, name = feature["marketplace_id"], str(feature["featureName"])
        ids = {
            "selling_partner": context.selling_partner,
            "marketplace_id": place,
            "feature_name": name,
        }
        read = state.setdefault(place, {})
        begun, last = whole_seconds(context.now()), parse_timestamp(read.get(name))
        since = last.subtract(seconds=OVERLAP) if last else None
        try:
            for skus in feature_inventory(context, place, name, since):
                readable = []
                for sku in skus:
                    if has_ids(sku, "sellerSku"):
                        readable.append({**sku, **ids})
                    else:
                        yield reject_row("inventory_feature", sku, "it has no sellerSku")
                yield readable
        except (BadRequest, MissingRole) as error:
            add_note(f"feature {name} of marketplace {place} has no inventory: {error}")
            continue
        read[name] = str(begun)
