"""A local SP-API: stateful, strict, and with a past that never happened.

    from amazon_selling_partner.simulator import Simulator

    with Simulator(seed=1, orders_per_day=200, days=60) as simulator:
        simulator.url, simulator.token_url, simulator.credentials   # what a client needs
        simulator.account.orders()                                  # the truth
        simulator.requests                                          # what was asked
        simulator.faults.add("throttle", "searchOrders", times=3)   # what goes wrong: faults.KINDS
        simulator.account.roles.discard("Inventory and Order Tracking")
        simulator.auth.revoke(simulator.account)

From a shell: `python -m amazon_selling_partner.simulator --help`.

It uses the standard library only. With a `VirtualClock` the quota, the tokens and the orders follow
virtual time: what the API shows depends on the clock.

How to add an area of the API
-----------------------------

Write one module with a `ROUTES`, declare each operation above its handler, and name the module in
`areas.py`:

    from . import parameters
    from .errors import not_found
    from .routes import Call, Routes

    ROUTES = Routes()

    @ROUTES.add(
        "listFinancialEventGroups", "GET", "/finances/v0/financialEventGroups",
        rate=0.5, burst=30, role="Finance and Accounting",
        parameters=(
            parameters.number("MaxResultsPerPage", 1, 100, default=10),
            parameters.time("FinancialEventGroupStartedAfter"),
            parameters.time("FinancialEventGroupStartedBefore"),
            parameters.text("NextToken"),
        ),
    )
    def list_financial_event_groups(call: Call) -> dict:
        call.window("FinancialEventGroupStartedAfter", "FinancialEventGroupStartedBefore")
        book = call.account.part(FinanceBook)       # made by FinanceBook(account), once an account
        token = call.values["NextToken"]
        place = call.simulator.pages.read(call, token, ignoring=("NextToken",)) if token else {}
        groups, following = book.groups(place.get("from", 0), call.values["MaxResultsPerPage"])
        payload = {"FinancialEventGroupList": groups}
        if following:
            payload["NextToken"] = call.simulator.pages.make(
                call, {"from": following}, life=180, ignoring=("NextToken",)
            )
        return {"payload": payload}

By the time a handler runs, the token, the role, the quota and each declared parameter are checked:
an unknown parameter, a missing one, a wrong type, a value out of range or outside `one_of` has been
answered with 400 InvalidInput. What is left are rules between parameters (`parameters.exactly_one`,
`parameters.not_together`, `call.window`, `call.check_marketplaces`). A handler returns what becomes
JSON, or an `Answer` with a status, headers or raw bytes (or pieces of them, for what is too large
to be in memory), or raises `ApiError` (`errors.invalid`, `errors.not_found`, …). Also: `body=True`
gives the JSON body as `call.body`; `open=True` makes a download without token and quota (link to it
with `call.simulator.url`); `restricted=True` asks for a restricted data token; `scope=` makes a
grantless operation. `call.simulator.quota.take_from(owner, name, rate, burst)` is a further bucket,
e.g. of a report type; answer `errors.throttled()` when it is False.

Where the facts come from: `call.account.sales(at)` are all orders placed by a moment, as `Sale`
facts (products, quantities, money in cents, when it is shipped, cancelled, delivered, refunded);
`call.account.catalogue` is what is sold; `call.now` is the time of the request. Times are
milliseconds since 1970 everywhere; `times.iso` writes them. A sale knows its whole life: do not
tell what lies after `call.now`.
"""

from .account import Account
from .catalogue import Catalogue, Product
from .control import ShiftedClock
from .errors import ApiError
from .faults import Fault, Faults
from .log import Request, RequestLog
from .marketplaces import MARKETPLACES, Marketplace
from .routes import Answer, Call, Route, Routes
from .sale import Sale, SaleLine
from .server import Simulator

__all__ = [
    "Account", "Answer", "ApiError", "Call", "Catalogue", "Fault", "Faults", "MARKETPLACES",
    "Marketplace", "Product", "Request", "RequestLog", "Route", "Routes", "Sale", "SaleLine",
    "ShiftedClock", "Simulator",
]  # fmt: skip
