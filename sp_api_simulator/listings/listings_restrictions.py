"""Listings Restrictions 2021-08-01: conditions in which the account may not list a product."""

from typing import Any

from ..core import parameters
from ..core.account import Account
from ..core.errors import denied, invalid
from ..core.marketplaces import MARKETPLACES, Marketplace
from ..core.routes import Call, Routes
from ..pricing.offer_store import OfferStore

ROUTES = Routes()

CONDITIONS = (
    "new_new", "new_open_box", "new_oem", "refurbished_refurbished", "used_like_new",
    "used_very_good", "used_good", "used_acceptable", "collectible_like_new",
    "collectible_very_good", "collectible_good", "collectible_acceptable", "club_club",
)  # fmt: skip


class RestrictionStore:
    """The restrictions of an account, and the changes made to them by hand.

    Attributes:
        lifted: ASINs that may be listed in every condition.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lifted: set[str] = set()

    def restrictions(self, asin: str, marketplace: Marketplace) -> list[dict[str, Any]]:
        """All restrictions of an ASIN in a marketplace."""
        product = self._account.store(OfferStore).product(asin)
        if asin in self.lifted:
            return []
        if product is None:
            unknown = {"message": "The ASIN does not exist here.", "reasonCode": "ASIN_NOT_FOUND"}
            return [{"marketplaceId": marketplace.id, "reasons": [unknown]}]
        found = []
        if product.number % 3 == 0:
            link = {
                "resource": f"https://sellercentral.amazon.com/hz/approvalrequest?asin={asin}",
                "verb": "GET",
                "title": "Request Approval via Seller Central.",
                "type": "text/html",
            }
            reason: dict[str, Any] = {
                "message": "You cannot list the product in this condition.",
                "reasonCode": "APPROVAL_REQUIRED",
                "links": [link],
            }
            found += [
                {"marketplaceId": marketplace.id, "conditionType": condition, "reasons": [reason]}
                for condition in ("used_acceptable", "collectible_good")
            ]
        if product.regulated:
            reason = {"message": "Not eligible in this store.", "reasonCode": "NOT_ELIGIBLE"}
            found.append({"marketplaceId": marketplace.id, "reasons": [reason]})
        return found


@ROUTES.add(
    "getListingsRestrictions",
    "GET",
    "/listings/2021-08-01/restrictions",
    rate=5,
    burst=10,
    role="Product Listing",
    parameters=(
        parameters.text("asin", required=True),
        parameters.text("conditionType", one_of=CONDITIONS),
        parameters.text("sellerId", required=True),
        parameters.string_list("marketplaceIds", required=True),
        parameters.text("reasonLocale"),
        parameters.text("productType"),
    ),
)
def get_listings_restrictions(call: Call) -> dict[str, Any]:
    """The restrictions of an ASIN in the given marketplaces."""
    call.check_marketplaces()
    asin, condition = call.values["asin"], call.values["conditionType"]
    if call.values["sellerId"] != call.account.seller_id:
        raise denied()
    if len(asin) != 10:
        raise invalid("Invalid 'asin' provided.")
    call.account.store(OfferStore).check_rejection(asin)
    store = call.account.store(RestrictionStore)
    found = [
        restriction
        for marketplace_id in call.values["marketplaceIds"]
        for restriction in store.restrictions(asin, MARKETPLACES[marketplace_id])
        if condition in (None, restriction.get("conditionType"))
    ]
    return {"restrictions": found}
