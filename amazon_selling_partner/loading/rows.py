"""Pages of a list as rows of a table."""

import json
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Union

import dlt
from dlt.common import logger
from dlt.common.typing import TDataItems
from dlt.common.utils import digest128

from ..client.errors import SellingPartnerError, describe_failure
from ..client.metrics import count_metric
from ..common.json_access import get_path
from ..common.personal_data import redact_personal
from ..common.scalars import is_id
from ..dlt_internals import DataItemWithMeta

REJECTED_TABLE = "rejected_row"

REJECTED_ROW_HINTS = dlt.mark.make_hints(
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

Row = Dict[str, Any]


def rows(
    pages: Iterable[Any],
    table: str,
    key: Union[str, Sequence[str]],
    to_row: Callable[[Row], Optional[Row]] = lambda item: item,
) -> Iterator[TDataItems]:
    """The rows of each page of a list; what is no row of the table is rejected.

    Args:
        pages: Lists of objects as Amazon sends them.
        key: Dotted path of a field that each object must have, or several.
        to_row: Shapes an object, which it may change in place; None leaves it out. An object that
            it cannot read is rejected, the others are loaded.

    Yields:
        The rows of a page, and rejected rows.
    """
    paths = [key] if isinstance(key, str) else list(key)
    for page in pages:
        if page is not None and not isinstance(page, list):
            yield reject_row(table, page, "it is no list")
            continue
        batch: List[Row] = []
        for item in page or ():
            if not isinstance(item, dict):
                yield reject_row(table, item, "it is no object")
            elif missing := [path for path in paths if not is_id(get_path(item, path))]:
                yield reject_row(table, item, f"it has no {missing[0]}")
            else:
                try:
                    row = to_row(item)
                except SellingPartnerError:
                    raise
                except Exception as error:
                    yield reject_row(table, item, describe_failure(error))
                else:
                    if row is not None:
                        batch.append(row)
        yield batch


def reject_row(table_name: str, row: Any, reason: str) -> DataItemWithMeta:
    """A row that cannot be loaded, to be yielded so that `rejected_row` keeps it.

    Args:
        row: As Amazon sent it; personal fields are not kept.
    """
    content = json.dumps(redact_personal(row), default=str, ensure_ascii=False, sort_keys=True)
    logger.warning(f"A row of {table_name} is rejected: {reason}")
    count_metric("rejected")
    rejected = {
        "row_id": digest128(f"{table_name}\n{content}"),
        "table_name": table_name,
        "reason": reason,
        "content": content,
    }
    return dlt.mark.with_hints(rejected, REJECTED_ROW_HINTS, create_table_variant=True)
