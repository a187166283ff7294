"""What can go wrong with a report document."""

from ...client.errors import SellingPartnerError


class DocumentError(SellingPartnerError):
    """Base of what goes wrong between a document's address and its rows."""


class DocumentExpired(DocumentError):
    """The address is older than its five minutes: getReportDocument mints a new one."""


class DocumentMissing(DocumentError):
    """There is no such document, or no longer: the report has to be requested again."""


class DocumentRefused(DocumentError):
    """The address answered with a status that will not heal."""


class DocumentBroken(DocumentError):
    """The document came whole, but it is not what it is said to be."""


class Truncated(Exception):
    """A transfer or a gzip stream ended early: fetching it again may help."""
