"""The progress of a run: a live table on a terminal, one line a minute in a log.

By module: how much is done, which calls are waited for until when, and when it is expected to end.
"""

import sys
import threading
from collections import Counter
from importlib.util import find_spec
from typing import Any, Dict, List, NamedTuple, Optional

from dlt.common import logger, pendulum
from dlt.common.runtime.collector_base import Collector

from ..client import SYSTEM_CLOCK, Activity, Clock
from ..dlt_internals import parent_name
from ..loading.context import activity_of
from ..modules.data_kiosk import BOOKS as QUERY_BOOKS
from ..modules.reports import RUNNER
from .account_state import module_of, modules_by_table
from .screen import format_seconds

LOG_PERIOD = 60.0
"""Seconds between two lines of a log."""

MAX_MODULES = 5
"""Unfinished modules that a line names."""

RUNNERS = {RUNNER: "REPORTS", QUERY_BOOKS.runner: "DATA_KIOSK"}
"""Resources that load a module's tables part by part, and the module."""


class ModuleProgress(NamedTuple):
    """How far a module is.

    Attributes:
        done: Tables, or reports, that are complete for this package.
        total: All of them.
        waits: The calls that it waits for, with the time in UTC.
        ends_at: When its history is complete at Amazon's quota, epoch seconds.
    """

    module: str
    done: int
    total: int
    waits: str
    ends_at: Optional[float]


class RunProgress(Collector):
    """Shows what dlt and the source do.

    Args:
        account: Whose run it is.
        is_live: Show a table that changes; by default lines.
        clock: Where time comes from.
        period: Seconds between two lines.
    """

    def __init__(
        self,
        account: str,
        is_live: bool = False,
        clock: Clock = SYSTEM_CLOCK,
        period: float = LOG_PERIOD,
    ) -> None:
        self.step = ""
        self._account = account
        self._is_live = is_live
        self._clock = clock
        self._period = period
        self._counters: Counter[str] = Counter()
        self._totals: Counter[str] = Counter()
        self._modules = modules_by_table()
        self._parents: Dict[str, Optional[str]] = {}
        self._began = clock.time()
        self._live: Any = None
        self._log_handlers: List[Any] = []
        self._stopped = threading.Event()
        self._thread: Optional[threading.Thread] = None

    def __deepcopy__(self, memo: Any) -> "RunProgress":
        """Itself: dlt copies collectors for its normalizers."""
        return self

    def watch(self, source: Any) -> Any:
        """Takes over which tables are loaded; returns the source."""
        selected = source.resources.selected.items()
        self._parents = {name: parent_name(resource) for name, resource in selected}
        return source

    def update(
        self,
        name: str,
        inc: int = 1,
        total: Optional[int] = None,
        inc_total: Optional[int] = None,
        message: Optional[str] = None,
        label: Optional[str] = None,
    ) -> None:
        """Counts what dlt counts."""
        if not label:
            self._counters[name] += inc
            self._totals[name] += (total or 0) + (inc_total or 0)

    def modules(self) -> List[ModuleProgress]:
        """How far each module is that is being extracted."""
        activity = activity_of(self._account)
        if activity is None:
            return []
        done: Counter[str] = Counter()
        totals: Counter[str] = Counter()
        ends: Dict[str, float] = {}
        waits: Dict[str, Dict[str, float]] = {}
        for name in self._parents:
            module = self._module_of(name)
            if module not in RUNNERS.values():
                totals[module] += 1
                done[module] += self._has_ended(name, activity)
        for name, share in activity.shares.items():
            totals[self._module_of(name)] += share.total
            done[self._module_of(name)] += share.done
        for name, at in activity.ends_at.items():
            ends[self._module_of(name)] = max(at, ends.get(self._module_of(name), 0.0))
        for wait in activity.waits():
            waits.setdefault(self._module_of(wait.resource), {})[wait.operation] = wait.until
        return [
            ModuleProgress(
                module,
                done[module],
                totals[module],
                ", ".join(
                    f"{name} until {self._time_of_day(at)}"
                    for name, at in waits.get(module, {}).items()
                ),
                ends.get(module),
            )
            for module in sorted(totals)
        ]

    def line(self) -> str:
        """All of it in one line."""
        now = pendulum.from_timestamp(self._clock.time()).format("YYYY-MM-DD HH:mm")
        parts = [f"{now} UTC {self._account}: {self.step}", self._duration()]
        if self.step.startswith("Extract"):
            found = self.modules()
            open_ones = _unfinished(found)
            parts.append(_done(found))
            parts += [
                f"{module.module} {module.done}/{module.total}"
                + (f" waits for {module.waits}" if module.waits else "")
                for module in open_ones[:MAX_MODULES]
            ]
            if (more := len(open_ones) - MAX_MODULES) > 0:
                parts.append(f"{more} more modules")
            if end := self._end(found):
                parts.append(f"end about {end}")
        else:
            parts += self._steps()
        return "; ".join(parts)

    def _module_of(self, resource: str) -> str:
        return RUNNERS.get(resource) or module_of(resource, self._modules)

    def _has_ended(self, name: str, activity: Activity) -> bool:
        """A transformer ends with the resource whose rows it takes."""
        if activity.running[name]:
            return False
        parent = self._parents.get(name)
        return self._has_ended(parent, activity) if parent else name in activity.ended

    def _duration(self) -> str:
        return format_seconds(self._clock.time() - self._began)

    def _steps(self) -> List[str]:
        names = [name for name in ("Files", "Jobs") if self._totals[name]]
        return [f"{name.lower()} {self._counters[name]}/{self._totals[name]}" for name in names]

    def _end(self, modules: List[ModuleProgress]) -> str:
        latest = max((module.ends_at or 0.0 for module in modules), default=0.0)
        return self._time_of_day(latest) if latest > self._clock.time() else ""

    def _time_of_day(self, at: float) -> str:
        """A time in UTC, with its day where that is not today."""
        when, now = pendulum.from_timestamp(at), pendulum.from_timestamp(self._clock.time())
        is_today = when.to_date_string() == now.to_date_string()
        return f"{when.format('HH:mm' if is_today else 'YYYY-MM-DD HH:mm')} UTC"

    # the display

    def _start(self, step: str) -> None:
        self.step = step
        self._counters.clear()
        self._totals.clear()
        if self._is_live:
            self._show()
        elif step.startswith("Extract"):
            self._stopped.clear()
            self._thread = threading.Thread(target=self._print_lines, name="progress", daemon=True)
            self._thread.start()

    def _stop(self) -> None:
        if self._thread:
            self._stopped.set()
            self._thread.join()
            self._thread = None
        if self._live:
            self._live.stop()
            self._live = None
            for handler in self._log_handlers:
                handler.setStream(sys.stderr)

    def _print_lines(self) -> None:
        while not self._stopped.wait(self._period):
            print(self.line(), file=sys.stderr, flush=True)

    def _show(self) -> None:
        # optional, as dlt brings it with its command line only
        from rich.console import Console  # noqa: PLC0415
        from rich.live import Live  # noqa: PLC0415

        self._live = Live(
            get_renderable=self._render,
            console=Console(stderr=True),
            refresh_per_second=1,
            transient=True,
        )
        handlers = getattr(logger.LOGGER, "handlers", ())
        self._log_handlers = [h for h in handlers if getattr(h, "stream", None) is sys.stderr]
        self._live.start()
        # the log appears above the table
        for handler in self._log_handlers:
            handler.setStream(sys.stderr)

    def _render(self) -> Any:
        from rich.console import Group  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415

        found = self.modules() if self.step.startswith("Extract") else []
        parts = [f"{self._account}: {self.step}", self._duration(), *self._steps()]
        if found:
            parts.append(_done(found))
        title = "; ".join(parts)
        table = Table("module", "done", "waits for", "history ends", box=None)
        for module in _unfinished(found):
            end = self._time_of_day(module.ends_at) if module.ends_at else ""
            table.add_row(module.module, f"{module.done}/{module.total}", module.waits, end)
        return Group(title, table) if table.rows else title


def progress_of(account: str, is_quiet: bool = False) -> Optional[RunProgress]:
    """The progress of a run: live on a terminal, lines elsewhere, none where it is to be quiet."""
    if is_quiet:
        return None
    return RunProgress(account, sys.stderr.isatty() and find_spec("rich") is not None)


def _unfinished(modules: List[ModuleProgress]) -> List[ModuleProgress]:
    return [module for module in modules if module.done < module.total]


def _done(modules: List[ModuleProgress]) -> str:
    return f"{len(modules) - len(_unfinished(modules))} of {len(modules)} modules done"
