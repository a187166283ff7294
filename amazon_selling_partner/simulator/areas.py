"""Every area of the API that the simulator answers. A new area adds its module here."""

from . import finances, orders, reports, sales, sellers, tokens, transactions, transfers
from .routes import Route

AREAS = (finances, orders, reports, sales, sellers, tokens, transactions, transfers)

ROUTES: tuple[Route, ...] = tuple(route for area in AREAS for route in area.ROUTES)
"""All operations."""
