"""One run in a process of its own, to be killed: settings come as JSON in the first argument."""

import json
import sys

import dlt
from dlt.common import pendulum

from amazon_selling_partner import make_context, resolve_values
from amazon_selling_partner.modules.finance import finance_resources
from sp_api_simulator import VirtualClock
from tests.support import items_table, kept_open


def main(settings: dict) -> None:
    values = resolve_values(
        credentials=settings["credentials"],
        api_url=settings["url"],
        token_url=settings["token_url"],
        clock=VirtualClock(settings["time"]),
    )
    context = make_context(values)

    @dlt.source(name="amazon_selling_partner")
    def finance_only():
        yield from finance_resources(context, pendulum.parse(settings["history_start"]))
        yield items_table(context)

    name, destination = settings["name"], settings["destination"]
    pipeline = dlt.pipeline(
        name, destination=kept_open(destination, name), dataset_name=settings["dataset"]
    )
    print("started", flush=True)
    if pipeline.has_pending_data:
        # a package that was left half loaded is finished first, and the new data then wait
        pipeline.run()
    pipeline.run(finance_only().with_resources("financial_event_group", "financial_events"))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
