"""How one call to the Selling Partner API is made: token, quota, retries, errors, paging."""

from .activity import Activity
from .client import Pages, SellingPartnerClient
from .clock import SYSTEM_CLOCK, Clock
from .loop_guard import LoopGuard
from .metrics import add_failure, add_note, count_metric
from .operations import Operation, Probe, Request
from .paginators import PageToken, Paginator
from .restricted_token import RestrictedToken

__all__ = [
    "SYSTEM_CLOCK",
    "Activity",
    "Clock",
    "LoopGuard",
    "Operation",
    "PageToken",
    "Pages",
    "Paginator",
    "Probe",
    "Request",
    "RestrictedToken",
    "SellingPartnerClient",
    "add_failure",
    "add_note",
    "count_metric",
]
