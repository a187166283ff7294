"""How one call to the Selling Partner API is made: token, quota, retries, errors, paging."""

from .client import SellingPartnerClient, count, iso
from .clock import Clock, VirtualClock
from .operation import Operation, Paging, Probe, at

__all__ = [
    "Clock",
    "Operation",
    "Paging",
    "Probe",
    "SellingPartnerClient",
    "VirtualClock",
    "at",
    "count",
    "iso",
]
