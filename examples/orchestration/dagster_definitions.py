"""Dagster: an asset a module, a job an account, with `dagster dev -f dagster_definitions.py`.

How two runs of one account are kept apart. They would share Amazon's quota, and each would
overwrite the progress that the other one has kept. Within a run of Dagster the assets are loaded
one after another (`in_process_executor`). Across its runs, all assets of an account are in one
pool, which you limit to one at a time:

    dagster instance concurrency set selling_partner_seller_na 1

or for all pools in `$DAGSTER_HOME/dagster.yaml`:

    concurrency:
      pools:
        default_limit: 1

Without that limit, and beside a run that Dagster did not start, the lock of the source still ends
the second run on a machine with one sentence; only the pool keeps runs on different machines apart.

Needs `pip install dagster dagster-webserver`; start it from the folder that has `.dlt/`.
"""

from typing import Any, Sequence

import dagster as dg
import dlt

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.settings import MODULES
from amazon_selling_partner.sync.packages import load_packages
from amazon_selling_partner.sync.summary import RunSummary

ACCOUNTS = ("seller_na",)
"""Sections of the settings, one an account: `[sources.seller_na]`."""

DESTINATION = "duckdb"
"""Any dlt destination; one that all machines reach if there are several."""

ASSET_TIME = 15 * 60
"""Seconds after which an asset begins nothing more; the next run goes on from there."""

# two modules ask about the orders that the first one reads, so they have to be in its asset; those
# that tell which products there are come before those that ask about products
FIRST = (("ORDERS", "EASYSHIP", "SHIPPING"), ("LISTED_ITEM",), ("FBA",))
ASSETS = (*FIRST, *((name,) for name in MODULES if name not in sum(FIRST, ())))


def asset_of(account: str, modules: Sequence[str]) -> dg.AssetsDefinition:
    """The asset that loads some modules of an account.

    Args:
        account (str): Section of the settings.
        modules (Sequence[str]): What to load; the first one names the asset.

    Returns:
        dg.AssetsDefinition: In the pool of its account.
    """

    @dg.asset(
        key=[account, modules[0].lower()],
        description=f"Tables of {', '.join(modules)}",
        group_name=account,
        pool=f"selling_partner_{account}",
        retry_policy=dg.RetryPolicy(max_retries=2, delay=300),
        kinds={"dlt"},
    )
    def load(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        # one name for all assets, as it is the name under which their progress is kept
        pipeline = dlt.pipeline(
            f"selling_partner_{account}",
            destination=DESTINATION,
            dataset_name="selling_partner_data",
        )
        make = amazon_selling_partner.clone(name=account, section=account)

        def make_source(package_time: float) -> Any:
            return make(modules=list(modules), package_time=package_time)

        total = RunSummary()
        for told in load_packages(pipeline, make_source, seconds=ASSET_TIME):
            total.add(told)
            context.log.info(told.text())
        # tables fail alone and dlt's run succeeds all the same, which Dagster would show as green;
        # the source has asked again often enough, so the next run on the schedule goes on
        if total.failed:
            raise dg.Failure(total.text(), allow_retries=False)
        return dg.MaterializeResult(
            metadata={
                "rows": total.rows.total(),
                "left to load": dg.MetadataValue.json(total.left),
                "summary": dg.MetadataValue.md(f"```\n{total.text()}\n```"),
            }
        )

    return load


jobs = [
    dg.define_asset_job(f"selling_partner_{account}", selection=dg.AssetSelection.groups(account))
    for account in ACCOUNTS
]

definitions = dg.Definitions(
    assets=[asset_of(account, modules) for account in ACCOUNTS for modules in ASSETS],
    jobs=jobs,
    schedules=[dg.ScheduleDefinition(job=job, cron_schedule="0 * * * *") for job in jobs],
    executor=dg.in_process_executor,
)
