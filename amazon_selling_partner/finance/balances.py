"""Balances and monthly summaries (Finances API 2024-06-19).

Cost: one call for the balances, one for each month of the summary that is not over for long (0.5 a
second, burst 10); the first run asks for every month of the history.
"""

from typing import Any, Dict, Iterator, List

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ..client import Operation, Paging, SellingPartnerClient
from ..sync import isolated, rejected, unfiltered
from ..sync.history import came_to, from_goal
from ..sync.windows import whole_seconds
from ..tables import columns
from .groups import present
from .keys import canonical, digest

LIST_BALANCES = Operation(
    "listBalances",
    "GET",
    "/finances/2024-06-19/balances",
    rate=0.5,
    burst=10,
    records="balances",
    paging=Paging("nextToken", "nextToken"),
    role="Finance and Accounting",
    sparse=True,
)

LIST_SUMMARY = Operation(
    "listSummary",
    "GET",
    "/finances/2024-06-19/summary",
    rate=0.5,
    burst=10,
    records="summaries",
    paging=Paging("nextToken", "nextToken"),
    role="Finance and Accounting",
    sparse=True,
)

RESTATED = 35 * 24 * 3600
"""Seconds before the cursor whose months are read again."""


@dlt.resource(
    primary_key="id",
    merge_key=("selling_partner", "balance_day"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""id parent_id selling_partner partner_metadata__partner_id
            partner_metadata__account_type partner_metadata__marketplace_id balance_type
            balance_path amount__currency_code""",
        date="balance_day",
        bigint="level",
        timestamp="as_of_date last_updated_time",
        decimal="amount__currency_amount",
    ),
)
@isolated
def financial_balance(client: SellingPartnerClient) -> Iterator[TDataItems]:
    """The balances of the account as they were at the last run of each UTC day.

    Source: listBalances. A balance made of others comes before them; they name it in `parent_id`.

    Args:
        client (SellingPartnerClient): The account.

    Yields:
        TDataItems: Balances.
    """
    day = present(client).date()
    rows: Dict[str, Dict[str, Any]] = {}
    unreadable: List[Any] = []
    for page in client.pages(LIST_BALANCES):
        for balance in page or []:
            _balances(balance, {}, client.selling_partner, day, rows, unreadable)
    for balance in unreadable:
        yield rejected("financial_balance", balance, "it is not an object")
    yield list(rows.values())


def _balances(
    balance: Any,
    parent: Dict[str, Any],
    selling_partner: str,
    day: pendulum.Date,
    rows: Dict[str, Dict[str, Any]],
    unreadable: List[Any],
) -> None:
    """Adds a balance and those it is made of to `rows`, by id, as a page may come twice."""
    if not isinstance(balance, dict):
        unreadable.append(balance)
        return
    row = {name: value for name, value in balance.items() if name != "balances"}
    row.setdefault("partnerMetadata", parent.get("partnerMetadata"))
    above = [parent["balance_path"]] if parent else []
    row["balance_path"] = "/".join([*above, str(row.get("balanceType"))])
    row["level"] = parent["level"] + 1 if parent else 0
    row["parent_id"] = parent.get("id")
    row["selling_partner"] = selling_partner
    row["balance_day"] = day
    owner = row["partnerMetadata"] or {}
    currency = (row.get("amount") or {}).get("currencyCode")
    row["id"] = digest(
        selling_partner,
        str(day),
        *(str(owner.get(name)) for name in ("partnerId", "accountType", "marketplaceId")),
        row["balance_path"],
        str(currency),
        str(row.get("asOfDate")),
    )
    rows[row["id"]] = row
    for part in balance.get("balances") or []:
        _balances(part, row, selling_partner, day, rows, unreadable)


@dlt.resource(
    primary_key="id",
    merge_key=("selling_partner", "summary_month"),
    write_disposition="merge",
    parallelized=True,
    # breakdowns are inside breakdowns, to any depth
    max_table_nesting=1,
    columns=columns(
        text="""id selling_partner partner_metadata__partner_id partner_metadata__account_type
            partner_metadata__marketplace_id net_proceeds__currency_code""",
        date="summary_month",
        # named as the cursor is, which is the same column
        timestamp="period_start periodEnd",
        decimal="net_proceeds__currency_amount",
        json="related_identifiers breakdowns",
    ),
)
@isolated
def financial_summary(
    client: SellingPartnerClient,
    history_start: pendulum.DateTime,
    through: dlt.sources.incremental[pendulum.DateTime] = dlt.sources.incremental(
        "periodEnd", lag=RESTATED
    ),
) -> Iterator[TDataItems]:
    """Net proceeds of each calendar month (UTC) by account type and marketplace.

    Source: listSummary. A month is asked for again until it has been over for 35 days.

    Args:
        client (SellingPartnerClient): The account.
        history_start (pendulum.DateTime): First moment of history, UTC.
        through (dlt.sources.incremental[pendulum.DateTime]): Cursor on `periodEnd`, UTC.

    Yields:
        TDataItems: The summaries of a month.
    """
    unfiltered(through)
    until = present(client)
    if through.end_value is not None:
        until = min(until, whole_seconds(through.end_value))
    month = from_goal(through, history_start).start_of("month")
    while month < until:
        last = min(month.end_of("month"), until)
        params = {"periodStart": month.to_date_string(), "periodEnd": last.to_date_string()}
        rows: Dict[str, Dict[str, Any]] = {}
        for page in client.pages(LIST_SUMMARY, params=params):
            for summary in page or []:
                if not isinstance(summary, dict):
                    yield rejected("financial_summary", summary, "it is not an object")
                    continue
                # by content, as a page may come twice
                id = digest(client.selling_partner, str(month.date()), canonical(summary))
                rows[id] = {
                    **summary,
                    "id": id,
                    "selling_partner": client.selling_partner,
                    "summary_month": month.date(),
                }
        yield list(rows.values())
        month = month.add(months=1)
        through.advance(min(month, until))
    came_to(through, history_start)
