"""Timestamps: always UTC, parsed in one place."""

from typing import Any, Optional

from dlt.common import pendulum
from dlt.common.time import ensure_pendulum_datetime


def parse_timestamp(value: Any) -> Optional[pendulum.DateTime]:
    """A timestamp of Amazon's or of a state, UTC.

    Returns:
        None where there is none, or what stands there is no timestamp.
    """
    if not value or isinstance(value, (bool, int, float)):
        return None
    try:
        return ensure_pendulum_datetime(value).in_timezone("UTC")
    except (ArithmeticError, TypeError, ValueError):  # beyond the years 1 to 9999 too
        return None


def whole_seconds(timestamp: Optional[pendulum.DateTime]) -> pendulum.DateTime:
    """A timestamp in UTC without its fraction of a second.

    Args:
        timestamp: A cursor that a user makes may have it as a text or a date.
    """
    assert timestamp is not None
    return ensure_pendulum_datetime(timestamp).in_timezone("UTC").replace(microsecond=0)


def format_timestamp(timestamp: pendulum.DateTime) -> str:
    """ISO 8601 in UTC with whole seconds, as Amazon's parameters take it: 2026-01-31T12:00:00Z."""
    return timestamp.in_timezone("UTC").strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_state(text: str) -> pendulum.DateTime:
    """A timestamp that `format_timestamp` or a cursor has written."""
    return ensure_pendulum_datetime(text)
