"""An account in its 41st day, with two currencies and a group of each still open."""

from typing import Iterator

import pytest

from amazon_selling_partner.simulator import Simulator

from .support import book_of, clock_at

FEW = (
    "AdjustmentEventList",
    "CouponPaymentEventList",
    "ServiceFeeEventList",
    "TDSReimbursementEventList",
)


@pytest.fixture
def full() -> Iterator[Simulator]:
    """With events in all lists."""
    with Simulator(seed=3, orders_per_day=6, days=40, clock=clock_at()) as simulator:
        yield simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """With events in some lists, as loading a table takes its time."""
    with Simulator(seed=3, orders_per_day=6, days=40, clock=clock_at()) as simulator:
        book_of(simulator).others = FEW
        yield simulator
