"""What can go wrong with a report document."""

from ....client.errors import SellingPartnerError


class DocumentError(SellingPartnerError):
    """Base of what goes wrong between a document's address and its rows."""


class DocumentExpired(DocumentError):
    """The address is older than its five minutes: getReportDocument returns a new one."""


class DocumentMissing(DocumentError):
    """There is no such document, or no longer: the report has to be requested again."""


class DocumentRefused(DocumentError):
    """The address returned a permanent error status."""


class DocumentBroken(DocumentError):
    """The document arrived completely, but it is not of the expected format."""


class TruncatedError(Exception):
    """A transfer or a gzip stream ended early: fetching it again may help."""
