"""How tables ask Amazon about products: batch by batch, each product with an answer of its own."""

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

from .client import SellingPartnerClient
from .client.errors import BadRequest
from .products import Batch
from .sync import note, rejected
from .sync.deletes import gone
from .sync.windows import left
from .tables import carry_ids

TIME_BUDGET = 2 * 3600
"""Seconds a table goes on asking in one run; the next run goes on with those asked longest ago."""

ENOUGH = 5
"""Products refused, each alone and none accepted, after which the fault is not the products'."""

_LATER = frozenset((401, 408, 429))
_GONE_CODES = frozenset(("NOTFOUND", "INVALIDASIN", "INVALIDSKU"))
_GONE_WORDS = re.compile(r"\binvalid (ASIN|SKU|SellerSKU)\b", re.IGNORECASE)


class Said(NamedTuple):
    """What Amazon said of one product.

    Attributes:
        id: Its ASIN or SKU.
        status: HTTP status of its answer.
        rows: What is to be loaded of it.
        code: Amazon's error code.
        message: Amazon's error message.
        unreadable: An answer that cannot be read, for `rejected_row`.
    """

    id: str
    status: int = 200
    rows: Sequence[Dict[str, Any]] = ()
    code: str = ""
    message: str = ""
    unreadable: Any = None

    @property
    def later(self) -> bool:
        """The answer says nothing of the product: it is asked about again."""
        return self.unreadable is not None or self.status in _LATER or self.status >= 500

    @property
    def refused(self) -> bool:
        """Amazon has nothing on the product."""
        return 400 <= self.status < 500 and not self.later

    @property
    def gone(self) -> bool:
        """Amazon does not know the product."""
        code = re.sub("[^A-Z]", "", self.code.upper())
        told = code in _GONE_CODES or _GONE_WORDS.search(self.message)
        return self.refused and (self.status == 404 or bool(told))


Ask = Callable[[Batch, Dict[str, str]], Sequence[Said]]
"""Makes one call about the products of a batch, in one of the variants of the table."""


def asked_about(
    client: SellingPartnerClient,
    table: str,
    batches: Iterable[Optional[Batch]],
    ask: Ask,
    key: str = "asin",
    variants: Sequence[Dict[str, str]] = ({},),
    deletes: str = "off",
    as_json: Sequence[str] = (),
) -> Iterator[TDataItems]:
    """The rows of products, and the marks of those that are gone.

    A product that Amazon refuses does not spoil the others of its batch. One whose answer Amazon
    throttles or fails stays due, and so does what is left when the time budget is spent.

    Args:
        client (SellingPartnerClient): The account.
        table (str): Root table.
        batches (Iterable[Optional[Batch]]): From `Products.due`.
        ask (Ask): Makes one call.
        key (str): Key column of the product: `asin` or `sku`.
        variants (Sequence[Dict[str, str]]): The rest of the key: columns with their values, for
            each of which a product is asked about once.
        deletes (str): What becomes of the rows of a product that is gone: `soft`, `hard` or `off`.
        as_json (Sequence[str]): Amazon's fields that become json columns.

    Yields:
        TDataItems: The rows of a call; None where other tables have their turn.

    Raises:
        BadRequest: At the end, when a marketplace's calls are refused whatever the product.
    """
    ends: Optional[pendulum.DateTime] = None
    closed: Dict[str, BadRequest] = {}
    open_places: Set[str] = set()
    refused: Dict[str, Said] = {}
    unasked = 0
    for batch in batches:
        if batch is None:
            yield None
            continue
        now = client.now()
        ends = ends or now.add(seconds=TIME_BUDGET)
        if now >= ends or client.time_is_up() or batch.marketplace_id in closed:
            unasked += len(batch.ids)
            continue
        place = {"selling_partner": client.selling_partner, "marketplace_id": batch.marketplace_id}
        said: List[Said] = []
        try:
            for variant in variants:
                answers = list(_answers(batch, variant, ask, open_places))
                asked = client.now()
                rows = []
                for one in answers:
                    ids = {**place, key: one.id, **variant}
                    for row in one.rows:
                        carry_ids(row, ids, as_json=as_json)
                        rows.append({**row, **ids, "retrieved_at": asked})
                yield rows
                for one in answers:
                    if one.unreadable is not None:
                        yield rejected(table, one.unreadable, one.message)
                said += answers
        except BadRequest as error:
            closed[batch.marketplace_id] = error
            unasked += len(batch.ids)
            continue
        refused.update({one.id: one for one in said if one.refused and one.id})
        settled, there = _settled(batch, said, len(variants))
        unasked += len(batch.ids) - len(settled)
        lost = client.products.answered(batch._replace(ids=settled), there, now)
        for variant in variants:
            yield from gone(table, {**place, **variant}, key, lost, now, deletes)
    _tell(unasked, refused)
    for refusal in closed.values():
        raise refusal


def _answers(
    batch: Batch, variant: Dict[str, str], ask: Ask, open_places: Set[str]
) -> Iterator[Said]:
    """What Amazon says of each product; a call that it refuses whole is made in halves."""
    waiting = [batch.ids]
    alone = 0
    while waiting:
        ids = waiting.pop(0)
        try:
            said = ask(batch._replace(ids=ids), variant)
        except BadRequest as error:
            blamed = [id for id in ids if _names(error, id)]
            if not blamed and len(ids) == 1:
                blamed = ids
                alone += 1
                if alone >= ENOUGH and batch.marketplace_id not in open_places:
                    raise
            rest = [id for id in ids if id not in blamed]
            half = len(rest) if blamed else len(rest) // 2
            waiting[:0] = [part for part in (rest[:half], rest[half:]) if part]
            for id in blamed:
                yield Said(id, error.status, code=error.code, message=error.message)
        else:
            open_places.add(batch.marketplace_id)
            yield from said


def _names(error: BadRequest, id: str) -> bool:
    """Amazon blames this product, as in `B000000000 is an invalid ASIN for marketplace ...`."""
    return bool(re.search(rf"(?<!\w){re.escape(id)}(?!\w)", f"{error.message} {error.details}"))


def _settled(batch: Batch, said: Sequence[Said], variants: int) -> Tuple[List[str], List[str]]:
    """The products that have all their answers, and those of them that Amazon knows."""
    settled, there = [], []
    for id in batch.ids:
        answers = [one for one in said if one.id == id]
        if len(answers) >= variants and not any(one.later for one in answers):
            settled.append(id)
            if not all(one.gone for one in answers):
                there.append(id)
    return settled, there


def one_by_one(
    ids: Sequence[str],
    call: Callable[[str], Any],
    rows: Callable[[Any], Sequence[Dict[str, Any]]],
) -> List[Said]:
    """What Amazon says of products that take a call each.

    Args:
        ids (Sequence[str]): ASINs or SKUs.
        call (Callable[[str], Any]): Makes the call about one.
        rows (Callable[[Any], Sequence[Dict[str, Any]]]): Makes rows of its answer.

    Returns:
        List[Said]: One each.
    """
    said = []
    for id in ids:
        try:
            said.append(Said(id, rows=rows(call(id))))
        except BadRequest as error:
            said.append(Said(id, error.status, code=error.code, message=error.message))
    return said


def _tell(unasked: int, refused: Dict[str, Said]) -> None:
    """Puts into the summary of the run what was not loaded."""
    if unasked:
        left(f"{unasked} products, which the next run asks about")
    for id, one in list(refused.items())[:1]:
        why = " ".join(filter(None, (str(one.status), one.code, one.message))).rstrip(".")
        note(f"Amazon has nothing on {len(refused)} products, such as {id}: {why}")


def objects(value: Any) -> List[Dict[str, Any]]:
    """The objects of a list; none where it is absent or something else."""
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def inside(row: Any, *names: str) -> Dict[str, Any]:
    """The object at `names` below another; an empty one where it is absent."""
    for name in names:
        row = row.get(name) if isinstance(row, dict) else None
    return row if isinstance(row, dict) else {}
