"""What the handlers of operations share, besides the account they answer for."""

from dataclasses import dataclass

from .account import Account
from .auth import TOKEN_PATH, Auth
from .clock import Clock
from .faults import Faults
from .log import RequestLog
from .pages import Pages
from .quota import Quota


@dataclass(frozen=True)
class Services:
    """The parts of a running simulator.

    Attributes:
        url: Base address of the API, e.g. `http://127.0.0.1:8080`.
        accounts: By name; the first one is the default.
    """

    url: str
    clock: Clock
    auth: Auth
    accounts: dict[str, Account]
    quota: Quota
    pages: Pages
    faults: Faults
    requests: RequestLog

    @property
    def token_url(self) -> str:
        """Address of the token endpoint."""
        return self.url + TOKEN_PATH

    @property
    def default_account(self) -> Account:
        """The account of calls that are made for none."""
        return next(iter(self.accounts.values()))
