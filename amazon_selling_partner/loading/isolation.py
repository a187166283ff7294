"""A table that fails ends alone and is named in the summary."""

import functools
from contextlib import contextmanager
from typing import Any, Callable, Iterator, ParamSpec

import dlt
from dlt.common import logger
from dlt.extract import DltResource

from ..client.errors import (
    AccountLocked,
    ConfigurationError,
    CredentialsError,
    MissingRole,
    SellerNotAuthorized,
    describe_failure,
)
from ..client.metrics import add_failure
from ..common.garbage import collect_garbage_rarely
from .context import RunContext
from .destination import prepare_destination
from .rows import REJECTED_TABLE
from .unchanged import RowsWithOriginal

P = ParamSpec("P")


def isolate_failures(resource: Callable[P, Iterator[Any]]) -> Callable[P, Iterator[Any]]:
    """Lets a resource end without ending the run, whatever goes wrong in it.

    The cursor stays where the last complete window ended, so the next run resumes from there. What
    happened becomes a metric of the resource: `skipped` for a missing role, `failed` for the rest.
    Errors of settings and credentials pass: with them nothing can work. While it is read the
    account is locked against other processes. A transformer that failed for one page of its parent
    still runs for the next ones: it has to remember what they name before it gives up. It gets all
    rows of its parent, also those that are not written.

    Args:
        resource: The generator function of a resource, one of whose arguments is the `RunContext`.
    """

    @functools.wraps(resource)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        context = next(a for a in (*args, *kwargs.values()) if isinstance(a, RunContext))
        prepare_destination(context)
        given: Any = [a.original if isinstance(a, RowsWithOriginal) else a for a in args]
        name = resource.__name__
        with context.client.activity.reading(name), isolation(context, name):
            yield from resource(*given, **kwargs)

    return guarded


def has_failed() -> bool:
    """True in a transformer that failed for an earlier page of its parent: no call is worth it."""
    return "failed" in dlt.current.resource_metrics()


@contextmanager
def isolation(context: RunContext, name: str) -> Iterator[None]:
    """The same for a part of a resource; what comes after it goes on.

    Args:
        name: What the log calls skipped or incomplete.
    """
    try:
        with context.hold_account(), collect_garbage_rarely():
            yield
    except (AccountLocked, ConfigurationError, CredentialsError):
        raise
    except (MissingRole, SellerNotAuthorized) as error:
        logger.warning(f"{name} is skipped: {error}")
        dlt.current.resource_metrics()["skipped"] = str(error)
    except Exception as error:
        reason = describe_failure(error)
        logger.error(f"{name} is incomplete: {reason}")
        add_failure(reason)


def declare_table_variant(resource: DltResource, table_name: str = REJECTED_TABLE) -> None:
    """Lets a resource yield rows of a table without giving it its own columns and keys.

    Args:
        resource: Hints of a table it names are added to its own, unless it has them.
        table_name: Table that others fill too, such as that of rejected rows.
    """
    resource.apply_hints(
        table_name=table_name,
        primary_key="",
        merge_key="",
        columns={},
        nested_hints={},
        additional_table_hints={},
        create_table_variant=True,
    )
