"""Timestamps: ISO 8601 as Amazon writes and reads it, milliseconds since 1970 internally."""

import re
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
DAY_MS = 86_400_000
"""Milliseconds of a day."""

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)" r"(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d))?"
)


def iso(timestamp: int, fraction: bool = False) -> str:
    """Writes milliseconds since 1970 as `2026-05-01T09:30:00Z` or `2026-05-01T09:30:00.250Z`.

    Args:
        fraction: Write the milliseconds also when they are 0.
    """
    seconds, rest = divmod(timestamp, 1000)
    text = (EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{text}.{rest:03d}Z" if rest or fraction else text + "Z"


def parse(text: str) -> datetime:
    """Parses a date (midnight UTC), or a date-time with `Z` or an offset.

    Raises:
        ValueError: The text is neither, e.g. because it has no offset.
    """
    found = _ISO.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no ISO 8601 date-time with an offset")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    zone = timezone.utc
    if offset and offset != "Z":
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        zone = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return datetime(
        int(year),
        int(month),
        int(day),
        int(hour or 0),
        int(minute or 0),
        int(second or 0),
        int((fraction or "0").ljust(6, "0")[:6]),
        zone,
    )


def floor_ms(timestamp: datetime) -> int:
    """Milliseconds since 1970, rounded down: the end of a window that includes its end."""
    return (timestamp - EPOCH) // timedelta(milliseconds=1)


def ceil_ms(timestamp: datetime) -> int:
    """Milliseconds since 1970, rounded up: the start of a window that includes its start."""
    return -((EPOCH - timestamp) // timedelta(milliseconds=1))
