"""Airflow, through dlt's helper: a DAG an account, in it a task a module, one after another.

How two runs of one account are kept apart. They would share Amazon's quota, and each would
overwrite the progress that the other one has kept. The lock of the source does not see that here:
it is a file in dlt's data directory, and dlt's `PipelineTasksGroup` gives every task a new one, on
any machine. So each account has an Airflow pool of one slot, which all its tasks take. It holds for
scheduled runs, runs by hand, retries and backfills, on all workers. Make it before the first run;
Airflow starts no task of a pool that is not there:

    airflow pools set selling_partner_seller_na 1 "one load of seller_na at a time"

Where things go: this file into the dags folder, `amazon_selling_partner/` and `.dlt/` beside it.
Secrets can be in Airflow's variable `dlt_secrets_toml`. Needs `apache-airflow>=2.5` (tried with
3.3) and `dlt[postgres]`, or what your destination needs.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Sequence

import dlt
from airflow import DAG
from airflow.exceptions import AirflowFailException
from dlt.extract import DltSource
from dlt.helpers.airflow_helper import PipelineTasksGroup

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.settings import MODULES
from amazon_selling_partner.sync.summary import RunSummary

ACCOUNTS = ("seller_na",)
"""Sections of the settings, one an account: `[sources.seller_na]`."""

DESTINATION = "postgres"
"""One that all workers reach."""

TASK_TIME = 15 * 60
"""Seconds after which a task begins nothing more; the next run of the DAG goes on from there."""

# two modules ask about the orders that the first one reads, so they have to be in its task; those
# that tell which products there are come before those that ask about products
FIRST = (("ORDERS", "EASYSHIP", "SHIPPING"), ("LISTED_ITEM",), ("FBA",))
TASKS = (*FIRST, *((name,) for name in MODULES if name not in sum(FIRST, ())))


def source_of(account: str, modules: Sequence[str]) -> DltSource:
    """What a task loads; made when the task runs, so that parsing this file needs no secrets."""
    make = amazon_selling_partner.clone(name=account, section=account)
    source: DltSource = make(modules=list(modules), package_time=TASK_TIME)
    return source


def tell(context: Any, result: Any = None) -> None:
    """Writes the summary of a run to the task's log; the task fails if a table did.

    Tables fail alone and dlt's run succeeds all the same, which Airflow would show as green. It is
    not tried again: the source has asked often enough, and the next run of the DAG goes on.
    """
    told = RunSummary.of(dlt.current.pipeline())
    print(told.text())
    if told.failed:
        raise AirflowFailException("A table is incomplete: see the summary above.")


for account in ACCOUNTS:
    with DAG(
        f"selling_partner_{account}",
        schedule="@hourly",
        start_date=datetime(2026, 1, 1),
        catchup=False,  # a run loads all that is missing, whatever hour it was meant for
        max_active_runs=1,
        max_active_tasks=1,
        default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    ) as dag:
        for number, modules in enumerate(TASKS):
            # the group comes before the pipeline, whose folder it chooses
            group = PipelineTasksGroup(modules[0].lower(), wipe_local_data=True)
            # one name for all tasks, as it is the name under which their progress is kept
            pipeline = dlt.pipeline(
                f"selling_partner_{account}",
                destination=DESTINATION,
                dataset_name="selling_partner_data",
            )
            # not decompose="serialize": that makes a task of each of the hundred tables, and asks
            # for the secrets whenever Airflow parses this file
            group.add_run(
                pipeline,
                partial(source_of, account, modules),
                decompose="none",
                pool=f"selling_partner_{account}",
                # one after another, but none after the success of another: one module's trouble
                # leaves the others alone, and the run is red all the same
                priority_weight=len(TASKS) - number,
                weight_rule="absolute",
                post_execute=tell,
            )
    globals()[dag.dag_id] = dag
