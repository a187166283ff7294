"""The command line: demo, check, estimate, authorize, run and resync."""

import argparse
import sys
from pathlib import Path
from typing import Any, List, Optional

import dlt
from dlt.common import pendulum
from dlt.common.configuration import with_config
from dlt.common.configuration.exceptions import (
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
)
from dlt.common.destination.exceptions import DestinationException
from dlt.common.exceptions import MissingDependencyException
from dlt.common.schema.exceptions import InvalidSchemaName
from dlt.pipeline.exceptions import PipelineStepFailed

from . import account_of_settings, amazon_selling_partner, application, connect
from .access import check_access
from .authorize import (
    ConsentListener,
    code_in,
    consent_address,
    exchanged,
    new_state,
    write_refresh_token,
)
from .client.errors import ConfigurationError, reason
from .demo import demo, demo_vendor
from .estimate import estimate_of_settings, in_words
from .sync.again import resync
from .sync.packages import PACKAGE_TIME, display, load, load_packages
from .sync.summary import RunSummary


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
    except Exception as error:
        if len(options.accounts) == 1 or (why := in_a_sentence(error)) is None:
            raise
        print(f"{name}: error: {why}", file=sys.stderr)
        return 1
    print(total.text())
    return 1 if total.failed else 0


def read_again(options: argparse.Namespace) -> int:
    """Loads tables again, in whole or a range of dates, while their rows stay; then runs."""
    if options.to_date and (options.from_date is None or options.to_date <= options.from_date):
        raise ConfigurationError("--to has to be a day after the one of --from, which it needs.")
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


def of_account(function: Any, name: str) -> Any:
    """A function of the settings, with those of one account's section."""
    return with_config(function.__wrapped__, sections=("sources", name))


def check(options: argparse.Namespace) -> int:
    """Tries the credentials and the role of each table."""
    missing = 0
    client = of_account(connect, options.account)(selling_partner=options.account)
    of_settings = of_account(account_of_settings, options.account)()
    print(f"{'module':<25} {'table':<60} {'access':<9} role it needs")
    for access in check_access(client, *of_settings):
        granted = {True: "yes", False: "MISSING", None: "not tried"}[access.granted]
        print(f"{access.module:<25} {access.table:<60} {granted:<9} {access.role}")
        if access.reason:
            missing += 1
            print(f"{'':<25} {access.reason}")
    return 1 if missing else 0


def ask_consent(options: argparse.Namespace) -> int:
    """Asks a seller or vendor for consent to a public application and keeps its refresh token."""
    credentials, token_url = of_account(application, options.account)()
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
    of_settings = of_account(estimate_of_settings, options.account)
    found = of_settings(products=options.products, **settings)
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
    """Names separated by commas, one at least."""
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise argparse.ArgumentTypeError("there is no name in it")
    return found


EXPECTED = (
    ConfigurationException,
    DestinationException,
    MissingDependencyException,
    InvalidSchemaName,
    OSError,
    EOFError,
)
"""What dlt and the system say of mistakes and of the destination: no traceback makes it clearer."""


def in_a_sentence(error: Optional[BaseException]) -> Optional[str]:
    """What a user can mend of what stopped a command, None for what is not to be expected."""
    if is_interrupt(error):
        return None
    if (why := reason(error)) is not None:
        return str(why)
    while error is not None:
        if isinstance(error, ConfigValueCannotBeCoercedException):
            kind = KINDS.get(error.hint, f"a {getattr(error.hint, '__name__', error.hint)}")
            return f"{error.field_name} cannot be read: write {kind}."
        # drivers of databases have exceptions of their own
        at_destination = isinstance(error, PipelineStepFailed) and error.step in ("sync", "load")
        if at_destination or isinstance(error, EXPECTED):
            error = getattr(error, "exception", None) or error
            said = " ".join(str(error).split())
            return f"{said[:500] or 'the input ended'} ({type(error).__name__})"
        error = getattr(error, "exception", None) or error.__cause__ or error.__context__
    return None


def is_interrupt(error: Optional[BaseException]) -> bool:
    """True for Ctrl-C, also where dlt has wrapped it."""
    return isinstance(getattr(error, "exception", error), KeyboardInterrupt)


KINDS = {
    list: 'a list, such as ["a", "b"]',
    dict: "a table of names and values",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}
"""What a setting has to be, by its type."""


def main(arguments: Optional[List[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help=demo.__doc__)
    commands.add_parser("demo-vendor", help=demo_vendor.__doc__)
    checks = commands.add_parser("check", help=check.__doc__)
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
    for one in (checks, reckons, asks):
        one.add_argument(
            "--account", default="amazon_selling_partner", help="section of the settings"
        )
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
            return check(options)
        if options.command == "authorize":
            return ask_consent(options)
        if options.command == "estimate":
            return reckon(options)
        return run(options) if options.command == "run" else read_again(options)
    except (Exception, KeyboardInterrupt) as error:
        if is_interrupt(error):
            print("Stopped; the next run goes on where the last complete one ended.")
            return 130
        if (why := in_a_sentence(error)) is None:
            raise
        print(f"error: {why}", file=sys.stderr)
        if isinstance(reason(error), ConfigurationError) and "credentials." in why:
            print("README.md says how to get credentials; `demo` needs none.", file=sys.stderr)
        return 2
