"""Tries the credentials and the role of each table, with one small call each."""

from typing import Any, Dict, Iterator, NamedTuple

from dlt.common import pendulum

from .client import Operation, SellingPartnerClient
from .client.errors import BadRequest, Refused
from .orders import SEARCH_ORDERS
from .regulated import GET_REGULATED_INFO
from .sales import GET_ORDER_METRICS
from .sellers import GET_PARTICIPATIONS, account_marketplaces


class Access(NamedTuple):
    """Whether one table can be loaded.

    Attributes:
        module: Module of the table.
        table: Its name.
        role: Role of the application it needs.
        granted: The account has it.
        reason: Why not, in one sentence.
    """

    module: str
    table: str
    role: str
    granted: bool
    reason: str


class Probe(NamedTuple):
    """The smallest call that tells whether a role is there.

    Attributes:
        module: Module of the table.
        table: Its name.
        operation: What to call.
        path: Values for the path; an order that does not exist answers 400 or 404, not 403.
        params: Query.
    """

    module: str
    table: str
    operation: Operation
    path: Dict[str, str]
    params: Dict[str, Any]


def check_access(client: SellingPartnerClient, marketplace_ids: Any = ()) -> Iterator[Access]:
    """Tries each table.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Any): Marketplaces of the settings, empty for all of the account.

    Yields:
        Access: One a table, as soon as it is known.

    Raises:
        CredentialsError: When the credentials themselves are not accepted.
        Unavailable: When Amazon gives no usable answer.
    """
    for probe in _probes(client, marketplace_ids):
        reason = ""
        try:
            client.call(probe.operation, path=probe.path, params=probe.params)
        except BadRequest:
            # refused for what was asked, so not for who asked
            pass
        except Refused as error:
            reason = str(error)
        yield Access(probe.module, probe.table, probe.operation.role, not reason, reason)


def _probes(client: SellingPartnerClient, marketplace_ids: Any) -> Iterator[Probe]:
    yield Probe("SELLERS", "marketplace_participation", GET_PARTICIPATIONS, {}, {})
    now = client.now()
    ids = account_marketplaces(client, marketplace_ids)
    moment = {
        "lastUpdatedAfter": now.subtract(minutes=5),
        "lastUpdatedBefore": now.subtract(minutes=3),
    }
    yield Probe(
        "ORDERS",
        "orders",
        SEARCH_ORDERS,
        {},
        {"marketplaceIds": ids, "maxResultsPerPage": 1, **moment},
    )
    yield Probe(
        "ORDERS", "order_regulated_info", GET_REGULATED_INFO, {"orderId": "000-0000000-0000000"}, {}
    )
    day = pendulum.instance(now).start_of("day")
    yield Probe(
        "ORDERS",
        "order_metrics",
        GET_ORDER_METRICS,
        {},
        {
            "marketplaceIds": ids[:1],
            "interval": f"{day.subtract(days=1).isoformat()}--{day.isoformat()}",
            "granularity": "Day",
            "granularityTimeZone": "UTC",
        },
    )
