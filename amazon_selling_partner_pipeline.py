"""Loads a selling partner's data: common uses as functions, and the command line."""

import signal
import sys
from typing import List

if __name__ == "__main__":
    # Ctrl-C while modules are imported ends without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import dlt  # noqa: E402
from dlt.common import pendulum  # noqa: E402

from amazon_selling_partner import amazon_selling_partner  # noqa: E402
from amazon_selling_partner.commands.cli import main  # noqa: E402
from amazon_selling_partner.loading.runner import load, load_packages  # noqa: E402


def new_pipeline() -> dlt.Pipeline:
    """The pipeline of your account; the demo uses another one, so the two never mix."""
    return dlt.pipeline(
        pipeline_name="selling_partner",
        destination="duckdb",
        dataset_name="selling_partner_data",
        progress="log",
    )


def load_everything() -> dlt.Pipeline:
    """Loads all modules, the newest days first, then the history."""
    pipeline = new_pipeline()
    for summary in load_packages(
        pipeline, lambda seconds: amazon_selling_partner(package_time=seconds)
    ):
        print(summary)
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
    """Loads orders that last changed between two times; the cursor does not move."""
    pipeline = new_pipeline()
    source = amazon_selling_partner().with_resources("orders")
    source.orders.apply_hints(
        incremental=dlt.sources.incremental("lastUpdatedTime", initial_value=start, end_value=end)
    )
    load(pipeline, source)
    return pipeline


def load_several_accounts() -> dlt.Pipeline:
    """Loads two accounts into the same tables, with separate credentials and cursors.

    `[sources.seller_na]` and `[sources.seller_eu]` in secrets.toml hold what
    `[sources.amazon_selling_partner]` holds for one account.
    """
    pipeline = new_pipeline()
    for name in ("seller_na", "seller_eu"):
        account = amazon_selling_partner.clone(name=name, section=name)
        load(pipeline, account())
    return pipeline


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
