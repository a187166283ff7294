"""The documented tables by module: what each column is made of."""

from typing import Dict

from ..mapping import View
from . import (
    account,
    aplus_content,
    catalog,
    easyship,
    fba,
    finance,
    fulfillment_outbound,
    listings,
    orders,
    pricing,
    reports,
    services,
    shipping,
    vendor,
)

VIEWS: Dict[str, View] = {
    view.name: view
    for module in (
        account,
        aplus_content,
        catalog,
        easyship,
        fba,
        finance,
        fulfillment_outbound,
        listings,
        orders,
        pricing,
        services,
        shipping,
        vendor,
        reports,
    )
    for view in module.VIEWS
}
"""All views by name."""
