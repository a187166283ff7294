"""Keys for equal records without a date, which any day of a group may list."""

from typing import Dict, List, Tuple

from ...common.content_hash import hash_content

Ordinals = Dict[str, Dict[str, List[int]]]
"""Ordinals of equal undated records by content hash and by the day that listed them."""


class UndatedDuplicateCounter:
    """Numbers equal undated records over all days of a group that is read day by day.

    A day that is re-read finds the ordinals it had, and a new record takes the lowest ordinal that
    no day has. So the n equal records of a group have the same keys on whichever days they were
    listed, and when the group is read at once.

    Args:
        stored: Ordinals assigned by earlier runs; changed in place by `save`.
        day: The day that is read; empty for the complete group.
    """

    def __init__(self, stored: Ordinals, day: str = "") -> None:
        self._stored = stored
        self._day = day
        self._assigned: Dict[str, List[int]] = {}

    def key(self, *parts: str) -> str:
        """The key of the next record that these parts describe."""
        content = hash_content(*parts)
        assigned = self._assigned.setdefault(content, [])
        of_day, of_others = self._stored_ordinals(content)
        if len(assigned) < len(of_day):
            ordinal = of_day[len(assigned)]
        else:
            taken = {*of_day, *of_others, *assigned}
            ordinal = next(number for number in range(len(taken) + 1) if number not in taken)
        assigned.append(ordinal)
        return content if ordinal == 0 else hash_content(content, str(ordinal))

    def save(self) -> None:
        """Stores the ordinals that were assigned, once the day was read to its end."""
        for content in list(self._stored):
            if self._day:
                self._stored[content].pop(self._day, None)
            else:
                self._stored[content].clear()
        for content, assigned in self._assigned.items():
            self._stored.setdefault(content, {})[self._day] = sorted(assigned)
        for content in [content for content, days in self._stored.items() if not days]:
            del self._stored[content]

    def _stored_ordinals(self, content: str) -> Tuple[List[int], List[int]]:
        """The stored ordinals of this day, and those of other days."""
        days = self._stored.get(content, {})
        all_days = [ordinal for assigned in days.values() for ordinal in assigned]
        if not self._day:
            return sorted(all_days), []
        of_day = days.get(self._day, [])
        return of_day, [ordinal for ordinal in all_days if ordinal not in of_day]
