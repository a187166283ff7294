"""Sellers API v1: the marketplaces a seller takes part in."""

from typing import Any

from .marketplaces import MARKETPLACES, NON_RETAIL, Marketplace
from .routes import Call, Routes

ROUTES = Routes()


@ROUTES.add(
    "getMarketplaceParticipations",
    "GET",
    "/sellers/v1/marketplaceParticipations",
    rate=0.016,
    burst=15,
    role="Selling Partner Insights",
)
def get_marketplace_participations(call: Call) -> dict[str, Any]:
    """The account's marketplaces, one it does not sell in, and the non-retail one."""
    account = call.account
    entries = [_entry(place, account.store_name, True) for place in account.marketplaces]
    for region in sorted(account.regions):
        idle = [
            place
            for place in MARKETPLACES.values()
            if place.region == region and place not in account.marketplaces
        ]
        entries += [_entry(place, account.store_name, False) for place in idle[:1]]
        other = _entry(account.marketplaces[0], account.store_name, True)
        other["marketplace"].update(
            id=NON_RETAIL[region], name="Non-Amazon", domainName="sim1.stores.amazon.com"
        )
        entries.append(other)
    return {"payload": entries}


def _entry(place: Marketplace, store: str, takes_part: bool) -> dict[str, Any]:
    return {
        "marketplace": {
            "id": place.id,
            "name": place.name,
            "countryCode": place.country,
            "defaultCurrencyCode": place.currency,
            "defaultLanguageCode": place.language,
            "domainName": place.domain,
        },
        "storeName": store,
        "participation": {"isParticipating": takes_part, "hasSuspendedListings": False},
    }
