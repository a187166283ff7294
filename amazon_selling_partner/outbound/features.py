"""Features of Multi-Channel Fulfillment, such as blank boxes, and the inventory they apply to.

Cost, at 2 calls a second after a burst of 30: one call a marketplace, and one for each feature in
it that the seller may use.
"""

from typing import Any, Dict, Iterator, List, Sequence

import dlt
from dlt.common.typing import TDataItems

from ..client import SellingPartnerClient
from ..client.errors import BadRequest
from ..sellers import account_marketplaces
from ..sync import isolated, note, rejected
from ..sync.windows import OVERLAP, whole_seconds
from ..tables import columns
from .api_2020 import feature_inventory, features, moment


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "feature_name"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="selling_partner marketplace_id feature_name feature_description",
        bool="seller_eligible",
    ),
)
@isolated
def outbound_seller_feature(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = ()
) -> Iterator[TDataItems]:
    """The features of Multi-Channel Fulfillment, and whether the seller may use them.

    Source: getFeatures.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.

    Yields:
        TDataItems: The features of one marketplace.
    """
    for place in account_marketplaces(client, marketplace_ids):
        readable = []
        try:
            for feature in features(client, place):
                if isinstance(feature, dict) and feature.get("featureName"):
                    row = {"selling_partner": client.selling_partner, "marketplace_id": place}
                    readable.append({**feature, **row})
                else:
                    yield rejected("outbound_seller_feature", feature, "it has no featureName")
        except BadRequest as error:
            note(f"marketplace {place} has no features: {error}")
        yield readable


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
@isolated
def inventory_feature(
    page: List[Dict[str, Any]], client: SellingPartnerClient
) -> Iterator[TDataItems]:
    """The SKUs that can be shipped with a feature and how many there are.

    Source: getFeatureInventory; after the first run only what changed.

    Args:
        page (List[Dict[str, Any]]): Rows of `outbound_seller_feature`.
        client (SellingPartnerClient): The account.

    Yields:
        TDataItems: A page of SKUs of one feature in one marketplace.
    """
    state = dlt.current.resource_state()
    for feature in page if isinstance(page, list) else ():
        if feature.get("sellerEligible") is False:
            continue
        place, name = feature["marketplace_id"], str(feature["featureName"])
        ids = {
            "selling_partner": client.selling_partner,
            "marketplace_id": place,
            "feature_name": name,
        }
        read = state.setdefault(place, {})
        begun, last = whole_seconds(client.now()), moment(read.get(name))
        since = last.subtract(seconds=OVERLAP) if last else None
        try:
            for skus in feature_inventory(client, place, name, since):
                readable = []
                for sku in skus:
                    if isinstance(sku, dict) and sku.get("sellerSku"):
                        readable.append({**sku, **ids})
                    else:
                        yield rejected("inventory_feature", sku, "it has no sellerSku")
                yield readable
        except BadRequest as error:
            note(f"feature {name} of marketplace {place} has no inventory: {error}")
            continue
        read[name] = str(begun)
