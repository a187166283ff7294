"""The demos: simulated accounts of a local SP-API, each loaded into a separate file."""

import os
from typing import Any, ContextManager, Dict, List, Mapping, NamedTuple, Sequence

import dlt
from dlt.common import Decimal, pendulum

from .. import amazon_selling_partner
from ..client.errors import ConfigurationError
from ..loading.runner import load
from ..loading.summary import RunSummary
from ..views import create_marts
from .progress import progress_of
from .screen import format_seconds


class Demo(NamedTuple):
    """A demo.

    Attributes:
        name: Of its pipeline and its file.
        options: Of its simulator.
        tables: Those that matter, with a few words on each.
        questions: Each with the query that answers it.
    """

    name: str
    options: Sequence[str]
    tables: Dict[str, str]
    questions: Dict[str, str]


def demo() -> int:
    """Loads a simulated seller from a local SP-API into amazon_selling_partner.duckdb."""
    return run_demo(SELLER)


def demo_vendor() -> int:
    """Loads a simulated vendor from a local SP-API into amazon_vendor.duckdb."""
    return run_demo(VENDOR, include_pii=True)


def run_demo(demo: Demo, **settings: Any) -> int:
    """Loads the account of a demo from a simulator that runs meanwhile."""
    with start_simulator(demo.options) as simulator:
        return load_simulated({**simulator.settings["default"], **settings}, demo)


def start_simulator(options: Sequence[str]) -> ContextManager[Any]:
    """A local SP-API in a process of its own, whose reports are done at once.

    Raises:
        ConfigurationError: The package is not installed: `dlt init` does not copy it.
    """
    try:
        # only here, as a project made by `dlt init` lacks it
        from sp_api_simulator.process import SimulatorProcess  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "sp_api_simulator":
            raise
        raise ConfigurationError(
            "The demo needs the package sp_api_simulator, which `dlt init` does not copy: clone the"
            " repository of this source and run `pip install <clone>/sp_api_simulator`, or run the"
            " demo in the clone."
        ) from None
    # a thousand times Amazon's quotas: with those, the orders alone would take three hours
    return SimulatorProcess(["--quota-factor", "1000", "--report-seconds", "0", *options])


def load_simulated(settings: Mapping[str, Any], demo: Demo) -> int:
    """Loads the account of a simulator into a separate file and prints a summary.

    Args:
        settings: Of the source.
    """
    progress = progress_of(demo.name)
    pipeline = demo_pipeline(demo.name, progress)
    print(f"A local SP-API runs at {settings['api_url']}; loading its account ...", flush=True)
    source = amazon_selling_partner(
        **settings,
        historical_sync_time_frame=pendulum.now().subtract(days=60).to_date_string(),
        reports_time_budget=60,
        # reports are all made at once, queries a few at a time
        sales_and_traffic_from="report",
    )
    load(pipeline, progress.watch(source) if progress else source)
    summary = RunSummary.of(pipeline)
    create_marts(pipeline)
    print("\n".join(describe_result(pipeline, demo, summary)))
    return 1 if summary.failed else 0


def describe_result(pipeline: dlt.Pipeline, demo: Demo, summary: RunSummary) -> List[str]:
    """What the demo loaded: the tables that matter, questions with their answers, what to do next.

    Args:
        summary: Of the run.
    """
    seconds = (summary.ended - summary.started).total_seconds()
    lines: List[str] = []
    with pipeline.sql_client() as client:
        tables = [
            str(table["name"]) for table in pipeline.default_schema.data_tables(seen_data_only=True)
        ]
        lines.append(
            f"{len(tables)} tables are in {demo.name}.duckdb, loaded with {summary.calls:,} calls"
            f" in {format_seconds(seconds)}. Ten that matter:"
        )
        for name in (name for name in demo.tables if name in tables):
            counted = client.execute_sql(
                f"SELECT count(*) FROM {client.make_qualified_table_name(name)}"
            )
            lines.append(f"  {name:<47}{counted[0][0] if counted else 0:>9,}  {demo.tables[name]}")
        for question, query in demo.questions.items():
            with client.execute_query(query) as cursor:
                answer = [[column[0] for column in cursor.description]]
                answer += [[format_value(value) for value in row] for row in cursor.fetchall()]
            lines += ["", question, *(f"  {line}" for line in aligned(answer))]
    if failed := [finding for finding in summary.findings() if finding.kind == "failed"]:
        lines += ["", *(f"Incomplete: {', '.join(each.tables)}: {each.text}" for each in failed)]
    return [*lines, "", *(line.format(name=demo.name) for line in NEXT)]


def aligned(rows: Sequence[Sequence[str]]) -> List[str]:
    """Rows of texts as lines with columns of the same width."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ("  ".join(f"{text:<{width}}" for text, width in zip(row, widths)) for row in rows)
    return [line.rstrip() for line in lines]


def demo_pipeline(name: str, progress: Any = None) -> dlt.Pipeline:
    """The pipeline of a demo, whose file is in this folder.

    dlt finds a pipeline by its name, and its file in the folder where it first ran, perhaps in
    another clone: the progress of such a pipeline does not count here.
    """

    def make() -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=name,
            destination="duckdb",
            dataset_name=f"{name}_data",
            progress=progress,
        )

    pipeline = make()
    here = os.path.abspath(dlt.current.run_context().local_dir)
    if pipeline.get_local_state_val("initial_cwd") == here:
        return pipeline
    pipeline.drop()
    # a new object, as the destination of the first keeps its folder
    return make()


def format_value(value: Any) -> str:
    """A value as text, amounts with two places."""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


SELLER = Demo(
    "amazon_selling_partner",
    ("--orders-per-day", "80", "--days", "60"),
    {
        "orders": "orders",
        "orders__order_items": "their items, with prices and taxes",
        "order_metrics": "sales per day, as Amazon counts them",
        "financial_charge_component": "charges of financial events",
        "financial_fee_component": "fees of financial events",
        "financial_group_reconciliation": "settlements, each reconciled",
        "listed_item": "listings",
        "fba_inventory_summary": "stock at Amazon, per SKU",
        "item_offer_summary": "offers and Buy Boxes, per ASIN",
        "sales_and_traffic_business_sku_report_daily": "sessions and sales, per SKU and day",
    },
    {
        "What was sold in the last seven days?": """
SELECT sales_channel__marketplace_name AS marketplace, count(*) AS orders,
       sum(proceeds__grand_total__amount) AS total, proceeds__grand_total__currency_code AS currency
FROM orders
WHERE created_time > now() - INTERVAL 7 DAY AND proceeds__grand_total__amount IS NOT NULL
  AND fulfillment__fulfillment_status <> 'CANCELLED'
GROUP BY ALL ORDER BY orders DESC""",
        "Which products earn most, after Amazon's fees?": """
SELECT sku, currency_code AS currency, sum(units) AS units, sum(gross_sales) AS sales,
       sum(referral_fees + fba_fulfillment_fees) AS fees,
       sum(net_proceeds - gross_sales - referral_fees - fba_fulfillment_fees) AS other,
       sum(net_proceeds) AS earned
FROM amazon_selling_partner_data_mart.sku_profit_monthly WHERE sku IS NOT NULL
GROUP BY ALL ORDER BY earned DESC LIMIT 3""",
        "Which stock runs out first?": """
SELECT name AS marketplace, sku, available, inbound,
       round(days_of_cover) AS days_of_cover, runs_out_on
FROM amazon_selling_partner_data_mart.inventory_cover
JOIN marketplace_participation ON id = marketplace_id
WHERE days_of_cover IS NOT NULL ORDER BY days_of_cover, available DESC LIMIT 3""",
    },
)

VENDOR = Demo(
    "amazon_vendor",
    ("--vendor", "--marketplaces", "US", "--orders-per-day", "50", "--days", "60"),
    {
        "vendor_retail_procurement_order": "purchase orders",
        "vendor_retail_procurement_order__items": "their items",
        "vendor_retail_procurement_order_status": "what of them is accepted and received",
        "vendor_retail_procurement_shipment": "shipments to Amazon",
        "vendor_transport_label": "labels of shipments",
        "vendor_invoice": "invoices",
        "vendor_remittance": "payments",
        "vendor_remittance__items": "their invoices and deductions",
        "vendor_direct_fulfillment_order": "orders shipped to buyers",
        "vendor_direct_fulfillment_customer_invoice": "invoices of these orders",
    },
    {
        "What do the purchase orders come to?": """
SELECT purchase_order_state AS state, count(DISTINCT purchase_order_number) AS orders,
       sum(ordered_quantity__amount * coalesce(ordered_quantity__unit_size, 1)
           * net_cost__amount) AS cost, net_cost__currency_code AS currency
FROM vendor_retail_procurement_order
JOIN vendor_retail_procurement_order__items USING (purchase_order_number)
GROUP BY ALL ORDER BY cost DESC""",
        "How much of what Amazon orders is accepted, and has arrived?": """
SELECT buyer_product_identifier AS asin, count(*) AS lines,
       count(*) FILTER (acknowledgement_status__confirmation_status = 'ACCEPTED') AS accepted,
       count(*) FILTER (receiving_status__receive_status = 'RECEIVED') AS received
FROM vendor_retail_procurement_order_status__item_status
GROUP BY ALL ORDER BY lines DESC, asin LIMIT 3""",
        "What do Amazon's payments leave of the latest invoices?": """
SELECT invoice_number, any_value(invoice_amount__currency_amount) AS invoiced,
       sum(net_amount_paid__currency_amount) AS paid,
       sum(total_amount__currency_amount - net_amount_paid__currency_amount) AS deducted,
       any_value(invoice_amount__currency_amount) - sum(total_amount__currency_amount) AS open
FROM vendor_remittance__items JOIN vendor_remittance USING (unique_payment_id)
JOIN vendor_invoice USING (invoice_number)
WHERE remittance_status <> 'FAILED' GROUP BY ALL
ORDER BY max(payment_date) DESC, deducted DESC LIMIT 3""",
    },
)

NEXT = (
    "What next (docs/explore.md):",
    "  notebook          .venv/bin/jupyter lab examples/seller_questions.ipynb",
    "  dashboard         marimo with dlt's page: one command, see docs/explore.md",
    "  usual schema      .venv/bin/python amazon_selling_partner_pipeline.py views --pipeline"
    " {name}",
    "  money mart        is made: schema {name}_data_mart, see docs/mart.md",
    "  your account      .venv/bin/python amazon_selling_partner_pipeline.py check, see README.md",
)
