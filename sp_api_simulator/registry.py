"""Every area of the API that the simulator answers. A new area adds its module here."""

from . import (
    aplus_content as aplus,
)
from . import (
    awd,
    easyship,
    feeds,
    promotions,
    replenishment,
    seller_wallet,
    sellers,
    shipping,
    supply_sources,
    tokens,
)
from . import (
    customer_feedback as feedback,
)
from . import (
    service_jobs as services,
)
from .catalog import catalog_items as catalog
from .core.routes import Route
from .data_kiosk import data_kiosk
from .fba import (
    inbound_plans as fba_inbound_plans,
)
from .fba import (
    inbound_shipments as fba_inbound,
)
from .fba import (
    inventory as fba_inventory,
)
from .finance import finances_v0 as finances
from .finance import transactions, transfers
from .fulfillment_outbound import outbound
from .listings import listings
from .listings import listings_restrictions as restrictions
from .orders import order_metrics as sales
from .orders import orders
from .pricing import product_fees as fees
from .pricing import product_pricing as pricing
from .reports import reports
from .vendor import (
    direct_fulfillment as vendor_direct,
)
from .vendor import (
    invoices as vendor_invoices,
)
from .vendor import (
    remittances as vendor_remittances,
)
from .vendor import (
    retail_procurement as vendor,
)

AREAS = (
    aplus,
    awd,
    catalog,
    data_kiosk,
    easyship,
    fba_inbound,
    fba_inbound_plans,
    fba_inventory,
    feedback,
    feeds,
    fees,
    finances,
    listings,
    orders,
    outbound,
    pricing,
    promotions,
    replenishment,
    reports,
    restrictions,
    sales,
    seller_wallet,
    sellers,
    services,
    shipping,
    supply_sources,
    tokens,
    transactions,
    transfers,
    vendor,
    vendor_direct,
    vendor_invoices,
    vendor_remittances,
)

ROUTES: tuple[Route, ...] = tuple(route for area in AREAS for route in area.ROUTES)
"""All operations."""
