"""FBA: inventory, inbound shipments (v0) and inbound plans.

Cost: see `inventory.py`, `inbound_shipments.py` and `inbound_plans.py`.
"""

from typing import Iterator, Sequence

import dlt
from dlt.common import pendulum
from dlt.extract import DltResource

from ...client import Probe
from ...loading import RunContext
from ...loading.estimates import AccountSize, OperationEstimate
from ...loading.tombstones import deleted_column
from ...loading.windows import OVERLAP
from ..module import Module
from . import inbound_plans, inbound_shipments, inventory
from .inbound_plans import LIST_PLANS, inbound_plan
from .inbound_shipments import (
    GET_SHIPMENT_ITEMS,
    GET_SHIPMENTS,
    inbound_shipment_info,
    inbound_shipment_item,
    prep_instruction,
)
from .inventory import GET_INVENTORY_SUMMARIES, fba_inventory_summary


def resources(context: RunContext) -> Iterator[DltResource]:
    """Inventory, inbound shipments with their items, prep instructions, inbound plans."""
    settings = context.settings
    deletes = settings.capture_deletes
    summaries = fba_inventory_summary(context, deletes)
    summaries.apply_hints(columns=deleted_column(deletes))
    yield summaries
    yield inbound_shipment_info(context)
    yield inbound_shipment_item(context)
    instructions = prep_instruction(context, (), deletes)
    instructions.apply_hints(columns=deleted_column(deletes))
    yield instructions
    changes = dlt.sources.incremental(
        "lastUpdatedAt", initial_value=settings.history_start, lag=OVERLAP
    )
    yield inbound_plan(context, settings.history_start, changes)


def probes(marketplace_ids: Sequence[str], now: pendulum.DateTime) -> Iterator[Probe]:
    """Show whether the account may read inventory, shipments and plans."""
    for part in (inventory, inbound_shipments, inbound_plans):
        yield from part.probes(marketplace_ids, now)


def estimate(size: AccountSize) -> Iterator[OperationEstimate]:
    """Requests of the module."""
    count = len(size.marketplaces)
    pages = size.batches(50) + count
    basis = "50 SKUs per call, all once per day"
    yield OperationEstimate(GET_INVENTORY_SUMMARIES, pages, pages, basis)
    for operation in (GET_SHIPMENTS, GET_SHIPMENT_ITEMS):
        basis = "windows per marketplace, if few shipments"
        yield OperationEstimate(operation, count * size.windows(365), count, basis)
    yield OperationEstimate(LIST_PLANS, size.windows(365), 1, "30 plans per call, if few plans")


MODULE = Module(
    "FBA",
    tables=(
        "fba_inventory_summary",
        "inbound_shipment_info",
        "inbound_shipment_item",
        "prep_instruction",
        "inbound_plan",
    ),
    resources=resources,
    probes=probes,
    estimate=estimate,
)
