"""The demos: invented accounts of a local SP-API, loaded into files of their own."""

import os
from typing import Any, Sequence, Tuple

import dlt
from dlt.common import Decimal, pendulum

from . import SellingPartnerCredentials, amazon_selling_partner
from .simulator import Simulator
from .simulator.catalog import CatalogBook
from .simulator.reports import ReportBook
from .sync.packages import display, load
from .sync.summary import RunSummary


def demo() -> int:
    """Loads an invented account from a local SP-API into amazon_selling_partner.duckdb."""
    # quotas a thousand times Amazon's: at its own, the orders alone would take three hours
    with Simulator(orders_per_day=100, days=60, quota_factor=1000) as simulator:
        book = simulator.account.part(ReportBook)
        for days_ago in (44, 30, 16, 2):
            end = int(pendulum.today("UTC").subtract(days=days_ago).timestamp() * 1000)
            book.make("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", end - 14 * 86_400_000, end)
        return load_invented(simulator, "amazon_selling_partner", EXAMPLES)


def demo_vendor() -> int:
    """Loads an invented vendor's account from a local SP-API into amazon_vendor.duckdb."""
    place = "ATVPDKIKX0DER"
    with Simulator(days=60, quota_factor=1000, marketplaces=[place]) as simulator:
        simulator.account.part(CatalogBook).vendor = True
        simulator.account.part(ReportBook).vendor = True
        settings = {"is_vendor": True, "marketplace_ids": [place], "include_pii": True}
        return load_invented(simulator, "amazon_vendor", VENDOR_EXAMPLES, **settings)


def load_invented(
    simulator: Simulator, name: str, examples: Sequence[Tuple[str, str]], **settings: Any
) -> int:
    """Loads the account of a simulator into a file of its own and shows what is there."""
    pipeline = pipeline_here(name)
    book = simulator.account.part(ReportBook)
    book.queue_seconds = book.making_seconds = 0
    print(f"A local SP-API answers at {simulator.url}; loading its account ...")
    source = amazon_selling_partner(
        credentials=SellingPartnerCredentials(**simulator.credentials),
        api_url=simulator.url,
        token_url=simulator.token_url,
        merchant_id=simulator.account.seller_id,
        historical_sync_time_frame=pendulum.now().subtract(days=60).to_date_string(),
        reports_time_budget=60,
        **settings,
    )
    load(pipeline, source)
    told = RunSummary.of(pipeline)
    print(f"\n{told.text()}\n")
    print(f"Tables of {name}_data in {name}.duckdb:")
    with pipeline.sql_client() as client:
        for table in pipeline.default_schema.data_tables(seen_data_only=True):
            name = str(table["name"])
            counted = client.execute_sql(
                f"SELECT count(*) FROM {client.make_qualified_table_name(name)}"
            )
            print(f"  {name:<62} {counted[0][0] if counted else 0:>9}")
        for question, query in examples:
            print(f"\n{question}\n{query}")
            with client.execute_query(query) as cursor:
                lines = [[column[0] for column in cursor.description]]
                lines += [[shown(value) for value in row] for row in cursor.fetchall()]
            widths = [max(map(len, column)) for column in zip(*lines)]
            for line in lines:
                print("  ".join(f"{text:<{width}}" for text, width in zip(line, widths)))
    return 1 if told.failed else 0


def pipeline_here(name: str) -> dlt.Pipeline:
    """The pipeline of a demo, whose file is in this folder.

    dlt finds a pipeline by its name alone and its file where it was first run, in another clone
    perhaps: what such a one has loaded is no progress here.
    """

    def make() -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=name,
            destination="duckdb",
            dataset_name=f"{name}_data",
            progress=display(),
        )

    pipeline = make()
    here = os.path.abspath(dlt.current.run_context().local_dir)
    if pipeline.get_local_state_val("initial_cwd") == here:
        return pipeline
    pipeline.drop()
    # made anew, as its destination keeps the folder it was bound to
    return make()


def shown(value: Any) -> str:
    """A value as text, amounts with two places."""
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


EXAMPLES = (
    (
        "-- what was sold by marketplace in the last seven days",
        """SELECT sales_channel__marketplace_name AS marketplace, count(*) AS orders,
       sum(proceeds__grand_total__amount) AS total, proceeds__grand_total__currency_code AS currency
FROM orders
WHERE fulfillment__fulfillment_status <> 'CANCELLED' AND created_time > now() - INTERVAL 7 DAY
GROUP BY ALL ORDER BY orders DESC""",
    ),
    (
        "-- best sellers: items join their orders by order_id",
        """SELECT product__seller_sku AS sku, any_value(product__title) AS title,
       sum(quantity_ordered) AS units, count(DISTINCT order_id) AS orders
FROM orders__order_items JOIN orders USING (order_id)
WHERE fulfillment__fulfillment_status <> 'CANCELLED'
GROUP BY ALL ORDER BY units DESC LIMIT 5""",
    ),
    (
        "-- sales by day, as Amazon counts them",
        """SELECT marketplace_id, day, order_count, unit_count, total_sales__amount AS sales,
       total_sales__currency_code AS currency
FROM order_metrics ORDER BY day DESC, marketplace_id LIMIT 6""",
    ),
)

VENDOR_EXAMPLES = (
    (
        "-- purchase orders by state, and what they come to",
        """SELECT purchase_order_state AS state, count(DISTINCT purchase_order_number) AS orders,
       sum(ordered_quantity__amount * coalesce(ordered_quantity__unit_size, 1)
           * net_cost__amount) AS cost, net_cost__currency_code AS currency
FROM vendor_retail_procurement_order
JOIN vendor_retail_procurement_order__items USING (purchase_order_number)
GROUP BY ALL ORDER BY cost DESC""",
    ),
    (
        "-- how much of what Amazon orders is accepted, and has arrived",
        """SELECT buyer_product_identifier AS asin, count(*) AS lines,
       count(*) FILTER (acknowledgement_status__confirmation_status = 'ACCEPTED') AS accepted,
       count(*) FILTER (receiving_status__receive_status = 'RECEIVED') AS received
FROM vendor_retail_procurement_order_status__item_status
GROUP BY ALL ORDER BY lines DESC, asin LIMIT 5""",
    ),
    (
        "-- what Amazon has paid, by invoice status",
        """SELECT invoice_status AS status, count(DISTINCT invoice_identifier) AS invoices,
       sum(breakdown_amount__currency_amount) AS paid
FROM vendor_invoice JOIN vendor_invoice__invoice_settlement_breakdowns USING (invoice_identifier)
WHERE breakdown_type = 'AmountPaid' GROUP BY ALL ORDER BY status""",
    ),
)
