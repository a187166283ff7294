"""A table that fails ends alone and is named; a row that cannot be read is kept aside."""

import functools
import json
import re
from contextlib import contextmanager
from typing import Any, Callable, Iterator, ParamSpec

import dlt
from dlt.common import logger
from dlt.common.utils import digest128
from dlt.extract import DltResource
from dlt.extract.items import DataItemWithMeta

from ..client import SellingPartnerClient, count
from ..client.errors import (
    AccountBusy,
    ConfigurationError,
    CredentialsError,
    MissingRole,
    SellerNotAuthorized,
    SellingPartnerError,
)

P = ParamSpec("P")

PERSONAL = re.compile(
    "buyer|recipient|address|mail|phone|customi[sz]|gift_?message|tax_?registration|ship_?to|bill_?to",
    re.IGNORECASE,
)
"""Amazon's names of what may tell who bought; it never tells why a row cannot be read."""

REJECTED_TABLE = "rejected_row"

REJECTED = dlt.mark.make_hints(
    table_name=REJECTED_TABLE,
    primary_key="row_id",
    write_disposition="merge",
    columns={
        "row_id": {"data_type": "text", "nullable": False},
        "table_name": {"data_type": "text"},
        "reason": {"data_type": "text"},
        "content": {"data_type": "text"},
    },
)


def isolated(resource: Callable[P, Iterator[Any]]) -> Callable[P, Iterator[Any]]:
    """Lets a resource end without ending the run when Amazon refuses or fails its calls.

    The cursor stays where the last whole window ended, so the next run goes on there. What
    happened becomes a metric of the resource: `skipped` for a missing role, `failed` for the rest.
    Errors of settings and credentials pass: with them nothing can work. While it is read the
    account is locked against other processes.

    Args:
        resource (Callable[P, Iterator[Any]]): The generator function of a resource.

    Returns:
        Callable[P, Iterator[Any]]: The same with that behaviour.
    """

    @functools.wraps(resource)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        client = next(a for a in (*args, *kwargs.values()) if isinstance(a, SellingPartnerClient))
        with isolation(client, resource.__name__):
            yield from resource(*args, **kwargs)

    return guarded


@contextmanager
def isolation(client: SellingPartnerClient, name: str) -> Iterator[None]:
    """The same for a part of a resource; what comes after it goes on.

    Args:
        client (SellingPartnerClient): The account.
        name (str): What is said to be skipped or incomplete.
    """
    try:
        with client.in_use():
            yield
    except (AccountBusy, ConfigurationError, CredentialsError):
        raise
    except (MissingRole, SellerNotAuthorized) as error:
        logger.warning(f"{name} is skipped: {error}")
        dlt.current.resource_metrics()["skipped"] = str(error)
    except SellingPartnerError as error:
        logger.error(f"{name} is incomplete: {error}")
        dlt.current.resource_metrics()["failed"] = str(error)


def note(sentence: str, beginning: str = "") -> None:
    """Puts a sentence into the summary of the run, once.

    Args:
        sentence (str): What the user should know; its full stop is added at the end of the run.
        beginning (str): Said for the first of several cases only, whose sentences begin so.
    """
    notes = dlt.current.resource_metrics().setdefault("notes", [])
    sentence = sentence.rstrip(".")
    if not any(kept.startswith(beginning or sentence) for kept in notes):
        logger.warning(f"{sentence}.")
        notes.append(sentence)


def rejected(table_name: str, row: Any, reason: str) -> DataItemWithMeta:
    """A row that cannot be loaded, to be yielded so that `rejected_row` keeps it.

    Args:
        table_name (str): Where it belongs.
        row (Any): As Amazon sent it; what may tell who bought is not kept.
        reason (str): Why it cannot be loaded.

    Returns:
        DataItemWithMeta: A row of table `rejected_row`.
    """
    content = json.dumps(_impersonal(row), default=str, ensure_ascii=False, sort_keys=True)
    logger.warning(f"A row of {table_name} is kept aside in rejected_row: {reason}")
    count("rejected")
    kept = {
        "row_id": digest128(f"{table_name}\n{content}"),
        "table_name": table_name,
        "reason": reason,
        "content": content,
    }
    return dlt.mark.with_hints(kept, REJECTED, create_table_variant=True)


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "(personal)" if PERSONAL.search(str(name)) else _impersonal(part)
            for name, part in value.items()
        }
    return [_impersonal(part) for part in value] if isinstance(value, list) else value


def declare_apart(resource: DltResource, table_name: str = REJECTED_TABLE) -> None:
    """Lets a resource yield rows of a table without giving it its own columns and keys.

    Args:
        resource (DltResource): Hints of a table it names are added to its own, unless it has them.
        table_name (str): Table that others fill too, such as that of `rejected` rows.
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
