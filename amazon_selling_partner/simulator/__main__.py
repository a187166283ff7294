"""Runs the simulator from a shell."""

import argparse
import threading

from . import control
from .control import ShiftedClock
from .server import DEFAULT_MARKETPLACES, Simulator


def main() -> None:
    """Starts the simulator and answers until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m amazon_selling_partner.simulator",
        description="A local SP-API with an account made up from a seed.",
        epilog="control endpoints:\n" + (control.__doc__ or ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same account")
    parser.add_argument("--orders-per-day", type=int, default=200)
    parser.add_argument("--days", type=int, default=60, help="days of history")
    parser.add_argument(
        "--marketplaces", default=",".join(DEFAULT_MARKETPLACES), help="ids separated by commas"
    )
    parser.add_argument(
        "--quota-factor", type=float, default=1.0, help="multiplies Amazon's rates (demos: 1000)"
    )
    parser.add_argument("--token-life", type=float, default=3600, help="seconds")
    parser.add_argument("--log-limit", type=int, default=10_000, help="requests kept in the log")
    parser.add_argument(
        "--strict", action="store_true", help="refuse unknown parameters, which Amazon passes over"
    )
    arguments = parser.parse_args()
    try:
        simulator = Simulator(
            seed=arguments.seed,
            orders_per_day=arguments.orders_per_day,
            days=arguments.days,
            marketplaces=[place.strip() for place in arguments.marketplaces.split(",")],
            clock=ShiftedClock(),
            port=arguments.port,
            quota_factor=arguments.quota_factor,
            token_life=arguments.token_life,
            log_limit=arguments.log_limit,
            strict=arguments.strict,
        )
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with simulator:
        print(f"SP-API simulator, Ctrl-C stops it\n\napi_url   = {simulator.url}")
        print(f"token_url = {simulator.token_url}\ncontrol   = {simulator.url}/simulator/\n")
        print("[sources.amazon_selling_partner]")
        print(f'api_url = "{simulator.url}"\ntoken_url = "{simulator.token_url}"\n')
        print("[sources.amazon_selling_partner.credentials]")
        for name, value in simulator.credentials.items():
            print(f'{name} = "{value}"')
        print(flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
