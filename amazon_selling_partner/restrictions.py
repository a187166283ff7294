"""Listings Restrictions API 2021-08-01: in which conditions the account may not list a product.

Cost: one call an ASIN for all marketplaces (5 a second, burst 10). There is no probe of the role:
Amazon refuses a seller id that is not the account's as it refuses a missing role.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common.typing import TDataItems
from dlt.extract import make_nested_hints

from .asking import Said, asked_about, objects, one_by_one
from .client import Operation, SellingPartnerClient
from .client.errors import ConfigurationError
from .products import Batch
from .sellers import account_marketplaces
from .sync import isolated
from .tables import columns

GET_LISTINGS_RESTRICTIONS = Operation(
    "getListingsRestrictions",
    "GET",
    "/listings/2021-08-01/restrictions",
    rate=5,
    burst=10,
    records="restrictions",
    role="Product Listing",
)

AT_ONCE = 20
"""ASINs whose rows are yielded together."""

KEY = columns(text="selling_partner marketplace_id asin")


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "asin"),
    write_disposition="merge",
    parallelized=True,
    columns={**KEY, **columns(timestamp="retrieved_at", bool="is_restricted")},
    nested_hints={
        "restrictions": make_nested_hints(columns={**KEY, **columns(text="condition_type")}),
        ("restrictions", "reasons"): make_nested_hints(
            columns={**KEY, **columns(text="message reason_code", json="links")}
        ),
    },
)
@isolated
def listing_restriction(
    client: SellingPartnerClient,
    merchant_id: str,
    marketplace_ids: Sequence[str] = (),
    max_age: float = 7 * 24 * 3600.0,
    asins: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """What keeps the account from listing each ASIN; one without restrictions has a row too.

    Source: getListingsRestrictions.

    Args:
        client (SellingPartnerClient): The account.
        merchant_id (str): The seller's id.
        marketplace_ids (Sequence[str]): Marketplaces to load, empty for all of the account.
        max_age (float): Seconds after which an ASIN is asked about again.
        asins (Sequence[str]): ASINs besides those the account's tables name.

    Yields:
        TDataItems: The rows of 20 ASINs.
    """
    ids = account_marketplaces(client, marketplace_ids)
    answers: Dict[str, List[Dict[str, Any]]] = {}

    def restrictions(asin: str) -> List[Dict[str, Any]]:
        """Those of an ASIN in all marketplaces, asked for once a run."""
        if asin not in answers:
            params = {"asin": asin, "sellerId": merchant_id, "marketplaceIds": ids}
            answers[asin] = objects(next(client.pages(GET_LISTINGS_RESTRICTIONS, params=params)))
        return answers[asin]

    def ask(batch: Batch, _: Dict[str, str]) -> List[Said]:
        def rows(found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
            here = [
                {name: value for name, value in one.items() if name != "marketplaceId"}
                for one in found
                if one.get("marketplaceId") == batch.marketplace_id
            ]
            return [{"restrictions": here, "is_restricted": bool(here)}]

        return one_by_one(batch.ids, restrictions, rows)

    batches = client.products.due("asins", ids, AT_ONCE, max_age, client.now(), asins)
    yield from asked_about(client, "listing_restriction", batches, ask, as_json=("links",))


def checked_merchant_id(merchant_id: Optional[str], module: str) -> str:
    """The setting `merchant_id`, for a module that cannot do without.

    Raises:
        ConfigurationError: When it is not set.
    """
    if not merchant_id:
        raise ConfigurationError(
            f"merchant_id is not set, but module {module} needs it: write the merchant token, which"
            " Seller Central shows under Settings, Account Info, Your Merchant Token."
        )
    return merchant_id
