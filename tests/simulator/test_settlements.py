"""A settlement report and the event group it is of are one truth."""

from decimal import Decimal
from typing import Any, Dict, List

import pytest

from sp_api_simulator import Simulator, VirtualClock
from sp_api_simulator.core.times import iso
from sp_api_simulator.finance.finance_store import FinanceStore
from sp_api_simulator.reports.report_store import SETTLEMENT

NOW = 1_781_524_800.0


def settlements(simulator: Simulator) -> List[List[Dict[str, str]]]:
    """The rows of all settlement reports, the row of the total first."""
    simulator.reports.generate_settlements()
    found = []
    for report in simulator.reports.reports.values():
        content, _ = simulator.reports.content(report)
        header, *lines = content.decode().splitlines()
        names = header.split("\t")
        found.append([dict(zip(names, line.split("\t"), strict=True)) for line in lines])
    return found


def as_amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ".") or 0)


@pytest.mark.parametrize("contains_balance", [False, True])
@pytest.mark.parametrize(
    "marketplaces", [["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"], ["A1PA6795UKMFR9"], ["A1VC38T7YXB528"]]
)
def test_lines_add_up_to_the_total_of_the_group_and_its_deposit(
    marketplaces: List[str], contains_balance: bool
) -> None:
    with Simulator(
        clock=VirtualClock(NOW), orders_per_day=8, days=40, marketplaces=marketplaces
    ) as simulator:
        finance = simulator.account.store(FinanceStore)
        finance.totals_contain_balance = contains_balance
        now = simulator.account.now()
        closed = {finance.settlement_id(g): g for g in finance.groups(now) if g.end <= now}
        assert len(closed) == 2 * len(finance.currencies)
        for total, *lines in settlements(simulator):
            group = closed.pop(total["settlement-id"])
            shown: Dict[str, Any] = finance.group_to_json(group, now)
            stated = Decimal(str(shown["OriginalTotal"]["CurrencyAmount"]))
            assert as_amount(total["total-amount"]) == stated
            assert sum(as_amount(line["amount"]) for line in lines) == stated
            day, month, year = total["deposit-date"][:10].split(".")
            assert iso(finance.deposited(group)).startswith(f"{year}-{month}-{day}")
            assert {line["transaction-type"] for line in lines} >= {"Order", "other-transaction"}
        assert not closed
        simulator.reports.generate_settlements()
        assert {report.type for report in simulator.reports.reports.values()} == {SETTLEMENT}
        assert len(simulator.reports.reports) == 2 * len(finance.currencies)
