"""Which products a resource has to look up, in a temporary table: there may be many."""

from typing import Iterator, List, Sequence

from ..loading.item_store import ItemStore

NEW, CHANGED, OLD, GIVEN = range(4)
"""Why a product is due: never looked up, changed since, or long ago; or that it was given out."""

MAX_TAKEN = 1000
"""Products that are taken from a queue at once."""

TABLES = (
    """
    CREATE TEMP TABLE IF NOT EXISTS due (
        queue INTEGER NOT NULL, item TEXT NOT NULL, reason INTEGER NOT NULL, since TEXT NOT NULL,
        PRIMARY KEY (queue, item)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS temp.due_order ON due (queue, reason, since, item)",
)

FILL = f"""
    INSERT INTO due
    SELECT ?, known.item,
        CASE WHEN queried.item IS NULL THEN {NEW}
            WHEN known.value >= queried.value THEN {CHANGED} ELSE {OLD} END,
        CASE WHEN known.value >= queried.value OR queried.item IS NULL
            THEN known.value ELSE queried.value END
    FROM items AS known
    LEFT JOIN items AS queried ON queried.collection = ? AND queried.item = known.item
    WHERE known.collection = ?
        AND (queried.item IS NULL OR known.value >= queried.value OR queried.value <= ?)
"""


class DueProducts:
    """The queues of all resources that look up products.

    Args:
        store: Has the products with the times of their last changes, and those of the look-ups.
    """

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._queues: List[Queue] = []

    def queue(self, known: str, queried: str, old: str, also: Sequence[str]) -> "Queue":
        """A queue of the products that are due, to which `add` adds.

        Args:
            known: Collection of products.
            queried: Collection of look-ups.
            old: A product that was looked up until then is due, as JSON.
            also: Products besides the known ones.
        """
        for statement in TABLES:
            self._store.execute(statement)
        queue = Queue(self._store, len(self._queues), known, queried, old)
        self._queues.append(queue)
        queue.fill(also)
        return queue

    def add(self, known: str, id: str, since: str) -> None:
        """Adds a product that is new or has changed to the queues of its collection."""
        for queue in self._queues:
            if queue.known == known:
                queue.add(id, since)


class Queue:
    """The products of a marketplace that a resource has to look up, each once per run.

    Args:
        number: Of the queue in the run.

    Attributes:
        known: As of `DueProducts.queue`, like the others.
    """

    def __init__(self, store: ItemStore, number: int, known: str, queried: str, old: str) -> None:
        self.known = known
        self._store = store
        self._number = number
        self._queried = queried
        self._old = old
        self._length = 0

    def fill(self, also: Sequence[str]) -> None:
        """Adds the products that are due now."""
        values = (self._number, self._queried, self.known, self._old)
        self._length = self._store.execute(FILL, values).rowcount
        for id in also:
            if self._store.get(self.known, id) is None:
                self.add(id, '""')

    def add(self, id: str, since: str) -> None:
        """Adds a product if it is due, and was not given out before.

        Args:
            since: When it last changed, as JSON.
        """
        queried = self._store.get(self._queried, id)
        if queried is None or since >= queried:
            due = (NEW if queried is None else CHANGED, since)
        elif queried <= self._old:
            due = (OLD, queried)
        else:
            return
        key = (self._number, id)
        statement = "SELECT reason FROM due WHERE queue = ? AND item = ?"
        row = self._store.execute(statement, key).fetchone()
        if row is None:
            self._length += 1
        if row is None or row[0] != GIVEN:
            self._store.execute("INSERT OR REPLACE INTO due VALUES (?, ?, ?, ?)", (*key, *due))

    def take(self, size: int, is_last: bool) -> Iterator[List[str]]:
        """Batches of products: new ones first, then changed ones, then those of long ago.

        Args:
            size: Most products of a batch.
            is_last: Nothing will be added, so that the last batch need not be full.
        """
        number = min(self._length, MAX_TAKEN // size * size or size)
        ids = self._first(number if is_last else number - number % size)
        self._length -= len(ids)
        for start in range(0, len(ids), size):
            yield ids[start : start + size]

    def _first(self, number: int) -> List[str]:
        ids: List[str] = []
        for reason, order in ((NEW, "DESC"), (CHANGED, "DESC"), (OLD, "ASC")):
            if len(ids) < number:
                found = self._store.execute(
                    "SELECT item FROM due WHERE queue = ? AND reason = ?"
                    f" ORDER BY since {order}, item {order} LIMIT ?",
                    (self._number, reason, number - len(ids)),
                )
                ids += [id for (id,) in found]
        for id in ids:
            self._store.execute(
                f"UPDATE due SET reason = {GIVEN} WHERE queue = ? AND item = ?", (self._number, id)
            )
        return ids
