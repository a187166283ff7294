"""Why a report was not made: Amazon's texts, what they mean, and the message for the user."""

import enum
import re
from typing import NamedTuple, Tuple

from .report import Report


class FailureKind(enum.Enum):
    """What a failure requires."""

    NO_DATA = "no data"
    """Nothing to load: the window is done."""
    LATER = "not yet available"
    """The window stays open for a later run."""
    TOO_SOON = "requested too often"
    """The type's interval is not over: the window stays open."""
    OPTIONS = "options"
    """A setting is wrong: asking again gives the same answer."""
    PERMISSION = "permission"
    """The account or application may not have this report: the table is skipped."""
    UNKNOWN = "unknown"
    """Tried again a few times, then the window stays open."""


class Failure(NamedTuple):
    """A report that was not made.

    Attributes:
        kind: What to do.
        sentence: For the user, with Amazon's own words.
    """

    kind: FailureKind
    sentence: str


KNOWN_REASONS: Tuple[Tuple[FailureKind, str, str], ...] = (
    (
        FailureKind.OPTIONS,
        r"did not match the (provided marketplaceId|marketplace associated)"
        r"|requested marketplaceId did not match",
        "the account does not sell in this marketplace; correct marketplace_ids",
    ),
    (
        FailureKind.OPTIONS,
        r"does not support account ID of type",
        "this report is for the other kind of account; correct is_vendor",
    ),
    (
        FailureKind.PERMISSION,
        r"No vendor code set as",
        "the vendor group has no vendor code with this view; leave its tables out or ask Amazon's"
        " vendor support",
    ),
    (
        FailureKind.PERMISSION,
        r"(and/or|have)( the)? required permissions?|not (eligible|authorized|enrolled)"
        r"|access .*denied|is forbidden",
        "the account may not have this report; check the role and the account's enrolment, for"
        " Brand Analytics the brand registry",
    ),
    (
        FailureKind.LATER,
        r"not yet available|is not available yet|not yet been published",
        "Amazon has not published the period yet; a later run requests it again",
    ),
    (
        FailureKind.NO_DATA,
        r"requested data is unavailable|no data (is )?available|Please try a different date range",
        "Amazon has no data for the period",
    ),
    (
        FailureKind.TOO_SOON,
        r"too (many|often|frequent)|once (per|every|in)|wait .*(minutes|hours)|within the last",
        "the report was requested too recently, perhaps by another application; a later"
        " run requests it again",
    ),
    (
        FailureKind.OPTIONS,
        r"client error occurred",
        "Amazon does not make this report for the marketplace, or does not take its dates or"
        " options",
    ),
    (
        FailureKind.OPTIONS,
        r"invalid value|requires the .*reportOption|parameters? (is|are) (valid|invalid|not valid)"
        r"|unsupported (option|reportOption)|missing .*reportOption"
        r"|(first|last) day of|must (be|correspond|align)",
        "Amazon does not take an option or a date of this request",
    ),
)


def classify_fatal(report: Report, text: str) -> Failure:
    """What a FATAL report's document says.

    Args:
        report: What was requested.
        text: Amazon's reason, empty where the report came without a document.

    Returns:
        Unknown texts are kept in the sentence.
    """
    reason = " ".join(text.split())
    failed = "Amazon could not make the report".replace("report", report.noun)
    for kind, pattern, meaning in KNOWN_REASONS:
        if re.search(pattern, reason, re.I):
            meaning += _options(kind, report, reason)
            return Failure(kind, f"{report.report_type}: {meaning} (Amazon: {reason})")
    if not reason:
        return Failure(
            FailureKind.UNKNOWN,
            f"{report.report_type}: {failed} and gave no reason",
        )
    return Failure(
        FailureKind.UNKNOWN,
        f"{report.report_type}: {failed}: {reason}",
    )


def _options(kind: FailureKind, report: Report, reason: str) -> str:
    """Names the option a refusal is about, with the value that was sent."""
    if kind is not FailureKind.OPTIONS:
        return ""
    named = [name for name in {**report.choices, **report.options} if name in reason]
    sent = ", ".join(f"{name} = {report.options.get(name, 'not set')!r}" for name in named)
    return f", {sent}" if sent else ""


def classify_refusal(report: Report, status: int, text: str) -> Failure:
    """What a refusal of createReport means.

    Args:
        report: What was requested.
        status: HTTP status: 400, 401, 403 or 404.
        text: Amazon's message and details.

    Returns:
        Of kind PERMISSION for a missing role, otherwise OPTIONS: a request that is
            refused is refused again.
    """
    reason = " ".join(text.split())
    if status in (401, 403):
        return Failure(
            FailureKind.PERMISSION,
            f"{report.report_type} needs the role '{report.role or 'of this report'}': add it to"
            " the application in the portal and authorize the application again"
            f" (Amazon: {reason})",
        )
    known = classify_fatal(report, reason)
    if known.kind is not FailureKind.UNKNOWN:
        return known
    sent = ", ".join(f"{name} = {value!r}" for name, value in report.options.items())
    return Failure(
        FailureKind.OPTIONS,
        f"{report.report_type} was refused with {status}{f' for {sent}' if sent else ''}: {reason}",
    )
