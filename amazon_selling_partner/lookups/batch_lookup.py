"""Looks up products at Amazon: batch by batch, each product with a response of its own."""

import re
from typing import (
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from dlt.common import pendulum
from dlt.common.typing import TDataItems

from ..client.errors import BadRequest
from ..client.metrics import add_note
from ..common.column_hints import propagate_keys
from ..loading.context import RunContext
from ..loading.marketplaces import MarketplaceFailures
from ..loading.rows import reject_row
from ..loading.tombstones import tombstones
from ..loading.windows import report_remaining
from .product_registry import Batch, products_of

TIME_BUDGET = 2 * 3600
"""Seconds of look-ups per table and run; the next run resumes with those queried longest ago."""

MAX_LONE_REFUSALS = 5
"""Products refused, each alone and none accepted, after which the fault is not the products'."""

_RETRYABLE_STATUSES = frozenset((401, 408, 429))
_NOT_FOUND_CODES = frozenset(("NOTFOUND", "INVALIDASIN", "INVALIDSKU"))
_NOT_FOUND_MESSAGE = re.compile(r"\binvalid (ASIN|SKU|SellerSKU)\b", re.IGNORECASE)


class ProductResponse(NamedTuple):
    """What Amazon has on one product.

    Attributes:
        id: Its ASIN or SKU.
        status: HTTP status of its response.
        rows: To be loaded.
        code: Amazon's error code.
        message: Amazon's error message.
        unreadable: A response that cannot be read, for `rejected_row`.
    """

    id: str
    status: int = 200
    rows: Sequence[Dict[str, Any]] = ()
    code: str = ""
    message: str = ""
    unreadable: Any = None

    @property
    def is_retryable(self) -> bool:
        """The response shows nothing of the product, which stays due."""
        return (
            self.unreadable is not None or self.status in _RETRYABLE_STATUSES or self.status >= 500
        )

    @property
    def is_refused(self) -> bool:
        """Amazon has nothing on the product."""
        return 400 <= self.status < 500 and not self.is_retryable

    @property
    def not_found(self) -> bool:
        """Amazon does not know the product."""
        code = re.sub("[^A-Z]", "", self.code.upper())
        is_unknown = code in _NOT_FOUND_CODES or _NOT_FOUND_MESSAGE.search(self.message)
        return self.is_refused and (self.status == 404 or bool(is_unknown))


Lookup = Callable[[Batch, Dict[str, str]], Sequence[ProductResponse]]
"""Makes one call about the products of a batch, in one of the variants of the table."""


def lookup_products(
    context: RunContext,
    table: str,
    batches: Iterable[Optional[Batch]],
    lookup: Lookup,
    key: str = "asin",
    variants: Sequence[Dict[str, str]] = ({},),
    deletes: str = "off",
    as_json: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """The rows of products, and the tombstones of those that Amazon no longer has.

    A product that Amazon refuses does not spoil the others of its batch. One whose response is
    throttled or fails stays due, and so does what remains when the time budget is spent. A
    marketplace that fails is named, the others go on.

    Args:
        table: Root table.
        batches: From `ProductRegistry.due_batches`.
        key: Key column of the product: `asin` or `sku`.
        variants: The rest of the key: columns with their values, for each of which a product is
            looked up once.
        deletes: What becomes of the rows of a product that is not found: `soft`, `hard` or `off`.
        as_json: Amazon's fields that become json columns.

    Yields:
        The rows of a call; None where other tables have their turn.

    Raises:
        MissingRole: When every marketplace refuses.
    """
    deadline: Optional[pendulum.DateTime] = None
    failures = MarketplaceFailures()
    marketplace_ids: Dict[str, None] = {}
    answering: Set[str] = set()
    refused: Dict[str, ProductResponse] = {}
    remaining = 0
    for batch in batches:
        if batch is None:
            yield None
            continue
        marketplace_ids[batch.marketplace_id] = None
        now = context.now()
        deadline = deadline or now.add(seconds=TIME_BUDGET)
        if batch.marketplace_id in failures.ids:
            continue
        if now >= deadline or context.deadline_passed():
            remaining += len(batch.ids)
            continue
        keys = context.keys(batch.marketplace_id)
        responses: List[ProductResponse] = []
        with failures.isolate(batch.marketplace_id):
            for variant in variants:
                found = list(_responses(batch, variant, lookup, answering))
                retrieved = {"retrieved_at": context.now()}
                rows = []
                for response in found:
                    ids = {**keys, key: response.id, **variant}
                    for row in response.rows:
                        propagate_keys(row, ids, as_json=as_json)
                        rows.append({**row, **ids, **retrieved})
                yield rows
                for response in found:
                    if response.unreadable is not None:
                        yield reject_row(table, response.unreadable, response.message)
                responses += found
        if batch.marketplace_id in failures.ids:
            continue
        refused.update({one.id: one for one in responses if one.is_refused and one.id})
        complete, known = _completed_ids(batch, responses, len(variants))
        remaining += len(batch.ids) - len(complete)
        registry = products_of(context)
        missing = registry.mark_queried(batch._replace(ids=complete), known, now)
        for variant in variants:
            yield from tombstones(table, {**keys, **variant}, key, missing, now, deletes)
    _report_outcome(remaining, refused)
    failures.report(list(marketplace_ids))


def _responses(
    batch: Batch, variant: Dict[str, str], lookup: Lookup, answering: Set[str]
) -> Iterator[ProductResponse]:
    """What Amazon has on each product; a call that it rejects is repeated in halves.

    `answering` are the marketplaces of which a call was accepted.
    """
    waiting = [batch.ids]
    lone_refusals = 0
    while waiting:
        ids = waiting.pop(0)
        try:
            responses = lookup(batch._replace(ids=ids), variant)
        except BadRequest as error:
            blamed = [id for id in ids if _is_blamed(id, error)]
            if not blamed and len(ids) == 1:
                blamed = ids
                lone_refusals += 1
                if lone_refusals >= MAX_LONE_REFUSALS and batch.marketplace_id not in answering:
                    raise
            rest = [id for id in ids if id not in blamed]
            half = len(rest) if blamed else len(rest) // 2
            waiting[:0] = [part for part in (rest[:half], rest[half:]) if part]
            for id in blamed:
                yield ProductResponse(id, error.status, code=error.code, message=error.message)
        else:
            answering.add(batch.marketplace_id)
            yield from responses


def _is_blamed(id: str, error: BadRequest) -> bool:
    """Amazon blames this product, as in `B000000000 is an invalid ASIN for marketplace ...`."""
    return bool(re.search(rf"(?<!\w){re.escape(id)}(?!\w)", f"{error.message} {error.details}"))


def _completed_ids(
    batch: Batch, responses: Sequence[ProductResponse], variants: int
) -> Tuple[List[str], List[str]]:
    """The products that have all their responses, and those of them that Amazon knows."""
    complete, known = [], []
    for id in batch.ids:
        mine = [response for response in responses if response.id == id]
        if len(mine) >= variants and not any(response.is_retryable for response in mine):
            complete.append(id)
            if not all(response.not_found for response in mine):
                known.append(id)
    return complete, known


def lookup_each(
    ids: Sequence[str],
    call: Callable[[str], Any],
    rows: Callable[[Any], Sequence[Dict[str, Any]]],
) -> List[ProductResponse]:
    """Looks up products that take one call each.

    Args:
        ids: ASINs or SKUs.
        rows: Makes rows of the response of `call`.
    """
    responses = []
    for id in ids:
        try:
            responses.append(ProductResponse(id, rows=rows(call(id))))
        except BadRequest as error:
            responses.append(
                ProductResponse(id, error.status, code=error.code, message=error.message)
            )
    return responses


def _report_outcome(remaining: int, refused: Dict[str, ProductResponse]) -> None:
    """Puts into the summary of the run what was not loaded."""
    if remaining:
        report_remaining(f"{remaining} products, which the next run looks up")
    for id, response in list(refused.items())[:1]:
        parts = (str(response.status), response.code, response.message)
        reason = " ".join(filter(None, parts)).rstrip(".")
        add_note(f"Amazon has nothing on {len(refused)} products, such as {id}: {reason}")
