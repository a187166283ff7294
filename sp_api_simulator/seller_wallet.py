"""Seller Wallet API 2024-03-01: a wallet in each marketplace, whose balance its transfers make.

Each week a credit comes in, and half of it goes out two days later; every fourth transfer out
fails.
"""

from typing import Any, Iterator, Optional

from .core import parameters
from .core.account import Account
from .core.errors import not_found
from .core.marketplaces import Marketplace, amount
from .core.routes import Call, Routes
from .core.times import DAY_MS, iso

ROUTES = Routes()

ROLE = "Account Information Service Provider"
BASE = "/finances/transfers/wallet/2024-03-01"
PAGE_SIZE = 100
"""Transactions and schedules on a page."""

_MARKETPLACE = parameters.text("marketplaceId", required=True)
_ACCOUNT = parameters.text("accountId", required=True)
_TOKEN = parameters.text("nextPageToken")


def wallet_id(account: Account, marketplace: Marketplace) -> str:
    """The id of the wallet of a marketplace."""
    number = account.marketplaces.index(marketplace)
    return f"00{account.hash64(number, 51):016x}"


def wallet(account: Account, marketplace: Marketplace) -> dict[str, Any]:
    """A `BankAccount`."""
    return {
        "accountId": wallet_id(account, marketplace),
        "accountHolderName": "Zoë O'Hara",
        "bankAccountNumberFormat": "BBAN",
        "bankName": "Amazon Seller Wallet",
        "bankAccountOwnershipType": "SELF",
        "routingNumber": "026073150",
        "bankNumberFormat": "BASIC",
        "accountCountryCode": marketplace.country,
        "accountCurrency": marketplace.currency,
        "bankAccountNumberTail": "042",
        "bankAccountHolderStatus": "ACTIVE",
    }


def transactions(account: Account, marketplace: Marketplace, at: int) -> Iterator[dict[str, Any]]:
    """Yields the `Transaction`s that are requested by a time, oldest first."""
    for week in range(at // DAY_MS // 7 + 1):
        start = (account.first_day + 7 * week) * DAY_MS
        minor = 100_000 + account.hash64(week, 52) % 900_000
        for requested, kind, part in (
            (start, "CREDIT", minor),
            (start + 2 * DAY_MS, "DEBIT", minor // 2),
        ):
            if requested > at:
                return
            fails = kind == "DEBIT" and week % 4 == 3
            yield _transaction(account, marketplace, week, kind, requested, part, fails, at)


def _transaction(
    account: Account,
    marketplace: Marketplace,
    week: int,
    kind: str,
    requested: int,
    minor: int,
    fails: bool,
    at: int,
) -> dict[str, Any]:
    value = _currency(marketplace, minor)
    done = requested + DAY_MS
    body = {
        "accountId": wallet_id(account, marketplace),
        "transactionId": f"0{week:05d}-{kind[0]}-{marketplace.country}",
        "transactionType": kind,
        "transactionStatus": "IN_PROGRESS",
        "transactionRequestDate": iso(requested),
        "expectedCompletionDate": iso(done),
        "lastUpdateDate": iso(min(at, done) // DAY_MS * DAY_MS),
        "requesterName": "Zoë O'Hara",
        "transactionRequesterSource": "Amazon portal",
        "transactionDescription": "Rent for „Bücher & Tee“",
        "transactionSourceAccount": _party(account, marketplace, "0001"),
        "transactionDestinationAccount": _party(account, marketplace, "0002"),
        "transactionRequestAmount": value,
        "transferRateDetails": {
            "baseAmount": value,
            "fxRateDetails": {
                "fxRateId": f"00{week}",
                "baseRate": 1.0,
                "effectiveFxRate": 1.005,
                "rateDirection": "SELL",
            },
            "transferAmount": value,
            "fees": [
                {
                    "feeId": f"0{week}",
                    "feeType": "TRANSACTION_FEE",
                    "feeRateValue": "0.5",
                    "feeAmount": _currency(marketplace, 50),
                }
            ],
        },
    }
    if at >= done:
        body["transactionStatus"] = "FAILED" if fails else "SUCCESSFUL"
        body["transactionActualCompletionDate"] = iso(done)
        if fails:
            body["transactionFailureReason"] = "The bank refused it."
        else:
            body["transactionFinalAmount"] = value
    return body


def balance(account: Account, marketplace: Marketplace, at: int) -> int:
    """What came in and did not go out by a time, in the smallest unit of the currency."""
    total = 0
    for week in range(at // DAY_MS // 7 + 1):
        start = (account.first_day + 7 * week) * DAY_MS
        minor = 100_000 + account.hash64(week, 52) % 900_000
        total += minor if start + DAY_MS <= at else 0
        total -= minor // 2 if week % 4 != 3 and start + 3 * DAY_MS <= at else 0
    return total


def schedules(account: Account, marketplace: Marketplace) -> list[dict[str, Any]]:
    """The `TransferSchedule`s of a wallet."""
    start = account.first_day * DAY_MS
    failure = {
        "transferScheduleFailureDate": iso(start + 8 * DAY_MS),
        "transferScheduleFailureReason": "The balance is too low.",
    }
    return [
        {
            "transferScheduleId": f"00{number}-{marketplace.country}",
            "transactionType": "DEBIT",
            "transactionSourceAccount": _party(account, marketplace, "0001"),
            "transactionDestinationAccount": _party(account, marketplace, "0002"),
            "transferScheduleStatus": status,
            "transferScheduleInformation": {
                "scheduleStartDate": iso(start),
                "scheduleEndDate": iso(start + 365 * DAY_MS),
                "scheduleExpression": {
                    "scheduleExpressionType": "RECURRING",
                    "recurringFrequency": "MONTHLY",
                },
                "scheduleType": "TIME_BASED",
            },
            "paymentPreference": {"paymentPreferencePaymentType": "PERCENTAGE", "value": 12.5},
            "transferScheduleFailures": [failure] if number else [],
        }
        for number, status in enumerate(("ENABLED", "EXPIRED"))
    ]


def _party(account: Account, marketplace: Marketplace, id: str) -> dict[str, Any]:
    """A `TransactionAccount`."""
    return {
        "accountId": id,
        "bankAccountHolderName": "Zoë O'Hara",
        "bankName": "Crédit Local",
        "bankAccountNumberFormat": "IBAN",
        "bankAccountNumberTail": "007",
        "bankAccountCountryCode": marketplace.country,
        "bankAccountCurrency": marketplace.currency,
    }


def _currency(marketplace: Marketplace, minor: int) -> dict[str, Any]:
    return {
        "currencyCode": marketplace.currency,
        "currencyAmount": float(amount(minor, marketplace.currency)),
    }


@ROUTES.add(
    "listAccounts", "GET", f"{BASE}/accounts", rate=0.5, burst=10, role=ROLE,
    parameters=(_MARKETPLACE,),
)  # fmt: skip
def list_accounts(call: Call) -> dict[str, Any]:
    """The wallet of a marketplace."""
    return {"accounts": [wallet(call.account, _marketplace(call))]}


@ROUTES.add(
    "listAccountBalances", "GET", f"{BASE}/accounts/{{accountId}}/balance", rate=0.5, burst=10,
    role=ROLE, parameters=(_MARKETPLACE,),
)  # fmt: skip
def list_account_balances(call: Call) -> dict[str, Any]:
    """The balances of a wallet."""
    marketplace = _marketplace(call, call.path["accountId"])
    value = float(amount(balance(call.account, marketplace, call.now), marketplace.currency))
    return {
        "balances": [
            {
                "accountId": call.path["accountId"],
                "balanceType": kind,
                "balanceAmount": 0.0 if kind.startswith("LOCKED") else value,
                "balanceCurrency": marketplace.currency,
                "lastUpdateDate": iso(call.now // DAY_MS * DAY_MS),
            }
            for kind in ("AVAILABLE", "LOCKED_OUT", "TOTAL")
        ]
    }


@ROUTES.add(
    "listAccountTransactions", "GET", f"{BASE}/transactions", rate=0.5, burst=10, role=ROLE,
    parameters=(_ACCOUNT, _TOKEN, _MARKETPLACE),
)  # fmt: skip
def list_account_transactions(call: Call) -> dict[str, Any]:
    """The transactions of a wallet."""
    marketplace = _marketplace(call, call.values["accountId"])
    return _page(call, "transactions", list(transactions(call.account, marketplace, call.now)))


@ROUTES.add(
    "listTransferSchedules", "GET", f"{BASE}/transferSchedules", rate=0.5, burst=10, role=ROLE,
    parameters=(_ACCOUNT, _MARKETPLACE, _TOKEN),
)  # fmt: skip
def list_transfer_schedules(call: Call) -> dict[str, Any]:
    """The transfer schedules of a wallet."""
    marketplace = _marketplace(call, call.values["accountId"])
    return _page(call, "transferSchedules", schedules(call.account, marketplace))


def _marketplace(call: Call, id: Optional[str] = None) -> Marketplace:
    """The marketplace of a call.

    Raises:
        ApiError: 404 when its wallet has another id.
    """
    call.check_marketplaces("marketplaceId")
    for marketplace in call.account.marketplaces:
        if marketplace.id == call.values["marketplaceId"]:
            if id in (None, wallet_id(call.account, marketplace)):
                return marketplace
    raise not_found()


def _page(call: Call, name: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    page, token = call.page(found, PAGE_SIZE, "nextPageToken", can_be_empty=True)
    return {name: page, **({"nextPageToken": token} if token else {})}
