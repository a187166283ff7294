"""One run in a process of its own, to be killed: settings come as JSON in the first argument."""

import json
import os
import signal
import sys
from typing import Any

import dlt
from dlt.common.runtime.collector import NullCollector

from amazon_selling_partner import amazon_selling_partner
from sp_api_simulator import VirtualClock
from tests.support import kept_open


class Killer(NullCollector):
    """Kills its own process once so many jobs of its load are done."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def update(self, name: str, inc: int = 1, *args: Any, **more: Any) -> None:
        if name == "Jobs" and inc == 1:
            self.jobs -= 1
            if self.jobs == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main(settings: dict) -> None:
    pipeline = dlt.pipeline(
        settings["name"],
        destination=kept_open(settings["destination"], settings["name"]),
        dataset_name=settings["dataset"],
        progress=Killer(settings["jobs"]),
    )
    pipeline.run(amazon_selling_partner(clock=VirtualClock(settings["time"]), **settings["source"]))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
