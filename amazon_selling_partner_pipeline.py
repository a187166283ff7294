"""Loads a selling partner's data; the command line knows `demo`, `run`, `resync` and `check`."""

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, List, Optional, Sequence, Tuple

import dlt
from dlt.common import Decimal, pendulum
from dlt.common.runtime.collector import EnlightenCollector, LogCollector
from dlt.pipeline.exceptions import PipelineStepFailed

from amazon_selling_partner import (
    SellingPartnerCredentials,
    account_of_settings,
    amazon_selling_partner,
    application,
    connect,
)
from amazon_selling_partner.access import check_access
from amazon_selling_partner.authorize import (
    ConsentListener,
    code_in,
    consent_address,
    exchanged,
    new_state,
    write_refresh_token,
)
from amazon_selling_partner.client.errors import ConfigurationError, SellingPartnerError, reason
from amazon_selling_partner.estimate import estimate_of_settings, in_words
from amazon_selling_partner.simulator import Simulator
from amazon_selling_partner.simulator.reports import ReportBook
from amazon_selling_partner.sync.again import resync
from amazon_selling_partner.sync.packages import PACKAGE_TIME, load_packages
from amazon_selling_partner.sync.summary import RunSummary


def new_pipeline() -> dlt.Pipeline:
    """The pipeline of your account; the demo has one of its own, so the two never mix."""
    return dlt.pipeline(
        pipeline_name="selling_partner",
        destination="duckdb",
        dataset_name="selling_partner_data",
        progress="log",
    )


def load(pipeline: dlt.Pipeline, source: Any = None) -> None:
    """Runs a pipeline, in the file format of config.toml where its destination takes that.

    Without a source it loads what a run that was stopped had read.
    """
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
        simulator.account.part(ReportBook).vendor = True
        settings = {"is_vendor": True, "marketplace_ids": [place], "include_pii": True}
        return load_invented(simulator, "amazon_vendor", VENDOR_EXAMPLES, **settings)


def load_invented(
    simulator: Simulator, name: str, examples: Sequence[Tuple[str, str]], **settings: Any
) -> int:
    """Loads the account of a simulator into a file of its own and shows what is there."""
    pipeline = dlt.pipeline(
        pipeline_name=name, destination="duckdb", dataset_name=f"{name}_data", progress="log"
    )
    book = simulator.account.part(ReportBook)
    book.queue_seconds = book.making_seconds = 0
    print(f"A local SP-API answers at {simulator.url}; loading its account ...")
    source = amazon_selling_partner(
        credentials=SellingPartnerCredentials(**simulator.credentials),
        api_url=simulator.url,
        token_url=simulator.token_url,
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


def run(options: argparse.Namespace) -> int:
    """Loads the accounts of the settings until all is there, newest first."""
    pipeline = pipeline_of(options)
    return max([run_account(pipeline, name, options) for name in options.accounts])


def run_account(pipeline: dlt.Pipeline, name: str, options: argparse.Namespace) -> int:
    """Loads one account; what stops it leaves the next one alone.

    Args:
        pipeline (dlt.Pipeline): Where to load.
        name (str): Section of the settings, and name of the account in its rows.
        options (argparse.Namespace): Of the command line.

    Returns:
        int: 0 if all that could be loaded was, else 1.
    """
    total = RunSummary()

    def make_source(package_time: float) -> Any:
        return source_of(name, options, package_time=package_time)

    try:
        for number, told in enumerate(
            load_packages(pipeline, make_source, load, options.seconds, options.package), 1
        ):
            total.add(told)
            print(f"Package {number} of {name}: {sum(told.rows.values())} rows loaded.")
            for table, what in sorted(told.left.items()):
                print(f"  {table}: {what}")
    except (SellingPartnerError, PipelineStepFailed) as error:
        if len(options.accounts) == 1 or (why := reason(error)) is None:
            raise
        print(f"{name}: error: {why}", file=sys.stderr)
        return 1
    print(total.text())
    return 1 if total.failed else 0


def read_again(options: argparse.Namespace) -> int:
    """Loads tables again, in whole or a range of dates, while their rows stay; then runs."""
    pipeline = pipeline_of(options)
    pipeline.sync_destination()
    for name in options.accounts:
        source = source_of(name, options)
        since, until = options.from_date, options.to_date
        found = resync(pipeline, source.name, source.selected_resources, since, until)
        print(f"{name}: to be read again: {', '.join(found) or 'nothing was read before'}")
    return run(options)


def pipeline_of(options: argparse.Namespace) -> dlt.Pipeline:
    """The pipeline of your accounts, at the destination of the command line."""
    target: Any = {"destination": options.destination, "dataset_name": options.dataset}
    pipeline: dlt.Pipeline = dlt.pipeline("selling_partner", progress=display(), **target)
    return pipeline


def source_of(name: str, options: argparse.Namespace, **settings: Any) -> Any:
    """The source of an account, with the settings and the tables of the command line."""
    given = {key: value for key, value in vars(options).items() if key in SETTINGS and value}
    make = amazon_selling_partner
    if name != "amazon_selling_partner":
        make = make.clone(name=name, section=name)
    source = make(**given, **settings)
    if unknown := set(options.tables or ()) - set(source.resources):
        raise ConfigurationError(
            f"--tables names {', '.join(sorted(unknown))}, which the chosen modules do not have:"
            f" choose from {', '.join(sorted(source.resources))}."
        )
    return source.with_resources(*options.tables) if options.tables else source


def display() -> Any:
    """A live display on a terminal that has `enlighten`, a few lines now and then elsewhere."""
    if sys.stdout.isatty() and find_spec("enlighten"):
        return EnlightenCollector()
    return LogCollector(10 if sys.stdout.isatty() else 60, dump_system_stats=False)


def seconds(text: str) -> float:
    """A duration such as 90s, 15m, 2h or 1d."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    if text[-1:] not in units or not text[:-1].replace(".", "", 1).isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: write 90s, 15m, 2h or 1d")
    return float(text[:-1]) * units[text[-1]]


def date(text: str) -> pendulum.DateTime:
    """A day such as 2026-01-31, its midnight in UTC."""
    try:
        return pendulum.from_format(text, "YYYY-MM-DD", tz="UTC")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write 2026-01-31") from None


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


def ask_consent(options: argparse.Namespace) -> int:
    """Asks a seller or vendor for consent to a public application and keeps its refresh token."""
    credentials, token_url = application()
    state = new_state()
    listener = None if options.code is not None else ConsentListener(state, options.port)
    redirect = options.redirect_uri or (listener.address if listener else None)
    if options.code:
        code = code_in(options.code, None)
    else:
        address = consent_address(
            credentials, options.country, options.vendor, state, redirect, options.draft,
            options.central,
        )  # fmt: skip
        print(f"Open this address in a browser and confirm:\n\n{address}\n", flush=True)
        if listener:
            print(f"Waiting for Amazon's answer at {listener.address} ...", flush=True)
            code = listener.code()
        else:
            code = code_in(input("Paste the address the browser was sent to: "), state)
    token = exchanged(credentials, code, token_url, redirect)
    path = Path(".dlt") / "secrets.toml"
    write_refresh_token(path, options.account, token)
    print(f"The refresh token is in {path}; `check` tells what it gives access to.")
    return 0


def reckon(options: argparse.Namespace) -> int:
    """Says how many calls a first and a daily sync need, and how long Amazon's quota makes them."""
    settings = {key: value for key, value in vars(options).items() if key in SETTINGS and value}
    found = estimate_of_settings(products=options.products, **settings)
    size = found.size
    print(
        f"{len(size.marketplaces)} marketplaces, {size.orders_a_day:.0f} orders a day,"
        f" {size.products} products, {size.history_days:.0f} days of history"
    )
    print(f"{'module':<16} {'operation':<36} {'first':>8} {'time':>24} {'daily':>7}  reckoned from")
    for need in found.needs:
        print(
            f"{need.module:<16} {need.operation.name:<36} {need.first:>8}"
            f" {in_words(need.first_seconds):>24} {need.daily:>7}  {need.basis}"
        )
    print(f"First sync: {in_words(found.first_seconds)}; the newest days are there in minutes.")
    print(f"Daily sync: {in_words(found.daily_seconds)}.")
    return 0


SETTINGS = ("modules", "historical_sync_time_frame")


def names(text: str) -> List[str]:
    """Names separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def main(arguments: Optional[List[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help=demo.__doc__)
    commands.add_parser("demo-vendor", help=demo_vendor.__doc__)
    commands.add_parser("check", help=check.__doc__)
    reckons = commands.add_parser("estimate", help=reckon.__doc__)
    reckons.add_argument("--modules", type=names, help="such as ORDERS,FINANCE")
    reckons.add_argument(
        "--since", dest="historical_sync_time_frame", help="first day of history, or ALL_TIME"
    )
    reckons.add_argument("--products", type=int, help="how many ASINs, if Amazon cannot be asked")
    asks = commands.add_parser("authorize", help=ask_consent.__doc__)
    asks.add_argument("--country", default="US", help="of the account, such as DE")
    asks.add_argument("--vendor", action="store_true", help="a vendor's account")
    asks.add_argument("--draft", action="store_true", help="the application is not published yet")
    asks.add_argument("--port", type=int, default=8642, help="of this machine, for the answer")
    asks.add_argument("--redirect-uri", help="registered address of your own, with --code")
    asks.add_argument(
        "--code", nargs="?", const="", help="paste Amazon's answer, or give it, without a port"
    )
    asks.add_argument("--account", default="amazon_selling_partner", help="section of the settings")
    asks.add_argument("--central", help=argparse.SUPPRESS)
    for command in (
        commands.add_parser("run", help=run.__doc__),
        again := commands.add_parser("resync", help=read_again.__doc__),
    ):
        command.add_argument("--destination", default="duckdb", help="any dlt destination")
        command.add_argument(
            "--dataset", default="selling_partner_data", help="where tables are made"
        )
        command.add_argument("--modules", type=names, help="such as ORDERS,FINANCE")
        command.add_argument("--tables", type=names, help="such as orders,order_metrics")
        command.add_argument(
            "--accounts",
            type=names,
            default=["amazon_selling_partner"],
            help="sections of the settings, one an account, such as seller_na,seller_eu",
        )
        command.add_argument(
            "--since", dest="historical_sync_time_frame", help="first day of history, or ALL_TIME"
        )
        command.add_argument(
            "--for", dest="seconds", type=seconds, help="how long to go on, such as 2h"
        )
        command.add_argument(
            "--package",
            type=seconds,
            default=PACKAGE_TIME,
            help="how long to read before loading, such as 15m",
        )
    again.add_argument("--from", dest="from_date", type=date, help="first day to read again")
    again.add_argument("--to", dest="to_date", type=date, help="day up to which to read again")
    options = parser.parse_args(arguments)
    try:
        if options.command == "demo":
            return demo()
        if options.command == "demo-vendor":
            return demo_vendor()
        if options.command == "check":
            return check()
        if options.command == "authorize":
            return ask_consent(options)
        if options.command == "estimate":
            return reckon(options)
        return run(options) if options.command == "run" else read_again(options)
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
