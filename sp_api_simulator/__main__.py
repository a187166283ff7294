"""Runs the simulator from a shell."""

import argparse
import json
import sys
import threading
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence

from . import control
from .core.account import Account
from .core.clock import ShiftedClock
from .core.faults import KINDS
from .core.marketplaces import MARKETPLACES, Marketplace
from .data_kiosk.query_store import QueryStore
from .reports.report_store import ReportStore
from .server import DEFAULT_MARKETPLACES, Simulator

DEFAULT_SECTION = "amazon_selling_partner"
"""Section of the settings of the default account."""

REGIONS = {"NORTH_AMERICA": "na", "EUROPE": "eu", "FAR_EAST": "fe"}
"""What is added to the name of an account in several regions, which is one account in each."""

EXAMPLES = """examples:
  python -m sp_api_simulator --quota-factor 1000
  python -m sp_api_simulator --account seller_eu,marketplaces=DE+FR+IT,orders-per-day=50
  python -m sp_api_simulator --account world,marketplaces=US+CA+DE+JP
  python -m sp_api_simulator --account vendor_us,vendor --account vendor_de,vendor,marketplaces=DE
  python -m sp_api_simulator --fault throttle,operation=searchOrders,times=3
  python -m sp_api_simulator --fault status,status=503,probability=0.02
"""

FAULT_OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "operation": str,
    "times": int,
    "skip": int,
    "probability": float,
    "status": int,
    "form": str,
    "seconds": float,
}


@dataclass
class AccountOptions:
    """An account of the command line; what is not given is the default account's."""

    name: str
    seed: Optional[int] = None
    orders_per_day: Optional[int] = None
    days: Optional[int] = None
    products: Optional[int] = None
    marketplaces: Optional[list[str]] = None
    is_vendor: bool = False


def parse_account(text: str) -> AccountOptions:
    """An account such as `seller_eu,marketplaces=DE+FR,orders-per-day=50`."""
    name, *parts = text.split(",")
    if not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{name!r} is no name: write letters, digits and _")
    options = AccountOptions(name)
    for part in parts:
        key, sign, value = part.partition("=")
        try:
            if part == "vendor":
                options.is_vendor = True
            elif key == "marketplaces":
                options.marketplaces = [marketplace_id(code) for code in value.split("+")]
            elif sign and key in ("seed", "orders-per-day", "days", "products"):
                setattr(options, key.replace("-", "_"), int(value))
            else:
                raise ValueError("unknown")
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"{part!r} ({error}): write vendor, or seed, orders-per-day, days, products or"
                " marketplaces with =, such as marketplaces=DE+FR"
            ) from None
    return options


def parse_fault(text: str) -> dict[str, Any]:
    """A fault such as `throttle,operation=searchOrders,times=3`."""
    kind, *parts = text.split(",")
    found: dict[str, Any] = {"kind": kind}
    try:
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(KINDS)}")
        for part in parts:
            name, _, value = part.partition("=")
            if name not in FAULT_OPTIONS:
                raise ValueError(f"{name!r} is none of {', '.join(FAULT_OPTIONS)}")
            found[name] = FAULT_OPTIONS[name](value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return found


def marketplace_id(code: str) -> str:
    """The id of a marketplace from its id or its country, such as DE.

    Raises:
        ValueError: There is none.
    """
    code = code.strip()
    for known in MARKETPLACES.values():
        if code in (known.id, known.country):
            return known.id
    raise ValueError(f"Unknown marketplaces: {code!r}.")


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sp_api_simulator",
        description="A local SP-API with invented accounts. It prints the settings to load them.",
        epilog="\n".join(
            [
                EXAMPLES,
                "faults:",
                *(f"  {kind:<15} {what}" for kind, what in KINDS.items()),
                f"  with {', '.join(FAULT_OPTIONS)}\n",
                "control endpoints:",
                control.__doc__ or "",
            ]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--port", type=int, default=8080, help="0 takes a free one (default: %(default)s)")
    add("--seed", type=int, default=1, help="the same seed, the same accounts (%(default)s)")
    add("--orders-per-day", type=int, default=200, help="default: %(default)s")
    add("--days", type=int, default=60, help="days of history (default: %(default)s)")
    add("--products", type=int, default=80, help="products of an account (default: %(default)s)")
    add(
        "--marketplaces",
        default=",".join(DEFAULT_MARKETPLACES),
        help="ids or countries separated by commas (default: US,CA)",
    )
    add("--vendor", action="store_true", help="the default account is a vendor's")
    add(
        "--account",
        type=parse_account,
        action="append",
        default=[],
        metavar="NAME[,KEY=VALUE...]",
        help="one more account: NAME, then vendor, marketplaces=DE+FR, orders-per-day=, days=,"
        " products=, seed=; in several regions it is an account in each, such as NAME_eu",
    )
    add(
        "--fault",
        type=parse_fault,
        action="append",
        default=[],
        metavar="KIND[,KEY=VALUE...]",
        help="calls that fail from the beginning, see below",
    )
    add(
        "--quota-factor",
        type=float,
        default=1.0,
        help="multiplies Amazon's rates (default: %(default)s; demos: 1000)",
    )
    add(
        "--token-lifetime",
        type=float,
        default=3600,
        help="seconds an access token lives (default: %(default)s)",
    )
    add(
        "--log-limit",
        type=int,
        default=10_000,
        help="requests kept in the log (default: %(default)s)",
    )
    add(
        "--report-seconds",
        type=float,
        metavar="SECONDS",
        help="until a report or a query is done (default: 80 for a report, 50 for a query)",
    )
    add("--strict", action="store_true", help="refuse unknown parameters, which Amazon ignores")
    add(
        "--child",
        action="store_true",
        help="for programs: prints the settings as a line of JSON, and ends with standard input",
    )
    return parser


def create_simulator(arguments: argparse.Namespace) -> Simulator:
    """A simulator with the accounts and faults of the command line; it does not serve yet.

    Raises:
        OSError: The port is in use.
        ValueError: An option makes no sense.
    """
    simulator = Simulator(
        seed=arguments.seed,
        orders_per_day=arguments.orders_per_day,
        days=arguments.days,
        marketplaces=[marketplace_id(code) for code in arguments.marketplaces.split(",")],
        products=arguments.products,
        clock=ShiftedClock(),
        port=arguments.port,
        quota_factor=arguments.quota_factor,
        token_lifetime=arguments.token_lifetime,
        log_limit=arguments.log_limit,
        strict=arguments.strict,
        is_vendor=arguments.vendor,
    )
    for options in arguments.account:
        add_accounts(simulator, options, arguments)
    for fault in arguments.fault:
        simulator.faults.add(**fault)
    for account in simulator.accounts.values():
        reports, queries = account.store(ReportStore), account.store(QueryStore)
        if arguments.report_seconds is not None:
            reports.queue_seconds = queries.queue_seconds = 0
            reports.processing_seconds = queries.processing_seconds = arguments.report_seconds
        if not account.is_vendor:
            reports.generate_settlements()
    return simulator


def add_accounts(
    simulator: Simulator, options: AccountOptions, defaults: argparse.Namespace
) -> None:
    """Adds an account of the command line, in several regions one for each.

    Raises:
        ValueError: Its name is taken, or an option makes no sense.
    """
    # a vendor's account is of one marketplace
    default = DEFAULT_MARKETPLACES[:1] if options.is_vendor else DEFAULT_MARKETPLACES
    by_region: dict[str, list[str]] = {}
    for id in options.marketplaces or default:
        by_region.setdefault(MARKETPLACES[id].region, []).append(id)
    for region, ids in by_region.items():
        name = f"{options.name}_{REGIONS[region]}" if len(by_region) > 1 else options.name
        if name in simulator.accounts or name == DEFAULT_SECTION:
            raise ValueError(f"The account {name} comes twice.")
        seed = options.seed if options.seed is not None else defaults.seed
        account = simulator.add_account(
            name,
            # an account of its own needs a refresh token of its own
            seed + len(simulator.accounts),
            defaults.orders_per_day if options.orders_per_day is None else options.orders_per_day,
            defaults.days if options.days is None else options.days,
            ids,
            defaults.products if options.products is None else options.products,
        )
        account.is_vendor = options.is_vendor


def settings_of(simulator: Simulator, account: Account) -> dict[str, Any]:
    """The settings that load an account."""
    marketplaces: list[Marketplace] = account.marketplaces
    kind: dict[str, Any] = {"merchant_id": account.seller_id}
    if account.is_vendor:
        kind = {"is_vendor": True, "marketplace_ids": [marketplaces[0].id]}
    return {
        "region": marketplaces[0].region,
        **kind,
        "api_url": simulator.url,
        "token_url": simulator.token_url,
        "credentials": simulator.credentials_of(account),
    }


def render_settings(simulator: Simulator, account: Account) -> Iterator[str]:
    """The lines of `config.toml` and `secrets.toml` that load an account."""
    section = DEFAULT_SECTION if account is simulator.account else account.name
    settings = settings_of(simulator, account)
    credentials = settings.pop("credentials")
    for name, values in ((section, settings), (f"{section}.credentials", credentials)):
        yield f"[sources.{name}]"
        # texts, lists and true are written alike in both languages
        yield from (f"{key} = {json.dumps(value)}" for key, value in values.items())
        yield ""


def main(arguments: Optional[Sequence[str]] = None) -> None:
    """Starts the simulator and serves until Ctrl-C."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        simulator = create_simulator(options)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with simulator:
        if options.child:
            accounts = simulator.accounts.items()
            print(json.dumps({name: settings_of(simulator, each) for name, each in accounts}))
            sys.stdout.flush()
            # its end is that of the process that started this one
            sys.stdin.read()
            return
        print(f"SP-API simulator, Ctrl-C stops it\n\napi_url   = {simulator.url}")
        print(f"token_url = {simulator.token_url}\ncontrol   = {simulator.url}/simulator/\n")
        for account in simulator.accounts.values():
            print("\n".join(render_settings(simulator, account)))
        print(flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
