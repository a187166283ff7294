"""Listings Restrictions 2021-08-01: in which conditions the account may not list a product."""

from typing import Any

from . import parameters
from .account import Account
from .errors import ApiError, denied, invalid
from .marketplaces import MARKETPLACES, Marketplace
from .offer_book import OfferBook
from .routes import Call, Routes

ROUTES = Routes()

CONDITIONS = (
    "new_new", "new_open_box", "new_oem", "refurbished_refurbished", "used_like_new",
    "used_very_good", "used_good", "used_acceptable", "collectible_like_new",
    "collectible_very_good", "collectible_good", "collectible_acceptable", "club_club",
)  # fmt: skip


class RestrictionBook:
    """What tests may change in the restrictions of an account.

    Args:
        account (Account): Who lists.

    Attributes:
        lifted (set[str]): ASINs that may be listed in every condition.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.lifted: set[str] = set()

    def restrictions(self, asin: str, place: Marketplace) -> list[dict[str, Any]]:
        """The truth: all restrictions of an ASIN in a marketplace."""
        product = self._account.part(OfferBook).product(asin)
        if asin in self.lifted:
            return []
        if product is None:
            unknown = {"message": "The ASIN does not exist here.", "reasonCode": "ASIN_NOT_FOUND"}
            return [{"marketplaceId": place.id, "reasons": [unknown]}]
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
                {"marketplaceId": place.id, "conditionType": condition, "reasons": [reason]}
                for condition in ("used_acceptable", "collectible_good")
            ]
        if product.regulated:
            reason = {"message": "Not eligible in this store.", "reasonCode": "NOT_ELIGIBLE"}
            found.append({"marketplaceId": place.id, "reasons": [reason]})
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
        parameters.several("marketplaceIds", required=True),
        parameters.text("reasonLocale"),
        parameters.text("productType"),
    ),
)
def get_listings_restrictions(call: Call) -> dict[str, Any]:
    """The restrictions of one ASIN in one or more marketplaces."""
    call.check_marketplaces()
    asin, condition = call.values["asin"], call.values["conditionType"]
    if call.values["sellerId"] != call.account.seller_id:
        raise denied()
    if len(asin) != 10:
        raise invalid("Invalid 'asin' provided.")
    if refusal := call.account.part(OfferBook).refusals.get(asin):
        raise ApiError(refusal.status, refusal.code, refusal.message)
    book = call.account.part(RestrictionBook)
    found = [
        restriction
        for place in call.values["marketplaceIds"]
        for restriction in book.restrictions(asin, MARKETPLACES[place])
        if condition in (None, restriction.get("conditionType"))
    ]
    return {"restrictions": found}
