"""Without include_pii no buyer PII is loaded: no column of it exists.

What is looked for comes from Amazon's own model: an order with every field it has.
"""

import re
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest
from dlt.common import pendulum

from sp_api_simulator import Simulator, VirtualClock
from tests.amazon_models import maximal, model
from tests.support import NAMING, dataset, source_of

NOW = pendulum.datetime(2026, 6, 15, 12)

PERSONAL = re.compile(
    "name|mail|phone|address|message|note|buyer|recipient|person|contact|registration|custom|zip"
    "|postal|city|street|signature|gift|instruction|location",
    re.IGNORECASE,
)
"""Words in names of fields that may hold the buyer's name or address."""

IMPERSONAL = re.compile(
    r"salesChannel\.(channelName|marketplaceName)"
    r"|tax\.taxInvoicing\.buyerInvoicePreference"  # INDIVIDUAL or BUSINESS
    r"|orderItems\.product\.condition\.conditionNote"  # of the seller's offer
    r"|orderItems\.fulfillment\.packing\.giftOption\.giftWrapLevel"
    r"|orderItems\.fulfillment\.shipping\.shippingConstraints\..*"  # whether a signature is required
    r"|packages\.shipFromAddress\..*"  # the seller's
)
"""Fields of these names without PII of the buyer or recipient."""


def leaves(value: Any, *path: str) -> Iterator[Tuple[str, Any]]:
    """Every value with the names that lead to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from leaves(part, *path, name)
    elif isinstance(value, list):
        for part in value:
            yield from leaves(part, *path)
    else:
        yield ".".join(path), value


@pytest.fixture
def order() -> Dict[str, Any]:
    loaded = model("orders_v2026_01_01")
    made: Dict[str, Any] = maximal(loaded, loaded["definitions"]["Order"])
    made["lastUpdatedTime"] = NOW.subtract(hours=1).strftime("%Y-%m-%dT%H:%M:%SZ")
    made["salesChannel"]["marketplaceId"] = "ATVPDKIKX0DER"
    return made


def load(pipeline: Any, order: Dict[str, Any], **settings: Any) -> None:
    clock = VirtualClock(NOW.timestamp())
    with Simulator(clock=clock, orders_per_day=3, days=3, products=4) as sim:
        sim.orders.put(order)
        source = source_of(sim, historical_sync_time_frame="2026-06-12", **settings)
        pipeline.run(source)


def columns(pipeline: Any) -> Dict[str, str]:
    """The columns of all tables, also of those that are empty."""
    return {
        f"{table['name']}.{name}": name
        for table in pipeline.default_schema.data_tables()
        for name in table["columns"]
        if not name.startswith("_dlt_") and table["name"].startswith(("orders", "rejected"))
    }


def test_no_column_of_any_table_of_orders_identifies_the_buyer(
    make_pipeline: Any, destination: str, order: Dict[str, Any], workplace: Path
) -> None:
    personal = {
        path: value
        for path, value in leaves(order)
        if PERSONAL.search(path) and not IMPERSONAL.fullmatch(path)
    }
    assert len(personal) > 50
    texts = {value for value in personal.values() if str(value).startswith("text-")}
    named = {NAMING.normalize_identifier(path.rsplit(".", 1)[-1]) for path in personal}
    harmless = {
        NAMING.normalize_identifier(path.rsplit(".", 1)[-1])
        for path, _ in leaves(order)
        if path not in personal
    }
    # words that stand for a person wherever they are in the name of a column
    words = ("buyer_", "recipient", "registration", "gift_message", "customiz", "phone", "mail")

    def found_pii(pipeline: Any) -> Dict[str, Any]:
        loaded = {
            str(value)
            for rows in dataset(pipeline).values()
            for row in rows
            for value in row.values()
            if value is not None
        }
        return {
            "columns": {
                full
                for full, name in columns(pipeline).items()
                if name != "tax__tax_invoicing__buyer_invoice_preference"
                and (
                    any(word in name for word in words)
                    or (name.rsplit("__", 1)[-1] in named - harmless)
                )
            },
            "values": {text for text in texts if any(_holds(one, text) for one in loaded)},
        }

    pipeline = make_pipeline(destination)
    load(pipeline, order)
    assert found_pii(pipeline) == {"columns": set(), "values": set()}
    for path in Path(pipeline.working_dir).rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [text for text in texts if re.search(rb"\b%s\b" % text.encode(), content)], path
    # the same question finds all of it where it is requested
    with_pii = make_pipeline(destination, "with_pii", f"{pipeline.dataset_name}_with_pii")
    load(with_pii, order, include_pii=True)
    found = found_pii(with_pii)
    assert texts == found["values"] and len(found["columns"]) > 30


def _holds(value: str, text: str) -> bool:
    return bool(re.search(rf"\b{text}\b", value))
