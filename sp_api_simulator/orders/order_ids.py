"""Order ids. Within an account an order has a number, its `ref`: the day and the position in it."""

from datetime import date
from typing import Optional

from ..core.account import Account
from ..core.marketplaces import Marketplace

MAX_ORDERS_PER_DAY = (1 << 20) - 1
FIRST_DAY = date(2015, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
"""The earliest day an order can be placed on, days since 1970-01-01."""

_INDEX_BITS = 20
_IDS, _STEP = 10**14, 36_893_488_147_419
_UNSTEP = pow(_STEP, -1, _IDS)


def to_ref(day_number: int, index: int = 0) -> int:
    """The ref of an order, by its day (days since 1970-01-01) and position in it."""
    return (day_number - FIRST_DAY) << _INDEX_BITS | index


def from_ref(ref: int) -> tuple[int, int]:
    """The day of an order (days since 1970-01-01) and its position in it."""
    return (ref >> _INDEX_BITS) + FIRST_DAY, ref & MAX_ORDERS_PER_DAY


def order_id(account: Account, ref: int, marketplace: Marketplace) -> str:
    """Amazon's id of an order created from the seed, in 3-7-7 format."""
    digits = (ref * _STEP + account.hash64(0, 3)) % _IDS
    prefix = marketplace.order_prefixes[digits % len(marketplace.order_prefixes)]
    return f"{prefix}-{digits // 10**7:07d}-{digits % 10**7:07d}"


def parse_order_id(account: Account, order_id: str) -> Optional[int]:
    """The ref that an order id stands for, which may be no order of the account; None for no id."""
    digits = order_id[4:11] + order_id[12:]
    if len(order_id) != 19 or not digits.isdecimal() or not digits.isascii():
        return None
    return (int(digits) - account.hash64(0, 3)) * _UNSTEP % _IDS
