"""Items that are looked up again until they reach their end, such as packages under way."""

from contextlib import contextmanager
from typing import Any, Dict, Iterator, MutableMapping, Tuple

from dlt.common import pendulum

from ..client.errors import BadRequest, SellingPartnerError
from ..common.timestamps import parse_timestamp, whole_seconds
from .context import RunContext
from .isolation import has_failed
from .windows import report_remaining

Item = Dict[str, Any]


class TrackedItems:
    """The items of a table: each with `queried`, the time of its last look-up.

    Args:
        items: By id, as of `items_of`; a new one has an empty `queried`.
        refresh_after: Time between two look-ups of one item.
        end: Field of an item that is true once it is not looked up any more.
        description: What remains when the time of the run is over, for the summary.
    """

    def __init__(
        self,
        context: RunContext,
        items: MutableMapping[str, Item],
        refresh_after: pendulum.Duration,
        end: str,
        description: str,
    ) -> None:
        self._context = context
        self._items = items
        self._refresh_after = refresh_after
        self._end = end
        self._description = description
        self.now = whole_seconds(context.now())

    def due(self) -> Iterator[Tuple[str, Item]]:
        """The items to look up now, each once per run; none once a look-up of this run failed."""
        # pages of the parent table are worked on at the same time, and share the items
        taken: Dict[str, TrackedItems] = self._context.cached(("due", self._description), dict)
        for id, item in list(self._items.items()):
            queried_at = parse_timestamp(item.get("queried"))
            if item.get(self._end) or (queried_at and self.now < queried_at + self._refresh_after):
                continue
            if self._context.deadline_passed():
                report_remaining(self._description)
                return
            if has_failed():
                return
            if taken.setdefault(id, self) is self:
                yield id, item

    @contextmanager
    def lookup(self, item: Item) -> Iterator[None]:
        """Surrounds the look-up of an item: one that fails stays due, one without data does not."""
        queried_at = item.get("queried", "")
        item["queried"] = str(self.now)
        try:
            yield
        except BadRequest:
            # there is nothing to see yet
            pass
        except SellingPartnerError:
            item["queried"] = queried_at
            raise
