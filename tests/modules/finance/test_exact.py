"""Amounts stay exact: the sum over a million components is the truth to the last digit."""

from decimal import Decimal
from typing import Any, Callable, Dict, Iterator, List

import dlt
import pytest
from dlt.common import pendulum

from amazon_selling_partner.modules.finance.event_tables import CHARGES, TABLES
from amazon_selling_partner.modules.finance.explode import Exploder

CHARGES_OF_AN_EVENT = 1000
EVENTS = 1000


def pages() -> Iterator[List[Dict[str, Any]]]:
    """Events of a thousand charges, whose sum is no round number."""
    for number in range(EVENTS):
        charges = [
            {
                "ChargeType": "Principal",
                # binary fractions cannot hold these
                "ChargeAmount": {
                    "CurrencyCode": "USD",
                    "CurrencyAmount": Decimal(number * 7 + index * 13 - 5000) / 100,
                },
            }
            for index in range(CHARGES_OF_AN_EVENT)
        ]
        yield [{"PostedDate": "2026-01-05T00:00:00Z", "OrderChargeList": charges}]


@pytest.mark.slow
def test_the_sum_over_many_components(
    make_pipeline: Callable[..., Any], destination: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv("SOURCES__DATA_WRITER__FILE_MAX_ITEMS", "250000")
    day = pendulum.date(2026, 1, 5)
    exploder = Exploder("group", day, day)

    @dlt.resource(name=CHARGES, columns=TABLES[CHARGES].columns(), write_disposition="append")
    def components() -> Iterator[List[Dict[str, Any]]]:
        for page in pages():
            yield exploder.explode({"ShipmentEventList": page})[CHARGES]

    pipeline = make_pipeline(destination)
    pipeline.run(components(), loader_file_format="parquet" if destination == "duckdb" else "csv")
    cents = sum(
        number * 7 + index * 13 - 5000
        for number in range(EVENTS)
        for index in range(CHARGES_OF_AN_EVENT)
    )
    assert exploder.sums == {(CHARGES, "USD"): Decimal(cents) / 100}
    with pipeline.sql_client() as client:
        (found,) = client.execute_sql(
            f"SELECT SUM(charge_amount__currency_amount), COUNT(*), COUNT(DISTINCT id) FROM {CHARGES}"
        )
    count = EVENTS * CHARGES_OF_AN_EVENT
    assert found == (Decimal(cents) / 100, count, count)
