"""Sellers API v1: the marketplaces in which a seller participates."""

from typing import Any

from .core.marketplaces import MARKETPLACES, NON_RETAIL, Marketplace
from .core.routes import Call, Routes

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
    """The account's marketplaces, one in which it does not sell, and the non-retail one."""
    account = call.account
    entries = [
        _entry(marketplace, account.store_name, True) for marketplace in account.marketplaces
    ]
    for region in sorted(account.regions):
        idle = [
            marketplace
            for marketplace in MARKETPLACES.values()
            if marketplace.region == region and marketplace not in account.marketplaces
        ]
        entries += [_entry(marketplace, account.store_name, False) for marketplace in idle[:1]]
        other = _entry(account.marketplaces[0], account.store_name, True)
        other["marketplace"].update(
            id=NON_RETAIL[region], name="Non-Amazon", domainName="sim1.stores.amazon.com"
        )
        entries.append(other)
    return {"payload": entries}


def _entry(marketplace: Marketplace, store: str, participates: bool) -> dict[str, Any]:
    return {
        "marketplace": {
            "id": marketplace.id,
            "name": marketplace.name,
            "countryCode": marketplace.country,
            "defaultCurrencyCode": marketplace.currency,
            "defaultLanguageCode": marketplace.language,
            "domainName": marketplace.domain,
        },
        "storeName": store,
        "participation": {"isParticipating": participates, "hasSuspendedListings": False},
    }
