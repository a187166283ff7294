"""Seller Wallet API 2024-03-01: accounts of the wallet, their balances, transactions and schedules.

Cost: one call per marketplace and run, and three per account; one more for every further 100
transactions, all of which are listed in every run. Amazon prints no rate; one per two seconds is
assumed until it answers with another.
"""

from functools import partial
from typing import Any, Dict, Iterator, List, Sequence, Tuple

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource, make_nested_hints

from ..client import Operation, PageToken, Probe
from ..common.column_hints import columns, propagate_keys
from ..common.json_access import get_object, get_path
from ..loading import RunContext, for_each_marketplace, has_failed, isolate_failures, rows
from ..loading.estimates import AccountSize, OperationEstimate
from .module import Module

ROLE = "Account Information Service Provider"
BASE = "/finances/transfers/wallet/2024-03-01"

LIST_ACCOUNTS = Operation(
    "listAccounts", "GET", f"{BASE}/accounts", rate=0.5, burst=1, items_path="accounts", role=ROLE
)
LIST_BALANCES = Operation(
    "listAccountBalances",
    "GET",
    f"{BASE}/accounts/{{accountId}}/balance",
    rate=0.5,
    burst=1,
    role=ROLE,
)
LIST_TRANSACTIONS = Operation(
    "listAccountTransactions",
    "GET",
    f"{BASE}/transactions",
    rate=0.5,
    burst=1,
    items_path="transactions",
    paginator=PageToken("nextPageToken", "nextPageToken"),
    role=ROLE,
)
LIST_SCHEDULES = Operation(
    "listTransferSchedules",
    "GET",
    f"{BASE}/transferSchedules",
    rate=0.5,
    burst=1,
    items_path="transferSchedules",
    paginator=PageToken("nextPageToken", "nextPageToken"),
    role=ROLE,
)

PERSONAL = (
    *("accountHolderName", "bankAccountHolderName", "bankAccountNumberTail", "routingNumber"),
    *("requesterName", "transactionDescription"),
)
"""Fields that name people or bank accounts; the description is what the requester wrote."""

PARTIES = ("transactionSourceAccount", "transactionDestinationAccount")
PARTY = "account_id bank_name bank_account_number_format bank_account_country_code"
PARTY_COLUMNS = columns(
    text=" ".join(
        f"transaction_{side}_account__{name}"
        for side in ("source", "destination")
        for name in (*PARTY.split(), "bank_account_currency")
    )
)
PARTY_PII = columns(
    text=" ".join(
        f"transaction_{side}_account__{name}"
        for side in ("source", "destination")
        for name in ("bank_account_holder_name", "bank_account_number_tail")
    )
)
RATE = "transfer_rate_details"
KEYS = "selling_partner marketplace_id"


@dlt.resource(
    primary_key=("selling_partner", "marketplace_id", "account_id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"""{KEYS} account_id bank_name bank_account_number_format bank_number_format
            bank_account_ownership_type account_country_code account_currency
            bank_account_holder_status"""
    ),
)
@isolate_failures
def wallet_account(context: RunContext) -> Iterator[TDataItems]:
    """The accounts of the wallet in each marketplace.

    Source: listAccounts.
    """

    def read(id: str) -> Iterator[TDataItems]:
        pages = context.pages(LIST_ACCOUNTS, params={"marketplaceId": id})
        keys = context.keys(id)
        yield from rows(
            pages, "wallet_account", "accountId", lambda item: {**_withhold(context, item), **keys}
        )

    yield from for_each_marketplace(context, read)


@dlt.transformer(
    data_from=wallet_account,
    primary_key=(
        *("selling_partner", "marketplace_id", "account_id", "balance_type"),
        *("balance_currency", "balance_day"),
    ),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text=f"{KEYS} account_id balance_type balance_currency",
        date="balance_day",
        decimal="balance_amount",
        timestamp="last_update_date",
    ),
)
@isolate_failures
def wallet_balance(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItems]:
    """The balances of each account as they were at the last run of each UTC day.

    Source: listAccountBalances.

    Args:
        page: Rows of `wallet_account`.
    """
    day = context.now().in_timezone("UTC").date()
    for account in _accounts(page):
        keys = _keys(context, account, balance_day=day)
        pages = context.pages(
            LIST_BALANCES,
            path={"accountId": keys["account_id"]},
            params={"marketplaceId": keys["marketplace_id"]},
        )
        to_row = partial(_balance_to_row, keys=keys)
        # Amazon may leave an empty list out
        found = (get_path(answer, "balances") for answer in pages)
        yield from rows(found, "wallet_balance", "balanceCurrency", to_row)


def _balance_to_row(item: Dict[str, Any], keys: Dict[str, Any]) -> Dict[str, Any]:
    # without a type it is the only balance
    return {**_without_id(item), "balanceType": item.get("balanceType") or "TOTAL", **keys}


@dlt.transformer(
    data_from=wallet_account,
    primary_key=("selling_partner", "marketplace_id", "transaction_id"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{KEYS} account_id transaction_id transaction_type transaction_status
                transaction_requester_source transaction_failure_reason
                transaction_request_amount__currency_code transaction_final_amount__currency_code
                {RATE}__base_amount__currency_code {RATE}__transfer_amount__currency_code
                {RATE}__fx_rate_details__fx_rate_id {RATE}__fx_rate_details__rate_direction""",
            timestamp="""transaction_request_date expected_completion_date
                transaction_actual_completion_date last_update_date""",
            decimal=f"""transaction_request_amount__currency_amount
                transaction_final_amount__currency_amount
                {RATE}__base_amount__currency_amount {RATE}__transfer_amount__currency_amount
                {RATE}__fx_rate_details__base_rate {RATE}__fx_rate_details__effective_fx_rate""",
        ),
        **PARTY_COLUMNS,
    },
    nested_hints={
        "fees": make_nested_hints(
            columns=columns(
                text=f"""{KEYS} transaction_id fee_id fee_type fee_rate_value
                    fee_amount__currency_code""",
                decimal="fee_amount__currency_amount",
            )
        )
    },
)
@isolate_failures
def wallet_transaction(page: List[Dict[str, Any]], context: RunContext) -> Iterator[TDataItems]:
    """Transfers into and out of each account, with their exchange rates and fees.

    Source: listAccountTransactions, which has no filter for changes: all of them in each run.

    Args:
        page: Rows of `wallet_account`.
    """

    def to_row(item: Dict[str, Any], keys: Dict[str, Any]) -> Dict[str, Any]:
        row = _without_id(_withhold(context, item))
        rate = get_object(row, "transferRateDetails")
        if "fees" in rate:
            row["fees"] = rate.pop("fees")
        ids = {name: value for name, value in keys.items() if name != "account_id"}
        propagate_keys(row, {**ids, "transaction_id": str(row["transactionId"])})
        return {**row, **keys}

    for keys, pages in _lists(context, page, LIST_TRANSACTIONS):
        yield from rows(pages, "wallet_transaction", "transactionId", partial(to_row, keys=keys))


@dlt.transformer(
    data_from=wallet_account,
    primary_key=("selling_partner", "marketplace_id", "transfer_schedule_id"),
    write_disposition="merge",
    parallelized=True,
    columns={
        **columns(
            text=f"""{KEYS} account_id transfer_schedule_id transaction_type
                transfer_schedule_status transfer_schedule_information__schedule_type
                schedule_expression__schedule_expression_type
                schedule_expression__recurring_frequency
                payment_preference__payment_preference_payment_type""",
            timestamp="""transfer_schedule_information__schedule_start_date
                transfer_schedule_information__schedule_end_date""",
            decimal="payment_preference__value",
        ),
        **PARTY_COLUMNS,
    },
    nested_hints={
        "transfer_schedule_failures": make_nested_hints(
            columns=columns(
                text=f"{KEYS} transfer_schedule_id transfer_schedule_failure_reason",
                timestamp="transfer_schedule_failure_date",
            )
        )
    },
)
@isolate_failures
def wallet_transfer_schedule(
    page: List[Dict[str, Any]], context: RunContext
) -> Iterator[TDataItems]:
    """Scheduled transfers of each account, with their failures. One that is over shows its status.

    Source: listTransferSchedules.

    Args:
        page: Rows of `wallet_account`.
    """

    def to_row(item: Dict[str, Any], keys: Dict[str, Any]) -> Dict[str, Any]:
        row = _withhold(context, item)
        # within its object the names of columns would pass 63 characters
        information = get_object(row, "transferScheduleInformation")
        if "scheduleExpression" in information:
            row["scheduleExpression"] = information.pop("scheduleExpression")
        ids = {name: value for name, value in keys.items() if name != "account_id"}
        propagate_keys(row, {**ids, "transfer_schedule_id": str(row["transferScheduleId"])})
        return {**row, **keys}

    for keys, pages in _lists(context, page, LIST_SCHEDULES):
        row_of = partial(to_row, keys=keys)
        yield from rows(pages, "wallet_transfer_schedule", "transferScheduleId", row_of)


def _lists(
    context: RunContext, page: Any, operation: Operation
) -> Iterator[Tuple[Dict[str, Any], Iterator[Any]]]:
    """The keys of each account, with the pages of its list."""
    for account in _accounts(page):
        keys = _keys(context, account)
        params = {"accountId": keys["account_id"], "marketplaceId": keys["marketplace_id"]}
        yield keys, context.pages(operation, params=params)


def _accounts(page: Any) -> Iterator[Dict[str, Any]]:
    """The accounts of a page; none once a look-up of this run failed."""
    for account in page if isinstance(page, list) else ():
        if has_failed():
            return
        yield account


def _keys(context: RunContext, account: Dict[str, Any], **more: Any) -> Dict[str, Any]:
    return context.keys(account["marketplace_id"], account_id=str(account["accountId"]), **more)


def _withhold(context: RunContext, item: Dict[str, Any]) -> Dict[str, Any]:
    """An object without what names people or bank accounts, unless that is requested."""
    if not context.settings.include_pii:
        for part in (item, *(get_object(item, name) for name in PARTIES)):
            for name in PERSONAL:
                part.pop(name, None)
    return item


def _without_id(item: Dict[str, Any]) -> Dict[str, Any]:
    """An object without Amazon's name of the account's id, which the row has."""
    item.pop("accountId", None)
    return item


def resources(context: RunContext) -> Iterator[DltResource]:
    """Accounts, and what each of them has."""
    accounts = wallet_account(context)
    if context.settings.include_pii:
        accounts.apply_hints(
            columns=columns(text="account_holder_name bank_account_number_tail routing_number")
        )
    yield accounts
    for transformer in (wallet_balance, wallet_transaction, wallet_transfer_schedule):
        bound = accounts | transformer(context)
        if context.settings.include_pii and transformer is not wallet_balance:
            texts = "requester_name transaction_description"
            own = columns(text=texts) if transformer is wallet_transaction else {}
            bound.apply_hints(columns={**PARTY_PII, **own})
        yield bound


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account may read its wallet."""
    yield Probe(
        "wallet_account, wallet_balance, wallet_transaction, wallet_transfer_schedule",
        LIST_ACCOUNTS,
        params={"marketplaceId": "".join(list(marketplace_ids)[:1])},
    )


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    count = len(size.marketplaces)
    for operation in (LIST_ACCOUNTS, LIST_BALANCES, LIST_TRANSACTIONS, LIST_SCHEDULES):
        yield OperationEstimate(operation, count, count, "one account per marketplace")


MODULE = Module(
    "SELLER_WALLET",
    tables=("wallet_account", "wallet_balance", "wallet_transaction", "wallet_transfer_schedule"),
    resources=resources,
    probes=probes,
    estimate=estimate,
    is_default=False,
)
