"""A local SP-API: stateful, strict, with an invented account. See README.md.

    from sp_api_simulator import Simulator

    with Simulator(seed=1, orders_per_day=200, days=60) as simulator:
        simulator.url, simulator.token_url, simulator.credentials   # what a client needs
        simulator.orders.all()                                      # the truth
        simulator.requests                                          # the request log
        simulator.faults.add("throttle", "searchOrders", times=3)   # see faults.KINDS
        simulator.account.roles.discard("Inventory and Order Tracking")
        simulator.auth.revoke(simulator.account)

From a shell: `python -m sp_api_simulator --help`.
"""

from .core.account import Account
from .core.clock import Clock, ShiftedClock, VirtualClock
from .core.errors import ApiError
from .core.faults import Fault, Faults
from .core.log import Request, RequestLog
from .core.marketplaces import MARKETPLACES, Marketplace
from .core.products import Product, Products
from .core.responses import Response
from .core.routes import Call, Route, Routes
from .orders.order_facts import Sale, SaleLine
from .orders.order_store import OrderStore
from .server import Simulator

__all__ = [
    "Account", "ApiError", "Call", "Clock", "Fault", "Faults", "MARKETPLACES", "Marketplace",
    "OrderStore", "Product", "Products", "Request", "RequestLog", "Response", "Route", "Routes",
    "Sale", "SaleLine", "ShiftedClock", "Simulator", "VirtualClock",
]  # fmt: skip
