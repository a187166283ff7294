"""Sellers API v1: the marketplaces the account takes part in.

Cost: one call a run, shared by all tables.
"""

from typing import Any, Dict, Iterator, List, Optional, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from .client import Operation, Probe, SellingPartnerClient
from .client.errors import ConfigurationError
from .settings import MARKETPLACES
from .sync import isolated, rejected
from .tables import columns

GET_PARTICIPATIONS = Operation(
    "getMarketplaceParticipations",
    "GET",
    "/sellers/v1/marketplaceParticipations",
    rate=0.016,
    burst=15,
    records="payload",
    role="Selling Partner Insights",
)


def participations(client: SellingPartnerClient) -> List[Dict[str, Any]]:
    """The account's participations, asked for once a run.

    Args:
        client (SellingPartnerClient): The account.

    Returns:
        List[Dict[str, Any]]: Elements of `payload` of getMarketplaceParticipations.
    """
    return client.once("participations", lambda: list(next(client.pages(GET_PARTICIPATIONS))))


def account_marketplaces(client: SellingPartnerClient, marketplace_ids: Sequence[str]) -> List[str]:
    """The marketplaces to load: those of the settings, or all retail ones of the account.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): From the settings, empty for all.

    Returns:
        List[str]: Marketplace ids.

    Raises:
        ConfigurationError: When the account takes part in none.
    """
    if marketplace_ids:
        return list(marketplace_ids)
    found = []
    for row in participations(client):
        id = str((row.get("marketplace") or {}).get("id"))
        takes_part = (row.get("participation") or {}).get("isParticipating")
        if takes_part and id in MARKETPLACES and MARKETPLACES[id].region == client.region:
            found.append(id)
    if not found:
        raise ConfigurationError(
            "marketplace_ids is empty and the account takes part in no marketplace of this region:"
            " check region and refresh_token, or name the marketplaces."
        )
    return found


@dlt.resource(
    primary_key=("selling_partner", "id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner merchant_id id name country_code default_currency_code
            default_language_code domain_name store_name""",
        bool="participation__is_participating participation__has_suspended_listings",
    ),
)
@isolated
def marketplace_participation(
    client: SellingPartnerClient, merchant_id: Optional[str] = None
) -> Iterator[TDataItems]:
    """The marketplaces of the account, non-retail ones included.

    Source: getMarketplaceParticipations.

    Args:
        client (SellingPartnerClient): The account.
        merchant_id (Optional[str]): The seller's id where the settings have it.

    Yields:
        TDataItems: One row a marketplace.
    """
    readable = []
    for row in participations(client):
        marketplace = row.get("marketplace") if isinstance(row, dict) else None
        if isinstance(marketplace, dict) and marketplace.get("id"):
            rest = {name: value for name, value in row.items() if name != "marketplace"}
            account = {"selling_partner": client.selling_partner, "merchant_id": merchant_id}
            readable.append({**account, **marketplace, **rest})
        else:
            yield rejected("marketplace_participation", row, "it has no marketplace id")
    yield readable


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """What tells whether the account's marketplaces can be read."""
    yield Probe("marketplace_participation", GET_PARTICIPATIONS)
