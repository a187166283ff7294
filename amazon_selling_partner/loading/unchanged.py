"""A list or a window that is as the last run loaded it is not written again.

A hash of the content is kept in the state of the resource. dlt commits it with the load, so it is
true of the destination wherever the state is; what forgets the state writes everything again.
"""

import functools
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, ParamSpec, Sequence

import dlt

from ..common.content_hash import hash_content, hash_ordered
from ..dlt_internals import DataItemWithMeta, meta_variant, with_meta
from ..version import VERSION
from .context import RunContext

P = ParamSpec("P")

DIGESTS = "digests"
"""Key of a resource's state: hashes of what the last run loaded, by name."""

MAX_ROWS = 1000
"""Rows that are kept in memory until they are compared; a longer list is always written."""

NOT_CONTENT = frozenset(
    (
        *("credentials", "clock", "api_url", "token_url", "sandbox", "modules"),
        *("historical_sync_time_frame", "priority_days", "package_time", "reports_time_budget"),
        *("custom_reports", "report_options", "create_report_schedules"),
    )
)
"""Settings that do not change how a row is written; after a change of any other all are."""


def hash_settings(values: Mapping[str, Any]) -> str:
    """A hash of all settings that may change how a row is written, and of the version.

    Args:
        values: Settings by name. A function among them has another hash in each process.
    """
    salt = values.get("hash_salt")
    chosen = {name: value for name, value in values.items() if name not in NOT_CONTENT}
    chosen["hash_salt"] = getattr(salt, "text", salt)
    return hash_content(VERSION, *(f"{name}={chosen[name]!r}" for name in sorted(chosen)))


class RowsWithOriginal(List[Any]):
    """Rows to be written, with the original ones for resources that depend on them."""

    def __init__(self, rows: Sequence[Any], original: Any) -> None:
        super().__init__(rows)
        self.original = original


def digest_rows(context: RunContext, rows: Iterable[Any]) -> str:
    """A hash of rows in any order, and of what decides how they are written."""
    return digest_hashes(context, map(hash_ordered, rows))


def digest_hashes(context: RunContext, hashes: Iterable[bytes]) -> str:
    """The same of rows that are hashed, each with `hash_ordered`."""
    return hash_content(context.settings_hash, *sorted(hash.hex() for hash in hashes))


def skip_unchanged(resource: Callable[P, Iterator[Any]]) -> Callable[P, Iterator[Any]]:
    """Writes nothing of a resource whose rows are all as they were in the last run.

    For short lists that every run reads completely. Resources that depend on it get its rows.

    Args:
        resource: The generator function of a resource, one of whose arguments is the `RunContext`.
    """

    @functools.wraps(resource)
    def compared(*args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        context = next(a for a in (*args, *kwargs.values()) if isinstance(a, RunContext))
        digests: Dict[str, str] = dlt.current.resource_state().setdefault(DIGESTS, {})
        # what was loaded is unknown until all of this run is
        before = digests.pop("", "")
        held: List[Any] = []
        tagged: List[Any] = []
        pages = iter(resource(*args, **kwargs))
        try:
            for page in pages:
                held.append(page)
                tagged.extend(_tagged_rows(page))
                if len(tagged) > MAX_ROWS:
                    break
        except Exception:
            yield from held
            raise
        if len(tagged) > MAX_ROWS:
            yield from held
            yield from pages
            return
        digests[""] = digest_rows(context, tagged)
        if digests[""] != before:
            yield from held
        # with this hint dlt forgets of an empty list that its table has rows
        elif dlt.current.resource().max_table_nesting is None:
            yield from map(_withhold, held)

    return compared


def _tagged_rows(page: Any) -> Iterator[Any]:
    """The rows of a page, each with the table it is yielded for."""
    table = ""
    if isinstance(page, DataItemWithMeta):
        table, page = meta_variant(page.meta) or "", page.data
    for row in page if isinstance(page, list) else [page]:
        yield [table, row]


def _withhold(page: Any) -> Any:
    if isinstance(page, DataItemWithMeta):
        return with_meta(page.meta, RowsWithOriginal([], page.data))
    return RowsWithOriginal([], page)
