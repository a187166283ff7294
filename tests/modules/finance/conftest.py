"""An account in its 41st day, with two currencies and a group of each still open."""

from typing import Iterator

import pytest

from sp_api_simulator import Simulator

from .support import clock_at, finance_store

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
        finance_store(simulator).other_lists = FEW
        yield simulator
