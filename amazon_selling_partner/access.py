"""Tries the credentials and the role of each table, with one small call each."""

from collections import Counter
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence

from dlt.common import pendulum

from .client import Operation, SellingPartnerClient
from .client.errors import BadRequest, Refused
from .finance.balances import LIST_BALANCES, LIST_SUMMARY
from .finance.groups import LIST_GROUPS
from .finance.payouts import LIST_EXPECTED_PAYOUTS, LIST_PAYOUTS
from .finance.transactions import LIST_TRANSACTIONS
from .orders import SEARCH_ORDERS
from .regulated import GET_REGULATED_INFO
from .reports.definitions import reports_of
from .sales import GET_ORDER_METRICS
from .sellers import GET_PARTICIPATIONS, account_marketplaces


class Access(NamedTuple):
    """Whether one table can be loaded.

    Attributes:
        module: Module of the table.
        table: Its name.
        role: Role of the application it needs.
        granted: The account has it; None where that was not tried.
        reason: Why not, in one sentence.
    """

    module: str
    table: str
    role: str
    granted: Optional[bool]
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


def check_access(
    client: SellingPartnerClient, marketplace_ids: Sequence[str] = (), is_vendor: bool = False
) -> Iterator[Access]:
    """Tries each table; of reports it tells the roles, as trying one costs a request a minute.

    Args:
        client (SellingPartnerClient): The account.
        marketplace_ids (Sequence[str]): Marketplaces of the settings, empty for all of the account.
        is_vendor (bool): The account is a vendor's.

    Yields:
        Access: One a table, as soon as it is known; for reports one a role.

    Raises:
        CredentialsError: When the credentials themselves are not accepted.
        Unavailable: When Amazon gives no usable answer.
    """
    # asks for a token, so wrong credentials are told before anything else
    now = client.now()
    if not is_vendor:
        yield from _tried(client, _probes(client, marketplace_ids, now))
    roles = Counter(report.role for report in reports_of(is_vendor).values())
    for role, number in sorted(roles.items()):
        yield Access("REPORTS", f"{number} reports", role, None, "")


def _tried(client: SellingPartnerClient, probes: Iterator[Probe]) -> Iterator[Access]:
    for probe in probes:
        reason = ""
        try:
            client.call(probe.operation, path=probe.path, params=probe.params)
        except BadRequest:
            # refused for what was asked, so not for who asked
            pass
        except Refused as error:
            reason = str(error)
        yield Access(probe.module, probe.table, probe.operation.role, not reason, reason)


def _probes(
    client: SellingPartnerClient, marketplace_ids: Sequence[str], now: pendulum.DateTime
) -> Iterator[Probe]:
    yield Probe("SELLERS", "marketplace_participation", GET_PARTICIPATIONS, {}, {})
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
    for table, operation, params in (
        ("financial_event_group, financial_events", LIST_GROUPS, {"MaxResultsPerPage": 1}),
        ("financial_transaction", LIST_TRANSACTIONS, {"postedAfter": now.subtract(minutes=10)}),
        ("financial_balance", LIST_BALANCES, {}),
        ("financial_summary", LIST_SUMMARY, {}),
        ("payout", LIST_PAYOUTS, {}),
        ("expected_payout", LIST_EXPECTED_PAYOUTS, {}),
    ):
        yield Probe("FINANCE", table, operation, {}, params)
