"""Sellers API v1: the marketplaces the account takes part in.

Cost: one call per run, shared by all tables.
"""

import copy
from typing import Any, Dict, Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.common.typing import TDataItems
from dlt.extract import DltResource

from ..client import Probe
from ..common.column_hints import columns
from ..loading import isolate_failures, skip_unchanged
from ..loading.context import RunContext
from ..loading.estimates import AccountSize, OperationEstimate
from ..loading.marketplaces import GET_PARTICIPATIONS, participations
from ..loading.rows import rows
from .module import Module


@dlt.resource(
    primary_key=("selling_partner", "id"),
    write_disposition="merge",
    parallelized=True,
    columns=columns(
        text="""selling_partner merchant_id id name country_code default_currency_code
            default_language_code domain_name store_name""",
        bool="participation__is_participating participation__has_suspended_listings",
    ),
)
@isolate_failures
@skip_unchanged
def marketplace_participation(context: RunContext) -> Iterator[TDataItems]:
    """The marketplaces of the account, non-retail ones included.

    Source: getMarketplaceParticipations.

    Yields:
        One row per marketplace.
    """
    account = context.keys(merchant_id=context.settings.merchant_id)

    def to_row(item: Dict[str, Any]) -> Dict[str, Any]:
        marketplace = item.pop("marketplace")
        return {**account, **marketplace, **item}

    page = copy.deepcopy(participations(context))
    # another table may have made the call; that this one was read shows that not all are refused
    dlt.current.resource_metrics().setdefault("requests", 0)
    yield from rows([page], "marketplace_participation", "marketplace.id", to_row)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Shows whether the account's marketplaces can be read."""
    yield Probe("marketplace_participation", GET_PARTICIPATIONS)


def resources(context: RunContext) -> Iterator[DltResource]:
    """The marketplaces of the account."""
    yield marketplace_participation(context)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    yield OperationEstimate(GET_PARTICIPATIONS, 1, 1, "once per run")


MODULE = Module(
    "SELLERS",
    tables=("marketplace_participation",),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
