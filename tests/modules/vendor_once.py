"""One run in a process of its own, to be killed: settings come as JSON in the first argument."""

import json
import sys

import dlt

from amazon_selling_partner import amazon_selling_partner
from amazon_selling_partner.client import VirtualClock

from .vendor_support import START, US


def main(settings: dict) -> None:
    pipeline = dlt.pipeline(
        settings["name"], destination=settings["destination"], dataset_name=settings["dataset"]
    )
    print("started", flush=True)
    # a package that was left half loaded is finished first, and the new data then wait for a run
    for _ in range(2):
        source = amazon_selling_partner(
            credentials=settings["credentials"],
            api_url=settings["url"],
            token_url=settings["token_url"],
            clock=VirtualClock(settings["time"]),
            modules=["VENDOR"],
            is_vendor=True,
            marketplace_ids=[US],
            include_pii=True,
            historical_sync_time_frame=START.to_date_string(),
        )
        pipeline.run(source)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
