"""What every module offers to the source and the commands."""

from dataclasses import dataclass
from typing import Callable, Iterable, Sequence, Tuple

from dlt.common import pendulum
from dlt.extract import DltResource

from ..client import Probe
from ..loading import RunContext
from ..loading.estimates import AccountSize, OperationEstimate


@dataclass(frozen=True)
class Module:
    """A part of the API that loads as one.

    Attributes:
        name: As the setting `modules` names it.
        tables: Root tables, and resources that name their tables only as they load.
        resources: Makes the resources of a run; no request is made yet.
        probes: The smallest requests that show whether the account may read the tables; takes
            marketplace ids and the present, UTC.
        estimate: Requests of a first sync and of a daily one.
        account_kinds: `seller`, `vendor` or both.
        is_default: Loaded unless `modules` names others.
        loads_with: A module whose rows it looks up while they load, so that both need one run.
    """

    name: str
    tables: Tuple[str, ...]
    resources: Callable[[RunContext], Iterable[DltResource]]
    probes: Callable[[Sequence[str], pendulum.DateTime], Iterable[Probe]]
    estimate: Callable[[AccountSize], Iterable[OperationEstimate]]
    account_kinds: Tuple[str, ...] = ("seller",)
    is_default: bool = True
    loads_with: str = ""
