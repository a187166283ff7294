"""The command line: demo, check, estimate, authorize, run, resync, status and views."""

import argparse
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from dlt.common import pendulum

from .. import make_context, resolve_values
from ..client.errors import ConfigurationError, find_error
from ..client.http import validate_url
from ..loading import RunContext
from ..loading.runner import PACKAGE_TIME
from ..modules import choose_modules
from ..settings import TOKEN_URL
from .arguments import (
    parse_account_name,
    parse_account_names,
    parse_count,
    parse_dataset,
    parse_date,
    parse_duration,
    parse_name,
    parse_names,
    parse_parallel,
)
from .authorize import (
    ConsentListener,
    code_in,
    consent_url,
    exchange_code,
    new_state,
    write_refresh_token,
)
from .check import check_access
from .estimate import estimate, format_duration
from .messages import has_started, is_interrupt, user_message
from .pipelines import DEFAULT_ACCOUNT, SETTINGS
from .run import resync_command, run
from .status import status_command
from .views import views_command


def demo() -> int:
    """Loads a simulated seller from a local SP-API into amazon_selling_partner.duckdb."""
    return run_demo("demo")


def demo_vendor() -> int:
    """Loads a simulated vendor from a local SP-API into amazon_vendor.duckdb."""
    return run_demo("demo_vendor")


def run_demo(name: str) -> int:
    """Runs a function of `demo`, which imports the simulator.

    Raises:
        ConfigurationError: The simulator is not here.
    """
    if not find_spec("sp_api_simulator"):
        raise ConfigurationError(
            "the demos need the simulator, which `dlt init` does not copy: run `make demo` in a"
            " clone of the source's repository, or install it from there: pip install"
            " <clone>/sp_api_simulator."
        )
    return int(getattr(import_module(f"{__package__}.demo"), name)())


def context_of(account: str, **given: Any) -> RunContext:
    """The context of an account of the settings; no request is made yet."""
    return make_context(resolve_values(account, **given), account)


def check(options: argparse.Namespace) -> int:
    """Tries the credentials and the role of each table."""
    missing = 0
    print(f"{'module':<25} {'table':<60} {'access':<9} role it needs")
    for access in check_access(context_of(options.account)):
        granted = {True: "yes", False: "MISSING", None: "not tried"}[access.is_granted]
        print(f"{access.module:<25} {access.table:<60} {granted:<9} {access.role}")
        if access.reason:
            missing += 1
            print(f"{'':<25} {access.reason}")
    return 1 if missing else 0


def authorize_command(options: argparse.Namespace) -> int:
    """Requests the consent of a seller or vendor to a public application and stores its token."""
    values = resolve_values(options.account)
    credentials = values["credentials"]
    credentials.validate("client_id", "client_secret", section=options.account)
    token_url = validate_url(values["token_url"] or TOKEN_URL, "token_url")
    state = new_state()
    listener = None if options.code is not None else ConsentListener(state, options.port)
    redirect = options.redirect_uri or (listener.address if listener else None)
    if options.code:
        code = code_in(options.code, None)
    else:
        address = consent_url(
            credentials, options.country, options.vendor, state, redirect, options.draft,
            options.central,
        )  # fmt: skip
        print(f"Open this address in a browser and confirm:\n\n{address}\n", flush=True)
        if listener:
            print(f"Waiting for the browser at {listener.address} ...", flush=True)
            code = listener.code()
        else:
            code = code_in(input("Paste the address the browser was sent to: "), state)
    token = exchange_code(credentials, code, token_url, redirect)
    path = Path(".dlt") / "secrets.toml"
    today = pendulum.now("UTC").to_date_string()
    write_refresh_token(path, options.account, token, today)
    print(f"The refresh token is in {path}; `check` shows what it gives access to.")
    return 0


def estimate_command(options: argparse.Namespace) -> int:
    """Estimates the calls of a first and a daily sync, and the time that Amazon's quotas take."""
    given = {key: value for key, value in vars(options).items() if key in SETTINGS and value}
    values = resolve_values(options.account, **given)
    context = make_context(values, options.account)
    modules = choose_modules(values["modules"], context.settings.account_kind)
    found = estimate(context, modules, options.products)
    size = found.size
    print(
        f"{len(size.marketplaces)} marketplaces, {size.orders_per_day:.0f} orders per day,"
        f" {size.products} products, {size.history_days:.0f} days of history"
    )
    print(f"{'module':<26} {'operation':<36} {'first':>8} {'time':>24} {'daily':>7}  based on")
    for module, operation in found.operations:
        first, _ = operation.seconds()
        print(
            f"{module:<26} {operation.operation.name:<36} {operation.first:>8}"
            f" {format_duration(first):>24} {operation.daily:>7}  {operation.basis}"
        )
    print(f"First sync: {format_duration(found.first_seconds)}; the newest days load in minutes.")
    print(f"Daily sync: {format_duration(found.daily_seconds)}.")
    return 0


PARALLEL = 4


PROGRAM = "amazon_selling_partner_pipeline.py"

EXAMPLES: Dict[str, Tuple[str, ...]] = {
    "demo": ("demo",),
    "demo-vendor": ("demo-vendor",),
    "check": ("check", "check --account seller_eu"),
    "estimate": ("estimate --since 2026-01-01 --modules ORDERS,FINANCE",),
    "authorize": ("authorize --account seller_eu --country DE",),
    "run": (
        "run --since 2026-01-01",
        "run --accounts seller_na,seller_eu --for 2h --destination postgres",
        "run --tables orders,order_metrics --json",
    ),
    "resync": ("resync --tables orders --from 2026-01-01 --to 2026-02-01",),
    "status": ("status", "status --accounts seller_na,seller_eu --destination postgres"),
    "views": ("views --marketplace US", "views --mart --cogs my_schema.costs"),
}
"""Of each command."""


class HelpWithDefaults(argparse.RawDescriptionHelpFormatter):
    """Help that names the default of each option that has one."""

    def _get_help_string(self, action: argparse.Action) -> Optional[str]:
        has_default = action.default not in (None, False, [], argparse.SUPPRESS)
        return f"{action.help} (default: %(default)s)" if has_default else action.help


def make_parser() -> argparse.ArgumentParser:
    """The parser of all commands; `docs/cli.md` is generated from it."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add_command(name: str, description: Optional[str]) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=description,
            description=description,
            epilog="\n  ".join(["examples:", *(f"python {PROGRAM} {it}" for it in EXAMPLES[name])]),
            formatter_class=HelpWithDefaults,
        )

    add_command("demo", demo.__doc__)
    add_command("demo-vendor", demo_vendor.__doc__)
    checks = add_command("check", check.__doc__)
    estimates = add_command("estimate", estimate_command.__doc__)
    authorizations = add_command("authorize", authorize_command.__doc__)
    runs = add_command("run", run.__doc__)
    resyncs = add_command("resync", resync_command.__doc__)
    states = add_command("status", status_command.__doc__)
    views = add_command("views", views_command.__doc__)
    states.add_argument(
        "--account", type=parse_account_name, metavar="NAME", help="section of the settings"
    )
    for command in (checks, estimates, authorizations):
        command.add_argument(
            "--account",
            type=parse_account_name,
            metavar="NAME",
            default=DEFAULT_ACCOUNT,
            help="section of the settings",
        )
    for command in (runs, resyncs, states):
        command.add_argument(
            "--accounts",
            type=parse_account_names,
            metavar="NAMES",
            default=[],
            help="sections of the settings, one per account, such as seller_na,seller_eu; of an"
            " accounts file also seller_*",
        )
        command.add_argument(
            "--accounts-file",
            metavar="PATH",
            help="TOML files with a table of settings per account, such as 'accounts/*.toml'; all"
            " are loaded unless --accounts names some",
        )
        command.add_argument(
            "--destination",
            type=parse_name,
            metavar="NAME",
            default="duckdb",
            help="a dlt destination",
        )
        command.add_argument(
            "--dataset",
            type=parse_dataset,
            metavar="NAME",
            default="selling_partner_data",
            help="dataset or schema of the tables in the destination",
        )
    for command in (estimates, runs, resyncs):
        command.add_argument(
            "--modules", type=parse_names, metavar="NAMES", help="such as ORDERS,FINANCE"
        )
        command.add_argument(
            "--since",
            dest="historical_sync_time_frame",
            metavar="DATE",
            help="first day of the history, or ALL_TIME",
        )
    estimates.add_argument(
        "--products",
        type=parse_count,
        metavar="NUMBER",
        help="number of ASINs, where it cannot be requested from Amazon",
    )
    for command in (runs, resyncs):
        command.add_argument(
            "--tables", type=parse_names, metavar="NAMES", help="such as orders,order_metrics"
        )
        command.add_argument(
            "--for",
            dest="seconds",
            type=parse_duration,
            metavar="DURATION",
            help="how long to run, such as 2h; by default until everything is loaded",
        )
        command.add_argument(
            "--package",
            type=parse_duration,
            metavar="DURATION",
            default=f"{PACKAGE_TIME / 60:.0f}m",
            help="how long a load package is extracted before it is loaded, such as 15m",
        )
        command.add_argument(
            "--parallel",
            type=parse_parallel,
            metavar="NUMBER",
            default=PARALLEL,
            help="how many accounts are loaded at the same time, each in a process of its own",
        )
        output = command.add_mutually_exclusive_group()
        output.add_argument(
            "--verbose", action="store_true", help="print all tables, calls and warnings too"
        )
        output.add_argument(
            "--json",
            action="store_true",
            help="print a JSON object per account and package, and nothing else",
        )
        output.add_argument("--quiet", action="store_true", help="print nothing but failures")
    resyncs.add_argument(
        "--from", dest="from_date", type=parse_date, metavar="DATE", help="first day to read again"
    )
    resyncs.add_argument(
        "--to",
        dest="to_date",
        type=parse_date,
        metavar="DATE",
        help="the day after the last one to read again",
    )
    authorizations.add_argument(
        "--country", metavar="CODE", default="US", help="country of the account, such as DE"
    )
    authorizations.add_argument("--vendor", action="store_true", help="a vendor's account")
    authorizations.add_argument(
        "--draft", action="store_true", help="the application is not published yet"
    )
    authorizations.add_argument(
        "--port",
        type=int,
        metavar="NUMBER",
        default=8642,
        help="port of this machine that waits for the browser",
    )
    authorizations.add_argument(
        "--redirect-uri", metavar="URL", help="another registered redirect URI, with --code"
    )
    authorizations.add_argument(
        "--code",
        nargs="?",
        const="",
        metavar="CODE",
        help="no port is opened: paste Amazon's response when prompted, or pass it here",
    )
    authorizations.add_argument("--central", help=argparse.SUPPRESS)
    views.add_argument("--destination", metavar="NAME", default="duckdb", help="a dlt destination")
    views.add_argument(
        "--pipeline",
        metavar="NAME",
        default="selling_partner",
        help="the pipeline that loaded the data, such as amazon_selling_partner for the demo",
    )
    views.add_argument(
        "--dataset",
        metavar="NAME",
        help="dataset or schema of the loaded tables, by default the pipeline's name with _data",
    )
    views.add_argument(
        "--into",
        metavar="NAME",
        help="dataset or schema for the views, by default the dataset's name with _documented",
    )
    views.add_argument(
        "--mart", action="store_true", help="create the money mart, not the documented tables"
    )
    views.add_argument(
        "--cogs",
        metavar="TABLE",
        help="for --mart: table of the costs of goods, with sku, currency, valid_from, unit_cost",
    )
    choice = views.add_mutually_exclusive_group()
    choice.add_argument(
        "--marketplace", metavar="CODE", help="show rows of one marketplace, such as US"
    )
    choice.add_argument(
        "--all-marketplaces",
        action="store_true",
        help="show rows of all marketplaces (default)",
    )
    views.add_argument(
        "--selling-partner", metavar="NAME", help="show rows of one account of several"
    )
    views.add_argument(
        "--keep-all-rows",
        action="store_true",
        help="show all rows that share a documented key, not one of them",
    )
    output = views.add_mutually_exclusive_group()
    output.add_argument("--print", action="store_true", help="print the SQL, create nothing")
    output.add_argument("--dbt", metavar="DIR", help="write dbt models into DIR, create nothing")
    output.add_argument("--drop", action="store_true", help="drop the views")
    return parser


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs a command; its exit code.

    Returns:
        0 when all is there, 1 when something failed or was refused, 2 when it could not start, 130
            when it was stopped.
    """
    options = make_parser().parse_args(arguments)
    try:
        if options.command == "demo":
            return demo()
        if options.command == "demo-vendor":
            return demo_vendor()
        if options.command == "check":
            return check(options)
        if options.command == "authorize":
            return authorize_command(options)
        if options.command == "estimate":
            return estimate_command(options)
        if options.command == "status":
            return status_command(options)
        if options.command == "views":
            return views_command(options)
        return run(options) if options.command == "run" else resync_command(options)
    except (Exception, KeyboardInterrupt) as error:
        if is_interrupt(error):
            print("Stopped; the next run resumes where the last complete package ended.")
            return 130
        if (message := user_message(error)) is None:
            raise
        print(f"error: {message}", file=sys.stderr)
        if isinstance(find_error(error), ConfigurationError) and "credentials." in message:
            print("docs/access.md says how to get credentials; `demo` needs none.", file=sys.stderr)
        return 1 if has_started(error) else 2
