"""The demos end with one screen: tables that matter, questions with answers, what to do next."""

from typing import Any, Dict

import pytest

from amazon_selling_partner.commands import demo

MARKETPLACE = "ATVPDKIKX0DER"

VENDOR: Dict[str, Any] = {"is_vendor": True, "marketplace_ids": [MARKETPLACE], "include_pii": True}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["seller", "vendor"])
def test_a_demo_ends_with_a_screen(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    if kind == "seller":
        with demo.create_simulator(orders_per_day=10, days=40, products=12) as simulator:
            simulator.reports.generate_settlements()
            assert demo.load_simulated(simulator, demo.SELLER) == 0
        shown = demo.SELLER
    else:
        options: Dict[str, Any] = {"marketplaces": [MARKETPLACE], "is_vendor": True}
        with demo.create_simulator(days=30, **options) as simulator:
            assert demo.load_simulated(simulator, demo.VENDOR, **VENDOR) == 0
        shown = demo.VENDOR
    lines = capsys.readouterr().out.splitlines()
    assert 24 <= len(lines) <= 40 and max(map(len, lines)) <= 120
    tables = {line.split()[0] for line in lines if line.startswith("  ")}
    assert set(shown.tables) <= tables
    for question in shown.questions:
        # a heading and at least one row
        answer = lines[lines.index(question) + 1 : lines.index(question) + 3]
        assert all(line.startswith("  ") for line in answer), question
    assert lines[-1].startswith("  your account")
