"""Loads a selling partner's data; the command line knows `demo`, `run` and `check`."""

import argparse
import sys
from typing import Any, List, Optional

import dlt
from dlt.common import Decimal, pendulum
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner import (
    SellingPartnerCredentials,
    account_of_settings,
    amazon_selling_partner,
    connect,
)
from amazon_selling_partner.access import check_access
from amazon_selling_partner.client.errors import ConfigurationError, SellingPartnerError, reason
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.reports import ReportBook
from amazon_selling_partner.sync.summary import failed, summary


def new_pipeline() -> dlt.Pipeline:
    """The pipeline of your account; the demo has one of its own, so the two never mix."""
    return dlt.pipeline(
        pipeline_name="selling_partner",
        destination="duckdb",
        dataset_name="selling_partner_data",
        progress="log",
    )


def load(pipeline: dlt.Pipeline, source: Any) -> None:
    """Runs a pipeline, in the file format of config.toml where its destination takes that."""
    wanted = dlt.config.get("loader_file_format", str)
    formats = pipeline.destination.capabilities().supported_loader_file_formats or ()
    target: Any = {"loader_file_format": wanted} if wanted in formats else {}
    pipeline.run(source, **target)


def load_everything() -> dlt.Pipeline:
    """Loads all modules: history the first time, then what changed."""
    pipeline = new_pipeline()
    load(pipeline, amazon_selling_partner())
    return pipeline


def load_some_modules(modules: List[str]) -> dlt.Pipeline:
    """Loads chosen modules, such as `["ORDERS"]`."""
    pipeline = new_pipeline()
    load(pipeline, amazon_selling_partner(modules=modules))
    return pipeline


def load_some_tables() -> dlt.Pipeline:
    """Loads chosen tables only: the calls of the others are not made."""
    pipeline = new_pipeline()
    load(pipeline, amazon_selling_partner().with_resources("orders", "order_metrics"))
    return pipeline


def load_date_range(start: pendulum.DateTime, end: pendulum.DateTime) -> dlt.Pipeline:
    """Loads again what last changed between two moments; the cursor stays where it is."""
    pipeline = new_pipeline()
    source = amazon_selling_partner().with_resources("orders")
    source.orders.apply_hints(
        incremental=dlt.sources.incremental("lastUpdatedTime", initial_value=start, end_value=end)
    )
    load(pipeline, source)
    return pipeline


def load_several_accounts() -> dlt.Pipeline:
    """Loads two accounts into the same tables, each with credentials and cursors of its own.

    `[sources.seller_na]` and `[sources.seller_eu]` in secrets.toml hold what
    `[sources.amazon_selling_partner]` holds for one account.
    """
    pipeline = new_pipeline()
    for name in ("seller_na", "seller_eu"):
        account = amazon_selling_partner.clone(name=name, section=name)
        load(pipeline, account())
    return pipeline


def demo() -> int:
    """Loads an invented account from a local SP-API into amazon_selling_partner.duckdb."""
    pipeline = dlt.pipeline(
        pipeline_name="amazon_selling_partner",
        destination="duckdb",
        dataset_name="amazon_selling_partner_data",
        progress="log",
    )
    # quotas a thousand times Amazon's: at its own, the orders alone would take three hours
    with Simulator(orders_per_day=100, days=60, quota_factor=1000) as simulator:
        book = simulator.account.part(ReportBook)
        book.queue_seconds = book.making_seconds = 0
        for days_ago in (44, 30, 16, 2):
            end = int(pendulum.today("UTC").subtract(days=days_ago).timestamp() * 1000)
            book.make("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", end - 14 * 86_400_000, end)
        print(f"A local SP-API answers at {simulator.url}; loading its account ...")
        source = amazon_selling_partner(
            credentials=SellingPartnerCredentials(**simulator.credentials),
            api_url=simulator.url,
            token_url=simulator.token_url,
            historical_sync_time_frame=pendulum.now().subtract(days=60).to_date_string(),
            reports_time_budget=60,
        )
        load(pipeline, source)
    print(f"\n{summary(pipeline)}\n")
    print("Tables of amazon_selling_partner_data in amazon_selling_partner.duckdb:")
    with pipeline.sql_client() as client:
        for table in pipeline.default_schema.data_tables(seen_data_only=True):
            name = str(table["name"])
            counted = client.execute_sql(
                f"SELECT count(*) FROM {client.make_qualified_table_name(name)}"
            )
            print(f"  {name:<62} {counted[0][0] if counted else 0:>9}")
        for question, query in EXAMPLES:
            print(f"\n{question}\n{query}")
            with client.execute_query(query) as cursor:
                lines = [[column[0] for column in cursor.description]]
                lines += [[shown(value) for value in row] for row in cursor.fetchall()]
            widths = [max(map(len, column)) for column in zip(*lines)]
            for line in lines:
                print("  ".join(f"{text:<{width}}" for text, width in zip(line, widths)))
    return 1 if failed(pipeline) else 0


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


def run(options: argparse.Namespace) -> int:
    """Loads the account of the settings and says what was done."""
    target = {"destination": options.destination, "dataset_name": options.dataset}
    pipeline = dlt.pipeline(pipeline_name="selling_partner", progress="log", **target)
    settings = {name: value for name, value in vars(options).items() if name in SETTINGS and value}
    load(pipeline, amazon_selling_partner(**settings))
    print(summary(pipeline))
    return 1 if failed(pipeline) else 0


def check() -> int:
    """Tries the credentials and the role of each table."""
    missing = 0
    print(f"{'module':<8} {'table':<42} {'access':<9} role it needs")
    for access in check_access(connect(), *account_of_settings()):
        granted = {True: "yes", False: "MISSING", None: "not tried"}[access.granted]
        print(f"{access.module:<8} {access.table:<42} {granted:<9} {access.role}")
        if access.reason:
            missing += 1
            print(f"{'':<8} {access.reason}")
    return 1 if missing else 0


SETTINGS = ("modules", "historical_sync_time_frame")


def main(arguments: Optional[List[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help=demo.__doc__)
    commands.add_parser("check", help=check.__doc__)
    runs = commands.add_parser("run", help=run.__doc__)
    runs.add_argument("--destination", default="duckdb", help="any dlt destination")
    runs.add_argument("--dataset", default="selling_partner_data", help="where tables are made")
    runs.add_argument("--modules", type=lambda text: text.split(","), help="such as ORDERS")
    runs.add_argument(
        "--since", dest="historical_sync_time_frame", help="first day of history, or ALL_TIME"
    )
    options = parser.parse_args(arguments)
    try:
        if options.command == "demo":
            return demo()
        return check() if options.command == "check" else run(options)
    except (SellingPartnerError, PipelineStepFailed, KeyboardInterrupt) as error:
        if isinstance(getattr(error, "exception", error), KeyboardInterrupt):
            print("Stopped; the next run goes on where the last complete one ended.")
            return 130
        if (why := reason(error)) is None:
            raise
        print(f"error: {why}", file=sys.stderr)
        if isinstance(why, ConfigurationError) and "credentials." in str(why):
            print("README.md says how to get credentials; `demo` needs none.", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
