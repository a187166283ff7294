"""The marketplaces of an account; one that fails while a table is read stops no other."""

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from dlt.common import logger
from dlt.common.typing import TDataItems

from ..client import Operation, add_failure, add_note
from ..client.errors import (
    AccountLocked,
    ConfigurationError,
    CredentialsError,
    MissingRole,
    QuotaExhausted,
    SellerNotAuthorized,
    describe_failure,
)
from ..common.json_access import get_objects, get_path
from ..common.scalars import as_bool
from ..settings import MARKETPLACES
from .context import RunContext

GET_PARTICIPATIONS = Operation(
    "getMarketplaceParticipations",
    "GET",
    "/sellers/v1/marketplaceParticipations",
    rate=0.016,
    burst=15,
    items_path="payload",
    role="Selling Partner Insights",
)

CONCERNS_ACCOUNT = (
    AccountLocked,
    ConfigurationError,
    CredentialsError,
    QuotaExhausted,
    SellerNotAuthorized,
)
"""Errors that no other marketplace would be spared."""


def participations(context: RunContext) -> List[Any]:
    """Elements of `payload` of getMarketplaceParticipations, requested once per run."""

    def request() -> List[Any]:
        return [row for page in context.pages(GET_PARTICIPATIONS) for row in page]

    return context.cached("participations", request)


def account_marketplaces(context: RunContext) -> List[str]:
    """Ids of the marketplaces to load: those of the settings, or all retail ones of the account.

    Raises:
        ConfigurationError: When the account takes part in none.
    """
    if context.settings.marketplace_ids:
        return list(context.settings.marketplace_ids)
    found = []
    for row in get_objects(participations(context)):
        id = str(get_path(row, "marketplace.id"))
        region = MARKETPLACES[id].region if id in MARKETPLACES else None
        if (
            as_bool(get_path(row, "participation.isParticipating"))
            and region == context.client.region
        ):
            found.append(id)
    if not found:
        raise ConfigurationError(
            "marketplace_ids is empty and the account takes part in no marketplace of this region:"
            " check region and refresh_token, or name the marketplaces."
        )
    return found


def marketplace_name(marketplace_id: str) -> str:
    """A marketplace in a sentence, such as `US (ATVPDKIKX0DER)`."""
    known = MARKETPLACES.get(marketplace_id)
    return f"{known.country} ({marketplace_id})" if known else marketplace_id


class MarketplaceFailures:
    """What fails in single marketplaces while a table is read.

    Attributes:
        ids: Marketplaces that failed or refused.
    """

    def __init__(self) -> None:
        self.ids: List[str] = []
        self._refusals: Dict[str, MissingRole] = {}
        self._failures: Dict[str, str] = {}

    @property
    def has_failures(self) -> bool:
        """True where a marketplace failed for another reason than a refusal."""
        return bool(self._failures)

    @contextmanager
    def isolate(self, marketplace_id: str) -> Iterator[None]:
        """Records what fails in a marketplace, so that the next one is read.

        Raises:
            SellingPartnerError: What concerns the account: credentials, its quota, settings.
        """
        try:
            yield
        except CONCERNS_ACCOUNT:
            raise
        except MissingRole as error:
            self._refusals[marketplace_id] = error
        except Exception as error:
            self._failures[marketplace_id] = describe_failure(error)
        else:
            return
        if marketplace_id not in self.ids:
            self.ids.append(marketplace_id)

    def report(self, marketplace_ids: Sequence[str]) -> None:
        """Puts the failures into the metrics of the table.

        Args:
            marketplace_ids: All that were to be read.

        Raises:
            MissingRole: When every marketplace refuses: the table is skipped.
        """
        if self._refusals and set(self._refusals) >= set(marketplace_ids):
            raise next(iter(self._refusals.values()))
        for id, refusal in self._refusals.items():
            add_note(f"marketplace {marketplace_name(id)} is left out: {refusal}")
        for id, reason in self._failures.items():
            failure = f"marketplace {marketplace_name(id)}: {reason}"
            logger.error(failure)
            add_failure(failure)


def for_each_marketplace(
    context: RunContext,
    read: Callable[[str], Iterator[TDataItems]],
    marketplace_ids: Optional[Sequence[str]] = None,
) -> Iterator[TDataItems]:
    """Reads each marketplace; what fails in one is recorded with its name and the others go on.

    Args:
        read: Yields the rows of a marketplace id.
        marketplace_ids: Those of the account by default.

    Raises:
        SellingPartnerError: What concerns the account, or when every marketplace refuses.
    """
    ids = account_marketplaces(context) if marketplace_ids is None else marketplace_ids
    failures = MarketplaceFailures()
    for id in ids:
        with failures.isolate(id):
            yield from read(id)
    failures.report(ids)
