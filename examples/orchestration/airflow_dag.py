"""Airflow, through dlt's helper: one DAG per account, in it one task per module, in sequence.

The DAGs of several accounts run side by side, into one dataset.

Two runs of one account must not overlap: they would share Amazon's quota, and each would overwrite
the other's progress. The lock of the source cannot prevent that here: it is a file in dlt's data
directory, and dlt's `PipelineTasksGroup` gives every task a new one. So each account has an Airflow
pool with one slot, which all its tasks use. It covers scheduled and manual runs, retries and
backfills, on all workers. Create it before the first run; Airflow starts no task of a pool that
does not exist:

    airflow pools set selling_partner_seller_na 1 "one load of seller_na at a time"

Put this file into the dags folder, `amazon_selling_partner/` and `.dlt/` beside it. Secrets can be
in Airflow's variable `dlt_secrets_toml`. Needs `apache-airflow>=2.5` (tested with 3.1 and 3.3),
`amazon_selling_partner/requirements.txt` and `dlt[postgres]`, or what your destination needs.
"""

import os
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, Callable, List, Sequence

import dlt
from airflow import DAG
from airflow.decorators import task
from airflow.exceptions import AirflowFailException
from dlt.extract import DltSource
from dlt.helpers.airflow_helper import PipelineTasksGroup

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client.errors import find_error, is_mistake
from amazon_selling_partner.loading.summary import RunSummary
from amazon_selling_partner.modules import split_into_runs

ACCOUNTS = ("seller_na", "seller_eu")
"""Sections of the settings, one per account: `[sources.seller_na]`."""

DESTINATION = "postgres"
"""A destination that all workers can reach."""

TASK_TIME = 15 * 60
"""Seconds after which a task starts no further window; the next run of the DAG resumes."""

# otherwise dlt looks for each setting in a variable of its own: thousands of requests to Airflow's
# API whenever this file is parsed, which then takes longer than Airflow lets it
os.environ.setdefault("PROVIDERS__AIRFLOW_SECRETS__ONLY_SECRETS", "true")
os.environ.setdefault("PROVIDERS__AIRFLOW_SECRETS__ONLY_TOML_FRAGMENTS", "true")

FIRST, LATER = split_into_runs("seller")
"""Modules by task: those that know which products exist, and those that may look up products."""


def source_of(account: str, modules: Sequence[str]) -> DltSource:
    """The source of a task; made when the task runs, so that parsing this file needs no secrets."""
    make = amazon_selling_partner.clone(name=account, section=account)
    source: DltSource = make(modules=list(modules), package_time=TASK_TIME)
    return source


def failing_at_once(run: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a task, which is not retried where a setting or the credentials are wrong."""

    @wraps(run)  # Airflow passes what the function takes
    def loaded(*args: Any, **kwargs: Any) -> Any:
        try:
            return run(*args, **kwargs)
        except Exception as error:
            if is_mistake(error):
                raise AirflowFailException(str(find_error(error) or error)) from error
            raise

    return loaded


def log_summary(context: Any, result: Any = None) -> None:
    """Writes the summary of a run to the task's log; the task fails if a table failed.

    dlt's run succeeds when single tables fail, which Airflow would show as green. The task is not
    retried: the source has retried often enough, and the next run of the DAG resumes.
    """
    summary = RunSummary.of(dlt.current.pipeline())
    print(summary)
    if summary.failed:
        raise AirflowFailException("A table is incomplete: see the summary above.")


@task(trigger_rule="one_failed", retries=0)
def fail_with_others() -> None:
    """Fails when a task of a module did."""
    raise AirflowFailException("A module is incomplete: see its task.")


for account in ACCOUNTS:
    with DAG(
        f"selling_partner_{account}",
        schedule="@hourly",
        start_date=datetime(2026, 1, 1),
        catchup=False,  # a run loads all that is missing, whatever its logical date is
        max_active_runs=1,
        max_active_tasks=1,
        default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    ) as dag:
        first: List[Any] = []
        later: List[Any] = []
        for modules in FIRST + LATER:
            # the group comes before the pipeline, as it sets the folder of the pipeline
            group = PipelineTasksGroup(modules[0].lower(), wipe_local_data=True)
            # one name for all tasks: their progress is stored under it
            pipeline = dlt.pipeline(
                f"selling_partner_{account}",
                destination=DESTINATION,
                dataset_name="selling_partner_data",
            )
            # not decompose="serialize": that makes one task per table, and needs the secrets
            # whenever Airflow parses this file
            tasks = group.add_run(
                pipeline,
                partial(source_of, account, modules),
                decompose="none",
                pool=f"selling_partner_{account}",
                # a module that fails leaves the others alone
                trigger_rule="all_done",
                post_execute=log_summary,
            )
            tasks[0].python_callable = failing_at_once(tasks[0].python_callable)
            if modules in FIRST:
                first += tasks
            else:
                later += tasks
                tasks[0].set_upstream(first)
        # Airflow shows a run as its last tasks ended
        fail_with_others().set_upstream(first + later)
    globals()[dag.dag_id] = dag
