"""One document for several marketplaces: some report types ignore `marketplaceIds`.

Of the types that are known to, the definition says so. Of the others a document that was read for
one marketplace and comes for another is taken as one of the region: it is loaded once, and the
report is requested for the first marketplace only until a month has passed.
"""

import hashlib
from datetime import timedelta
from typing import Any, Dict, List, MutableMapping, Optional, Tuple

from dlt.common import pendulum

from ...common.timestamps import format_timestamp, parse_state
from .documents import Document
from .jobs import Job
from .report import Period, Report

State = MutableMapping[str, Any]

REMEMBERED_FOR = timedelta(days=30)
"""After this each marketplace is requested again: equal documents may have been chance."""

MAX_HASHES = 3
"""Documents that are remembered per scope."""


class SharedDocuments:
    """The documents that the marketplaces of an account were given."""

    def __init__(self) -> None:
        self._scopes: Dict[Tuple[str, str], str] = {}

    def first_scope(self, job: Job, digest: str, states: MutableMapping[str, State]) -> str:
        """The marketplace for which the same document was read before, empty if there is none.

        Args:
            digest: Of the document.
            states: The scopes of the report.
        """
        known = self._scopes.get((job.report.name, digest))
        if known is None:
            for key, state in states.items():
                if digest in state.get("documents", ()) and key != job.scope.key:
                    known = key
        return known if known and known != job.scope.key else ""

    def add(self, job: Job, digest: str, state: State) -> None:
        """Records a document that gave rows.

        Args:
            state: Of its scope.
        """
        self._scopes[job.report.name, digest] = job.scope.key
        kept: List[str] = [known for known in state.get("documents", ()) if known != digest]
        state["documents"] = [digest, *kept][:MAX_HASHES]


def may_be_shared(report: Report) -> bool:
    """True for a report of which nobody knows whether it respects `marketplaceIds`."""
    return (
        report.regional is None and report.format != "json" and report.period is not Period.LISTED
    )


def document_digest(document: Document) -> str:
    """A hash of the text of a document."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in document.read():
        digest.update(piece)
    return digest.hexdigest()


def request_once(state: State, scope_key: str, now: pendulum.DateTime) -> None:
    """Records that a report is to be requested for one marketplace only.

    Args:
        state: Of the report.
    """
    until = format_timestamp(now + REMEMBERED_FOR)
    state["requested_once"] = {"scope": scope_key, "until": until}


def only_scope(state: State, now: pendulum.DateTime) -> Optional[str]:
    """The only scope a report is to be requested in, None for all."""
    known = state.get("requested_once")
    if not known or parse_state(known["until"]) <= now:
        return None
    return str(known["scope"])
