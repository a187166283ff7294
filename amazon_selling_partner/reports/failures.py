"""Why a report was not made: Amazon's texts, what they mean, and what to tell the user."""

import enum
import re
from typing import NamedTuple, Tuple

from .report import Report


class Kind(enum.Enum):
    """What a failure asks of us."""

    NO_DATA = "no data"
    """Nothing to load: the window is done."""
    LATER = "not yet available"
    """The window stays open for a later run."""
    TOO_SOON = "asked too often"
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

    kind: Kind
    sentence: str


TEXTS: Tuple[Tuple[Kind, str, str], ...] = (
    (
        Kind.OPTIONS,
        r"did not match the (provided marketplaceId|marketplace associated)"
        r"|requested marketplaceId did not match",
        "the account does not sell in this marketplace; correct marketplace_ids",
    ),
    (
        Kind.OPTIONS,
        r"does not support account ID of type",
        "this report is for the other kind of account; correct is_vendor",
    ),
    (
        Kind.PERMISSION,
        r"No vendor code set as",
        "the vendor group has no vendor code with this view; leave its tables out or ask Amazon's"
        " vendor support",
    ),
    (
        Kind.PERMISSION,
        r"(and/or|have)( the)? required permissions?|not (eligible|authorized|enrolled)"
        r"|access .*denied|is forbidden",
        "the account may not have this report; check the role and the account's enrolment, for"
        " Brand Analytics the brand registry",
    ),
    (
        Kind.LATER,
        r"not yet available|is not available yet|not yet been published",
        "Amazon has not published the period yet; a later run asks again",
    ),
    (
        Kind.NO_DATA,
        r"requested data is unavailable|no data (is )?available|Please try a different date range",
        "Amazon has no data for the period",
    ),
    (
        Kind.TOO_SOON,
        r"too (many|often|frequent)|once (per|every|in)|wait .*(minutes|hours)|within the last",
        "the report was asked for too recently, perhaps by another application; a later run asks"
        " again",
    ),
    (
        Kind.OPTIONS,
        r"invalid value|requires the .*reportOption|parameters? (is|are) (valid|invalid|not valid)"
        r"|unsupported (option|reportOption)|missing .*reportOption"
        r"|(first|last) day of|must (be|correspond|align)",
        "Amazon does not take an option or a date of this request",
    ),
)


def classified(report: Report, text: str) -> Failure:
    """What a FATAL report's document says.

    Args:
        report (Report): What was asked for.
        text (str): Amazon's reason, empty where the report came without a document.

    Returns:
        Failure: Unknown texts are kept in the sentence.
    """
    said = " ".join(text.split())
    for kind, pattern, meaning in TEXTS:
        if re.search(pattern, said, re.I):
            return Failure(
                kind,
                f"{report.report_type}: {meaning}{_options(kind, report, said)} (Amazon: {said})",
            )
    if not said:
        return Failure(
            Kind.UNKNOWN,
            f"{report.report_type}: Amazon could not make the report and gave no reason",
        )
    return Failure(Kind.UNKNOWN, f"{report.report_type}: Amazon could not make the report: {said}")


def _options(kind: Kind, report: Report, said: str) -> str:
    """Names the option a refusal is about, with the value that was sent."""
    if kind is not Kind.OPTIONS:
        return ""
    named = [name for name in {**report.choices, **report.options} if name in said]
    sent = ", ".join(f"{name} = {report.options.get(name, 'not set')!r}" for name in named)
    return f", {sent}" if sent else ""


def refused(report: Report, status: int, text: str) -> Failure:
    """What a refusal of createReport means.

    Args:
        report (Report): What was asked for.
        status (int): HTTP status: 400, 401, 403 or 404.
        text (str): Amazon's message and details.

    Returns:
        Failure: Of kind PERMISSION for a missing role, otherwise OPTIONS: a request that is
            refused is refused again.
    """
    said = " ".join(text.split())
    if status in (401, 403):
        return Failure(
            Kind.PERMISSION,
            f"{report.report_type} needs the role '{report.role or 'of this report'}': add it to"
            " the application in the portal and authorize the application again"
            f" (Amazon: {said})",
        )
    known = classified(report, said)
    if known.kind is not Kind.UNKNOWN:
        return known
    sent = ", ".join(f"{name} = {value!r}" for name, value in report.options.items())
    return Failure(
        Kind.OPTIONS,
        f"{report.report_type} was refused with {status}{f' for {sent}' if sent else ''}: {said}",
    )
