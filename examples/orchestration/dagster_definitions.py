"""Dagster: one asset per module, one job per account, with `dagster dev -f dagster_definitions.py`.

Two runs of one account must not overlap: they would share Amazon's quota, and each would overwrite
the other's progress. Within a run of Dagster the assets are loaded in sequence
(`in_process_executor`), those that know which products exist first. Each account is a job of its
own, so that several accounts load side by side, into one dataset. Across runs, all assets of an
account are in one pool, which you limit to one at a time:

    dagster instance concurrency set selling_partner_seller_na 1

or for all pools in `$DAGSTER_HOME/dagster.yaml`:

    concurrency:
      pools:
        default_limit: 1

Without that limit, and for runs that Dagster did not start, the lock of the source ends the second
run on the same machine with one sentence; only the pool separates runs on different machines.

Needs `pip install dagster dagster-webserver`; start it from the folder that has `.dlt/`.
"""

from typing import Any, Sequence

import dagster as dg
import dlt

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.errors import find_error, is_mistake
from amazon_selling_partner.loading.runner import load_packages
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.modules import split_into_runs

ACCOUNTS = ("seller_na", "seller_eu")
"""Sections of the settings, one per account: `[sources.seller_na]`."""

DESTINATION = "postgres"
"""Any dlt destination; with several machines, one that all of them can reach. Into DuckDB, which
has one writer, the accounts load one after another."""

ASSET_TIME = 15 * 60
"""Seconds after which an asset starts no further window; the next run resumes."""

FIRST, LATER = split_into_runs("seller")
"""Modules by asset: those that know which products exist, and those that may look up products."""


def asset_of(account: str, modules: Sequence[str]) -> dg.AssetsDefinition:
    """The asset that loads some modules of an account.

    Args:
        account: Section of the settings.
        modules: What to load; the first one names the asset.
    """

    @dg.asset(
        key=[account, modules[0].lower()],
        description=f"Tables of {', '.join(modules)}",
        group_name=account,
        pool=f"selling_partner_{account}",
        # no dependency, so that a module that fails leaves the others alone
        op_tags={"dagster/priority": "1" if modules in FIRST else "0"},
        retry_policy=dg.RetryPolicy(max_retries=2, delay=300),
        kinds={"dlt"},
    )
    def load(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        # one name for all assets: their progress is stored under it
        pipeline = dlt.pipeline(
            f"selling_partner_{account}",
            destination=DESTINATION,
            dataset_name="selling_partner_data",
        )
        make = amazon_selling_partner.clone(name=account, section=account)

        def make_source(package_time: float) -> Any:
            return make(modules=list(modules), package_time=package_time)

        total = RunSummary()
        try:
            for summary in load_packages(pipeline, make_source, seconds=ASSET_TIME):
                total.add(summary)
                context.log.info(str(summary))
        except Exception as error:
            if is_mistake(error):
                raise dg.Failure(str(find_error(error) or error), allow_retries=False) from error
            raise
        # dlt's run succeeds when single tables fail, which Dagster would show as green; the source
        # has retried often enough, so the next run on the schedule resumes
        if total.failed:
            raise dg.Failure(str(total), allow_retries=False)
        return dg.MaterializeResult(
            metadata={
                "rows": total.rows.total(),
                "left to load": dg.MetadataValue.json(total.left),
                "summary": dg.MetadataValue.md(f"```\n{total}\n```"),
            }
        )

    return load


jobs = [
    dg.define_asset_job(f"selling_partner_{account}", selection=dg.AssetSelection.groups(account))
    for account in ACCOUNTS
]

definitions = dg.Definitions(
    assets=[asset_of(account, modules) for account in ACCOUNTS for modules in FIRST + LATER],
    jobs=jobs,
    schedules=[dg.ScheduleDefinition(job=job, cron_schedule="0 * * * *") for job in jobs],
    executor=dg.in_process_executor,
)
