"""Loads a selling partner's data: the common uses, as functions, and the command line."""

import sys
from typing import List

import dlt
from dlt.common import pendulum

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.cli import main
from amazon_selling_partner.sync.packages import load, load_packages


def new_pipeline() -> dlt.Pipeline:
    """The pipeline of your account; the demo has one of its own, so the two never mix."""
    return dlt.pipeline(
        pipeline_name="selling_partner",
        destination="duckdb",
        dataset_name="selling_partner_data",
        progress="log",
    )


def load_everything() -> dlt.Pipeline:
    """Loads all modules, the newest days first, then history until all is there."""
    pipeline = new_pipeline()
    for told in load_packages(pipeline, lambda time: amazon_selling_partner(package_time=time)):
        print(told.text())
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


if __name__ == "__main__":
    sys.exit(main())
