"""Identifiers of sellers: nothing is trimmed, folded, rounded or taken for something else."""

from typing import Any, Dict, List

import pytest

from .support import Load, Loaded, simulator, source

SKUS = {
    "blanks inside (D1656)": "USCHILDREN005  GOLD03",
    "slash (M4727)": "EP-CAT-5E-V2/W",
    "comma (D2374)": "abc,d",
    "ampersand, at, dollar (D2224)": "HE14-367&@2&$388",
    "hash and parentheses (M4431)": "Book#320 (FPT.PE00552-CA)",
    "double quotes (M5190)": 'amzn.gr."X-1"-AbC',
    "apostrophe (P22)": "o'hara; DROP TABLE x --",
    "full width (J257)": "test-M＆L",
    "percent that looks encoded (N176)": "Peak%20Biome_100%",
    "plus": "a+b",
    "backslash": "a\\b\\",
    "leading zeros": "0017",
    "scientific notation": "1E5",
    "more digits than a number holds": "123456789012345678901234567890",
    "looks like a date": "2026-06-15",
    "looks like null": "null",
    "looks like a boolean": "true",
    "looks like NaN": "NaN",
    "looks like json": '{"a": 1}',
    "capitals": "ABC",
    "the same in small letters": "abc",
    "the same with a blank at its end": "ABC ",
    "the same with a blank at its beginning": " ABC",
    "composed letter": "caf\u00e9",
    "the same letter decomposed": "cafe\u0301",
    "beyond the basic plane": "\U0001f381-box",
    "tab and line break": "a\tb\nc",
    "very long": "x" * 300,
}


@pytest.fixture(scope="module")
def inventory(load: Load) -> Loaded:
    """Inventory whose SKUs are those of users."""
    summaries: List[Dict[str, Any]] = [
        {"asin": f"B{number:09}", "fnSku": "X001", "sellerSku": sku, "totalQuantity": number}
        for number, sku in enumerate(SKUS.values())
    ]
    with simulator() as sim:
        body = {"payload": {"granularity": {}, "inventorySummaries": summaries}}
        sim.faults.add("answer", "getInventorySummaries", body=body)
        return load(source(sim, "FBA", ["fba_inventory_summary"]))


@pytest.mark.parametrize("situation", SKUS)
def test_a_sku_is_loaded_as_it_is(inventory: Loaded, situation: str) -> None:
    (row,) = inventory.rows("fba_inventory_summary", seller_sku=SKUS[situation])
    assert row["total_quantity"] == list(SKUS).index(situation)
