"""The money mart: few views that answer a seller's questions."""

from typing import Dict

from . import stock
from .definition import Mart
from .money_line import MONEY_LINE
from .payouts import SETTLEMENT_TO_DEPOSIT
from .profit import SKU_PROFIT_DAILY, SKU_PROFIT_MONTHLY

_MARTS = (MONEY_LINE, SKU_PROFIT_DAILY, SKU_PROFIT_MONTHLY, SETTLEMENT_TO_DEPOSIT, *stock.MARTS)
MARTS: Dict[str, Mart] = {mart.name: mart for mart in _MARTS}
"""All marts by name; each reads only those before it."""

__all__ = ["MARTS", "Mart"]
