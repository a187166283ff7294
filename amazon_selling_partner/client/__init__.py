"""How one call to the Selling Partner API is made: token, quota, retries, errors, paging."""

from .client import SellingPartnerClient, count, iso
from .clock import Clock, VirtualClock
from .operation import Operation, Paging, Probe, at
from .repeats import Repeats
from .restricted import RestrictedToken

__all__ = [
    "Clock",
    "Operation",
    "Paging",
    "Probe",
    "Repeats",
    "RestrictedToken",
    "SellingPartnerClient",
    "VirtualClock",
    "at",
    "count",
    "iso",
]
